//! Costly scalar functions a strip at a time, in the widest instructions the machine has. The same functions as everywhere else,
//! compiled anew for each instruction set: none of them fuses a product with a sum, so all give the same bits.

use pulp::Arch;

use crate::scalar::Scalar;
use crate::scalar::math::Float;
use crate::scalar::numbers::{self, Visitor};
use crate::types::DType;

/// `dst[i] = f(a[i], b[i])` for `i < n`; `b` is for functions of two numbers.
pub(super) type Routine = unsafe extern "C" fn(*mut u8, *const u8, *const u8, usize);

/// The routine of a costly function of floats.
pub(super) fn routine(f: Scalar, dtype: DType) -> Option<Routine> {
    match dtype {
        DType::F32 => typed::<f32>(f),
        DType::F64 => typed::<f64>(f),
        DType::I64 | DType::I32 | DType::U8 | DType::Bool => None,
    }
}

/// Whether a scalar function is computed a strip at a time by a routine, and not by an instruction or two.
pub(super) fn is_costly(f: Scalar) -> bool {
    routine(f, DType::F32).is_some()
}

macro_rules! each_function {
    ($f:expr, $t:ident, $($name:ident)*) => {
        match $f {
            $(Scalar::$name => Some(strip::<$t, { Scalar::$name as usize }>),)*
            _ => None,
        }
    };
}

fn typed<T: Float>(f: Scalar) -> Option<Routine> {
    each_function!(f, T, Exp Expm1 Ln Log1p Sin Cos Atan Tanh Sigmoid Erf Pow Rem Floor Ceil Round)
}

/// # Safety
/// `dst` and the operands that `F` has are valid for `n` elements of type `T`; `dst` overlaps none of them.
unsafe extern "C" fn strip<T: Float, const F: usize>(
    dst: *mut u8,
    a: *const u8,
    b: *const u8,
    n: usize,
) {
    let f = const { Scalar::ALL[F] };
    // SAFETY: the caller's promise; functions of one number do not look at `b`.
    let (dst, a, b) = unsafe {
        let b = if f.arity() == 2 { b } else { a };
        (
            std::slice::from_raw_parts_mut(dst.cast::<T>(), n),
            std::slice::from_raw_parts(a.cast::<T>(), n),
            std::slice::from_raw_parts(b.cast::<T>(), n),
        )
    };
    numbers::float(f, Strip { dst, a, b });
}

/// A result and its operands.
struct Strip<'a, T> {
    dst: &'a mut [T],
    a: &'a [T],
    b: &'a [T],
}

impl<T: Float> Visitor<T> for Strip<'_, T> {
    type Out = ();

    #[inline(always)]
    fn unary(self, f: impl Fn(T) -> T + Copy) {
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (dst, &a) in self.dst.iter_mut().zip(self.a) {
                    *dst = f(a);
                }
            },
        );
    }

    #[inline(always)]
    fn binary(self, f: impl Fn(T, T) -> T + Copy) {
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for ((dst, &a), &b) in self.dst.iter_mut().zip(self.a).zip(self.b) {
                    *dst = f(a, b);
                }
            },
        );
    }

    fn test(self, _: impl Fn(T) -> bool + Copy) {
        unreachable!("staged: tests are instructions")
    }

    fn compare(self, _: impl Fn(T, T) -> bool + Copy) {
        unreachable!("staged: comparisons are instructions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_costly_function_has_a_routine_with_the_bits_of_its_definition() {
        let xs: Vec<f32> = (-40..61).map(|i| i as f32 * 0.37).collect();
        let ys: Vec<f32> = xs.iter().map(|x| x * 0.2 + 1.0).collect();
        for f in Scalar::ALL {
            let Some(routine) = routine(f, DType::F32) else {
                continue;
            };
            let mut found = vec![0f32; xs.len()];
            let at = |v: &[f32]| v.as_ptr().cast::<u8>();
            // SAFETY: all three hold `xs.len()` elements.
            unsafe {
                routine(found.as_mut_ptr().cast(), at(&xs), at(&ys), xs.len());
            }
            struct Expected<'a>(&'a [f32], &'a [f32]);
            impl Visitor<f32> for Expected<'_> {
                type Out = Vec<u32>;
                fn unary(self, f: impl Fn(f32) -> f32 + Copy) -> Vec<u32> {
                    self.0.iter().map(|&x| f(x).to_bits()).collect()
                }
                fn binary(self, f: impl Fn(f32, f32) -> f32 + Copy) -> Vec<u32> {
                    let pairs = self.0.iter().zip(self.1);
                    pairs.map(|(&x, &y)| f(x, y).to_bits()).collect()
                }
                fn test(self, _: impl Fn(f32) -> bool + Copy) -> Vec<u32> {
                    vec![]
                }
                fn compare(self, _: impl Fn(f32, f32) -> bool + Copy) -> Vec<u32> {
                    vec![]
                }
            }
            let expected = numbers::float(f, Expected(&xs, &ys));
            let found: Vec<u32> = found.iter().map(|x| x.to_bits()).collect();
            assert_eq!(found, expected, "{f}");
        }
    }
}
