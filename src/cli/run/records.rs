//! What a run leaves for others to look at, beside what it prints: a report, event files.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::args::Record;
use crate::cli::program::code;
use crate::cli::report::Draft;
use crate::cli::tensorboard::Boards;
use crate::cli::{Done, FILE, Out, Stop};
use crate::session::{Compiled, Output, Session};
use crate::tensor::{check_writable, write_text};

/// What the report of a run directory is called.
const REPORT: &str = "report.html";

/// A report and event files, as far as they are wanted.
pub(super) struct Records {
    draft: Option<Draft>,
    place: Option<PathBuf>,
    boards: Option<Boards>,
    /// The first failure to write an event.
    failure: io::Result<()>,
}

impl Records {
    /// Drafts what is wanted. Places that cannot be written to are told before anything is trained. `is_kept` where there is a run
    /// directory, which gets a report whether or not one is asked for.
    pub(super) fn new(
        wanted: &Record,
        is_kept: bool,
        session: &Session,
        compiled: &Compiled,
        out: &mut Out<'_>,
    ) -> Done<Records> {
        if let Some(path) = &wanted.report
            && let Err(error) = check_writable(path)
        {
            return refused(&error.to_string(), out);
        }
        let boards = wanted.tensorboard.as_deref().map(Boards::new).transpose();
        let boards = match boards {
            Ok(boards) => boards,
            Err(error) => {
                let folder = wanted.tensorboard.as_deref().unwrap_or(Path::new(""));
                return refused(
                    &format!("cannot write into `{}`: {error}", folder.display()),
                    out,
                );
            }
        };
        let is_wanted = is_kept || wanted.report.is_some();
        Ok(Records {
            draft: is_wanted.then(|| Draft::of(session, compiled)),
            place: wanted.report.clone(),
            boards,
            failure: Ok(()),
        })
    }

    /// Keeps what an output tells.
    pub(super) fn hear(&mut self, output: &Output) {
        if let Some(draft) = &mut self.draft {
            draft.hear(output);
        }
        match (output, &mut self.boards) {
            (Output::Event(event), Some(boards)) if self.failure.is_ok() => {
                self.failure = boards.hear(event);
            }
            (Output::Keeping { folder }, _) if self.place.is_none() => {
                self.place = Some(folder.join(REPORT));
            }
            _ => {}
        }
    }

    /// Writes the report.
    pub(super) fn end(self, session: &Session, program: &Path, out: &mut Out<'_>) -> Done {
        if let Err(error) = self.failure {
            return refused(&format!("cannot write events: {error}"), out);
        }
        let (Some(draft), Some(place)) = (self.draft, self.place) else {
            return Ok(());
        };
        let page = match draft.page(session, program) {
            Ok(page) => page,
            Err(report) => {
                let reports = report.into();
                out.reports(session.sources(), &reports)?;
                return Err(Stop::Code(code(&reports)));
            }
        };
        match write_text(&place, &page) {
            Ok(()) => tell(&place, out),
            Err(error) => refused(&format!("cannot write `{}`: {error}", place.display()), out),
        }
    }
}

fn tell(place: &Path, out: &mut Out<'_>) -> Done {
    let place = place.display().to_string();
    match (out.is_json, out.is_quiet) {
        (true, _) => out.json(&serde_json::json!({ "event": "report", "path": place }))?,
        (false, true) => {}
        (false, false) => out.text(&format!("\nreport in {place}\n"))?,
    }
    Ok(())
}

fn refused<T>(why: &str, out: &mut Out<'_>) -> Done<T> {
    out.note(&format!("nnlc: {why}\n"))?;
    Err(Stop::Code(FILE))
}
