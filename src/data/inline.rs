//! A table that stands in the program: columns of one length, each of one kind of cell.

use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::header::Header;
use crate::data::infer::Growing;
use crate::data::spec::{InlineCell, InlineColumn, InlineSpec, MissingSpec};
use crate::data::table::{Cells, Column, Missing, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Spanned;

/// Reads the columns that `choose` picks; messages call the table `name`.
pub(crate) fn read_inline(
    name: &str,
    source: &InlineSpec,
    missing: &MissingSpec,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let n_rows = check_lengths(source)?;
    let names = source
        .columns
        .iter()
        .map(|column| column.name.value.clone());
    let mut table = Table {
        file: name.to_owned(),
        row_word: "row",
        runs_on: false,
        header: names.collect(),
        columns: vec![],
        lines: (1..).take(n_rows).collect(),
        given: vec![],
    };
    let tokens = missing.tokens();
    let mut faults = Diagnostics::new();
    for place in choose(table.names())? {
        match column(&source.columns[place], place, &tokens) {
            Ok(column) => table.columns.push(column),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.has_errors() {
        return Err(faults);
    }
    Ok(table)
}

/// The number of rows, that of every column.
fn check_lengths(source: &InlineSpec) -> Result<usize, Diagnostic> {
    let [first, rest @ ..] = &source.columns[..] else {
        return Err(no_rows().at(source.span));
    };
    let n_rows = first.cells.len();
    if let Some(other) = rest.iter().find(|column| column.cells.len() != n_rows) {
        return Err(unequal(first, other));
    }
    if n_rows == 0 {
        return Err(no_rows().at(source.span));
    }
    Ok(n_rows)
}

fn no_rows() -> Fault {
    let message = "a table without rows";
    Fault::new(codes::NO_ROWS, message, "nothing to learn from")
}

fn unequal(first: &InlineColumn, other: &InlineColumn) -> Diagnostic {
    let cells = |column: &InlineColumn| counted(column.cells.len(), "cell");
    let name = |column: &InlineColumn| shown(&column.name.value);
    let message = format!(
        "the columns of a table are equally long: {} has {}, {} has {}",
        name(first),
        cells(first),
        name(other),
        cells(other)
    );
    Diagnostic::error(codes::UNEQUAL_COLUMNS, message)
        .label(other.span, cells(other))
        .label(first.span, cells(first))
}

fn column(written: &InlineColumn, position: usize, tokens: &[&str]) -> Result<Column, Diagnostic> {
    let mut missing = vec![];
    for (row, cell) in (0..).zip(&written.cells) {
        if let Some(token) = token_of(&cell.value, tokens) {
            missing.push(Missing { row, token });
        }
    }
    let is_missing = |cell: &&Spanned<InlineCell>| token_of(&cell.value, tokens).is_some();
    let cells = match written.cells.iter().find(|cell| !is_missing(cell)) {
        Some(first) => cells(written, first, tokens)?,
        None => Cells::Blank(written.cells.len()),
    };
    Ok(Column {
        name: written.name.value.clone(),
        position,
        cells,
        missing,
    })
}

/// Which token a cell is, if it is a text that means "no value".
fn token_of(cell: &InlineCell, tokens: &[&str]) -> Option<u16> {
    let InlineCell::Text(text) = cell else {
        return None;
    };
    let at = tokens.iter().position(|token| *token == text.trim())?;
    Some(u16::try_from(at).unwrap_or(u16::MAX))
}

/// The cells as the type of the first that has a value; integers widen to numbers.
fn cells(
    written: &InlineColumn,
    first: &Spanned<InlineCell>,
    tokens: &[&str],
) -> Result<Cells, Diagnostic> {
    let present = |cell: &&Spanned<InlineCell>| token_of(&cell.value, tokens).is_none();
    let values = || written.cells.iter().filter(present);
    if let Some(other) = values().find(|cell| kind(&cell.value) != kind(&first.value)) {
        return Err(mixed(written, first, other));
    }
    if let Some(cell) = values().find(|cell| !is_finite(&cell.value)) {
        let message = format!(
            "a cell of column {} is not a finite number",
            shown(&written.name.value)
        );
        let fault = Fault::new(
            codes::NOT_A_NUMBER,
            message,
            "infinite, or no number at all",
        );
        return Err(fault.at(cell.span));
    }
    let cells = written.cells.iter().map(|cell| &cell.value);
    Ok(match &first.value {
        InlineCell::Bool(_) => Cells::Bool(cells.map(truth).collect()),
        InlineCell::Text(_) => texts(cells),
        InlineCell::Int(_) | InlineCell::Float(_) => {
            let whole: Option<Vec<i64>> = cells.clone().map(integer).collect();
            whole.map_or_else(|| Cells::Float(cells.map(number).collect()), Cells::Int)
        }
    })
}

fn kind(cell: &InlineCell) -> &'static str {
    match cell {
        InlineCell::Bool(_) => "a truth value",
        InlineCell::Int(_) | InlineCell::Float(_) => "a number",
        InlineCell::Text(_) => "a text",
    }
}

fn mixed(
    written: &InlineColumn,
    first: &Spanned<InlineCell>,
    other: &Spanned<InlineCell>,
) -> Diagnostic {
    let message = format!(
        "column {} holds {} and {}",
        shown(&written.name.value),
        kind(&first.value),
        kind(&other.value)
    );
    Diagnostic::error(codes::MIXED_CELLS, message)
        .label(other.span, kind(&other.value))
        .label(first.span, kind(&first.value))
        .help("write cells of one kind")
}

fn is_finite(cell: &InlineCell) -> bool {
    match cell {
        InlineCell::Float(value) => value.is_finite(),
        InlineCell::Bool(_) | InlineCell::Int(_) | InlineCell::Text(_) => true,
    }
}

// What a missing cell becomes means nothing.

fn truth(cell: &InlineCell) -> bool {
    *cell == InlineCell::Bool(true)
}

fn integer(cell: &InlineCell) -> Option<i64> {
    match cell {
        InlineCell::Int(value) => Some(*value),
        InlineCell::Text(_) | InlineCell::Bool(_) => Some(0),
        InlineCell::Float(_) => None,
    }
}

fn number(cell: &InlineCell) -> f64 {
    match cell {
        InlineCell::Int(value) => *value as f64,
        InlineCell::Float(value) => *value,
        InlineCell::Text(_) | InlineCell::Bool(_) => 0.0,
    }
}

fn texts<'a>(cells: impl Iterator<Item = &'a InlineCell>) -> Cells {
    let mut growing = Growing::text();
    for cell in cells {
        match cell {
            InlineCell::Text(text) => growing.push(text.trim()),
            InlineCell::Bool(_) | InlineCell::Int(_) | InlineCell::Float(_) => growing.push(""),
        }
    }
    growing.finish(String::new(), 0).cells
}
