//! What passes rewrite functions with: the body is gone through once, in order, and each instruction is kept or replaced by values,
//! old or newly built. Values that stay keep their ids; [`super::dce`] sweeps out the others. Knows no op but constants.

use crate::arena::IdMap;
use crate::ir::{Func, FuncId, Inst, Module, Op, OriginId, Value, ValueId};
use crate::ops::{Builder, OpError};
use crate::opt::Note;
use crate::tensor::Tensor;

/// What an instruction becomes: values in place of its results, or itself.
pub(super) type Rule = Result<Option<Vec<ValueId>>, OpError>;

/// A function being rewritten: instructions up to the current one are in their new form.
pub(super) struct Rewriter<'m> {
    /// What new instructions are appended with.
    pub(super) b: Builder<'m>,
    /// What there is to tell.
    pub(super) notes: Vec<Note>,
    names: IdMap<Value, ValueId>,
    definitions: IdMap<Value, usize>,
    n_registered: usize,
    uses: Vec<u32>,
}

/// Rewrites a function by a rule for one instruction, which sees operands that are rewritten already.
pub(super) fn rewrite(
    module: &mut Module,
    id: FuncId,
    mut rule: impl FnMut(&mut Rewriter<'_>, &Inst) -> Rule,
) -> Vec<Note> {
    let mut func = std::mem::take(&mut module.funcs[id]);
    let uses = count_uses(&func);
    let body = std::mem::take(&mut func.body);
    let mut r = Rewriter {
        b: Builder {
            module,
            func,
            origin: OriginId::new(0),
        },
        notes: vec![],
        names: IdMap::new(),
        definitions: IdMap::new(),
        n_registered: 0,
        uses,
    };
    for inst in body {
        r.step(inst, &mut rule);
    }
    r.finish(id)
}

/// How often each value is read, results included.
fn count_uses(func: &Func) -> Vec<u32> {
    let mut uses = vec![0; func.values.len()];
    let operands = func.body.iter().flat_map(|inst| &inst.operands);
    let results = func.results.iter().map(|(_, value)| value);
    operands
        .chain(results)
        .for_each(|value| uses[value.index()] += 1);
    uses
}

impl Rewriter<'_> {
    fn step(&mut self, mut inst: Inst, rule: &mut impl FnMut(&mut Self, &Inst) -> Rule) {
        for operand in &mut inst.operands {
            *operand = self.renamed(*operand);
        }
        if let Some(&result) = inst.results.first() {
            self.b.origin = self.b.func.values[result].origin;
        }
        match rule(self, &inst) {
            Ok(Some(values)) => self.replace(&inst.results, &values),
            Ok(None) => self.b.func.body.push(inst),
            Err(misfit) => {
                debug_assert!(false, "a pass writes ops that fit: {misfit:?}");
                self.b.func.body.push(inst);
            }
        }
        self.register();
    }

    /// Notes which instruction defines what, for those that are new.
    fn register(&mut self) {
        for (place, inst) in self.b.func.body.iter().enumerate().skip(self.n_registered) {
            for &result in &inst.results {
                self.definitions.insert(result, place);
            }
        }
        self.n_registered = self.b.func.body.len();
        self.uses.resize(self.b.func.values.len(), 0);
    }

    /// A replacement takes over the uses of what it replaces.
    fn replace(&mut self, old: &[ValueId], new: &[ValueId]) {
        self.uses.resize(self.b.func.values.len(), 0);
        for (&old, &new) in old.iter().zip(new) {
            self.uses[new.index()] += self.uses[old.index()];
            self.names.insert(old, new);
        }
    }

    fn renamed(&self, value: ValueId) -> ValueId {
        self.names.get(value).copied().unwrap_or(value)
    }

    fn finish(mut self, id: FuncId) -> Vec<Note> {
        for place in 0..self.b.func.results.len() {
            let value = self.renamed(self.b.func.results[place].1);
            self.b.func.results[place].1 = value;
        }
        self.b.module.funcs[id] = self.b.func;
        self.notes
    }

    /// The instruction that defines a value; none for inputs.
    pub(super) fn definition(&self, value: ValueId) -> Option<&Inst> {
        self.b.func.body.get(*self.definitions.get(value)?)
    }

    /// Whether a value is read at most once. What lost a reader meanwhile may count as read more often than it is.
    pub(super) fn is_read_once(&self, value: ValueId) -> bool {
        self.uses.get(value.index()).is_some_and(|&uses| uses <= 1)
    }

    /// The value as a constant, if it is one.
    pub(super) fn constant(&self, value: ValueId) -> Option<&Tensor> {
        if let Op::Const(tensor) = &self.definition(value)?.op {
            Some(tensor)
        } else {
            None
        }
    }

    /// Tells what the current pass did, at the origin of the current instruction.
    pub(super) fn note(&mut self, pass: &'static str, text: String) {
        let origin = self.b.origin;
        self.notes.push(Note { pass, origin, text });
    }
}
