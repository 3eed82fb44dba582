//! Sorting along an axis. NaN counts as larger than every number and equal to itself.

use std::cmp::Ordering;

use crate::tensor::element::each_type;
use crate::tensor::reduce::{Lanes, is_nan};
use crate::tensor::{Element, Tensor};
use crate::types::DType;

/// The elements in ascending order along an axis, NaN last.
pub fn sort(x: &Tensor, axis: usize) -> Tensor {
    each_type!(&x.data, v => along(x, axis, v, |lane| {
        let mut lane = lane.to_vec();
        lane.sort_by(ascending);
        lane
    }))
}

/// The places that sort an axis, stable, NaN last; `i64`.
pub fn argsort(x: &Tensor, axis: usize) -> Tensor {
    each_type!(&x.data, v => along(x, axis, v, sorting))
}

/// Ranks from one along an axis; equal elements share their mean rank. In the type of `x` if that is a float, else `f32`.
pub fn ranks(x: &Tensor, axis: usize) -> Tensor {
    let ranks = each_type!(&x.data, v => along(x, axis, v, mean_ranks));
    ranks.cast(if x.dtype().is_float() {
        x.dtype()
    } else {
        DType::F32
    })
}

fn ascending<T: Element>(x: &T, y: &T) -> Ordering {
    x.partial_cmp(y)
        .unwrap_or_else(|| is_nan(*x).cmp(&is_nan(*y)))
}

/// `f` of every lane along an axis, where it gives as many elements as it is given.
fn along<T: Element, U: Element>(
    x: &Tensor,
    axis: usize,
    v: &[T],
    f: impl Fn(&[T]) -> Vec<U>,
) -> Tensor {
    let Lanes { outer, size, inner } = Lanes::along(x, axis, axis + 1);
    let mut out = vec![U::default(); v.len()];
    for start in (0..outer).flat_map(|o| (0..inner).map(move |i| o * size * inner + i)) {
        let lane: Vec<T> = (0..size).map(|s| v[start + s * inner]).collect();
        for (s, value) in f(&lane).into_iter().enumerate() {
            out[start + s * inner] = value;
        }
    }
    Tensor::from_vec(x.shape.clone(), out)
}

fn sorting<T: Element>(lane: &[T]) -> Vec<i64> {
    let mut places: Vec<i64> = (0..lane.len() as i64).collect();
    places.sort_by(|&i, &j| ascending(&lane[i as usize], &lane[j as usize]));
    places
}

/// Equal elements at places `first..behind` of the order share rank `(first + 1 + behind) / 2`.
fn mean_ranks<T: Element>(lane: &[T]) -> Vec<f64> {
    let order = sorting(lane);
    let mut ranks = vec![0.0; lane.len()];
    let is_tie = |i: &i64, j: &i64| ascending(&lane[*i as usize], &lane[*j as usize]).is_eq();
    let mut first = 0;
    for ties in order.chunk_by(is_tie) {
        let behind = first + ties.len();
        for &place in ties {
            ranks[place as usize] = (first + 1 + behind) as f64 / 2.0;
        }
        first = behind;
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tensor::gather;
    use crate::tensor::naive::{at, build, numbered, shapes_with_axis};

    proptest! {
        #[test]
        fn sorting_gives_what_its_places_say((shape, axis) in shapes_with_axis()) {
            let x = numbered::<f32>(&shape);
            let (sorted, places) = (sort(&x, axis), argsort(&x, axis));
            let expected = build::<f32>(&shape, |index| {
                let mut source = index.to_vec();
                source[axis] = at::<i64>(&places, index) as usize;
                at(&x, &source)
            });
            prop_assert_eq!(&sorted, &expected);
            let mut lanes = vec![shape[axis]];
            lanes.extend(shape.iter().enumerate().filter(|(i, _)| *i != axis).map(|(_, &size)| size));
            let pairs = build::<bool>(&shape, |index| {
                let mut next = index.to_vec();
                next[axis] += 1;
                next[axis] == shape[axis] || at::<f32>(&sorted, index) <= at(&sorted, &next)
            });
            prop_assert!(pairs.to_f64().iter().all(|&holds| holds == 1.0));
        }
    }

    #[test]
    fn equal_elements_keep_their_order_and_nan_comes_last() {
        let x = Tensor::from_vec(
            vec![6],
            vec![2.0f64, f64::NAN, 1.0, 2.0, f64::NEG_INFINITY, 1.0],
        );
        let places = argsort(&x, 0);
        assert_eq!(places, Tensor::from_vec(vec![6], vec![4i64, 2, 5, 0, 3, 1]));
        assert!(sort(&x, 0).to_f64()[5].is_nan());
        assert_eq!(
            gather(&x, &places, 0).map(|y| y.to_f64()[..5].to_vec()),
            Ok(vec![f64::NEG_INFINITY, 1.0, 1.0, 2.0, 2.0])
        );
    }

    #[test]
    fn ties_share_their_mean_rank() {
        let x = Tensor::from_vec(vec![2, 4], vec![10i64, 20, 10, 5, 3, 3, 3, 3]);
        assert_eq!(
            ranks(&x, 1),
            Tensor::from_vec(vec![2, 4], vec![2.5f32, 4.0, 2.5, 1.0, 2.5, 2.5, 2.5, 2.5])
        );
        assert_eq!(
            ranks(&x.cast(DType::F64), 0).to_f64(),
            [2.0, 2.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]
        );
    }
}
