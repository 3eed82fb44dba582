//! The manifest of a run directory, `run.json`: who wrote it, from what, and how far each run is.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::diag::Diagnostic;
use crate::tensor::write_text;
use crate::train::codes;
use crate::train::run_dir::{MANIFEST, unreadable, unwritable};

/// The version that is written; older ones are read as well.
pub(super) const FORMAT: u32 = 1;

/// What is known of the runs of a program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this layout.
    pub format: u32,
    /// The version of the program that wrote it.
    pub nnlc: String,
    /// What computed: `jit` or `interp`.
    pub engine: String,
    /// The program's path as it was given.
    pub path: String,
    /// The fingerprint of the program in canonical form: no comment, no line break counts.
    pub program: String,
    /// The program in that form, to tell what has changed.
    pub canonical: String,
    /// Settings of the command line, `train.epochs=5`.
    pub sets: Vec<String>,
    /// `--seed`.
    pub seed: Option<u64>,
    /// The data.
    pub data: Vec<DataMark>,
    /// The runs, in the order they are trained.
    pub runs: Vec<RunMark>,
    /// What was changed when the runs went on nevertheless, `--force`.
    #[serde(default)]
    pub changes: Vec<String>,
}

/// A data block as a model met it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataMark {
    /// Its name.
    pub name: String,
    /// Its parts.
    pub parts: Vec<PartMark>,
}

/// A part of the data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartMark {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// The fingerprint of its rows and their order, transforms applied.
    pub blake3: String,
}

/// A run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunMark {
    /// Its name.
    pub name: String,
    /// The model's name.
    pub model: String,
    /// The data block's name.
    pub data: String,
    /// Its settings as written, defaults filled in: `optimizer`, `batch`, `seed`.
    pub settings: BTreeMap<String, String>,
    /// How many numbers its parameters are.
    pub parameters: u64,
    /// How it stands.
    pub status: Status,
    /// Epochs begun.
    pub epochs: u64,
    /// Updates done.
    pub steps: u64,
    /// How long it has trained, in seconds.
    pub seconds: f64,
    /// Its checkpoints, the newest last.
    pub checkpoints: Vec<CheckpointMark>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has not begun.
    Waiting,
    /// It is going on, or its process was killed.
    Running,
    /// It was stopped and can go on.
    Interrupted,
    /// It failed.
    Failed,
    /// It is over.
    Finished,
}

/// A checkpoint of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointMark {
    /// Its file in `checkpoints`.
    pub file: String,
    /// The epoch it was written in, from 1.
    pub epoch: u64,
    /// The updates done by then.
    pub step: u64,
    /// The fingerprint of the file.
    pub blake3: String,
}

/// The version alone, so that a newer manifest is recognised before the rest is read.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

impl Manifest {
    /// A manifest of this version that knows of nothing yet.
    pub fn new() -> Manifest {
        Manifest {
            format: FORMAT,
            nnlc: env!("CARGO_PKG_VERSION").to_owned(),
            engine: String::new(),
            path: String::new(),
            program: String::new(),
            canonical: String::new(),
            sets: vec![],
            seed: None,
            data: vec![],
            runs: vec![],
            changes: vec![],
        }
    }

    /// What it says of a run.
    pub(super) fn run_mut(&mut self, name: &str) -> Option<&mut RunMark> {
        self.runs.iter_mut().find(|run| run.name == name)
    }
}

impl Default for Manifest {
    fn default() -> Manifest {
        Manifest::new()
    }
}

/// The manifest of a folder.
pub(super) fn read(folder: &Path) -> Result<Manifest, Diagnostic> {
    let path = folder.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|error| {
        match error.kind() == io::ErrorKind::NotFound {
            true => no_run_dir(folder),
            false => unreadable(&path, &error),
        }
    })?;
    let damaged = |error: serde_json::Error| {
        let message = format!("`{}` is no manifest of runs: {error}", path.display());
        Diagnostic::error(codes::RUN_DIR_DAMAGED, message)
    };
    let Version { format } = serde_json::from_str(&text).map_err(damaged)?;
    if format > FORMAT {
        let message = format!(
            "`{}` has format {format}, and this version reads up to {FORMAT}",
            path.display()
        );
        return Err(Diagnostic::error(codes::NEWER, message).help("update nnlc"));
    }
    serde_json::from_str(&text).map_err(damaged)
}

/// Puts a manifest into a folder, whole or not at all.
pub(super) fn write(folder: &Path, manifest: &Manifest) -> Result<(), Diagnostic> {
    let path = folder.join(MANIFEST);
    let text = serde_json::to_string_pretty(manifest).map_err(io::Error::from);
    text.and_then(|text| write_text(&path, &(text + "\n")))
        .map_err(|error| unwritable(&path, &error))
}

fn no_run_dir(folder: &Path) -> Diagnostic {
    let (message, help) = match folder.exists() {
        true => (
            format!("`{}` is no run directory", folder.display()),
            "a run directory holds `run.json`",
        ),
        false => (
            format!("no folder `{}`", folder.display()),
            "name the folder of a run: that of `checkpoint`, or of `--run-dir`",
        ),
    };
    Diagnostic::error(codes::NO_RUN_DIR, message).help(help)
}
