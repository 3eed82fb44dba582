//! `nnlc dump`: a program as the compiler sees it at some stage.

use std::path::Path;

use serde_json::json;

use crate::cli::args::{DumpStage, Global};
use crate::cli::program::{compile_watched, load, session};
use crate::cli::{Done, Out};
use crate::engine::{Listing, listing};
use crate::ir::{FuncId, print_draft, print_module};
use crate::lower::{Mode, Run};
use crate::session::{Compiled, Session, Step};
use crate::syntax::ast::Program;
use crate::syntax::print;

pub(crate) fn dump(stage: DumpStage, path: &Path, global: &Global, out: &mut Out<'_>) -> Done {
    let mut session = session(global, out)?;
    let program = load(&mut session, path, out)?;
    staged(&session, program, stage, out)
}

/// Prints a program as some stage leaves it. An earlier stage is shown even where a later one fails.
pub(crate) fn staged(
    session: &Session,
    program: Program,
    stage: DumpStage,
    out: &mut Out<'_>,
) -> Done {
    if stage == DumpStage::Ast {
        return write(&print(&program), out);
    }
    let mut text = String::new();
    let mut watch = |step: Step<'_>| match (step, stage) {
        (Step::Lowered(draft), DumpStage::Ir) => text = print_draft(draft),
        (Step::Checked(module), DumpStage::Checked)
        | (Step::Differentiated(module), DumpStage::Grad)
        | (Step::Optimized(module), DumpStage::Opt) => text = print_module(module),
        (Step::Lowered(_) | Step::Checked(_) | Step::Differentiated(_) | Step::Optimized(_), _) => {
        }
    };
    let compiled = compile_watched(session, program, Mode::Run, &mut watch, out);
    if let (Ok(compiled), Some(wanted)) = (&compiled, native(stage)) {
        text = listings(compiled, wanted);
    }
    write(&text, out)?;
    compiled.map(|_| ())
}

fn native(stage: DumpStage) -> Option<Listing> {
    match stage {
        DumpStage::Plan => Some(Listing::Plan),
        DumpStage::Clif => Some(Listing::Clif),
        DumpStage::Asm => Some(Listing::Asm),
        DumpStage::Ast | DumpStage::Ir | DumpStage::Checked => None,
        DumpStage::Grad | DumpStage::Opt => None,
    }
}

/// Every function that stands for itself, at the size of the first run's batch.
fn listings(compiled: &Compiled, wanted: Listing) -> String {
    let batch = compiled
        .runs()
        .first()
        .map_or(1, |run| compiled.batch_of(run));
    let module = compiled.module();
    let texts = module.roots().into_iter().map(|func| {
        let name = &module.funcs[func].name;
        let budget = budget_of(compiled, func);
        let text = listing(module, func, batch.cast_signed(), budget, wanted);
        text.unwrap_or_else(|error| format!("; {name}: {}\n", error.describe().message))
    });
    texts.collect::<Vec<_>>().join("\n")
}

/// What the updates of a run may hold, if the function is one of them.
fn budget_of(compiled: &Compiled, func: FuncId) -> Option<u64> {
    let is_update = |run: &&Run| {
        let halves = run
            .accumulation
            .map(|(gradients, update)| [gradients, update]);
        let updates = std::iter::once(run.step).chain(halves.into_iter().flatten());
        updates.into_iter().any(|id| compiled.func(id) == func)
    };
    compiled.runs().iter().find(is_update)?.settings.budget
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
