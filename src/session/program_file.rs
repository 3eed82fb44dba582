//! Reading a program's text: every way in which that can fail is a report of its own.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use crate::diag::Diagnostic;
use crate::session::codes;
use crate::syntax;

/// The longest text that is taken for a program.
const MOST_BYTES: u64 = 64 << 20;

/// The text of a program file.
pub(crate) fn read(path: &Path) -> Result<String, Diagnostic> {
    let shown = path.display();
    let file = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if !file.is_file() {
        let what = if file.is_dir() {
            "a folder"
        } else {
            "no plain file"
        };
        let report = Diagnostic::error(codes::NOT_A_FILE, format!("`{shown}` is {what}"));
        return Err(report.help("name a program, such as `main.nnl`"));
    }
    let mut bytes = vec![];
    let reader = fs::File::open(path).map_err(|error| unreadable(path, &error))?;
    let read = reader.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MOST_BYTES {
        let message = format!("`{shown}` is longer than {} MiB", MOST_BYTES >> 20);
        return Err(Diagnostic::error(codes::TOO_LARGE, message)
            .help("is it a program? data belongs into files of its own"));
    }
    String::from_utf8(bytes)
        .map_err(|error| not_text(path, error.utf8_error().valid_up_to(), error.as_bytes()))
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    if error.kind() == io::ErrorKind::NotFound {
        let report = Diagnostic::error(codes::NO_PROGRAM, format!("no file `{}`", path.display()));
        return near(path).into_iter().fold(report, |report, near| {
            report.help(format!("did you mean `{near}`?"))
        });
    }
    Diagnostic::error(
        codes::UNREADABLE,
        format!("cannot read `{}`: {error}", path.display()),
    )
}

/// A program of a similar name in the same folder.
fn near(path: &Path) -> Option<String> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".nnl")).collect();
    names.sort();
    let wanted = path.file_name()?.to_str()?;
    let found = crate::diag::did_you_mean(wanted, names.iter().map(String::as_str))?;
    Some(path.with_file_name(found).display().to_string())
}

fn not_text(path: &Path, at: usize, bytes: &[u8]) -> Diagnostic {
    let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    let message = format!(
        "`{}` is not UTF-8 text: byte {at}, in line {line}",
        path.display()
    );
    Diagnostic::error(syntax::codes::NOT_UTF8, message).help("save it as UTF-8")
}
