//! A table: the columns a program uses, each of one inferred type. Knows cells and the lines they stood on; nothing of specs,
//! splits or transforms.

/// The used columns of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The file as messages call it.
    pub file: String,
    /// Every column name of the file, in order, used or not.
    pub header: Vec<String>,
    /// The used columns, in file order.
    pub columns: Vec<Column>,
    /// The line each row begins on, counted from one; the header is usually line 1.
    pub lines: Vec<u32>,
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
    /// This many cells, every one missing.
    Blank(usize),
}
