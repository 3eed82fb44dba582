//! Matrices as products, by faer: Cholesky, QR, LU, eigenvectors, singular values. Matrices in the last two axes, any axes before
//! them. Where mathematics leaves signs open they are fixed, so that equal matrices have equal factors everywhere: the diagonal of
//! `R` is not negative, and of each eigenvector and each column of `U` the element of largest size is positive.

use faer::linalg::solvers::{Llt, Qr, SelfAdjointEigen, Svd};
use faer::{Mat, MatRef, Side};

use crate::scalar::math::Float;
use crate::tensor::linalg::{matrices, not_float, push};
use crate::tensor::product::Real;
use crate::tensor::{Data, Factor, LinalgError, Tensor};

/// The factors of matrices `[…, m, n]` of floats: square where [`Factor`] says so, and with `m ≥ n` for QR. Of a matrix that should be
/// symmetric its symmetric part is taken, `(A + Aᵀ) / 2`.
pub fn factor(kind: Factor, a: &Tensor) -> Result<Vec<Tensor>, LinalgError> {
    match &a.data {
        Data::F32(v) => factors(kind, a, v),
        Data::F64(v) => factors(kind, a, v),
        Data::I64(_) | Data::I32(_) | Data::U8(_) | Data::Bool(_) => not_float(kind.name()),
    }
}

fn factors<T: Real>(kind: Factor, a: &Tensor, v: &[T]) -> Result<Vec<Tensor>, LinalgError> {
    let [lead @ .., m, n] = a.shape.as_slice() else {
        unreachable!("checked: a matrix has rows and columns")
    };
    let mut found = vec![vec![]; kind.n_results()];
    if v.is_empty() {
        found = of_nothing(kind, lead.iter().product(), [*m, *n]);
    }
    for matrix in matrices(v, *m, *n) {
        let (batch, matrix) = matrix?;
        for (out, part) in found.iter_mut().zip(parts(kind, batch, matrix)?) {
            push(out, part.as_ref());
        }
    }
    let shapes = shapes(kind, [*m, *n]).into_iter();
    let tensors = shapes.zip(found).map(|(own, elements)| {
        let shape = [lead, own.as_slice()].concat();
        Tensor::from_vec(shape, elements)
    });
    Ok(tensors.collect())
}

/// The axes of each factor.
fn shapes(kind: Factor, [m, n]: [usize; 2]) -> Vec<Vec<usize>> {
    let k = m.min(n);
    match kind {
        Factor::Cholesky => vec![vec![n, n]],
        Factor::Qr => vec![vec![m, n], vec![n, n]],
        Factor::Lu => vec![vec![n, n]; 3],
        Factor::Eigh => vec![vec![n], vec![n, n]],
        Factor::Svd => vec![vec![m, k], vec![k], vec![k, n]],
        Factor::FullSvd => vec![vec![m, m], vec![k], vec![n, n]],
    }
}

/// Factors of matrices without elements: the full bases are all that has any.
fn of_nothing<T: Real>(kind: Factor, n_matrices: usize, [m, n]: [usize; 2]) -> Vec<Vec<T>> {
    let mut found = vec![vec![]; kind.n_results()];
    if kind == Factor::FullSvd {
        for _ in 0..n_matrices {
            push(&mut found[0], Mat::<T>::identity(m, m).as_ref());
            push(&mut found[2], Mat::<T>::identity(n, n).as_ref());
        }
    }
    found
}

/// The factors of one matrix; vectors as columns.
fn parts<T: Real>(
    kind: Factor,
    batch: usize,
    a: MatRef<'_, T>,
) -> Result<Vec<Mat<T>>, LinalgError> {
    match kind {
        Factor::Cholesky => {
            let llt = cholesky(batch, a)?;
            Ok(vec![where_at(llt.L(), |i, j| i >= j)])
        }
        Factor::Qr => Ok(qr(a)),
        Factor::Lu => Ok(lu(a)),
        Factor::Eigh => eigh(batch, a),
        Factor::Svd => values_and_bases(Svd::new_thin(a)).ok_or(LinalgError::Unsettled { batch }),
        Factor::FullSvd => values_and_bases(Svd::new(a)).ok_or(LinalgError::Unsettled { batch }),
    }
}

/// Factors the symmetric part.
pub(super) fn cholesky<T: Real>(batch: usize, a: MatRef<'_, T>) -> Result<Llt<T>, LinalgError> {
    use faer::linalg::cholesky::llt::factor::LltError::NonPositivePivot;
    let not_positive = |NonPositivePivot { index }| LinalgError::NotPositive {
        batch,
        block: index + 1,
        values: extremes(batch, a),
    };
    Llt::new(symmetric(a).as_ref(), Side::Lower).map_err(not_positive)
}

/// The smallest and the largest eigenvalue of the symmetric part.
fn extremes<T: Real>(batch: usize, a: MatRef<'_, T>) -> Option<[f64; 2]> {
    let found = eigh(batch, a).ok()?;
    let value = |at: usize| Float::to_f64(found[0][(at, 0)]);
    Some([value(0), value(a.nrows() - 1)])
}

/// `(A + Aᵀ) / 2`
fn symmetric<T: Real>(a: MatRef<'_, T>) -> Mat<T> {
    let half: T = Float::from_f64(0.5);
    // Halved before they meet, large numbers do not overflow.
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| {
        a[(i, j)] * half + a[(j, i)] * half
    })
}

/// The elements at these places, zero elsewhere.
fn where_at<T: Real>(a: MatRef<'_, T>, keeps: impl Fn(usize, usize) -> bool) -> Mat<T> {
    Mat::from_fn(a.nrows(), a.ncols(), |i, j| match keeps(i, j) {
        true => a[(i, j)],
        false => <T as Float>::ZERO,
    })
}

fn qr<T: Real>(a: MatRef<'_, T>) -> Vec<Mat<T>> {
    let (m, n) = (a.nrows(), a.ncols());
    let qr = Qr::new(a);
    let (q, r) = (qr.compute_thin_Q(), where_at(qr.thin_R(), |i, j| i <= j));
    let signs: Vec<T> = (0..n).map(|i| sign_of(r[(i, i)])).collect();
    vec![
        Mat::from_fn(m, n, |i, j| q[(i, j)] * signs[j]),
        Mat::from_fn(n, n, |i, j| r[(i, j)] * signs[i]),
    ]
}

/// −1 of negative numbers, else 1
fn sign_of<T: Real>(x: T) -> T {
    if x < <T as Float>::ZERO {
        -<T as Float>::ONE
    } else {
        <T as Float>::ONE
    }
}

/// `P`, `L`, `U` by elimination with partial pivoting.
fn lu<T: Real>(a: MatRef<'_, T>) -> Vec<Mat<T>> {
    let n = a.nrows();
    let lu = a.partial_piv_lu();
    let (l, u) = (lu.L().to_owned(), lu.U().to_owned());
    let all_finite = |x: &Mat<T>| (0..n * n).all(|at| Float::is_finite(x[(at / n, at % n)]));
    if !(all_finite(&l) && all_finite(&u)) {
        return eliminated(a);
    }
    let from = lu.P().arrays().0;
    vec![
        permutation(from),
        where_at(l.as_ref(), |i, j| i >= j),
        where_at(u.as_ref(), |i, j| i <= j),
    ]
}

/// The matrix that brings row `i` to row `from[i]`.
fn permutation<T: Real>(from: &[usize]) -> Mat<T> {
    let is_one = |i: usize, j: usize| f64::from(from[j] == i);
    Mat::from_fn(from.len(), from.len(), |i, j| Float::from_f64(is_one(i, j)))
}

/// The same where a column has no pivot, which faer divides by: it is left as it is.
fn eliminated<T: Real>(a: MatRef<'_, T>) -> Vec<Mat<T>> {
    let n = a.nrows();
    let (mut u, mut l) = (a.to_owned(), Mat::<T>::identity(n, n));
    let mut from: Vec<usize> = (0..n).collect();
    for k in 0..n {
        let pivot = k + largest((k..n).map(|i| u[(i, k)]));
        if u[(pivot, k)] == <T as Float>::ZERO {
            continue;
        }
        from.swap(k, pivot);
        (0..n).for_each(|j| swap(&mut u, j, [k, pivot]));
        (0..k).for_each(|j| swap(&mut l, j, [k, pivot]));
        for i in k + 1..n {
            let multiple = u[(i, k)] / u[(k, k)];
            l[(i, k)] = multiple;
            (k..n).for_each(|j| u[(i, j)] = u[(i, j)] - multiple * u[(k, j)]);
        }
    }
    vec![permutation(&from), l, where_at(u.as_ref(), |i, j| i <= j)]
}

fn swap<T: Real>(a: &mut Mat<T>, column: usize, [i, j]: [usize; 2]) {
    let (x, y) = (a[(i, column)], a[(j, column)]);
    a[(i, column)] = y;
    a[(j, column)] = x;
}

/// The place of the first number of largest size.
fn largest<T: Real>(numbers: impl Iterator<Item = T>) -> usize {
    let sizes = numbers.map(|x| Float::abs(x)).enumerate();
    let larger = |best: (usize, T), (at, size): (usize, T)| match size > best.1 {
        true => (at, size),
        false => best,
    };
    sizes.fold((0, <T as Float>::ZERO), larger).0
}

/// `w`, `V` of the symmetric part.
fn eigh<T: Real>(batch: usize, a: MatRef<'_, T>) -> Result<Vec<Mat<T>>, LinalgError> {
    let evd = SelfAdjointEigen::new(symmetric(a).as_ref(), Side::Lower)
        .map_err(|_| LinalgError::Unsettled { batch })?;
    let (values, vectors) = (evd.S().column_vector(), evd.U());
    let signs = signs(vectors);
    Ok(vec![
        Mat::from_fn(a.nrows(), 1, |i, _| values[i]),
        Mat::from_fn(a.nrows(), a.nrows(), |i, j| vectors[(i, j)] * signs[j]),
    ])
}

/// The sign of each column's element of largest size.
fn signs<T: Real>(a: MatRef<'_, T>) -> Vec<T> {
    let largest_of = |j: usize| largest((0..a.nrows()).map(|i| a[(i, j)]));
    let sign = |j: usize| sign_of(a[(largest_of(j), j)]);
    (0..a.ncols()).map(sign).collect()
}

/// `U`, `s`, `Vᵀ`, if the iteration settled
fn values_and_bases<T: Real, E>(svd: Result<Svd<T>, E>) -> Option<Vec<Mat<T>>> {
    let svd = svd.ok()?;
    let (u, v, values) = (svd.U(), svd.V(), svd.S().column_vector());
    let k = values.nrows();
    let (left, right) = (signs(u), signs(v));
    // Columns of both sides that share a value turn together.
    let turn = |j: usize| if j < k { left[j] } else { right[j] };
    Some(vec![
        Mat::from_fn(u.nrows(), u.ncols(), |i, j| u[(i, j)] * left[j]),
        Mat::from_fn(k, 1, |i, _| values[i]),
        Mat::from_fn(v.ncols(), v.nrows(), |j, i| v[(i, j)] * turn(j)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::layout::permute;
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

    fn transposed(x: &Tensor) -> Tensor {
        permute(x, &[0, 2, 1])
    }

    fn distance(x: &Tensor, y: &Tensor) -> f64 {
        assert_eq!(x.shape(), y.shape());
        let pairs = x.to_f64().into_iter().zip(y.to_f64());
        pairs.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max)
    }

    /// Square matrices with these numbers on their diagonals.
    fn diagonal(values: &Tensor) -> Tensor {
        let [b, n] = *values.shape() else {
            unreachable!("a row a matrix")
        };
        let numbers = values.to_f64();
        let at = |place: usize| {
            let (i, j) = (place / n % n, place % n);
            if i == j {
                numbers[place / (n * n) * n + j]
            } else {
                0.0
            }
        };
        Tensor::from_vec(vec![b, n, n], (0..b * n * n).map(at).collect::<Vec<f64>>())
    }

    fn identity(b: usize, n: usize) -> Tensor {
        diagonal(&Tensor::full(DType::F64, &[b, n], 1.0))
    }

    fn spd(n: usize, dtype: DType) -> Tensor {
        let x = noise(&[2, n, n + 3], DType::F64);
        times(&x, &transposed(&x)).cast(dtype)
    }

    /// Zero on one side of the diagonal.
    fn is_triangle(x: &Tensor, is_lower: bool) -> bool {
        let n = x.shape()[2];
        let is_outside = |place: usize| {
            let (i, j) = (place / n % n, place % n);
            if is_lower { i < j } else { i > j }
        };
        let numbers = x.to_f64().into_iter().enumerate();
        numbers
            .filter(|(place, _)| is_outside(*place))
            .all(|(_, x)| x == 0.0)
    }

    #[test]
    fn qr_is_orthonormal_times_upper() -> Result<(), LinalgError> {
        for (m, n) in [(1, 1), (3, 2), (7, 7), (40, 12)] {
            let a = noise(&[2, m, n], DType::F64);
            let parts = factor(Factor::Qr, &a)?;
            let (q, r) = (&parts[0], &parts[1]);
            assert!(distance(&times(q, r), &a) < 1e-12 && is_triangle(r, false));
            assert!(distance(&times(&transposed(q), q), &identity(2, n)) < 1e-12);
            let r = r.to_f64();
            assert!((0..2 * n).all(|i| r[i * n + i % n] >= 0.0));
        }
        Ok(())
    }

    #[test]
    fn cholesky_squares_to_the_matrix() -> Result<(), LinalgError> {
        for (dtype, tolerance) in [(DType::F32, 1e-4), (DType::F64, 1e-12)] {
            for n in [1, 3, 17] {
                let a = spd(n, dtype);
                let l = &factor(Factor::Cholesky, &a)?[0];
                assert!(is_triangle(l, true));
                assert!(distance(&times(l, &transposed(l)), &a) < tolerance * n as f64);
            }
        }
        Ok(())
    }

    #[test]
    fn what_is_not_positive_definite_is_refused_by_its_number() {
        let numbers = vec![2.0f64, 0.0, 0.0, 3.0, 1.0, 2.0, 2.0, 4.0];
        let a = Tensor::from_vec(vec![2, 2, 2], numbers);
        let refused = factor(Factor::Cholesky, &a);
        assert!(
            matches!(refused, Err(LinalgError::NotPositive { batch: 1, block: 2, values: Some([least, most]) })
                if least.abs() < 1e-15 && (most - 5.0).abs() < 1e-14)
        );
        let zero = Tensor::full(DType::F64, &[40, 40], 0.0);
        let refused = LinalgError::NotPositive {
            batch: 0,
            block: 1,
            values: Some([0.0, 0.0]),
        };
        assert_eq!(factor(Factor::Cholesky, &zero), Err(refused));
        let nan = Tensor::full(DType::F64, &[1, 1], f64::NAN);
        assert_eq!(
            factor(Factor::Eigh, &nan),
            Err(LinalgError::NotFinite { batch: 0 })
        );
    }

    #[test]
    fn lu_permutes_even_where_pivots_are_missing() -> Result<(), LinalgError> {
        let singular = vec![0.0f64, 0.0, 1.0, 0.0, 0.0, 2.0, 0.0, 3.0, 4.0];
        let singular = Tensor::from_vec(vec![1, 3, 3], singular);
        let zero = Tensor::full(DType::F64, &[1, 2, 2], 0.0);
        for a in [
            noise(&[2, 9, 9], DType::F64),
            noise(&[1, 40, 40], DType::F64),
            singular,
            zero,
        ] {
            let parts = factor(Factor::Lu, &a)?;
            let (p, l, u) = (&parts[0], &parts[1], &parts[2]);
            assert!(is_triangle(l, true) && is_triangle(u, false));
            assert!(distance(&times(&times(p, l), u), &a) < 1e-12);
            assert!(l.to_f64().iter().all(|x| x.abs() <= 1.0));
        }
        Ok(())
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_values_ascend() -> Result<(), LinalgError> {
        for n in [1, 2, 9, 33] {
            let a = spd(n, DType::F64);
            let parts = factor(Factor::Eigh, &a)?;
            let (w, v) = (&parts[0], &parts[1]);
            assert!(w.to_f64().chunks(n).all(|w| w.is_sorted()));
            let product = times(&times(v, &diagonal(w)), &transposed(v));
            assert!(distance(&product, &a) < 1e-12 * (n * n) as f64);
            assert!(distance(&times(&transposed(v), v), &identity(2, n)) < 1e-12);
        }
        Ok(())
    }

    #[test]
    fn singular_values_descend_between_orthonormal_bases() -> Result<(), LinalgError> {
        for (m, n) in [(1, 1), (5, 3), (3, 5), (20, 20), (2, 9)] {
            let (a, k) = (noise(&[2, m, n], DType::F64), m.min(n));
            let parts = factor(Factor::Svd, &a)?;
            let (u, s, vt) = (&parts[0], &parts[1], &parts[2]);
            assert!(s.to_f64().chunks(k).all(|s| s.is_sorted_by(|x, y| x >= y)));
            assert!(distance(&times(&times(u, &diagonal(s)), vt), &a) < 1e-12);
            assert!(distance(&times(vt, &transposed(vt)), &identity(2, k)) < 1e-12);
            let full = factor(Factor::FullSvd, &a)?;
            assert!(distance(&times(&transposed(&full[0]), &full[0]), &identity(2, m)) < 1e-12);
            assert!(distance(&times(&full[2], &transposed(&full[2])), &identity(2, n)) < 1e-12);
            assert!(distance(s, &full[1]) < 1e-12);
        }
        Ok(())
    }

    #[test]
    fn nothing_has_factors_too() -> Result<(), LinalgError> {
        let empty = Tensor::full(DType::F64, &[2, 3, 0], 1.0);
        assert_eq!(factor(Factor::Qr, &empty)?[1].shape(), [2, 0, 0]);
        assert_eq!(factor(Factor::FullSvd, &empty)?[0], identity(2, 3));
        assert_eq!(factor(Factor::Svd, &empty)?[0].shape(), [2, 3, 0]);
        Ok(())
    }
}
