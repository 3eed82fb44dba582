//! Writing a run directory: taking it, then keeping it true while runs go on.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::diag::Diagnostic;
use crate::tensor::write_text;
use crate::train::codes;
use crate::train::history::Record;
use crate::train::run_dir::changes::{changes, refusal};
use crate::train::run_dir::manifest::{self, Manifest, RunMark, Status};
use crate::train::run_dir::metrics::{self, Line};
use crate::train::run_dir::{
    CHECKPOINTS, MANIFEST, METRICS, PROGRAM, lock, model_path, unwritable,
};

/// What is expected of the folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// No run: runs begin in it. With `overwrites`, one that is there makes room.
    New {
        /// Whether a run that is there is given up.
        overwrites: bool,
    },
    /// A run, which goes on; with `forces`, even where program or data have changed.
    Resumed {
        /// Whether changes are let pass.
        forces: bool,
    },
}

/// A run directory that this process writes.
#[derive(Debug)]
pub struct Writer {
    folder: PathBuf,
    pub(super) manifest: Manifest,
    pub(super) metrics: File,
    /// When the run that goes on began or went on, and how long it had trained by then.
    clock: (Instant, f64),
    /// Held as long as the writer lives.
    _lock: File,
}

impl Writer {
    /// Takes a folder for the runs of a program. `now` says what they are made of.
    ///
    /// # Errors
    /// Where the folder cannot be written, another process writes it, it holds a run and should not, or holds another.
    pub fn take(
        folder: &Path,
        now: Manifest,
        program: &str,
        beginning: Beginning,
    ) -> Result<Writer, Diagnostic> {
        if let Beginning::Resumed { .. } = beginning {
            // Nothing is made where there is nothing to go on with.
            manifest::read(folder)?;
        }
        let inner = folder.join(CHECKPOINTS);
        fs::create_dir_all(&inner).map_err(|error| unwritable(folder, &error))?;
        let lock = lock::take(folder)?;
        let manifest = match beginning {
            Beginning::Resumed { forces } => resumed(folder, manifest::read(folder)?, now, forces)?,
            Beginning::New { overwrites } => {
                make_room(folder, overwrites)?;
                now
            }
        };
        sweep(folder).map_err(|error| unwritable(folder, &error))?;
        let path = folder.join(PROGRAM);
        write_text(&path, program).map_err(|error| unwritable(&path, &error))?;
        let path = folder.join(METRICS);
        let metrics = OpenOptions::new().create(true).append(true).open(&path);
        let writer = Writer {
            metrics: metrics.map_err(|error| unwritable(&path, &error))?,
            folder: folder.to_path_buf(),
            manifest,
            clock: (Instant::now(), 0.0),
            _lock: lock,
        };
        manifest::write(folder, &writer.manifest)?;
        Ok(writer)
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where a run's finished model belongs.
    pub fn model_path(&self, run: &str) -> PathBuf {
        model_path(&self.folder, run)
    }

    /// What is known of a run.
    pub(crate) fn run(&self, run: &str) -> Option<&RunMark> {
        self.manifest.runs.iter().find(|mark| mark.name == run)
    }

    /// A run begins, or goes on.
    pub(crate) fn begins(&mut self, run: &str, parameters: u64) -> Result<(), Diagnostic> {
        let before = self.run(run).map_or(0.0, |mark| mark.seconds);
        self.clock = (Instant::now(), before);
        self.tell(run, |mark| {
            mark.status = Status::Running;
            mark.parameters = parameters;
        })
    }

    /// Adds a record.
    pub(crate) fn record(&mut self, run: &str, record: &Record) -> Result<(), Diagnostic> {
        let line = metrics::text(&Line {
            run: run.to_owned(),
            seconds: self.seconds(),
            record: record.clone(),
        });
        let written = self.metrics.write_all(line.as_bytes());
        written.map_err(|error| unwritable(&self.folder.join(METRICS), &error))
    }

    /// A run is over, or stopped for now.
    pub(crate) fn ends(
        &mut self,
        run: &str,
        status: Status,
        [epochs, steps]: [u64; 2],
    ) -> Result<(), Diagnostic> {
        let seconds = self.seconds();
        self.tell(run, |mark| {
            (mark.epochs, mark.steps) = (epochs, steps);
            (mark.status, mark.seconds) = (status, seconds);
        })
    }

    /// How long the run that goes on has trained, to the millisecond.
    pub(super) fn seconds(&self) -> f64 {
        let (since, before) = self.clock;
        ((before + since.elapsed().as_secs_f64()) * 1e3).round() / 1e3
    }

    /// Changes what is said of a run.
    fn tell(&mut self, run: &str, change: impl FnOnce(&mut RunMark)) -> Result<(), Diagnostic> {
        if let Some(mark) = self.manifest.run_mut(run) {
            change(mark);
        }
        manifest::write(&self.folder, &self.manifest)
    }
}

/// The manifest to go on with: what is known of the runs stays, what they are made of is what it is now.
fn resumed(
    folder: &Path,
    before: Manifest,
    now: Manifest,
    forces: bool,
) -> Result<Manifest, Diagnostic> {
    let found = changes(&before, &now);
    if !found.is_empty() && !forces {
        return Err(refusal(folder, &found));
    }
    let mut runs = now.runs;
    for run in &mut runs {
        if let Some(then) = before.runs.iter().find(|then| then.name == run.name) {
            let settings = std::mem::take(&mut run.settings);
            *run = RunMark {
                settings,
                ..then.clone()
            };
        }
    }
    let changes = before.changes.into_iter().chain(found).collect();
    Ok(Manifest {
        runs,
        changes,
        ..now
    })
}

/// A run that is there is kept, unless it is to be given up.
fn make_room(folder: &Path, overwrites: bool) -> Result<(), Diagnostic> {
    if !folder.join(MANIFEST).exists() {
        return Ok(());
    }
    if !overwrites {
        let shown = folder.display();
        let report = Diagnostic::error(
            codes::RUN_DIR_HOLDS,
            format!("`{shown}` holds an earlier run"),
        );
        return Err(report.help(format!(
            "go on with it: `--resume {shown}`; begin in another folder: `--run-dir DIR`, or another `dir`; or give it up: `--overwrite`"
        )));
    }
    // Where the manifest is damaged, nobody knows what else was the run's.
    let runs = manifest::read(folder).map_or(vec![], |before| before.runs);
    clear(folder, &runs).map_err(|error| unwritable(folder, &error))
}

/// The manifest goes first, so that nothing is ever named that is not there; files of others stay.
fn clear(folder: &Path, runs: &[RunMark]) -> io::Result<()> {
    fs::remove_file(folder.join(MANIFEST))?;
    remove(&folder.join(METRICS))?;
    for run in runs {
        remove(&model_path(folder, &run.name))?;
        for mark in &run.checkpoints {
            remove(&folder.join(CHECKPOINTS).join(&mark.file))?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Err(_) | Ok(()) => Ok(()),
    }
}

/// Removes what a killed process left unfinished.
fn sweep(folder: &Path) -> io::Result<()> {
    for folder in [folder, &folder.join(CHECKPOINTS)] {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(".tmp") {
                remove(&entry.path())?;
            }
        }
    }
    Ok(())
}
