//! `nnlc new`: a small project that works at once: a program, its data, and a few lines on what to do next.

use std::fs;
use std::io;
use std::path::Path;

use crate::cli::{Done, FILE, Out, Stop, USAGE};

const FILES: [(&str, &str); 3] = [
    ("main.nnl", include_str!("new/main.nnl")),
    ("data.csv", include_str!("new/data.csv")),
    ("README.md", include_str!("new/README.md")),
];

pub(crate) fn new(path: &Path, out: &mut Out<'_>) -> Done {
    let shown = path.display().to_string();
    if path.exists() {
        out.note(&format!(
            "nnlc: `{shown}` is there already: name a folder that is not\n"
        ))?;
        return Err(Stop::Code(USAGE));
    }
    if let Err(error) = written(path) {
        out.note(&format!("nnlc: cannot write `{shown}`: {error}\n"))?;
        return Err(Stop::Code(FILE));
    }
    Ok(out.text(&format!(
        "{shown} is there: `nnlc run {shown}/main.nnl` trains its model\n"
    ))?)
}

fn written(path: &Path) -> io::Result<()> {
    fs::create_dir_all(path)?;
    FILES
        .iter()
        .try_for_each(|(name, text)| fs::write(path.join(name), text))
}
