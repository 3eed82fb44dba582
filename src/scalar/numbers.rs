//! The scalar functions read as numbers. Each is written once, as a closure handed to a [`Visitor`], so that whoever loops over
//! tensors gets a loop of its own for each function, and nothing is looked up per element.

use crate::scalar::integer::Integer;
use crate::scalar::math::Float;
use crate::scalar::{Accepts, Algebra, Scalar};

/// Something done with a function of numbers, compiled anew for each function.
pub trait Visitor<T> {
    /// What comes of it.
    type Out;
    /// With `f: T → T`.
    fn unary(self, f: impl Fn(T) -> T + Copy) -> Self::Out;
    /// With `f: T × T → T`.
    fn binary(self, f: impl Fn(T, T) -> T + Copy) -> Self::Out;
    /// With `f: T → bool`.
    fn test(self, f: impl Fn(T) -> bool + Copy) -> Self::Out;
    /// With `f: T × T → bool`.
    fn compare(self, f: impl Fn(T, T) -> bool + Copy) -> Self::Out;
}

/// Visits `f` on floats. Not for `and`, `or`, `not` and `select`, which are no functions of floats.
pub fn float<T: Float, V: Visitor<T>>(f: Scalar, v: V) -> V::Out {
    match f {
        Scalar::Neg => v.unary(|x| -x),
        Scalar::Abs => v.unary(Float::abs),
        Scalar::Sign => v.unary(Float::sign),
        Scalar::Step => v.unary(Float::step),
        Scalar::Floor => v.unary(Float::floor),
        Scalar::Ceil => v.unary(Float::ceil),
        Scalar::Round => v.unary(Float::round),
        Scalar::Sqrt => v.unary(Float::sqrt),
        Scalar::Exp => v.unary(Float::exp),
        Scalar::Expm1 => v.unary(Float::expm1),
        Scalar::Ln => v.unary(Float::ln),
        Scalar::Log1p => v.unary(Float::log1p),
        Scalar::Sin => v.unary(Float::sin),
        Scalar::Cos => v.unary(Float::cos),
        Scalar::Atan => v.unary(Float::atan),
        Scalar::Tanh => v.unary(Float::tanh),
        Scalar::Sigmoid => v.unary(Float::sigmoid),
        Scalar::Erf => v.unary(Float::erf),
        Scalar::IsNan => v.test(Float::is_nan),
        Scalar::IsFinite => v.test(Float::is_finite),
        Scalar::Add => v.binary(|x, y| x + y),
        Scalar::Sub => v.binary(|x, y| x - y),
        Scalar::Mul => v.binary(|x, y| x * y),
        Scalar::Div => v.binary(|x, y| x / y),
        Scalar::Rem => v.binary(Float::rem),
        Scalar::Pow => v.binary(Float::pow),
        Scalar::Min => v.binary(Float::min),
        Scalar::Max => v.binary(Float::max),
        Scalar::Eq => v.compare(|x, y| x == y),
        Scalar::Ne => v.compare(|x, y| x != y),
        Scalar::Lt => v.compare(|x, y| x < y),
        Scalar::Le => v.compare(|x, y| x <= y),
        Scalar::Gt => v.compare(|x, y| x > y),
        Scalar::Ge => v.compare(|x, y| x >= y),
        Scalar::Not | Scalar::And | Scalar::Or | Scalar::Select => inapplicable(f, "floats"),
    }
}

/// Visits `f` on integers. Not for functions that accept floats or booleans only, nor for `select`.
pub fn integer<T: Integer, V: Visitor<T>>(f: Scalar, v: V) -> V::Out {
    match f {
        Scalar::Neg => v.unary(Integer::neg),
        Scalar::Abs => v.unary(Integer::abs),
        Scalar::Sign => v.unary(Integer::sign),
        Scalar::Step => v.unary(Integer::step),
        Scalar::Add => v.binary(Integer::add),
        Scalar::Sub => v.binary(Integer::sub),
        Scalar::Mul => v.binary(Integer::mul),
        Scalar::Div => v.binary(Integer::div),
        Scalar::Rem => v.binary(Integer::rem),
        Scalar::Pow => v.binary(Integer::pow),
        Scalar::Min => v.binary(Ord::min),
        Scalar::Max => v.binary(Ord::max),
        Scalar::Eq => v.compare(|x, y| x == y),
        Scalar::Ne => v.compare(|x, y| x != y),
        Scalar::Lt => v.compare(|x, y| x < y),
        Scalar::Le => v.compare(|x, y| x <= y),
        Scalar::Gt => v.compare(|x, y| x > y),
        Scalar::Ge => v.compare(|x, y| x >= y),
        Scalar::Floor
        | Scalar::Ceil
        | Scalar::Round
        | Scalar::Sqrt
        | Scalar::Exp
        | Scalar::Expm1
        | Scalar::Ln
        | Scalar::Log1p
        | Scalar::Sin
        | Scalar::Cos
        | Scalar::Atan
        | Scalar::Tanh
        | Scalar::Sigmoid
        | Scalar::Erf
        | Scalar::IsNan
        | Scalar::IsFinite
        | Scalar::Not
        | Scalar::And
        | Scalar::Or
        | Scalar::Select => inapplicable(f, "integers"),
    }
}

/// Visits `f` on booleans: `not`, `and`, `or`, `eq`, `ne`.
pub fn boolean<V: Visitor<bool>>(f: Scalar, v: V) -> V::Out {
    match f {
        Scalar::Not => v.unary(|x| !x),
        Scalar::And => v.binary(|x, y| x & y),
        Scalar::Or => v.binary(|x, y| x | y),
        Scalar::Eq => v.binary(|x, y| x == y),
        Scalar::Ne => v.binary(|x, y| x != y),
        Scalar::Neg
        | Scalar::Abs
        | Scalar::Sign
        | Scalar::Step
        | Scalar::Floor
        | Scalar::Ceil
        | Scalar::Round
        | Scalar::Sqrt
        | Scalar::Exp
        | Scalar::Expm1
        | Scalar::Ln
        | Scalar::Log1p
        | Scalar::Sin
        | Scalar::Cos
        | Scalar::Atan
        | Scalar::Tanh
        | Scalar::Sigmoid
        | Scalar::Erf
        | Scalar::IsNan
        | Scalar::IsFinite
        | Scalar::Add
        | Scalar::Sub
        | Scalar::Mul
        | Scalar::Div
        | Scalar::Rem
        | Scalar::Pow
        | Scalar::Min
        | Scalar::Max
        | Scalar::Lt
        | Scalar::Le
        | Scalar::Gt
        | Scalar::Ge
        | Scalar::Select => inapplicable(f, "booleans"),
    }
}

fn inapplicable<T>(f: Scalar, operands: &str) -> T {
    unreachable!("checked: `{f}` is never applied to {operands}")
}

/// The reading as `f64`, where a truth value is 0 or 1. For tests, and for constants known while compiling.
#[derive(Clone, Copy, Debug, Default)]
pub struct Numbers;

impl Algebra for Numbers {
    type V = f64;

    fn lit(&mut self, x: f64) -> f64 {
        x
    }

    fn apply(&mut self, f: Scalar, args: &[f64]) -> f64 {
        match f.accepts() {
            [Accepts::Bool, Accepts::Any, Accepts::Any] => args[if args[0] == 0.0 { 2 } else { 1 }],
            [Accepts::Bool, ..] => boolean(f, One(args.iter().map(|&x| x != 0.0).collect())),
            [..] => float(f, One(args.to_vec())),
        }
    }
}

/// One application.
struct One<T>(Vec<T>);

impl<T: Copy + Into<f64>> Visitor<T> for One<T> {
    type Out = f64;

    fn unary(self, f: impl Fn(T) -> T + Copy) -> f64 {
        f(self.0[0]).into()
    }
    fn binary(self, f: impl Fn(T, T) -> T + Copy) -> f64 {
        f(self.0[0], self.0[1]).into()
    }
    fn test(self, f: impl Fn(T) -> bool + Copy) -> f64 {
        f(self.0[0]).into()
    }
    fn compare(self, f: impl Fn(T, T) -> bool + Copy) -> f64 {
        f(self.0[0], self.0[1]).into()
    }
}
