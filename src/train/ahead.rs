//! Batches made by a thread of their own while a step computes. A batch is a pure function of seed, run, epoch and rows, so that it is
//! the same whoever makes it; batches come in the order of the run, and few wait at a time, for they take memory.
//!
//! Handing a batch over costs microseconds, as long as a step of a tiny model takes. It pays where making one costs more: of images,
//! windows, changes and mixtures, and of wide rows. Where there is one thread alone, nothing runs beside anything.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::{Builder, Scope};

use crate::data::{Draw, Fault, Part, Rows};
use crate::lower::{Length, Run};
use crate::tensor::{Tensor, threads};
use crate::train::batches::{Order, cost, n_batches, rows_of};

/// Numbers to copy for a batch, from which on that takes longer than handing it over.
const LEAST: usize = 1 << 15;

/// Numbers up to which a batch is small: then one more may wait, so that a slow one is made up for.
const SMALL: usize = 1 << 22;

/// Numbers beyond which no batch is made while another is computed with: memory comes first.
const MOST: usize = 1 << 26;

/// The fields of a batch, or why they cannot be read.
type Made = Result<Vec<Tensor>, Fault>;

/// Batches that are being made, in the order of the run.
pub(super) struct Ahead(Receiver<Made>);

/// Where a run stands: its epoch, and how many batches of it are done.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) epoch: u64,
    pub(super) batch: usize,
}

impl Ahead {
    /// Begins with the batches from a place on, where that pays. The thread ends when all are made, when one cannot be made, or when
    /// nobody waits for them any more.
    pub(super) fn begin<'scope>(
        scope: &'scope Scope<'scope, '_>,
        run: &'scope Run,
        part: &'scope Part,
        order: &Arc<Order>,
        from: Place,
    ) -> Option<Ahead> {
        let n_waiting = n_waiting(run, part)?;
        let (to, batches) = sync_channel(n_waiting);
        let made = all(run, part, Arc::clone(order), from);
        let work = move || {
            for batch in made {
                let is_last = batch.is_err();
                if to.send(batch).is_err() || is_last {
                    return;
                }
            }
        };
        let begun = Builder::new()
            .name("nnlc batches".into())
            .spawn_scoped(scope, work);
        begun.ok().map(|_| Ahead(batches))
    }

    /// The next batch; nothing where there is none.
    pub(super) fn next(&self) -> Option<Made> {
        self.0.recv().ok()
    }
}

/// How many batches may wait besides the one that is being made; nothing where none is to be made ahead.
fn n_waiting(run: &Run, part: &Part) -> Option<usize> {
    let all = part.rows.len();
    let batch = run
        .settings
        .batch
        .and_then(|batch| usize::try_from(batch).ok());
    let n_rows = batch.map_or(all, |batch| batch.min(all));
    let cost = cost(part, n_rows, run.settings.batch.is_none());
    let width = |(_, field): &(String, Rows)| -> usize { field.shape().iter().skip(1).product() };
    let numbers = part
        .fields
        .iter()
        .map(width)
        .sum::<usize>()
        .saturating_mul(n_rows);
    let pays = threads() > 1 && cost >= LEAST && numbers <= MOST;
    pays.then_some(usize::from(numbers <= SMALL))
}

/// All batches from a place on that the run can come to, made as they are asked for.
fn all<'a>(
    run: &'a Run,
    part: &'a Part,
    order: Arc<Order>,
    from: Place,
) -> impl Iterator<Item = Made> + Send + use<'a> {
    let settings = &run.settings;
    let of_epoch = n_batches(part.rows.len(), settings);
    // Of what is counted in updates, each is of so many batches, or of fewer at the end of an epoch.
    let last = match settings.length {
        Length::Epochs(epochs) => epochs,
        Length::Steps(steps) => {
            let batches = steps.saturating_mul(settings.accumulate.max(1));
            batches.div_ceil(of_epoch.max(1))
        }
    };
    let epochs = first_epoch(from)..=last;
    epochs.flat_map(move |epoch| {
        let draw = Draw {
            seed: settings.seed,
            run: &run.name,
            epoch,
        };
        let batches = order.batches(epoch);
        let done = if epoch == from.epoch { from.batch } else { 0 };
        (done..batches.len()).map(move |at| {
            let rows = batches.iter().nth(at).unwrap_or_default();
            rows_of(part, rows, Some(draw))
        })
    })
}

/// The epoch of the next batch.
fn first_epoch(from: Place) -> u64 {
    if from.batch == 0 {
        from.epoch + 1
    } else {
        from.epoch
    }
}
