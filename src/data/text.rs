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
    let mut table = Table {
        file: source.path.value.clone(),
        row_word: "line",
        runs_on: unit != Unit::Line,
        header: vec![TEXT.to_owned()],
        columns: vec![],
        lines: lines(&text, unit),
        given: vec![],
    };
    if choose(table.names())?.contains(&0) {
        table.columns.push(column(rows(&text, unit)));
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

fn rows(text: &str, unit: Unit) -> Box<dyn Iterator<Item = &str> + '_> {
    match unit {
        Unit::Letter => Box::new(text.split_inclusive(|_| true)),
        Unit::Piece => Box::new(pieces(text)),
        Unit::Line => Box::new(text.lines()),
    }
}

/// The line that each row begins on.
fn lines(text: &str, unit: Unit) -> Vec<u32> {
    let mut line = 1;
    let numbered = rows(text, unit).map(|row| {
        let own = line;
        line += match unit {
            Unit::Line => 1,
            Unit::Letter | Unit::Piece => row.bytes().filter(|byte| *byte == b'\n').count() as u32,
        };
        own
    });
    numbered.collect()
}

fn column<'t>(rows: impl Iterator<Item = &'t str>) -> Column {
    let mut known = Known::default();
    Column {
        name: TEXT.to_owned(),
        position: 0,
        cells: Cells::Text {
            codes: rows.map(|row| known.code(row)).collect(),
            words: known.words,
        },
        missing: vec![],
    }
}

/// Texts in the order in which they are met.
#[derive(Default)]
struct Known<'t> {
    words: Vec<String>,
    codes: HashMap<&'t str, u32>,
    /// Those of texts of one byte, of which a text of letters has the most.
    bytes: Vec<Option<u32>>,
}

impl<'t> Known<'t> {
    fn code(&mut self, text: &'t str) -> u32 {
        let [byte] = *text.as_bytes() else {
            return *self
                .codes
                .entry(text)
                .or_insert_with(|| met(&mut self.words, text));
        };
        self.bytes.resize(256, None);
        *self.bytes[usize::from(byte)].get_or_insert_with(|| met(&mut self.words, text))
    }
}

/// The code of a text that is new.
fn met(words: &mut Vec<String>, text: &str) -> u32 {
    words.push(text.to_owned());
    u32::try_from(words.len() - 1).expect("a text has fewer than 2^32 bytes")
}
