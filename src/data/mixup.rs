//! `mixup(alpha: 0.2)`: each row of a training batch becomes `λ · row + (1 − λ) · other` in every field, `λ` of the distribution
//! Beta(α, α), the other a row of the train part (Zhang et al. 2018, arXiv:1710.09412). Both are functions of the seed, the run, the
//! epoch and the row, so that neither the size of a batch nor the number of threads changes them.

use crate::data::augment::{Draw, RowDraw};
use crate::data::dataset::Part;
use crate::data::fault::Fault;
use crate::scalar::math::Float;
use crate::tensor::{Data, Distribution, Element, Tensor};

/// How rows are mixed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mixup {
    /// `α` of Beta(α, α), more than 0: the larger, the nearer to halves.
    pub alpha: f64,
}

/// Tries of which one is accepted; each fails in less than one of twenty cases.
const TRIES: usize = 8;

impl Mixup {
    /// The fields of some rows of a part, mixed with others of it. They are floats.
    pub(crate) fn mixed(
        self,
        part: &Part,
        rows: &[u32],
        fields: Vec<Tensor>,
        draw: Draw<'_>,
    ) -> Result<Vec<Tensor>, Fault> {
        let pairs = rows
            .iter()
            .map(|&row| self.pair(draw.row(row), part.rows.len()));
        let (others, shares): (Vec<u32>, Vec<f64>) = pairs.unzip();
        let of_part = part.fields.iter().map(|(_, rows)| rows);
        let pairs = fields.into_iter().zip(of_part);
        let mixed = pairs.map(|(own, rows)| {
            let others = rows.pick(&others, Some(draw))?;
            Ok(mix(own, &others, &shares))
        });
        mixed.collect()
    }

    /// The other row of so many, and the share of a row's own.
    fn pair(self, draw: RowDraw<'_>, n_rows: usize) -> (u32, f64) {
        let [place] = draw.uniform("mixup");
        let other = (place * n_rows as f64) as u32;
        (other, self.share(draw))
    }

    /// `λ = g / (g + h)` with `g` and `h` of the distribution Gamma(α), by their logarithms: small ones are none as numbers.
    fn share(self, draw: RowDraw<'_>) -> f64 {
        let [g, h] = ["mixup/own", "mixup/other"].map(|purpose| self.log_gamma(draw, purpose));
        1.0 / (1.0 + Float::exp(h - g))
    }

    /// The logarithm of a number of the distribution Gamma(α): of one of Gamma(α + 1) by the method of Marsaglia and Tsang (2000),
    /// times `u^(1/α)`.
    fn log_gamma(self, draw: RowDraw<'_>, purpose: &str) -> f64 {
        let d = self.alpha + 2.0 / 3.0;
        let c = 1.0 / Float::sqrt(9.0 * d);
        let normal = draw.numbers(&format!("{purpose}/normal"), Distribution::Normal, TRIES);
        let uniform = draw.numbers(purpose, Distribution::Uniform, TRIES + 1);
        let (last, tries) = uniform.split_last().unwrap_or((&0.5, &[]));
        let cubes = normal.iter().map(|x| 1.0 + c * x).zip(&normal).zip(tries);
        let accepted = cubes
            .filter(|((root, _), _)| *root > 0.0)
            .find_map(|((root, x), u)| {
                let v = root * root * root;
                let bound = 0.5 * x * x + d - d * v + d * Float::ln(v);
                (Float::ln(1.0 - u) < bound).then_some(v)
            });
        Float::ln(d * accepted.unwrap_or(1.0)) + Float::ln(1.0 - last) / self.alpha
    }
}

/// `λ · x + (1 − λ) · y` by row.
fn mix(own: Tensor, other: &Tensor, shares: &[f64]) -> Tensor {
    let shape = own.shape().to_vec();
    match (own.data(), other.data()) {
        (Data::F32(x), Data::F32(y)) => rows_mixed(shape, x, y, shares, |x, y, share| {
            let share = share as f32;
            share * x + (1.0 - share) * y
        }),
        (Data::F64(x), Data::F64(y)) => rows_mixed(shape, x, y, shares, |x, y, share| {
            share * x + (1.0 - share) * y
        }),
        // Prepared: every field that is mixed is of floats.
        (Data::F32(_) | Data::F64(_) | Data::I64(_), _) => own,
        (Data::I32(_) | Data::U8(_) | Data::Bool(_), _) => own,
    }
}

fn rows_mixed<T: Element>(
    shape: Vec<usize>,
    own: &[T],
    other: &[T],
    shares: &[f64],
    f: impl Fn(T, T, f64) -> T,
) -> Tensor {
    let width = own.len() / shares.len().max(1);
    let pairs = own.iter().zip(other).enumerate();
    let mixed = pairs.map(|(at, (&x, &y))| f(x, y, shares[at / width.max(1)]));
    Tensor::from_vec(shape, mixed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(alpha: f64) -> Vec<f64> {
        let draw = Draw {
            seed: 5,
            run: "fit",
            epoch: 2,
        };
        let mixup = Mixup { alpha };
        (0..4000).map(|row| mixup.share(draw.row(row))).collect()
    }

    /// The mean of Beta(α, α) is 1/2, its variance `1 / (4 (2α + 1))`.
    #[test]
    fn shares_have_the_mean_and_variance_of_their_distribution() {
        for alpha in [0.01, 0.2, 1.0, 8.0] {
            let shares = shares(alpha);
            assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)));
            let n = shares.len() as f64;
            let mean = shares.iter().sum::<f64>() / n;
            let variance = shares.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((mean - 0.5).abs() < 0.03, "{alpha}: {mean}");
            assert!(
                (variance / expected - 1.0).abs() < 0.06,
                "{alpha}: {variance}"
            );
        }
    }

    /// With α = 1 every share is as likely as any other.
    #[test]
    fn shares_are_uniform_at_one() {
        let shares = shares(1.0);
        for tenth in 1..10 {
            let bound = f64::from(tenth) / 10.0;
            let below = shares.iter().filter(|share| **share < bound).count();
            assert!((below as f64 / 4000.0 - bound).abs() < 0.03, "{bound}");
        }
    }
}
