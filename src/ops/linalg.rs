//! Linear algebra over the last two axes: inverse, linear systems, thin QR. Gradients are matrix expressions; `ᵀ` swaps the last
//! two axes, products run over them.

use crate::ir::{Op, ValueId};
use crate::ops::contract::form_matmul;
use crate::ops::error::ElemKind;
use crate::ops::rules::{Flows, Rule, Types};
use crate::ops::rules::{needs_elem, one_dtype, operand_count};
use crate::ops::{Builder, EvalError, OpError};
use crate::scalar::Scalar;
use crate::tensor::{self, LinalgError, MatrixKind, Tensor};
use crate::types::{AxisType, DType, Dim, Relation, TensorType, Unifier};

/// Rows and columns of the matrices an operand holds.
fn matrix<'a>(
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

fn square(what: &'static str, ty: &TensorType, dims: &mut Unifier) -> Result<(), OpError> {
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
    tensor::inverse(a).map_err(|error| told("inverse", error))
}

fn told(what: &'static str, error: LinalgError) -> EvalError {
    match error {
        LinalgError::Singular { batch, condition } => EvalError::Singular {
            what,
            matrix: batch,
            condition,
        },
        LinalgError::NotFinite { batch } => EvalError::NotFinite {
            what,
            matrix: batch,
        },
    }
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
    tensor::solve(kind, a, b).map_err(|error| told("solve", error))
}

/// `dB = A⁻ᵀ dX` and `dA = −dB Xᵀ`, of which a triangular solver keeps the half it reads.
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
    };
    Ok(vec![Some(da), Some(db)])
}

fn transposed(kind: MatrixKind) -> MatrixKind {
    match kind {
        MatrixKind::General => MatrixKind::General,
        MatrixKind::Lower => MatrixKind::Upper,
        MatrixKind::Upper => MatrixKind::Lower,
    }
}

/// `[…, n] → […, n, 1]`
fn column(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, OpError> {
    let mut shape = b.shape(x).clone();
    shape.0.push(AxisType::new(Dim::int(1)));
    b.reshape(x, shape)
}

/// `x yᵀ`
fn outer_product(b: &mut Builder<'_>, x: ValueId, y: ValueId) -> Result<ValueId, OpError> {
    let yt = b.transpose(y)?;
    form_matmul(b, x, yt)
}

/// Elements where `row ⋄ column` holds, zero elsewhere.
fn triangle(b: &mut Builder<'_>, keeps: Scalar, x: ValueId) -> Result<ValueId, OpError> {
    let TensorType { dtype, shape } = b.ty(x).clone();
    let rank = shape.rank();
    let row = b.iota(shape.clone(), DType::I64, rank - 2)?;
    let col = b.iota(shape, DType::I64, rank - 1)?;
    let kept = b.map(keeps, &[row, col])?;
    let zero = b.number(0.0, dtype);
    b.map(Scalar::Select, &[kept, x, zero])
}

// Qr ----------------------------------------------------------------------------------------------------------------------

/// `qr : T […, m, n] → T […, m, n], T […, n, n]` where `n ≤ m`; what cannot be told now is told when it runs
pub(super) fn infer_qr(a: &TensorType, dims: &Unifier) -> Result<Vec<TensorType>, OpError> {
    let [m, n] = matrix("qr", 0, a)?;
    if dims.decide(Relation::AtMost, n, m) == Some(false) {
        return Err(OpError::Wide {
            rows: dims.resolve(m),
            cols: dims.resolve(n),
        });
    }
    let mut r = a.clone();
    let rows = r.shape.rank() - 2;
    r.shape.0[rows] = AxisType::new(n.clone());
    Ok(vec![a.clone(), r])
}

/// `Q`, `R`
pub(super) fn eval_qr(a: &Tensor) -> Result<Vec<Tensor>, EvalError> {
    if let [.., rows, cols] = *a.shape()
        && rows < cols
    {
        return Err(EvalError::Wide { rows, cols });
    }
    let (q, r) = tensor::qr(a).map_err(|error| told("qr", error))?;
    Ok(vec![q, r])
}

/// `dA = (dQ + Q C) R⁻ᵀ` with `M = R dRᵀ − dQᵀ Q` and `C = tril M + (strict tril M)ᵀ`.
pub(super) fn vjp_qr(
    b: &mut Builder<'_>,
    [q, r]: [ValueId; 2],
    cotangents: [Option<ValueId>; 2],
) -> Rule {
    let mut m = None;
    if let [_, Some(dr)] = cotangents {
        m = Some(outer_product(b, r, dr)?);
    }
    if let [Some(dq), _] = cotangents {
        let dqt = b.transpose(dq)?;
        let turn = form_matmul(b, dqt, q)?;
        m = Some(match m {
            Some(m) => b.map(Scalar::Sub, &[m, turn])?,
            None => b.map(Scalar::Neg, &[turn])?,
        });
    }
    let m = m.expect("a rule is asked where a cotangent arrives");
    let low = triangle(b, Scalar::Ge, m)?;
    let strict = triangle(b, Scalar::Gt, m)?;
    let high = b.transpose(strict)?;
    let c = b.map(Scalar::Add, &[low, high])?;
    let mut w = form_matmul(b, q, c)?;
    if let [Some(dq), _] = cotangents {
        w = b.map(Scalar::Add, &[dq, w])?;
    }
    let wt = b.transpose(w)?;
    let dat = b.op1(Op::Solve(MatrixKind::Upper), &[r, wt])?;
    Ok(b.transpose(dat)?)
}
