//! Matrices as products: Cholesky, QR, LU, eigenvectors, singular values. Gradients are matrix expressions, `ᵀ` swaps the last two
//! axes, `∘` multiplies element by element; `tril`, `triu` and `diag` are the lower, upper and diagonal part.
//!
//! Where eigenvalues or singular values are equal, their vectors may be turned among themselves and have no derivative of their
//! own. The terms by which they would turn into each other are then left out: that is exact for functions of the values, and of
//! all vectors of one value together, such as projections; it is not for functions that tell equal values apart when they part.
//! Equal means to `4 ε Σ|w|`, which rounding cannot tell apart.

use crate::ir::{Op, ValueId};
use crate::ops::contract::form_matmul;
use crate::ops::linalg::{matrix, outer_product, square, symmetric, told, triangle};
use crate::ops::rules::{Fault, Rule};
use crate::ops::{Builder, EvalError, NotDifferentiable, OpError};
use crate::scalar::Scalar;
use crate::tensor::{self, Factor, MatrixKind, Monoid, Tensor};
use crate::types::{AxisType, DType, Dim, Relation, TensorType, Unifier};

/// The types of the factors of `T […, m, n]`; that QR has `n ≤ m` may be told only when it runs.
pub(super) fn infer_factor(
    kind: Factor,
    a: &TensorType,
    dims: &mut Unifier,
) -> Result<Vec<TensorType>, OpError> {
    let [m, n] = matrix(kind.name(), 0, a)?.map(|dim| AxisType::new(dim.clone()));
    let with = |axes: &[&AxisType]| {
        let mut ty = a.clone();
        ty.shape.0.truncate(a.shape.rank() - 2);
        ty.shape.0.extend(axes.iter().map(|&axis| axis.clone()));
        ty
    };
    if let Factor::Cholesky | Factor::Lu | Factor::Eigh = kind {
        square(kind.name(), a, dims)?;
    }
    let rows = &a.shape.0[a.shape.rank() - 2];
    let cols = &a.shape.0[a.shape.rank() - 1];
    let k = AxisType::new(smaller(&m.dim, &n.dim, dims));
    Ok(match kind {
        Factor::Cholesky => vec![a.clone()],
        Factor::Lu => vec![a.clone(), a.clone(), a.clone()],
        Factor::Eigh => vec![with(&[rows]), a.clone()],
        Factor::Qr => {
            tall(&m.dim, &n.dim, dims)?;
            vec![a.clone(), with(&[&n, cols])]
        }
        Factor::Svd => vec![with(&[rows, &k]), with(&[&k]), with(&[&k, cols])],
        Factor::FullSvd => vec![with(&[rows, &m]), with(&[&k]), with(&[&n, cols])],
    })
}

fn tall(rows: &Dim, cols: &Dim, dims: &Unifier) -> Result<(), OpError> {
    if dims.decide(Relation::AtMost, cols, rows) == Some(false) {
        return Err(OpError::Wide {
            rows: dims.resolve(rows),
            cols: dims.resolve(cols),
        });
    }
    Ok(())
}

/// `min(m, n)`, and which one that is, if it can be told.
fn smaller(m: &Dim, n: &Dim, dims: &Unifier) -> Dim {
    let (m, n) = (dims.resolve(m), dims.resolve(n));
    match () {
        () if dims.decide(Relation::AtMost, &n, &m) == Some(true) => n,
        () if dims.decide(Relation::AtMost, &m, &n) == Some(true) => m,
        () => m.smaller(&n),
    }
}

/// The factors.
pub(super) fn eval_factor(kind: Factor, a: &Tensor) -> Result<Vec<Tensor>, EvalError> {
    if let (Factor::Qr, &[.., rows, cols]) = (kind, a.shape())
        && rows < cols
    {
        return Err(EvalError::Wide { rows, cols });
    }
    tensor::factor(kind, a).map_err(|error| told(kind.name(), a, error))
}

/// The cotangent of the matrix from those of its factors.
pub(super) fn vjp_factor(
    b: &mut Builder<'_>,
    kind: Factor,
    factors: &[ValueId],
    cotangents: &[Option<ValueId>],
) -> Rule {
    match (kind, factors, cotangents) {
        (Factor::Cholesky, &[l], &[Some(dl)]) => vjp_cholesky(b, l, dl),
        (Factor::Qr, &[q, r], &[dq, dr]) => vjp_qr(b, [q, r], [dq, dr]),
        (Factor::Lu, &[p, l, u], &[_, dl, du]) => vjp_lu(b, [p, l, u], [dl, du]),
        (Factor::Eigh, &[w, v], &[dw, dv]) => vjp_eigh(b, [w, v], [dw, dv]),
        (Factor::Svd, &[u, s, vt], &[du, ds, dvt]) => vjp_svd(b, [u, s, vt], [du, ds, dvt]),
        (Factor::FullSvd, ..) => Err(Fault::NotDifferentiable(NotDifferentiable {
            what: "svd",
            why: "with `full` its bases hold vectors that are free to turn; leave out `full`",
        })),
        (Factor::Cholesky | Factor::Qr | Factor::Lu | Factor::Eigh | Factor::Svd, ..) => {
            unreachable!("a rule is asked where a cotangent arrives, with one place a factor")
        }
    }
}

// What the rules have in common --------------------------------------------------------------------------------------------

/// The sum of what there is.
fn sum(b: &mut Builder<'_>, terms: impl IntoIterator<Item = Option<ValueId>>) -> Rule {
    let mut terms = terms.into_iter().flatten();
    let first = terms.next().expect("a cotangent arrives");
    terms.try_fold(first, |sum, term| Ok(b.map(Scalar::Add, &[sum, term])?))
}

/// `tril X + (strict tril X)ᵀ`
fn mirrored(b: &mut Builder<'_>, x: ValueId) -> Rule {
    let low = triangle(b, Scalar::Ge, x)?;
    let strict = triangle(b, Scalar::Gt, x)?;
    let high = b.transpose(strict)?;
    Ok(b.map(Scalar::Add, &[low, high])?)
}

/// `X R⁻ᵀ` where columns of the upper triangle `R` may depend on each other, which is told. Columns are brought to one size before, so
/// that units do not count as dependence.
fn divided_by_factor(b: &mut Builder<'_>, x: ValueId, r: ValueId) -> Rule {
    let sizes = column_sizes(b, r)?;
    let rows = as_rows(b, sizes, r)?;
    let scaled = b.map(Scalar::Div, &[r, rows])?;
    let quotient = divided(b, x, scaled, MatrixKind::General)?;
    let rows = as_rows(b, sizes, quotient)?;
    Ok(b.map(Scalar::Div, &[quotient, rows])?)
}

/// The largest size in each column, 1 of a column of zeros. The quotient does not depend on them, so neither does its gradient.
fn column_sizes(b: &mut Builder<'_>, a: ValueId) -> Rule {
    let (dtype, over) = (b.dtype(a), b.shape(a).rank() - 2);
    let sizes = b.map(Scalar::Abs, &[a])?;
    let sizes = b.op1(Op::Reduce(Monoid::Max, vec![over]), &[sizes])?;
    let (zero, one) = (b.number(0.0, dtype), b.number(1.0, dtype));
    let is_none = b.map(Scalar::Eq, &[sizes, zero])?;
    let sizes = b.map(Scalar::Select, &[is_none, one, sizes])?;
    Ok(b.op1(Op::StopGradient, &[sizes])?)
}

/// `X A⁻¹` by the transpose of `A`, of this kind
fn divided(b: &mut Builder<'_>, x: ValueId, at: ValueId, kind: MatrixKind) -> Rule {
    let xt = b.transpose(x)?;
    let solved = b.op1(Op::Solve(kind), &[at, xt])?;
    Ok(b.transpose(solved)?)
}

/// `Xᵀ Y`
fn inner_product(b: &mut Builder<'_>, x: ValueId, y: ValueId) -> Rule {
    let xt = b.transpose(x)?;
    Ok(form_matmul(b, xt, y)?)
}

/// A vector as every row of a matrix in the shape of another.
fn as_rows(b: &mut Builder<'_>, vector: ValueId, like: ValueId) -> Rule {
    let shape = b.shape(like).clone();
    let rank = shape.rank();
    let places = (0..rank - 2).chain([rank - 1]).collect();
    Ok(b.broadcast(vector, shape, places)?)
}

/// A vector as every column of a matrix in the shape of another.
fn as_columns(b: &mut Builder<'_>, vector: ValueId, like: ValueId) -> Rule {
    let shape = b.shape(like).clone();
    let places = (0..shape.rank() - 1).collect();
    Ok(b.broadcast(vector, shape, places)?)
}

/// `X diag(v)`
fn scaled_columns(b: &mut Builder<'_>, x: ValueId, v: ValueId) -> Rule {
    let rows = as_rows(b, v, x)?;
    Ok(b.map(Scalar::Mul, &[x, rows])?)
}

/// `1 / x`, and 0 where `x` is no more than rounding of the values: at most `4 ε Σ|values|`.
fn reciprocal(b: &mut Builder<'_>, x: ValueId, values: ValueId) -> Rule {
    let dtype = b.dtype(x);
    let shape = b.shape(x).clone();
    let last = b.shape(values).rank() - 1;
    let sizes = b.map(Scalar::Abs, &[values])?;
    let total = b.sum(sizes, vec![last])?;
    let unit = if dtype == DType::F32 {
        f64::from(f32::EPSILON)
    } else {
        f64::EPSILON
    };
    let unit = b.number(4.0 * unit, dtype);
    let bound = b.map(Scalar::Mul, &[total, unit])?;
    let bound = b.broadcast(bound, shape, (0..last).collect())?;
    let size = b.map(Scalar::Abs, &[x])?;
    let vanishes = b.map(Scalar::Le, &[size, bound])?;
    let (zero, one) = (b.number(0.0, dtype), b.number(1.0, dtype));
    let regular = b.map(Scalar::Select, &[vanishes, one, x])?;
    let inverse = b.map(Scalar::Div, &[one, regular])?;
    Ok(b.map(Scalar::Select, &[vanishes, zero, inverse])?)
}

// The rules ---------------------------------------------------------------------------------------------------------------

/// `dA = L⁻ᵀ C L⁻¹ / 2` with `M = Lᵀ dL` and `C = tril M + (strict tril M)ᵀ` (Murray 2016); symmetric.
fn vjp_cholesky(b: &mut Builder<'_>, l: ValueId, dl: ValueId) -> Rule {
    let m = inner_product(b, l, dl)?;
    let c = mirrored(b, m)?;
    let lt = b.transpose(l)?;
    let left = b.op1(Op::Solve(MatrixKind::Upper), &[lt, c])?;
    let da = divided(b, left, lt, MatrixKind::Upper)?;
    let half = b.number(0.5, b.dtype(da));
    Ok(b.map(Scalar::Mul, &[da, half])?)
}

/// `dA = (dQ + Q C) R⁻ᵀ` with `M = R dRᵀ − dQᵀ Q` and `C = tril M + (strict tril M)ᵀ`.
fn vjp_qr(b: &mut Builder<'_>, [q, r]: [ValueId; 2], [dq, dr]: [Option<ValueId>; 2]) -> Rule {
    let by_r = dr.map(|dr| outer_product(b, r, dr)).transpose()?;
    let mut by_q = None;
    if let Some(dq) = dq {
        let turn = inner_product(b, dq, q)?;
        by_q = Some(b.map(Scalar::Neg, &[turn])?);
    }
    let m = sum(b, [by_r, by_q])?;
    let c = mirrored(b, m)?;
    let qc = form_matmul(b, q, c)?;
    let w = sum(b, [dq, Some(qc)])?;
    divided_by_factor(b, w, r)
}

/// `dA = P L⁻ᵀ (strict tril(Lᵀ dL) + triu(dU Uᵀ)) U⁻ᵀ`; the permutation stays as it is.
fn vjp_lu(b: &mut Builder<'_>, [p, l, u]: [ValueId; 3], [dl, du]: [Option<ValueId>; 2]) -> Rule {
    let mut low = None;
    if let Some(dl) = dl {
        let m = inner_product(b, l, dl)?;
        low = Some(triangle(b, Scalar::Gt, m)?);
    }
    let mut high = None;
    if let Some(du) = du {
        let m = outer_product(b, du, u)?;
        high = Some(triangle(b, Scalar::Le, m)?);
    }
    if let (None, None) = (low, high) {
        return Ok(b.zeros(p)?);
    }
    let m = sum(b, [low, high])?;
    let lt = b.transpose(l)?;
    let left = b.op1(Op::Solve(MatrixKind::Upper), &[lt, m])?;
    let inner = divided_by_factor(b, left, u)?;
    Ok(form_matmul(b, p, inner)?)
}

/// `dA = V (diag dw + F ∘ Vᵀ dV) Vᵀ`, symmetrised, with `F = 1 / (wⱼ − wᵢ)` (Giles 2008).
fn vjp_eigh(b: &mut Builder<'_>, [w, v]: [ValueId; 2], [dw, dv]: [Option<ValueId>; 2]) -> Rule {
    let by_values = dw.map(|dw| scaled_columns(b, v, dw)).transpose()?;
    let mut by_vectors = None;
    if let Some(dv) = dv {
        let turn = inner_product(b, v, dv)?;
        let (wj, wi) = (as_rows(b, w, v)?, as_columns(b, w, v)?);
        let gap = b.map(Scalar::Sub, &[wj, wi])?;
        let f = reciprocal(b, gap, w)?;
        let turned = b.map(Scalar::Mul, &[f, turn])?;
        by_vectors = Some(form_matmul(b, v, turned)?);
    }
    let left = sum(b, [by_values, by_vectors])?;
    let da = outer_product(b, left, v)?;
    Ok(symmetric(b, da)?)
}

/// `dA = (U (K + diag ds) + (I − U Uᵀ) dU S⁻¹) Vᵀ + U S⁻¹ dVᵀ (I − V Vᵀ)` with `K = (A + C) / 2 ∘ 1 / (sⱼ − sᵢ) + (A − C) / 2 ∘ 1 /
/// (sⱼ + sᵢ)`, `A = skew(Uᵀ dU)`, `C = skew(Vᵀ dV)` (Townsend 2016, his quotients in partial fractions: only the first can vanish).
fn vjp_svd(
    b: &mut Builder<'_>,
    [u, s, vt]: [ValueId; 3],
    [du, ds, dvt]: [Option<ValueId>; 3],
) -> Rule {
    let v = b.transpose(vt)?;
    let dv = dvt.map(|dvt| b.transpose(dvt)).transpose()?;
    let by_values = ds.map(|ds| scaled_columns(b, u, ds)).transpose()?;
    let turns = [(u, du), (v, dv)].map(|(basis, d)| d.map(|d| skew_turn(b, basis, d)).transpose());
    let [left, right] = turns;
    let by_turn = turned(b, u, s, [left?, right?])?;
    let beside_u = du.map(|du| beside(b, u, s, du)).transpose()?.flatten();
    let beside_v = dv.map(|dv| beside(b, v, s, dv)).transpose()?.flatten();
    let terms = [by_values, by_turn, beside_u];
    let within = sum(b, terms)?;
    let within = form_matmul(b, within, vt)?;
    let outside = beside_v
        .map(|right| outer_product(b, u, right))
        .transpose()?;
    sum(b, [Some(within), outside])
}

/// `skew(Xᵀ dX)`
fn skew_turn(b: &mut Builder<'_>, x: ValueId, dx: ValueId) -> Rule {
    let turn = inner_product(b, x, dx)?;
    let transposed = b.transpose(turn)?;
    Ok(b.map(Scalar::Sub, &[turn, transposed])?)
}

/// `U K`, if either basis has a cotangent
fn turned(
    b: &mut Builder<'_>,
    u: ValueId,
    s: ValueId,
    turns: [Option<ValueId>; 2],
) -> Result<Option<ValueId>, Fault> {
    let (together, apart) = match turns {
        [None, None] => return Ok(None),
        [Some(left), None] => (left, left),
        [None, Some(right)] => (right, b.map(Scalar::Neg, &[right])?),
        [Some(left), Some(right)] => (
            b.map(Scalar::Add, &[left, right])?,
            b.map(Scalar::Sub, &[left, right])?,
        ),
    };
    let (sj, si) = (as_rows(b, s, together)?, as_columns(b, s, together)?);
    let gap = b.map(Scalar::Sub, &[sj, si])?;
    let total = b.map(Scalar::Add, &[sj, si])?;
    let (per_gap, per_total) = (reciprocal(b, gap, s)?, reciprocal(b, total, s)?);
    let together = b.map(Scalar::Mul, &[together, per_gap])?;
    let apart = b.map(Scalar::Mul, &[apart, per_total])?;
    let k = b.map(Scalar::Add, &[together, apart])?;
    let half = b.number(0.5, b.dtype(k));
    let k = b.map(Scalar::Mul, &[k, half])?;
    Ok(Some(form_matmul(b, u, k)?))
}

/// `(I − X Xᵀ) dX S⁻¹`. A square basis leaves nothing beside it, and what rounding leaves must not be divided by small values.
fn beside(
    b: &mut Builder<'_>,
    x: ValueId,
    s: ValueId,
    dx: ValueId,
) -> Result<Option<ValueId>, Fault> {
    let turn = inner_product(b, x, dx)?;
    if b.shape(x) == b.shape(turn) {
        return Ok(None);
    }
    let inside = form_matmul(b, x, turn)?;
    let outside = b.map(Scalar::Sub, &[dx, inside])?;
    let per_value = reciprocal(b, s, s)?;
    Ok(Some(scaled_columns(b, outside, per_value)?))
}
