//! The scalar functions. Each has its value and its derivative written once over an abstract [`Algebra`]: the interpreter reads
//! it with numbers, `grad` with IR, a code generator with machine values. Knows no tensors.

mod algebra;
mod derivative;
mod double;
pub mod integer;
pub mod math;
pub mod numbers;
mod single;

pub use algebra::Algebra;
pub use derivative::Partial;

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

/// What an operand of a scalar function may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// `f32`, `f64`
    Float,
    /// Floats and integers.
    Number,
    /// `bool`
    Bool,
    /// Any element type.
    Any,
}

/// The element type a scalar function gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResultKind {
    /// That of the operands; of `select`, of the last two.
    Same,
    /// `bool`, whatever the operands are.
    Bool,
}

/// What is known of a scalar function besides value and derivative.
struct Entry {
    name: &'static str,
    symbol: Option<&'static str>,
    accepts: &'static [Accepts],
    result: ResultKind,
}

impl Scalar {
    /// Every scalar function, in order of declaration.
    pub const ALL: [Scalar; 38] = [
        Scalar::Neg,
        Scalar::Abs,
        Scalar::Sign,
        Scalar::Step,
        Scalar::Floor,
        Scalar::Ceil,
        Scalar::Round,
        Scalar::Sqrt,
        Scalar::Exp,
        Scalar::Expm1,
        Scalar::Ln,
        Scalar::Log1p,
        Scalar::Sin,
        Scalar::Cos,
        Scalar::Atan,
        Scalar::Tanh,
        Scalar::Sigmoid,
        Scalar::Erf,
        Scalar::Not,
        Scalar::IsNan,
        Scalar::IsFinite,
        Scalar::Add,
        Scalar::Sub,
        Scalar::Mul,
        Scalar::Div,
        Scalar::Rem,
        Scalar::Pow,
        Scalar::Min,
        Scalar::Max,
        Scalar::Eq,
        Scalar::Ne,
        Scalar::Lt,
        Scalar::Le,
        Scalar::Gt,
        Scalar::Ge,
        Scalar::And,
        Scalar::Or,
        Scalar::Select,
    ];

    /// The name in the language: `exp`, `add`, `maximum`. `min` and `max` name reductions, so these two have longer names.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// The function of that name.
    pub fn from_name(name: &str) -> Option<Scalar> {
        Scalar::ALL.into_iter().find(|f| f.name() == name)
    }

    /// How it is written as an operator: `+`, `<=`, `and`; `-` is both `neg` and `sub`.
    pub fn symbol(self) -> Option<&'static str> {
        self.entry().symbol
    }

    /// The number of operands.
    pub fn arity(self) -> usize {
        self.entry().accepts.len()
    }

    /// What each operand may be. Apart from the condition of `select`, all operands have one element type.
    pub fn accepts(self) -> &'static [Accepts] {
        self.entry().accepts
    }

    /// The element type of the result.
    pub fn result(self) -> ResultKind {
        self.entry().result
    }

    fn entry(self) -> Entry {
        use Accepts::{Any, Bool, Float, Number};
        match self {
            Scalar::Neg => Entry::same("neg", &[Number]).infix("-"),
            Scalar::Abs => Entry::same("abs", &[Number]),
            Scalar::Sign => Entry::same("sign", &[Number]),
            Scalar::Step => Entry::same("step", &[Number]),
            Scalar::Floor => Entry::same("floor", &[Float]),
            Scalar::Ceil => Entry::same("ceil", &[Float]),
            Scalar::Round => Entry::same("round", &[Float]),
            Scalar::Sqrt => Entry::same("sqrt", &[Float]),
            Scalar::Exp => Entry::same("exp", &[Float]),
            Scalar::Expm1 => Entry::same("expm1", &[Float]),
            Scalar::Ln => Entry::same("ln", &[Float]),
            Scalar::Log1p => Entry::same("log1p", &[Float]),
            Scalar::Sin => Entry::same("sin", &[Float]),
            Scalar::Cos => Entry::same("cos", &[Float]),
            Scalar::Atan => Entry::same("atan", &[Float]),
            Scalar::Tanh => Entry::same("tanh", &[Float]),
            Scalar::Sigmoid => Entry::same("sigmoid", &[Float]),
            Scalar::Erf => Entry::same("erf", &[Float]),
            Scalar::Not => Entry::same("not", &[Bool]).infix("not"),
            Scalar::IsNan => Entry::bool("is_nan", &[Float]),
            Scalar::IsFinite => Entry::bool("is_finite", &[Float]),
            Scalar::Add => Entry::same("add", &[Number, Number]).infix("+"),
            Scalar::Sub => Entry::same("sub", &[Number, Number]).infix("-"),
            Scalar::Mul => Entry::same("mul", &[Number, Number]).infix("*"),
            Scalar::Div => Entry::same("div", &[Number, Number]).infix("/"),
            Scalar::Rem => Entry::same("rem", &[Number, Number]),
            Scalar::Pow => Entry::same("pow", &[Number, Number]).infix("^"),
            Scalar::Min => Entry::same("minimum", &[Number, Number]),
            Scalar::Max => Entry::same("maximum", &[Number, Number]),
            Scalar::Eq => Entry::bool("eq", &[Any, Any]).infix("=="),
            Scalar::Ne => Entry::bool("ne", &[Any, Any]).infix("!="),
            Scalar::Lt => Entry::bool("lt", &[Number, Number]).infix("<"),
            Scalar::Le => Entry::bool("le", &[Number, Number]).infix("<="),
            Scalar::Gt => Entry::bool("gt", &[Number, Number]).infix(">"),
            Scalar::Ge => Entry::bool("ge", &[Number, Number]).infix(">="),
            Scalar::And => Entry::same("and", &[Bool, Bool]).infix("and"),
            Scalar::Or => Entry::same("or", &[Bool, Bool]).infix("or"),
            Scalar::Select => Entry::same("select", &[Bool, Any, Any]),
        }
    }
}

impl Entry {
    fn same(name: &'static str, accepts: &'static [Accepts]) -> Entry {
        Entry {
            name,
            symbol: None,
            accepts,
            result: ResultKind::Same,
        }
    }

    fn bool(name: &'static str, accepts: &'static [Accepts]) -> Entry {
        let result = ResultKind::Bool;
        Entry {
            result,
            ..Entry::same(name, accepts)
        }
    }

    fn infix(self, symbol: &'static str) -> Entry {
        let symbol = Some(symbol);
        Entry { symbol, ..self }
    }
}

impl std::fmt::Display for Scalar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_in_order_of_declaration_and_complete() {
        assert!(
            Scalar::ALL
                .iter()
                .map(|&f| f as usize)
                .eq(0..Scalar::ALL.len())
        );
        assert_eq!(Scalar::Select as usize, Scalar::ALL.len() - 1);
    }

    #[test]
    fn names_lead_back() {
        for f in Scalar::ALL {
            assert_eq!(Scalar::from_name(f.name()), Some(f));
        }
        assert_eq!(Scalar::from_name("max"), None);
    }
}
