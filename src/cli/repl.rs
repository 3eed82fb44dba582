//! `nnlc repl`: a conversation with a session. A line is a transaction; what is wrong with it is told, and the next one is read.

mod answer;
mod commands;
mod editor;
mod info;
mod input;
mod names;
mod paint;
mod types;
mod words;

use std::path::Path;

use crate::cli::args::Global;
use crate::cli::program::session;
use crate::cli::repl::input::{Input, Line};
use crate::cli::{Done, Out, interrupt};

pub(crate) use crate::cli::repl::answer::Repl;

pub(crate) fn repl(path: Option<&Path>, global: &Global, out: &mut Out<'_>) -> Done {
    converse(Repl::new(session(global, out)?, global), path, out)
}

/// Reads and answers until the end of the input, after a program if one is named.
pub(crate) fn converse(mut repl: Repl<'_>, path: Option<&Path>, out: &mut Out<'_>) -> Done {
    let mut input = Input::open(out.screen);
    if input.is_terminal() {
        out.text(
            "nnlc: a line is a statement or an expression; :help lists commands, Ctrl-D quits\n",
        )?;
    }
    if let Some(path) = path {
        repl.load(path, out)?;
    }
    loop {
        interrupt::rest();
        input.learn(repl.session());
        match input.line()? {
            Line::Text(text) if repl.answer(&text, out)?.is_break() => return Ok(()),
            Line::Text(_) => {}
            Line::End => return Ok(()),
        }
    }
}
