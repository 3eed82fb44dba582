//! Moving elements without changing them. All that reads an operand at regular places is one strided walk.

use crate::tensor::element::{each_type, with_dtype};
use crate::tensor::reduce::Lanes;
use crate::tensor::strided::{Walk, row_major};
use crate::tensor::{Element, Tensor};
use crate::types::DType;

/// Axes in another order: result axis `i` is operand axis `axes[i]`.
pub fn permute(x: &Tensor, axes: &[usize]) -> Tensor {
    if axes.iter().enumerate().all(|(i, &axis)| i == axis) {
        return x.clone();
    }
    let strides = row_major(&x.shape);
    let walk = Walk {
        start: 0,
        sizes: axes.iter().map(|&axis| x.shape[axis]).collect(),
        strides: axes.iter().map(|&axis| strides[axis]).collect(),
    };
    read(x, walk)
}

/// Operand axis `i` becomes result axis `places[i]` (ascending), repeated along all others.
pub fn broadcast(x: &Tensor, shape: &[usize], places: &[usize]) -> Tensor {
    let mut strides = vec![0; shape.len()];
    for (&place, stride) in places.iter().zip(row_major(&x.shape)) {
        strides[place] = stride;
    }
    let walk = Walk {
        start: 0,
        sizes: shape.to_vec(),
        strides,
    };
    read(x, walk)
}

/// Part of each axis: from `start`, before `stop`, by `step`, as `(start, stop, step)`.
pub fn slice(x: &Tensor, ranges: &[(usize, usize, usize)]) -> Tensor {
    read(x, part(&x.shape, ranges))
}

/// A tensor of zeros of this shape with `x` at these ranges: the reverse of [`slice`].
pub fn embed(x: &Tensor, shape: &[usize], ranges: &[(usize, usize, usize)]) -> Tensor {
    let walk = part(shape, ranges);
    let len = shape.iter().product();
    each_type!(&x.data, v => {
        let mut out = vec![Default::default(); len];
        walk.write(v, &mut out);
        Tensor::from_vec(shape.to_vec(), out)
    })
}

/// The elements of an axis in reverse order.
pub fn reverse(x: &Tensor, axis: usize) -> Tensor {
    let mut strides = row_major(&x.shape);
    let last = x.shape[axis].saturating_sub(1);
    let start = last as isize * strides[axis];
    strides[axis] = -strides[axis];
    let walk = Walk {
        start: start as usize,
        sizes: x.shape.clone(),
        strides,
    };
    read(x, walk)
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

fn read(x: &Tensor, walk: Walk) -> Tensor {
    let shape = walk.sizes.clone();
    each_type!(&x.data, v => Tensor::from_vec(shape, walk.read(v)))
}

fn part(shape: &[usize], ranges: &[(usize, usize, usize)]) -> Walk {
    let strides = row_major(shape);
    let starts = ranges
        .iter()
        .zip(&strides)
        .map(|(&(start, _, _), &stride)| start * stride as usize);
    let sizes = ranges
        .iter()
        .map(|&(start, stop, step)| stop.saturating_sub(start).div_ceil(step));
    let steps = ranges
        .iter()
        .zip(&strides)
        .map(|(&(_, _, step), &stride)| stride * step as isize);
    Walk {
        start: starts.sum(),
        sizes: sizes.collect(),
        strides: steps.collect(),
    }
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
