//! Tensors in and out of `eval` by file: named ones in safetensors, one alone in NumPy's format, which the name of the file tells.

use std::path::{Path, PathBuf};

use crate::cli::screen::escaped;
use crate::cli::{Done, FILE, Out, Stop, USAGE};
use crate::session::Session;
use crate::tensor::{FileError, Tensor, read_npy, read_tensors, write_npy, write_tensors};

/// Tensors with their names.
type Named = Vec<(String, Tensor)>;

/// Names the tensors of `FILE`, or of `NAME=FILE`.
pub(super) fn load(session: &mut Session, given: &Path, out: &mut Out<'_>) -> Done {
    let (name, path) = parted(given);
    let read = match is_npy(&path) {
        true => read_npy(&path).map(|tensor| vec![(name.unwrap_or_else(|| stem(&path)), tensor)]),
        false => read_tensors(&path).map(|(tensors, _)| renamed(tensors, name)),
    };
    for (name, tensor) in told(read, out)? {
        if !session.bind(&name, tensor) {
            let (name, shown) = (escaped(&name), path.display());
            out.note(&format!(
                "nnlc: a tensor called `{name}` cannot be named in a program: letters, digits and `_` can; `NAME={shown}` gives \
                 one alone another name\n"
            ))?;
            return Err(Stop::Code(USAGE));
        }
    }
    Ok(())
}

/// `NAME` and `FILE`; a path that is there is taken whole.
fn parted(given: &Path) -> (Option<String>, PathBuf) {
    let text = given.to_str().filter(|_| !given.exists());
    match text.and_then(|text| text.split_once('=')) {
        Some((name, path)) => (Some(name.to_owned()), path.into()),
        None => (None, given.to_path_buf()),
    }
}

/// A tensor alone by the name that is wished for.
fn renamed(mut tensors: Named, name: Option<String>) -> Named {
    if let (Some(name), [(own, _)]) = (name, tensors.as_mut_slice()) {
        *own = name;
    }
    tensors
}

fn is_npy(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "npy")
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// Writes tensors: all of them; or into a npy file the one that is meant.
pub(super) fn save(path: &Path, tensors: Named, out: &mut Out<'_>) -> Done {
    if !is_npy(path) {
        return told(write_tensors(path, &tensors, &[]), out);
    }
    match the_one(&stem(path), &tensors) {
        Some(tensor) => told(write_npy(path, tensor), out),
        None => {
            let names: Vec<&str> = tensors.iter().map(|(name, _)| name.as_str()).collect();
            let there = match names.as_slice() {
                [] => "there is none".to_owned(),
                names => format!("there are `{}`", names.join("`, `")),
            };
            let shown = path.display();
            out.note(&format!(
                "nnlc: a npy file holds one tensor, and {there}: name `{shown}` as one of them, or write a safetensors file\n"
            ))?;
            Err(Stop::Code(USAGE))
        }
    }
}

/// The tensor called as the file is; else the only one that was shown, else the only one.
fn the_one<'t>(name: &str, tensors: &'t Named) -> Option<&'t Tensor> {
    let called = |name: &str| tensors.iter().find(|(own, _)| own == name);
    let shown = || called("result").filter(|_| called("result2").is_none());
    let found = called(name).or_else(shown).or(match tensors.as_slice() {
        [one] => Some(one),
        _ => None,
    });
    found.map(|(_, tensor)| tensor)
}

fn told<T>(done: Result<T, FileError>, out: &mut Out<'_>) -> Done<T> {
    match done {
        Ok(value) => Ok(value),
        Err(error) => {
            out.note(&format!("nnlc: {error}\n"))?;
            Err(Stop::Code(FILE))
        }
    }
}
