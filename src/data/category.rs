//! Categories: a column's distinct values in their one order, and cells as indices into them. Integers sort by size, `false`
//! before `true`, text by its characters.

use std::collections::{BTreeMap, BTreeSet};

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::numeric::images;
use crate::data::table::{Cells, Column, Table};

/// Integers up to here are exact as `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A column read as categories.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Keys {
    /// Of each row, the place of its category in `names`.
    pub(crate) codes: Vec<u32>,
    /// The distinct values, in category order.
    pub(crate) names: Vec<String>,
}

impl Keys {
    /// The categories among some rows, in category order.
    pub(crate) fn among(&self, rows: impl Iterator<Item = u32>) -> Vec<String> {
        let counts = self.counts(rows);
        let present = self.names.iter().zip(counts);
        present
            .filter(|(_, count)| *count > 0)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// How often each category occurs among some rows.
    pub(crate) fn counts(&self, rows: impl Iterator<Item = u32>) -> Vec<usize> {
        let mut counts = vec![0; self.names.len()];
        for row in rows {
            counts[self.codes[row as usize] as usize] += 1;
        }
        counts
    }

    /// Of each own category, its place among others.
    pub(crate) fn places_in(&self, categories: &[String]) -> Vec<Option<usize>> {
        let places: BTreeMap<&str, usize> = categories
            .iter()
            .enumerate()
            .map(|(place, name)| (name.as_str(), place))
            .collect();
        let own = self.names.iter();
        own.map(|name| places.get(name.as_str()).copied()).collect()
    }
}

/// Reads a column as categories; numbers with fractions are none. What a missing cell becomes means nothing.
pub(crate) fn keys(table: &Table, column: &Column) -> Result<Keys, Fault> {
    match &column.cells {
        Cells::Bool(values) => Ok(Keys {
            codes: values.iter().map(|&value| u32::from(value)).collect(),
            names: vec!["false".to_owned(), "true".to_owned()],
        }),
        Cells::Int(values) => Ok(integer_keys(values)),
        Cells::Float(values) => Ok(integer_keys(&whole(table, column, values)?)),
        Cells::Text { codes, words } => Ok(text_keys(codes, words)),
        Cells::Image(_) => Err(images(column, "categories")),
        Cells::Blank(n) => Ok(Keys {
            codes: vec![0; *n],
            names: vec![String::new()],
        }),
    }
}

fn integer_keys(values: &[i64]) -> Keys {
    let distinct: Vec<i64> = values
        .iter()
        .copied()
        .collect::<BTreeSet<i64>>()
        .into_iter()
        .collect();
    let code = |value: &i64| {
        let place = distinct
            .binary_search(value)
            .expect("every value is among the distinct ones");
        u32::try_from(place).expect("a table has fewer than 2^32 rows")
    };
    Keys {
        codes: values.iter().map(code).collect(),
        names: distinct.iter().map(i64::to_string).collect(),
    }
}

fn text_keys(codes: &[u32], words: &[String]) -> Keys {
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by(|&a, &b| words[a].cmp(&words[b]));
    let mut rank = vec![0; words.len().max(1)];
    for (place, &word) in (0..).zip(&order) {
        rank[word] = place;
    }
    let names = order.iter().map(|&word| words[word].clone());
    Keys {
        codes: codes.iter().map(|&code| rank[code as usize]).collect(),
        names: names.collect(),
    }
}

fn whole(table: &Table, column: &Column, values: &[f64]) -> Result<Vec<i64>, Fault> {
    let is_whole = |value: f64| value.trunc() == value && value.abs() <= EXACT;
    match values.iter().position(|&value| !is_whole(value)) {
        None => Ok(values.iter().map(|&value| value as i64).collect()),
        Some(row) => Err(fractional(table, column, row, values[row])),
    }
}

fn fractional(table: &Table, column: &Column, row: usize, value: f64) -> Fault {
    let message = format!(
        "column {} holds numbers with fractions, not categories",
        shown(&column.name)
    );
    Fault::new(
        codes::NOT_CATEGORICAL,
        message,
        "needs text, integers or booleans",
    )
    .note(format!("{} holds `{value}`", table.line_of(row)))
    .in_column(&column.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_by_characters_and_integers_by_size() {
        let words = ["b", "a"].map(String::from);
        let keys = text_keys(&[0, 1, 0], &words);
        assert_eq!(
            (keys.codes, keys.names),
            (vec![1, 0, 1], vec!["a".into(), "b".into()])
        );
        let keys = integer_keys(&[10, 9, 10]);
        assert_eq!(
            (keys.codes, keys.names),
            (vec![1, 0, 1], vec!["9".into(), "10".into()])
        );
    }
}
