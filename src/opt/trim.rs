//! What nobody reads of a scan is not kept. The last place of an output that is a state is that state behind the last step, and outputs
//! that nothing reads are none: so a scan whose last state alone is asked for needs the memory of one step.

use crate::ir::{Func, FuncId, Inst, Module, Op, Range, Scan, ValueId};
use crate::opt::Note;
use crate::opt::cost::at_most;
use crate::opt::rewriter::{Rewriter, Rule, rewrite};
use crate::types::{Dim, Shape};

/// Scans without what nobody reads.
pub(super) fn trim(module: &mut Module, id: FuncId) -> Vec<Note> {
    let notes = rewrite(module, id, |r, inst| {
        if let Op::Slice(ranges) = &inst.op {
            return last(r, ranges, inst);
        }
        Ok(None)
    });
    let mut func = std::mem::take(&mut module.funcs[id]);
    let read = read(&func);
    for inst in &mut func.body {
        if let Op::Scan(scan) = inst.op {
            inst.op = Op::Scan(trimmed(module, scan, &mut inst.results, &read));
        }
    }
    module.funcs[id] = func;
    notes
}

/// The last place of a scan's output, if it is a state.
fn last(r: &mut Rewriter<'_>, ranges: &[Range], inst: &Inst) -> Rule {
    let Some((scan, state)) = shown(r, inst.operands[0]) else {
        return Ok(None);
    };
    let steps = r.b.shape(inst.operands[0]).dim(0).clone();
    let is_last = match scan.is_reversed {
        true => ranges[0] == Range::new(Dim::int(0), Dim::int(1)),
        false => ranges[0] == Range::new(&steps - &Dim::int(1), steps.clone()),
    };
    if !is_last || !at_most(&Dim::int(1), &steps) {
        return Ok(None);
    }
    let own = r.b.shape(state).0.clone();
    let one = Shape::of([Dim::int(1)]).0.into_iter().chain(own).collect();
    let placed = r.b.reshape(state, Shape(one))?;
    let mut ranges = ranges.to_vec();
    ranges[0] = Range::whole(&Dim::int(1));
    Ok(Some(vec![r.b.op1(Op::Slice(ranges), &[placed])?]))
}

/// The scan that gives a value as an output, and the last state that has the same value in each step.
fn shown(r: &Rewriter<'_>, value: ValueId) -> Option<(Scan, ValueId)> {
    let inst = r.definition(value)?;
    let Op::Scan(scan) = inst.op else {
        return None;
    };
    let out = inst.results.iter().position(|result| *result == value)?;
    let results = &r.b.module.funcs[scan.func].results;
    let is_same = |state: &usize| results[*state].1 == results[out].1;
    let state = (0..scan.n_states).find(is_same)?;
    (out >= scan.n_states).then(|| (scan, inst.results[state]))
}

/// Whether each value is read, as an operand or as a result.
fn read(func: &Func) -> Vec<bool> {
    let mut read = vec![false; func.values.len()];
    let operands = func.body.iter().flat_map(|inst| &inst.operands);
    let results = func.results.iter().map(|(_, value)| value);
    operands
        .chain(results)
        .for_each(|value| read[value.index()] = true);
    read
}

/// A scan without the outputs that nothing reads.
fn trimmed(module: &mut Module, scan: Scan, results: &mut Vec<ValueId>, read: &[bool]) -> Scan {
    let is_kept: Vec<bool> = results
        .iter()
        .enumerate()
        .map(|(place, value)| place < scan.n_states || read[value.index()])
        .collect();
    if is_kept.iter().all(|is_kept| *is_kept) {
        return scan;
    }
    let mut step = module.funcs[scan.func].clone();
    keep(&mut step.results, &is_kept);
    keep(results, &is_kept);
    Scan {
        func: module.funcs.push(step),
        ..scan
    }
}

fn keep<T>(all: &mut Vec<T>, is_kept: &[bool]) {
    let mut places = is_kept.iter();
    all.retain(|_| *places.next().expect("one a place"));
}
