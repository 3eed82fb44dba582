//! Tensors one after the other, and one back to front; the form that joins along a new axis.

use crate::ir::draft::AxisRef;
use crate::ir::{Op, Range, ValueId};
use crate::ops::axis::resolve_gap;
use crate::ops::reduce::along;
use crate::ops::rules::{Flows, Rule, Types, one_dtype};
use crate::ops::slice::cut_axis;
use crate::ops::{Builder, OpError};
use crate::tensor::Walk;
use crate::types::{AxisType, Dim, TensorType, Unifier};

// Concat ------------------------------------------------------------------------------------------------------------------

/// `concat : T s₁, T s₂, … → T t` where `t` is every `sᵢ` but along the axis, where it is their sum
pub(super) fn infer_concat(
    axis: usize,
    operands: Types<'_>,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    let [first, others @ ..] = operands else {
        return Err(OpError::Operands {
            what: "concat",
            expected: 1,
            found: 0,
        });
    };
    one_dtype("concat", operands, 0..operands.len())?;
    let mut ty = TensorType::clone(first);
    for (place, other) in others.iter().enumerate() {
        joins(dims, "concat", first, other, place + 1, Some(axis))?;
        ty.shape.0[axis].dim = ty.shape.dim(axis) + other.shape.dim(axis);
    }
    Ok(ty)
}

/// Whether the ranks agree, and all sizes but that of the axis they are joined along.
fn joins(
    dims: &mut Unifier,
    what: &'static str,
    first: &TensorType,
    other: &TensorType,
    operand: usize,
    along: Option<usize>,
) -> Result<(), OpError> {
    let error = |axis: Option<usize>| OpError::Join {
        what,
        operand,
        axis,
    };
    if first.shape.rank() != other.shape.rank() {
        return Err(error(None));
    }
    let pairs = first.shape.dims().zip(other.shape.dims()).enumerate();
    for (axis, (a, b)) in pairs.filter(|(axis, _)| Some(*axis) != along) {
        dims.unify(a, b).map_err(|_| error(Some(axis)))?;
    }
    Ok(())
}

/// Each operand behind the one before.
pub(super) fn places(axis: usize, operands: &[&[usize]], whole: &Walk) -> Vec<Walk> {
    let mut start = 0;
    let place = |sizes: &&[usize]| {
        let mut ranges: Vec<_> = sizes.iter().map(|&size| (0, size, 1)).collect();
        ranges[axis] = (start, start + sizes[axis], 1);
        start += sizes[axis];
        whole.part(&ranges)
    };
    operands.iter().map(place).collect()
}

/// `dxᵢ`: the part of `dy` that `xᵢ` became.
pub(super) fn vjp_concat(b: &mut Builder<'_>, axis: usize, xs: &[ValueId], dy: ValueId) -> Flows {
    let mut start = Dim::int(0);
    xs.iter()
        .map(|&x| {
            let stop = &start + b.shape(x).dim(axis);
            let range = Range::new(std::mem::replace(&mut start, stop.clone()), stop);
            Ok(Some(cut_axis(b, axis, range, dy)?))
        })
        .collect()
}

// Reverse -----------------------------------------------------------------------------------------------------------------

/// `reverse : T s → T s`
pub(super) fn infer_reverse(x: &TensorType) -> TensorType {
    x.clone()
}

/// `dx`: `dy` reversed.
pub(super) fn vjp_reverse(b: &mut Builder<'_>, axis: usize, dy: ValueId) -> Rule {
    Ok(b.op1(Op::Reverse(axis), &[dy])?)
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `concat([a, b], axis:)`
pub(super) fn form_concat(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    xs: &[ValueId],
) -> Result<ValueId, OpError> {
    let axis = xs.first().map_or(Ok(0), |&first| along(b, axis, first))?;
    if let [only] = xs {
        return Ok(*only);
    }
    for (place, &x) in xs.iter().enumerate() {
        if b.shape(x).rank() != b.shape(xs[0]).rank() {
            return Err(OpError::Join {
                what: "concat",
                operand: place,
                axis: None,
            });
        }
    }
    b.op1(Op::Concat(axis), xs)
}

/// `stack([a, b], axis:)`: along a new axis; all shapes are equal.
pub(super) fn form_stack(b: &mut Builder<'_>, at: i64, xs: &[ValueId]) -> Result<ValueId, OpError> {
    let [first, ..] = xs else {
        return Err(OpError::Operands {
            what: "stack",
            expected: 1,
            found: 0,
        });
    };
    let first = b.ty(*first).clone();
    let at = resolve_gap(&first.shape, 0, at)?;
    let mut rows = vec![];
    for (operand, &x) in xs.iter().enumerate() {
        let ty = b.ty(x).clone();
        joins(&mut b.module.dims, "stack", &first, &ty, operand, None)?;
        let mut shape = ty.shape;
        shape.0.insert(at, AxisType::new(Dim::int(1)));
        rows.push(b.reshape(x, shape)?);
    }
    if let [only] = rows.as_slice() {
        return Ok(*only);
    }
    b.op1(Op::Concat(at), &rows)
}

/// `reverse(x, axis:)`
pub(super) fn form_reverse(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    b.op1(Op::Reverse(axis), &[x])
}
