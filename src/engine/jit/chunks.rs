//! Rows in chunks: what workers share. How many there are depends on the number of rows alone, so that folds gather the same parts for
//! any number of threads.

/// Rows in equal chunks, the same for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunks {
    pub(super) rows: usize,
    pub(super) size: usize,
}

/// Chunks that rows are cut into, at most.
const N_CHUNKS: usize = 32;

/// A chunk of so few rows is not made smaller, as long as there are so few chunks: folds over rows keep a part for each.
const FEW_ROWS: usize = 8;
const FEW_CHUNKS: usize = 8;

impl Chunks {
    pub(super) fn new(rows: usize, is_small: bool) -> Chunks {
        let most = rows
            .div_ceil(N_CHUNKS)
            .max(rows.div_ceil(FEW_CHUNKS).min(FEW_ROWS));
        let size = if is_small { rows } else { most };
        Chunks { rows, size }
    }

    /// Whether the chunks of so many rows hold the same parts of a buffer as those of so many others.
    pub(super) fn are_same(rows: usize, others: usize) -> bool {
        let [x, y] = [rows, others].map(|rows| Chunks::new(rows, false));
        x.count() == y.count() && x.size * y.rows == y.size * x.rows
    }

    pub(super) fn count(self) -> usize {
        self.rows.div_ceil(self.size.max(1))
    }

    /// The chunks of a worker.
    pub(super) fn share(self, worker: usize, n_workers: usize) -> std::ops::Range<usize> {
        let at = |worker: usize| worker * self.count() / n_workers;
        at(worker)..at(worker + 1)
    }

    /// The rows of some chunks.
    pub(super) fn rows_of(self, chunks: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let at = |chunk: usize| (chunk * self.size).min(self.rows);
        at(chunks.start)..at(chunks.end)
    }
}
