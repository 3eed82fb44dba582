//! New rows, some at a time: from a CSV file of any size, or from cells that came as texts. A chunk is a table of the columns that are
//! asked for, whatever else there is and in whatever order.

use std::collections::BTreeSet;
use std::path::Path;

use csv::ByteRecord;

use crate::data::codes;
use crate::data::csv::CsvFile;
use crate::data::fault::{Fault, shown};
use crate::data::header::Header;
use crate::data::infer::Growing;
use crate::data::open::standard_input;
use crate::data::spec::{CsvSpec, MissingSpec};
use crate::data::table::{Column, Missing, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Span;

/// The rows of a CSV file, read as they are asked for.
pub struct CsvRows<'a> {
    file: CsvFile<'a>,
    header: Vec<String>,
    used: Vec<usize>,
    n_read: u32,
    span: Span,
}

impl<'a> CsvRows<'a> {
    /// Opens a file for the columns of these names. Those that are not there are told at once.
    pub fn open(
        source: &'a CsvSpec,
        missing: &'a MissingSpec,
        folder: &Path,
        columns: &BTreeSet<&str>,
    ) -> Result<CsvRows<'a>, Diagnostics> {
        let file = CsvFile::open(source, missing, folder)?;
        CsvRows::of(file, source, columns)
    }

    /// The same of the standard input, which messages call by the path of the source.
    pub fn standard_input(
        source: &'a CsvSpec,
        missing: &'a MissingSpec,
        columns: &BTreeSet<&str>,
    ) -> Result<CsvRows<'a>, Diagnostics> {
        let (path, span) = (&source.path.value, source.path.span);
        let file = standard_input(path).map_err(|fault| fault.at(span))?;
        CsvRows::of(CsvFile::of(file, source, missing)?, source, columns)
    }

    fn of(
        mut file: CsvFile<'a>,
        source: &'a CsvSpec,
        columns: &BTreeSet<&str>,
    ) -> Result<CsvRows<'a>, Diagnostics> {
        let span = source.path.span;
        let header = file.header().map_err(|fault| fault.at(span))?;
        let used = places(&source.path.value, &header, columns, span)?;
        Ok(CsvRows {
            file,
            header,
            used,
            n_read: 0,
            span,
        })
    }

    /// The next rows, at most so many; nothing where the file ends.
    pub fn next_chunk(&mut self, most: usize) -> Result<Option<Table>, Diagnostic> {
        self.chunk(most).map_err(|fault| fault.at(self.span))
    }

    fn chunk(&mut self, most: usize) -> Result<Option<Table>, Fault> {
        let (mut records, mut lines) = (vec![], vec![]);
        let mut record = ByteRecord::new();
        while records.len() < most && self.file.next(&mut record)? {
            self.file.check_width(&self.header, &record, self.n_read)?;
            for &place in &self.used {
                self.file
                    .utf8(&record[place], place, Some(&self.header), self.n_read)?;
            }
            lines.push(self.file.line(self.n_read));
            records.push(record.clone());
            self.n_read = self.file.next_row(self.n_read)?;
        }
        if records.len() < most {
            self.file.check_closed()?;
        }
        if self.n_read == 0 {
            return Err(self.file.no_rows());
        }
        Ok((!records.is_empty()).then(|| self.table(&records, lines)))
    }

    fn table(&self, records: &[ByteRecord], lines: Vec<u32>) -> Table {
        let cell = |record: &ByteRecord, place: usize| {
            let text = std::str::from_utf8(&record[place]).expect("each cell was looked at");
            text.trim().to_owned()
        };
        let column = |&place: &usize| {
            let cells: Vec<String> = records.iter().map(|record| cell(record, place)).collect();
            column(&self.header[place], place, &cells, &self.file.tokens)
        };
        Table {
            file: self.file.path.to_owned(),
            row_word: "line",
            runs_on: false,
            header: self.header.clone(),
            columns: self.used.iter().map(column).collect(),
            lines,
            given: vec![],
        }
    }
}

/// The places of some columns, ascending; all that are missing are told.
fn places(
    file: &str,
    header: &[String],
    columns: &BTreeSet<&str>,
    span: Span,
) -> Result<Vec<usize>, Diagnostics> {
    let (mut places, mut faults) = (vec![], Diagnostics::new());
    let names = Header {
        file,
        names: header,
        delimiter: ',',
    };
    for column in columns {
        match names.find(column) {
            Ok(place) => places.push(place),
            Err(fault) => faults.push(fault.at(span)),
        }
    }
    places.sort_unstable();
    match faults.is_empty() {
        true => Ok(places),
        false => Err(faults),
    }
}

/// A table of rows whose cells are texts, as a CSV file would have them. `file` is what messages call it.
pub fn table_of(
    file: &str,
    columns: &[String],
    rows: &[Vec<String>],
    missing: &MissingSpec,
) -> Table {
    let tokens = missing.tokens();
    let of_place = |(place, name): (usize, &String)| {
        let cells: Vec<String> = rows.iter().map(|row| row[place].clone()).collect();
        column(name, place, &cells, &tokens)
    };
    Table {
        file: file.to_owned(),
        row_word: "row",
        runs_on: false,
        header: columns.to_vec(),
        columns: columns.iter().enumerate().map(of_place).collect(),
        lines: (1..).take(rows.len()).collect(),
        given: vec![],
    }
}

/// A column of the narrowest type that all its cells have.
fn column(name: &str, place: usize, cells: &[String], tokens: &[&str]) -> Column {
    let grown = |mut growing: Growing| {
        for (row, cell) in (0..).zip(cells) {
            match tokens.iter().position(|token| token == cell) {
                Some(token) => growing.push_missing(Missing {
                    row,
                    token: u16::try_from(token).unwrap_or(u16::MAX),
                }),
                None => growing.push(cell),
            }
        }
        growing
    };
    let column = grown(Growing::new());
    let column = match column.turned_to_text() {
        true => grown(Growing::text()),
        false => column,
    };
    column.finish(name.to_owned(), place)
}

/// What a file is that no new rows can be read from.
pub(crate) fn not_rows(what: &str, field: &str) -> Fault {
    let message = format!("field {} is made of {what}", shown(field));
    let fault = Fault::new(codes::NOT_SUPPORTED, message, "rows of cells are read here");
    fault.help("use `load` and `predict` in a program")
}
