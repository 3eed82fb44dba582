//! The type of a column, found while it is read: each cell keeps the narrowest type so far, or widens it. Integers widen to
//! numbers in place; a column that turns out to be text after numbers have been read must be read again as text, because
//! `1.50` can no longer be told from `1.5`.

use std::collections::HashMap;

use crate::data::table::{Cells, Column, Missing};

/// A column as far as it was read.
#[derive(Debug)]
pub(crate) struct Growing {
    cells: Cells,
    missing: Vec<Missing>,
    codes: HashMap<Box<str>, u32>,
    late_text: bool,
}

impl Growing {
    /// A column of which nothing is known yet.
    pub(crate) fn new() -> Growing {
        Growing::of(Cells::Blank(0))
    }

    /// A column known to be text.
    pub(crate) fn text() -> Growing {
        Growing::of(Cells::Text {
            codes: vec![],
            words: vec![],
        })
    }

    fn of(cells: Cells) -> Growing {
        Growing {
            cells,
            missing: vec![],
            codes: HashMap::new(),
            late_text: false,
        }
    }

    /// Whether the column is text and this was found too late.
    pub(crate) fn turned_to_text(&self) -> bool {
        self.late_text
    }

    /// Adds a cell.
    pub(crate) fn push(&mut self, cell: &str) {
        if self.late_text {
            return;
        }
        match &mut self.cells {
            Cells::Blank(n) => {
                let n = *n;
                self.begin(n, cell);
            }
            Cells::Bool(values) => match truth(cell) {
                Some(value) => values.push(value),
                None => self.give_up(),
            },
            Cells::Int(values) => match (integer(cell), number(cell)) {
                (Some(value), _) => values.push(value),
                (None, Some(value)) => self.cells = widened(values, value),
                (None, None) => self.give_up(),
            },
            Cells::Float(values) => match number(cell) {
                Some(value) => values.push(value),
                None => self.give_up(),
            },
            Cells::Text { codes, words } => codes.push(code_of(cell, words, &mut self.codes)),
            Cells::Image(_) => unreachable!("text never begins a column of images"),
        }
    }

    /// Adds a missing cell.
    pub(crate) fn push_missing(&mut self, missing: Missing) {
        self.missing.push(missing);
        match &mut self.cells {
            Cells::Blank(n) => *n += 1,
            Cells::Bool(values) => values.push(false),
            Cells::Int(values) => values.push(0),
            Cells::Float(values) => values.push(0.0),
            Cells::Text { codes, .. } => codes.push(0),
            Cells::Image(_) => unreachable!("text never begins a column of images"),
        }
    }

    /// The finished column.
    pub(crate) fn finish(self, name: String, position: usize) -> Column {
        Column {
            name,
            position,
            cells: self.cells,
            missing: self.missing,
        }
    }

    /// The first value, behind `n` missing cells, decides the type for now.
    fn begin(&mut self, n: usize, cell: &str) {
        self.cells = if truth(cell).is_some() {
            Cells::Bool(vec![false; n])
        } else if integer(cell).is_some() {
            Cells::Int(vec![0; n])
        } else if number(cell).is_some() {
            Cells::Float(vec![0.0; n])
        } else {
            Cells::Text {
                codes: vec![0; n],
                words: vec![],
            }
        };
        self.push(cell);
    }

    fn give_up(&mut self) {
        self.late_text = true;
        self.cells = Cells::Blank(0);
    }
}

fn widened(values: &[i64], last: f64) -> Cells {
    let mut wider: Vec<f64> = values.iter().map(|&value| value as f64).collect();
    wider.push(last);
    Cells::Float(wider)
}

fn code_of(cell: &str, words: &mut Vec<String>, codes: &mut HashMap<Box<str>, u32>) -> u32 {
    if let Some(&code) = codes.get(cell) {
        return code;
    }
    let code = u32::try_from(words.len()).expect("a table has fewer than 2^32 rows");
    words.push(cell.to_owned());
    codes.insert(cell.into(), code);
    code
}

/// `true` or `false` in any case.
fn truth(cell: &str) -> Option<bool> {
    if cell.eq_ignore_ascii_case("true") {
        Some(true)
    } else if cell.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// An integer; `007` and `+7` are not, for a postal code that lost its zeros is another one.
fn integer(cell: &str) -> Option<i64> {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    let plain = digits == "0" || !digits.starts_with(['0', '+']);
    plain.then(|| cell.parse().ok()).flatten()
}

/// A finite number whose text is not a code with leading zeros.
pub(crate) fn number(cell: &str) -> Option<f64> {
    let digits = cell.trim_start_matches(['+', '-']).as_bytes();
    let coded = digits.len() > 1 && digits[0] == b'0' && digits[1].is_ascii_digit();
    if coded {
        return None;
    }
    numeric_value(cell)
}

/// The finite number a text stands for, leading zeros or not.
pub(crate) fn numeric_value(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|value: &f64| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(cells: &[&str]) -> Growing {
        let mut growing = Growing::new();
        cells.iter().for_each(|cell| growing.push(cell));
        growing
    }

    #[test]
    fn a_column_has_the_narrowest_type_of_all_its_values() {
        assert_eq!(column(&["1", "-2"]).cells, Cells::Int(vec![1, -2]));
        assert_eq!(column(&["1", "2.5"]).cells, Cells::Float(vec![1.0, 2.5]));
        assert_eq!(
            column(&["True", "false"]).cells,
            Cells::Bool(vec![true, false])
        );
        assert!(column(&["1", "x"]).turned_to_text());
        assert!(column(&["true", "1"]).turned_to_text());
    }

    #[test]
    fn codes_and_infinities_are_text() {
        assert!(matches!(column(&["007"]).cells, Cells::Text { .. }));
        assert!(matches!(column(&["inf"]).cells, Cells::Text { .. }));
        assert!(matches!(column(&["1e999"]).cells, Cells::Text { .. }));
        assert_eq!(column(&["0.5"]).cells, Cells::Float(vec![0.5]));
        assert_eq!(
            column(&["99999999999999999999"]).cells,
            Cells::Float(vec![1e20])
        );
    }

    #[test]
    fn missing_cells_wait_for_a_type() {
        let mut growing = Growing::new();
        growing.push_missing(Missing { row: 0, token: 0 });
        growing.push("a");
        let Cells::Text { codes, words } = growing.cells else {
            panic!("text was read");
        };
        assert_eq!((codes, words), (vec![0, 0], vec!["a".to_owned()]));
    }
}
