//! What a rule about scalar functions is written in: literals and applications, of whatever kind of value the reader works with.

use crate::scalar::Scalar;

/// A reading of scalar expressions: as numbers, as IR, as machine values.
pub trait Algebra {
    /// The values of this reading.
    type V: Clone;

    /// A literal.
    fn lit(&mut self, x: f64) -> Self::V;

    /// A scalar function applied to as many values as it has operands.
    fn apply(&mut self, f: Scalar, args: &[Self::V]) -> Self::V;

    /// `f(x)`
    fn apply1(&mut self, f: Scalar, x: &Self::V) -> Self::V {
        self.apply(f, std::slice::from_ref(x))
    }

    /// `f(x, y)`
    fn apply2(&mut self, f: Scalar, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply(f, &[x.clone(), y.clone()])
    }

    /// `-x`
    fn neg(&mut self, x: &Self::V) -> Self::V {
        self.apply1(Scalar::Neg, x)
    }

    /// −1, 0 or 1
    fn sign(&mut self, x: &Self::V) -> Self::V {
        self.apply1(Scalar::Sign, x)
    }

    /// `x` rounded down
    fn floor(&mut self, x: &Self::V) -> Self::V {
        self.apply1(Scalar::Floor, x)
    }

    /// `e^x`
    fn exp(&mut self, x: &Self::V) -> Self::V {
        self.apply1(Scalar::Exp, x)
    }

    /// The natural logarithm of `x`.
    fn ln(&mut self, x: &Self::V) -> Self::V {
        self.apply1(Scalar::Ln, x)
    }

    /// The sine of `x`.
    fn sin(&mut self, x: &Self::V) -> Self::V {
        self.apply1(Scalar::Sin, x)
    }

    /// The cosine of `x`.
    fn cos(&mut self, x: &Self::V) -> Self::V {
        self.apply1(Scalar::Cos, x)
    }

    /// `x + y`
    fn add(&mut self, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply2(Scalar::Add, x, y)
    }

    /// `x − y`
    fn sub(&mut self, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply2(Scalar::Sub, x, y)
    }

    /// `x y`
    fn mul(&mut self, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply2(Scalar::Mul, x, y)
    }

    /// `x / y`
    fn div(&mut self, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply2(Scalar::Div, x, y)
    }

    /// `x^y`
    fn pow(&mut self, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply2(Scalar::Pow, x, y)
    }

    /// Whether `x = y`.
    fn equal(&mut self, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply2(Scalar::Eq, x, y)
    }

    /// Whether `x < y`.
    fn less(&mut self, x: &Self::V, y: &Self::V) -> Self::V {
        self.apply2(Scalar::Lt, x, y)
    }

    /// `y` where `c`, else `z`.
    fn select(&mut self, c: &Self::V, y: &Self::V, z: &Self::V) -> Self::V {
        self.apply(Scalar::Select, &[c.clone(), y.clone(), z.clone()])
    }
}
