//! `nnlc eval --server`: a line of JSON in, a line out. Each line is a world of its own.

use std::io::{self, BufRead};

use serde_json::{Value, json};

use crate::cli::eval::lets;
use crate::cli::eval::request::Request;
use crate::cli::show::json;
use crate::cli::{Done, Out};
use crate::diag::Diagnostics;
use crate::lower::Mode;
use crate::session::{Output, Session};
use crate::train::Flow;
use crate::types::DType;

pub(crate) fn serve(session: &Session, dtype: Option<DType>, out: &mut Out<'_>) -> Done {
    let float = dtype.unwrap_or(DType::F32);
    for line in io::stdin().lock().lines() {
        let answer = match Request::read(&line?, float) {
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
    let mut shown = vec![];
    match evaluated(&mut session, &request.text, &mut shown) {
        Ok(()) => {
            let lets = lets(&session);
            let lets = lets.iter().map(|(name, view)| json::show(name, view));
            json!({ "ok": true, "shown": shown, "lets": lets.collect::<Vec<_>>() })
        }
        Err(reports) => json!({ "ok": false, "errors": errors(&reports) }),
    }
}

fn evaluated(session: &mut Session, text: &str, shown: &mut Vec<Value>) -> Result<(), Diagnostics> {
    let (program, reports) = session.load_line(text);
    let program = program.ok_or(reports)?;
    let (compiled, reports) = session.compile(program, Mode::Run);
    let compiled = compiled.ok_or(reports)?;
    let mut hear = |output: Output| {
        if let Output::Show { title, value, .. } = output {
            shown.push(json::show(&title, &value));
        }
        Flow::Continue
    };
    session.execute(compiled, &mut hear).map(|_| ())
}

fn errors(reports: &Diagnostics) -> Vec<Value> {
    let one = |report: &crate::diag::Diagnostic| {
        json!({
            "code": report.code.to_string(), "message": report.message,
            "notes": report.notes, "help": report.help,
        })
    };
    reports.iter().map(one).collect()
}
