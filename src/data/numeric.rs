//! A column read as numbers, and what to say of a cell that is none.

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::infer::numeric_value;
use crate::data::table::{Cells, Column, Table};

/// The column's numbers, `false` as 0 and `true` as 1; what a missing cell becomes means nothing.
pub(crate) fn numbers(table: &Table, column: &Column) -> Result<Vec<f64>, Fault> {
    match &column.cells {
        Cells::Bool(values) => Ok(values.iter().map(|&v| f64::from(u8::from(v))).collect()),
        Cells::Int(values) => Ok(values.iter().map(|&v| v as f64).collect()),
        Cells::Float(values) => Ok(values.clone()),
        Cells::Blank(n) => Ok(vec![0.0; *n]),
        Cells::Image(_) => Err(images(column, "numbers")),
        Cells::Text { codes, words } => from_words(table, column, codes, words),
    }
}

/// A column of images where something else is needed.
pub(crate) fn images(column: &Column, needed: &str) -> Fault {
    let name = shown(&column.name);
    let message = format!("column {name} holds images, and {needed} are needed");
    Fault::new(codes::NOT_CATEGORICAL, message, "images").in_column(&column.name)
}

fn from_words(
    table: &Table,
    column: &Column,
    codes: &[u32],
    words: &[String],
) -> Result<Vec<f64>, Fault> {
    let values: Vec<Option<f64>> = words.iter().map(|word| numeric_value(word)).collect();
    if values.iter().all(Option::is_none) && !words.is_empty() {
        return Err(not_encoded(column, words));
    }
    if let Some(bad) = values.iter().position(Option::is_none) {
        return Err(not_a_number(table, column, codes, words, bad));
    }
    let value = |&code: &u32| values.get(code as usize).copied().flatten().unwrap_or(0.0);
    Ok(codes.iter().map(value).collect())
}

fn not_encoded(column: &Column, words: &[String]) -> Fault {
    let name = shown(&column.name);
    let examples: Vec<String> = words.iter().take(3).map(|word| shown(word)).collect();
    let message = format!("column {name} holds text, and numbers are needed");
    let label = format!("text: {}", examples.join(", "));
    Fault::new(codes::NOT_ENCODED, message, label)
        .help(format!(
            "encode it: `{} |> one_hot`, or `|> label` for an index",
            column.name.escape_debug()
        ))
        .in_column(&column.name)
}

fn not_a_number(
    table: &Table,
    column: &Column,
    codes: &[u32],
    words: &[String],
    bad: usize,
) -> Fault {
    let is_bad = |code: u32| {
        words
            .get(code as usize)
            .is_some_and(|word| numeric_value(word).is_none())
    };
    let missing = |row: usize| {
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        column
            .missing
            .binary_search_by_key(&row, |cell| cell.row)
            .is_ok()
    };
    let rows = codes
        .iter()
        .enumerate()
        .filter(|(row, code)| is_bad(**code) && !missing(*row));
    let bad_rows: Vec<usize> = rows.map(|(row, _)| row).collect();
    let row = bad_rows.first().copied().unwrap_or(0);
    let word = &words[bad];
    let message = format!(
        "{} is not a number: {}, column {}",
        shown(word),
        table.line_of(row),
        shown(&column.name)
    );
    let label = format!(
        "{} of {} cells hold no number",
        bad_rows.len(),
        table.n_rows()
    );
    let fault = Fault::new(codes::NOT_A_NUMBER, message, label);
    fault.help(advice(word)).in_column(&column.name)
}

/// What to do about a text that is nearly a number.
fn advice(word: &str) -> String {
    let bare = word.replace(',', "");
    if is_grouped(word) && numeric_value(&bare).is_some() {
        return format!("write it without separators of thousands: {}", shown(&bare));
    }
    let pointed = word.replace(',', ".");
    if word.contains(',') && numeric_value(&pointed).is_some() {
        return format!("write a decimal point: {}", shown(&pointed));
    }
    let stripped = word
        .trim_matches(|letter: char| !letter.is_ascii_digit() && letter != '-' && letter != '.');
    if stripped != word && numeric_value(stripped).is_some() {
        return format!("write the bare number: {}", shown(stripped));
    }
    format!(
        "mend the file; if {} means that there is no value, add it to the tokens of `missing`",
        shown(word)
    )
}

/// `1,234` or `1,234,567.8`: groups of three digits behind the first comma.
fn is_grouped(word: &str) -> bool {
    let whole = word.split('.').next().unwrap_or(word);
    let mut groups = whole.split(',').skip(1).peekable();
    groups.peek().is_some() && groups.all(|group| group.len() == 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn advice_names_the_edit() {
        assert_eq!(
            advice("1,234"),
            "write it without separators of thousands: `1234`"
        );
        assert_eq!(advice("1,5"), "write a decimal point: `1.5`");
        assert_eq!(advice("12 kg"), "write the bare number: `12`");
        assert!(advice("oops").starts_with("mend the file"));
    }
}
