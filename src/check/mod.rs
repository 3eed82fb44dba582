//! The shape checker: draft IR to typed IR. Walks each function's nodes in order, asks every primitive for its form in ops, and
//! solves for the dimensions that signatures leave open. What comes out is [`Checked`]: engines accept nothing else and cannot
//! meet a shape error. Names no op.
//!
//! All errors of the stage are collected. A value that is wrong is reported once; what is computed from it is not.

mod ascribe;
pub mod codes;
mod func;
mod hole;
mod misfit;
mod scan;
mod settle;
mod tell;
mod walk;

use std::collections::{BTreeMap, BTreeSet};

use crate::arena::IdMap;
use crate::diag::Diagnostics;
use crate::ir::draft::{
    Draft, DraftFunc, DraftId, Elem, FloatId, FloatVar, NodeKind, Pattern, Spread,
};
use crate::ir::{FuncId, Module, OriginId, Role};
use crate::source::SourceMap;
use crate::types::{AxisType, DType, Dim, Relation, Shape, TensorType};

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

    /// The module, for passes that keep what the check has proven.
    pub fn into_parts(self) -> (Module, IdMap<DraftFunc, FuncId>) {
        (self.module, self.funcs)
    }

    /// Rewrites the module by passes that keep what the check has proven.
    pub fn rewrite<T>(&mut self, pass: impl FnOnce(&mut Module) -> T) -> T {
        pass(&mut self.module)
    }
}

/// Checks the functions `roots` in order, each finding the types of globals that earlier ones export. The result is there unless
/// an error was reported.
pub fn check(
    draft: Draft,
    roots: &[DraftId],
    sources: &SourceMap,
) -> (Option<Checked>, Diagnostics) {
    let module = Module {
        dims: draft.dims.clone(),
        origins: draft.origins.clone(),
        ..Module::default()
    };
    let mut checker = Checker::new(&draft, sources);
    let mut module = module;
    for &root in roots {
        // What is wrong has been reported; later functions may be right.
        let _ = checker.root(&mut module, root);
    }
    checker.settle(&mut module);
    let Checker { funcs, reports, .. } = checker;
    (
        (!reports.has_errors()).then_some(Checked { module, funcs }),
        reports,
    )
}

/// Marks that what went wrong has been reported already.
#[derive(Clone, Copy, Debug)]
struct Reported;

/// Something to hold that could not be decided where it was met.
struct Pending {
    relation: Relation,
    left: Dim,
    right: Dim,
    origin: OriginId,
}

/// What the walk carries along.
struct Checker<'a> {
    draft: &'a Draft,
    sources: &'a SourceMap,
    reports: Diagnostics,
    spreads: IdMap<Spread, Vec<AxisType>>,
    floats: IdMap<FloatVar, DType>,
    globals: BTreeMap<String, TensorType>,
    funcs: IdMap<DraftFunc, FuncId>,
    pending: Vec<Pending>,
    guesses: Guesses,
}

/// Element types that were taken for want of anything better, before all that decides them was seen.
#[derive(Default)]
struct Guesses {
    /// Those that rest on nothing.
    open: BTreeSet<FloatId>,
    /// What one of them should have been.
    better: Option<(FloatId, DType)>,
    /// What to take instead.
    known: BTreeMap<FloatId, DType>,
}

/// A checker's state before a function, to begin again from.
struct Saved {
    module: Module,
    reports: Diagnostics,
    spreads: IdMap<Spread, Vec<AxisType>>,
    floats: IdMap<FloatVar, DType>,
    funcs: IdMap<DraftFunc, FuncId>,
    n_pending: usize,
}

impl<'a> Checker<'a> {
    fn new(draft: &'a Draft, sources: &'a SourceMap) -> Self {
        let shape = |sizes: &[usize]| {
            Shape::of(
                sizes
                    .iter()
                    .map(|&size| Dim::int(i64::try_from(size).unwrap_or(i64::MAX))),
            )
        };
        let globals = draft
            .globals
            .iter()
            .map(|(name, dtype, sizes)| (name.clone(), TensorType::new(*dtype, shape(sizes))));
        Checker {
            draft,
            sources,
            reports: Diagnostics::new(),
            spreads: IdMap::new(),
            floats: IdMap::new(),
            globals: globals.collect(),
            funcs: IdMap::new(),
            pending: vec![],
            guesses: Guesses::default(),
        }
    }

    /// Checks an outermost function and makes its results known, if it exports them. Where a weight's element type was guessed
    /// before a function that uses it told, all is done again.
    fn root(&mut self, module: &mut Module, id: DraftId) -> Result<(), Reported> {
        let saved = self.may_guess(id).then(|| self.saved(module));
        let outcome = self.root_once(module, id);
        match (saved, self.guesses.better.take()) {
            (Some(saved), Some((var, dtype))) if outcome.is_err() => {
                self.restore(saved, module);
                self.guesses.known.insert(var, dtype);
                self.root(module, id)
            }
            _ => outcome,
        }
    }

    /// Whether a function has weights whose element type nothing but their use decides.
    fn may_guess(&self, id: DraftId) -> bool {
        let mut nodes = self.draft.funcs[id].nodes.iter();
        nodes.any(|(_, node)| {
            matches!(&node.kind, NodeKind::Input(Role::Param(_), Some(pattern)) if self.is_undecided(pattern))
        })
    }

    fn is_undecided(&self, pattern: &Pattern) -> bool {
        match pattern.elem {
            Elem::Float(var) => {
                let is_new =
                    self.floats.get(var).is_none() && !self.guesses.known.contains_key(&var);
                is_new && self.draft.floats[var].default.is_none()
            }
            Elem::Fixed(_) => false,
        }
    }

    fn saved(&self, module: &Module) -> Saved {
        Saved {
            module: module.clone(),
            reports: self.reports.clone(),
            spreads: self.spreads.clone(),
            floats: self.floats.clone(),
            funcs: self.funcs.clone(),
            n_pending: self.pending.len(),
        }
    }

    fn restore(&mut self, saved: Saved, module: &mut Module) {
        *module = saved.module;
        self.reports = saved.reports;
        self.spreads = saved.spreads;
        self.floats = saved.floats;
        self.funcs = saved.funcs;
        self.pending.truncate(saved.n_pending);
    }

    fn root_once(&mut self, module: &mut Module, id: DraftId) -> Result<(), Reported> {
        let func = self.func(module, id, None)?;
        if self.draft.funcs[id].exports {
            let func = &module.funcs[func];
            for (name, value) in &func.results {
                let ty = func.ty(*value);
                let shape = module.dims.resolve_shape(&ty.shape);
                self.globals
                    .insert(name.clone(), TensorType::new(ty.dtype, shape));
            }
        }
        Ok(())
    }
}
