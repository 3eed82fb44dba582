//! Records of a run that is going on: losses and metrics every so often, and what watches them: early stopping, a plateau.

use crate::data::Part;
use crate::train::TrainError;
use crate::train::event::{Ended, Event};
use crate::train::history::Record;
use crate::train::parts::shown_name;
use crate::train::run::Training;

/// What the mean norm of gradients is recorded as.
pub const GRADIENT: &str = "train.gradient_norm";

impl Training<'_> {
    /// Records the loss since the last record, and what an evaluation gives.
    pub(super) fn record(&mut self, evaluates: bool) -> Result<(), TrainError> {
        let record = self.record_of(evaluates)?;
        self.keep(|writer, run| writer.record(run, &record))?;
        self.tell_record(&record);
        self.store.swap_averages();
        self.watch(&record);
        self.store.swap_averages();
        self.watch_plateau(&record);
        Ok(())
    }

    /// Lowers all learning rates where what is watched has not improved for long enough.
    fn watch_plateau(&mut self, record: &Record) {
        let (Some(watch), Some(rule)) = (&mut self.plateau, &self.run.settings.plateau) else {
            return;
        };
        if !watch.lapses(record, || self.store.snapshot()) {
            return;
        }
        let factor = self.store.scale_lr(rule.factor);
        self.tell(Event::Plateau {
            run: self.run.key(),
            step: record.step,
            factor,
        });
    }

    pub(super) fn record_of(&mut self, evaluates: bool) -> Result<Record, TrainError> {
        let loss = std::mem::take(&mut self.seen).mean();
        let mut values = vec![("train.loss".to_owned(), loss)];
        if let Some(norm) = std::mem::take(&mut self.gradients).get() {
            values.push((GRADIENT.to_owned(), norm));
        }
        if let spikes @ 1.. = std::mem::take(&mut self.usual.spikes) {
            values.push(("train.spikes".to_owned(), spikes as f64));
        }
        if evaluates {
            for part in self.evaluated.clone() {
                values.extend(self.evaluate(part)?);
            }
        }
        let record = Record {
            epoch: self.epoch,
            step: self.step,
            values,
        };
        self.history.push(record.clone());
        Ok(record)
    }

    pub(super) fn tell_record(&mut self, record: &Record) {
        self.tell(Event::Epoch {
            run: self.run.key(),
            epoch: record.epoch,
            step: record.step,
            length: self.run.settings.length,
            values: record.values.clone(),
        });
    }

    /// The loss of a part and its metrics that are scalars. The loss of the train part is that of its batches.
    fn evaluate(&mut self, part: &Part) -> Result<Vec<(String, f64)>, TrainError> {
        let limit = self.run.settings.evaluate.batches;
        self.store.swap_averages();
        let found = self
            .evaluator
            .evaluate(self.machine, &mut self.store, part, limit);
        self.store.swap_averages();
        let found = found?;
        let loss = (part.name != self.part.name).then_some(("loss".to_owned(), found.loss));
        let metrics = found.metrics.iter().filter(|(_, value)| value.rank() == 0);
        let metrics = metrics.filter_map(|(name, value)| Some((name.clone(), value.item()?)));
        let prefix = shown_name(part, self.part);
        Ok(loss
            .into_iter()
            .chain(metrics)
            .map(|(name, value)| (format!("{prefix}.{name}"), value))
            .collect())
    }

    fn watch(&mut self, record: &Record) {
        let Some(watch) = &mut self.watch else { return };
        let is_out_of_patience = watch.sees(record, || self.store.snapshot());
        let (on, best) = (watch.rule().on.clone(), watch.best());
        if is_out_of_patience && self.ended.is_none() {
            self.ended = Some(Ended::Early);
            self.tell(Event::EarlyStop {
                run: self.run.key(),
                on,
                epoch: record.epoch,
                step: record.step,
                best,
            });
        }
    }
}
