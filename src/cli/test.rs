//! `nnlc test`: runs the tests and examples of a program, or the examples of the library.

use std::io;
use std::path::Path;

use serde_json::json;

use crate::cli::args::Global;
use crate::cli::program::{code, compile, load, session};
use crate::cli::screen::{counted, one_line};
use crate::cli::{Done, INTERRUPTED, Out, Stop, interrupt};
use crate::diag::Diagnostics;
use crate::lower::Mode;
use crate::session::{Example, Output, Session, Verdict};
use crate::source::SourceMap;
use crate::syntax::ast::Program;
use crate::train::Flow;

/// What failing tests come to: the program is wrong.
pub(crate) const FAILED: u8 = 1;

pub(crate) fn test(path: Option<&Path>, global: &Global, out: &mut Out<'_>) -> Done {
    let mut session = session(global, out)?;
    let mut tally = Tally::default();
    let program = match path {
        Some(path) => {
            let program = load(&mut session, path, out)?;
            blocks(&mut session, program.clone(), &mut tally, out)?;
            Some(program)
        }
        None => None,
    };
    examples(&mut session, program.as_ref(), &mut tally, out)?;
    tally.told(out)?;
    if tally.failed == 0 {
        Ok(())
    } else {
        Err(Stop::Code(FAILED))
    }
}

/// How many tests held, and how many did not.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    passed: u64,
    failed: u64,
}

impl Tally {
    /// One test more.
    fn tell(
        &mut self,
        kind: &str,
        name: &str,
        failures: Option<&Diagnostics>,
        sources: &SourceMap,
        out: &mut Out<'_>,
    ) -> io::Result<()> {
        let passed = failures.is_none();
        self.passed += u64::from(passed);
        self.failed += u64::from(!passed);
        verdict(kind, name, failures, sources, out)
    }

    fn told(self, out: &mut Out<'_>) -> io::Result<()> {
        let Tally { passed, failed } = self;
        if out.is_json {
            return out.json(&json!({ "event": "done", "passed": passed, "failed": failed }));
        }
        match (passed + failed, failed) {
            (0, _) => out.text("no tests\n"),
            (_, 0) if out.is_quiet => Ok(()),
            (all, 0) => out.text(&format!("{} passed\n", counted(all, "test"))),
            (all, _) => out.text(&format!("{failed} of {} failed\n", counted(all, "test"))),
        }
    }
}

/// Tells how a test went; `failures` says why it failed.
pub(crate) fn verdict(
    kind: &str,
    name: &str,
    failures: Option<&Diagnostics>,
    sources: &SourceMap,
    out: &mut Out<'_>,
) -> io::Result<()> {
    let (name, passed) = (one_line(name), failures.is_none());
    if out.is_json {
        out.json(&json!({ "event": kind, "name": name, "passed": passed }))?;
    } else if !(passed && out.is_quiet) {
        let mark = match passed {
            true => out.screen.paint("ok  ", 32),
            false => out.screen.paint("FAIL", 31),
        };
        out.text(&format!("{mark}  {name}\n"))?;
    }
    failures.map_or(Ok(()), |failures| out.reports(sources, failures))
}

/// The `test` blocks of a program.
fn blocks(session: &mut Session, program: Program, tally: &mut Tally, out: &mut Out<'_>) -> Done {
    let compiled = compile(session, program, Mode::Test, out)?;
    let sources = session.sources().clone();
    let mut failure = Ok(());
    interrupt::listen();
    let result = session.execute(compiled, &mut |output| {
        failure = tell(&output, tally, &sources, out);
        if failure.is_err() || interrupt::is_asked() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    failure?;
    match result {
        Ok(Flow::Continue) => Ok(()),
        Ok(Flow::Stop) => Err(Stop::Code(INTERRUPTED)),
        Err(reports) => {
            out.reports(&sources, &reports)?;
            Err(Stop::Code(code(&reports)))
        }
    }
}

fn tell(
    output: &Output,
    tally: &mut Tally,
    sources: &SourceMap,
    out: &mut Out<'_>,
) -> io::Result<()> {
    match output {
        Output::TestPassed { name } => tally.tell("test", name, None, sources, out),
        Output::TestFailed { name, failures } => {
            tally.tell("test", name, Some(failures), sources, out)
        }
        Output::Warning(report) => out.reports(sources, &report.clone().into()),
        Output::Event(_) | Output::Show { .. } | Output::Saved { .. } => Ok(()),
        Output::Drawn { .. } | Output::Loaded { .. } | Output::Keeping { .. } => Ok(()),
        Output::Profile { .. } | Output::Writing { .. } => Ok(()),
    }
}

/// The examples of a program, or of the library.
fn examples(
    session: &mut Session,
    program: Option<&Program>,
    tally: &mut Tally,
    out: &mut Out<'_>,
) -> Done {
    let mut verdicts: Vec<(Example, Verdict)> = vec![];
    interrupt::listen();
    let reports = session.examples(program, &mut |example, verdict| {
        verdicts.push((example.clone(), verdict));
        if interrupt::is_asked() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    });
    for (example, verdict) in verdicts {
        let failures = match &verdict {
            Verdict::Holds => None,
            Verdict::Fails(failures) => Some(failures),
        };
        tally.tell("example", &name(&example), failures, session.sources(), out)?;
    }
    match (interrupt::is_asked(), reports.has_errors()) {
        (true, _) => Err(Stop::Code(INTERRUPTED)),
        (false, true) => {
            out.reports(session.sources(), &reports)?;
            Err(Stop::Code(code(&reports)))
        }
        (false, false) => Ok(()),
    }
}

fn name(example: &Example) -> String {
    let home = example
        .module
        .as_ref()
        .map_or(String::new(), |module| format!("{module}."));
    format!("{home}{}: {}", example.definition, example.text)
}
