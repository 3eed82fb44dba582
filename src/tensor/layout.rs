//! Moving elements without changing them. All that reads an operand at regular places is one strided walk.

use crate::tensor::element::{each_type, with_dtype};
use crate::tensor::reduce::Lanes;
use crate::tensor::strided::Walk;
use crate::tensor::{Element, Tensor};
use crate::types::DType;

/// Axes in another order: result axis `i` is operand axis `axes[i]`.
pub fn permute(x: &Tensor, axes: &[usize]) -> Tensor {
    if axes.iter().enumerate().all(|(i, &axis)| i == axis) {
        return x.clone();
    }
    read(x, Walk::over(&x.shape).permuted(axes))
}

/// Operand axis `i` becomes result axis `places[i]` (ascending), repeated along all others.
pub fn broadcast(x: &Tensor, shape: &[usize], places: &[usize]) -> Tensor {
    read(x, Walk::over(&x.shape).repeated(shape, places))
}

/// Part of each axis: from `start`, before `stop`, by `step`, as `(start, stop, step)`.
pub fn slice(x: &Tensor, ranges: &[(usize, usize, usize)]) -> Tensor {
    read(x, Walk::over(&x.shape).part(ranges))
}

/// A tensor of zeros of this shape with `x` at these ranges: the reverse of [`slice()`].
pub fn embed(x: &Tensor, shape: &[usize], ranges: &[(usize, usize, usize)]) -> Tensor {
    let walk = Walk::over(shape).part(ranges);
    let len = shape.iter().product();
    each_type!(&x.data, v => {
        let mut out = vec![Default::default(); len];
        walk.write(v, &mut out);
        Tensor::from_vec(shape.to_vec(), out)
    })
}

/// The elements of an axis in reverse order.
pub fn reverse(x: &Tensor, axis: usize) -> Tensor {
    read(x, Walk::over(&x.shape).reversed(axis))
}

/// The operands, which differ in that axis only, one after the other along it. At least one.
pub fn concat(operands: &[Tensor], axis: usize) -> Tensor {
    let mut shape = operands[0].shape.clone();
    shape[axis] = operands.iter().map(|x| x.shape[axis]).sum();
    with_dtype!(operands[0].dtype(), T => Tensor::from_vec(shape, joined::<T>(operands, axis)))
}

/// `0, 1, 2, …` along one axis. For `u8`, wrapped; for `bool`, whether it is not zero.
pub fn iota(shape: &[usize], dtype: DType, axis: usize) -> Tensor {
    let inner: usize = shape[axis + 1..].iter().product();
    let outer: usize = shape[..axis].iter().product();
    with_dtype!(dtype, T => {
        let lane: Vec<T> = (0..shape[axis])
            .flat_map(|i| std::iter::repeat_n(T::of_i64(i as i64), inner))
            .collect();
        Tensor::from_vec(shape.to_vec(), lane.repeat(outer))
    })
}

pub(super) fn read(x: &Tensor, walk: Walk) -> Tensor {
    let shape = walk.sizes.clone();
    each_type!(&x.data, v => Tensor::from_vec(shape, walk.read(v)))
}

fn joined<T: Element>(operands: &[Tensor], axis: usize) -> Vec<T> {
    let outer = Lanes::along(&operands[0], axis, axis + 1).outer;
    let parts: Vec<(&[T], usize)> = operands
        .iter()
        .map(|x| {
            (
                x.as_slice()
                    .expect("checked: operands have one element type"),
                x.len() / outer.max(1),
            )
        })
        .collect();
    let mut out = Vec::with_capacity(operands.iter().map(Tensor::len).sum());
    for index in 0..outer {
        for (elements, run) in &parts {
            out.extend_from_slice(&elements[index * run..(index + 1) * run]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use crate::tensor::naive::{at, build, indices, numbered, shapes, shapes_with_axis};

    type Ranges = Vec<(usize, usize, usize)>;

    fn shapes_with_ranges() -> impl Strategy<Value = (Vec<usize>, Ranges)> {
        shapes().prop_flat_map(|shape| {
            let range = |&size: &usize| {
                (0..=size).prop_flat_map(move |start| (Just(start), start..=size, 1..4usize))
            };
            let ranges: Vec<_> = shape.iter().map(range).collect();
            (Just(shape), ranges)
        })
    }

    fn place(index: &[usize], ranges: &Ranges) -> Vec<usize> {
        let places = index.iter().zip(ranges);
        places
            .map(|(i, (start, _, step))| start + i * step)
            .collect()
    }

    proptest! {
        #[test]
        fn permute_moves_axes(axes in (0..6usize).prop_flat_map(|rank| Just((0..rank).collect::<Vec<_>>()).prop_shuffle()), sizes in [0..4usize, 1..5, 1..5, 1..5, 1..5]) {
            let x = numbered::<i32>(&sizes[..axes.len()]);
            let shape: Vec<usize> = axes.iter().map(|&axis| sizes[axis]).collect();
            let expected = build::<i32>(&shape, |index| {
                let mut source = vec![0; axes.len()];
                axes.iter().zip(index).for_each(|(&axis, &i)| source[axis] = i);
                at(&x, &source)
            });
            prop_assert_eq!(permute(&x, &axes), expected);
        }

        #[test]
        fn broadcast_repeats(shape in shapes(), places in subsequence((0..5usize).collect::<Vec<_>>(), 0..5)) {
            let places: Vec<usize> = places.into_iter().filter(|&place| place < shape.len()).collect();
            let x = numbered::<f32>(&places.iter().map(|&place| shape[place]).collect::<Vec<_>>());
            let expected = build::<f32>(&shape, |index| at(&x, &places.iter().map(|&place| index[place]).collect::<Vec<_>>()));
            prop_assert_eq!(broadcast(&x, &shape, &places), expected);
        }

        #[test]
        fn slice_picks_and_embed_puts_back((shape, ranges) in shapes_with_ranges()) {
            let x = numbered::<i64>(&shape);
            let y = slice(&x, &ranges);
            prop_assert_eq!(&y, &build::<i64>(y.shape(), |index| at(&x, &place(index, &ranges))));
            let mut expected = numbered::<i64>(&shape).to_f64();
            expected.fill(0.0);
            for index in indices(y.shape()) {
                let flat = place(&index, &ranges).iter().zip(&shape).fold(0, |flat, (i, size)| flat * size + i);
                expected[flat] = at::<i64>(&y, &index) as f64;
            }
            prop_assert_eq!(embed(&y, &shape, &ranges).to_f64(), expected);
        }

        #[test]
        fn reverse_turns_an_axis((shape, axis) in shapes_with_axis()) {
            let x = numbered::<u8>(&shape);
            let expected = build::<u8>(&shape, |index| {
                let mut index = index.to_vec();
                index[axis] = shape[axis] - 1 - index[axis];
                at(&x, &index)
            });
            prop_assert_eq!(reverse(&x, axis), expected);
        }

        #[test]
        fn concat_is_undone_by_slices((shape, axis) in shapes_with_axis(), sizes in prop::collection::vec(0..4usize, 1..4)) {
            let part = |&size: &usize| {
                let mut shape = shape.clone();
                shape[axis] = size;
                numbered::<bool>(&shape)
            };
            let parts: Vec<Tensor> = sizes.iter().map(part).collect();
            let whole = concat(&parts, axis);
            let mut start = 0;
            for part in parts {
                let mut ranges: Ranges = part.shape().iter().map(|&size| (0, size, 1)).collect();
                ranges[axis] = (start, start + part.shape()[axis], 1);
                start += part.shape()[axis];
                prop_assert_eq!(slice(&whole, &ranges), part);
            }
        }

        #[test]
        fn iota_counts((shape, axis) in shapes_with_axis()) {
            prop_assert_eq!(iota(&shape, DType::F32, axis), build(&shape, |index| index[axis] as f32));
        }
    }

    #[test]
    fn large_transposes_are_right_too() {
        for (rows, columns) in [(1, 1), (7, 300), (64, 64), (65, 129), (500, 3)] {
            let x = iota(&[rows * columns], DType::I32, 0).with_shape(vec![rows, columns]);
            let expected = build::<i32>(&[columns, rows], |index| at(&x, &[index[1], index[0]]));
            assert_eq!(permute(&x, &[1, 0]), expected);
        }
    }
}
