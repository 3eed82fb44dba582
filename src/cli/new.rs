//! `nnlc new`: a small project that works at once: a program, its data, and a few lines on what to do next. The data are an example,
//! or a table of the user's, to which the program is fitted.

mod columns;
mod program;
mod table;

use std::fs;
use std::io;
use std::path::Path;

use crate::cli::args::{Global, New};
use crate::cli::{Done, FILE, Out, Stop, USAGE};

const PROGRAM: &str = include_str!("new/main.nnl");
const DATA: &str = include_str!("new/data.csv");
const README: &str = include_str!("new/README.md");

/// What a project is made of.
struct Project {
    program: String,
    /// The table's name in the folder, and its bytes.
    data: (String, Vec<u8>),
    /// What the user should know of it.
    notes: String,
}

pub(crate) fn new(args: &New, global: &Global, out: &mut Out<'_>) -> Done {
    let shown = args.name.display().to_string();
    if args.name.exists() {
        out.note(&format!(
            "nnlc: `{shown}` is there already: name a folder that is not\n"
        ))?;
        return Err(Stop::Code(USAGE));
    }
    let project = match &args.csv {
        None => Project {
            program: PROGRAM.to_owned(),
            data: ("data.csv".to_owned(), DATA.into()),
            notes: String::new(),
        },
        Some(csv) => table::project(csv, args.target.as_deref(), global, out)?,
    };
    if let Err(error) = written(&args.name, &project) {
        out.note(&format!("nnlc: cannot write `{shown}`: {error}\n"))?;
        return Err(Stop::Code(FILE));
    }
    out.text(&project.notes)?;
    Ok(out.text(&format!(
        "{shown} is there: `nnlc run {shown}/main.nnl` trains its model\n"
    ))?)
}

fn written(folder: &Path, project: &Project) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("main.nnl"), &project.program)?;
    fs::write(folder.join(&project.data.0), &project.data.1)?;
    fs::write(folder.join("README.md"), README)
}
