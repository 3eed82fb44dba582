//! `nnlc eval --server`: a line of JSON in, a line out. Each line is a world of its own.

use std::io::{self, BufRead};

use serde_json::{Value, json};

use crate::cli::eval::lets;
use crate::cli::eval::request::Request;
use crate::cli::show::json;
use crate::cli::{Done, Out};
use crate::diag::{Diagnostic, Diagnostics, Label};
use crate::lower::Mode;
use crate::session::{Output, Session};
use crate::source::SourceMap;
use crate::train::Flow;
use crate::types::DType;

pub(crate) fn serve(session: &Session, dtype: Option<DType>, out: &mut Out<'_>) -> Done {
    let float = dtype.unwrap_or(DType::F32);
    for line in io::stdin().lock().split(b'\n') {
        // What is no text is no JSON either.
        let line = String::from_utf8_lossy(&line?).into_owned();
        let answer = match Request::read(&line, float) {
            Ok(request) => answer(session, request),
            Err(wrong) => json!({ "ok": false, "errors": [{ "message": wrong }] }),
        };
        out.json(&answer)?;
    }
    Ok(())
}

fn answer(session: &Session, request: Request) -> Value {
    let mut session = session.fresh();
    for (name, tensor) in request.bind {
        if !session.bind(&name, tensor) {
            let message = format!("`{name}` cannot be named in a program");
            return json!({ "ok": false, "errors": [{ "message": message }] });
        }
    }
    let mut heard = Heard::default();
    match evaluated(&mut session, &request.text, &mut heard) {
        Ok(()) => {
            let lets = lets(&session);
            let lets = lets.iter().map(|(name, view)| json::show(name, view));
            json!({
                "ok": !heard.has_failed, "shown": heard.shown, "tests": heard.tests, "lets": lets.collect::<Vec<_>>(),
            })
        }
        Err(reports) => {
            json!({ "ok": false, "errors": errors(session.sources(), &reports) })
        }
    }
}

/// What lines have shown, and how their tests went.
#[derive(Default)]
struct Heard {
    shown: Vec<Value>,
    tests: Vec<Value>,
    has_failed: bool,
}

impl Heard {
    fn hear(&mut self, output: Output, sources: &SourceMap) {
        match output {
            Output::Show { title, value, .. } => self.shown.push(json::show(&title, &value)),
            Output::TestPassed { name } => {
                self.tests.push(json!({ "name": name, "passed": true }));
            }
            Output::TestFailed { name, failures } => {
                let errors = errors(sources, &failures);
                self.tests
                    .push(json!({ "name": name, "passed": false, "errors": errors }));
                self.has_failed = true;
            }
            Output::Event(_) | Output::Warning(_) | Output::Saved { .. } => {}
            Output::Drawn { .. } | Output::Loaded { .. } | Output::Keeping { .. } => {}
            Output::Profile { .. } | Output::Writing { .. } => {}
        }
    }
}

fn evaluated(session: &mut Session, text: &str, heard: &mut Heard) -> Result<(), Diagnostics> {
    let (program, reports) = session.load_line(text);
    let program = program.ok_or(reports)?;
    let (compiled, reports) = session.compile(program, Mode::Line);
    let compiled = compiled.ok_or(reports)?;
    let sources = session.sources().clone();
    let mut hear = |output: Output| {
        heard.hear(output, &sources);
        Flow::Continue
    };
    session.execute(compiled, &mut hear).map(|_| ())
}

fn errors(sources: &SourceMap, reports: &Diagnostics) -> Vec<Value> {
    let place = |label: &Label| {
        let (line, column) = sources.line_column(label.span);
        json!({ "line": line, "column": column, "text": sources.text(label.span), "what": label.text })
    };
    let one = |report: &Diagnostic| {
        let places: Vec<Value> = report.labels.iter().map(place).collect();
        json!({
            "code": report.code.to_string(), "message": report.message, "places": places,
            "notes": report.notes, "help": report.help,
        })
    };
    reports.iter().map(one).collect()
}
