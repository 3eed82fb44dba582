//! Texts as tables: one row a character, a word or a line, in one column. What fits, splits and windows rows then does so to texts.

use std::collections::HashMap;
use std::io::Read;
use std::path::Path;

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::header::Header;
use crate::data::open::{open, unreadable};
use crate::data::spec::TextSpec;
use crate::data::table::{Cells, Column, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::tokens::pieces;

/// The one column of a text.
pub(crate) const TEXT: &str = "text";

/// What a row of a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Letter,
    /// What no token reaches across.
    Piece,
    Line,
}

/// Reads a text of UTF-8; `choose` says whether anything uses it. Line ends stay as they are, but between rows that are lines.
pub(crate) fn read_text(
    source: &TextSpec,
    unit: Unit,
    folder: &Path,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let text = whole(source, folder)?;
    let rows: Vec<&str> = match unit {
        Unit::Letter => text.split_inclusive(|_| true).collect(),
        Unit::Piece => pieces(&text).collect(),
        Unit::Line => text.lines().collect(),
    };
    let mut table = Table {
        file: source.path.value.clone(),
        row_word: "line",
        runs_on: unit != Unit::Line,
        header: vec![TEXT.to_owned()],
        columns: vec![],
        lines: lines(&rows, unit),
        given: vec![],
    };
    if choose(table.names())?.contains(&0) {
        table.columns.push(column(&rows));
    }
    Ok(table)
}

/// The whole of a file.
pub(crate) fn whole(source: &TextSpec, folder: &Path) -> Result<String, Diagnostic> {
    let (path, span) = (&source.path.value, source.path.span);
    let mut file = open(path, folder).map_err(|fault| fault.at(span))?;
    let mut bytes = vec![];
    let read = file.read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error).at(span))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let known = error.utf8_error().valid_up_to();
        not_utf8(path, error.as_bytes(), known).at(span)
    })?;
    if u32::try_from(text.len()).is_err() {
        let message = format!("{} has more than 2^32 bytes", shown(path));
        let fault = Fault::new(codes::TOO_MANY_ROWS, message, "too long a text");
        return Err(fault.help("cut it into several files").at(span));
    }
    Ok(text)
}

fn not_utf8(path: &str, bytes: &[u8], known: usize) -> Fault {
    let line = 1 + bytes[..known].iter().filter(|byte| **byte == b'\n').count();
    let message = format!("line {line} of {} is not UTF-8", shown(path));
    let label = format!("byte {known} is `0x{:02x}`", bytes[known]);
    Fault::new(codes::NOT_UTF8, message, label).help("save it as UTF-8")
}

/// The line that each row begins on.
fn lines(rows: &[&str], unit: Unit) -> Vec<u32> {
    let mut line = 1;
    let numbered = rows.iter().map(|row| {
        let own = line;
        line += match unit {
            Unit::Line => 1,
            Unit::Letter | Unit::Piece => row.bytes().filter(|byte| *byte == b'\n').count() as u32,
        };
        own
    });
    numbered.collect()
}

fn column(rows: &[&str]) -> Column {
    let mut known: HashMap<&str, u32> = HashMap::new();
    let mut words = vec![];
    let codes = rows.iter().map(|row| {
        *known.entry(row).or_insert_with(|| {
            words.push((*row).to_owned());
            u32::try_from(words.len() - 1).expect("a text has fewer than 2^32 bytes")
        })
    });
    let codes = codes.collect();
    Column {
        name: TEXT.to_owned(),
        position: 0,
        cells: Cells::Text { codes, words },
        missing: vec![],
    }
}
