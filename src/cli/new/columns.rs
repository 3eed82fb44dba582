//! What the columns of a table are to a model: numbers, dates, categories, or nothing it can use; and which of them is predicted.

use std::collections::BTreeSet;

use crate::data::{Cells, Column, DayOrder, Table, days};
use crate::diag::did_you_mean;

/// Text with more different values than this is not taken for categories.
const MOST_CATEGORIES: usize = 20;

/// Whole numbers to be predicted are classes where no more differ, from 0 or 1 up.
const MOST_CLASSES: i64 = 10;

/// A table as a model sees it.
pub(super) struct Plan<'t> {
    /// What is predicted.
    pub(super) target: Used<'t>,
    /// What it is predicted from.
    pub(super) inputs: Vec<Used<'t>>,
    /// Columns without use, and why.
    pub(super) left_out: Vec<(&'t str, &'static str)>,
    pub(super) n_rows: usize,
}

/// A column of use.
#[derive(Clone)]
pub(super) struct Used<'t> {
    pub(super) name: &'t str,
    pub(super) kind: Kind,
    pub(super) has_missing: bool,
}

/// What a column holds.
#[derive(Clone, PartialEq)]
pub(super) enum Kind {
    Number,
    /// Dates as `days` reads them; and whether the order of day and month was only guessed.
    Date(Option<DayOrder>, bool),
    /// Categories as a program writes them, and the rows of the rarest.
    Category(Vec<String>, usize),
}

impl<'t> Plan<'t> {
    /// The plan for a table; or why there is none.
    pub(super) fn of(table: &'t Table, target: Option<&str>) -> Result<Plan<'t>, String> {
        if table.n_rows() < 2 {
            return Err("a single row tells nothing of how columns depend on each other".into());
        }
        let (mut used, mut left_out) = (vec![], vec![]);
        for column in &table.columns {
            match kind(column) {
                Ok(kind) => used.push(Used {
                    name: &column.name,
                    kind,
                    has_missing: !column.missing.is_empty(),
                }),
                Err(why) => left_out.push((column.name.as_str(), why)),
            }
        }
        let place = place_of(&used, &left_out, target)?;
        let mut target = used.remove(place);
        if used.is_empty() {
            let name = target.name;
            return Err(format!(
                "no column is left to predict `{name}` from: two are needed that hold numbers or categories{}",
                reasons(&left_out)
            ));
        }
        let column = table
            .columns
            .iter()
            .find(|column| column.name == target.name);
        if let Some(classes) = column.and_then(classes) {
            target.kind = classes;
        }
        Ok(Plan {
            target,
            inputs: used,
            left_out,
            n_rows: table.n_rows(),
        })
    }

    /// What was made of the columns, for the user.
    pub(super) fn notes(&self) -> String {
        let said = |used: &Used<'_>| match &used.kind {
            Kind::Number => format!("`{}`, a number", used.name),
            Kind::Date(_, true) => format!(
                "`{}`, dates taken for month/day/year; write `days(order: dmy)` if they are not",
                used.name
            ),
            Kind::Date(_, false) => format!("`{}`, dates", used.name),
            Kind::Category(names, _) => format!("`{}`, {} categories", used.name, names.len()),
        };
        let mut text = format!("predicts {}\n", said(&self.target));
        for input in &self.inputs {
            let missing = match input.has_missing {
                true => "; missing values are filled in",
                false => "",
            };
            text.push_str(&format!("  from {}{missing}\n", said(input)));
        }
        for (name, why) in &self.left_out {
            text.push_str(&format!("  without `{name}`: {why}\n"));
        }
        if self.target.has_missing {
            let name = self.target.name;
            text.push_str(&format!("  rows without `{name}` are left out\n"));
        }
        text
    }
}

/// The place of the column to predict: the one named; or the last that is no date, if any is none.
fn place_of(
    used: &[Used<'_>],
    left_out: &[(&str, &'static str)],
    target: Option<&str>,
) -> Result<usize, String> {
    let Some(name) = target else {
        let none = "no column holds numbers or categories that differ from row to row";
        let is_date = |column: &Used<'_>| matches!(column.kind, Kind::Date(..));
        let undated = used.iter().rposition(|column| !is_date(column));
        let last = undated.or(used.len().checked_sub(1));
        return last.ok_or_else(|| format!("{none}{}", reasons(left_out)));
    };
    if let Some(place) = used.iter().position(|column| column.name == name) {
        return Ok(place);
    }
    if let Some((_, why)) = left_out.iter().find(|(own, _)| *own == name) {
        return Err(format!("`{name}` cannot be predicted: {why}"));
    }
    let names = used.iter().map(|column| column.name);
    Err(match did_you_mean(name, names.clone()) {
        Some(near) => format!("no column `{name}`; did you mean `{near}`?"),
        None => {
            let names: Vec<&str> = names.collect();
            format!("no column `{name}`; there are `{}`", names.join("`, `"))
        }
    })
}

/// Why columns are of no use, a line each.
fn reasons(left_out: &[(&str, &'static str)]) -> String {
    let lines = left_out
        .iter()
        .map(|(name, why)| format!("\n  `{name}`: {why}"));
    lines.collect()
}

/// What a column holds; or why it is of no use.
fn kind(column: &Column) -> Result<Kind, &'static str> {
    match &column.cells {
        Cells::Blank(_) => Err("it is empty"),
        Cells::Image(_) => Err("it holds images"),
        Cells::Bool(values) => {
            let words = values.iter().map(bool::to_string);
            category(column, words.collect())
        }
        Cells::Int(values) => number(column, values, |a, b| a.checked_add(1) == Some(*b)),
        Cells::Float(values) => number(column, values, |_, _| false),
        Cells::Text { codes, words } => {
            let named = codes.iter().map(|&code| words.get(code as usize));
            let named: Vec<String> = named
                .map(|word| word.cloned().unwrap_or_default())
                .collect();
            if let Some(date) = date(words) {
                return match words.len() {
                    1 => Err("it is the same in every row"),
                    _ => Ok(date),
                };
            }
            if !words.is_empty() && words.iter().all(|word| has_decimal_comma(word)) {
                return Err("its numbers have a comma where a point is read");
            }
            category(column, named).map(|kind| match kind {
                Kind::Category(names, rarest) => Kind::Category(
                    names
                        .iter()
                        .map(|name| crate::syntax::quoted(name))
                        .collect(),
                    rarest,
                ),
                other @ (Kind::Number | Kind::Date(..)) => other,
            })
        }
    }
}

/// The values that are there.
fn present<'c, T>(column: &'c Column, values: &'c [T]) -> impl Iterator<Item = &'c T> {
    let mut missing = column
        .missing
        .iter()
        .map(|cell| cell.row as usize)
        .peekable();
    let there = move |row: usize| missing.next_if_eq(&row).is_none();
    let rows = values.iter().enumerate();
    let mut there = there;
    rows.filter(move |(row, _)| there(*row))
        .map(|(_, value)| value)
}

fn number<T: PartialEq>(
    column: &Column,
    values: &[T],
    follows: impl Fn(&T, &T) -> bool,
) -> Result<Kind, &'static str> {
    let values: Vec<&T> = present(column, values).collect();
    let pairs = || values.windows(2);
    if pairs().all(|pair| pair[0] == pair[1]) {
        return Err("it is the same in every row");
    }
    if values.len() > 2 && pairs().all(|pair| follows(pair[0], pair[1])) {
        return Err("it numbers the rows");
    }
    Ok(Kind::Number)
}

fn category(column: &Column, words: Vec<String>) -> Result<Kind, &'static str> {
    let present: Vec<&String> = present(column, &words).collect();
    let names: BTreeSet<&String> = present.iter().copied().collect();
    if names.len() < 2 {
        return Err("it is the same in every row");
    }
    if names.len() > MOST_CATEGORIES || (names.len() > 2 && 2 * names.len() > present.len()) {
        return Err("its texts differ too much for categories");
    }
    let rows = |name: &&String| present.iter().filter(|own| *own == name).count();
    let rarest = names.iter().map(rows).min().unwrap_or(0);
    Ok(Kind::Category(names.into_iter().cloned().collect(), rarest))
}

/// Whole numbers to be predicted, where they look like classes: a few, from 0 or 1 up without a gap.
fn classes(column: &Column) -> Option<Kind> {
    let Cells::Int(values) = &column.cells else {
        return None;
    };
    let distinct: BTreeSet<i64> = present(column, values).copied().collect();
    let (first, last) = (*distinct.first()?, *distinct.last()?);
    let is_run = last - first + 1 == i64::try_from(distinct.len()).ok()?;
    if !(is_run && (0..=1).contains(&first) && (1..MOST_CLASSES).contains(&(last - first))) {
        return None;
    }
    let rows = |class: &i64| present(column, values).filter(|own| *own == class).count();
    let rarest = distinct.iter().map(rows).min()?;
    Some(Kind::Category(
        distinct.iter().map(i64::to_string).collect(),
        rarest,
    ))
}

/// Whether a text is a number as much of Europe writes it: `-3,14`.
fn has_decimal_comma(word: &str) -> bool {
    word.matches(',').count() == 1 && word.replace(',', ".").parse::<f64>().is_ok()
}

/// Dates, if all texts are some: in the first order that fits, month before day where either does.
fn date(words: &[String]) -> Option<Kind> {
    let fits = |order| !words.is_empty() && words.iter().all(|word| days(word, order).is_some());
    let (mdy, dmy) = (Some(DayOrder::Mdy), Some(DayOrder::Dmy));
    match (fits(None), fits(mdy), fits(dmy)) {
        (true, ..) => Some(Kind::Date(None, false)),
        (_, true, is_guess) => Some(Kind::Date(mdy, is_guess)),
        (_, false, true) => Some(Kind::Date(dmy, false)),
        (_, false, false) => None,
    }
}
