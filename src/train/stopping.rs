//! Early stopping: the best evaluation so far, its weights, and how long ago it was.

use crate::lower::{EarlyStop, Length};
use crate::tensor::Tensor;
use crate::train::checkpoint::Watched;
use crate::train::event::Best;
use crate::train::history::Record;
use crate::train::store::Store;

/// Watches one recorded value.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    rule: &'a EarlyStop,
    best: Option<(Best, Vec<Tensor>)>,
    /// Epoch and step that patience counts from.
    since: (u64, u64),
}

impl<'a> Watch<'a> {
    /// A watch that has seen nothing.
    pub(crate) fn new(rule: &'a EarlyStop) -> Watch<'a> {
        Watch {
            rule,
            best: None,
            since: (0, 0),
        }
    }

    /// A watch that has seen what another had.
    pub(crate) fn resumed(rule: &'a EarlyStop, seen: &Watched, weights: Vec<Tensor>) -> Watch<'a> {
        Watch {
            rule,
            best: seen.best.map(|best| (best.into(), weights)),
            since: seen.since.into(),
        }
    }

    /// What it has seen, for [`Watch::resumed`].
    pub(crate) fn seen(&self) -> Watched {
        Watched {
            best: self.best().map(Into::into),
            since: self.since.into(),
        }
    }

    /// The weights of the best evaluation, where they are kept.
    pub(crate) fn weights(&self) -> &[Tensor] {
        self.best.as_ref().map_or(&[], |(_, weights)| weights)
    }

    /// Looks at a record; whether patience is at its end.
    pub(crate) fn sees(&mut self, record: &Record, store: &Store) -> bool {
        let Some(value) = record.value(&self.rule.on) else {
            return false;
        };
        if self.improves(value) {
            let best = Best {
                epoch: record.epoch,
                step: record.step,
                value,
            };
            let weights = if self.rule.restore {
                store.snapshot()
            } else {
                vec![]
            };
            self.best = Some((best, weights));
            self.since = (record.epoch, record.step);
        }
        match self.rule.patience {
            Length::Epochs(patience) => record.epoch - self.since.0 >= patience,
            Length::Steps(patience) => record.step - self.since.1 >= patience,
        }
    }

    /// Patience begins anew.
    pub(crate) fn waits_again(&mut self, record: &Record) {
        self.since = (record.epoch, record.step);
    }

    /// `value < best − min_delta`, or `value > best + min_delta` where larger is better. What is not a number never is better.
    fn improves(&self, value: f64) -> bool {
        match &self.best {
            None => !value.is_nan(),
            Some((best, _)) if self.rule.maximise => value > best.value + self.rule.min_delta,
            Some((best, _)) => value < best.value - self.rule.min_delta,
        }
    }

    /// What is watched, and how.
    pub(crate) fn rule(&self) -> &EarlyStop {
        self.rule
    }

    /// The best evaluation so far.
    pub(crate) fn best(&self) -> Option<Best> {
        self.best.as_ref().map(|(best, _)| *best)
    }

    /// Puts the weights of the best evaluation back, if that is wanted and there is one.
    pub(crate) fn restore(self, store: &mut Store) -> bool {
        match self.best {
            Some((_, weights)) if self.rule.restore => {
                store.restore(weights);
                true
            }
            Some(_) | None => false,
        }
    }
}
