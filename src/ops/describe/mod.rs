//! The words of every error an op can raise, in one place, one file a subject. What to try is worked out in `advice`; the places in
//! the source are the caller's. A message says what was expected and found, a label an operand's type and what matters about it.

mod axes;
mod elementwise;
mod function;
mod product;
mod run;

use crate::diag::Code;
use crate::ops::{Description, OpError};
use crate::types::{Dim, Shape, Symbols, TensorType};

#[rustfmt::skip] // A flat table, one line an error.
impl OpError {
    /// The error in words; `operands` are the types of what was refused, resolved.
    pub fn describe(&self, operands: &[TensorType], symbols: &Symbols) -> Description {
        let told = Told { operands, symbols };
        match self {
            OpError::ShapesDiffer { what, left, right } => told.shapes(what, *left, *right),
            OpError::NamesDiffer { what, left, right } => told.names(what, *left, *right),
            OpError::DTypesDiffer { what, left, right } => told.dtypes(what, *left, *right),
            OpError::WrongElem { what, operand, needs } => told.elem(what, *operand, *needs),
            OpError::NotScalar { what, operand } => told.scalar(what, *operand),
            OpError::RankTooLow { what, operand, needs } => told.rank(what, *operand, *needs),
            OpError::InnerSizes { left, right } => told.inner(left, right),
            OpError::BatchAxes { what } => told.batch(what),
            OpError::NotSquare { what, operand } => told.square(what, *operand),
            OpError::Wide { rows, cols } => told.wide(rows, cols),
            OpError::SolveRows { left, right } => told.solve(left, right),
            OpError::LetterSizes { letter, left, right } => told.letter_sizes(letter, left, right),
            OpError::PatternRank { what, operand, axes } => told.pattern(what, *operand, *axes),
            OpError::PatternOperands { pattern, given } => product::pattern_operands(*pattern, *given),
            OpError::Letter { what, letter, fault } => product::letter_fault(what, letter, *fault),
            OpError::NotDivisible { what, operand, size, by } => told.divisible(what, *operand, size, by),
            OpError::NoAxis { operand, axis } => told.no_axis(*operand, axis),
            OpError::AmbiguousAxis { operand, axis, places } => told.ambiguous(*operand, axis, places),
            OpError::RepeatedAxis { operand, axis } => told.repeated(*operand, *axis),
            OpError::Order { named } => told.order(*named),
            OpError::ReshapeSizes { from, to } => told.reshape(from, to),
            OpError::Empty { what, axis } => told.empty(what, *axis),
            OpError::SeveralRests => axes::several_rests(),
            OpError::NotOne { axis, size } => told.not_one(*axis, size),
            OpError::Apart { between } => told.apart(*between),
            OpError::Unplaced { axis } => told.unplaced(*axis),
            OpError::PlacedTwice { axis } => told.placed_twice(*axis),
            OpError::AlongCount { along } => told.along(*along),
            OpError::Join { what, operand, axis } => told.join(what, *operand, *axis),
            OpError::TooManyIndices { given } => told.indices(*given),
            OpError::Backwards { start, stop } => told.backwards(start, stop),
            OpError::Outside { axis, index, size, is_end } => told.outside(*axis, index, size, *is_end),
            OpError::Window { axis, size, window, dilation } => told.window(*axis, size, window, dilation),
            OpError::Distance { what, value } => told.distance(what, value),
            OpError::Parts { axis, size, names } => told.parts(*axis, size, *names),
            OpError::Operands { what, expected, found } => function::operand_count(what, *expected, *found),
            OpError::Argument { operand, expected } => told.argument(*operand, expected),
            OpError::ScanLengths {
                operand,
                expected,
                found,
            } => told.scan_lengths(*operand, expected, found),
            OpError::ScanState {
                operand,
                before,
                after,
            } => told.scan_state(*operand, before, after),
            OpError::NotALoss { found } => told.not_a_loss(found),
            OpError::NotVariable { operand } => told.not_variable(*operand),
        }
    }
}

/// The operands of an error with the names of their dimensions.
struct Told<'a> {
    operands: &'a [TensorType],
    symbols: &'a Symbols,
}

impl Told<'_> {
    fn ty(&self, operand: usize) -> String {
        let ty = self.operands.get(operand);
        ty.map_or_else(|| "?".into(), |ty| ty.display(self.symbols).to_string())
    }

    fn shape(&self, operand: usize) -> Shape {
        let ty = self.operands.get(operand);
        ty.map_or_else(Shape::scalar, |ty| ty.shape.clone())
    }

    fn shown(&self, operand: usize) -> String {
        self.shape(operand).display(self.symbols).to_string()
    }

    fn dim(&self, dim: &Dim) -> String {
        dim.display(self.symbols).to_string()
    }

    /// The size of one axis of an operand.
    fn size(&self, operand: usize, axis: usize) -> String {
        let shape = self.shape(operand);
        let axis = shape.0.get(axis);
        axis.map_or_else(|| "?".into(), |axis| self.dim(&axis.dim))
    }

    /// A message with the types of two operands.
    fn pair(&self, code: Code, message: String, left: usize, right: usize) -> Description {
        Description::new(code, message)
            .label(left, self.ty(left))
            .label(right, self.ty(right))
    }
}

/// `1 axis`, `2 axes`
fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
