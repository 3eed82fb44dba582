//! What a run tells while it goes on. Nothing here depends on the clock: whoever shows events may time them.

use serde::{Deserialize, Serialize};

use crate::diag::Diagnostic;
use crate::lower::Length;

/// Something that happened in a run. Events of one run stand between its [`Event::RunStart`] and its [`Event::Done`].
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// A run begins.
    RunStart {
        /// Its name.
        run: String,
        /// The model's name.
        model: String,
        /// The data block's name.
        data: String,
        /// How many numbers are trained or frozen, states left out.
        n_params: usize,
        /// Rows of the part that is trained on.
        n_rows: usize,
        /// How long it is to last.
        length: Length,
        /// Updates in one epoch.
        steps_per_epoch: u64,
    },
    /// A run goes on where it was stopped, or is over already.
    Resumed {
        /// Its name.
        run: String,
        /// The epoch, from 1.
        epoch: u64,
        /// The updates done.
        step: u64,
    },
    /// Something deserves a second look.
    Warning(Box<Diagnostic>),
    /// One update is done.
    Step {
        /// The epoch, from 1.
        epoch: u64,
        /// The update, from 1.
        step: u64,
        /// The loss of its batches.
        loss: f64,
        /// Its learning rate, or that of an update shortly before it, where the optimizer has one.
        rate: Option<f64>,
    },
    /// Values have been recorded: at the end of an epoch, and wherever the run evaluates.
    Epoch {
        /// The run's name.
        run: String,
        /// The epoch, from 1.
        epoch: u64,
        /// The updates done so far.
        step: u64,
        /// How long the run is to last.
        length: Length,
        /// What was recorded, by name: `train.loss`, `val.loss`, `val.accuracy`.
        values: Vec<(String, f64)>,
    },
    /// The loss of an update is far above what is usual; the record that follows counts it as `train.spikes`.
    Spike {
        /// The run's name.
        run: String,
        /// The update, from 1.
        step: u64,
        /// Its loss.
        loss: f64,
        /// The mean of those before it.
        usual: f64,
    },
    /// The learning rate is lowered, since a watched value has not improved.
    Plateau {
        /// The run's name.
        run: String,
        /// The updates done.
        step: u64,
        /// What every learning rate is multiplied by from here on.
        factor: f64,
    },
    /// The watched value has not improved for too long.
    EarlyStop {
        /// The run's name.
        run: String,
        /// The value watched.
        on: String,
        /// The epoch it stops in.
        epoch: u64,
        /// The updates done.
        step: u64,
        /// The best evaluation, if any was a number.
        best: Option<Best>,
    },
    /// A run is over.
    Done {
        /// Its name.
        run: String,
        /// Epochs begun.
        epochs: u64,
        /// Updates done.
        steps: u64,
        /// The best evaluation, where one is watched.
        best: Option<Best>,
        /// Whether the weights are those of the best evaluation.
        restored: bool,
        /// Why it is over.
        ended: Ended,
    },
}

/// The best evaluation of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Best {
    /// The epoch, from 1.
    pub epoch: u64,
    /// The updates done by then.
    pub step: u64,
    /// The watched value.
    pub value: f64,
}

/// Why a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It has lasted as long as it was to.
    Length,
    /// The watched value no longer improved.
    Early,
    /// It has lasted as long as `max_time` lets it; it can go on.
    Time,
    /// Whoever listens asked for it; it can go on.
    Interrupted,
}

/// What whoever listens to events wants next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Go on.
    Continue,
    /// Finish the step, and stop.
    Stop,
}
