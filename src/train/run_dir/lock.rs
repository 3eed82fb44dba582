//! One writer at a time: the file `lock` is locked as long as its process lives, however that ends, and says which process it is.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::diag::Diagnostic;
use crate::train::codes;
use crate::train::run_dir::{LOCK, unwritable};

/// Takes the lock of a run directory; it is given back when the file is closed.
pub(super) fn take(folder: &Path) -> Result<File, Diagnostic> {
    let path = folder.join(LOCK);
    let mut options = OpenOptions::new();
    let opened = options.read(true).write(true).create(true).open(&path);
    let mut file = opened.map_err(|error| unwritable(&path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(taken(folder, &mut file)),
        Err(TryLockError::Error(error)) => return Err(unwritable(&path, &error)),
    }
    sign(&mut file).map_err(|error| unwritable(&path, &error))?;
    Ok(file)
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "process {}", std::process::id())
}

fn taken(folder: &Path, file: &mut File) -> Diagnostic {
    let mut holder = String::new();
    // Whoever holds it may be about to write its name.
    let read = file.take(200).read_to_string(&mut holder);
    let holder = match (read, holder.trim()) {
        (Ok(_), holder) if !holder.is_empty() => holder.to_owned(),
        (_, _) => "another process".to_owned(),
    };
    let message = format!(
        "`{}` is being written by {}",
        folder.display(),
        holder.escape_debug()
    );
    Diagnostic::error(codes::RUN_DIR_TAKEN, message)
        .help("wait for its end, or choose another folder: `--run-dir DIR`")
}
