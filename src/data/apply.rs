//! Applying fitted transforms to any rows: the train part, the others, or new data that meets a saved model.

use std::borrow::Cow;

use crate::data::block::{Block, Content, PixelField};
use crate::data::category::keys;
use crate::data::codes;
use crate::data::days::apply_days;
use crate::data::fault::{Fault, counted, listed, shown};
use crate::data::table::{Cells, Column};
use crate::data::tokens::{apply_bpe, apply_chars, apply_ends, apply_words};
use crate::data::transform::{FillValue, Fitted};
use crate::scalar::math::Float;

/// Applies a fitted transform to every row of a block.
pub(crate) fn apply<'t>(fitted: &Fitted, block: Block<'t>) -> Result<Block<'t>, Fault> {
    match fitted {
        Fitted::Standardize { mean, sd } => block.mapped(fitted.name(), |x, at| {
            if sd[at] == 0.0 {
                0.0
            } else {
                (x - mean[at]) / sd[at]
            }
        }),
        Fitted::Normalize {
            min,
            max,
            low,
            high,
        } => block.mapped(fitted.name(), |x, at| {
            let range = max[at] - min[at];
            if range == 0.0 {
                *low
            } else {
                low + (x - min[at]) / range * (high - low)
            }
        }),
        Fitted::Scale { by } => block.mapped(fitted.name(), |x, _| x * by),
        Fitted::Clip { low, high } => block.mapped(fitted.name(), |x, _| x.clamp(*low, *high)),
        Fitted::Log => logarithm(fitted, block, 0.0, Float::ln),
        Fitted::Log1p => logarithm(fitted, block, -1.0, Float::log1p),
        Fitted::Impute { fills } => impute(fills, block),
        Fitted::OneHot {
            categories,
            unknown_is_zero,
        } => one_hot(categories, *unknown_is_zero, block),
        Fitted::Label { categories } => label(categories, block),
        Fitted::Flatten => flatten(block),
        Fitted::Days { order } => apply_days(*order, block),
        Fitted::Binary { positive, .. } => binary(positive, block),
        Fitted::Chars(own) => apply_chars(own, block),
        Fitted::Words(own) => apply_words(own, block),
        Fitted::Bpe(own) => apply_bpe(own, block),
        Fitted::Ends { text } => apply_ends(text, block),
    }
}

/// A function of the numbers above `bound`.
fn logarithm<'t>(
    fitted: &Fitted,
    block: Block<'t>,
    bound: f64,
    f: impl Fn(f64) -> f64,
) -> Result<Block<'t>, Fault> {
    let block = block.in_numbers(fitted.name())?;
    if let Some(value) = block.met()?.into_iter().find(|&x| x <= bound) {
        let message = format!("`{}` of `{value}`, which some pixels are", fitted.name());
        let label = format!("needs values above {bound}");
        return Err(Fault::new(codes::OUT_OF_DOMAIN, message, label));
    }
    if block.is_image() {
        return block.mapped(fitted.name(), |x, _| f(x));
    }
    let values = block.numbers(fitted.name())?;
    if let Some(at) = values.iter().position(|&x| x <= bound) {
        return Err(out_of_domain(fitted.name(), bound, values[at], at, &block));
    }
    drop(values);
    block.mapped(fitted.name(), |x, _| f(x))
}

fn out_of_domain(name: &str, bound: f64, value: f64, at: usize, block: &Block<'_>) -> Fault {
    let (row, feature) = (at / block.width(), &block.features[at % block.width()]);
    let message = format!(
        "`{name}` of `{value}`: {}, column {}",
        block.table.line_of(row),
        shown(feature)
    );
    let fault = Fault::new(
        codes::OUT_OF_DOMAIN,
        message,
        format!("needs values above {bound}"),
    );
    let fault = fault.in_column(feature);
    if name == "log" && value > -1.0 {
        return fault.help("`log1p` takes zero as well");
    }
    fault.help("`clip` it first, or leave the transform out")
}

fn impute<'t>(fills: &[FillValue], block: Block<'t>) -> Result<Block<'t>, Fault> {
    let columns = block.cells("impute")?.iter().zip(fills);
    let filled: Vec<Cow<'t, Column>> = columns.map(|(column, fill)| filled(column, fill)).collect();
    Ok(Block {
        content: Content::Cells(filled),
        ..block
    })
}

fn filled<'t>(column: &Cow<'t, Column>, fill: &FillValue) -> Cow<'t, Column> {
    if column.missing.is_empty() {
        return column.clone();
    }
    let mut cells = able_to_hold(&column.cells, fill);
    let rows = column.missing.iter().map(|cell| cell.row as usize);
    match (&mut cells, fill) {
        (Cells::Bool(values), _) => rows.for_each(|row| values[row] = truth(fill)),
        (Cells::Int(values), FillValue::Number(x)) => rows.for_each(|row| values[row] = *x as i64),
        (Cells::Float(values), FillValue::Number(x)) => rows.for_each(|row| values[row] = *x),
        (Cells::Text { codes, words }, fill) => {
            let code = code_for(words, &text_of(fill));
            rows.for_each(|row| codes[row] = code);
        }
        (Cells::Int(_) | Cells::Float(_), FillValue::Text(_)) => {}
        (Cells::Image(_) | Cells::Blank(_), _) => {}
    }
    Cow::Owned(Column {
        name: column.name.clone(),
        position: column.position,
        cells,
        missing: vec![],
    })
}

/// These cells, in a type that can hold the value as well.
fn able_to_hold(cells: &Cells, fill: &FillValue) -> Cells {
    match (cells, fill) {
        (Cells::Bool(_), _) if matches!(text_of(fill).as_str(), "true" | "false") => cells.clone(),
        (Cells::Int(values), FillValue::Number(x)) if x.trunc() != *x => {
            Cells::Float(values.iter().map(|&value| value as f64).collect())
        }
        (Cells::Int(_) | Cells::Float(_), FillValue::Number(_)) => cells.clone(),
        (Cells::Text { .. } | Cells::Image(_), _) => cells.clone(),
        (Cells::Bool(values), FillValue::Number(_)) => Cells::Float(
            values
                .iter()
                .map(|&value| f64::from(u8::from(value)))
                .collect(),
        ),
        (Cells::Blank(n), FillValue::Number(_)) => Cells::Float(vec![0.0; *n]),
        (Cells::Blank(n), FillValue::Text(_)) => as_text(vec![String::new(); *n]),
        (Cells::Bool(values), FillValue::Text(_)) => {
            as_text(values.iter().map(bool::to_string).collect())
        }
        (Cells::Int(values), FillValue::Text(_)) => {
            as_text(values.iter().map(i64::to_string).collect())
        }
        (Cells::Float(values), FillValue::Text(_)) => {
            as_text(values.iter().map(f64::to_string).collect())
        }
    }
}

fn as_text(cells: Vec<String>) -> Cells {
    let mut words = cells.clone();
    words.sort();
    words.dedup();
    let code = |cell: &String| {
        let place = words
            .binary_search(cell)
            .expect("every cell is among the words");
        u32::try_from(place).expect("a table has fewer than 2^32 rows")
    };
    Cells::Text {
        codes: cells.iter().map(code).collect(),
        words,
    }
}

fn text_of(fill: &FillValue) -> String {
    match fill {
        FillValue::Number(x) => x.to_string(),
        FillValue::Text(text) => text.clone(),
    }
}

fn truth(fill: &FillValue) -> bool {
    text_of(fill) == "true"
}

fn code_for(words: &mut Vec<String>, text: &str) -> u32 {
    let place = words
        .iter()
        .position(|word| word == text)
        .unwrap_or_else(|| {
            words.push(text.to_owned());
            words.len() - 1
        });
    u32::try_from(place).expect("a table has fewer than 2^32 rows")
}

/// Of each row, the place of its category, or nothing where that is new.
fn places(
    column: &Column,
    block: &Block<'_>,
    categories: &[String],
) -> Result<Vec<Option<usize>>, Fault> {
    let keys = keys(block.table, column)?;
    let places = keys.places_in(categories);
    Ok(keys
        .codes
        .iter()
        .map(|&code| places[code as usize])
        .collect())
}

fn known_places(
    column: &Column,
    block: &Block<'_>,
    categories: &[String],
) -> Result<Vec<usize>, Fault> {
    let places = places(column, block, categories)?;
    let known: Option<Vec<usize>> = places.iter().copied().collect();
    known.ok_or_else(|| unseen(column, block, categories, &places))
}

fn unseen(
    column: &Column,
    block: &Block<'_>,
    categories: &[String],
    places: &[Option<usize>],
) -> Fault {
    let row = places.iter().position(Option::is_none).unwrap_or(0);
    let name = keys(block.table, column).map_or(String::new(), |keys| {
        keys.names[keys.codes[row] as usize].clone()
    });
    let others = places.iter().filter(|place| place.is_none()).count();
    let message = format!(
        "the train part never shows {}: {}, column {}",
        shown(&name),
        block.table.line_of(row),
        shown(&column.name)
    );
    let label = format!("it knows {}", listed(categories.iter().map(String::as_str)));
    Fault::new(codes::UNSEEN_CATEGORY, message, label)
        .note(format!("{} of such a category", counted(others, "row")))
        .help(format!(
            "split with `by: stratify({})`, name the `classes`, or let new ones be zeros: `one_hot(unknown: zero)`",
            column.name.escape_debug()
        ))
        .in_column(&column.name)
}

fn one_hot<'t>(
    categories: &[Vec<String>],
    unknown_is_zero: bool,
    block: Block<'t>,
) -> Result<Block<'t>, Fault> {
    let columns = block.cells("one_hot")?;
    let width: usize = categories.iter().map(Vec::len).sum();
    let mut values = vec![0.0; laid_out(block.table.n_rows(), width)?];
    let mut features = vec![];
    for (column, categories) in columns.iter().zip(categories) {
        let places = if unknown_is_zero {
            places(column, &block, categories)?
        } else {
            known_places(column, &block, categories)?
                .into_iter()
                .map(Some)
                .collect()
        };
        for (row, place) in places.into_iter().enumerate() {
            if let Some(place) = place {
                values[row * width + features.len() + place] = 1.0;
            }
        }
        features.extend(
            categories
                .iter()
                .map(|name| format!("{} = {name}", column.name)),
        );
    }
    Ok(Block {
        content: Content::Numbers(values),
        features,
        vector: true,
        ..block
    })
}

/// The number of values in some rows, if memory can be expected to hold them.
fn laid_out(rows: usize, width: usize) -> Result<usize, Fault> {
    const MOST_VALUES: usize = 1 << 29;
    let values = rows
        .checked_mul(width)
        .filter(|values| *values <= MOST_VALUES);
    let message =
        format!("`one_hot` of {width} categories in {rows} rows does not fit into memory");
    let fault = Fault::new(
        codes::TOO_MANY_CATEGORIES,
        message,
        "a column for each category",
    );
    values.ok_or_else(|| fault.help("use `label`, or leave out a column that names each row"))
}

fn label<'t>(categories: &[Vec<String>], block: Block<'t>) -> Result<Block<'t>, Fault> {
    let columns = block.cells("label")?;
    let width = columns.len();
    let mut values = vec![0; block.table.n_rows() * width];
    for (at, (column, categories)) in columns.iter().zip(categories).enumerate() {
        for (row, place) in known_places(column, &block, categories)?
            .into_iter()
            .enumerate()
        {
            values[row * width + at] = i64::try_from(place).expect("places are row counts at most");
        }
    }
    Ok(Block {
        content: Content::Index(values),
        ..block
    })
}

/// Images in lines; what is a line already stays as it is.
fn flatten(block: Block<'_>) -> Result<Block<'_>, Fault> {
    let content = match block.content {
        Content::Pixels(field) => Content::Pixels(PixelField {
            is_flat: true,
            ..field
        }),
        content @ (Content::Cells(_) | Content::Numbers(_) | Content::Index(_)) => content,
        content @ Content::Tokens(_) => content,
    };
    Ok(Block { content, ..block })
}

fn binary<'t>(positive: &str, block: Block<'t>) -> Result<Block<'t>, Fault> {
    let columns = block.cells("binary")?;
    let width = columns.len();
    let mut values = vec![0.0; block.table.n_rows() * width];
    for (at, column) in columns.iter().enumerate() {
        let places = places(column, &block, &[positive.to_owned()])?;
        for (row, _) in places
            .iter()
            .enumerate()
            .filter(|(_, place)| place.is_some())
        {
            values[row * width + at] = 1.0;
        }
    }
    Ok(block.with_numbers(values))
}
