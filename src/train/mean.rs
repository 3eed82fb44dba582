//! A mean that is still being taken: of losses, each weighted by its rows, or of norms of gradients.

use crate::train::checkpoint::Exact;

/// A mean so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Mean {
    total: f64,
    weight: f64,
}

impl Mean {
    pub(super) fn add(&mut self, value: f64, weight: usize) {
        self.total += value * weight as f64;
        self.weight += weight as f64;
    }

    /// The mean; nothing where nothing was added.
    pub(super) fn get(self) -> Option<f64> {
        (self.weight > 0.0).then(|| self.total / self.weight)
    }

    /// The mean; not a number where nothing was added.
    pub(super) fn mean(self) -> f64 {
        self.total / self.weight
    }

    /// What is kept of it.
    pub(super) fn exact(self) -> [Exact; 2] {
        [Exact(self.total), Exact(self.weight)]
    }

    /// What was kept.
    pub(super) fn of([Exact(total), Exact(weight)]: [Exact; 2]) -> Mean {
        Mean { total, weight }
    }
}
