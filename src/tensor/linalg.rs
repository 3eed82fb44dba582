//! Inverses and linear systems, by faer's decompositions: matrices in the last two axes, any axes before them.

use faer::linalg::solvers::{DenseSolveCore, Solve};
use faer::prelude::ReborrowMut;
use faer::{MatRef, Par};
use thiserror::Error;

use crate::scalar::math::Float;
use crate::tensor::condition::{inverse_norm, norm};
use crate::tensor::factor::cholesky;
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
    /// The symmetric part of the matrix is not positive definite.
    #[error("matrix {batch} is not positive definite: its first {block} rows and columns are not")]
    NotPositive {
        /// Which matrix, counted over all axes but the last two.
        batch: usize,
        /// How many rows and columns it takes to see it.
        block: usize,
        /// Its smallest and largest eigenvalue, if they can be told.
        values: Option<[f64; 2]>,
    },
    /// The iteration for eigenvalues or singular values does not settle.
    #[error("the iteration for matrix {batch} does not settle")]
    Unsettled {
        /// Which matrix, counted over all axes but the last two.
        batch: usize,
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
/// equal. A matrix is singular as for [`inverse`], a triangular one if a zero is on its diagonal. Of a triangular matrix only its
/// triangle is read, of a positive definite one its symmetric part.
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

pub(super) fn not_float<T>(op: &str) -> T {
    unreachable!("checked: `{op}` takes floats of one element type")
}

/// The matrices of a tensor with their numbers, all of them finite. faer is told to use one thread, so that bytes depend on no setting.
pub(super) fn matrices<T: Real>(
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

pub(super) fn push<T: Real>(out: &mut Vec<T>, matrix: MatRef<'_, T>) {
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
            MatrixKind::Spd => {
                let llt = cholesky(batch, a)?;
                regular::<T>(batch, norm(a) * inverse_norm(&llt, n))?;
                llt.solve_in_place(x.rb_mut());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Contract, Distribution, contract, random};
    use crate::types::DType;

    fn noise(shape: &[usize], dtype: DType) -> Tensor {
        random(Distribution::Normal, 7, 1, 0, shape, dtype)
    }

    fn times(x: &Tensor, y: &Tensor) -> Tensor {
        let letters = |text: &str| text.bytes().collect();
        let (lhs, rhs, out) = (letters("bik"), letters("bkj"), letters("bij"));
        contract(&Contract { lhs, rhs, out }, x, y)
    }

    fn distance(x: &Tensor, y: &Tensor) -> f64 {
        assert_eq!(x.shape(), y.shape());
        let pairs = x.to_f64().into_iter().zip(y.to_f64());
        pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
    }

    fn identity(b: usize, n: usize) -> Tensor {
        let diagonal = (0..b * n * n).map(|i| f64::from((i % (n * n)).is_multiple_of(n + 1)));
        Tensor::from_vec(vec![b, n, n], diagonal.collect())
    }

    #[test]
    fn an_inverse_and_a_solution_undo_the_matrix() -> Result<(), LinalgError> {
        for (dtype, tolerance) in [(DType::F32, 2e-3), (DType::F64, 1e-11)] {
            for n in [1, 2, 5, 16, 40] {
                let (a, b) = (noise(&[3, n, n], dtype), noise(&[3, n, 2], dtype));
                assert!(
                    distance(&times(&a, &inverse(&a)?), &identity(3, n).cast(dtype)) < tolerance
                );
                let x = solve(MatrixKind::General, &a, &b)?;
                assert!(distance(&times(&a, &x), &b) < tolerance);
                let vector = solve(MatrixKind::General, &a, &noise(&[3, n], dtype))?;
                assert_eq!(vector.shape(), [3, n]);
                assert!(
                    distance(
                        &times(&a, &vector.with_shape(vec![3, n, 1])),
                        &noise(&[3, n, 1], dtype)
                    ) < tolerance
                );
            }
        }
        Ok(())
    }

    #[test]
    fn triangular_solvers_read_their_triangle_only() -> Result<(), LinalgError> {
        let a = Tensor::from_vec(vec![2, 2], vec![2.0f64, 9.0, 1.0, 4.0]);
        let b = Tensor::from_vec(vec![2], vec![2.0f64, 9.0]);
        assert_eq!(solve(MatrixKind::Lower, &a, &b)?.to_f64(), [1.0, 2.0]);
        assert_eq!(solve(MatrixKind::Upper, &a, &b)?.to_f64(), [-9.125, 2.25]);
        Ok(())
    }

    #[test]
    fn singular_matrices_are_refused_by_their_number() {
        let a = Tensor::from_vec(
            vec![2, 2, 2],
            vec![1.0f32, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 4.0],
        );
        let b = noise(&[2, 2], DType::F32);
        assert!(matches!(
            inverse(&a),
            Err(LinalgError::Singular { batch: 1, .. })
        ));
        assert!(matches!(
            solve(MatrixKind::General, &a, &b),
            Err(LinalgError::Singular { batch: 1, .. })
        ));
        let zero = Tensor::full(DType::F64, &[3, 3], 0.0);
        assert_eq!(
            inverse(&zero),
            Err(LinalgError::Singular {
                batch: 0,
                condition: f64::INFINITY
            })
        );
        let triangle = Tensor::from_vec(vec![2, 2], vec![1.0f64, 5.0, 3.0, 0.0]);
        assert!(
            solve(
                MatrixKind::Upper,
                &triangle,
                &Tensor::full(DType::F64, &[2], 1.0)
            )
            .is_err()
        );
        let nan = Tensor::from_vec(vec![1, 1], vec![f64::NAN]);
        assert_eq!(inverse(&nan), Err(LinalgError::NotFinite { batch: 0 }));
    }

    /// Hilbert matrices are the worst of the well-known: the residual stays small all the same, as partial pivoting promises.
    #[test]
    fn residuals_stay_small_where_solutions_cannot() -> Result<(), LinalgError> {
        let n = 10;
        let hilbert = (0..n * n)
            .map(|i| 1.0 / ((i / n + i % n) as f64 + 1.0))
            .collect();
        let a = Tensor::from_vec(vec![1, n, n], hilbert);
        let b = Tensor::full(DType::F64, &[1, n, 1], 1.0);
        let x = solve(MatrixKind::General, &a, &b)?;
        let size = x
            .to_f64()
            .into_iter()
            .fold(0.0, |max: f64, x| max.max(x.abs()));
        assert!(distance(&times(&a, &x), &b) < 4.0 * f64::EPSILON * size * n as f64);
        assert!(
            matches!(inverse(&a.cast(DType::F32)), Err(LinalgError::Singular { condition, .. }) if condition > 8e6)
        );
        Ok(())
    }

    #[test]
    fn nothing_gives_nothing() -> Result<(), LinalgError> {
        let none = Tensor::full(DType::F64, &[0, 3, 3], 1.0);
        assert_eq!(inverse(&none)?.shape(), [0, 3, 3]);
        let empty = Tensor::full(DType::F64, &[2, 0, 0], 1.0);
        assert_eq!(
            solve(
                MatrixKind::General,
                &empty,
                &Tensor::full(DType::F64, &[2, 0, 4], 1.0)
            )?
            .shape(),
            [2, 0, 4]
        );
        Ok(())
    }
}
