//! Sweeps out what no result depends on, and the values that nothing defines any more. Every op is free of effects; an input stays
//! even where nothing reads it. Names no op.

use crate::arena::{Arena, IdMap};
use crate::ir::{Func, FuncId, Inst, Module, Value, ValueId};
use crate::opt::Note;

/// Dead code elimination.
pub(super) fn dce(module: &mut Module, id: FuncId) -> Vec<Note> {
    let func = std::mem::take(&mut module.funcs[id]);
    let is_live = live(&func);
    module.funcs[id] = without_dead(func, &is_live);
    vec![]
}

/// For each instruction whether a result depends on it.
fn live(func: &Func) -> Vec<bool> {
    let mut is_read = vec![false; func.values.len()];
    for (_, value) in &func.results {
        is_read[value.index()] = true;
    }
    let mut is_live = vec![false; func.body.len()];
    for (place, inst) in func.body.iter().enumerate().rev() {
        is_live[place] = inst.results.iter().any(|value| is_read[value.index()]);
        if is_live[place] {
            let operands = inst.operands.iter();
            operands.for_each(|value| is_read[value.index()] = true);
        }
    }
    is_live
}

/// The function with live instructions only, its values numbered in order of definition.
fn without_dead(func: Func, is_live: &[bool]) -> Func {
    let mut moved = Moved {
        from: func.values,
        to: Arena::new(),
        places: IdMap::new(),
    };
    let mut inputs = func.inputs;
    for input in &mut inputs {
        input.value = moved.define(input.value);
    }
    let live = func.body.into_iter().zip(is_live);
    let live = live.filter_map(|(inst, &is_live)| is_live.then_some(inst));
    let body = live.map(|inst| moved.inst(inst)).collect();
    let mut results = func.results;
    for (_, value) in &mut results {
        *value = moved.places[*value];
    }
    Func {
        name: func.name,
        values: moved.to,
        inputs,
        body,
        results,
        is_nested: func.is_nested,
    }
}

/// Values on their way from one table to another.
struct Moved {
    from: Arena<Value>,
    to: Arena<Value>,
    places: IdMap<Value, ValueId>,
}

impl Moved {
    fn define(&mut self, value: ValueId) -> ValueId {
        let place = self.to.push(self.from[value].clone());
        self.places.insert(value, place);
        place
    }

    fn inst(&mut self, inst: Inst) -> Inst {
        let operands = inst.operands.iter().map(|&value| self.places[value]);
        Inst {
            op: inst.op,
            operands: operands.collect(),
            results: inst
                .results
                .into_iter()
                .map(|value| self.define(value))
                .collect(),
        }
    }
}
