//! Early stopping and plateaus: the best evaluation so far, its weights, and how long ago it was.

use crate::lower::{EarlyStop, Length, Plateau};
use crate::tensor::Tensor;
use crate::train::checkpoint::Watched;
use crate::train::event::Best;
use crate::train::history::{History, Record};
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

    /// Looks at a record; whether patience is at its end, which begins anew then.
    pub(crate) fn lapses(
        &mut self,
        record: &Record,
        weights: impl FnOnce() -> Vec<Tensor>,
    ) -> bool {
        let lapses = self.sees(record, weights);
        if lapses {
            self.since = (record.epoch, record.step);
        }
        lapses
    }

    /// Looks at a record and, where it is the best, at the weights; whether patience is at its end.
    pub(crate) fn sees(&mut self, record: &Record, weights: impl FnOnce() -> Vec<Tensor>) -> bool {
        let Some(value) = record.value(&self.rule.on) else {
            return false;
        };
        if self.improves(value) {
            let best = Best {
                epoch: record.epoch,
                step: record.step,
                value,
            };
            let weights = self.rule.restore.then(weights);
            self.best = Some((best, weights.unwrap_or_default()));
            self.since = (record.epoch, record.step);
        }
        match self.rule.patience {
            Length::Epochs(patience) => record.epoch - self.since.0 >= patience,
            Length::Steps(patience) => record.step - self.since.1 >= patience,
        }
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

/// What learning rates had been multiplied by when each record of a history was made.
pub(crate) fn factors(rule: &Plateau, history: &History) -> Vec<f64> {
    let mut watch = Watch::new(&rule.watch);
    let mut factor = 1.0;
    let mut before = |record: &Record| {
        let now = factor;
        if watch.lapses(record, Vec::new) {
            factor *= rule.factor;
        }
        now
    };
    history.records().iter().map(&mut before).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{SourceId, Span};

    #[test]
    fn a_rate_is_lowered_after_the_record_that_ends_patience() {
        let nowhere = Span {
            source: SourceId::new(0),
            start: 0,
            end: 0,
        };
        let rule = Plateau {
            watch: EarlyStop {
                on: "val.loss".to_owned(),
                span: nowhere,
                patience: Length::Epochs(2),
                min_delta: 0.0,
                restore: false,
                maximise: false,
            },
            factor: 0.5,
        };
        let mut history = History::new(Length::Epochs(7), 1);
        for (epoch, loss) in (1..).zip([3.0, 3.0, f64::NAN, 2.0, 2.5, 2.5, 2.5]) {
            history.push(Record {
                epoch,
                step: epoch,
                values: vec![("val.loss".to_owned(), loss)],
            });
        }
        assert_eq!(
            factors(&rule, &history),
            [1.0, 1.0, 1.0, 0.5, 0.5, 0.5, 0.25]
        );
    }
}
