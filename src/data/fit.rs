//! Fitting: what each transform learns from the train part, and from nothing else.

use std::borrow::Cow;

use crate::data::block::Block;
use crate::data::category::{Keys, keys};
use crate::data::codes;
use crate::data::fault::{Fault, listed, shown, suggestion};
use crate::data::numeric::numbers;
use crate::data::spec::{Classes, Fill, Pairs, TransformSpec};
use crate::data::table::{Cells, Column, Table};
use crate::data::tokens::{fit_bpe, fit_chars, fit_words};
use crate::data::transform::{FillValue, Fitted};
use crate::scalar::math::Float;

/// The most classes a program may declare.
const MOST_CLASSES: usize = 1 << 20;

/// Fits a transform on the given rows of a block.
pub(crate) fn fit(spec: &TransformSpec, block: &Block<'_>, train: &[u32]) -> Result<Fitted, Fault> {
    check_setting(spec)?;
    match spec {
        TransformSpec::Standardize => {
            let spreads = match block.spreads(train)? {
                Some(channels) => channels
                    .iter()
                    .map(|values| weighted_mean_sd(values))
                    .collect(),
                None => by_feature(block, train, spec.name(), mean_sd)?,
            };
            let (mean, sd): (Vec<f64>, Vec<f64>) = spreads.into_iter().unzip();
            check_range(block, spec.name(), &sd)?;
            Ok(Fitted::Standardize { mean, sd })
        }
        TransformSpec::Normalize { low, high } => {
            let spreads = match block.spreads(train)? {
                Some(channels) => channels.iter().map(|values| met_extremes(values)).collect(),
                None => by_feature(block, train, spec.name(), extremes)?,
            };
            let (min, max): (Vec<f64>, Vec<f64>) = spreads.into_iter().unzip();
            let ranges: Vec<f64> = min.iter().zip(&max).map(|(min, max)| max - min).collect();
            check_range(block, spec.name(), &ranges)?;
            let (low, high) = (*low, *high);
            Ok(Fitted::Normalize {
                min,
                max,
                low,
                high,
            })
        }
        TransformSpec::Scale { by } => Ok(Fitted::Scale { by: *by }),
        TransformSpec::Log => Ok(Fitted::Log),
        TransformSpec::Log1p => Ok(Fitted::Log1p),
        TransformSpec::Clip { low, high } => Ok(Fitted::Clip {
            low: *low,
            high: *high,
        }),
        TransformSpec::Impute(fill) => fit_impute(fill, block, train),
        TransformSpec::OneHot {
            classes, unknown, ..
        } => Ok(Fitted::OneHot {
            categories: categories(classes, block, train, spec.name())?,
            unknown_is_zero: unknown.is_zero(),
        }),
        TransformSpec::Label { classes, .. } => Ok(Fitted::Label {
            categories: categories(classes, block, train, spec.name())?,
        }),
        TransformSpec::Flatten => Ok(Fitted::Flatten),
        TransformSpec::Days { order } => Ok(Fitted::Days { order: *order }),
        TransformSpec::Binary { positive } => fit_binary(&positive.value, block, train),
        TransformSpec::Chars { unknown, .. } => fit_chars(block, train, *unknown),
        TransformSpec::Words { most, unknown, .. } => fit_words(block, train, *most, unknown),
        TransformSpec::Bpe { pairs, .. } => fit_bpe(block, train, pairs),
        TransformSpec::Ends(text) => Ok(Fitted::Ends { text: text.clone() }),
    }
}

fn check_setting(spec: &TransformSpec) -> Result<(), Fault> {
    let fault = match spec {
        TransformSpec::Scale { by } if *by == 0.0 || !by.is_finite() => {
            format!("`scale` by `{by}` loses every value")
        }
        TransformSpec::Normalize { low, high } | TransformSpec::Clip { low, high }
            if low.is_nan() || high.is_nan() || low >= high =>
        {
            format!(
                "`{}` from `{low}` to `{high}` is an empty range",
                spec.name()
            )
        }
        TransformSpec::Normalize { low, high } if !(high - low).is_finite() => {
            format!("`normalize` from `{low}` to `{high}` is no finite range")
        }
        TransformSpec::Impute(Fill::Number(value)) if !value.is_finite() => {
            format!("`impute({value})` puts no number into the cells")
        }
        TransformSpec::Words { most: Some(0), .. } => "`words(most: 0)` knows none".to_owned(),
        TransformSpec::Bpe {
            pairs: Pairs::Learnt(most),
            ..
        } if *most < 256 => format!("`bpe({most})` has no number for some bytes: there are 256"),
        TransformSpec::Standardize
        | TransformSpec::Normalize { .. }
        | TransformSpec::Scale { .. }
        | TransformSpec::Log
        | TransformSpec::Log1p
        | TransformSpec::Clip { .. }
        | TransformSpec::Impute(_)
        | TransformSpec::OneHot { .. }
        | TransformSpec::Label { .. }
        | TransformSpec::Flatten
        | TransformSpec::Days { .. }
        | TransformSpec::Binary { .. }
        | TransformSpec::Chars { .. }
        | TransformSpec::Words { .. }
        | TransformSpec::Bpe { .. }
        | TransformSpec::Ends(_) => return Ok(()),
    };
    Err(Fault::new(
        codes::BAD_SETTING,
        fault,
        "not a setting that means anything",
    ))
}

/// What `learn` makes of each feature's values; one column is held at a time.
fn by_feature<T>(
    block: &Block<'_>,
    train: &[u32],
    name: &str,
    learn: impl Fn(&[f64]) -> T,
) -> Result<Vec<T>, Fault> {
    let width = block.width();
    let values = block.numbers(name)?;
    let mut column = vec![];
    let learnt = (0..width).map(|place| {
        column.clear();
        let rows = train.iter().map(|&row| row as usize);
        column.extend(rows.map(|row| values[row * width + place]));
        learn(&column)
    });
    Ok(learnt.collect())
}

/// The mean `Σx / n` and the population's standard deviation `√(Σ(x − mean)² / n)`; exactly the value and 0 for a constant.
fn mean_sd(values: &[f64]) -> (f64, f64) {
    let (min, max) = extremes(values);
    if min == max {
        return (min, 0.0);
    }
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    (mean, Float::sqrt(variance))
}

/// As [`mean_sd`], of values that occur so often.
fn weighted_mean_sd(values: &[(f64, u64)]) -> (f64, f64) {
    let (min, max) = met_extremes(values);
    if min == max {
        return (min, 0.0);
    }
    let sum = |f: &dyn Fn(f64) -> f64| -> f64 {
        values.iter().map(|&(x, count)| f(x) * count as f64).sum()
    };
    let n = sum(&|_| 1.0);
    let mean = sum(&|x| x) / n;
    (mean, Float::sqrt(sum(&|x| (x - mean) * (x - mean)) / n))
}

fn met_extremes(values: &[(f64, u64)]) -> (f64, f64) {
    let met = values.iter().filter(|(_, count)| *count > 0);
    extremes(&met.map(|(value, _)| *value).collect::<Vec<f64>>())
}

fn extremes(values: &[f64]) -> (f64, f64) {
    let min = values.iter().copied().fold(f64::INFINITY, f64::min);
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    (min, max)
}

/// A spread beyond the largest number would turn every value into zero.
fn check_range(block: &Block<'_>, name: &str, spreads: &[f64]) -> Result<(), Fault> {
    let Some(at) = spreads.iter().position(|spread| !spread.is_finite()) else {
        return Ok(());
    };
    let feature = &block.features[at];
    let message = format!("column {} spreads too far for `{name}`", shown(feature));
    let fault = Fault::new(codes::OVERFLOW, message, "beyond the largest number");
    Err(fault.help("take the `log` first").in_column(feature))
}

fn fit_impute(fill: &Fill, block: &Block<'_>, train: &[u32]) -> Result<Fitted, Fault> {
    let columns = block.cells("impute")?;
    let fills = columns
        .iter()
        .map(|column| fill_value(fill, block.table, column, train));
    Ok(Fitted::Impute {
        fills: fills.collect::<Result<Vec<FillValue>, Fault>>()?,
    })
}

fn fill_value(
    fill: &Fill,
    table: &Table,
    column: &Column,
    train: &[u32],
) -> Result<FillValue, Fault> {
    match fill {
        Fill::Mean => Ok(FillValue::Number(mean(&present_numbers(
            table, column, train,
        )?))),
        Fill::Median => Ok(FillValue::Number(median(present_numbers(
            table, column, train,
        )?))),
        Fill::Mode => mode(table, column, &present_rows(column, train)?),
        Fill::Number(value) => Ok(FillValue::Number(*value)),
        Fill::Text(text) => Ok(FillValue::Text(text.clone())),
    }
}

fn present_numbers(table: &Table, column: &Column, train: &[u32]) -> Result<Vec<f64>, Fault> {
    let values = numbers(table, column)?;
    let rows = present_rows(column, train)?;
    Ok(rows.into_iter().map(|row| values[row as usize]).collect())
}

fn present_rows(column: &Column, train: &[u32]) -> Result<Vec<u32>, Fault> {
    let is_missing = |row: u32| {
        column
            .missing
            .binary_search_by_key(&row, |cell| cell.row)
            .is_ok()
    };
    let rows: Vec<u32> = train
        .iter()
        .copied()
        .filter(|&row| !is_missing(row))
        .collect();
    if rows.is_empty() {
        let message = format!(
            "column {} has no value in the train part",
            shown(&column.name)
        );
        let fault = Fault::new(codes::NO_VALUES, message, "nothing to learn a fill from");
        return Err(fault
            .help("leave the column out, or `impute` a value of your own")
            .in_column(&column.name));
    }
    Ok(rows)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 {
        values[middle]
    } else {
        values[middle - 1] / 2.0 + values[middle] / 2.0
    }
}

/// The most frequent value, the first in category order among equals.
fn mode(table: &Table, column: &Column, rows: &[u32]) -> Result<FillValue, Fault> {
    if let Cells::Float(values) = &column.cells {
        return Ok(FillValue::Number(frequent(
            rows.iter().map(|&row| values[row as usize]),
        )));
    }
    let keys = keys(table, column)?;
    let counts = keys.counts(rows.iter().copied());
    let most = counts.iter().copied().max().unwrap_or(0);
    let place = counts.iter().position(|&count| count == most).unwrap_or(0);
    let name = keys.names[place].clone();
    Ok(match &column.cells {
        Cells::Int(_) | Cells::Float(_) => name
            .parse()
            .map_or(FillValue::Text(name), FillValue::Number),
        Cells::Bool(_) | Cells::Text { .. } => FillValue::Text(name),
        Cells::Image(_) | Cells::Blank(_) => FillValue::Text(name),
    })
}

fn frequent(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let runs = values.chunk_by(|a, b| a == b);
    let longest = runs.rev().max_by_key(|run| run.len());
    longest.map_or(0.0, |run| run[0])
}

fn categories(
    classes: &Classes,
    block: &Block<'_>,
    train: &[u32],
    name: &str,
) -> Result<Vec<Vec<String>>, Fault> {
    let columns = block.cells(name)?;
    let each = columns.iter().map(|column: &Cow<'_, Column>| {
        let found = keys(block.table, column)?.among(train.iter().copied());
        declared(classes, column, found)
    });
    each.collect()
}

/// The categories found, held against those the program declares.
fn declared(classes: &Classes, column: &Column, found: Vec<String>) -> Result<Vec<String>, Fault> {
    match classes {
        Classes::Found if found.len() == 1 => Err(one_category(column, &found[0])),
        Classes::Found => Ok(found),
        Classes::Count(n) => counted_classes(n.value, column, found),
        Classes::Named(names) => {
            let names: Vec<String> = names.iter().map(|name| name.value.clone()).collect();
            named_classes(names, column, &found)
        }
    }
}

fn one_category(column: &Column, only: &str) -> Fault {
    let message = format!(
        "column {} holds one category only in the train part, {}",
        shown(&column.name),
        shown(only)
    );
    Fault::new(codes::ONE_CATEGORY, message, "nothing to tell apart")
        .help("split with `by: shuffle` or `by: stratify(…)`, use more data, or declare the `classes`")
        .in_column(&column.name)
}

/// `classes: n` stands for the integers `0..n` when all found are among them, else for exactly `n` names.
fn counted_classes(n: usize, column: &Column, found: Vec<String>) -> Result<Vec<String>, Fault> {
    if n > MOST_CLASSES {
        let message = format!("`classes: {n}` is more than {MOST_CLASSES}");
        return Err(Fault::new(
            codes::TOO_MANY_CATEGORIES,
            message,
            "too many to tell apart",
        ));
    }
    let is_index = |name: &String| name.parse::<usize>().is_ok_and(|index| index < n);
    if found.iter().all(is_index) {
        return Ok((0..n).map(|index| index.to_string()).collect());
    }
    if found.len() == n {
        return Ok(found);
    }
    let message = format!(
        "`classes: {n}` is declared, and column {} holds {}",
        shown(&column.name),
        found.len()
    );
    let label = format!("found: {}", listed(found.iter().map(String::as_str)));
    let fault = Fault::new(codes::WRONG_CATEGORIES, message, label);
    Err(fault
        .help(format!(
            "write `classes: {}`, or leave it out and let the data decide",
            found.len()
        ))
        .in_column(&column.name))
}

fn named_classes(
    names: Vec<String>,
    column: &Column,
    found: &[String],
) -> Result<Vec<String>, Fault> {
    let stranger = found.iter().find(|name| !names.contains(name));
    let twice = names
        .iter()
        .enumerate()
        .find(|(at, name)| names[..*at].contains(name));
    let (message, name) = match (stranger, twice) {
        (_, Some((_, name))) => (format!("class {} is declared twice", shown(name)), name),
        (Some(name), None) => (
            format!(
                "column {} holds {}, which is no declared class",
                shown(&column.name),
                shown(name)
            ),
            name,
        ),
        (None, None) => return Ok(names),
    };
    let label = format!("declared: {}", listed(names.iter().map(String::as_str)));
    let fault = Fault::new(codes::WRONG_CATEGORIES, message, label).in_column(&column.name);
    Err(match suggestion(name, names.iter().map(String::as_str)) {
        Some(help) if stranger.is_some() => fault.help(help),
        _ => fault,
    })
}

fn fit_binary(positive: &str, block: &Block<'_>, train: &[u32]) -> Result<Fitted, Fault> {
    let columns = block.cells("binary")?;
    let mut others: Vec<String> = vec![];
    for column in columns {
        let found: Keys = keys(block.table, column)?;
        let names = found.among(train.iter().copied());
        if !names.iter().any(|name| name == positive) {
            return Err(no_positive(positive, column, &names));
        }
        others.extend(names.into_iter().filter(|name| name != positive));
    }
    let [first, rest @ ..] = &others[..] else {
        return Err(one_category(&columns[0], positive));
    };
    Ok(Fitted::Binary {
        negative: if rest.is_empty() {
            first.clone()
        } else {
            format!("not {positive}")
        },
        positive: positive.to_owned(),
    })
}

fn no_positive(positive: &str, column: &Column, names: &[String]) -> Fault {
    let message = format!(
        "column {} never holds {} in the train part",
        shown(&column.name),
        shown(positive)
    );
    let label = format!("it holds {}", listed(names.iter().map(String::as_str)));
    let fault = Fault::new(codes::WRONG_CATEGORIES, message, label).in_column(&column.name);
    match suggestion(positive, names.iter().map(String::as_str)) {
        Some(help) => fault.help(help),
        None => fault,
    }
}
