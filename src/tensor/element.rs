//! The element types as Rust types, and how tensors are made of them and read back.

use std::fmt;
use std::sync::Arc;

use crate::scalar::integer::Integer;
use crate::scalar::math::Float;
use crate::tensor::{Data, Tensor};
use crate::types::DType;

/// A Rust type that is an element type.
pub trait Element:
    Copy + Default + PartialEq + PartialOrd + Send + Sync + fmt::Debug + 'static
{
    /// The element type.
    const DTYPE: DType;

    /// Elements as the data of a tensor.
    fn wrap(elements: Arc<Vec<Self>>) -> Data;
    /// The elements, if they are of this type.
    fn view(data: &Data) -> Option<&Arc<Vec<Self>>>;
    /// The elements, if they are of this type.
    fn take(data: Data) -> Option<Arc<Vec<Self>>>;

    /// Toward zero and saturating for integers, 0 of NaN; for `bool`, whether it is not zero.
    fn of_f64(x: f64) -> Self;
    /// Wrapped; for `bool`, whether it is not zero.
    fn of_i64(x: i64) -> Self;
    /// The nearest `f64`.
    fn as_f64(self) -> f64;
    /// The same number as another element type, see [`Tensor::cast`].
    fn cast<T: Element>(self) -> T;
    /// `yes` where `condition`, else `no`; by bits, so that loops are free of branches.
    fn pick(condition: bool, yes: Self, no: Self) -> Self;
}

/// An element type with sums and products.
pub trait Number: Element {
    /// The type in which long sums of this one are kept.
    type Wide: Number;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// What no number is below: −∞ or the smallest integer.
    const BOTTOM: Self;
    /// What no number is above: ∞ or the largest integer.
    const TOP: Self;
    /// `x + y`, wrapped
    fn plus(self, y: Self) -> Self;
    /// `x y`, wrapped
    fn times(self, y: Self) -> Self;
}

macro_rules! element {
    ($t:ident, $variant:ident, from_f64: $from_f64:expr, from_i64: $from_i64:expr, as_f64: $as_f64:expr, cast: $cast:expr, pick: $pick:expr) => {
        impl Element for $t {
            const DTYPE: DType = DType::$variant;

            fn wrap(elements: Arc<Vec<$t>>) -> Data {
                Data::$variant(elements)
            }
            fn view(data: &Data) -> Option<&Arc<Vec<$t>>> {
                if let Data::$variant(v) = data {
                    Some(v)
                } else {
                    None
                }
            }
            fn take(data: Data) -> Option<Arc<Vec<$t>>> {
                if let Data::$variant(v) = data {
                    Some(v)
                } else {
                    None
                }
            }
            fn of_f64(x: f64) -> $t {
                $from_f64(x)
            }
            fn of_i64(x: i64) -> $t {
                $from_i64(x)
            }
            fn as_f64(self) -> f64 {
                $as_f64(self)
            }
            fn cast<T: Element>(self) -> T {
                $cast(self)
            }
            #[inline]
            fn pick(condition: bool, yes: $t, no: $t) -> $t {
                $pick(condition, yes, no)
            }
        }
    };
}

/// `yes` where `condition`, else `no`, for integers.
macro_rules! masked {
    ($t:ident) => {
        |condition, yes, no| {
            let mask = $t::from(condition).wrapping_neg();
            (yes & mask) | (no & !mask)
        }
    };
}

element!(f32, F32, from_f64: |x| x as f32, from_i64: |x| x as f32, as_f64: f64::from, cast: |x| T::of_f64(f64::from(x)),
    pick: |c, x: f32, y: f32| f32::from_bits(masked!(u32)(c, x.to_bits(), y.to_bits())));
element!(f64, F64, from_f64: |x| x, from_i64: |x| x as f64, as_f64: |x| x, cast: T::of_f64,
    pick: |c, x: f64, y: f64| f64::from_bits(masked!(u64)(c, x.to_bits(), y.to_bits())));
element!(i64, I64, from_f64: |x| x as i64, from_i64: |x| x, as_f64: |x| x as f64, cast: T::of_i64, pick: masked!(i64));
element!(i32, I32, from_f64: |x| x as i32, from_i64: |x| x as i32, as_f64: f64::from, cast: |x| T::of_i64(i64::from(x)), pick: masked!(i32));
element!(u8, U8, from_f64: |x| x as u8, from_i64: |x| x as u8, as_f64: f64::from, cast: |x| T::of_i64(i64::from(x)), pick: masked!(u8));
element!(bool, Bool, from_f64: |x| x != 0.0, from_i64: |x| x != 0, as_f64: f64::from, cast: |x| T::of_i64(i64::from(x)),
    pick: |c: bool, x: bool, y: bool| (c & x) | (!c & y));

macro_rules! number {
    ($t:ident, wide: $wide:ident, bottom: $bottom:expr, top: $top:expr, plus: $plus:expr, times: $times:expr) => {
        impl Number for $t {
            type Wide = $wide;
            const ZERO: $t = 0 as $t;
            const ONE: $t = 1 as $t;
            const BOTTOM: $t = $bottom;
            const TOP: $t = $top;

            fn plus(self, y: $t) -> $t {
                $plus(self, y)
            }
            fn times(self, y: $t) -> $t {
                $times(self, y)
            }
        }
    };
}

number!(f32, wide: f64, bottom: -f32::INFINITY, top: f32::INFINITY, plus: |x, y| x + y, times: |x, y| x * y);
number!(f64, wide: f64, bottom: -f64::INFINITY, top: f64::INFINITY, plus: |x, y| x + y, times: |x, y| x * y);
number!(i64, wide: i64, bottom: i64::LEAST, top: i64::GREATEST, plus: Integer::add, times: Integer::mul);
number!(i32, wide: i32, bottom: i32::LEAST, top: i32::GREATEST, plus: Integer::add, times: Integer::mul);
number!(u8, wide: u8, bottom: u8::LEAST, top: u8::GREATEST, plus: Integer::add, times: Integer::mul);

/// Runs `$body` with `$v` as the typed elements of `$data`, whatever their type.
macro_rules! each_type {
    ($data:expr, $v:ident => $body:expr) => {
        match $data {
            $crate::tensor::Data::F32($v) => $body,
            $crate::tensor::Data::F64($v) => $body,
            $crate::tensor::Data::I64($v) => $body,
            $crate::tensor::Data::I32($v) => $body,
            $crate::tensor::Data::U8($v) => $body,
            $crate::tensor::Data::Bool($v) => $body,
        }
    };
}

/// Runs `$body` with `$v` as the typed elements of `$data`, which are numbers; `$op` says what is being done to them.
macro_rules! each_number {
    ($data:expr, $op:expr, $v:ident => $body:expr) => {
        match $data {
            $crate::tensor::Data::F32($v) => $body,
            $crate::tensor::Data::F64($v) => $body,
            $crate::tensor::Data::I64($v) => $body,
            $crate::tensor::Data::I32($v) => $body,
            $crate::tensor::Data::U8($v) => $body,
            $crate::tensor::Data::Bool(_) => unreachable!("checked: {} takes numbers", $op),
        }
    };
}

/// Runs `$body` with `$T` as the Rust type of a [`DType`].
macro_rules! with_dtype {
    ($dtype:expr, $T:ident => $body:expr) => {
        match $dtype {
            $crate::types::DType::F32 => {
                type $T = f32;
                $body
            }
            $crate::types::DType::F64 => {
                type $T = f64;
                $body
            }
            $crate::types::DType::I64 => {
                type $T = i64;
                $body
            }
            $crate::types::DType::I32 => {
                type $T = i32;
                $body
            }
            $crate::types::DType::U8 => {
                type $T = u8;
                $body
            }
            $crate::types::DType::Bool => {
                type $T = bool;
                $body
            }
        }
    };
}

pub(crate) use {each_number, each_type, with_dtype};

impl Tensor {
    /// A tensor of these elements, as many as the product of the sizes.
    pub fn from_vec<T: Element>(shape: Vec<usize>, elements: Vec<T>) -> Tensor {
        Tensor::new(shape, T::wrap(Arc::new(elements)))
    }

    /// A tensor of rank zero.
    pub fn scalar<T: Element>(x: T) -> Tensor {
        Tensor::from_vec(Vec::new(), vec![x])
    }

    /// A tensor of equal elements: `value` as an element of that type.
    pub fn full(dtype: DType, shape: &[usize], value: f64) -> Tensor {
        let len = shape.iter().product();
        with_dtype!(dtype, T => Tensor::from_vec(shape.to_vec(), vec![T::of_f64(value); len]))
    }

    /// The elements, if they are of that type.
    pub fn as_slice<T: Element>(&self) -> Option<&[T]> {
        T::view(&self.data).map(|v| v.as_slice())
    }

    /// The elements as `f64`, each the nearest.
    pub fn to_f64(&self) -> Vec<f64> {
        each_type!(&self.data, v => v.iter().map(|&x| Element::as_f64(x)).collect())
    }

    /// The only element as `f64`; none if there are more or fewer.
    pub fn item(&self) -> Option<f64> {
        let first = each_type!(&self.data, v => v.first().map(|&x| Element::as_f64(x)));
        first.filter(|_| self.len() == 1)
    }

    /// The same elements under another shape of equal size.
    pub fn with_shape(self, shape: Vec<usize>) -> Tensor {
        Tensor::new(shape, self.data)
    }

    /// The elements converted: floats to integers toward zero, saturating, NaN to 0; integers to narrower ones wrapped; anything
    /// to `bool` as `x != 0`; `bool` to 0 or 1; otherwise to the nearest.
    pub fn cast(&self, dtype: DType) -> Tensor {
        if dtype == self.dtype() {
            return self.clone();
        }
        let shape = self.shape.clone();
        with_dtype!(dtype, T => Tensor::from_vec(shape, each_type!(&self.data, v => v.iter().map(|&x| x.cast::<T>()).collect())))
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.data.len()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    /// The number of axes.
    pub fn rank(&self) -> usize {
        self.shape.len()
    }

    /// Whether no element is infinite or NaN.
    pub fn is_finite(&self) -> bool {
        match &self.data {
            Data::F32(v) => all_finite(v),
            Data::F64(v) => all_finite(v),
            Data::I64(_) | Data::I32(_) | Data::U8(_) | Data::Bool(_) => true,
        }
    }
}

/// Blocks are tested whole, so that the loop over one is free of branches.
fn all_finite<T: Float>(elements: &[T]) -> bool {
    elements
        .chunks(256)
        .all(|block| block.iter().fold(true, |all, x| all & Float::is_finite(*x)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_saturate_truncate_and_test() {
        let x = Tensor::from_vec(vec![6], vec![1.9f32, -1.9, f32::NAN, 1e20, -1e20, 300.0]);
        assert_eq!(
            x.cast(DType::I32).as_slice(),
            Some(&[1, -1, 0, i32::MAX, i32::MIN, 300][..])
        );
        assert_eq!(
            x.cast(DType::U8).as_slice(),
            Some(&[1u8, 0, 0, 255, 0, 255][..])
        );
        assert_eq!(x.cast(DType::Bool).as_slice(), Some(&[true; 6][..]));
        assert_eq!(Tensor::scalar(300i64).cast(DType::U8).item(), Some(44.0));
        assert_eq!(Tensor::scalar(true).cast(DType::F64).item(), Some(1.0));
        assert_eq!(
            Tensor::scalar(i64::MAX).cast(DType::I64).as_slice(),
            Some(&[i64::MAX][..])
        );
    }

    #[test]
    fn items_and_finiteness() {
        assert_eq!(Tensor::full(DType::I32, &[1, 1], 3.7).item(), Some(3.0));
        assert_eq!(Tensor::full(DType::F32, &[2], 1.0).item(), None);
        assert_eq!(Tensor::full(DType::F32, &[0], 1.0).item(), None);
        assert!(Tensor::full(DType::F32, &[1000], 1.0).is_finite());
        let mut v = vec![0.0f64; 1000];
        v[999] = f64::INFINITY;
        assert!(!Tensor::from_vec(vec![1000], v).is_finite());
    }
}
