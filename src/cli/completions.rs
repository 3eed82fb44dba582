//! `nnlc completions` and `nnlc man`: what a shell needs to complete this command line, and its manual pages.

use std::path::Path;

use clap::CommandFactory;
use clap_complete::{Shell, generate};
use clap_mangen::generate_to;

use crate::cli::args::Cli;
use crate::cli::{Done, FILE, Out, Stop};

pub(crate) fn completions(shell: Shell, out: &mut Out<'_>) -> Done {
    let mut script = vec![];
    generate(shell, &mut Cli::command(), "nnlc", &mut script);
    Ok(out.text(&String::from_utf8_lossy(&script))?)
}

/// Writes a page for the program and one for each command.
pub(crate) fn man(folder: &Path, out: &mut Out<'_>) -> Done {
    // Pages are for troff, to which a template of the help screen means nothing.
    let command = Cli::command().help_template("");
    let made = std::fs::create_dir_all(folder).and_then(|()| generate_to(command, folder));
    let shown = folder.display();
    match made {
        Ok(()) => Ok(out.text(&format!(
            "the pages are in {shown}: `man -l {shown}/nnlc.1`\n"
        ))?),
        Err(error) => {
            out.note(&format!("nnlc: cannot write into `{shown}`: {error}\n"))?;
            Err(Stop::Code(FILE))
        }
    }
}
