//! What a scan computes on its way forth is not computed again on its way back: a product that the steps of both scans have in common
//! becomes an output of the first and is taken place by place by the second. A product costs far more than the memory that it takes.

use std::collections::HashMap;

use crate::ir::{Func, FuncId, Input, Inst, Module, Op, Role, Scan, ValueId};
use crate::ops::Builder;
use crate::opt::Note;
use crate::types::{Shape, TensorType};

/// Products that two scans of a function share.
pub(super) fn recall(module: &mut Module, id: FuncId) -> Vec<Note> {
    let scans: Vec<usize> = places_of_scans(&module.funcs[id]);
    let mut notes = vec![];
    for (at, &back) in scans.iter().enumerate() {
        for &forth in &scans[..at] {
            notes.extend(recalled(module, id, forth, back));
        }
    }
    notes
}

fn places_of_scans(func: &Func) -> Vec<usize> {
    let insts = func.body.iter().enumerate();
    insts
        .filter(|(_, inst)| matches!(inst.op, Op::Scan(_)))
        .map(|(at, _)| at)
        .collect()
}

fn scan_at(func: &Func, at: usize) -> (Scan, &Inst) {
    let Op::Scan(scan) = func.body[at].op else {
        unreachable!("scans stay where they are")
    };
    (scan, &func.body[at])
}

/// Makes the later scan recall what the earlier one knows.
fn recalled(module: &mut Module, id: FuncId, forth: usize, back: usize) -> Option<Note> {
    let func = &module.funcs[id];
    let (first, second) = (scan_at(func, forth), scan_at(func, back));
    if first.0.is_reversed == second.0.is_reversed || first.0.func == second.0.func {
        return None;
    }
    let common = common(module, func, first, second);
    let products = worth(
        [first.0, second.0].map(|scan| &module.funcs[scan.func]),
        [first.0, second.0],
        &common,
    );
    let origin = func.values[second.1.results[0]].origin;
    if products.is_empty() {
        return None;
    }
    let text = format!(
        "{} products of a scan are kept for its way back",
        products.len()
    );
    for own in products {
        keep(module, id, [forth, back], [common[&own], own]);
    }
    Some(Note {
        pass: "recall",
        origin,
        text,
    })
}

/// Values of the second scan's step that are values of the first one's at the same place.
fn common(
    module: &Module,
    func: &Func,
    first: (Scan, &Inst),
    second: (Scan, &Inst),
) -> HashMap<ValueId, ValueId> {
    let (forth, back) = (&module.funcs[first.0.func], &module.funcs[second.0.func]);
    let mut names = HashMap::new();
    for (place, input) in back.inputs.iter().enumerate().skip(second.0.n_states) {
        let is_each = place < second.0.n_states + second.0.n_each;
        if let Some(known) = source(func, forth, first, second.1.operands[place], is_each) {
            names.insert(input.value, known);
        }
    }
    for inst in &back.body {
        let operands: Option<Vec<ValueId>> = inst
            .operands
            .iter()
            .map(|x| names.get(x).copied())
            .collect();
        let Some(operands) = operands.filter(|_| inst.op.callees().is_empty()) else {
            continue;
        };
        let same = |known: &&Inst| known.operands == operands && known.op == inst.op;
        if let Some(known) = forth.body.iter().find(same) {
            let pairs = inst.results.iter().zip(&known.results);
            names.extend(pairs.map(|(own, known)| (*own, *known)));
        }
    }
    names
}

/// What an operand of the second scan is in a step of the first.
fn source(
    func: &Func,
    forth: &Func,
    (scan, inst): (Scan, &Inst),
    operand: ValueId,
    is_each: bool,
) -> Option<ValueId> {
    let each = scan.n_states..scan.n_states + scan.n_each;
    let place = (scan.n_states..inst.operands.len())
        .find(|place| each.contains(place) == is_each && inst.operands[*place] == operand);
    if let Some(place) = place {
        return Some(forth.inputs[place].value);
    }
    if !is_each {
        return None;
    }
    let out = inst.results.iter().position(|result| *result == operand);
    if let Some(out) = out.filter(|out| *out >= scan.n_states) {
        return Some(forth.results[out].1);
    }
    let state = state_before(func, forth, (scan, inst), operand)?;
    Some(forth.inputs[state].value)
}

/// The state whose values before each step these are: the first one, then those behind all steps but the last.
fn state_before(
    func: &Func,
    forth: &Func,
    (scan, inst): (Scan, &Inst),
    operand: ValueId,
) -> Option<usize> {
    let defining = |value: ValueId| func.body.iter().find(|inst| inst.results.contains(&value));
    let joined = defining(operand).filter(|inst| inst.op == Op::Concat(0))?;
    let [a, b] = joined.operands[..] else {
        return None;
    };
    let (first, rest) = if scan.is_reversed { (b, a) } else { (a, b) };
    let (first, rest) = (defining(first)?, defining(rest)?);
    let (Op::Reshape(_), Op::Slice(ranges)) = (&first.op, &rest.op) else {
        return None;
    };
    let begins = ranges[0].start.as_int()? == i64::from(scan.is_reversed) && ranges[0].step == 1;
    let out = inst
        .results
        .iter()
        .position(|result| *result == rest.operands[0])?;
    let is_state = |state: &usize| {
        inst.operands[*state] == first.operands[0]
            && forth.results[*state].1 == forth.results[out].1
    };
    (0..scan.n_states)
        .find(is_state)
        .filter(|_| begins && out >= scan.n_states)
}

/// The products of the step that are worth to be recalled: common, of the step, and needed once all of them are known.
fn worth(
    [forth, back]: [&Func; 2],
    [first, second]: [Scan; 2],
    common: &HashMap<ValueId, ValueId>,
) -> Vec<ValueId> {
    let n_own = second.n_states + second.n_each;
    let is_kept = |product: &ValueId| {
        let known = common.get(product);
        known.is_some_and(|known| !is_ahead(forth, first, *known))
    };
    let mut varies: Vec<ValueId> = back.inputs[..n_own]
        .iter()
        .map(|input| input.value)
        .collect();
    let mut products = vec![];
    for inst in &back.body {
        if inst.operands.iter().any(|x| varies.contains(x)) {
            varies.extend(&inst.results);
            if matches!(inst.op, Op::Contract(_)) && is_kept(&inst.results[0]) {
                products.push(inst.results[0]);
            }
        }
    }
    let mut needed: Vec<ValueId> = back.results.iter().map(|(_, value)| *value).collect();
    for inst in back.body.iter().rev() {
        let is_needed = inst.results.iter().any(|result| needed.contains(result));
        if is_needed && !products.contains(&inst.results[0]) {
            needed.extend(&inst.operands);
        }
    }
    products.retain(|product| needed.contains(product));
    products
}

/// Whether a product depends on no state: it is taken out of both scans, and is one then.
fn is_ahead(step: &Func, scan: Scan, product: ValueId) -> bool {
    let given = &step.inputs[scan.n_states..];
    let is_given = |x: &ValueId| given.iter().any(|input| input.value == *x);
    let inst = step
        .body
        .iter()
        .find(|inst| inst.results.contains(&product));
    inst.is_none_or(|inst| inst.operands.iter().all(is_given))
}

/// The value of the first scan's step becomes an output, and that of the second one's an input.
fn keep(module: &mut Module, id: FuncId, places: [usize; 2], values: [ValueId; 2]) {
    let func = std::mem::take(&mut module.funcs[id]);
    let [first, second] = places.map(|at| scan_at(&func, at).0);
    let mut forth = module.funcs[first.func].clone();
    forth.results.push(("kept".to_owned(), values[0]));
    let mut back = module.funcs[second.func].clone();
    back.body.retain(|inst| !inst.results.contains(&values[1]));
    let place = second.n_states + second.n_each;
    let input = Input {
        role: Role::Arg("kept".to_owned()),
        value: values[1],
    };
    back.inputs.insert(place, input);
    let ty = forth.ty(values[0]).clone();
    let new = [forth, back].map(|func| module.funcs.push(func));
    let origin = func.values[func.body[places[1]].results[0]].origin;
    let mut b = Builder {
        module,
        func,
        origin,
    };
    let mut axes = vec![
        b.shape(scan_at(&b.func, places[0]).1.operands[first.n_states])
            .0[0]
            .clone(),
    ];
    axes.extend(ty.shape.0);
    let stack = b.value(TensorType::new(ty.dtype, Shape(axes)));
    let [forth, back] = places;
    b.func.body[forth].results.push(stack);
    b.func.body[forth].op = Op::Scan(Scan {
        func: new[0],
        ..first
    });
    b.func.body[back].operands.insert(place, stack);
    b.func.body[back].op = Op::Scan(Scan {
        func: new[1],
        n_each: second.n_each + 1,
        ..second
    });
    let func = b.func;
    module.funcs[id] = func;
}
