//! Costly scalar functions a strip at a time, in the widest instructions the machine has. The same functions as everywhere else,
//! compiled anew for each instruction set: none of them fuses a product with a sum, so all give the same bits.

use std::iter::zip;

use pulp::Arch;

use crate::scalar::Scalar;
use crate::scalar::math::Float;
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

/// A routine for each function. All of it is one piece of code: a call in the loop would be one for each element.
macro_rules! routines {
    ($($name:ident $f:expr,)*) => {
        fn typed<T: Float>(f: Scalar) -> Option<Routine> {
            match f {
                $(Scalar::$name => {
                    unsafe extern "C" fn routine<T: Float>(
                        dst: *mut u8,
                        a: *const u8,
                        b: *const u8,
                        n: usize,
                    ) {
                        // SAFETY: the caller's promise is the same.
                        unsafe { strip::<T>(dst, a, b, n, #[inline(always)] $f) }
                    }
                    Some(routine::<T>)
                })*
                _ => None,
            }
        }
    };
}

routines! {
    Exp |x: T, _| Float::exp(x),
    Expm1 |x: T, _| Float::expm1(x),
    Ln |x: T, _| Float::ln(x),
    Log1p |x: T, _| Float::log1p(x),
    Sin |x: T, _| Float::sin(x),
    Cos |x: T, _| Float::cos(x),
    Atan |x: T, _| Float::atan(x),
    Tanh |x: T, _| Float::tanh(x),
    Sigmoid |x: T, _| Float::sigmoid(x),
    Erf |x: T, _| Float::erf(x),
    Floor |x: T, _| Float::floor(x),
    Ceil |x: T, _| Float::ceil(x),
    Round |x: T, _| Float::round(x),
    Pow |x: T, y| Float::pow(x, y),
    Rem |x: T, y| Float::rem(x, y),
}

/// # Safety
/// `dst` and the operands of `f` are valid for `n` elements of type `T`; `dst` overlaps none of them. One that `f` does not look at is
/// another one again.
#[inline(always)]
unsafe fn strip<T: Float>(
    dst: *mut u8,
    a: *const u8,
    b: *const u8,
    n: usize,
    f: impl Fn(T, T) -> T,
) {
    // SAFETY: the caller's promise.
    let (dst, a, b) = unsafe {
        (
            std::slice::from_raw_parts_mut(dst.cast::<T>(), n),
            std::slice::from_raw_parts(a.cast::<T>(), n),
            std::slice::from_raw_parts(b.cast::<T>(), n),
        )
    };
    // It takes `dst` for good: one that could be called again would be called through a function of its own, which knows none of
    // the instructions where it is too long to be inlined.
    Arch::new().dispatch(
        #[inline(always)]
        move || {
            for (dst, (&a, &b)) in zip(dst, zip(a, b)) {
                *dst = f(a, b);
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::numbers::{self, Visitor};

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
