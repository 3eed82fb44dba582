//! Rows chosen by numbers, and its reverse.

use crate::ir::draft::AxisRef;
use crate::ir::{Op, ValueId};
use crate::ops::error::ElemKind;
use crate::ops::reduce::along;
use crate::ops::rules::{Rule, needs_elem};
use crate::ops::{Builder, EvalError, OpError};
use crate::scalar::Scalar;
use crate::tensor::{self, OutOfRange, Tensor};
use crate::types::{AxisType, DType, Dim, TensorType, Unifier};

// Gather ------------------------------------------------------------------------------------------------------------------

/// `gather : T [a…, n, b…], int i → T [a…, i…, b…]`
pub(super) fn infer_gather(
    axis: usize,
    x: &TensorType,
    indices: &TensorType,
) -> Result<TensorType, OpError> {
    needs_elem("take", 1, indices, ElemKind::Integer)?;
    let mut ty = x.clone();
    ty.shape
        .0
        .splice(axis..=axis, indices.shape.0.iter().cloned());
    Ok(ty)
}

/// `y[…, j, …] = x[…, i[j], …]`
pub(super) fn eval_gather(x: &Tensor, indices: &Tensor, axis: usize) -> Result<Tensor, EvalError> {
    tensor::gather(x, indices, axis).map_err(outside)
}

fn outside(error: OutOfRange) -> EvalError {
    EvalError::Index {
        index: error.index,
        position: error.at,
        size: error.size,
    }
}

/// `dx[i[j]] += dy[j]`
pub(super) fn vjp_gather(
    b: &mut Builder<'_>,
    axis: usize,
    x: ValueId,
    indices: ValueId,
    dy: ValueId,
) -> Rule {
    let size = b.shape(x).dim(axis).clone();
    Ok(b.op1(Op::ScatterAdd(axis, size), &[dy, indices])?)
}

// ScatterAdd --------------------------------------------------------------------------------------------------------------

/// `scatter_add : T [a…, i…, b…], int i → T [a…, n, b…]`
pub(super) fn infer_scatter_add(
    axis: usize,
    size: &Dim,
    dy: &TensorType,
    indices: &TensorType,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    needs_elem("scatter_add", 1, indices, ElemKind::Integer)?;
    let replaced = axis..axis + indices.shape.rank();
    let Some(axes) = dy.shape.0.get(replaced.clone()) else {
        return Err(OpError::RankTooLow {
            what: "scatter_add",
            operand: 0,
            needs: replaced.end,
        });
    };
    for (at, (a, b)) in axes.iter().zip(&indices.shape.0).enumerate() {
        dims.unify(&a.dim, &b.dim).map_err(|_| OpError::Join {
            what: "scatter_add",
            operand: 1,
            axis: Some(at),
        })?;
    }
    let mut ty = dy.clone();
    ty.shape.0.splice(replaced, [AxisType::new(size.clone())]);
    Ok(ty)
}

/// `z[…, i[j], …] += dy[…, j, …]`
pub(super) fn eval_scatter_add(
    dy: &Tensor,
    indices: &Tensor,
    axis: usize,
    size: usize,
) -> Result<Tensor, EvalError> {
    tensor::scatter_add(dy, indices, axis, size).map_err(outside)
}

/// `ddy[j] = dz[i[j]]`
pub(super) fn vjp_scatter_add(
    b: &mut Builder<'_>,
    axis: usize,
    indices: ValueId,
    dz: ValueId,
) -> Rule {
    Ok(b.op1(Op::Gather(axis), &[dz, indices])?)
}

// Form --------------------------------------------------------------------------------------------------------------------

/// `take(x, indices, axis:)`
pub(super) fn form_take(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    x: ValueId,
    indices: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    b.op1(Op::Gather(axis), &[x, indices])
}

/// Whole numbers `i` of one axis less than `like` as rows `[0, …, 1, …, 0]` of its last axis, `z[…, c] = (c == i[…])`; what is not
/// of that kind as it is. Numbers outside the axis give rows of zeros.
pub(super) fn form_one_hot_like(
    b: &mut Builder<'_>,
    x: ValueId,
    like: ValueId,
) -> Result<ValueId, OpError> {
    let (numbers, wanted) = (b.ty(x).clone(), b.ty(like).clone());
    let is_whole = !numbers.dtype.is_float() && numbers.dtype != DType::Bool;
    if !is_whole || numbers.shape.rank() + 1 != wanted.shape.rank() {
        return Ok(x);
    }
    let outer = 0..numbers.shape.rank();
    for axis in outer.clone() {
        if !b.same(numbers.shape.dim(axis), wanted.shape.dim(axis)) {
            return Ok(x);
        }
    }
    let places = b.iota(wanted.shape.clone(), DType::I64, outer.end)?;
    let own = b.cast(x, DType::I64)?;
    let own = b.broadcast(own, wanted.shape, outer.collect())?;
    let hot = b.map(Scalar::Eq, &[places, own])?;
    b.cast(hot, wanted.dtype)
}
