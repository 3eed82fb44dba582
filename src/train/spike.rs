//! Losses far above what is usual. The usual loss and its variance are means over updates that forget: `m ← m + (x − m) / N`,
//! `v ← v + ((x − m)² − v) / N`.

use serde::{Deserialize, Serialize};

use crate::train::checkpoint::Exact;

/// Updates that the means are taken over, and that are seen before anything is called unusual.
const N: f64 = 32.0;
/// Standard deviations above the mean.
const FAR: f64 = 8.0;

/// What losses have been like.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usual {
    mean: Exact,
    variance: Exact,
    seen: u64,
    /// Spikes since the last record.
    pub(crate) spikes: u64,
}

impl Default for Usual {
    fn default() -> Usual {
        Usual {
            mean: Exact(0.0),
            variance: Exact(0.0),
            seen: 0,
            spikes: 0,
        }
    }
}

impl Usual {
    /// Looks at a loss; where it is a spike, what would have been usual.
    pub(crate) fn sees(&mut self, loss: f64) -> Option<f64> {
        let (Exact(mean), Exact(variance)) = (self.mean, self.variance);
        let above = loss - mean;
        let is_known = self.seen >= N as u64 && variance > 0.0;
        let is_spike = is_known && above > 0.0 && above * above > FAR * FAR * variance;
        let weight = (self.seen as f64 + 1.0).min(N);
        self.mean = Exact(mean + above / weight);
        self.variance = Exact(variance + (above * above - variance) / weight);
        self.seen += 1;
        self.spikes += u64::from(is_spike);
        is_spike.then_some(mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_out_is_a_spike() {
        let mut usual = Usual::default();
        let losses = (0..200).map(|step| 2.0 - 0.005 * f64::from(step) + 0.1 * f64::from(step % 3));
        let found = losses.filter(|loss| usual.sees(*loss).is_some()).count();
        assert_eq!(found, 0);
        assert!(usual.sees(9.0).is_some_and(|usual| usual < 1.5));
    }
}
