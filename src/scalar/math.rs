//! Elementary functions of `f32` and `f64`, the same bits on every machine: through `libm`, which is plain Rust, or through what
//! IEEE 754 rounds correctly (`sqrt`, `floor`, `%`). No other place may call the standard library's `exp`, `ln`, `tanh` and kin.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A floating point type with what kernels need of it.
pub trait Float:
    Copy
    + Default
    + PartialEq
    + PartialOrd
    + Send
    + Sync
    + fmt::Debug
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// Half.
    const HALF: Self;
    /// Distance from one to the next larger number.
    const EPSILON: Self;
    /// Infinity.
    const INFINITY: Self;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// The same number as `f64`.
    fn to_f64(self) -> f64;
    /// `|x|`
    fn abs(self) -> Self;
    /// Rounded down.
    fn floor(self) -> Self;
    /// Rounded up.
    fn ceil(self) -> Self;
    /// Rounded to nearest, ties to even.
    fn round(self) -> Self;
    /// `√x`, correctly rounded.
    fn sqrt(self) -> Self;
    /// `e^x`
    fn exp(self) -> Self;
    /// `e^x − 1`
    fn expm1(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// `ln(1 + x)`
    fn log1p(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Inverse tangent.
    fn atan(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Error function.
    fn erf(self) -> Self;
    /// `x^y`
    fn pow(self, y: Self) -> Self;
    /// Remainder of truncated division, exact.
    fn truncated_rem(self, y: Self) -> Self;
    /// Whether neither infinite nor NaN.
    fn is_finite(self) -> bool;

    /// Whether not a number.
    fn is_nan(self) -> bool {
        !self.eq(&self)
    }

    /// −1, 0 or 1; NaN of NaN.
    fn sign(self) -> Self {
        if self > Self::ZERO {
            Self::ONE
        } else if self < Self::ZERO {
            -Self::ONE
        } else {
            self
        }
    }

    /// 1 where positive, else 0.
    fn step(self) -> Self {
        if self > Self::ZERO {
            Self::ONE
        } else {
            Self::ZERO
        }
    }

    /// `1 / (1 + e^−x)`, by way of `e^−|x|`, which cannot overflow.
    fn sigmoid(self) -> Self {
        let e = (-Float::abs(self)).exp();
        let numerator = if self < Self::ZERO { e } else { Self::ONE };
        numerator / (Self::ONE + e)
    }

    /// Remainder with the sign of `y`: `x − y ⌊x/y⌋`, but exact.
    fn rem(self, y: Self) -> Self {
        let r = self.truncated_rem(y);
        if r != Self::ZERO && (r < Self::ZERO) != (y < Self::ZERO) {
            r + y
        } else {
            r
        }
    }

    /// The smaller one; NaN if either is.
    fn min(self, y: Self) -> Self {
        if self < y || Float::is_nan(self) {
            self
        } else {
            y
        }
    }

    /// The larger one; NaN if either is.
    fn max(self, y: Self) -> Self {
        if self > y || Float::is_nan(self) {
            self
        } else {
            y
        }
    }
}

macro_rules! float {
    ($t:ident, $pow:ident: $($method:ident = $libm:ident),*) => {
        impl Float for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const HALF: $t = 0.5;
            const EPSILON: $t = $t::EPSILON;
            const INFINITY: $t = $t::INFINITY;

            fn from_f64(x: f64) -> $t {
                x as $t
            }
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn abs(self) -> $t {
                $t::abs(self)
            }
            fn floor(self) -> $t {
                $t::floor(self)
            }
            fn ceil(self) -> $t {
                $t::ceil(self)
            }
            fn round(self) -> $t {
                $t::round_ties_even(self)
            }
            fn sqrt(self) -> $t {
                $t::sqrt(self)
            }
            $(fn $method(self) -> $t {
                libm::$libm(self)
            })*
            fn truncated_rem(self, y: $t) -> $t {
                self % y
            }
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            fn pow(self, y: $t) -> $t {
                libm::$pow(self, y)
            }
        }
    };
}

float!(f32, powf: exp = expf, expm1 = expm1f, ln = logf, log1p = log1pf, sin = sinf, cos = cosf, atan = atanf, tanh = tanhf, erf = erff);
float!(f64, pow: exp = exp, expm1 = expm1, ln = log, log1p = log1p, sin = sin, cos = cos, atan = atan, tanh = tanh, erf = erf);
