//! Reading CSV files into tables: streaming, the used columns only, every fault with its line.

use std::path::Path;

use csv::{ByteRecord, Reader, ReaderBuilder};

use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::header::Header;
use crate::data::infer::Growing;
use crate::data::open::{Input, open, unreadable};
use crate::data::spec::{CsvSpec, MissingSpec};
use crate::data::table::{Missing, Table};
use crate::data::watch::Watch;
use crate::diag::Diagnostics;

type Csv = Reader<Watch<Input>>;

/// Reads the columns of a file that `choose` picks from its header.
pub(crate) fn read_csv(
    source: &CsvSpec,
    missing: &MissingSpec,
    folder: &Path,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let span = source.path.span;
    let mut file = CsvFile::open(source, missing, folder)?;
    let header = file.header().map_err(|fault| fault.at(span))?;
    let used = choose(header_of(source, &header))?;
    let mut texts = vec![];
    // A column found to be text after numbers were read is read again as text; each round knows more such columns.
    loop {
        let columns = start_columns(&used, &texts);
        let (columns, lines) = file
            .rows(&header, &used, columns)
            .map_err(|fault| fault.at(span))?;
        let late = late_texts(&used, &columns);
        if late.is_empty() {
            return Ok(finish(source, header, used, columns, lines));
        }
        texts.extend(late);
        file = CsvFile::open(source, missing, folder)?;
        file.header().map_err(|fault| fault.at(span))?;
    }
}

fn header_of<'a>(source: &'a CsvSpec, names: &'a [String]) -> Header<'a> {
    Header {
        file: &source.path.value,
        names,
        delimiter: source.delimiter.as_ref().map_or(',', |letter| letter.value),
    }
}

fn start_columns(used: &[usize], texts: &[usize]) -> Vec<Growing> {
    used.iter()
        .map(|place| {
            if texts.contains(place) {
                Growing::text()
            } else {
                Growing::new()
            }
        })
        .collect()
}

fn late_texts(used: &[usize], columns: &[Growing]) -> Vec<usize> {
    used.iter()
        .zip(columns)
        .filter(|(_, column)| column.turned_to_text())
        .map(|(place, _)| *place)
        .collect()
}

fn finish(
    source: &CsvSpec,
    header: Vec<String>,
    used: Vec<usize>,
    columns: Vec<Growing>,
    lines: Vec<u32>,
) -> Table {
    let columns = used
        .into_iter()
        .zip(columns)
        .map(|(place, column)| column.finish(header[place].clone(), place))
        .collect();
    Table {
        file: source.path.value.clone(),
        row_word: "line",
        runs_on: false,
        header,
        columns,
        lines,
        given: vec![],
    }
}

/// A file being read.
pub(crate) struct CsvFile<'a> {
    pub(crate) path: &'a str,
    delimiter: u8,
    pub(crate) tokens: Vec<&'a str>,
    reader: Csv,
}

impl<'a> CsvFile<'a> {
    pub(crate) fn open(
        source: &'a CsvSpec,
        missing: &'a MissingSpec,
        folder: &Path,
    ) -> Result<CsvFile<'a>, Diagnostics> {
        let file = open(&source.path.value, folder).map_err(|fault| fault.at(source.path.span))?;
        CsvFile::of(file, source, missing)
    }

    /// A file that is open.
    pub(crate) fn of(
        file: Input,
        source: &'a CsvSpec,
        missing: &'a MissingSpec,
    ) -> Result<CsvFile<'a>, Diagnostics> {
        let delimiter = delimiter(source)?;
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(1 << 16)
            .from_reader(Watch::new(file, delimiter));
        Ok(CsvFile {
            path: &source.path.value,
            delimiter,
            tokens: missing.tokens(),
            reader,
        })
    }

    /// The column names, checked.
    pub(crate) fn header(&mut self) -> Result<Vec<String>, Fault> {
        let mut record = ByteRecord::new();
        if !self.next(&mut record)? {
            let message = format!("{} holds no header and no rows", shown(self.path));
            return Err(Fault::new(codes::EMPTY_FILE, message, "blank lines only"));
        }
        self.check_closed()?;
        let names = record
            .iter()
            .enumerate()
            .map(|(place, cell)| self.utf8(cell, place, None, 0))
            .collect::<Result<Vec<&str>, Fault>>()?;
        let names: Vec<String> = names
            .into_iter()
            .map(|name| name.trim().to_owned())
            .collect();
        let delimiter = char::from(self.delimiter);
        let header = Header {
            file: self.path,
            names: &names,
            delimiter,
        };
        header.check()?;
        Ok(names)
    }

    /// Reads all rows into the columns; gives these back with the line of each row.
    fn rows(
        &mut self,
        header: &[String],
        used: &[usize],
        mut columns: Vec<Growing>,
    ) -> Result<(Vec<Growing>, Vec<u32>), Fault> {
        let mut record = ByteRecord::new();
        let mut row = 0;
        while self.next(&mut record)? {
            self.check_width(header, &record, row)?;
            for (&place, column) in used.iter().zip(&mut columns) {
                let cell = self.utf8(&record[place], place, Some(header), row)?;
                self.push(cell.trim(), row, column);
            }
            row = self.next_row(row)?;
        }
        self.check_closed()?;
        if row == 0 {
            return Err(self.no_rows());
        }
        Ok((columns, self.reader.get_ref().starts()[1..].to_vec()))
    }

    fn push(&self, cell: &str, row: u32, column: &mut Growing) {
        match self.tokens.iter().position(|token| *token == cell) {
            Some(token) => column.push_missing(Missing {
                row,
                token: u16::try_from(token).unwrap_or(u16::MAX),
            }),
            None => column.push(cell),
        }
    }

    pub(crate) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, Fault> {
        let read = self.reader.read_byte_record(record);
        read.map_err(|error| self.broken(error))
    }

    pub(crate) fn next_row(&self, row: u32) -> Result<u32, Fault> {
        let message = format!("{} has more than {} rows", shown(self.path), u32::MAX);
        let fault = Fault::new(codes::TOO_MANY_ROWS, message, "too large a table");
        row.checked_add(1).ok_or(fault)
    }

    pub(crate) fn line(&self, row: u32) -> u32 {
        let starts = self.reader.get_ref().starts();
        starts.get(row as usize + 1).copied().unwrap_or(0)
    }

    fn broken(&self, error: csv::Error) -> Fault {
        let watch = self.reader.get_ref();
        if watch.overlong() {
            return self.check_closed().err().unwrap_or_else(|| self.too_long());
        }
        unreadable(self.path, &error.into())
    }

    fn too_long(&self) -> Fault {
        let line = self.reader.get_ref().starts().last().copied().unwrap_or(1);
        let message = format!("line {line} of {} does not end", shown(self.path));
        Fault::new(
            codes::LINE_TOO_LONG,
            message,
            "longer than any row of a table",
        )
    }

    pub(crate) fn check_closed(&self) -> Result<(), Fault> {
        let Some(line) = self.reader.get_ref().open_quote() else {
            return Ok(());
        };
        let message = format!(
            "a quote opened on line {line} of {} is never closed",
            shown(self.path)
        );
        let fault = Fault::new(codes::UNCLOSED_QUOTE, message, "read up to its end");
        Err(fault.help(format!(
            "close the quote on line {line}, or double it where a cell holds a quote: `\"\"`"
        )))
    }

    pub(crate) fn check_width(
        &self,
        header: &[String],
        record: &ByteRecord,
        row: u32,
    ) -> Result<(), Fault> {
        if record.len() == header.len() {
            return Ok(());
        }
        self.check_closed()?;
        let line = self.line(row);
        let message = format!(
            "line {line} of {} has {}, the header {}",
            shown(self.path),
            counted(record.len(), "cell"),
            header.len()
        );
        let label = format!("the header: {}", self.header_list(header));
        let fault = Fault::new(codes::RAGGED_ROW, message, label);
        Err(self.explain_width(fault, header.len(), record))
    }

    fn header_list(&self, names: &[String]) -> String {
        let header = Header {
            file: self.path,
            names,
            delimiter: char::from(self.delimiter),
        };
        header.list()
    }

    /// What most likely made a row too long or too short.
    fn explain_width(&self, fault: Fault, wanted: usize, record: &ByteRecord) -> Fault {
        let newlines = record.as_slice().iter().filter(|&&byte| byte == b'\n');
        let spans = newlines.count() + 1;
        if spans > 1 {
            return fault.help(format!(
                "the row runs over {spans} lines: a quote may be left open"
            ));
        }
        let trailing = record.len() > wanted && record.iter().skip(wanted).all(<[u8]>::is_empty);
        let separator = char::from(self.delimiter).escape_debug();
        if trailing {
            return fault.help(format!(
                "take the `{separator}` away from the end of the line"
            ));
        }
        if record.len() > wanted {
            return fault.help(format!(
                "quote a cell that holds `{separator}`: `\"1{separator}5\"`"
            ));
        }
        fault
    }

    pub(crate) fn utf8<'r>(
        &self,
        cell: &'r [u8],
        place: usize,
        header: Option<&[String]>,
        row: u32,
    ) -> Result<&'r str, Fault> {
        std::str::from_utf8(cell).map_err(|_| self.not_utf8(cell, place, header, row))
    }

    fn not_utf8(&self, cell: &[u8], place: usize, header: Option<&[String]>, row: u32) -> Fault {
        let place_text = match header {
            Some(header) => format!("line {}, column {}", self.line(row), shown(&header[place])),
            None => format!("the name of column {}", place + 1),
        };
        let message = format!("{} is not UTF-8 text: {place_text}", shown(self.path));
        let label = format!("holds `{}`", cell[..cell.len().min(40)].escape_ascii());
        Fault::new(codes::NOT_UTF8, message, label)
            .help("save the file as UTF-8, or convert it: `iconv -f latin1 -t utf-8`")
    }

    pub(crate) fn no_rows(&self) -> Fault {
        let message = format!("{} has a header and no rows", shown(self.path));
        Fault::new(codes::NO_ROWS, message, "nothing to learn from")
    }
}

fn delimiter(source: &CsvSpec) -> Result<u8, Diagnostics> {
    let Some(written) = &source.delimiter else {
        return Ok(b',');
    };
    let plain = written.value.is_ascii() && !matches!(written.value, '"' | '\n' | '\r' | '\0');
    if plain {
        return Ok(written.value as u8);
    }
    let message = format!(
        "{} cannot separate cells",
        shown(&written.value.to_string())
    );
    let fault = Fault::new(
        codes::BAD_DELIMITER,
        message,
        "one plain ASCII character is needed",
    );
    Err(fault
        .help("use `,`, `;`, `\\t` or `|`")
        .at(written.span)
        .into())
}
