//! `nnlc completions`: what a shell needs to complete this command line.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::cli::args::Cli;
use crate::cli::{Done, Out};

pub(crate) fn completions(shell: Shell, out: &mut Out<'_>) -> Done {
    let mut script = vec![];
    generate(shell, &mut Cli::command(), "nnlc", &mut script);
    Ok(out.text(&String::from_utf8_lossy(&script))?)
}
