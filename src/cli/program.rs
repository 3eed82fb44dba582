//! What every command does first: open a session, read a program, take it through the stages, and say what they report.

use std::path::Path;

use crate::cli::args::{EngineChoice, Global};
use crate::cli::{BUG, Done, Out, Stop, interrupt};
use crate::diag::Diagnostics;
use crate::lower::Mode;
use crate::session::{Compiled, EngineKind, Options, Session, Watch};
use crate::syntax::ast::Program;

/// A session as the command line wants it.
pub(crate) fn session(global: &Global, out: &mut Out<'_>) -> Done<Session> {
    session_with(Options::default(), global, out)
}

/// The same, with what a command asks for besides.
pub(crate) fn session_with(options: Options, global: &Global, out: &mut Out<'_>) -> Done<Session> {
    let engine = match global.engine {
        EngineChoice::Jit => EngineKind::Jit,
        EngineChoice::Interp => EngineKind::Interpreter,
    };
    let options = Options {
        engine,
        threads: usize::from(global.threads.unwrap_or(0)),
        seed: global.seed,
        sets: global.set.clone(),
        ..options
    };
    let (mut session, reports) = Session::new(options);
    session.stop_at(interrupt::stop());
    out.reports(session.sources(), &reports)?;
    // What is wrong with the library is nobody's fault but ours.
    if reports.has_errors() {
        Err(Stop::Code(BUG))
    } else {
        Ok(session)
    }
}

/// A program, parsed.
pub(crate) fn load(session: &mut Session, path: &Path, out: &mut Out<'_>) -> Done<Program> {
    let (program, reports) = session.load_file(path);
    told(session, program, &reports, out)
}

/// A program, ready to run.
pub(crate) fn compile(
    session: &Session,
    program: Program,
    mode: Mode,
    out: &mut Out<'_>,
) -> Done<Compiled> {
    compile_watched(session, program, mode, &mut |_| {}, out)
}

/// The same, with a look at what each step made.
pub(crate) fn compile_watched(
    session: &Session,
    program: Program,
    mode: Mode,
    watch: &mut Watch<'_>,
    out: &mut Out<'_>,
) -> Done<Compiled> {
    let (compiled, reports) = session.compile_watched(program, mode, watch);
    told(session, compiled, &reports, out)
}

/// Says what a stage reports; where it made nothing, that is the end.
pub(crate) fn told<T>(
    session: &Session,
    made: Option<T>,
    reports: &Diagnostics,
    out: &mut Out<'_>,
) -> Done<T> {
    out.reports(session.sources(), reports)?;
    made.ok_or_else(|| Stop::Code(code(reports)))
}

/// The exit code of an end that reports brought about.
pub(crate) fn code(reports: &Diagnostics) -> u8 {
    match reports.exit_code() {
        0 => BUG,
        code => code,
    }
}
