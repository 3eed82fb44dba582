//! Copying functions into the functions that call them, and gradients likewise, once they are written out.

use crate::arena::IdMap;
use crate::grad::GradError;
use crate::grad::sweep::{Seeds, differentiate};
use crate::ir::{Func, FuncId, Inst, Module, Op, Value, ValueId};

/// What values of one function are in another.
type Names = IdMap<Value, ValueId>;

/// Replaces calls and gradients in a function; what it refers to is flat already. Reverse rules stay, for who differentiates it.
pub(super) fn inline_calls(module: &mut Module, id: FuncId) -> Result<(), GradError> {
    let mut func = module.funcs[id].clone();
    let mut names = Names::new();
    for inst in std::mem::take(&mut func.body) {
        let inlined = if let Op::Call(callee) = &inst.op {
            Some(module.funcs[*callee].clone())
        } else if let Op::Grad { func, wrt } = &inst.op {
            Some(differentiate(module, *func, wrt, Seeds::One)?)
        } else if let Op::Vjp { func, wrt } = &inst.op {
            Some(differentiate(module, *func, wrt, Seeds::Inputs)?)
        } else {
            None
        };
        place(module, &mut func, &mut names, inst, inlined);
    }
    rename_results(&mut func, &names);
    module.funcs[id] = func;
    Ok(())
}

/// Replaces functions with reverse rules of their own by what they compute.
pub(super) fn drop_rules(module: &mut Module, id: FuncId) {
    let mut func = std::mem::take(&mut module.funcs[id]);
    let mut names = Names::new();
    for inst in std::mem::take(&mut func.body) {
        let forward = forward_of(&inst.op).map(|forward| module.funcs[forward].clone());
        place(module, &mut func, &mut names, inst, forward);
    }
    rename_results(&mut func, &names);
    module.funcs[id] = func;
}

fn forward_of(op: &Op) -> Option<FuncId> {
    if let Op::Custom { forward, .. } = op {
        Some(*forward)
    } else {
        None
    }
}

/// Appends an instruction, or what it stands for.
fn place(
    module: &Module,
    func: &mut Func,
    names: &mut Names,
    inst: Inst,
    stands_for: Option<Func>,
) {
    let operands: Vec<ValueId> = inst
        .operands
        .iter()
        .map(|&value| renamed(names, value))
        .collect();
    let Some(body) = stands_for else {
        func.body.push(Inst { operands, ..inst });
        return;
    };
    let results = copy_body(module, func, &body, &operands);
    for (&result, copied) in inst.results.iter().zip(results) {
        names.insert(result, copied);
    }
}

/// Copies the instructions of `body`, reading `operands` for its inputs, and gives what its results are.
fn copy_body(module: &Module, func: &mut Func, body: &Func, operands: &[ValueId]) -> Vec<ValueId> {
    let mut names = Names::new();
    for (input, &operand) in body.inputs.iter().zip(operands) {
        names.insert(input.value, operand);
    }
    for inst in &body.body {
        for &result in &inst.results {
            let copy = func.values.push(body.values[result].clone());
            names.insert(result, copy);
        }
        let copy = Inst {
            op: inst.op.clone(),
            operands: inst
                .operands
                .iter()
                .map(|&value| renamed(&names, value))
                .collect(),
            results: inst
                .results
                .iter()
                .map(|&value| renamed(&names, value))
                .collect(),
        };
        // A reverse sweep calls the reverse rules it met; these are flat.
        let called = if let Op::Call(rule) = &copy.op {
            Some(module.funcs[*rule].clone())
        } else {
            None
        };
        match called {
            None => func.body.push(copy),
            Some(rule) => {
                let results = copy_body(module, func, &rule, &copy.operands);
                for (&result, value) in inst.results.iter().zip(results) {
                    names.insert(result, value);
                }
            }
        }
    }
    let results = body.results.iter();
    results.map(|(_, value)| renamed(&names, *value)).collect()
}

fn renamed(names: &Names, value: ValueId) -> ValueId {
    names.get(value).copied().unwrap_or(value)
}

fn rename_results(func: &mut Func, names: &Names) {
    for (_, value) in &mut func.results {
        *value = renamed(names, *value);
    }
}
