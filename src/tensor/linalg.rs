//! Inverses, linear systems and QR, by faer's decompositions: matrices in the last two axes, any axes before them.

use faer::linalg::solvers::{DenseSolveCore, PartialPivLu, Qr, Solve};
use faer::prelude::ReborrowMut;
use faer::{Mat, MatRef, Par};
use thiserror::Error;

use crate::scalar::math::Float;
use crate::tensor::product::Real;
use crate::tensor::{Data, MatrixKind, Tensor};

/// Why a decomposition gives no answer.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum LinalgError {
    /// The matrix is singular to the precision of its element type.
    #[error("matrix {batch} is singular: its condition number is about {condition:.1e}")]
    Singular {
        /// Which matrix, counted over all axes but the last two.
        batch: usize,
        /// Estimate of `‖A‖₁ ‖A⁻¹‖₁`; infinite if `A⁻¹` does not exist.
        condition: f64,
    },
    /// The matrix holds a NaN or an infinity.
    #[error("matrix {batch} holds a number that is not finite")]
    NotFinite {
        /// Which matrix, counted over all axes but the last two.
        batch: usize,
    },
}

/// The inverses of square matrices `[…, n, n]`, `f32` or `f64`. Singular if the condition exceeds `1/ε` of the element type.
pub fn inverse(a: &Tensor) -> Result<Tensor, LinalgError> {
    let n = a.shape[a.rank() - 1];
    let shape = a.shape.clone();
    match &a.data {
        Data::F32(v) => Ok(Tensor::from_vec(shape, inverses(v, n)?)),
        Data::F64(v) => Ok(Tensor::from_vec(shape, inverses(v, n)?)),
        Data::I64(_) | Data::I32(_) | Data::U8(_) | Data::Bool(_) => not_float("inverse"),
    }
}

/// `X` with `A X = B`: `a` is `[…, n, n]`; `b` is `[…, n, k]`, or with one axis less than `a` a vector `[…, n]`. The axes before are
/// equal. A general matrix is singular as for [`inverse`], a triangular one if a zero is on its diagonal. Of a triangular matrix
/// only its triangle is read.
pub fn solve(kind: MatrixKind, a: &Tensor, b: &Tensor) -> Result<Tensor, LinalgError> {
    let n = a.shape[a.rank() - 1];
    let k = if b.rank() < a.rank() {
        1
    } else {
        b.shape[b.rank() - 1]
    };
    let shape = b.shape.clone();
    match (&a.data, &b.data) {
        (Data::F32(a), Data::F32(b)) => Ok(Tensor::from_vec(shape, solutions(kind, a, b, [n, k])?)),
        (Data::F64(a), Data::F64(b)) => Ok(Tensor::from_vec(shape, solutions(kind, a, b, [n, k])?)),
        _ => not_float("solve"),
    }
}

/// Thin `Q R = A` of matrices `[…, m, n]` with `m ≥ n`: `Q` is `[…, m, n]` with orthonormal columns, `R` is `[…, n, n]`, zero below
/// the diagonal and not negative on it.
pub fn qr(a: &Tensor) -> Result<(Tensor, Tensor), LinalgError> {
    let [batch @ .., m, n] = a.shape.as_slice() else {
        unreachable!("checked: `qr` takes matrices")
    };
    let r_shape = [batch, &[*n, *n]].concat();
    match &a.data {
        Data::F32(v) => factors(v, *m, *n).map(|(q, r)| {
            (
                Tensor::from_vec(a.shape.clone(), q),
                Tensor::from_vec(r_shape, r),
            )
        }),
        Data::F64(v) => factors(v, *m, *n).map(|(q, r)| {
            (
                Tensor::from_vec(a.shape.clone(), q),
                Tensor::from_vec(r_shape, r),
            )
        }),
        Data::I64(_) | Data::I32(_) | Data::U8(_) | Data::Bool(_) => not_float("qr"),
    }
}

fn not_float<T>(op: &str) -> T {
    unreachable!("checked: `{op}` takes floats of one element type")
}

/// The matrices of a tensor with their numbers, all of them finite. faer is told to use one thread, so that bytes depend on no setting.
fn matrices<T: Real>(
    v: &[T],
    rows: usize,
    columns: usize,
) -> impl Iterator<Item = Result<(usize, MatRef<'_, T>), LinalgError>> {
    faer::set_global_parallelism(Par::Seq);
    v.chunks_exact((rows * columns).max(1))
        .enumerate()
        .map(move |(batch, elements)| {
            if elements.iter().all(|&x| Float::is_finite(x)) {
                Ok((batch, MatRef::from_row_major_slice(elements, rows, columns)))
            } else {
                Err(LinalgError::NotFinite { batch })
            }
        })
}

fn push<T: Real>(out: &mut Vec<T>, matrix: MatRef<'_, T>) {
    for i in 0..matrix.nrows() {
        out.extend((0..matrix.ncols()).map(|j| matrix[(i, j)]));
    }
}

fn inverses<T: Real>(v: &[T], n: usize) -> Result<Vec<T>, LinalgError> {
    let mut out = Vec::with_capacity(v.len());
    for matrix in matrices(v, n, n) {
        let (batch, a) = matrix?;
        let inverse = a.partial_piv_lu().inverse();
        regular::<T>(batch, norm(a) * norm(inverse.as_ref()))?;
        push(&mut out, inverse.as_ref());
    }
    Ok(out)
}

/// `‖A‖₁`, the largest column sum of absolute values
fn norm<T: Real>(a: MatRef<'_, T>) -> f64 {
    let sum = |j: usize| {
        (0..a.nrows())
            .map(|i| Float::to_f64(Float::abs(a[(i, j)])))
            .sum::<f64>()
    };
    (0..a.ncols()).map(sum).fold(0.0, Float::max)
}

fn regular<T: Real>(batch: usize, condition: f64) -> Result<(), LinalgError> {
    let limit = 1.0 / Float::to_f64(<T as Float>::EPSILON);
    if condition <= limit {
        return Ok(());
    }
    let condition = if condition.is_nan() {
        f64::INFINITY
    } else {
        condition
    };
    Err(LinalgError::Singular { batch, condition })
}

fn solutions<T: Real>(
    kind: MatrixKind,
    a: &[T],
    b: &[T],
    [n, k]: [usize; 2],
) -> Result<Vec<T>, LinalgError> {
    let mut out = Vec::with_capacity(b.len());
    let sides = b.chunks_exact((n * k).max(1));
    for (matrix, side) in matrices(a, n, n).zip(sides) {
        let (batch, a) = matrix?;
        let mut x = MatRef::from_row_major_slice(side, n, k).to_owned();
        match kind {
            MatrixKind::General => {
                let lu = a.partial_piv_lu();
                regular::<T>(batch, norm(a) * inverse_norm(&lu, n))?;
                lu.solve_in_place(x.rb_mut());
            }
            MatrixKind::Lower => {
                diagonal_is_regular(batch, a)?;
                a.solve_lower_triangular_in_place(x.rb_mut());
            }
            MatrixKind::Upper => {
                diagonal_is_regular(batch, a)?;
                a.solve_upper_triangular_in_place(x.rb_mut());
            }
        }
        push(&mut out, x.as_ref());
    }
    Ok(out)
}

fn diagonal_is_regular<T: Real>(batch: usize, a: MatRef<'_, T>) -> Result<(), LinalgError> {
    let condition = f64::INFINITY;
    let has_zero = (0..a.nrows()).any(|i| a[(i, i)] == <T as Float>::ZERO);
    if has_zero {
        Err(LinalgError::Singular { batch, condition })
    } else {
        Ok(())
    }
}

/// Estimates `‖A⁻¹‖₁` from below by Hager's method: climbs from column to column of `A⁻¹` along the gradient of the norm.
fn inverse_norm<T: Real>(lu: &PartialPivLu<T>, n: usize) -> f64 {
    let mut x = Mat::from_fn(n, 1, |_, _| Float::from_f64(1.0 / n as f64));
    let mut estimate = 0.0;
    for _ in 0..5 {
        let y: Mat<T> = lu.solve(&x);
        estimate = Float::max(estimate, norm(y.as_ref()));
        let signs = Mat::from_fn(n, 1, |i, _| {
            if y[(i, 0)] < <T as Float>::ZERO {
                -<T as Float>::ONE
            } else {
                <T as Float>::ONE
            }
        });
        let z: Mat<T> = lu.solve_transpose(&signs);
        let at = |i: usize| Float::to_f64(Float::abs(z[(i, 0)]));
        let steepest = (0..n).fold(0, |best, i| if at(i) > at(best) { i } else { best });
        let slope: f64 = (0..n)
            .map(|i| Float::to_f64(z[(i, 0)]) * Float::to_f64(x[(i, 0)]))
            .sum();
        if at(steepest) <= slope {
            break;
        }
        x = Mat::from_fn(n, 1, |i, _| {
            if i == steepest {
                <T as Float>::ONE
            } else {
                <T as Float>::ZERO
            }
        });
    }
    estimate
}

fn factors<T: Real>(v: &[T], m: usize, n: usize) -> Result<(Vec<T>, Vec<T>), LinalgError> {
    let (mut q, mut r) = (Vec::with_capacity(v.len()), Vec::new());
    for matrix in matrices(v, m, n) {
        let qr = Qr::new(matrix?.1);
        let signs: Vec<T> = (0..n).map(|i| sign_of(qr.thin_R()[(i, i)])).collect();
        let q_signed = qr.compute_thin_Q();
        push(
            &mut q,
            Mat::from_fn(m, n, |i, j| q_signed[(i, j)] * signs[j]).as_ref(),
        );
        let upper = |i: usize, j: usize| {
            if i <= j {
                qr.thin_R()[(i, j)] * signs[i]
            } else {
                <T as Float>::ZERO
            }
        };
        push(&mut r, Mat::from_fn(n, n, upper).as_ref());
    }
    Ok((q, r))
}

/// −1 of negative numbers, else 1
fn sign_of<T: Real>(x: T) -> T {
    if x < <T as Float>::ZERO {
        -<T as Float>::ONE
    } else {
        <T as Float>::ONE
    }
}
