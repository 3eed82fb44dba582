//! When numbers end. The state of a few steps ago is kept, shared and not copied; from there the steps are done again, and the one
//! that breaks is done by an engine that looks at every value, so that the op which broke it has a name. Costs nothing until then but
//! one copy of the weights every so many steps.

use crate::diag::Diagnostic;
use crate::engine::Trap;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::machine::Machine;
use crate::train::run::Training;
use crate::train::update::Measured;
use crate::train::{Broken, Divergence};

/// Updates between two states that are kept.
const EVERY: u64 = 64;

/// A state to do steps again from.
pub(super) struct Anchor {
    values: Vec<Tensor>,
    epoch: u64,
    batch: usize,
    step: u64,
    n_batches: u64,
}

/// The op that broke a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Culprit {
    /// What it gave, where it stands, and what it was made of.
    pub report: Diagnostic,
    /// The update it belongs to, from 1.
    pub step: u64,
}

impl Training<'_> {
    /// Keeps the state, every so often. The run is between two updates.
    pub(super) fn drop_anchor(&mut self) {
        if !self.step.is_multiple_of(EVERY) && self.anchor.is_some() {
            return;
        }
        self.anchor = Some(Anchor {
            values: self.store.all(),
            epoch: self.epoch,
            batch: self.batch,
            step: self.step,
            n_batches: self.n_batches,
        });
    }

    /// The error of a batch that came to what is not finite.
    pub(super) fn diverged(
        &mut self,
        measured: Measured,
        rows: &[u32],
        [batch, n_batches]: [usize; 2],
    ) -> TrainError {
        let (step, epoch) = (self.step + 1, self.epoch);
        TrainError::Diverged(Box::new(Divergence {
            measured: match measured {
                Measured { loss, .. } if !loss.is_finite() => Broken::Loss(loss),
                Measured { gradient, .. } => Broken::Gradient(gradient.unwrap_or(f64::NAN)),
            },
            span: self.run.loss_span,
            step,
            epoch,
            batch,
            n_batches,
            rows: rows
                .iter()
                .map(|&row| self.part.rows[row as usize])
                .collect(),
            culprit: self.culprit(),
        }))
    }

    /// The first op that gave what is not finite, if doing the last steps again shows it.
    pub(super) fn culprit(&mut self) -> Option<Culprit> {
        let anchor = self.anchor.take()?;
        let last = (self.epoch, self.n_batches);
        self.store.put_all(anchor.values);
        (self.epoch, self.batch) = (anchor.epoch, anchor.batch);
        (self.step, self.n_batches) = (anchor.step, anchor.n_batches);
        // The halves of an update that broke are done anew.
        self.update.begin_again();
        while self.epoch <= last.0 && self.n_batches < last.1 {
            if self.batch == 0 {
                self.epoch += 1;
            }
            if let Some(found) = self.culprit_in_epoch(last.1) {
                return Some(found);
            }
            self.batch = 0;
        }
        None
    }

    fn culprit_in_epoch(&mut self, last: u64) -> Option<Culprit> {
        let batches = self.order.batches(self.epoch);
        for (at, rows) in batches.iter().enumerate().skip(self.batch) {
            if self.n_batches >= last {
                return None;
            }
            let (before, is_last) = (self.store.all(), at + 1 == batches.len());
            let fields = self.fields_of(rows).ok()?;
            let measured = self.forward_and_back(&fields, is_last).ok()?;
            if !measured.is_finite() || !self.store.is_finite() {
                self.store.put_all(before);
                self.n_batches -= 1;
                return self.trapped(rows, is_last);
            }
            if self.update.is_done() {
                self.step += 1;
            }
        }
        None
    }

    /// The same batch, each value watched.
    fn trapped(&mut self, rows: &[u32], is_last: bool) -> Option<Culprit> {
        let machine = Machine {
            engine: &Trap::default(),
            ..*self.machine
        };
        let step = self.step + 1;
        match self.watched_batch(&machine, rows, is_last) {
            Err(TrainError::Failed(report)) => Some(Culprit {
                report: *report,
                step,
            }),
            Err(_) | Ok(_) => None,
        }
    }
}
