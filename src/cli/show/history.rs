//! What a run recorded, as a table: of each value the first, the last, the least and the greatest. Which of the two is best only a
//! reader knows.

use crate::chart::number::brief;
use crate::cli::screen::Screen;
use crate::cli::show::grid::{Align, Grid};
use crate::train::{History, Record};

/// Significant digits in the table.
const DIGITS: i32 = 5;

/// The table in lines.
pub(crate) fn lines(history: &History, screen: Screen) -> Vec<String> {
    if history.records().is_empty() {
        return vec!["(nothing recorded)".into()];
    }
    let unit = history.unit();
    let at = format!("at {unit}");
    let names = ["", "first", "last", "least", &at, "greatest", &at];
    let align = |index| {
        if index == 0 {
            Align::Left
        } else {
            Align::Right
        }
    };
    let mut grid = Grid::new(
        names
            .iter()
            .enumerate()
            .map(|(index, name)| (*name, align(index))),
    );
    for name in history.names() {
        grid.row(row(history, name, unit));
    }
    grid.lines(screen)
}

fn row(history: &History, name: &str, unit: &str) -> Vec<String> {
    let values: Vec<(&Record, f64)> = history
        .records()
        .iter()
        .filter_map(|record| Some((record, record.value(name)?)))
        .collect();
    let numbers = || values.iter().filter(|(_, value)| !value.is_nan());
    let least = numbers().reduce(|best, next| if next.1 < best.1 { next } else { best });
    let greatest = numbers().reduce(|best, next| if next.1 > best.1 { next } else { best });
    let value =
        |found: Option<&(&Record, f64)>| found.map_or("-".into(), |(_, x)| brief(*x, DIGITS));
    let when = |found: Option<&(&Record, f64)>| {
        let time = |record: &Record| {
            if unit == "epoch" {
                record.epoch
            } else {
                record.step
            }
        };
        found.map_or("-".into(), |(record, _)| time(record).to_string())
    };
    let (first, last) = (values.first(), values.last());
    vec![
        name.to_owned(),
        value(first),
        value(last),
        value(least),
        when(least),
        value(greatest),
        when(greatest),
    ]
}
