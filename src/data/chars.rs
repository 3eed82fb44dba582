//! Characters as numbers: the vocabulary is what the train part shows, in the order of the code points.

use crate::data::block::{Block, Content};
use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::table::{Cells, Column};
use crate::data::transform::Fitted;

/// The vocabulary of the train part; `unknown` is in it whether or not it is met.
pub(crate) fn fit_chars(
    block: &Block<'_>,
    train: &[u32],
    unknown: Option<char>,
) -> Result<Fitted, Fault> {
    let (codes, words) = text_cells(block)?;
    let mut is_met = vec![false; words.len()];
    train
        .iter()
        .for_each(|&row| is_met[codes[row as usize] as usize] = true);
    let met = words.iter().zip(is_met).filter(|(_, is_met)| *is_met);
    let mut letters: Vec<char> = met.filter_map(|(word, _)| letter(word)).collect();
    letters.extend(unknown);
    letters.sort_unstable();
    letters.dedup();
    Ok(Fitted::Chars {
        vocabulary: letters.into_iter().collect(),
        unknown,
    })
}

/// Each character's place in the vocabulary; one that is not there takes the place of `unknown`, if that is declared.
pub(crate) fn apply_chars<'t>(
    vocabulary: &str,
    unknown: Option<char>,
    block: Block<'t>,
) -> Result<Block<'t>, Fault> {
    let (codes, words) = text_cells(&block)?;
    let letters: Vec<char> = vocabulary.chars().collect();
    let place = |word: &String| {
        let known = letter(word).and_then(|letter| letters.binary_search(&letter).ok());
        let known = known.or_else(|| letters.binary_search(&unknown?).ok());
        known.and_then(|place| i64::try_from(place).ok())
    };
    let places: Vec<Option<i64>> = words.iter().map(place).collect();
    let values: Option<Vec<i64>> = codes.iter().map(|&code| places[code as usize]).collect();
    let values = values.ok_or_else(|| unseen(&block, codes, words, &places))?;
    Ok(Block {
        content: Content::Index(values),
        ..block
    })
}

fn text_cells<'b>(block: &'b Block<'_>) -> Result<(&'b [u32], &'b [String]), Fault> {
    let columns = block.cells("chars")?;
    let [column] = columns else {
        let message = format!("`chars` takes one text, and is given {}", columns.len());
        return Err(Fault::new(codes::BAD_SETTING, message, "several columns"));
    };
    match &column.cells {
        Cells::Text { codes, words } if words.iter().all(|word| letter(word).is_some()) => {
            Ok((codes, words))
        }
        Cells::Text { .. } | Cells::Bool(_) | Cells::Int(_) | Cells::Float(_) => {
            Err(no_text(column))
        }
        Cells::Blank(_) | Cells::Image(_) => Err(no_text(column)),
    }
}

/// The only character of a word.
fn letter(word: &str) -> Option<char> {
    let mut letters = word.chars();
    let first = letters.next()?;
    letters.next().is_none().then_some(first)
}

fn no_text(column: &Column) -> Fault {
    let message = format!(
        "`chars` takes a text, and column {} holds whole cells",
        shown(&column.name)
    );
    Fault::new(codes::NOT_CATEGORICAL, message, "needs a text")
        .help("read one: `source: text(\"path/to/file.txt\")`, or use `label`")
        .in_column(&column.name)
}

fn unseen(block: &Block<'_>, codes: &[u32], words: &[String], places: &[Option<i64>]) -> Fault {
    let is_unknown = |code: &u32| places[*code as usize].is_none();
    let row = codes.iter().position(is_unknown).unwrap_or(0);
    let word = &words[codes[row] as usize];
    let message = format!(
        "the train part never shows the character {}: {}",
        shown(word),
        block.table.line_of(row)
    );
    let n_letters = places.iter().filter(|place| place.is_none()).count();
    let n_rows = codes.iter().filter(|code| is_unknown(code)).count();
    let label = format!("{} of no number", counted(n_letters, "character"));
    Fault::new(codes::UNSEEN_CATEGORY, message, label)
        .note(format!(
            "met {} outside the train part",
            counted(n_rows, "time")
        ))
        .help("let one character stand for all others: `chars(unknown: \"?\")`, or train on more")
}
