//! Reverse mode, IR to IR. A gradient is replaced by the function it differentiates, followed by that function's reverse sweep;
//! innermost first, so that gradients of gradients are the same case. Knows no op: what to do at an instruction is `ops::vjp`'s
//! answer.
//!
//! After [`expand`], every function is flat: it calls nothing, differentiates nothing, and a function with a reverse rule of its own
//! has become its forward.

mod flatten;
mod sweep;

use crate::arena::IdMap;
use crate::diag::Diagnostic;
use crate::ir::{Func, FuncId, Module, OriginId};
use crate::ops::{NotDifferentiable, codes};
use crate::source::{SourceMap, Span};

/// A derivative that does not exist, and where it is needed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradError {
    /// Where the value without a derivative came from.
    pub origin: OriginId,
    /// Why it has none.
    pub why: NotDifferentiable,
}

impl GradError {
    /// The error at the user's place that led to it, or at `otherwise`.
    pub fn report(
        &self,
        module: &Module,
        sources: &SourceMap,
        otherwise: Option<Span>,
    ) -> Diagnostic {
        let origins = &module.origins;
        let calls = std::iter::successors(Some(self.origin), |&origin| origins[origin].caller);
        let mut places = calls.map(|origin| origins[origin].span);
        let user = places.find(|place| sources.is_user(*place));
        let message = format!("`{}` has no derivative, and one is needed", self.why.what);
        let report = Diagnostic::error(codes::NOT_DIFFERENTIABLE, message).note(self.why.why);
        match user.or(otherwise) {
            Some(span) => report.label(span, "on the way from the loss to a parameter"),
            None => report,
        }
    }
}

/// Makes every function flat. Functions that served others stay behind, marked as nested.
pub fn expand(module: &mut Module) -> Result<(), GradError> {
    mark_nested(module);
    let mut done = IdMap::new();
    for id in module.funcs.ids() {
        expand_func(module, id, &mut done)?;
    }
    for id in module.funcs.ids() {
        flatten::drop_rules(module, id);
    }
    Ok(())
}

fn mark_nested(module: &mut Module) {
    let bodies = module.funcs.iter().flat_map(|(_, func)| &func.body);
    let served: Vec<FuncId> = bodies.flat_map(|inst| inst.op.callees()).collect();
    served
        .into_iter()
        .for_each(|id| module.funcs[id].is_nested = true);
}

/// Replaces calls and gradients in a function, after those in the functions it refers to.
fn expand_func(
    module: &mut Module,
    id: FuncId,
    done: &mut IdMap<Func, ()>,
) -> Result<(), GradError> {
    if done.insert(id, ()).is_some() {
        return Ok(());
    }
    let served = module.funcs[id]
        .body
        .iter()
        .flat_map(|inst| inst.op.callees());
    for served in served.collect::<Vec<_>>() {
        expand_func(module, served, done)?;
    }
    flatten::inline_calls(module, id)?;
    // A gradient may bring functions of its own.
    let served = module.funcs[id].body.iter();
    let served: Vec<FuncId> = served.flat_map(|inst| inst.op.callees()).collect();
    served
        .into_iter()
        .try_for_each(|served| expand_func(module, served, done))
}
