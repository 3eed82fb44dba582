//! The scalar functions. Each has its value and its derivative written once over an abstract [`Algebra`]: the interpreter reads
//! it with numbers, `grad` with IR, a code generator with machine values. Knows no tensors.

/// A function of one, two or three numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scalar {
    /// `-x`
    Neg,
    /// `|x|`
    Abs,
    /// −1, 0 or 1
    Sign,
    /// 1 where `x > 0`, else 0
    Step,
    /// Rounded down.
    Floor,
    /// Rounded up.
    Ceil,
    /// Rounded to nearest, ties to even.
    Round,
    /// Square root.
    Sqrt,
    /// `e^x`
    Exp,
    /// `e^x − 1`, exact near zero
    Expm1,
    /// Natural logarithm.
    Ln,
    /// `ln(1 + x)`, exact near zero
    Log1p,
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Inverse tangent.
    Atan,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^−x)`
    Sigmoid,
    /// Error function.
    Erf,
    /// Logical not.
    Not,
    /// Whether the number is NaN.
    IsNan,
    /// Whether the number is neither infinite nor NaN.
    IsFinite,
    /// `x + y`
    Add,
    /// `x − y`
    Sub,
    /// `x y`
    Mul,
    /// `x / y`
    Div,
    /// Remainder with the sign of `y`.
    Rem,
    /// `x^y`
    Pow,
    /// The smaller one; NaN if either is.
    Min,
    /// The larger one; NaN if either is.
    Max,
    /// `x = y`
    Eq,
    /// `x ≠ y`
    Ne,
    /// `x < y`
    Lt,
    /// `x ≤ y`
    Le,
    /// `x > y`
    Gt,
    /// `x ≥ y`
    Ge,
    /// Logical and.
    And,
    /// Logical or.
    Or,
    /// `y` where `x`, else `z`
    Select,
}
