//! For tests: small tensors at random, and reading one at an index, with which definitions are written down as they stand in books.

use proptest::prelude::*;

use crate::tensor::{Element, Tensor};

/// Shapes of rank 0 to 5 with axes of size 0 to 4.
pub(super) fn shapes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1 => Just(0), 12 => 1..5usize], 0..6)
}

/// A shape with at least one axis, and one of its axes.
pub(super) fn shapes_with_axis() -> impl Strategy<Value = (Vec<usize>, usize)> {
    let shapes = shapes().prop_filter("an axis", |shape| !shape.is_empty());
    shapes.prop_flat_map(|shape| {
        let rank = shape.len();
        (Just(shape), 0..rank)
    })
}

/// A tensor of small whole numbers, all sums of which are exact, no two neighbours in a plain pattern.
pub(super) fn numbered<T: Element>(shape: &[usize]) -> Tensor {
    let len = shape.iter().product::<usize>() as i64;
    let elements = (0..len).map(|i| T::of_i64((i * 7 + i / 5) % 23 - 11));
    Tensor::from_vec(shape.to_vec(), elements.collect())
}

/// All indices of a shape in row-major order.
pub(super) fn indices(shape: &[usize]) -> Vec<Vec<usize>> {
    shape.iter().fold(vec![Vec::new()], |heads, &size| {
        let tails = |head: Vec<usize>| (0..size).map(move |i| [head.as_slice(), &[i]].concat());
        heads.into_iter().flat_map(tails).collect()
    })
}

/// The element at an index.
pub(super) fn at<T: Element>(x: &Tensor, index: &[usize]) -> T {
    let flat = index
        .iter()
        .zip(x.shape())
        .fold(0, |flat, (&i, &size)| flat * size + i);
    x.as_slice().expect("of that type")[flat]
}

/// The tensor with `f(index)` everywhere.
pub(super) fn build<T: Element>(shape: &[usize], f: impl Fn(&[usize]) -> T) -> Tensor {
    let elements = indices(shape).iter().map(|index| f(index)).collect();
    Tensor::from_vec(shape.to_vec(), elements)
}
