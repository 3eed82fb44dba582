//! How far a matrix is from singular: its condition number in the 1-norm, estimated by what its factors solve.

use faer::linalg::solvers::Solve;
use faer::{Mat, MatRef};

use crate::scalar::math::Float;
use crate::tensor::product::Real;

/// `‖A‖₁`, the largest column sum of absolute values
pub(super) fn norm<T: Real>(a: MatRef<'_, T>) -> f64 {
    let sum = |j: usize| {
        (0..a.nrows())
            .map(|i| Float::to_f64(Float::abs(a[(i, j)])))
            .sum::<f64>()
    };
    (0..a.ncols()).map(sum).fold(0.0, Float::max)
}

/// Estimates `‖A⁻¹‖₁` from below by Hager's method: climbs from column to column of `A⁻¹` along the gradient of the norm.
pub(super) fn inverse_norm<T: Real>(factors: &impl Solve<T>, n: usize) -> f64 {
    let mut x = Mat::from_fn(n, 1, |_, _| Float::from_f64(1.0 / n as f64));
    let mut estimate = 0.0;
    for _ in 0..5 {
        let y: Mat<T> = factors.solve(&x);
        estimate = Float::max(estimate, norm(y.as_ref()));
        let signs = Mat::from_fn(n, 1, |i, _| {
            if y[(i, 0)] < <T as Float>::ZERO {
                -<T as Float>::ONE
            } else {
                <T as Float>::ONE
            }
        });
        let z: Mat<T> = factors.solve_transpose(&signs);
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

#[cfg(test)]
mod tests {
    use faer::linalg::solvers::DenseSolveCore;

    use super::*;
    use crate::tensor::{Distribution, random};
    use crate::types::DType;

    #[test]
    fn the_estimate_of_the_condition_is_near() {
        for n in [1, 2, 9, 30] {
            let a = random(Distribution::Normal, 7, 1, 0, &[n, n], DType::F64).to_f64();
            let a = MatRef::from_row_major_slice(&a, n, n);
            let lu = a.partial_piv_lu();
            let (estimate, exact) = (inverse_norm(&lu, n), norm(lu.inverse().as_ref()));
            assert!(
                estimate <= exact * 1.0001 && estimate >= exact * 0.3,
                "{n}: {estimate} of {exact}"
            );
        }
    }
}
