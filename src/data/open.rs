//! Opening a data file: regular files only, refused with a reason when they are of another format. Knows paths and first bytes;
//! nothing of rows.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::diag::did_you_mean;

/// The size of the blocks a file is read in.
const BLOCK: usize = 1 << 16;

/// Text being read.
pub(crate) type Input = BufReader<Box<dyn Read>>;

/// Opens a regular file of UTF-8 text and steps over a byte order mark; a relative path starts at `folder`.
pub(crate) fn open(path: &str, folder: &Path) -> Result<Input, Fault> {
    let full = regular(path, folder)?;
    let file = File::open(&full).map_err(|error| unreadable(path, &error))?;
    begun(path, Box::new(file))
}

/// Where a regular file stands; a relative path starts at `folder`.
pub(crate) fn regular(path: &str, folder: &Path) -> Result<PathBuf, Fault> {
    let full = folder.join(path);
    let about = fs::metadata(&full).map_err(|error| not_opened(path, &full, &error))?;
    match about.is_file() {
        true => Ok(full),
        false => Err(not_a_file(path, &about)),
    }
}

/// The standard input as if it were a file of this name.
pub(crate) fn standard_input(path: &str) -> Result<Input, Fault> {
    begun(path, Box::new(io::stdin()))
}

/// Text whose first bytes have been looked at.
fn begun(path: &str, file: Box<dyn Read>) -> Result<Input, Fault> {
    let mut reader = BufReader::with_capacity(BLOCK, file);
    let start = reader
        .fill_buf()
        .map_err(|error| unreadable(path, &error))?;
    if start.is_empty() {
        return Err(empty(path));
    }
    if let Some(fault) = foreign_format(path, start) {
        return Err(fault);
    }
    if start.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    Ok(reader)
}

/// A file that holds nothing.
pub(crate) fn empty(path: &str) -> Fault {
    let message = format!("{} is empty", shown(path));
    Fault::new(codes::EMPTY_FILE, message, "a file of zero bytes")
}

/// The system would not read a file.
pub(crate) fn unreadable(path: &str, error: &io::Error) -> Fault {
    Fault::new(
        codes::UNREADABLE,
        format!("cannot read {}: {error}", shown(path)),
        "the system refuses to read it",
    )
}

fn not_opened(path: &str, full: &Path, error: &io::Error) -> Fault {
    if error.kind() == io::ErrorKind::NotFound {
        not_found(path, full)
    } else {
        unreadable(path, error)
    }
}

fn not_found(path: &str, full: &Path) -> Fault {
    let parent = full.parent().filter(|parent| *parent != Path::new(""));
    let folder = parent.unwrap_or(Path::new("."));
    let searched = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let fault = Fault::new(
        codes::NOT_FOUND,
        format!("there is no file {}", shown(path)),
        "not found",
    );
    // What is found from elsewhere than the working folder is found from the program's.
    let start = match Path::new(path) == full {
        true => "",
        false => "; relative paths start at the program's folder",
    };
    let fault = fault.note(format!("searched in {}{start}", shown_path(&searched)));
    match similar(path, full, folder) {
        Some(help) => fault.help(help),
        None if !folder.is_dir() => fault.help(format!(
            "the folder {} does not exist either",
            shown_path(&searched)
        )),
        None => fault,
    }
}

/// Folders are shown whole: they are the user's own, and cutting one would hide what differs.
fn shown_path(path: &Path) -> String {
    let text = path.display().to_string();
    let escaped: String = text.chars().flat_map(char::escape_debug).collect();
    format!("`{escaped}`")
}

/// A file of nearly that name in the same folder.
fn similar(path: &str, full: &Path, folder: &Path) -> Option<String> {
    let wanted = full.file_name()?.to_str()?;
    let mut names: Vec<String> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort();
    let near = did_you_mean(wanted, names.iter().map(String::as_str))?;
    let near = Path::new(path).with_file_name(near);
    Some(format!("did you mean {}?", shown_path(&near)))
}

fn not_a_file(path: &str, about: &fs::Metadata) -> Fault {
    let found = if about.is_dir() {
        "a folder"
    } else {
        "a pipe or a device"
    };
    Fault::new(
        codes::NOT_A_FILE,
        format!("{} is {found}, not a file", shown(path)),
        format!("{found}; data are read from a regular file"),
    )
}

/// What a file's first bytes say it is, when that is no table.
fn foreign_format(path: &str, start: &[u8]) -> Option<Fault> {
    const FORMATS: [(&[u8], &str, &str); 8] = [
        (b"\x1f\x8b", "gzip-compressed", "unpack it with `gunzip`"),
        (
            b"PK\x03\x04",
            "a zip archive or a spreadsheet",
            "export the sheet as CSV, or unpack the archive",
        ),
        (
            b"\xd0\xcf\x11\xe0",
            "an old spreadsheet",
            "export the sheet as CSV",
        ),
        (b"\xff\xfe", "UTF-16 text", "save it as UTF-8"),
        (b"\xfe\xff", "UTF-16 text", "save it as UTF-8"),
        (b"PAR1", "a Parquet file", "export it as CSV"),
        (
            b"version https://git-lfs",
            "a Git LFS pointer, not the data",
            "fetch the data with `git lfs pull`",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "zstd-compressed",
            "unpack it with `zstd -d`",
        ),
    ];
    let (_, what, help) = FORMATS
        .into_iter()
        .find(|(magic, _, _)| start.starts_with(magic))?;
    let message = format!("{} is {what}", shown(path));
    Some(Fault::new(codes::NOT_CSV, message, "a table of plain text is needed").help(help))
}
