//! A text as a table: one row a character, in one column. What fits, splits and windows rows then does so to texts.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::header::Header;
use crate::data::open::{open, unreadable};
use crate::data::spec::TextSpec;
use crate::data::table::{Cells, Column, Table};
use crate::diag::{Diagnostic, Diagnostics};

/// The one column of a text.
pub(crate) const TEXT: &str = "text";

/// Reads a text of UTF-8; `choose` says whether anything uses it. Line ends stay as they are.
pub(crate) fn read_text(
    source: &TextSpec,
    folder: &Path,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let text = whole(source, folder)?;
    let mut table = Table {
        file: source.path.value.clone(),
        row_word: "line",
        header: vec![TEXT.to_owned()],
        columns: vec![],
        lines: lines(&text),
        given: vec![],
    };
    if choose(table.names())?.contains(&0) {
        table.columns.push(column(&text));
    }
    Ok(table)
}

fn whole(source: &TextSpec, folder: &Path) -> Result<String, Diagnostic> {
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

/// The line of each character.
fn lines(text: &str) -> Vec<u32> {
    let mut line = 1;
    let numbered = text.chars().map(|letter| {
        let own = line;
        line += u32::from(letter == '\n');
        own
    });
    numbered.collect()
}

fn column(text: &str) -> Column {
    let mut known: BTreeMap<char, u32> = BTreeMap::new();
    let mut words = vec![];
    let mut number = |letter: char| {
        *known.entry(letter).or_insert_with(|| {
            words.push(letter.to_string());
            u32::try_from(words.len() - 1).expect("there are fewer than 2^32 characters")
        })
    };
    // Most letters of most texts are found without a search.
    let mut ascii: [Option<u32>; 128] = [None; 128];
    let mut codes = Vec::with_capacity(text.len());
    codes.extend(
        text.chars()
            .map(|letter| match ascii.get_mut(letter as usize) {
                Some(slot) => *slot.get_or_insert_with(|| number(letter)),
                None => number(letter),
            }),
    );
    Column {
        name: TEXT.to_owned(),
        position: 0,
        cells: Cells::Text { codes, words },
        missing: vec![],
    }
}
