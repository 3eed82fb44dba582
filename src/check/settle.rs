//! What the walk left open is decided once everything is known: equations with several unknowns, `where` clauses, and that every
//! size is a size.

use crate::check::{Checker, Pending};
use crate::ir::{Func, Module};
use crate::types::{Dim, Relation, SymId, SymKind, TensorType};

/// Sizes from here on are beyond all memory.
const LARGEST: i64 = 1 << 46;

impl Checker<'_> {
    /// Decides what is pending and puts every solution into the module's types and attributes.
    pub(super) fn settle(&mut self, module: &mut Module) {
        self.settle_equations(module);
        for pending in std::mem::take(&mut self.pending) {
            let verdict = module
                .dims
                .decide(pending.relation, &pending.left, &pending.right);
            match (verdict, self.is_open(module, &pending)) {
                (Some(false), _) => {
                    self.tell_where(module, &pending);
                }
                // A size still unknown is reported for itself below.
                (None, false) if pending.relation != Relation::Equal => {
                    self.tell_where(module, &pending);
                }
                _ => {}
            }
        }
        if self.reports.has_errors() {
            return;
        }
        let funcs: Vec<_> = module.funcs.ids().collect();
        for id in funcs {
            let mut func = std::mem::take(&mut module.funcs[id]);
            self.resolve(module, &mut func);
            module.funcs[id] = func;
        }
    }

    /// Tries the open equations again until none tells anything new.
    fn settle_equations(&mut self, module: &mut Module) {
        loop {
            let (equations, others): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
                .into_iter()
                .partition(|pending| pending.relation == Relation::Equal);
            self.pending = others;
            let before = equations.len();
            for pending in equations {
                if module.dims.unify(&pending.left, &pending.right).is_err() {
                    self.tell_unequal(module, &pending);
                }
                if !module.dims.take_residue().is_empty() {
                    self.pending.push(pending);
                }
            }
            let after = self
                .pending
                .iter()
                .filter(|pending| pending.relation == Relation::Equal)
                .count();
            if after == 0 || after == before {
                return;
            }
        }
    }

    fn is_open(&self, module: &Module, pending: &Pending) -> bool {
        !module.dims.is_determined(&pending.left) || !module.dims.is_determined(&pending.right)
    }

    fn resolve(&mut self, module: &Module, func: &mut Func) {
        let ids: Vec<_> = func.values.ids().collect();
        for id in ids {
            let value = &mut func.values[id];
            value.ty = TensorType::new(value.ty.dtype, module.dims.resolve_shape(&value.ty.shape));
            let (ty, origin) = (value.ty.clone(), value.origin);
            for dim in ty.shape.dims() {
                self.must_be_size(module, dim, origin);
            }
        }
        for inst in &mut func.body {
            inst.op.map_dims(&|dim| module.dims.resolve(dim));
        }
    }

    fn must_be_size(&mut self, module: &Module, dim: &Dim, origin: crate::ir::OriginId) {
        match dim.as_int() {
            Some(size) if (0..LARGEST).contains(&size) => {}
            Some(size) => self.tell_impossible(module, size, origin),
            None => {
                let unknown = dim
                    .symbols()
                    .into_iter()
                    .find(|symbol| is_unknown(module, *symbol));
                if let Some(symbol) = unknown {
                    self.tell_undecided(module, symbol, origin);
                }
            }
        }
    }
}

fn is_unknown(module: &Module, symbol: SymId) -> bool {
    module.dims.symbols[symbol].kind == SymKind::Unknown
}
