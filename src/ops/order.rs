//! Ops that work along one axis in order: running sums, sorting, ranks.

use crate::ir::draft::AxisRef;
use crate::ir::{Op, ValueId};
use crate::ops::error::ElemKind;
use crate::ops::reduce::{along, inverse};
use crate::ops::rules::{Fault, Rule, needs_elem};
use crate::ops::{Builder, NotDifferentiable, OpError};
use crate::scalar::Scalar;
use crate::types::{DType, Dim, Shape, TensorType};

// CumSum ------------------------------------------------------------------------------------------------------------------

/// `cumsum : T s → T s`
pub(super) fn infer_cumsum(x: &TensorType) -> Result<TensorType, OpError> {
    needs_elem("cumsum", 0, x, ElemKind::Number)?;
    Ok(x.clone())
}

/// `dxⱼ = Σ_{i ≥ j} dyᵢ`
pub(super) fn vjp_cumsum(b: &mut Builder<'_>, axis: usize, dy: ValueId) -> Rule {
    let from_end = b.op1(Op::Reverse(axis), &[dy])?;
    let sums = b.op1(Op::CumSum(axis), &[from_end])?;
    Ok(b.op1(Op::Reverse(axis), &[sums])?)
}

// Sort --------------------------------------------------------------------------------------------------------------------

/// `sort : T s → T s`
pub(super) fn infer_sort(x: &TensorType) -> TensorType {
    x.clone()
}

/// `dx[π(i)] = dy[i]`, where `π` sorts `x`: `dy` read by the inverse of `π`, which sorts `π`.
pub(super) fn vjp_sort(b: &mut Builder<'_>, axis: usize, x: ValueId, dy: ValueId) -> Rule {
    let sorting = b.op1(Op::ArgSort(axis), &[x])?;
    let undoing = b.op1(Op::ArgSort(axis), &[sorting])?;
    let rank = b.shape(x).rank();
    let order: Vec<usize> = (0..rank)
        .filter(|&other| other != axis)
        .chain([axis])
        .collect();
    let rows = b.permute(dy, order.clone())?;
    let places = b.permute(undoing, order.clone())?;
    let read = read_rows(b, rows, places)?;
    Ok(b.permute(read, inverse(&order))?)
}

/// `[…, n], i64[…, n] → […, n]`: each row read at its own places, as one row of `rows · n`.
fn read_rows(b: &mut Builder<'_>, x: ValueId, places: ValueId) -> Result<ValueId, OpError> {
    let shape = b.shape(x).clone();
    let n = shape.0.last().map_or(Dim::int(1), |axis| axis.dim.clone());
    let n_rows = Shape(shape.0[..shape.rank() - 1].to_vec()).size();
    let table = Shape::of([n_rows, n.clone()]);
    let places = b.reshape(places, table.clone())?;
    let row = b.iota(table, DType::I64, 0)?;
    let width = b.op1(Op::Size(n, DType::I64), &[])?;
    let start = b.map(Scalar::Mul, &[row, width])?;
    let places = b.map(Scalar::Add, &[start, places])?;
    let flat = b.reshape(x, Shape::of([shape.size()]))?;
    let read = b.op1(Op::Gather(0), &[flat, places])?;
    b.reshape(read, shape)
}

// ArgSort -----------------------------------------------------------------------------------------------------------------

/// `argsort : T s → i64 s`
pub(super) fn infer_argsort(x: &TensorType) -> TensorType {
    x.with_dtype(DType::I64)
}

// Ranks -------------------------------------------------------------------------------------------------------------------

/// `ranks : T s → T s` of floats, `f32 s` of others
pub(super) fn infer_ranks(x: &TensorType) -> TensorType {
    x.with_dtype(if x.dtype.is_float() {
        x.dtype
    } else {
        DType::F32
    })
}

/// Ranks are steps: their slope is zero or infinite.
pub(super) fn vjp_ranks() -> Rule {
    Err(Fault::NotDifferentiable(NotDifferentiable {
        what: "ranks",
        why: "ranks jump where elements change places and are constant elsewhere",
    }))
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `cumsum(x, over:)`
pub(super) fn form_cumsum(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    let x = b.countable(x)?;
    b.op1(Op::CumSum(axis), &[x])
}

/// `sort(x, over:)`
pub(super) fn form_sort(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    b.op1(Op::Sort(axis), &[x])
}

/// `argsort(x, over:)`
pub(super) fn form_argsort(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    b.op1(Op::ArgSort(axis), &[x])
}

/// `ranks(x, over:)`
pub(super) fn form_ranks(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    b.op1(Op::Ranks(axis), &[x])
}
