//! What it takes to run the functions of a program: the module, an engine, tensors by name.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::engine::{Engine, RunError};
use crate::ir::draft::DraftId;
use crate::ir::{Func, FuncId, Module};
use crate::source::{SourceMap, Span};
use crate::tensor::Tensor;
use crate::train::run_report;

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
