//! Takes products out of scans that do not depend on their states: what each step multiplies of its own input is one product ahead of
//! all steps, and what it multiplies only to give it out is one product behind them. So a recurrent cell, written as one, is as fast as
//! a layer that multiplies its inputs first. Products of batches stay: they would be no fewer outside, and what they give, scores of
//! attention for one, can be far larger than what they are made of.

use crate::ir::{Func, FuncId, Input, Inst, Module, Op, Role, Scan, ValueId};
use crate::ops::Builder;
use crate::opt::Note;
use crate::tensor::{Contract, Letter};
use crate::types::{Shape, TensorType};

/// Products ahead of scans, and behind them.
pub(super) fn hoist(module: &mut Module, id: FuncId) -> Vec<Note> {
    let is_scan = |inst: &Inst| matches!(inst.op, Op::Scan(_));
    if !module.funcs[id].body.iter().any(is_scan) {
        return vec![];
    }
    let mut func = std::mem::take(&mut module.funcs[id]);
    let insts = std::mem::take(&mut func.body);
    let origin = func.values[insts[0].results[0]].origin;
    let mut b = Builder {
        module,
        func,
        origin,
    };
    let mut notes = vec![];
    for inst in insts {
        let Op::Scan(scan) = inst.op else {
            b.func.body.push(inst);
            continue;
        };
        b.origin = b.func.values[inst.results[0]].origin;
        let mut moving = Moving {
            step: b.module.funcs[scan.func].clone(),
            scan,
            inst,
            behind: vec![],
        };
        let n = moving.ahead(&mut b) + moving.postpone(&mut b);
        if n > 0 {
            notes.push(Note {
                pass: "hoist",
                origin: b.origin,
                text: format!("{n} products of a scan are taken out of its steps"),
            });
        }
        moving.finish(&mut b, n > 0);
    }
    let func = b.func;
    module.funcs[id] = func;
    notes
}

/// A scan that products are taken out of.
struct Moving {
    step: Func,
    scan: Scan,
    inst: Inst,
    /// Products behind the scan.
    behind: Vec<Inst>,
}

impl Moving {
    /// Products of what each step takes; how many.
    fn ahead(&mut self, b: &mut Builder<'_>) -> usize {
        let mut n_moved = 0;
        for at in (0..self.step.body.len()).rev() {
            let inst = self.step.body[at].clone();
            let Some(letters) = plain(&inst.op) else {
                continue;
            };
            let sources: Option<Vec<(ValueId, bool)>> =
                inst.operands.iter().map(|x| self.given(*x)).collect();
            let Some(sources) = sources.filter(|all| all.iter().any(|(_, is_each)| *is_each))
            else {
                continue;
            };
            let whole = self.whole(b, inst.results[0]);
            b.func.body.push(product(letters, &sources, whole));
            self.step.body.remove(at);
            let place = self.scan.n_states + self.scan.n_each;
            let input = Input {
                role: Role::Arg("ahead".to_owned()),
                value: inst.results[0],
            };
            self.step.inputs.insert(place, input);
            self.inst.operands.insert(place, whole);
            self.scan.n_each += 1;
            n_moved += 1;
        }
        n_moved
    }

    /// Where an input of the step comes from, and whether it is taken place by place; nothing for states and what a step computes.
    fn given(&self, value: ValueId) -> Option<(ValueId, bool)> {
        let place = self
            .step
            .inputs
            .iter()
            .position(|input| input.value == value)?;
        let own = self.scan.n_states..self.scan.n_states + self.scan.n_each;
        (place >= own.start).then(|| (self.inst.operands[place], own.contains(&place)))
    }

    /// Products that are nothing but outputs; how many.
    fn postpone(&mut self, b: &mut Builder<'_>) -> usize {
        let mut n_moved = 0;
        for out in self.scan.n_states..self.step.results.len() {
            let value = self.step.results[out].1;
            let Some(at) = self
                .step
                .body
                .iter()
                .position(|inst| inst.results == [value])
            else {
                continue;
            };
            let inst = self.step.body[at].clone();
            let Some(letters) = plain(&inst.op) else {
                continue;
            };
            let is_shared = |x: &ValueId| self.given(*x).is_some_and(|(_, is_each)| !is_each);
            let [shared, own] = [true, false].map(|wanted| {
                let mut operands = inst.operands.iter();
                operands.position(|x| is_shared(x) == wanted)
            });
            let (Some(_), Some(own), 1) = (shared, own, uses(&self.step, value)) else {
                continue;
            };
            let source = inst.operands[own];
            let whole = self.whole(b, source);
            let sources = inst.operands.iter().map(|x| match *x == source {
                true => (whole, true),
                false => self
                    .given(*x)
                    .expect("one is the step's own, one is shared"),
            });
            let sources: Vec<(ValueId, bool)> = sources.collect();
            self.behind
                .push(product(letters, &sources, self.inst.results[out]));
            self.inst.results[out] = whole;
            self.step.results[out].1 = source;
            self.step.body.remove(at);
            n_moved += 1;
        }
        n_moved
    }

    /// A value for what all steps have of one of theirs.
    fn whole(&self, b: &mut Builder<'_>, value: ValueId) -> ValueId {
        let ty = self.step.ty(value).clone();
        let mut axes = vec![b.shape(self.inst.operands[self.scan.n_states]).0[0].clone()];
        axes.extend(ty.shape.0);
        b.value(TensorType::new(ty.dtype, Shape(axes)))
    }

    fn finish(mut self, b: &mut Builder<'_>, has_changed: bool) {
        if has_changed {
            let func = b.module.funcs.push(self.step);
            self.inst.op = Op::Scan(Scan { func, ..self.scan });
        }
        b.func.body.push(self.inst);
        b.func.body.extend(self.behind);
    }
}

/// The letters of a product of two matrices.
fn plain(op: &Op) -> Option<&Contract> {
    let Op::Contract(letters) = op else {
        return None;
    };
    (!letters.is_batched()).then_some(letters)
}

/// How often a value is read, as an operand or as a result.
fn uses(step: &Func, value: ValueId) -> usize {
    let operands = step.body.iter().flat_map(|inst| &inst.operands);
    let results = step.results.iter().map(|(_, value)| value);
    operands.chain(results).filter(|own| **own == value).count()
}

/// A product of a step as one of all steps: the axis of steps comes first in what is taken place by place, and in the result.
fn product(letters: &Contract, sources: &[(ValueId, bool)], result: ValueId) -> Inst {
    let all = letters.lhs.iter().chain(&letters.rhs).chain(&letters.out);
    let step = all.copied().max().map_or(0, |last| last + 1);
    let along = |own: &[Letter], is_each: bool| -> Vec<Letter> {
        is_each
            .then_some(step)
            .into_iter()
            .chain(own.iter().copied())
            .collect()
    };
    let contract = Contract {
        lhs: along(&letters.lhs, sources[0].1),
        rhs: along(&letters.rhs, sources[1].1),
        out: along(&letters.out, true),
    };
    Inst {
        op: Op::Contract(contract),
        operands: sources.iter().map(|(value, _)| *value).collect(),
        results: vec![result],
    }
}
