//! Arithmetic of the integer element types. It wraps, and never panics.

use std::fmt;

/// An integer type with what kernels need of it.
pub trait Integer: Copy + Default + Ord + Send + Sync + fmt::Debug + 'static {
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The smallest number.
    const LEAST: Self;
    /// The largest number.
    const GREATEST: Self;

    /// `-x`, wrapped
    fn neg(self) -> Self;
    /// `|x|`, wrapped
    fn abs(self) -> Self;
    /// −1, 0 or 1
    fn sign(self) -> Self;
    /// `x + y`, wrapped
    fn add(self, y: Self) -> Self;
    /// `x − y`, wrapped
    fn sub(self, y: Self) -> Self;
    /// `x y`, wrapped
    fn mul(self, y: Self) -> Self;
    /// `⌊x / y⌋`, so that `x = y · div + rem`; 0 where `y = 0`
    fn div(self, y: Self) -> Self;
    /// Remainder with the sign of `y`; 0 where `y = 0`
    fn rem(self, y: Self) -> Self;
    /// `x^y`, wrapped; a negative power is rounded toward zero: 0, but 1 or −1 where `x` is
    fn pow(self, y: Self) -> Self;

    /// 1 where positive, else 0.
    fn step(self) -> Self {
        if self > Self::ZERO {
            Self::ONE
        } else {
            Self::ZERO
        }
    }
}

macro_rules! wrapping {
    ($t:ident) => {
        const ZERO: $t = 0;
        const ONE: $t = 1;
        const LEAST: $t = $t::MIN;
        const GREATEST: $t = $t::MAX;

        fn neg(self) -> $t {
            self.wrapping_neg()
        }
        fn add(self, y: $t) -> $t {
            self.wrapping_add(y)
        }
        fn sub(self, y: $t) -> $t {
            self.wrapping_sub(y)
        }
        fn mul(self, y: $t) -> $t {
            self.wrapping_mul(y)
        }
    };
}

macro_rules! signed {
    ($t:ident) => {
        impl Integer for $t {
            wrapping!($t);

            fn abs(self) -> $t {
                self.wrapping_abs()
            }
            fn sign(self) -> $t {
                self.signum()
            }
            fn div(self, y: $t) -> $t {
                if y == 0 {
                    return 0;
                }
                let is_below = self.wrapping_rem(y) != 0 && (self < 0) != (y < 0);
                self.wrapping_div(y) - $t::from(is_below)
            }
            fn rem(self, y: $t) -> $t {
                if y == 0 {
                    return 0;
                }
                let r = self.wrapping_rem(y);
                if r != 0 && (r < 0) != (y < 0) {
                    r + y
                } else {
                    r
                }
            }
            fn pow(self, y: $t) -> $t {
                match self {
                    _ if y >= 0 => power(self, y.unsigned_abs().into()),
                    1 => 1,
                    -1 => 1 - 2 * (y & 1),
                    _ => 0,
                }
            }
        }
    };
}

signed!(i64);
signed!(i32);

impl Integer for u8 {
    wrapping!(u8);

    fn abs(self) -> u8 {
        self
    }
    fn sign(self) -> u8 {
        self.min(1)
    }
    fn div(self, y: u8) -> u8 {
        self.checked_div(y).unwrap_or(0)
    }
    fn rem(self, y: u8) -> u8 {
        self.checked_rem(y).unwrap_or(0)
    }
    fn pow(self, y: u8) -> u8 {
        power(self, y.into())
    }
}

/// `xⁿ` by repeated squaring, wrapped
fn power<T: Integer>(mut x: T, mut n: u64) -> T {
    let mut y = T::ONE;
    while n > 0 {
        if n & 1 == 1 {
            y = y.mul(x);
        }
        x = x.mul(x);
        n >>= 1;
    }
    y
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn division_rounds_down_and_its_remainder_has_the_sign_of_the_divisor() {
        for (x, y, quotient, remainder) in [
            (7, 2, 3, 1),
            (-7, 2, -4, 1),
            (7, -2, -4, -1),
            (-7, -2, 3, -1),
            (5, 0, 0, 0),
        ] {
            assert_eq!(
                (Integer::div(x, y), Integer::rem(x, y)),
                (quotient, remainder)
            );
        }
        assert_eq!(Integer::div(i32::MIN, -1), i32::MIN);
        assert_eq!(Integer::rem(i64::MIN, -1), 0);
    }

    #[test]
    fn powers_wrap_and_negative_ones_round_toward_zero() {
        assert_eq!(Integer::pow(3i64, 4), 81);
        assert_eq!(Integer::pow(2i32, 31), i32::MIN);
        assert_eq!(Integer::pow(0i32, 0), 1);
        assert_eq!(Integer::pow(-1i32, -3), -1);
        assert_eq!(Integer::pow(-1i32, -2), 1);
        assert_eq!(Integer::pow(2i32, -1), 0);
        assert_eq!(Integer::pow(3u8, 5), 243);
    }
}
