//! Elementary functions of `f32` and `f64`, the same bits on every machine: from `single` for `f32` and `double` for `f64`, through
//! `libm`, which is plain Rust, or through what IEEE 754 rounds correctly (`sqrt`, `%`). No other place may call the standard library's `exp`, `ln`,
//! `tanh` and kin.
//!
//! How far from the exact result they are, in units in the last place of it; 0.5 is correctly rounded. `tests/accuracy` holds them to
//! it: `f32` on half a million numbers of all sizes (`sin` and `cos` to a million, `pow` of -20 to 20), `f64` on some hundred beside
//! results of 320 bits.
//!
//! | function | `f32` | `f64` |
//! |---|---|---|
//! | `exp` | 1.0 | 0.9 |
//! | `expm1` | 1.6 | 1.7 |
//! | `ln` | 0.8 | 0.9 |
//! | `log1p` | 1.5 | 1.5 |
//! | `sin` | 0.6 | 0.8 |
//! | `cos` | 0.6 | 0.8 |
//! | `atan` | 0.9 | 0.8 |
//! | `tanh` | 1.3 | 1.3 |
//! | `sigmoid` | 2.0 | 1.7 |
//! | `erf` | 1.1 | 0.9 |
//! | `sqrt` | 0.5 | 0.5 |
//! | `pow` | 0.8 | 0.8 |

use std::f64::consts::TAU;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::scalar::{double, single};

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
    /// `1/ε`, from where on all numbers are whole.
    const ROUNDER: Self;

    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// The same number as `f64`.
    fn to_f64(self) -> f64;
    /// `|x|`
    fn abs(self) -> Self;
    /// `|x|` with the sign of `y`.
    fn with_sign_of(self, y: Self) -> Self;
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
    /// `x^y`, where the power is none of a few that are plain.
    fn general_pow(self, y: Self) -> Self;
    /// `[cos 2πx, sin 2πx]` for `0 ≤ x ≤ 1`
    fn turn(self) -> [Self; 2];
    /// Remainder of truncated division, exact.
    fn truncated_rem(self, y: Self) -> Self;
    /// Whether neither infinite nor NaN.
    fn is_finite(self) -> bool;

    /// Whether not a number.
    #[inline(always)]
    fn is_nan(self) -> bool {
        !self.eq(&self)
    }

    /// Rounded to nearest, ties to even: adding `1/ε` leaves no place for fractions.
    #[inline(always)]
    fn round(self) -> Self {
        let size = Float::abs(self);
        let whole = ((size + Self::ROUNDER) - Self::ROUNDER).with_sign_of(self);
        if size < Self::ROUNDER { whole } else { self }
    }

    /// Rounded down.
    #[inline(always)]
    fn floor(self) -> Self {
        let nearest = Float::round(self);
        let below = (nearest - Self::ONE).with_sign_of(self);
        if nearest > self { below } else { nearest }
    }

    /// Rounded up.
    #[inline(always)]
    fn ceil(self) -> Self {
        -Float::floor(-self)
    }

    /// `x^y`; whole powers up to three are products.
    #[inline(always)]
    fn pow(self, y: Self) -> Self {
        let two = Self::ONE + Self::ONE;
        if y == two {
            self * self
        } else if y == two + Self::ONE {
            self * self * self
        } else if y == Self::ONE {
            self
        } else {
            self.general_pow(y)
        }
    }

    /// −1, 0 or 1; NaN of NaN.
    #[inline(always)]
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
    #[inline(always)]
    fn step(self) -> Self {
        if self > Self::ZERO {
            Self::ONE
        } else {
            Self::ZERO
        }
    }

    /// `1 / (1 + e^−x)`, by way of `e^−|x|`, which cannot overflow.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let e = (-Float::abs(self)).exp();
        let numerator = if self < Self::ZERO { e } else { Self::ONE };
        numerator / (Self::ONE + e)
    }

    /// Remainder with the sign of `y`: `x − y ⌊x/y⌋`, but exact.
    #[inline(always)]
    fn rem(self, y: Self) -> Self {
        let r = self.truncated_rem(y);
        if r != Self::ZERO && (r < Self::ZERO) != (y < Self::ZERO) {
            r + y
        } else {
            r
        }
    }

    /// The smaller one; NaN if either is.
    #[inline(always)]
    fn min(self, y: Self) -> Self {
        if self < y || Float::is_nan(self) {
            self
        } else {
            y
        }
    }

    /// The larger one; NaN if either is.
    #[inline(always)]
    fn max(self, y: Self) -> Self {
        if self > y || Float::is_nan(self) {
            self
        } else {
            y
        }
    }
}

macro_rules! float {
    ($t:ident, $pow:ident, $turn:expr; $($method:ident = $path:path),*) => {
        impl Float for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const HALF: $t = 0.5;
            const EPSILON: $t = $t::EPSILON;
            const INFINITY: $t = $t::INFINITY;
            const ROUNDER: $t = 1.0 / $t::EPSILON;

            #[inline(always)]
            fn from_f64(x: f64) -> $t {
                x as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn abs(self) -> $t {
                $t::abs(self)
            }
            #[inline(always)]
            fn with_sign_of(self, y: $t) -> $t {
                self.copysign(y)
            }
            #[inline(always)]
            fn sqrt(self) -> $t {
                $t::sqrt(self)
            }
            $(#[inline(always)]
            fn $method(self) -> $t {
                $path(self)
            })*
            #[inline(always)]
            fn truncated_rem(self, y: $t) -> $t {
                self % y
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                $t::is_finite(self)
            }
            #[inline(always)]
            fn general_pow(self, y: $t) -> $t {
                libm::$pow(self, y)
            }
            #[inline(always)]
            fn turn(self) -> [$t; 2] {
                $turn(self)
            }
        }
    };
}

float!(f32, powf, single::turn; exp = single::exp, expm1 = single::expm1, ln = single::ln, log1p = single::log1p,
    sin = libm::sinf, cos = libm::cosf, atan = libm::atanf, tanh = single::tanh, erf = single::erf);
float!(f64, pow, |x| [libm::cos(x * TAU), libm::sin(x * TAU)]; exp = double::exp, expm1 = double::expm1, ln = double::ln, log1p = double::log1p,
    sin = libm::sin, cos = libm::cos, atan = libm::atan, tanh = double::tanh, erf = libm::erf);

#[cfg(test)]
mod tests {
    use super::*;

    fn roundings<T: Float>(cases: [[f64; 4]; 9]) {
        for [x, floor, ceil, round] in cases {
            let x = T::from_f64(x);
            let found = [Float::floor(x), Float::ceil(x), Float::round(x)]
                .map(|y| Float::to_f64(y).to_bits());
            assert_eq!(found, [floor, ceil, round].map(f64::to_bits), "{x:?}");
        }
    }

    #[test]
    fn roundings_keep_the_sign_of_zero_and_tie_to_even() {
        let cases = [
            [0.0, 0.0, 0.0, 0.0],
            [-0.0, -0.0, -0.0, -0.0],
            [0.5, 0.0, 1.0, 0.0],
            [-0.5, -1.0, -0.0, -0.0],
            [1.5, 1.0, 2.0, 2.0],
            [2.5, 2.0, 3.0, 2.0],
            [-2.75, -3.0, -2.0, -3.0],
            [8_388_607.5, 8_388_607.0, 8_388_608.0, 8_388_608.0],
            [
                -1e30f32 as f64,
                -1e30f32 as f64,
                -1e30f32 as f64,
                -1e30f32 as f64,
            ],
        ];
        roundings::<f32>(cases);
        roundings::<f64>(cases);
        assert!(
            Float::is_nan(Float::floor(f32::NAN)) && Float::ceil(f32::INFINITY) == f32::INFINITY
        );
    }

    #[test]
    fn sigmoid_does_not_overflow() {
        assert_eq!(
            [-1e30f32, -100.0, 0.0, 1e30].map(Float::sigmoid),
            [0.0, Float::exp(-100f32), 0.5, 1.0]
        );
        assert!(Float::is_nan(Float::sigmoid(f64::NAN)));
    }

    #[test]
    fn a_remainder_has_the_sign_of_the_divisor() {
        let cases = [
            (7.5, 2.0, 1.5),
            (-7.5, 2.0, 0.5),
            (7.5, -2.0, -0.5),
            (-7.5, -2.0, -1.5),
            (4.0, -2.0, 0.0),
        ];
        assert!(cases.iter().all(|&(x, y, r)| Float::rem(x, y) == r));
    }

    #[test]
    fn extremes_are_nan_if_either_is() {
        for (x, y) in [(f32::NAN, 1.0), (1.0, f32::NAN)] {
            assert!(Float::is_nan(Float::min(x, y)) && Float::is_nan(Float::max(x, y)));
        }
        assert_eq!((Float::min(1.0, 2.0), Float::max(1.0, 2.0)), (1.0, 2.0));
    }
}
