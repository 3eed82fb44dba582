//! What a run came to: weights, history, how it ended.

use crate::ir::Role;
use crate::tensor::Tensor;
use crate::train::event::{Best, Ended};
use crate::train::history::History;

/// What a run came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The run's name.
    pub run: String,
    /// Parameters, then states, by role.
    pub weights: Vec<(Role, Tensor)>,
    /// States of the optimizer by path.
    pub opt_states: Vec<(String, Tensor)>,
    /// What was recorded.
    pub history: History,
    /// Epochs begun.
    pub epochs: u64,
    /// Updates done.
    pub steps: u64,
    /// The best evaluation, where one is watched.
    pub best: Option<Best>,
    /// Whether the weights are those of the best evaluation.
    pub restored: bool,
    /// Why it ended.
    pub ended: Ended,
}

impl Trained {
    /// The best evaluation: what early stopping watched, else the smallest loss of the first part that was evaluated, else the
    /// smallest of training.
    pub fn best(&self) -> Option<Best> {
        let names = self.history.names();
        let held = |name: &&&str| name.ends_with(".loss") && **name != "train.loss";
        let by = names.iter().find(held).copied().unwrap_or("train.loss");
        let least = || {
            let (record, value) = self.history.least(by)?;
            let (epoch, step) = (record.epoch, record.step);
            Some(Best { epoch, step, value })
        };
        self.best.or_else(least)
    }
}
