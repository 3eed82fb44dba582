//! Windows along an axis, and windows that overlap added up again.

use crate::tensor::element::each_number;
use crate::tensor::layout::read;
use crate::tensor::strided::Walk;
use crate::tensor::{Number, Tensor};

/// Windows along one axis: `size` places each, `dilation` apart, the next window `stride` further on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowSizes {
    /// The axis.
    pub axis: usize,
    /// How many places a window has.
    pub size: usize,
    /// Distance between windows.
    pub stride: usize,
    /// Distance between places of a window.
    pub dilation: usize,
}

impl WindowSizes {
    /// How many windows an axis of `n` holds, `⌊(n − reach) / stride⌋ + 1`; none if not even one fits, or a distance is zero.
    pub fn count(&self, n: usize) -> Option<usize> {
        let reach = self.size.checked_sub(1)?.checked_mul(self.dilation)? + 1;
        let rest = n.checked_sub(reach).filter(|_| self.dilation > 0)?;
        Some(rest.checked_div(self.stride)? + 1)
    }
}

/// `y[…, p, j, …] = x[…, p · stride + j · dilation, …]`: one axis becomes `count` places and, behind them, those of a window.
pub fn windows(x: &Tensor, count: usize, window: &WindowSizes) -> Tensor {
    read(x, Walk::over(x.shape()).windowed(count, window))
}

/// Zeros, and each `x[…, p, j, …]` added at place `p · stride + j · dilation` of an axis of size `n`: the reverse of [`windows`].
/// Each element is the sum of its terms in order of `p`.
pub fn overlap(x: &Tensor, n: usize, window: &WindowSizes) -> Tensor {
    let axis = window.axis;
    let shape = [&x.shape()[..axis], &[n], &x.shape()[axis + 2..]].concat();
    let inner: usize = x.shape()[axis + 2..].iter().product();
    each_number!(x.data(), "overlap", v => {
        let mut out = vec![Default::default(); shape.iter().product()];
        if !out.is_empty() && !v.is_empty() {
            let block = x.shape()[axis] * x.shape()[axis + 1] * inner;
            for (x, out) in v.chunks_exact(block).zip(out.chunks_exact_mut(n * inner)) {
                add_windows(x, out, inner, window);
            }
        }
        Tensor::from_vec(shape, out)
    })
}

fn add_windows<T: Number>(x: &[T], out: &mut [T], inner: usize, window: &WindowSizes) {
    for (place, row) in x.chunks_exact(inner).enumerate() {
        let (p, j) = (place / window.size, place % window.size);
        let start = (p * window.stride + j * window.dilation) * inner;
        let sums = out[start..start + inner].iter_mut();
        sums.zip(row).for_each(|(sum, &x)| *sum = sum.plus(x));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tensor::naive::{at, build, numbered, shapes_with_axis};

    fn any_window(axis: usize) -> impl Strategy<Value = WindowSizes> {
        (1..4usize, 1..4usize, 1..3usize).prop_map(move |(size, stride, dilation)| WindowSizes {
            axis,
            size,
            stride,
            dilation,
        })
    }

    proptest! {
        #[test]
        fn windows_show_and_overlaps_add((shape, window) in shapes_with_axis().prop_flat_map(|(shape, axis)| (Just(shape), any_window(axis)))) {
            let axis = window.axis;
            let Some(count) = window.count(shape[axis]) else { return Ok(()) };
            let x = numbered::<i64>(&shape);
            let y = windows(&x, count, &window);
            let place = |index: &[usize]| {
                let mut from = index.to_vec();
                from[axis] = index[axis] * window.stride + index[axis + 1] * window.dilation;
                from.remove(axis + 1);
                from
            };
            prop_assert_eq!(&y, &build::<i64>(y.shape(), |index| at(&x, &place(index))));
            let seen = build::<i64>(&shape, |index| {
                let meets = |p: usize, j: usize| p * window.stride + j * window.dilation == index[axis];
                let times = (0..count).flat_map(|p| (0..window.size).map(move |j| (p, j)));
                times.filter(|&(p, j)| meets(p, j)).count() as i64 * at::<i64>(&x, index)
            });
            prop_assert_eq!(overlap(&y, shape[axis], &window), seen);
        }
    }
}
