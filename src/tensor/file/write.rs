//! Writing: the header is made here, in the order given, so that the same tensors give the same bytes.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{FileError, Stored, format_name};
use crate::tensor::Tensor;
use crate::tensor::element::each_type;

/// The entry of a header that describes no tensor.
const METADATA: &str = "__metadata__";

/// Writes tensors and metadata to `path`, whole or not at all: to a new file beside it, which then takes its name. The same tensors
/// give the same bytes.
pub fn write_tensors(
    path: &Path,
    tensors: &[(String, Tensor)],
    metadata: &[(String, String)],
) -> Result<(), FileError> {
    check_kind(path)?;
    let tensors = aligned(tensors);
    let header = header(&tensors, metadata)?;
    let written = write_whole(path, |writer| {
        writer.write_all(&header)?;
        tensors
            .iter()
            .try_for_each(|(_, x)| write_elements(writer, x))
    });
    written.map_err(|source| FileError::Unwritable {
        path: path.into(),
        source,
    })
}

/// Writes a text to `path`, whole or not at all; where `path` is a link, to the file that it names.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    write_stream(path, |writer| writer.write_all(text.as_bytes()))
}

/// Writes to `path` as `write` does, whole or not at all: where that fails, nothing is left.
pub fn write_stream(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if path.exists() && !path.is_file() {
        return write(&mut File::create(path)?);
    }
    write_whole(&path, |writer| write(writer))
}

/// Whether a file can be written at a path, without writing one.
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    check_kind(path)?;
    let tried = folder_of(path).and_then(tempfile::tempfile_in);
    tried.map(drop).map_err(|source| FileError::Unwritable {
        path: path.into(),
        source,
    })
}

pub(super) fn check_kind(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Err(FileError::Directory { path: path.into() });
    }
    if path.exists() && !path.is_file() {
        return Err(FileError::Special { path: path.into() });
    }
    Ok(())
}

fn folder_of(path: &Path) -> io::Result<&Path> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if folder.is_dir() {
        return Ok(folder);
    }
    let message = format!("there is no folder `{}`", folder.display());
    Err(io::Error::new(io::ErrorKind::NotFound, message))
}

/// The widest elements first, so that all are aligned.
fn aligned(tensors: &[(String, Tensor)]) -> Vec<&(String, Tensor)> {
    let mut tensors: Vec<_> = tensors.iter().collect();
    tensors.sort_by_key(|(_, x)| std::cmp::Reverse(x.dtype().size()));
    tensors
}

/// The length of the header in eight bytes, and the header: JSON, padded with blanks to a multiple of eight bytes.
fn header(
    tensors: &[&(String, Tensor)],
    metadata: &[(String, String)],
) -> Result<Vec<u8>, FileError> {
    let mut entries = Map::new();
    if !metadata.is_empty() {
        let texts: Map<String, Value> = metadata
            .iter()
            .map(|(name, text)| (name.clone(), json!(text)))
            .collect();
        entries.insert(METADATA.into(), texts.into());
    }
    let mut start = 0;
    for (name, x) in tensors {
        let end = start + x.len() * x.dtype().size();
        let entry = json!({ "dtype": format_name(x.dtype()), "shape": x.shape(), "data_offsets": [start, end] });
        if name == METADATA || entries.insert(name.clone(), entry).is_some() {
            return Err(FileError::Duplicate { name: name.clone() });
        }
        start = end;
    }
    let mut text = Value::from(entries).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    Ok([&(text.len() as u64).to_le_bytes(), text.as_slice()].concat())
}

/// Through a temporary file in the same folder. Both file and folder reach the disk before this returns.
pub(super) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let folder = folder_of(path)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let temporary = builder.tempfile_in(folder)?;
    let mut writer = BufWriter::new(temporary.as_file());
    write(&mut writer)?;
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    sync_folder(folder)
}

/// Only Unix opens a folder as a file.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// The elements of a tensor in order, low bytes first.
pub fn write_elements(writer: &mut impl Write, x: &Tensor) -> io::Result<()> {
    each_type!(x.data(), v => v.iter().try_for_each(|x| x.write_to(writer)))
}
