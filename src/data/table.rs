//! A table: the columns a program uses, each of one inferred type. Knows cells and the lines they stood on; nothing of specs,
//! splits or transforms.

use crate::data::fault::shown;
use crate::data::header::Header;
use crate::data::pixels::Pixels;

/// The used columns of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The file as messages call it.
    pub file: String,
    /// What `lines` counts: `line` of a file, `row` of a table that has no lines.
    pub row_word: &'static str,
    /// Whether rows go on from each other, a text in pieces.
    pub runs_on: bool,
    /// Every column name of the file, in order, used or not.
    pub header: Vec<String>,
    /// The used columns, in file order.
    pub columns: Vec<Column>,
    /// The line each row begins on, counted from one; the header is usually line 1.
    pub lines: Vec<u32>,
    /// The rows that the source itself holds apart; they follow all others.
    pub given: Vec<Given>,
}

/// A part that a source holds apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: std::ops::Range<u32>,
}

/// One column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its place in the header.
    pub position: usize,
    /// Its cells, one a row; a missing cell holds an arbitrary value.
    pub cells: Cells,
    /// The missing cells, in row order.
    pub missing: Vec<Missing>,
}

/// A cell without a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// Its row.
    pub row: u32,
    /// What stood there, an index into the tokens that count as missing.
    pub token: u16,
}

/// The cells of a column: the narrowest type that all its values have.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// `true` and `false`, in any case.
    Bool(Vec<bool>),
    /// Integers of 64 bits without leading zeros.
    Int(Vec<i64>),
    /// Finite numbers.
    Float(Vec<f64>),
    /// Anything: each cell an index into the distinct texts, these in order of appearance.
    Text {
        /// One index a row.
        codes: Vec<u32>,
        /// The distinct texts.
        words: Vec<String>,
    },
    /// Images, one a row.
    Image(Pixels),
    /// This many cells, every one missing.
    Blank(usize),
}

impl Table {
    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.lines.len()
    }

    /// A cell as text; empty where it is missing, or the column was not read.
    pub fn text(&self, row: usize, name: &str) -> String {
        let column = self.columns.iter().find(|column| column.name == name);
        let present =
            column.filter(|column| column.missing.iter().all(|cell| cell.row as usize != row));
        present.map_or(String::new(), |column| column.cells.text(row))
    }

    /// The column at a place of the header, if it was read.
    pub fn column(&self, position: usize) -> Option<&Column> {
        let found = self
            .columns
            .binary_search_by_key(&position, |column| column.position);
        found.ok().map(|at| &self.columns[at])
    }

    /// A row as messages call it: `` line 12 of `iris.csv` ``.
    pub(crate) fn line_of(&self, row: usize) -> String {
        let (word, line) = (self.row_word, self.lines[row]);
        format!("{word} {line} of {}", shown(&self.file))
    }

    /// This table with only the given rows, ascending.
    pub(crate) fn keep(&self, rows: &[u32]) -> Table {
        Table {
            file: self.file.clone(),
            row_word: self.row_word,
            runs_on: self.runs_on,
            header: self.header.clone(),
            columns: self
                .columns
                .iter()
                .map(|column| column.keep(rows))
                .collect(),
            lines: rows.iter().map(|&row| self.lines[row as usize]).collect(),
            given: self.given.iter().map(|given| given.keep(rows)).collect(),
        }
    }

    /// How many rows no given part holds: the first ones.
    pub(crate) fn n_free(&self) -> usize {
        let first = self.given.iter().map(|given| given.rows.start as usize);
        first.min().unwrap_or(self.n_rows())
    }

    /// The column names, to look others up in.
    pub(crate) fn names(&self) -> Header<'_> {
        Header {
            file: &self.file,
            names: &self.header,
            delimiter: ',',
        }
    }

    /// The names of columns that nothing uses, in file order.
    pub fn unused_columns(&self) -> Vec<&str> {
        let names = self.header.iter().enumerate();
        names
            .filter(|(place, _)| self.column(*place).is_none())
            .map(|(_, name)| name.as_str())
            .collect()
    }
}

impl Given {
    /// Its rows among the given ones, ascending.
    fn keep(&self, rows: &[u32]) -> Given {
        let place = |row: u32| rows.partition_point(|&kept| kept < row) as u32;
        Given {
            name: self.name.clone(),
            rows: place(self.rows.start)..place(self.rows.end),
        }
    }
}

impl Column {
    /// This column with only the given rows, ascending.
    fn keep(&self, rows: &[u32]) -> Column {
        let missing = rows.iter().enumerate().filter_map(|(new, &row)| {
            let at = self.missing.binary_search_by_key(&row, |cell| cell.row);
            let token = self.missing[at.ok()?].token;
            Some(Missing {
                row: u32::try_from(new).expect("a table has fewer than 2^32 rows"),
                token,
            })
        });
        Column {
            name: self.name.clone(),
            position: self.position,
            missing: missing.collect(),
            cells: self.cells.keep(rows),
        }
    }
}

impl Cells {
    /// A cell as text.
    pub(crate) fn text(&self, row: usize) -> String {
        match self {
            Cells::Bool(values) => values[row].to_string(),
            Cells::Int(values) => values[row].to_string(),
            Cells::Float(values) => values[row].to_string(),
            Cells::Text { codes, words } => words[codes[row] as usize].clone(),
            Cells::Image(_) | Cells::Blank(_) => String::new(),
        }
    }

    /// The number of cells.
    pub fn len(&self) -> usize {
        match self {
            Cells::Bool(values) => values.len(),
            Cells::Int(values) => values.len(),
            Cells::Float(values) => values.len(),
            Cells::Text { codes, .. } => codes.len(),
            Cells::Image(pixels) => pixels.len(),
            Cells::Blank(n) => *n,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether they are text.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Cells::Text { .. })
    }

    fn keep(&self, rows: &[u32]) -> Cells {
        fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Vec<T> {
            rows.iter().map(|&row| values[row as usize]).collect()
        }
        match self {
            Cells::Bool(values) => Cells::Bool(pick(values, rows)),
            Cells::Int(values) => Cells::Int(pick(values, rows)),
            Cells::Float(values) => Cells::Float(pick(values, rows)),
            Cells::Text { codes, words } => Cells::Text {
                codes: pick(codes, rows),
                words: words.clone(),
            },
            Cells::Image(pixels) => Cells::Image(pixels.keep(rows)),
            Cells::Blank(_) => Cells::Blank(rows.len()),
        }
    }
}
