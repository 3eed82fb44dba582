//! What every command on a saved model does first: open it, and say what is wrong with it.

use std::path::Path;

use crate::cli::args::Global;
use crate::cli::program::{code, session, told};
use crate::cli::{Done, Out, Stop};
use crate::session::Model;
use crate::source::Span;

/// A model, and the places of the words that name files.
pub(crate) struct Opened {
    pub(crate) model: Model,
    /// The places of the files beside it.
    pub(crate) files: Vec<Span>,
}

/// Opens the model of a command, whose line is shown where a file has no better place.
pub(crate) fn open(
    command: &str,
    model: &Path,
    files: &[(&str, &Path)],
    global: &Global,
    out: &mut Out<'_>,
) -> Done<Opened> {
    let mut session = session(global, out)?;
    let words = [("", model)].into_iter().chain(files.iter().copied());
    let mut places = session.command_line(command, words);
    let files = places.split_off(1);
    let (model, reports) = Model::open(&mut session, model, places[0]);
    let model = told(&session, model, &reports, out)?;
    Ok(Opened { model, files })
}

/// Says what went wrong with a model or its rows, and what that comes to.
pub(crate) fn told_of<T>(
    model: &Model,
    result: Result<T, impl Into<crate::diag::Diagnostics>>,
    out: &mut Out<'_>,
) -> Done<T> {
    match result {
        Ok(found) => Ok(found),
        Err(reports) => {
            let reports = reports.into();
            out.reports(model.sources(), &reports)?;
            Err(Stop::Code(code(&reports)))
        }
    }
}
