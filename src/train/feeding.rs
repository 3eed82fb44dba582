//! Batches on their way through the functions of a run: made, ahead or now, and fed to an engine.

use crate::data::{Draw, Fault};
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::ahead::Ahead;
use crate::train::batches::rows_of;
use crate::train::evaluate::field_names;
use crate::train::machine::Machine;
use crate::train::run::Training;
use crate::train::update::{Measured, Update};
use crate::train::wiring::{Feed, Names};

impl Training<'_> {
    /// What a batch comes to, and nothing else.
    pub(super) fn forward_and_back(
        &mut self,
        fields: &[Tensor],
        is_last: bool,
    ) -> Result<Measured, TrainError> {
        self.n_batches += 1;
        let feed = self.feed(fields);
        let number = (self.n_batches, is_last);
        self.update
            .batch(self.machine, &mut self.store, feed, number)
    }

    /// What a batch comes to by another engine.
    pub(super) fn watched_batch(
        &mut self,
        machine: &Machine<'_>,
        rows: &[u32],
        is_last: bool,
    ) -> Result<Measured, TrainError> {
        self.n_batches += 1;
        let (fields, names) = (self.fields_of(rows)?, field_names(self.part));
        let names = Names {
            store: &self.store,
            fields: &names,
            outputs: &self.run.outputs,
        };
        let mut update = Update::new(self.run, machine, names)?;
        update.as_far_as(&self.update);
        let feed = self.feed(&fields);
        update.batch(machine, &mut self.store, feed, (self.n_batches, is_last))
    }

    /// The fields of the batch that is next, made ahead or now.
    pub(super) fn next_fields(&self, rows: &[u32]) -> Result<Vec<Tensor>, TrainError> {
        let made = self.ahead.as_ref().and_then(Ahead::next);
        match made {
            Some(made) => made.map_err(|fault| unread(self.run, fault)),
            None => self.fields_of(rows),
        }
    }

    /// The fields of any batch of the epoch.
    pub(super) fn fields_of(&self, rows: &[u32]) -> Result<Vec<Tensor>, TrainError> {
        let draw = Draw {
            seed: self.run.settings.seed,
            run: &self.run.name,
            epoch: self.epoch,
        };
        rows_of(self.part, rows, Some(draw)).map_err(|fault| unread(self.run, fault))
    }

    fn feed<'f>(&self, fields: &'f [Tensor]) -> Feed<'f> {
        Feed {
            fields,
            outputs: &[],
            step: self.step + 1,
            seed: self.run.settings.seed,
        }
    }
}

/// Rows of a run that cannot be read.
pub(super) fn unread(run: &Run, fault: Fault) -> TrainError {
    TrainError::Failed(Box::new(fault.at(run.span)))
}
