//! Whether a module is what it has to be: each value defined once and before it is used, each instruction with the results its op
//! gives for its operands. A failure is a bug of ours, never the user's.

use crate::ir::{Func, FuncId, Inst, Module, ValueId};
use crate::ops::infer;
use crate::types::{TensorType, Unifier};

/// Checks every function; says what is wrong with the first instruction that is.
pub fn verify(module: &Module) -> Result<(), String> {
    let mut scratch = module.clone();
    for (_, func) in module.funcs.iter() {
        check_func(module, func, &mut scratch)
            .map_err(|fault| format!("{}: {fault}", func.name))?;
    }
    Ok(())
}

/// Checks some functions, as [`verify`] does all.
pub fn verify_funcs(module: &Module, ids: &[FuncId]) -> Result<(), String> {
    // One copy for all: a copy for each would take the square of their number.
    let mut scratch = module.clone();
    let mut ids = ids.iter();
    ids.try_for_each(|&id| check_func(module, &module.funcs[id], &mut scratch))
}

/// Rules may solve dimensions, and do so in `scratch`.
fn check_func(module: &Module, func: &Func, scratch: &mut Module) -> Result<(), String> {
    let mut defined = vec![false; func.values.len()];
    for input in &func.inputs {
        define(&mut defined, input.value)?;
    }
    for (place, inst) in func.body.iter().enumerate() {
        let at =
            |fault: String| format!("instruction {place} ({}): {fault}", inst.op.display(module));
        for &operand in &inst.operands {
            is_defined(&defined, operand).map_err(at)?;
        }
        refers_to_functions(module, inst).map_err(at)?;
        has_result_types(scratch, func, inst).map_err(at)?;
        for &result in &inst.results {
            define(&mut defined, result).map_err(at)?;
        }
    }
    let mut results = func.results.iter();
    results.try_for_each(|(_, value)| is_defined(&defined, *value))
}

fn define(defined: &mut [bool], value: ValueId) -> Result<(), String> {
    match defined.get_mut(value.index()) {
        None => Err(format!("value {value:?} does not exist")),
        Some(true) => Err(format!("value {value:?} is defined twice")),
        Some(known) => {
            *known = true;
            Ok(())
        }
    }
}

fn is_defined(defined: &[bool], value: ValueId) -> Result<(), String> {
    let is = defined.get(value.index()) == Some(&true);
    is.then_some(())
        .ok_or_else(|| format!("value {value:?} is used before it is defined"))
}

fn refers_to_functions(module: &Module, inst: &Inst) -> Result<(), String> {
    let mut callees = inst.op.callees().into_iter();
    match callees.find(|callee| callee.index() >= module.funcs.len()) {
        Some(callee) => Err(format!("function {callee:?} does not exist")),
        None => Ok(()),
    }
}

fn has_result_types(scratch: &mut Module, func: &Func, inst: &Inst) -> Result<(), String> {
    let operands: Vec<&TensorType> = inst.operands.iter().map(|&value| func.ty(value)).collect();
    let expected = infer(&inst.op, &operands, scratch).map_err(|error| format!("{error:?}"))?;
    if expected.len() != inst.results.len() {
        return Err(format!(
            "{} results, not {}",
            inst.results.len(),
            expected.len()
        ));
    }
    for (&result, expected) in inst.results.iter().zip(&expected) {
        let found = func.ty(result);
        if !same(&scratch.dims, found, expected) {
            let symbols = &scratch.dims.symbols;
            let (found, expected) = (found.display(symbols), expected.display(symbols));
            return Err(format!("result is {found}, not {expected}"));
        }
    }
    Ok(())
}

/// Equal up to names of axes.
fn same(dims: &Unifier, left: &TensorType, right: &TensorType) -> bool {
    let sizes = |ty: &TensorType| {
        ty.shape
            .dims()
            .map(|dim| dims.resolve(dim))
            .collect::<Vec<_>>()
    };
    left.dtype == right.dtype && sizes(left) == sizes(right)
}
