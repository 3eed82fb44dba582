//! Folds along axes, in an order that depends on the shape alone. Float sums are pairwise, so their error grows with the logarithm
//! of the number of terms.

use crate::tensor::element::each_number;
use crate::tensor::{Element, Extreme, Monoid, Number, Tensor};

/// Folds `x` along `axes` (ascending), which go away. Without elements, a sum is 0, a product 1, `any` false, `all` true; the
/// smallest is ∞ or the greatest integer, the largest −∞ or the least. `Any` and `All` take `bool`, the others numbers, and
/// integers wrap: convert `u8` first to count with it.
pub fn reduce(monoid: Monoid, x: &Tensor, axes: &[usize]) -> Tensor {
    let mut result = x.clone();
    for (first, behind) in runs(axes).into_iter().rev() {
        result = reduce_run(monoid, &result, first, behind);
    }
    result
}

/// Consecutive axes as half-open intervals.
fn runs(axes: &[usize]) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for &axis in axes {
        match runs.last_mut() {
            Some((_, behind)) if *behind == axis => *behind = axis + 1,
            _ => runs.push((axis, axis + 1)),
        }
    }
    runs
}

fn reduce_run(monoid: Monoid, x: &Tensor, first: usize, behind: usize) -> Tensor {
    let lanes = Lanes::along(x, first, behind);
    let shape = [&x.shape[..first], &x.shape[behind..]].concat();
    match monoid {
        Monoid::Sum => each_number!(&x.data, "sum", v => Tensor::from_vec(shape, lanes.sum(v))),
        Monoid::Prod => {
            each_number!(&x.data, "prod", v => Tensor::from_vec(shape, lanes.product(v)))
        }
        Monoid::Min => {
            each_number!(&x.data, "min", v => Tensor::from_vec(shape, lanes.extreme(v, Number::TOP, |x, y| x < y)))
        }
        Monoid::Max => {
            each_number!(&x.data, "max", v => Tensor::from_vec(shape, lanes.extreme(v, Number::BOTTOM, |x, y| x > y)))
        }
        Monoid::Any => Tensor::from_vec(shape, lanes.fold(truths(x), false, |x, y| x | y)),
        Monoid::All => Tensor::from_vec(shape, lanes.fold(truths(x), true, |x, y| x & y)),
    }
}

fn truths(x: &Tensor) -> &[bool] {
    x.as_slice().expect("checked: `any` and `all` take bool")
}

/// A tensor read as `outer × size × inner`, of which the middle is worked along.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lanes {
    pub(super) outer: usize,
    pub(super) size: usize,
    pub(super) inner: usize,
}

impl Lanes {
    /// The axes `first..behind` of `x` in the middle.
    pub(super) fn along(x: &Tensor, first: usize, behind: usize) -> Lanes {
        Lanes {
            outer: x.shape[..first].iter().product(),
            size: x.shape[first..behind].iter().product(),
            inner: x.shape[behind..].iter().product(),
        }
    }

    fn sum<T: Number>(self, v: &[T]) -> Vec<T> {
        self.combine(v, T::ZERO, T::plus)
    }

    fn product<T: Number>(self, v: &[T]) -> Vec<T> {
        self.combine(v, T::ONE, T::times)
    }

    /// The element that `beats` all others, or NaN.
    fn extreme<T: Number>(self, v: &[T], unit: T, beats: impl Fn(T, T) -> bool + Copy) -> Vec<T> {
        self.fold(
            v,
            unit,
            move |x, y| if beats(x, y) || is_nan(x) { x } else { y },
        )
    }

    fn fold<T: Element>(self, v: &[T], unit: T, f: impl Fn(T, T) -> T + Copy) -> Vec<T> {
        self.combine(v, unit, f)
    }

    /// Folds each lane: where lanes are contiguous, one after the other; else all lanes of an outer index side by side.
    fn combine<T: Element>(self, v: &[T], unit: T, f: impl Fn(T, T) -> T + Copy) -> Vec<T> {
        if self.size == 0 || self.inner == 0 {
            return vec![unit; self.outer * self.inner];
        }
        let blocks = v.chunks_exact(self.size * self.inner);
        if self.inner == 1 {
            return blocks.map(|lane| fold_lane(lane, unit, f)).collect();
        }
        let mut out = vec![unit; self.outer * self.inner];
        for (block, acc) in blocks.zip(out.chunks_exact_mut(self.inner)) {
            fold_rows(block, acc, f);
        }
        out
    }
}

/// How many partial results run side by side in a block.
const WIDTH: usize = 16;

/// Elements in a block, folded straight; above, halves are folded and combined.
const BLOCK: usize = 16 * WIDTH;

/// Folds a lane: halves of whole blocks recursively, so that errors grow with the depth and not the length.
fn fold_lane<T: Copy>(lane: &[T], unit: T, f: impl Fn(T, T) -> T + Copy) -> T {
    if lane.len() <= BLOCK {
        return fold_block(lane, unit, f);
    }
    let half = (lane.len() / 2).next_multiple_of(BLOCK);
    let (low, high) = lane.split_at(half);
    f(fold_lane(low, unit, f), fold_lane(high, unit, f))
}

/// Folds a block in `WIDTH` partial results and those pairwise.
fn fold_block<T: Copy>(block: &[T], unit: T, f: impl Fn(T, T) -> T) -> T {
    if block.len() < WIDTH {
        return block.iter().fold(unit, |acc, &x| f(acc, x));
    }
    let mut acc = [unit; WIDTH];
    let chunks = block.chunks_exact(WIDTH);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (acc, &x) in acc.iter_mut().zip(chunk) {
            *acc = f(*acc, x);
        }
    }
    for (acc, &x) in acc.iter_mut().zip(rest) {
        *acc = f(*acc, x);
    }
    let mut width = WIDTH / 2;
    while width > 0 {
        for i in 0..width {
            acc[i] = f(acc[i], acc[i + width]);
        }
        width /= 2;
    }
    acc[0]
}

/// Rows folded straight; above, halves are folded and combined.
const ROWS: usize = 16;

/// Folds the rows of a block elementwise into `acc`, which holds the unit.
fn fold_rows<T: Copy>(block: &[T], acc: &mut [T], f: impl Fn(T, T) -> T + Copy) {
    let width = acc.len();
    if block.len() <= ROWS * width {
        for row in block.chunks_exact(width) {
            acc.iter_mut()
                .zip(row)
                .for_each(|(acc, &x)| *acc = f(*acc, x));
        }
        return;
    }
    let half = (block.len() / width / 2).next_multiple_of(ROWS) * width;
    let (low, high) = block.split_at(half);
    let mut other = acc.to_vec();
    fold_rows(low, acc, f);
    fold_rows(high, &mut other, f);
    acc.iter_mut()
        .zip(&other)
        .for_each(|(acc, &x)| *acc = f(*acc, x));
}

/// Whether a value differs from itself.
pub(super) fn is_nan<T: PartialEq>(x: T) -> bool {
    !x.eq(&x)
}

/// The place of the first extreme along an axis, which goes away; `i64`. NaN beats every number; an empty axis gives 0.
pub fn arg_reduce(extreme: Extreme, x: &Tensor, axis: usize) -> Tensor {
    let lanes = Lanes::along(x, axis, axis + 1);
    let shape = [&x.shape[..axis], &x.shape[axis + 1..]].concat();
    let places = match extreme {
        Extreme::Min => each_number!(&x.data, "argmin", v => lanes.places(v, |x, y| x < y)),
        Extreme::Max => each_number!(&x.data, "argmax", v => lanes.places(v, |x, y| x > y)),
    };
    Tensor::from_vec(shape, places)
}

impl Lanes {
    fn places<T: Element>(self, v: &[T], beats: impl Fn(T, T) -> bool) -> Vec<i64> {
        let mut places = vec![0; self.outer * self.inner];
        if self.size * self.inner == 0 {
            return places;
        }
        let blocks = v.chunks_exact(self.size * self.inner);
        for (block, places) in blocks.zip(places.chunks_exact_mut(self.inner)) {
            let mut best = block[..self.inner].to_vec();
            for (place, row) in block.chunks_exact(self.inner).enumerate().skip(1) {
                for ((best, &x), found) in best.iter_mut().zip(row).zip(places.iter_mut()) {
                    if beats(x, *best) || (is_nan(x) && !is_nan(*best)) {
                        (*best, *found) = (x, place as i64);
                    }
                }
            }
        }
        places
    }
}

/// The sum of the elements up to each place along an axis; of `f32`, kept in `f64`. Integers wrap.
pub fn cumsum(x: &Tensor, axis: usize) -> Tensor {
    let lanes = Lanes::along(x, axis, axis + 1);
    let shape = x.shape.clone();
    each_number!(&x.data, "cumsum", v => Tensor::from_vec(shape, lanes.running_sums(v)))
}

impl Lanes {
    fn running_sums<T: Number>(self, v: &[T]) -> Vec<T> {
        let mut out = Vec::with_capacity(v.len());
        for block in v.chunks_exact((self.size * self.inner).max(1)) {
            let mut sums = vec![T::Wide::ZERO; self.inner];
            for row in block.chunks_exact(self.inner) {
                for (sum, &x) in sums.iter_mut().zip(row) {
                    *sum = sum.plus(x.cast());
                    out.push(sum.cast());
                }
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use crate::tensor::naive::{at, build, indices, numbered, shapes, shapes_with_axis};
    use crate::types::DType;

    /// All elements of a lane, whose index apart from `axes` is `index`, in order.
    fn lane(x: &Tensor, axes: &[usize], index: &[usize]) -> Vec<f64> {
        let lies_in = |at: &Vec<usize>| {
            let kept = at
                .iter()
                .enumerate()
                .filter(|(axis, _)| !axes.contains(axis));
            kept.map(|(_, &i)| i).eq(index.iter().copied())
        };
        let values = x.to_f64();
        let members = indices(x.shape()).into_iter().zip(values);
        members
            .filter(|(at, _)| lies_in(at))
            .map(|(_, value)| value)
            .collect()
    }

    proptest! {
        #[test]
        fn folds_agree_with_their_definitions(shape in shapes(), axes in subsequence((0..5usize).collect::<Vec<_>>(), 0..=5)) {
            let axes: Vec<usize> = axes.into_iter().filter(|&axis| axis < shape.len()).collect();
            let x = numbered::<f64>(&shape);
            let kept: Vec<usize> = (0..shape.len()).filter(|axis| !axes.contains(axis)).map(|axis| shape[axis]).collect();
            let folded = |start: f64, f: fn(f64, f64) -> f64| build(&kept, |index| lane(&x, &axes, index).into_iter().fold(start, f));
            prop_assert_eq!(reduce(Monoid::Sum, &x, &axes), folded(0.0, |x, y| x + y));
            prop_assert_eq!(reduce(Monoid::Min, &x, &axes), folded(f64::INFINITY, |x, y| if x < y { x } else { y }));
            prop_assert_eq!(reduce(Monoid::Max, &x, &axes), folded(-f64::INFINITY, |x, y| if x > y { x } else { y }));
            let bits = numbered::<bool>(&shape);
            let any = build(&kept, |index| lane(&bits, &axes, index).contains(&1.0));
            prop_assert_eq!(reduce(Monoid::Any, &bits, &axes), any);
            let all = build(&kept, |index| !lane(&bits, &axes, index).contains(&0.0));
            prop_assert_eq!(reduce(Monoid::All, &bits, &axes), all);
        }

        #[test]
        fn arg_reduce_finds_the_first((shape, axis) in shapes_with_axis()) {
            let x = numbered::<i32>(&shape);
            let found = arg_reduce(Extreme::Max, &x, axis);
            let expected = build::<i64>(found.shape(), |index| {
                let lane = lane(&x, &[axis], index);
                (0..lane.len()).fold(0, |best, i| if lane[i] > lane[best] { i } else { best }) as i64
            });
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn cumsum_is_a_sum_of_prefixes((shape, axis) in shapes_with_axis()) {
            let x = numbered::<f32>(&shape);
            let expected = build::<f32>(&shape, |index| {
                let mut index = index.to_vec();
                let last = index[axis];
                (0..=last).map(|i| { index[axis] = i; at::<f32>(&x, &index) }).sum()
            });
            prop_assert_eq!(cumsum(&x, axis), expected);
        }
    }

    #[test]
    fn nan_is_the_extreme() {
        let x = Tensor::from_vec(vec![4], vec![1.0f32, f32::NAN, -3.0, f32::NAN]);
        for (monoid, extreme) in [(Monoid::Min, Extreme::Min), (Monoid::Max, Extreme::Max)] {
            assert!(reduce(monoid, &x, &[0]).item().is_some_and(f64::is_nan));
            assert_eq!(arg_reduce(extreme, &x, 0).item(), Some(1.0));
        }
        let long = Tensor::from_vec(
            vec![40, 2],
            (0..80)
                .map(|i| if i == 33 { f32::NAN } else { i as f32 })
                .collect(),
        );
        assert!(
            reduce(Monoid::Max, &long, &[0, 1])
                .item()
                .is_some_and(f64::is_nan)
        );
        let columns = reduce(Monoid::Max, &long, &[0]).to_f64();
        assert!(columns[0] == 78.0 && columns[1].is_nan());
    }

    #[test]
    fn long_sums_are_accurate() {
        let x = Tensor::full(DType::F32, &[1_000_000], 0.1);
        let exact = 1e6 * f64::from(0.1f32);
        let error = |x: &Tensor, axes: &[usize]| {
            (reduce(Monoid::Sum, x, axes).to_f64()[0] - exact).abs() / exact
        };
        assert!(error(&x, &[0]) < 2e-7);
        assert!(error(&x.clone().with_shape(vec![1000, 1000]), &[0, 1]) < 2e-7);
        let tall = Tensor::full(DType::F32, &[1_000_000, 3], 0.1);
        assert!(error(&tall, &[0]) < 1e-6);
        assert!((cumsum(&x, 0).to_f64()[999_999] - exact).abs() / exact < 1e-7);
    }

    #[test]
    fn products_and_integers_wrap() {
        let x = Tensor::from_vec(vec![2, 2], vec![200u8, 100, 3, 2]);
        assert_eq!(
            reduce(Monoid::Sum, &x, &[1]),
            Tensor::from_vec(vec![2], vec![44u8, 5])
        );
        assert_eq!(
            reduce(Monoid::Prod, &x, &[0]),
            Tensor::from_vec(vec![2], vec![88u8, 200])
        );
        assert_eq!(
            reduce(Monoid::Max, &Tensor::from_vec::<i32>(vec![0], vec![]), &[0]).item(),
            Some(f64::from(i32::MIN))
        );
    }
}
