//! Parts of axes: cutting them out, putting them back, and the forms that cut: `x[…]`, `split`, `unstack`.

use crate::ir::draft::{AxisRef, IndexSpec};
use crate::ir::{Op, Range, ValueId};
use crate::ops::reduce::along;
use crate::ops::reshape::quotient;
use crate::ops::rules::Rule;
use crate::ops::{Builder, EvalError, OpError};
use crate::tensor::{self, Tensor};
use crate::types::{AxisType, Dim, Relation, Shape, TensorType, Unifier};

// Slice -------------------------------------------------------------------------------------------------------------------

/// `slice : T s → T t` where `tᵢ = ⌈(stopᵢ − startᵢ) / stepᵢ⌉` and `0 ≤ startᵢ ≤ stopᵢ ≤ sᵢ`
pub(super) fn infer_slice(
    ranges: &[Range],
    x: &TensorType,
    dims: &Unifier,
) -> Result<TensorType, OpError> {
    for (axis, (range, size)) in ranges.iter().zip(x.shape.dims()).enumerate() {
        inside(dims, axis, range, size)?;
    }
    Ok(TensorType::new(x.dtype, cut(ranges, &x.shape)))
}

fn cut(ranges: &[Range], shape: &Shape) -> Shape {
    let axes = ranges.iter().zip(&shape.0).map(|(range, axis)| AxisType {
        label: axis.label.clone(),
        dim: if *range == Range::whole(&axis.dim) {
            axis.dim.clone()
        } else {
            range.count()
        },
    });
    Shape(axes.collect())
}

fn inside(dims: &Unifier, axis: usize, range: &Range, size: &Dim) -> Result<(), OpError> {
    let exceeds = |low: &Dim, high: &Dim| dims.decide(Relation::AtMost, low, high) == Some(false);
    let outside = |index: &Dim| {
        Err(OpError::Outside {
            axis,
            index: dims.resolve(index),
            size: dims.resolve(size),
            is_end: true,
        })
    };
    if exceeds(&Dim::int(0), &range.start) {
        return outside(&range.start);
    }
    if exceeds(&range.start, &range.stop) {
        return Err(OpError::Backwards {
            start: dims.resolve(&range.start),
            stop: dims.resolve(&range.stop),
        });
    }
    if exceeds(&range.stop, size) {
        return outside(&range.stop);
    }
    Ok(())
}

/// The elements at the ranges.
pub(super) fn eval_slice(
    ranges: &[Range],
    x: &Tensor,
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Tensor, EvalError> {
    Ok(tensor::slice(x, &places(ranges, x.shape(), sizes)?))
}

/// The ranges as numbers, each inside its axis.
pub(super) fn places(
    ranges: &[Range],
    shape: &[usize],
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Vec<(usize, usize, usize)>, EvalError> {
    let numbers = ranges
        .iter()
        .zip(shape)
        .enumerate()
        .map(|(axis, (range, &size))| {
            let (start, stop) = (sizes(&range.start), sizes(&range.stop));
            let error = EvalError::Range {
                axis,
                start,
                stop,
                size,
            };
            let step = usize::try_from(range.step).unwrap_or(1);
            (start <= stop && stop <= size)
                .then_some((start, stop, step))
                .ok_or(error)
        });
    numbers.collect()
}

/// `dx`: zeros with `dy` at the ranges.
pub(super) fn vjp_slice(b: &mut Builder<'_>, ranges: &[Range], x: ValueId, dy: ValueId) -> Rule {
    let shape = b.shape(x).clone();
    Ok(b.op1(Op::Embed(shape, ranges.to_vec()), &[dy])?)
}

// Embed -------------------------------------------------------------------------------------------------------------------

/// `embed : T t → T s`, the reverse of `slice`
pub(super) fn infer_embed(
    shape: &Shape,
    ranges: &[Range],
    x: &TensorType,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    for (axis, (range, size)) in ranges.iter().zip(shape.dims()).enumerate() {
        inside(dims, axis, range, size)?;
        dims.unify(x.shape.dim(axis), cut(ranges, shape).dim(axis))
            .map_err(|clash| OpError::ReshapeSizes {
                from: clash.left,
                to: clash.right,
            })?;
    }
    Ok(TensorType::new(x.dtype, shape.clone()))
}

/// Zeros with the elements at the ranges.
pub(super) fn eval_embed(
    ranges: &[Range],
    x: &Tensor,
    shape: &[usize],
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Tensor, EvalError> {
    Ok(tensor::embed(x, shape, &places(ranges, shape, sizes)?))
}

/// `dx`: `dy` at the ranges.
pub(super) fn vjp_embed(b: &mut Builder<'_>, ranges: &[Range], dy: ValueId) -> Rule {
    Ok(b.op1(Op::Slice(ranges.to_vec()), &[dy])?)
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `x[i, a:b, …]`: one entry an axis, whole axes where entries are missing; an axis with a single place goes away.
pub(super) fn form_index(
    b: &mut Builder<'_>,
    specs: &[IndexSpec],
    x: ValueId,
) -> Result<ValueId, OpError> {
    let shape = b.shape(x).clone();
    let specs = spell_out(specs, shape.rank())?;
    let mut ranges = vec![];
    let mut dropped = vec![];
    for (axis, (spec, of)) in specs.iter().zip(&shape.0).enumerate() {
        let dims = &b.module.dims;
        match spec {
            IndexSpec::Ellipsis => ranges.push(Range::whole(&of.dim)),
            IndexSpec::Range(start, stop) => {
                let start = start
                    .as_ref()
                    .map_or(Dim::int(0), |at| from_end(at, &of.dim));
                let stop = stop
                    .as_ref()
                    .map_or(of.dim.clone(), |at| from_end(at, &of.dim));
                ranges.push(Range::new(start, stop));
            }
            IndexSpec::At(at) => {
                ranges.push(single(dims, axis, at, &of.dim)?);
                dropped.push(axis);
            }
        }
    }
    let part = cut_out(b, x, ranges)?;
    let shape = b.shape(part).without(&dropped);
    b.reshape(part, shape)
}

/// The ranges of a value; itself if they are whole axes.
fn cut_out(b: &mut Builder<'_>, x: ValueId, ranges: Vec<Range>) -> Result<ValueId, OpError> {
    let sizes = b.shape(x).dims();
    if ranges
        .iter()
        .zip(sizes)
        .all(|(range, size)| *range == Range::whole(size))
    {
        return Ok(x);
    }
    b.op1(Op::Slice(ranges), &[x])
}

/// One entry an axis: the ellipsis, or the end where there is none, stands for as many as are missing.
fn spell_out(specs: &[IndexSpec], rank: usize) -> Result<Vec<IndexSpec>, OpError> {
    let given = specs
        .iter()
        .filter(|spec| **spec != IndexSpec::Ellipsis)
        .count();
    let missing = rank
        .checked_sub(given)
        .ok_or(OpError::TooManyIndices { given })?;
    let gap = specs
        .iter()
        .position(|spec| *spec == IndexSpec::Ellipsis)
        .unwrap_or(specs.len());
    let entries = |specs: &[IndexSpec]| {
        let entries = specs.iter().filter(|spec| **spec != IndexSpec::Ellipsis);
        entries.cloned().collect::<Vec<_>>()
    };
    let mut all = entries(&specs[..gap]);
    all.extend(std::iter::repeat_n(IndexSpec::Ellipsis, missing));
    all.extend(entries(&specs[gap..]));
    Ok(all)
}

/// A negative number counts from the end.
fn from_end(at: &Dim, size: &Dim) -> Dim {
    if at.as_int().is_some_and(|at| at < 0) {
        size + at
    } else {
        at.clone()
    }
}

fn single(dims: &Unifier, axis: usize, at: &Dim, size: &Dim) -> Result<Range, OpError> {
    let place = from_end(at, size);
    let next = &place + &Dim::int(1);
    let lies_inside = dims.decide(Relation::AtMost, &Dim::int(0), &place) != Some(false)
        && dims.decide(Relation::AtMost, &next, size) != Some(false);
    let outside = || OpError::Outside {
        axis,
        index: dims.resolve(at),
        size: dims.resolve(size),
        is_end: false,
    };
    lies_inside
        .then(|| Range::new(place, next))
        .ok_or_else(outside)
}

/// `split(x, parts:, axis:)`: that many results of equal size.
pub(super) fn form_split(
    b: &mut Builder<'_>,
    parts: usize,
    axis: &AxisRef,
    x: ValueId,
) -> Result<Vec<ValueId>, OpError> {
    let axis = along(b, axis, x)?;
    let size = b.shape(x).dim(axis).clone();
    let each = quotient(b, "split", &size, &count(parts))?;
    (0..parts)
        .map(|part| {
            let start = &count(part) * &each;
            let stop = &start + &each;
            cut_axis(b, axis, Range::new(start, stop), x)
        })
        .collect()
}

/// `unstack(x, axis:)`: one result a place; the axis goes away.
pub(super) fn form_unstack(
    b: &mut Builder<'_>,
    names: usize,
    axis: &AxisRef,
    x: ValueId,
) -> Result<Vec<ValueId>, OpError> {
    let axis = along(b, axis, x)?;
    let size = b.shape(x).dim(axis).clone();
    b.module
        .dims
        .unify(&size, &count(names))
        .map_err(|clash| OpError::Parts {
            axis,
            size: clash.left,
            names,
        })?;
    (0..names)
        .map(|place| {
            let part = cut_axis(b, axis, Range::new(count(place), count(place + 1)), x)?;
            let shape = b.shape(part).without(&[axis]);
            b.reshape(part, shape)
        })
        .collect()
}

fn count(n: usize) -> Dim {
    Dim::int(i64::try_from(n).unwrap_or(i64::MAX))
}

/// A range of one axis, the others whole.
pub(super) fn cut_axis(
    b: &mut Builder<'_>,
    axis: usize,
    range: Range,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let mut ranges: Vec<Range> = b.shape(x).dims().map(Range::whole).collect();
    ranges[axis] = range;
    cut_out(b, x, ranges)
}
