//! What it takes to run the functions of a program: the module, an engine, tensors by name; and errors of a run with their place.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::engine::{Engine, RunError};
use crate::ir::draft::DraftId;
use crate::ir::{Func, FuncId, Module, OriginId};
use crate::source::{SourceMap, Span};
use crate::syntax::first_operand;
use crate::tensor::Tensor;

/// A program ready to run, and the tensors it may speak of.
pub struct Machine<'a> {
    /// The functions, flat.
    pub module: &'a Module,
    /// The function that a draft function became.
    pub func: &'a dyn Fn(DraftId) -> FuncId,
    /// What runs them.
    pub engine: &'a dyn Engine,
    /// Tensors of the top level by name.
    pub globals: &'a BTreeMap<String, Tensor>,
    /// The texts, for the places of errors.
    pub sources: &'a SourceMap,
}

impl Machine<'_> {
    /// A function of the module.
    pub(crate) fn body(&self, id: DraftId) -> &Func {
        &self.module.funcs[(self.func)(id)]
    }

    /// An error of a run at its place, or at `span` where it has none.
    pub(crate) fn report(&self, error: &RunError, span: Span) -> Diagnostic {
        run_report(error, self.module, self.sources, span)
    }
}

/// An error of a run at the place the user wrote: what goes wrong inside the library is told at the user's call. `span` is the place
/// of errors that have none.
pub fn run_report(
    error: &RunError,
    module: &Module,
    sources: &SourceMap,
    span: Span,
) -> Diagnostic {
    let told = error.describe();
    let places = calls(module, error.origin);
    let user = places.iter().copied().find(|place| sources.is_user(*place));
    let mut report = Diagnostic::error(told.code, told.message);
    let matrix = user.filter(|_| error.is_of_matrix());
    report = match matrix.and_then(|call| matrix_of(sources, call)) {
        Some(matrix) => report.label(matrix, "this matrix"),
        None => report.label(user.unwrap_or(span), "computed here"),
    };
    report.notes = told.notes;
    report.help = told.help;
    match places.first() {
        Some(first) if !sources.is_user(*first) => {
            let place = sources.place(*first, span.source);
            report.note(format!("inside the library, at {place}"))
        }
        Some(_) | None => report,
    }
}

/// The place of the matrix that a call works on.
fn matrix_of(sources: &SourceMap, call: Span) -> Option<Span> {
    let operand = first_operand(sources.text(call))?;
    let at = |place: usize| Some(call.start + u32::try_from(place).ok()?);
    Some(Span {
        source: call.source,
        start: at(operand.start)?,
        end: at(operand.end)?,
    })
}

/// The place of a value, and those of the calls that led there, innermost first.
fn calls(module: &Module, origin: Option<OriginId>) -> Vec<Span> {
    let origins = std::iter::successors(origin, |&origin| module.origins[origin].caller);
    origins.map(|origin| module.origins[origin].span).collect()
}
