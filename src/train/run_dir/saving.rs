//! Checkpoints in a run directory. Written: the file, then the manifest that names it, then older files go; so whatever the moment at
//! which a process dies, the manifest names whole files only. Read: the newest that is what the manifest says of it.

use std::fs::{self, OpenOptions};
use std::path::Path;

use crate::diag::Diagnostic;
use crate::tensor::write_text;
use crate::train::checkpoint::{Checkpoint, damaged};
use crate::train::codes;
use crate::train::history::Record;
use crate::train::run_dir::manifest::{self, CheckpointMark};
use crate::train::run_dir::metrics::{self, Line};
use crate::train::run_dir::writer::Writer;
use crate::train::run_dir::{CHECKPOINTS, METRICS, unwritable};

impl Writer {
    /// Adds a checkpoint; as many of the newest as `keep` stay.
    pub(crate) fn save(&mut self, checkpoint: &Checkpoint, keep: u64) -> Result<(), Diagnostic> {
        let (name, place) = (checkpoint.file_name(), &checkpoint.place);
        let path = self.folder().join(CHECKPOINTS).join(&name);
        checkpoint
            .write(&path)
            .map_err(|error| Diagnostic::error(codes::UNWRITABLE, error))?;
        let mark = CheckpointMark {
            blake3: fingerprint(&path).map_err(|error| unwritable(&path, &error))?,
            epoch: place.epoch,
            step: place.step,
            file: name,
        };
        let (seconds, keep) = (self.seconds(), usize::try_from(keep).unwrap_or(usize::MAX));
        let before = self.manifest.clone();
        if let Some(run) = self.manifest.run_mut(&place.run) {
            // What came after it belongs to a course that is given up.
            run.checkpoints
                .retain(|own| own.file != mark.file && own.step <= mark.step);
            run.checkpoints.push(mark);
            let n_old = run.checkpoints.len().saturating_sub(keep.max(1));
            run.checkpoints.drain(..n_old);
            (run.epochs, run.steps, run.seconds) = (place.epoch, place.step, seconds);
        }
        if let Err(report) = manifest::write(self.folder(), &self.manifest) {
            self.manifest = before;
            return Err(report);
        }
        self.remove_unnamed(&place.run);
        Ok(())
    }

    /// The newest checkpoint of a run that is whole, if it has any; warnings where that is not the newest of all. The lines that were
    /// recorded after it are taken back.
    pub(crate) fn restore(
        &mut self,
        run: &str,
    ) -> Result<(Option<Checkpoint>, Vec<Diagnostic>), Diagnostic> {
        let marks = self
            .run(run)
            .map_or(vec![], |mark| mark.checkpoints.clone());
        let (mut found, mut faults) = (None, vec![]);
        for mark in marks.iter().rev() {
            match self.read(mark) {
                Ok(checkpoint) => {
                    found = Some(checkpoint);
                    break;
                }
                Err(report) if report.code == codes::NEWER => return Err(report),
                Err(report) => faults.push(report),
            }
        }
        if let (None, Some(first)) = (&found, faults.first()) {
            let report = first.clone().note("no older checkpoint is whole");
            return Err(report.help("begin anew: `--run-dir DIR`, or `--overwrite`"));
        }
        self.rewind(run, found.as_ref())?;
        Ok((found, faults.iter().map(older).collect()))
    }

    fn read(&self, mark: &CheckpointMark) -> Result<Checkpoint, Diagnostic> {
        let path = self.folder().join(CHECKPOINTS).join(&mark.file);
        let found = fingerprint(&path).map_err(|error| damaged(&path, &error.to_string()))?;
        if found != mark.blake3 {
            return Err(damaged(&path, "its bytes are not those that were written"));
        }
        Checkpoint::read(&path)
    }

    /// Makes the records those of a checkpoint.
    fn rewind(&mut self, run: &str, to: Option<&Checkpoint>) -> Result<(), Diagnostic> {
        let path = self.folder().join(METRICS);
        let text = fs::read_to_string(&path).unwrap_or_default();
        let (own, others): (Vec<Line>, Vec<Line>) = metrics::parse(&text)
            .into_iter()
            .partition(|line| line.run == run);
        let history = to.map_or(&[][..], |checkpoint| &checkpoint.place.history);
        let lines = history.iter().map(|told| {
            let record = Record::from(told);
            let same = own.iter().find(|line| line.record.step == record.step);
            Line {
                run: run.to_owned(),
                seconds: same.map_or(0.0, |line| line.seconds),
                record,
            }
        });
        let text: String = others
            .into_iter()
            .chain(lines)
            .map(|line| metrics::text(&line))
            .collect();
        write_text(&path, &text).map_err(|error| unwritable(&path, &error))?;
        let opened = OpenOptions::new().append(true).open(&path);
        self.metrics = opened.map_err(|error| unwritable(&path, &error))?;
        Ok(())
    }

    /// Removes checkpoints of a run that the manifest does not name. What cannot be removed only takes space.
    fn remove_unnamed(&self, run: &str) {
        let folder = self.folder().join(CHECKPOINTS);
        let marks = self.run(run).map_or(&[][..], |mark| &mark.checkpoints);
        let Ok(entries) = fs::read_dir(&folder) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let rest = name.strip_prefix(run).unwrap_or_default();
            let is_own = rest.starts_with('-') && rest.ends_with(".safetensors");
            if is_own && !marks.iter().any(|mark| mark.file == name) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn fingerprint(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn older(fault: &Diagnostic) -> Diagnostic {
    Diagnostic::warning(codes::OLDER_CHECKPOINT, fault.message.clone())
        .note("the run goes on from the one before it")
}
