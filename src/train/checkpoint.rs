//! A checkpoint: all that a run needs to go on after an update as if nothing had happened, in one `safetensors` file.
//!
//! Its tensors are those of the store under their roles (`param w`, `state mean`, `optimizer state w/m`) and the best weights so far
//! (`best param w`). Its header holds, as JSON under `nnlc`, the place in the run, means of losses that are going on, the history,
//! what early stopping has seen, and the fitted transforms. The order of rows and all noise are functions of seed, epoch and step,
//! which are there: no other random state exists.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diag::Diagnostic;
use crate::tensor::{Tensor, read_tensors, write_tensors};
use crate::train::codes;
use crate::train::event::{Best, Ended};
use crate::train::history::Record;
use crate::train::run_dir::{number, told};
use crate::train::spike::Usual;

/// The version that is written; older ones are read as well.
const FORMAT: u32 = 1;

/// The entry of the header that holds everything but tensors.
const KEY: &str = "nnlc";

/// What the names of the best weights begin with.
const BEST: &str = "best ";

/// A run after an update.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Checkpoint {
    /// Everything but tensors.
    pub(crate) place: Place,
    /// The tensors of the store, by role.
    pub(crate) tensors: Vec<(String, Tensor)>,
    /// The weights of the best evaluation, by role.
    pub(crate) best: Vec<(String, Tensor)>,
}

/// Where a run is, and what it has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) format: u32,
    pub(crate) nnlc: String,
    pub(crate) run: String,
    pub(crate) seed: u64,
    /// The epoch, from 1.
    pub(crate) epoch: u64,
    /// Batches of the epoch that are done.
    pub(crate) batch: u64,
    /// Updates done.
    pub(crate) step: u64,
    /// Batches looked at.
    pub(crate) n_batches: u64,
    /// Whether what follows the update, records and evaluations, is done as well.
    pub(crate) is_settled: bool,
    /// Why the run is over, if it is.
    pub(crate) ended: Option<Ended>,
    /// The losses since the last record: their sum by rows, and the rows.
    pub(crate) seen: [Exact; 2],
    /// The norms of gradients since the last record: their sum, and how many.
    #[serde(default = "nothing")]
    pub(crate) gradients: [Exact; 2],
    pub(crate) history: Vec<Told>,
    pub(crate) watch: Option<Watched>,
    /// What the rule that lowers the learning rate has seen.
    #[serde(default)]
    pub(crate) plateau: Option<Watched>,
    /// What losses have been like.
    #[serde(default)]
    pub(crate) usual: Usual,
    /// The fitted transforms of the data.
    pub(crate) transforms: String,
}

fn nothing() -> [Exact; 2] {
    [Exact(0.0); 2]
}

/// What early stopping has seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Watched {
    pub(crate) best: Option<ToldBest>,
    /// Epoch and step that patience counts from.
    pub(crate) since: [u64; 2],
}

/// The best evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToldBest {
    epoch: u64,
    step: u64,
    value: Exact,
}

/// A record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Told {
    epoch: u64,
    step: u64,
    values: Vec<(String, Exact)>,
}

/// A number to the last bit, whatever it is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub(crate) struct Exact(pub(crate) f64);

impl From<Exact> for Value {
    fn from(Exact(x): Exact) -> Value {
        told(x)
    }
}

impl TryFrom<Value> for Exact {
    type Error = &'static str;

    fn try_from(value: Value) -> Result<Exact, &'static str> {
        number(&value).map(Exact).ok_or("expected a number")
    }
}

impl From<&Record> for Told {
    fn from(record: &Record) -> Told {
        let values = record.values.iter();
        Told {
            epoch: record.epoch,
            step: record.step,
            values: values.map(|(name, x)| (name.clone(), Exact(*x))).collect(),
        }
    }
}

impl From<&Told> for Record {
    fn from(told: &Told) -> Record {
        let values = told.values.iter();
        Record {
            epoch: told.epoch,
            step: told.step,
            values: values.map(|(name, x)| (name.clone(), x.0)).collect(),
        }
    }
}

impl From<Best> for ToldBest {
    fn from(best: Best) -> ToldBest {
        ToldBest {
            epoch: best.epoch,
            step: best.step,
            value: Exact(best.value),
        }
    }
}

impl From<ToldBest> for Best {
    fn from(told: ToldBest) -> Best {
        Best {
            epoch: told.epoch,
            step: told.step,
            value: told.value.0,
        }
    }
}

/// The version alone.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Checkpoint {
    /// The version that is written, and who writes it.
    pub(crate) fn version() -> (u32, String) {
        (FORMAT, env!("CARGO_PKG_VERSION").to_owned())
    }

    /// What its file is called. What is written before an update is settled never takes the place of what is written after.
    pub(crate) fn file_name(&self) -> String {
        let Place { run, step, .. } = &self.place;
        let open = if self.place.is_settled { "" } else { "-open" };
        format!("{run}-{step}{open}.safetensors")
    }

    /// Writes it, whole or not at all.
    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        let place = serde_json::to_string(&self.place).map_err(|error| error.to_string())?;
        let best = self.best.iter();
        let best = best.map(|(role, tensor)| (format!("{BEST}{role}"), tensor.clone()));
        let tensors: Vec<(String, Tensor)> = self.tensors.iter().cloned().chain(best).collect();
        write_tensors(path, &tensors, &[(KEY.to_owned(), place)]).map_err(|error| error.to_string())
    }

    /// Reads one; believes nothing.
    pub(crate) fn read(path: &Path) -> Result<Checkpoint, Diagnostic> {
        let (tensors, texts) =
            read_tensors(path).map_err(|error| damaged(path, &error.to_string()))?;
        let text = texts.iter().find(|(key, _)| key == KEY);
        let (_, text) = text.ok_or_else(|| damaged(path, "it was not written by nnlc"))?;
        let broken = |error: serde_json::Error| damaged(path, &error.to_string());
        let Version { format } = serde_json::from_str(text).map_err(broken)?;
        if format > FORMAT {
            return Err(newer(path, format));
        }
        let place = serde_json::from_str(text).map_err(broken)?;
        let (best, tensors): (Vec<_>, Vec<_>) = tensors
            .into_iter()
            .partition(|(name, _)| name.starts_with(BEST));
        let best = best.into_iter();
        let best = best.map(|(name, tensor)| (name[BEST.len()..].to_owned(), tensor));
        Ok(Checkpoint {
            place,
            tensors,
            best: best.collect(),
        })
    }
}

/// A checkpoint that cannot be read.
pub(crate) fn damaged(path: &Path, why: &str) -> Diagnostic {
    let message = format!("checkpoint `{}` is damaged: {why}", path.display());
    Diagnostic::error(codes::CHECKPOINT_DAMAGED, message)
}

fn newer(path: &Path, format: u32) -> Diagnostic {
    let message = format!(
        "`{}` has format {format}, and this version reads up to {FORMAT}",
        path.display()
    );
    Diagnostic::error(codes::NEWER, message).help("update nnlc")
}
