//! What a search has tried so far, a line a trial, in a file that is written as trials end: a search that is begun again takes from it
//! what is there.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The book of a search.
pub(super) struct Book {
    file: File,
    path: PathBuf,
    /// What has been tried.
    pub(super) entries: Vec<Entry>,
}

/// A trial that has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) trial: u64,
    /// Epochs or steps that it was given.
    pub(super) length: u64,
    pub(super) settings: Vec<String>,
    /// What it came to; nothing where it failed.
    pub(super) value: Option<f64>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<String>,
    pub(super) seconds: f64,
}

/// Why a book cannot be used.
pub(super) enum BookError {
    Io(PathBuf, io::Error),
    /// Another search writes it.
    Taken(PathBuf),
    /// It is of another search: what differs.
    Other(PathBuf, String),
}

impl Book {
    /// Opens the book of a search, or begins it. `search` is all that a trial's result depends on.
    pub(super) fn open(folder: &Path, search: &Value, overwrites: bool) -> Result<Book, BookError> {
        let path = folder.join("trials.jsonl");
        let failed = |error| BookError::Io(path.clone(), error);
        fs::create_dir_all(folder).map_err(failed)?;
        let mut options = OpenOptions::new();
        let opened = options.read(true).append(true).create(true).open(&path);
        let mut file = opened.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BookError::Taken(path)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let text = fs::read_to_string(&path).map_err(failed)?;
        // What a killed process left of a line is no line.
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        let mut lines = text[..whole].lines();
        match lines.next() {
            Some(first) if !overwrites => {
                let before: Value = serde_json::from_str(first).unwrap_or(Value::Null);
                if let Some(change) = changed(&before, search) {
                    return Err(BookError::Other(path, change));
                }
                file.set_len(whole as u64).map_err(failed)?;
            }
            Some(_) | None => {
                file.set_len(0).map_err(failed)?;
                file.write_all(format!("{search}\n").as_bytes())
                    .map_err(failed)?;
                lines = "".lines();
            }
        }
        let entries = lines.filter_map(|line| serde_json::from_str(line).ok());
        Ok(Book {
            entries: entries.collect(),
            file,
            path,
        })
    }

    /// What came of a trial that was given so much.
    pub(super) fn find(&self, trial: u64, length: u64) -> Option<&Entry> {
        let mut entries = self.entries.iter();
        entries.find(|entry| entry.trial == trial && entry.length == length)
    }

    /// Writes down what came of a trial.
    pub(super) fn add(&mut self, entry: Entry) -> Result<(), BookError> {
        let failed = |error| BookError::Io(self.path.clone(), error);
        let line = serde_json::to_string(&entry).map_err(|error| failed(error.into()))?;
        self.file
            .write_all(format!("{line}\n").as_bytes())
            .map_err(failed)?;
        self.entries.push(entry);
        Ok(())
    }
}

/// The first thing in which two searches differ.
fn changed(before: &Value, now: &Value) -> Option<String> {
    let (Value::Object(before), Value::Object(now)) = (before, now) else {
        return Some("it is no book of a search".into());
    };
    let mut fields = now.iter();
    let (name, _) = fields.find(|(name, value)| before.get(*name) != Some(*value))?;
    Some(format!("its {name} is another"))
}
