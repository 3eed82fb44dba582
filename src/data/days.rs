//! Dates as numbers: days since the beginning of 1970, and of a time its part of the day.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::data::block::{Block, Content};
use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::table::{Cells, Column};

/// The order of day and month in a date that ends in its year and has numbers for both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DayOrder {
    /// `31/12/2020`
    Dmy,
    /// `12/31/2020`
    Mdy,
}

impl DayOrder {
    /// How a program writes it.
    pub fn name(self) -> &'static str {
        match self {
            DayOrder::Dmy => "dmy",
            DayOrder::Mdy => "mdy",
        }
    }
}

/// Days since the beginning of 1970 of a date, if the text is one: `2020-12-31`, `2020/12/31`, `2020-12`, `31.12.2020`,
/// `31 Dec 2020`, `December 31, 2020`, by `order` also `12/31/2020`; behind it perhaps a time, `T10:30` or ` 10:30:00`.
pub fn days(text: &str, order: Option<DayOrder>) -> Option<f64> {
    let text = text.trim().trim_end_matches('Z');
    let (day, time) = match text.find(':') {
        Some(colon) => text.split_at(text[..colon].rfind(['T', ' '])?),
        None => (text, ""),
    };
    let [year, month, day] = parts(day, order)?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    let whole = date.signed_duration_since(NaiveDate::default()).num_days();
    Some(whole as f64 + part_of_day(time)?)
}

/// Year, month and day.
fn parts(date: &str, order: Option<DayOrder>) -> Option<[u32; 3]> {
    let parts: Vec<&str> = date
        .split([' ', '-', '/', '.', ','])
        .filter(|part| !part.is_empty())
        .collect();
    let order = order.or(date.contains('.').then_some(DayOrder::Dmy));
    match (parts.as_slice(), order) {
        (&[year, month], _) if is_year(year) => Some([number(year)?, in_year(month)?, 1]),
        (&[month, year], _) if is_year(year) => Some([number(year)?, named(month)?, 1]),
        (&[year, month, day], _) if is_year(year) => {
            Some([number(year)?, in_year(month)?, number(day)?])
        }
        (&[_, _, year], _) if !is_year(year) => None,
        (&[month, day, year], _) if named(month).is_some() => {
            Some([number(year)?, named(month)?, number(day)?])
        }
        (&[day, month, year], _) if named(month).is_some() => {
            Some([number(year)?, named(month)?, number(day)?])
        }
        (&[day, month, year], Some(DayOrder::Dmy)) | (&[month, day, year], Some(DayOrder::Mdy)) => {
            Some([number(year)?, number(month)?, number(day)?])
        }
        _ => None,
    }
}

fn is_year(part: &str) -> bool {
    part.len() == 4 && number(part).is_some()
}

fn number(part: &str) -> Option<u32> {
    let is_plain = part.bytes().all(|byte| byte.is_ascii_digit());
    part.parse().ok().filter(|_| is_plain)
}

/// A month by number or by name.
fn in_year(part: &str) -> Option<u32> {
    number(part).or_else(|| named(part))
}

/// The number of a month whose English name this is, or begins with.
fn named(part: &str) -> Option<u32> {
    let month: chrono::Month = part.parse().ok()?;
    Some(month.number_from_month())
}

/// `T10:30`, ` 10:30:15.5` as a share of a day; nothing as none of it.
fn part_of_day(time: &str) -> Option<f64> {
    let time = time.trim_start_matches(['T', ' ']);
    if time.is_empty() {
        return Some(0.0);
    }
    let mut fields = time.split(':').map(|part| {
        let is_plain = part
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
        part.parse::<f64>().ok().filter(|_| is_plain)
    });
    let mut field = |limit: f64| fields.next().unwrap_or(Some(0.0)).filter(|x| *x < limit);
    let seconds = 3600.0 * field(24.0)? + 60.0 * field(60.0)? + field(61.0)?;
    fields.next().is_none().then_some(seconds / 86_400.0)
}

/// Columns of dates as columns of numbers; what is missing stays so.
pub(crate) fn apply_days<'t>(
    order: Option<DayOrder>,
    block: Block<'t>,
) -> Result<Block<'t>, Fault> {
    let columns = block.cells("days")?.iter();
    let columns = columns.map(|column| in_days(order, column, &block).map(Cow::Owned));
    let columns = columns.collect::<Result<Vec<_>, Fault>>()?;
    Ok(Block {
        content: Content::Cells(columns),
        ..block
    })
}

fn in_days(order: Option<DayOrder>, column: &Column, block: &Block<'_>) -> Result<Column, Fault> {
    let is_missing = |row: usize| column.missing.iter().any(|cell| cell.row as usize == row);
    let cells = match &column.cells {
        Cells::Text { codes, words } => {
            let found: Vec<Option<f64>> = words.iter().map(|word| days(word, order)).collect();
            let value = |(row, &code): (usize, &u32)| match found.get(code as usize) {
                Some(Some(days)) => Ok(*days),
                _ if is_missing(row) => Ok(0.0),
                _ => Err(no_date(block, column, row)),
            };
            let values = codes.iter().enumerate().map(value);
            Cells::Float(values.collect::<Result<_, Fault>>()?)
        }
        Cells::Blank(n) => Cells::Blank(*n),
        Cells::Bool(_) | Cells::Int(_) | Cells::Float(_) | Cells::Image(_) => {
            return Err(no_date(block, column, 0));
        }
    };
    Ok(Column {
        cells,
        ..column.clone()
    })
}

fn no_date(block: &Block<'_>, column: &Column, row: usize) -> Fault {
    let message = format!(
        "`days` of {}: {}, column {}",
        shown(&column.cells.text(row)),
        block.table.line_of(row),
        shown(&column.name)
    );
    let help = "dates are written `2020-12-31`, `31.12.2020` or `31 Dec 2020`; of `12/31/2020` the order is told: `days(order: mdy)`, \
                or `dmy`";
    Fault::new(codes::NO_DATE, message, "needs dates")
        .help(help)
        .in_column(&column.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_told_by_what_only_a_year_or_a_month_can_be() {
        let plain = |text| days(text, None);
        for text in ["2020-12-31", "2020/12/31", "31.12.2020", "31-Dec-2020"] {
            assert_eq!(plain(text), Some(18627.0), "{text}");
        }
        assert_eq!(plain("December 31, 2020"), Some(18627.0));
        assert_eq!(plain("1970-01"), Some(0.0));
        assert_eq!(plain("Jan 1970"), Some(0.0));
        assert_eq!(plain("1969-12-31T18:00:00Z"), Some(-0.25));
        assert_eq!(plain("2020-02-30"), None);
        assert_eq!(plain("12/31/2020"), None);
        assert_eq!(days("12/31/2020", Some(DayOrder::Mdy)), Some(18627.0));
        assert_eq!(days("12/31/2020", Some(DayOrder::Dmy)), None);
        for text in ["", "1.2.3", "2020", "10:30", "2020-12-31 25:00", "a-b-2020"] {
            assert_eq!(plain(text), None, "{text}");
        }
    }
}
