//! Training: the loop as events to a sink, and what comes of it. Given a lowered [`Run`](crate::lower::Run), a checked module, an
//! engine and a data set, [`train`] gives [`Trained`]: weights, history, the best evaluation. Knows no terminal, and of syntax only what a call works on; the
//! wall clock is nowhere, so that the same program and seed give the same bytes.
//!
//! `store` holds tensors by path, `wiring` feeds them to functions, `batches` cuts parts into batches, `evaluate` measures a part,
//! `stopping` watches a value, `run` is the loop, `stepper` is its inside alone, `model_file` keeps a model on disk.

mod batches;
pub mod codes;
mod error;
mod evaluate;
mod event;
mod history;
mod machine;
mod model_file;
mod parts;
mod run;
mod signature;
mod stepper;
mod stopping;
mod store;
mod update;
mod wiring;

pub use error::{Divergence, TrainError};
pub use evaluate::{Evaluation, evaluate, predict};
pub use event::{Best, Ended, Event, Flow};
pub use history::{History, Record};
pub use machine::{Machine, run_report};
pub use model_file::{ModelFile, check_place, load, save};
pub use run::{Trained, train};
pub use signature::{Entry, Signature};
pub use stepper::Stepper;
pub use update::first_weights;
pub use wiring::unbound_input;
