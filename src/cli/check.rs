//! `nnlc check`: finds every mistake that can be found without running anything.

use std::path::Path;

use serde_json::json;

use crate::cli::args::Global;
use crate::cli::program::{code, session};
use crate::cli::{Done, Out, Stop};
use crate::diag::{Diagnostics, Severity};
use crate::lower::Mode;
use crate::session::Session;
use crate::syntax::ast::{ItemKind, Program};

pub(crate) fn check(path: &Path, global: &Global, out: &mut Out<'_>) -> Done {
    let mut session = session(global, out)?;
    let (program, mut reports) = session.load_file(path);
    if let Some(program) = program {
        reports.append(compiled(&session, program));
    }
    out.reports(session.sources(), &reports)?;
    let count = |severity| {
        reports
            .iter()
            .filter(|report| report.severity == severity)
            .count()
    };
    if out.is_json {
        let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
        out.json(&json!({ "event": "checked", "file": path.display().to_string(), "errors": errors, "warnings": warnings }))?;
    } else if !out.is_quiet && !reports.has_errors() {
        out.text(&format!("{}: no mistakes found\n", path.display()))?;
    }
    if reports.has_errors() {
        Err(Stop::Code(code(&reports)))
    } else {
        Ok(())
    }
}

/// What is wrong with a program; its tests are looked at once the rest is right.
fn compiled(session: &Session, program: Program) -> Diagnostics {
    let has_tests = program
        .items
        .iter()
        .any(|item| matches!(item.kind, ItemKind::Test(_)));
    let (_, mut reports) = session.compile(program.clone(), Mode::Run);
    if has_tests && !reports.has_errors() {
        reports.append(session.compile(program, Mode::Test).1);
    }
    reports
}
