//! Linear algebra over the last two axes: inverses and linear systems. Gradients are matrix expressions; `ᵀ` swaps the last two
//! axes, products run over them.

use crate::ir::{Op, ValueId};
use crate::ops::contract::form_matmul;
use crate::ops::error::ElemKind;
use crate::ops::rules::{Flows, Rule, Types};
use crate::ops::rules::{needs_elem, one_dtype, operand_count};
use crate::ops::{Builder, EvalError, OpError};
use crate::scalar::Scalar;
use crate::tensor::{self, LinalgError, MatrixKind, Tensor};
use crate::types::{AxisType, DType, Dim, TensorType, Unifier};

/// Rows and columns of the matrices an operand holds.
pub(super) fn matrix<'a>(
    what: &'static str,
    operand: usize,
    ty: &'a TensorType,
) -> Result<[&'a Dim; 2], OpError> {
    needs_elem(what, operand, ty, ElemKind::Float)?;
    match ty.shape.0.as_slice() {
        [.., rows, cols] => Ok([&rows.dim, &cols.dim]),
        [..] => Err(OpError::RankTooLow {
            what,
            operand,
            needs: 2,
        }),
    }
}

/// The rows and columns of the matrices agree.
pub(super) fn square(
    what: &'static str,
    ty: &TensorType,
    dims: &mut Unifier,
) -> Result<(), OpError> {
    let [rows, cols] = matrix(what, 0, ty)?;
    dims.unify(rows, cols)
        .map_err(|_| OpError::NotSquare { what, operand: 0 })
}

// Inverse -----------------------------------------------------------------------------------------------------------------

/// `inverse : T […, n, n] → T […, n, n]`
pub(super) fn infer_inverse(a: &TensorType, dims: &mut Unifier) -> Result<TensorType, OpError> {
    square("inverse", a, dims)?;
    Ok(a.clone())
}

/// `A⁻¹`
pub(super) fn eval_inverse(a: &Tensor) -> Result<Tensor, EvalError> {
    tensor::inverse(a).map_err(|error| told("inverse", a, error))
}

/// The error as this operation's, whose matrices are `a`.
pub(super) fn told(what: &'static str, a: &Tensor, error: LinalgError) -> EvalError {
    let place = |batch: usize| place(&a.shape()[..a.rank() - 2], batch);
    match error {
        LinalgError::Singular { batch, condition } => EvalError::Singular {
            what,
            matrix: place(batch),
            condition,
        },
        LinalgError::NotPositive {
            batch,
            block,
            values,
        } => EvalError::NotPositive {
            what,
            matrix: place(batch),
            block,
            values,
        },
        LinalgError::Unsettled { batch } => EvalError::Unsettled {
            what,
            matrix: place(batch),
        },
        LinalgError::NotFinite { batch } => EvalError::NotFinite {
            what,
            matrix: place(batch),
        },
    }
}

/// Where in axes of these sizes something stands that is counted over all of them.
fn place(axes: &[usize], mut count: usize) -> Vec<usize> {
    let mut place = vec![0; axes.len()];
    for (at, size) in place.iter_mut().zip(axes).rev() {
        (*at, count) = (count % size, count / size);
    }
    place
}

/// `dA = −Yᵀ dY Yᵀ`
pub(super) fn vjp_inverse(b: &mut Builder<'_>, y: ValueId, dy: ValueId) -> Rule {
    let yt = b.transpose(y)?;
    let left = form_matmul(b, yt, dy)?;
    let product = form_matmul(b, left, yt)?;
    Ok(b.map(Scalar::Neg, &[product])?)
}

// Solve -------------------------------------------------------------------------------------------------------------------

/// `solve : T […, n, n], T […, n, k] → T […, n, k]`, or `T […, n]` for both of the latter
pub(super) fn infer_solve(operands: Types<'_>, dims: &mut Unifier) -> Result<TensorType, OpError> {
    operand_count("solve", operands, 2)?;
    let [a, b] = [operands[0], operands[1]];
    square("solve", a, dims)?;
    one_dtype("solve", operands, 0..2)?;
    let lead = a.shape.rank() - 2;
    let n_more = b.shape.rank().checked_sub(lead);
    if !matches!(n_more, Some(1 | 2)) {
        return Err(OpError::BatchAxes { what: "solve" });
    }
    for (x, y) in a.shape.dims().zip(b.shape.dims()).take(lead) {
        dims.unify(x, y)
            .map_err(|_| OpError::BatchAxes { what: "solve" })?;
    }
    dims.unify(a.shape.dim(lead), b.shape.dim(lead))
        .map_err(|clash| OpError::SolveRows {
            left: clash.left,
            right: clash.right,
        })?;
    Ok(b.clone())
}

/// `X` with `A X = B`
pub(super) fn eval_solve(kind: MatrixKind, a: &Tensor, b: &Tensor) -> Result<Tensor, EvalError> {
    tensor::solve(kind, a, b).map_err(|error| told("solve", a, error))
}

/// `dB = A⁻ᵀ dX` and `dA = −dB Xᵀ`, of which a triangular solver keeps the half it reads, and a positive definite one the symmetric
/// part.
pub(super) fn vjp_solve(
    b: &mut Builder<'_>,
    kind: MatrixKind,
    [a, rhs]: [ValueId; 2],
    x: ValueId,
    dx: ValueId,
) -> Flows {
    let at = b.transpose(a)?;
    let db = b.op1(Op::Solve(transposed(kind)), &[at, dx])?;
    let is_vector = b.shape(rhs).rank() < b.shape(a).rank();
    let outer = if is_vector {
        let (left, right) = (column(b, db)?, column(b, x)?);
        outer_product(b, left, right)?
    } else {
        outer_product(b, db, x)?
    };
    let da = b.map(Scalar::Neg, &[outer])?;
    let da = match kind {
        MatrixKind::General => da,
        MatrixKind::Lower => triangle(b, Scalar::Ge, da)?,
        MatrixKind::Upper => triangle(b, Scalar::Le, da)?,
        MatrixKind::Spd => symmetric(b, da)?,
    };
    Ok(vec![Some(da), Some(db)])
}

fn transposed(kind: MatrixKind) -> MatrixKind {
    match kind {
        MatrixKind::General => MatrixKind::General,
        MatrixKind::Lower => MatrixKind::Upper,
        MatrixKind::Upper => MatrixKind::Lower,
        MatrixKind::Spd => MatrixKind::Spd,
    }
}

/// `(X + Xᵀ) / 2`
pub(super) fn symmetric(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let xt = b.transpose(x)?;
    let sum = b.map(Scalar::Add, &[x, xt])?;
    let half = b.number(0.5, b.dtype(x));
    b.map(Scalar::Mul, &[sum, half])
}

/// `[…, n] → […, n, 1]`
fn column(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let mut shape = b.shape(x).clone();
    shape.0.push(AxisType::new(Dim::int(1)));
    b.reshape(x, shape)
}

/// `x yᵀ`
pub(super) fn outer_product(
    b: &mut Builder<'_>,
    x: ValueId,
    y: ValueId,
) -> Result<ValueId, OpError> {
    let yt = b.transpose(y)?;
    form_matmul(b, x, yt)
}

/// Elements where `row ⋄ column` holds, zero elsewhere.
pub(super) fn triangle(b: &mut Builder<'_>, keeps: Scalar, x: ValueId) -> Result<ValueId, OpError> {
    let TensorType { dtype, shape } = b.ty(x).clone();
    let rank = shape.rank();
    let row = b.iota(shape.clone(), DType::I64, rank - 2)?;
    let col = b.iota(shape, DType::I64, rank - 1)?;
    let kept = b.map(keeps, &[row, col])?;
    let zero = b.number(0.0, dtype);
    b.map(Scalar::Select, &[kept, x, zero])
}
