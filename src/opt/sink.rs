//! Takes sums out of scans. A state that is only added to, `s + a' b` or `s + sum(v)`, need not be carried: what is multiplied or summed
//! becomes an output of the steps, and one product, or one sum, over all of them takes the place of the state. So the gradient of a
//! recurrent cell's weights is one product over all steps. The sum is taken in another order. Products of batches stay in the steps: they
//! would be no fewer outside, and all that they multiply would have to be kept.

use crate::ir::FuncId;
use crate::ir::{Func, Inst, Module, Op, Scan, ValueId};
use crate::ops::Builder;
use crate::opt::Note;
use crate::scalar::Scalar;
use crate::tensor::{Contract, Letter, Monoid};
use crate::types::{Shape, TensorType};

/// Sums over the steps of scans.
pub(super) fn sink(module: &mut Module, id: FuncId) -> Vec<Note> {
    let mut func = std::mem::take(&mut module.funcs[id]);
    let insts = std::mem::take(&mut func.body);
    let Some(first) = insts.iter().flat_map(|inst| &inst.results).next() else {
        func.body = insts;
        module.funcs[id] = func;
        return vec![];
    };
    let origin = func.values[*first].origin;
    let mut notes = vec![];
    let mut b = Builder {
        module,
        func,
        origin,
    };
    for inst in insts {
        let Op::Scan(scan) = inst.op else {
            b.func.body.push(inst);
            continue;
        };
        let sums = sums(&b.module.funcs[scan.func], scan);
        if sums.is_empty() {
            b.func.body.push(inst);
            continue;
        }
        b.origin = b.func.values[inst.results[0]].origin;
        notes.push(Note {
            pass: "sink",
            origin: b.origin,
            text: format!("{} sums over all steps are taken at once", sums.len()),
        });
        sunk(&mut b, scan, &inst, &sums);
    }
    let func = b.func;
    module.funcs[id] = func;
    notes
}

/// A state that is only added to.
struct Sum {
    state: usize,
    of: Summed,
}

/// What is added.
enum Summed {
    Product(Contract, [ValueId; 2]),
    Fold(Vec<usize>, ValueId),
}

impl Sum {
    fn sources(&self) -> Vec<ValueId> {
        match &self.of {
            Summed::Product(_, pair) => pair.to_vec(),
            Summed::Fold(_, value) => vec![*value],
        }
    }
}

/// The states of a scan that are only added to, and that nothing else reads.
fn sums(step: &Func, scan: Scan) -> Vec<Sum> {
    let sum = |state: usize| {
        let own = step.inputs[state].value;
        let (_, new) = step.results[state];
        if uses(step, own) != 1 || uses(step, new) != 1 {
            return None;
        }
        let add = defining(step, new)?;
        let more = match (&add.op, &add.operands[..]) {
            (Op::Map(Scalar::Add), [a, b]) if *a == own => *b,
            (Op::Map(Scalar::Add), [a, b]) if *b == own => *a,
            _ => return None,
        };
        let more = defining(step, more)?;
        let of = match (&more.op, &more.operands[..]) {
            (Op::Contract(letters), [a, b]) if !letters.is_batched() => {
                Summed::Product(letters.clone(), [*a, *b])
            }
            (Op::Reduce(Monoid::Sum, axes), [v]) => Summed::Fold(axes.clone(), *v),
            _ => return None,
        };
        let sum = Sum { state, of };
        let is_own = |value: &ValueId| is_of_step(step, scan, *value);
        sum.sources().iter().all(is_own).then_some(sum)
    };
    (0..scan.n_states).filter_map(sum).collect()
}

/// How often a value is read, as an operand or as a result.
fn uses(step: &Func, value: ValueId) -> usize {
    let operands = step.body.iter().flat_map(|inst| &inst.operands);
    let results = step.results.iter().map(|(_, value)| value);
    operands.chain(results).filter(|own| **own == value).count()
}

fn defining(step: &Func, value: ValueId) -> Option<&Inst> {
    step.body.iter().find(|inst| inst.results.contains(&value))
}

/// Whether a value is another in each step: computed there, or taken place by place.
fn is_of_step(step: &Func, scan: Scan, value: ValueId) -> bool {
    let place = step.inputs.iter().position(|input| input.value == value);
    place.is_none_or(|place| place < scan.n_states + scan.n_each)
}

/// The scan without these states, and behind it their sums.
fn sunk(b: &mut Builder<'_>, scan: Scan, inst: &Inst, sums: &[Sum]) {
    let mut step = b.module.funcs[scan.func].clone();
    let is_sunk = |state: usize| sums.iter().any(|sum| sum.state == state);
    let n_outs = step.results.len() - scan.n_states;
    let each = scan.n_states..scan.n_states + scan.n_each;
    let mut stacks: Vec<(ValueId, ValueId)> = vec![];
    for (place, input) in step.inputs.iter().enumerate() {
        if each.contains(&place) {
            stacks.push((input.value, inst.operands[place]));
        }
    }
    for (place, (_, value)) in step.results.iter().enumerate().skip(scan.n_states) {
        stacks.push((*value, inst.results[place]));
    }
    let mut more = vec![];
    let steps = b.shape(inst.operands[scan.n_states]).0[0].clone();
    for source in sums.iter().flat_map(Sum::sources) {
        if stacks.iter().any(|(own, _)| *own == source) {
            continue;
        }
        let ty = step.ty(source).clone();
        let mut axes = vec![steps.clone()];
        axes.extend(ty.shape.0);
        let stack = b.value(TensorType::new(ty.dtype, Shape(axes)));
        step.results.push(("summed".to_owned(), source));
        stacks.push((source, stack));
        more.push(stack);
    }
    let kept: Vec<usize> = (0..scan.n_states)
        .filter(|&state| !is_sunk(state))
        .collect();
    let inputs = std::mem::take(&mut step.inputs).into_iter().enumerate();
    step.inputs = inputs
        .filter(|(place, _)| !is_sunk(*place) || *place >= scan.n_states)
        .map(|(_, input)| input)
        .collect();
    let results = std::mem::take(&mut step.results).into_iter().enumerate();
    step.results = results
        .filter(|(place, _)| !is_sunk(*place) || *place >= scan.n_states)
        .map(|(_, result)| result)
        .collect();
    // What computed the states is dead now.
    let news: Vec<ValueId> = sums
        .iter()
        .map(|sum| b.module.funcs[scan.func].results[sum.state].1)
        .collect();
    step.body
        .retain(|inst| !inst.results.iter().any(|value| news.contains(value)));
    let operands = inst.operands.iter().enumerate();
    let operands = operands.filter(|(place, _)| !is_sunk(*place) || *place >= scan.n_states);
    let last = kept.iter().map(|&state| inst.results[state]);
    let outs = inst.results[scan.n_states..scan.n_states + n_outs]
        .iter()
        .copied();
    let new = Scan {
        func: b.module.funcs.push(step),
        n_states: kept.len(),
        ..scan
    };
    let whole = Inst {
        op: Op::Scan(new),
        operands: operands.map(|(_, &value)| value).collect(),
        results: last.chain(outs).chain(more).collect(),
    };
    b.func.body.push(whole);
    for sum in sums {
        let total = total(b, sum, &stacks);
        b.func.body.push(Inst {
            op: Op::Map(Scalar::Add),
            operands: vec![inst.operands[sum.state], total],
            results: vec![inst.results[sum.state]],
        });
    }
}

/// A sum over all steps.
fn total(b: &mut Builder<'_>, sum: &Sum, stacks: &[(ValueId, ValueId)]) -> ValueId {
    let stack = |value: &ValueId| {
        let found = stacks.iter().find(|(own, _)| own == value);
        found.expect("every source has a stack").1
    };
    let made = match &sum.of {
        Summed::Product(letters, pair) => {
            let all = letters.lhs.iter().chain(&letters.rhs).chain(&letters.out);
            let step = all.copied().max().map_or(0, |last| last + 1);
            let along = |own: &[Letter]| std::iter::once(step).chain(own.iter().copied()).collect();
            let letters = Contract {
                lhs: along(&letters.lhs),
                rhs: along(&letters.rhs),
                out: letters.out.clone(),
            };
            b.op1(Op::Contract(letters), &pair.each_ref().map(stack))
        }
        Summed::Fold(axes, value) => {
            let axes = std::iter::once(0).chain(axes.iter().map(|axis| axis + 1));
            b.op1(Op::Reduce(Monoid::Sum, axes.collect()), &[stack(value)])
        }
    };
    made.expect("a sum over steps has the type of one step's")
}
