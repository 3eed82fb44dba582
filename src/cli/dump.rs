//! `nnlc dump`: a program as the compiler sees it at some stage.

use std::path::Path;

use serde_json::json;

use crate::cli::args::{DumpStage, Global};
use crate::cli::program::{compile_watched, load, session};
use crate::cli::{Done, Out};
use crate::ir::{print_draft, print_module};
use crate::lower::Mode;
use crate::session::Step;
use crate::syntax::print;

pub(crate) fn dump(stage: DumpStage, path: &Path, global: &Global, out: &mut Out<'_>) -> Done {
    let mut session = session(global, out)?;
    let program = load(&mut session, path, out)?;
    let mut text = match stage {
        DumpStage::Ast => print(&program),
        DumpStage::Ir | DumpStage::Checked | DumpStage::Grad | DumpStage::Opt => String::new(),
    };
    if stage != DumpStage::Ast {
        // An earlier stage is shown even where a later one fails.
        let mut watch = |step: Step<'_>| match (step, stage) {
            (Step::Lowered(draft), DumpStage::Ir) => text = print_draft(draft),
            (Step::Checked(module), DumpStage::Checked)
            | (Step::Differentiated(module), DumpStage::Grad)
            | (Step::Optimized(module), DumpStage::Opt) => text = print_module(module),
            (
                Step::Lowered(_) | Step::Checked(_) | Step::Differentiated(_) | Step::Optimized(_),
                _,
            ) => {}
        };
        let compiled = compile_watched(&session, program, Mode::Run, &mut watch, out);
        write(&text, out)?;
        return compiled.map(|_| ());
    }
    write(&text, out)
}

fn write(text: &str, out: &mut Out<'_>) -> Done {
    if out.is_json {
        return Ok(out.json(&json!({ "event": "dump", "text": text }))?);
    }
    let newline = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    Ok(out.text(&format!("{text}{newline}"))?)
}
