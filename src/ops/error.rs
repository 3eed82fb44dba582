//! What ops refuse, as data. Knows no spans and no words: the words are in `describe`, the places are the caller's.
//!
//! An operand is meant by its index. Dimensions inside an error are resolved as far as they were known when it arose.

use crate::diag::Code;
use crate::ir::draft::AxisRef;
use crate::tensor::WindowSizes;
use crate::types::{Dim, TensorType};

/// Why an operation refuses its operands.
#[derive(Clone, Debug, PartialEq)]
pub enum OpError {
    /// Elementwise operands of different shapes.
    ShapesDiffer {
        /// The operation as written.
        what: &'static str,
        /// One operand.
        left: usize,
        /// The other.
        right: usize,
    },
    /// Axes that meet claim different names.
    NamesDiffer {
        /// The operation as written.
        what: &'static str,
        /// One operand.
        left: usize,
        /// The other.
        right: usize,
    },
    /// Element types that must agree do not.
    DTypesDiffer {
        /// The operation as written.
        what: &'static str,
        /// One operand.
        left: usize,
        /// The other.
        right: usize,
    },
    /// An element type the operation does not work on.
    WrongElem {
        /// The operation as written.
        what: &'static str,
        /// Which operand.
        operand: usize,
        /// What it works on.
        needs: ElemKind,
    },
    /// A tensor where a scalar is wanted.
    NotScalar {
        /// The operation as written.
        what: &'static str,
        /// Which operand.
        operand: usize,
    },
    /// Too few axes.
    RankTooLow {
        /// The operation as written.
        what: &'static str,
        /// Which operand.
        operand: usize,
        /// How many axes it must have.
        needs: usize,
    },
    /// The summed axes of a matrix product have different sizes.
    InnerSizes {
        /// The last size of the left operand.
        left: Dim,
        /// The size it meets on the right.
        right: Dim,
    },
    /// The axes before the matrices differ.
    BatchAxes {
        /// The operation as written.
        what: &'static str,
    },
    /// A matrix that is not square.
    NotSquare {
        /// The operation as written.
        what: &'static str,
        /// Which operand.
        operand: usize,
    },
    /// A matrix with more columns than rows where that is not allowed.
    Wide {
        /// How many rows.
        rows: Dim,
        /// How many columns.
        cols: Dim,
    },
    /// A system and its right side with different numbers of rows.
    SolveRows {
        /// Rows of the matrix.
        left: Dim,
        /// Rows of the right side.
        right: Dim,
    },
    /// A letter that stands for two sizes.
    LetterSizes {
        /// The letter.
        letter: String,
        /// An operand and the letter's size there.
        left: (usize, Dim),
        /// Another one; the same operand where the size was given by name.
        right: (usize, Dim),
    },
    /// A pattern with another number of axes than its operand.
    PatternRank {
        /// The operation as written.
        what: &'static str,
        /// Which operand.
        operand: usize,
        /// How many axes the pattern has.
        axes: usize,
    },
    /// A pattern for another number of operands.
    PatternOperands {
        /// How many it is for.
        pattern: usize,
        /// How many it is given.
        given: usize,
    },
    /// A letter out of place.
    Letter {
        /// The operation as written.
        what: &'static str,
        /// The letter.
        letter: String,
        /// What is wrong with it.
        fault: LetterFault,
    },
    /// A size that is no multiple of another.
    NotDivisible {
        /// The operation as written.
        what: &'static str,
        /// Which operand.
        operand: usize,
        /// What must be a multiple.
        size: Dim,
        /// Of this.
        by: Dim,
    },
    /// A reference that means no axis.
    NoAxis {
        /// Which operand.
        operand: usize,
        /// The reference.
        axis: AxisRef,
    },
    /// A reference that may mean several axes.
    AmbiguousAxis {
        /// Which operand.
        operand: usize,
        /// The reference.
        axis: AxisRef,
        /// The axes it may mean.
        places: Vec<usize>,
    },
    /// An axis that is named twice.
    RepeatedAxis {
        /// Which operand.
        operand: usize,
        /// Its place.
        axis: usize,
    },
    /// An order that does not name every axis.
    Order {
        /// How many axes it names.
        named: usize,
    },
    /// A shape with room for another number of elements.
    ReshapeSizes {
        /// How many there are.
        from: Dim,
        /// How many there is room for.
        to: Dim,
    },
    /// An axis without elements, of which one is wanted.
    Empty {
        /// By what.
        what: &'static str,
        /// The axis.
        axis: usize,
    },
    /// A shape that leaves several sizes open.
    SeveralRests,
    /// An axis to be dropped whose size is not one.
    NotOne {
        /// Its place.
        axis: usize,
        /// Its size.
        size: Dim,
    },
    /// Axes to be merged with a kept one between them.
    Apart {
        /// The kept one.
        between: usize,
    },
    /// A broadcast axis that fits nowhere.
    Unplaced {
        /// Its place in the operand.
        axis: usize,
    },
    /// Broadcast axes that fit in several ways, or in none together.
    PlacedTwice {
        /// The first such axis.
        axis: usize,
    },
    /// A broadcast `along` another number of axes than the operand lacks.
    AlongCount {
        /// How many are named.
        along: usize,
    },
    /// Joined tensors that differ elsewhere.
    Join {
        /// The operation as written.
        what: &'static str,
        /// The first operand, by which the others are measured, is 0; this one differs.
        operand: usize,
        /// Where, if ranks agree.
        axis: Option<usize>,
    },
    /// More indices than axes.
    TooManyIndices {
        /// How many indices.
        given: usize,
    },
    /// A range that ends before it begins.
    Backwards {
        /// Its first place.
        start: Dim,
        /// Behind its last place.
        stop: Dim,
    },
    /// An index or an end of a range outside its axis.
    Outside {
        /// The axis.
        axis: usize,
        /// The index or end.
        index: Dim,
        /// The axis' size.
        size: Dim,
        /// Whether an end of a range is meant, which may equal the size.
        is_end: bool,
    },
    /// A window that reaches further than its axis.
    Window {
        /// The axis.
        axis: usize,
        /// The axis' size.
        size: Dim,
        /// How many places the window has.
        window: Dim,
        /// How far apart they are.
        dilation: Dim,
    },
    /// A distance or size that is none: zero, or below.
    Distance {
        /// What it is called.
        what: &'static str,
        /// What it is.
        value: Dim,
    },
    /// An axis taken apart into another number of names.
    Parts {
        /// The axis.
        axis: usize,
        /// Its size.
        size: Dim,
        /// How many names there are.
        names: usize,
    },
    /// A wrong number of operands.
    Operands {
        /// The operation as written.
        what: &'static str,
        /// How many it takes.
        expected: usize,
        /// How many it is given.
        found: usize,
    },
    /// An argument of another type than the function takes.
    Argument {
        /// Which operand.
        operand: usize,
        /// What the function takes.
        expected: crate::types::TensorType,
    },
    /// A scan walks along axes of unequal length.
    ScanLengths {
        /// The operand whose axis is another.
        operand: usize,
        /// The first operand's places.
        expected: Dim,
        /// This one's.
        found: Dim,
    },
    /// A state of a scan that comes out of a step as another type than it goes in.
    ScanState {
        /// Which.
        operand: usize,
        /// As it goes in.
        before: TensorType,
        /// As it comes out.
        after: TensorType,
    },
    /// A differentiated function whose first result is not a scalar of floats.
    NotALoss {
        /// What it is.
        found: crate::types::TensorType,
    },
    /// A gradient by an operand without a float type.
    NotVariable {
        /// Which operand.
        operand: usize,
    },
}

/// The element types an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElemKind {
    /// `f32`, `f64`
    Float,
    /// `i64`, `i32`, `u8`
    Integer,
    /// All of these.
    Number,
    /// `bool`
    Bool,
}

/// What may be wrong with a letter of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterFault {
    /// It stands twice on one side.
    Repeated,
    /// It stands on the right only.
    Unknown,
    /// It stands on the left only.
    Dropped,
    /// It is not the only one of its group whose size is open.
    Unsized,
}

/// An operation that has no derivative where one is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDifferentiable {
    /// The operation as written.
    pub what: &'static str,
    /// Why it has none, or what to use instead.
    pub why: &'static str,
}

/// What goes wrong with numbers only.
#[derive(Clone, Debug, PartialEq)]
pub enum EvalError {
    /// A matrix that has no inverse, or none that can be computed.
    Singular {
        /// The operation as written.
        what: &'static str,
        /// Its place in the axes before its own.
        matrix: Vec<usize>,
        /// The largest over the smallest pivot.
        condition: f64,
    },
    /// A matrix that is not positive definite.
    NotPositive {
        /// The operation as written.
        what: &'static str,
        /// Its place in the axes before its own.
        matrix: Vec<usize>,
        /// How many of its first rows and columns it takes to see it.
        block: usize,
        /// Its smallest and largest eigenvalue, if they can be told.
        values: Option<[f64; 2]>,
    },
    /// A matrix whose eigenvalues or singular values an iteration does not find.
    Unsettled {
        /// The operation as written.
        what: &'static str,
        /// Its place in the axes before its own.
        matrix: Vec<usize>,
    },
    /// A matrix that holds a NaN or an infinity.
    NotFinite {
        /// The operation as written.
        what: &'static str,
        /// Its place in the axes before its own.
        matrix: Vec<usize>,
    },
    /// A matrix with more columns than rows where that is not allowed.
    Wide {
        /// How many rows.
        rows: usize,
        /// How many columns.
        cols: usize,
    },
    /// A chosen index outside its axis.
    Index {
        /// The index.
        index: i64,
        /// Where it stands among the indices, counted row by row.
        position: usize,
        /// The axis' size.
        size: usize,
    },
    /// A window that reaches further than its axis, or distances that are none.
    Window {
        /// The axis.
        axis: usize,
        /// The axis' size.
        size: usize,
        /// The window.
        window: WindowSizes,
    },
    /// A range outside its axis.
    Range {
        /// The axis.
        axis: usize,
        /// The range's first place.
        start: usize,
        /// Behind its last place.
        stop: usize,
        /// The axis' size.
        size: usize,
    },
}

/// An error in words, with a label an operand.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// Its stable name.
    pub code: Code,
    /// The first line.
    pub message: String,
    /// Operands, and what there is to say of each.
    pub labels: Vec<(usize, String)>,
    /// What follows, or why it is so.
    pub notes: Vec<String>,
    /// One edit to try; `…` stands for an operand.
    pub help: Option<String>,
}

impl Description {
    /// A message under a code.
    pub fn new(code: Code, message: impl Into<String>) -> Description {
        Description {
            code,
            message: message.into(),
            labels: vec![],
            notes: vec![],
            help: None,
        }
    }

    /// Says something of an operand.
    #[must_use]
    pub fn label(mut self, operand: usize, text: impl Into<String>) -> Description {
        self.labels.push((operand, text.into()));
        self
    }

    /// Adds a note, if there is one.
    #[must_use]
    pub fn note(mut self, note: impl Into<Option<String>>) -> Description {
        self.notes.extend(note.into());
        self
    }

    /// Says what to try, if anything.
    #[must_use]
    pub fn help(mut self, help: impl Into<Option<String>>) -> Description {
        self.help = help.into();
        self
    }
}
