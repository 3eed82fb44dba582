//! What the tensor functions are parameterised by, and the ops with them: monoids, contractions, distributions.

/// What a reduction folds with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Monoid {
    /// Addition from zero.
    Sum,
    /// Multiplication from one.
    Prod,
    /// The smallest; NaN if any is.
    Min,
    /// The largest; NaN if any is.
    Max,
    /// Logical or.
    Any,
    /// Logical and.
    All,
}

/// Which extreme an `ArgReduce` seeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extreme {
    /// The smallest element.
    Min,
    /// The largest element.
    Max,
}

/// A letter of a contraction: axes with the same letter run together.
pub type Letter = u8;

/// `result[out] = Σ lhs[lhs] · rhs[rhs]`, the sum over letters that `out` lacks. Within one operand letters are distinct, every
/// letter of `out` occurs in an operand, and a letter that is summed occurs in both operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contract {
    /// Letters of the left operand's axes.
    pub lhs: Vec<Letter>,
    /// Letters of the right operand's axes.
    pub rhs: Vec<Letter>,
    /// Letters of the result's axes.
    pub out: Vec<Letter>,
}

/// What random numbers are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Uniform on `[0, 1)`.
    Uniform,
    /// Normal with mean zero and variance one.
    Normal,
}

/// What a solver may assume of its matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatrixKind {
    /// Nothing.
    General,
    /// Zero above the diagonal.
    Lower,
    /// Zero below the diagonal.
    Upper,
}
