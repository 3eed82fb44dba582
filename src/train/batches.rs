//! The rows of a part as batches of tensors. A part that one batch holds in order is handed on as it is, without a copy.

use crate::data::{Batches, Draw, Part, Rows, epoch_order};
use crate::lower::RunSettings;
use crate::tensor::Tensor;

/// The order in which an epoch of a run called `run` visits the rows of a part; a run without batches takes them as they stand. Where
/// a few batches are to be overfitted, they are the first of the first epoch.
pub(crate) fn shuffled(part: &Part, settings: &RunSettings, run: &str, epoch: u64) -> Batches {
    let n_rows = part.rows.len();
    let (Some(size), seed) = (settings.batch, settings.seed) else {
        return Batches::in_order(n_rows, n_rows);
    };
    let size = clamped(size, n_rows);
    let Some(n) = settings.overfit else {
        return Batches::new(epoch_order(seed, run, epoch, n_rows), size);
    };
    let mut order = epoch_order(seed, run, 1, n_rows);
    order.truncate(size.saturating_mul(usize::try_from(n).unwrap_or(usize::MAX)));
    Batches::new(order, size)
}

/// The rows of a part as they stand, in batches; where these are more than `limit`, rows that lie evenly over the whole part, so
/// that a file in some order is not judged by its beginning.
pub(crate) fn in_order(part: &Part, size: Option<u64>, limit: Option<u64>) -> Batches {
    let n_rows = part.rows.len();
    let size = clamped(size.unwrap_or(u64::MAX), n_rows);
    let limit = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let n_taken = n_rows.min(size.saturating_mul(limit));
    let spread = (0..n_taken as u64).map(|at| at * n_rows as u64 / n_taken as u64);
    let rows = spread.map(|row| u32::try_from(row).expect("a part has fewer than 2^32 rows"));
    Batches::new(rows.collect(), size)
}

fn clamped(size: u64, n_rows: usize) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX).min(n_rows)
}

/// How many batches an epoch has.
pub(crate) fn n_batches(n_rows: usize, settings: &RunSettings) -> u64 {
    settings.n_batches(n_rows as u64)
}

/// Some rows of every field of a part, as a training batch where `draw` says which.
pub(crate) fn rows_of(part: &Part, rows: &[u32], draw: Option<Draw<'_>>) -> Vec<Tensor> {
    let whole = rows.len() == part.rows.len()
        && rows.iter().enumerate().all(|(at, row)| at == *row as usize);
    let fields = part.fields.iter().map(|(_, field)| field);
    let tensor = |field: &Rows| match whole && field.is_tensor() {
        true => field.tensor().clone(),
        false => field.pick(rows, draw),
    };
    fields.map(tensor).collect()
}
