//! The shape checker: draft IR to typed IR. Stands in until the checker is there; nothing passes it.

use crate::arena::IdMap;
use crate::diag::{Code, Diagnostic, Diagnostics, Stage};
use crate::ir::draft::{Draft, DraftFunc, DraftId};
use crate::ir::{FuncId, Module};
use crate::source::SourceMap;

/// A module whose shapes are right: a proof one can hold. Only [`check`] makes one.
#[derive(Clone, Debug)]
pub struct Checked {
    module: Module,
    funcs: IdMap<DraftFunc, FuncId>,
}

impl Checked {
    /// The typed module.
    pub fn module(&self) -> &Module {
        &self.module
    }

    /// The typed function that a draft function became.
    pub fn func(&self, draft: DraftId) -> FuncId {
        self.funcs[draft]
    }

    /// Rewrites the module by passes that keep what the check has proven.
    pub fn rewrite<T>(&mut self, pass: impl FnOnce(&mut Module) -> T) -> T {
        pass(&mut self.module)
    }
}

/// Checks the functions `roots` in order.
pub fn check(_: Draft, _: &[DraftId], _: &SourceMap) -> (Option<Checked>, Diagnostics) {
    let report = Diagnostic::error(Code::new(Stage::Shape, 199), "there is no checker yet");
    (None, report.into())
}
