//! Training: the loop as events to a sink, and what comes of it. Given a lowered [`Run`](crate::lower::Run), a checked module, an
//! engine and a data set, [`train`] gives [`Trained`]: weights, history, the best evaluation. Knows no terminal and no syntax. The wall
//! clock decides nothing but when `max_time` is over, so that the same program and seed give the same bytes.
//!
//! `store` holds tensors by path, `wiring` feeds them to functions, `batches` cuts parts into batches, `ahead` does so beside a step,
//! `evaluate` measures a part, `stopping` watches a value, `spike` losses, `mean` takes means, `run` is the loop, `feeding` what it does
//! with a batch, `recording` what it writes down, `stepper` its inside alone, `trained` what it comes to; `run_report` tells an error
//! with its place, `trouble` finds the op that broke a run. `model_file` keeps a model on disk, `recipe` how it is computed;
//! `predictor` asks it, `rate` tells the learning rate, `initial` takes its weights. `run_dir` keeps whole runs, a `checkpoint` is a
//! run after an update, `keeping` makes them and goes on from them.

mod ahead;
mod answerer;
mod batches;
mod checkpoint;
pub mod codes;
mod error;
mod evaluate;
mod event;
mod feeding;
mod history;
mod initial;
mod keeping;
mod machine;
mod mean;
mod model_file;
mod parts;
mod predictor;
mod rate;
mod recipe;
mod recording;
mod run;
mod run_dir;
mod run_report;
mod signature;
mod spike;
mod stepper;
mod stopping;
mod store;
mod trained;
mod trouble;
mod update;
mod wiring;

pub use answerer::Answerer;
pub use error::{Broken, Divergence, TrainError};
pub use evaluate::{Evaluation, evaluate, predict};
pub use event::{Best, Ended, Event, Flow};
pub use history::{History, Record};
pub use initial::initial_weights;
pub use machine::Machine;
pub use model_file::{ModelFile, check_place, load, misfit, save, unwritable};
pub use predictor::{Predicted, Predictor};
pub use rate::rates;
pub use recipe::{DataShape, FieldShape, Recipe};
pub use recording::GRADIENT;
pub use run::{Start, train};
pub use run_dir::{
    Beginning, CheckpointMark, DataMark, Line, Manifest, PartMark, RunDir, RunMark, Status, Writer,
};
pub use run_report::run_report;
pub use signature::{Entry, Signature};
pub use stepper::Stepper;
pub use trained::Trained;
pub use trouble::Culprit;
pub use update::first_weights;
pub use wiring::unbound_input;
