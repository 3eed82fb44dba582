//! The run directory: everything that is known of the runs of one program, as files that anyone may read while it is written.
//!
//! ```text
//! DIR/
//!   lock             held by the one process that writes; says which
//!   run.json         the manifest, a `Manifest`: versions, settings, seeds, fingerprints of program and data, how far each run
//!                    is, and its checkpoints. It names only what is whole: it is written last
//!   program.nnl      the program, as it was read
//!   metrics.jsonl    a line a record: {"run":"fit","epoch":1,"step":8,"seconds":0.5,"train.loss":0.7,"val.loss":0.6}
//!   checkpoints/     FIT-STEP.safetensors: all that run FIT needs to go on after update STEP; see `checkpoint`
//!   FIT.nnlm         the finished model of run FIT, as `save` writes it
//!   report.html      what came of the program, as a page; see `nnlc run --report`
//! ```
//!
//! Each file but the lock and `metrics.jsonl` is written beside its place, brought to the disk and then given its name. A line of
//! `metrics.jsonl` is whole once it ends. [`RunDir`] reads, [`Writer`] writes. Numbers that JSON has no word for are the strings
//! `"NaN"`, `"Infinity"` and `"-Infinity"`. A directory may be moved and copied.

mod changes;
mod lock;
mod manifest;
mod metrics;
mod saving;
mod writer;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::diag::Diagnostic;
use crate::train::codes;

pub use manifest::{CheckpointMark, DataMark, Manifest, PartMark, RunMark, Status};
pub use metrics::Line;
pub(crate) use metrics::{number, told};
pub use writer::{Beginning, Writer};

/// What the files are called.
const LOCK: &str = "lock";
const MANIFEST: &str = "run.json";
const PROGRAM: &str = "program.nnl";
const METRICS: &str = "metrics.jsonl";
const CHECKPOINTS: &str = "checkpoints";

/// A run directory as it was when it was opened.
#[derive(Clone, Debug, PartialEq)]
pub struct RunDir {
    /// Where it is.
    pub path: PathBuf,
    /// The manifest.
    pub manifest: Manifest,
    /// The text of the program.
    pub program: String,
    /// The records of all runs, in order.
    pub lines: Vec<Line>,
}

impl RunDir {
    /// Reads a run directory, which another process may be writing.
    ///
    /// # Errors
    /// Where there is no such directory, or it is none of a run, or a newer version wrote it, or it cannot be read.
    pub fn open(path: &Path) -> Result<RunDir, Diagnostic> {
        let manifest = manifest::read(path)?;
        let text = |name: &str| {
            let read = fs::read_to_string(path.join(name));
            match read {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
                read => read.map_err(|error| unreadable(&path.join(name), &error)),
            }
        };
        Ok(RunDir {
            program: text(PROGRAM)?,
            lines: metrics::parse(&text(METRICS)?),
            path: path.to_path_buf(),
            manifest,
        })
    }

    /// What the manifest says of a run.
    pub fn run(&self, name: &str) -> Option<&RunMark> {
        self.manifest.runs.iter().find(|run| run.name == name)
    }

    /// The records of a run, in order.
    pub fn lines_of<'a>(&'a self, run: &'a str) -> impl Iterator<Item = &'a Line> {
        self.lines.iter().filter(move |line| line.run == run)
    }

    /// The file of a run's finished model, if it is finished; `load` and `nnlc predict` read it.
    pub fn model(&self, run: &str) -> Option<PathBuf> {
        Some(model_path(&self.path, run)).filter(|path| path.is_file())
    }

    /// The file of a run's newest checkpoint.
    pub fn newest(&self, run: &str) -> Option<PathBuf> {
        let mark = self.run(run)?.checkpoints.last()?;
        Some(self.path.join(CHECKPOINTS).join(&mark.file))
    }
}

fn model_path(folder: &Path, run: &str) -> PathBuf {
    folder.join(format!("{run}.nnlm"))
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("cannot read `{}`: {error}", path.display());
    Diagnostic::error(codes::UNREADABLE, message)
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let message = format!("cannot write `{}`: {error}", path.display());
    Diagnostic::error(codes::UNWRITABLE, message)
        .help("free some space, or choose a folder that may be written to: `--run-dir DIR`")
}
