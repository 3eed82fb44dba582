//! A run that is kept on disk: its state as a checkpoint, and going on from one.

use crate::data::to_json;
use crate::diag::Diagnostic;
use crate::lower::{Checkpointing, Length};
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::checkpoint::{Checkpoint, Place};
use crate::train::codes;
use crate::train::event::Event;
use crate::train::history::Record;
use crate::train::mean::Mean;
use crate::train::run::Training;
use crate::train::run_dir::{Status, Writer};
use crate::train::stopping::Watch;

impl Training<'_> {
    /// How often a checkpoint is due, and how many stay.
    pub(super) fn checkpointing(&self) -> (Length, u64) {
        let rule = self.run.settings.checkpoint.as_ref();
        rule.map_or(Checkpointing::DEFAULT, |rule| (rule.every, rule.keep))
    }

    /// Writes to the run directory, if the run is kept.
    pub(super) fn keep(
        &mut self,
        write: impl FnOnce(&mut Writer, &str) -> Result<(), Diagnostic>,
    ) -> Result<(), TrainError> {
        let writer = self.writer.as_mut();
        let written = writer.map(|writer| write(writer, &self.run.key()));
        written.unwrap_or(Ok(())).map_err(failed)
    }

    /// Writes a checkpoint, if the run is kept. One that cannot be written is warned of, unless it is the `last` of all.
    pub(super) fn checkpoint(&mut self, is_last: bool) -> Result<(), TrainError> {
        if self.writer.is_none() {
            return Ok(());
        }
        let (checkpoint, (_, keep)) = (self.state()?, self.checkpointing());
        let saved = self.keep(|writer, _| writer.save(&checkpoint, keep));
        match saved {
            Err(TrainError::Failed(report)) if !is_last => {
                self.tell(Event::Warning(Box::new(not_kept(&report))));
                Ok(())
            }
            saved => saved,
        }
    }

    /// Says on disk that the run has failed. What that comes to is told already.
    pub(super) fn failed(&mut self) {
        let place = [self.epoch, self.step];
        let _ = self.keep(|writer, run| writer.ends(run, Status::Failed, place));
    }

    fn state(&self) -> Result<Checkpoint, TrainError> {
        let (format, nnlc) = Checkpoint::version();
        let transforms = to_json(&self.data.fitted);
        let transforms = transforms.map_err(|error| failed(unsaved(&error.to_string())))?;
        let place = Place {
            format,
            nnlc,
            run: self.run.key(),
            seed: self.run.settings.seed,
            epoch: self.epoch,
            batch: self.batch as u64,
            step: self.step,
            n_batches: self.n_batches,
            is_settled: self.is_settled,
            ended: self.ended,
            seen: self.seen.exact(),
            gradients: self.gradients.exact(),
            history: self.history.records().iter().map(Into::into).collect(),
            watch: self.watch.as_ref().map(Watch::seen),
            usual: self.usual,
            plateau: self.plateau.as_ref().map(Watch::seen),
            transforms,
        };
        let tensors = self.store.kept();
        let best = self.watch.as_ref().map_or(&[][..], Watch::weights);
        let best = tensors.iter().zip(best);
        let best = best.map(|((role, _), tensor)| (role.clone(), tensor.clone()));
        Ok(Checkpoint {
            place,
            best: best.collect(),
            tensors,
        })
    }

    /// Goes on where the run directory says, if it says so.
    pub(super) fn resume(&mut self) -> Result<(), TrainError> {
        let n_params = self.store.n_params() as u64;
        let Some(writer) = self.writer.as_mut() else {
            return Ok(());
        };
        let (found, warnings) = writer.restore(&self.run.key()).map_err(failed)?;
        for warning in warnings {
            self.tell(Event::Warning(Box::new(warning)));
        }
        if let Some(checkpoint) = found {
            self.take(checkpoint)?;
            self.tell(Event::Resumed {
                run: self.run.key(),
                epoch: self.epoch,
                step: self.step,
            });
        }
        self.keep(|writer, run| writer.begins(run, n_params))
    }

    fn take(&mut self, checkpoint: Checkpoint) -> Result<(), TrainError> {
        let Checkpoint {
            place,
            tensors,
            best,
        } = checkpoint;
        let taken = self.store.take_kept(&tensors);
        taken.map_err(|differences| failed(misfit(&place, differences)))?;
        let best = self.in_order(best);
        self.watch = match (&self.run.settings.early_stop, &place.watch, best) {
            (Some(rule), Some(seen), Some(best)) => Some(Watch::resumed(rule, seen, best)),
            (Some(rule), _, _) => Some(Watch::new(rule)),
            (None, _, _) => None,
        };
        if let (Some(rule), Some(seen)) = (&self.run.settings.plateau, &place.plateau) {
            self.plateau = Some(Watch::resumed(&rule.watch, seen, vec![]));
        }
        let records = place.history.iter().map(Record::from);
        records.for_each(|record| self.history.push(record));
        self.seen = Mean::of(place.seen);
        self.gradients = Mean::of(place.gradients);
        (self.epoch, self.step) = (place.epoch, place.step);
        self.batch = usize::try_from(place.batch).unwrap_or(usize::MAX);
        (self.n_batches, self.is_settled) = (place.n_batches, place.is_settled);
        (self.ended, self.usual) = (place.ended, place.usual);
        Ok(())
    }

    /// The best weights in the order of the store; nothing where they are not kept, though this run would.
    fn in_order(&self, best: Vec<(String, Tensor)>) -> Option<Vec<Tensor>> {
        if !self.run.settings.early_stop.as_ref()?.restore {
            return Some(vec![]);
        }
        let find = |role: String| {
            let found = best.iter().find(|(own, _)| *own == role);
            found.map(|(_, tensor)| tensor.clone())
        };
        let roles = self.store.weights().into_iter();
        roles.map(|(role, _)| find(role.to_string())).collect()
    }
}

fn failed(report: Diagnostic) -> TrainError {
    TrainError::Failed(Box::new(report))
}

fn unsaved(why: &str) -> Diagnostic {
    Diagnostic::error(
        codes::UNWRITABLE,
        format!("no checkpoint can be made: {why}"),
    )
}

fn misfit(place: &Place, differences: Vec<String>) -> Diagnostic {
    let message = format!(
        "the checkpoint of `{}` after step {} does not fit the model",
        place.run, place.step
    );
    let report = Diagnostic::error(codes::MISFIT, message);
    let report = differences.into_iter().fold(report, Diagnostic::note);
    report.help("go on with the model it was written by, or begin anew: `--run-dir DIR`")
}

fn not_kept(report: &Diagnostic) -> Diagnostic {
    let told = Diagnostic::warning(codes::NOT_KEPT, report.message.clone());
    told.note(
        "the run goes on; the checkpoints before are whole, and the next is tried in its turn",
    )
}
