//! Ops that fold axes away.

use crate::ir::draft::{AxisRef, AxisSet};
use crate::ir::{Op, ValueId};
use crate::ops::axis::{resolve_axes, resolve_axis};
use crate::ops::error::ElemKind;
use crate::ops::rules::{Rule, needs_elem};
use crate::ops::{Builder, OpError};
use crate::scalar::Scalar;
use crate::tensor::{Extreme, Monoid};
use crate::types::{DType, Dim, Shape, TensorType, Unifier};

// Reduce ------------------------------------------------------------------------------------------------------------------

/// `reduce : T s → T (s without axes)`; truth values fold with `any` and `all`, numbers with the others.
pub(super) fn infer_reduce(
    monoid: Monoid,
    axes: &[usize],
    x: &TensorType,
) -> Result<TensorType, OpError> {
    let needs = match monoid {
        Monoid::Any | Monoid::All => ElemKind::Bool,
        Monoid::Sum | Monoid::Prod | Monoid::Min | Monoid::Max => ElemKind::Number,
    };
    needs_elem(monoid.name(), 0, x, needs)?;
    Ok(TensorType::new(x.dtype, x.shape.without(axes)))
}

/// The gradient of the fold, by its monoid.
pub(super) fn vjp_reduce(
    b: &mut Builder<'_>,
    monoid: Monoid,
    axes: &[usize],
    [x, y]: [ValueId; 2],
    dy: ValueId,
) -> Rule {
    match monoid {
        Monoid::Sum => spread(b, axes, x, dy),
        Monoid::Min | Monoid::Max => vjp_extreme(b, axes, x, y, dy),
        Monoid::Prod => vjp_prod(b, axes, x, dy),
        Monoid::Any | Monoid::All => unreachable!("truth values have no cotangents"),
    }
}

/// `d sum`: `dy`, repeated along the axes.
fn spread(b: &mut Builder<'_>, axes: &[usize], x: ValueId, dy: ValueId) -> Rule {
    let shape = b.shape(x).clone();
    let places = (0..shape.rank()).filter(|axis| !axes.contains(axis));
    Ok(b.broadcast(dy, shape, places.collect())?)
}

/// `d max = m / Σm · dy` with `m = [x = y]`: elements that tie share equally.
fn vjp_extreme(b: &mut Builder<'_>, axes: &[usize], x: ValueId, y: ValueId, dy: ValueId) -> Rule {
    let extreme = spread(b, axes, x, y)?;
    let is_extreme = b.map(Scalar::Eq, &[x, extreme])?;
    let mask = b.cast(is_extreme, b.dtype(x))?;
    let ties = b.sum(mask, axes.to_vec())?;
    let share = b.map(Scalar::Div, &[dy, ties])?;
    let share = spread(b, axes, x, share)?;
    Ok(b.map(Scalar::Mul, &[mask, share])?)
}

/// `∂(Πx)/∂xᵢ = Π_{j ≠ i} xⱼ`, as products over the rows of a square table whose diagonal is one. Costs the square of the axis,
/// but holds where elements are zero, for every order of derivative, as `y / xᵢ` does not.
fn vjp_prod(b: &mut Builder<'_>, axes: &[usize], x: ValueId, dy: ValueId) -> Rule {
    let shape = b.shape(x).clone();
    let kept: Vec<usize> = (0..shape.rank())
        .filter(|axis| !axes.contains(axis))
        .collect();
    let order: Vec<usize> = kept.iter().chain(axes).copied().collect();
    let moved = b.permute(x, order.clone())?;
    let moved_shape = b.shape(moved).clone();
    let folded = Shape(moved_shape.0[kept.len()..].to_vec()).size();
    let rows = Shape(moved_shape.0[..kept.len()].to_vec());
    let others = other_products(b, moved, &rows, &folded)?;
    let others = b.reshape(others, moved_shape.clone())?;
    let dy = b.broadcast(dy, moved_shape, (0..kept.len()).collect())?;
    let dx = b.map(Scalar::Mul, &[dy, others])?;
    Ok(b.permute(dx, inverse(&order))?)
}

/// `[…, n] → […, n]`: for each place the product of all other elements of its row.
fn other_products(
    b: &mut Builder<'_>,
    x: ValueId,
    rows: &Shape,
    n: &Dim,
) -> Result<ValueId, OpError> {
    let dtype = b.dtype(x);
    let with = |count: usize| {
        let tail = std::iter::repeat_n(n.clone(), count);
        Shape::of(rows.dims().cloned().chain(tail))
    };
    let rank = rows.rank();
    let flat = b.reshape(x, with(1))?;
    let places: Vec<usize> = (0..rank).chain([rank + 1]).collect();
    let table = b.broadcast(flat, with(2), places)?;
    let row = b.iota(with(2), DType::I64, rank)?;
    let col = b.iota(with(2), DType::I64, rank + 1)?;
    let is_diagonal = b.map(Scalar::Eq, &[row, col])?;
    let one = b.number(1.0, dtype);
    let table = b.map(Scalar::Select, &[is_diagonal, one, table])?;
    b.op1(Op::Reduce(Monoid::Prod, vec![rank + 1]), &[table])
}

/// The permutation that undoes another.
pub(super) fn inverse(order: &[usize]) -> Vec<usize> {
    let mut back = vec![0; order.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(to, &from)| back[from] = to);
    back
}

// ArgReduce ---------------------------------------------------------------------------------------------------------------

/// `arg_reduce : T s → i64 (s without axis)`
pub(super) fn infer_arg_reduce(axis: usize, x: &TensorType) -> TensorType {
    TensorType::new(DType::I64, x.shape.without(&[axis]))
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `sum(x, over:)` and its kin; truth values are counted as numbers where numbers are folded.
pub(super) fn form_reduce(
    b: &mut Builder<'_>,
    monoid: Monoid,
    set: &AxisSet,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axes = resolve_axes(&b.module.dims, b.shape(x), 0, set)?;
    let x = match monoid {
        Monoid::Any | Monoid::All => x,
        Monoid::Sum | Monoid::Prod | Monoid::Min | Monoid::Max => b.countable(x)?,
    };
    infer_reduce(monoid, &axes, b.ty(x))?;
    if matches!(monoid, Monoid::Min | Monoid::Max) {
        axes.iter()
            .try_for_each(|axis| has_some(b, monoid.name(), *axis, x))?;
    }
    if axes.is_empty() {
        return Ok(x);
    }
    b.op1(Op::Reduce(monoid, axes), &[x])
}

/// `argmax(x, over:)`, `argmin(x, over:)`
pub(super) fn form_arg_reduce(
    b: &mut Builder<'_>,
    extreme: Extreme,
    axis: &AxisRef,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    has_some(b, extreme.name(), axis, x)?;
    b.op1(Op::ArgReduce(extreme, axis), &[x])
}

/// Nothing is the largest among no elements.
fn has_some(b: &Builder<'_>, what: &'static str, axis: usize, x: ValueId) -> Result<(), OpError> {
    let size = b.module.dims.resolve(b.shape(x).dim(axis));
    match size.as_int() {
        Some(0) => Err(OpError::Empty { what, axis }),
        _ => Ok(()),
    }
}

/// The place of the axis an op works along.
pub(super) fn along(b: &Builder<'_>, axis: &AxisRef, x: ValueId) -> Result<usize, OpError> {
    let dims: &Unifier = &b.module.dims;
    resolve_axis(dims, b.shape(x), 0, axis)
}
