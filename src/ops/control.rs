//! Ops that stand for whole functions: calls, functions with a reverse rule of their own, and gradients. `grad` replaces all of
//! them by what they stand for before anything runs.

use crate::ir::{FuncId, Module, Op, ValueId};
use crate::ops::rules::{Flows, Types, operand_count};
use crate::ops::{Builder, OpError};
use crate::types::{DType, TensorType};

pub(super) fn inputs(module: &Module, func: FuncId) -> Vec<TensorType> {
    let func = &module.funcs[func];
    let inputs = func.inputs.iter();
    inputs.map(|input| func.ty(input.value).clone()).collect()
}

pub(super) fn results(module: &Module, func: FuncId) -> Vec<TensorType> {
    let func = &module.funcs[func];
    let results = func.results.iter();
    results.map(|(_, value)| func.ty(*value).clone()).collect()
}

/// Each operand has the type that is expected of it.
pub(super) fn fits(
    module: &mut Module,
    operands: Types<'_>,
    expected: &[TensorType],
) -> Result<(), OpError> {
    operand_count("call", operands, expected.len())?;
    for (operand, (ty, expected)) in operands.iter().zip(expected).enumerate() {
        let same = ty.dtype == expected.dtype
            && ty.shape.rank() == expected.shape.rank()
            && ty
                .shape
                .dims()
                .zip(expected.shape.dims())
                .all(|(a, b)| module.dims.unify(a, b).is_ok());
        if !same {
            let shape = module.dims.resolve_shape(&expected.shape);
            let expected = TensorType::new(expected.dtype, shape);
            return Err(OpError::Argument { operand, expected });
        }
    }
    Ok(())
}

// Call --------------------------------------------------------------------------------------------------------------------

/// A call has the types of its function.
pub(super) fn infer_call(
    func: FuncId,
    operands: Types<'_>,
    module: &mut Module,
) -> Result<Vec<TensorType>, OpError> {
    let expected = inputs(module, func);
    fits(module, operands, &expected)?;
    Ok(results(module, func))
}

// Custom ------------------------------------------------------------------------------------------------------------------

/// The types of `forward`; `backward` takes operands, results and a cotangent a result, and gives a cotangent an operand.
pub(super) fn infer_custom(
    forward: FuncId,
    backward: FuncId,
    operands: Types<'_>,
    module: &mut Module,
) -> Result<Vec<TensorType>, OpError> {
    let found = infer_call(forward, operands, module)?;
    let taken = operands.iter().copied().chain(&found).chain(&found);
    let given = infer_call(backward, &taken.collect::<Vec<_>>(), module)?;
    let wanted: Vec<TensorType> = operands.iter().map(|&ty| ty.clone()).collect();
    fits(module, &given.iter().collect::<Vec<_>>(), &wanted)?;
    Ok(found)
}

/// `dxs = backward(xs…, ys…, dys…)`, with zeros for results that nothing depends on.
pub(super) fn vjp_custom(
    b: &mut Builder<'_>,
    backward: FuncId,
    xs: &[ValueId],
    ys: &[ValueId],
    dys: &[Option<ValueId>],
) -> Flows {
    let mut operands = [xs, ys].concat();
    for (&y, dy) in ys.iter().zip(dys) {
        operands.push(match dy {
            Some(dy) => *dy,
            None => b.zeros(y)?,
        });
    }
    let dxs = b.op(Op::Call(backward), &operands)?;
    let flows = xs
        .iter()
        .zip(dxs)
        .map(|(&x, dx)| b.dtype(x).is_float().then_some(dx));
    Ok(flows.collect())
}

// Grad --------------------------------------------------------------------------------------------------------------------

/// The results of `func`, then the types of the inputs it is differentiated by.
pub(super) fn infer_grad(
    func: FuncId,
    wrt: &[usize],
    operands: Types<'_>,
    module: &mut Module,
) -> Result<Vec<TensorType>, OpError> {
    let mut types = infer_call(func, operands, module)?;
    let loss = types
        .first()
        .cloned()
        .unwrap_or(TensorType::scalar(DType::Bool));
    if loss.shape.rank() != 0 || !loss.dtype.is_float() {
        let shape = module.dims.resolve_shape(&loss.shape);
        return Err(OpError::NotALoss {
            found: TensorType::new(loss.dtype, shape),
        });
    }
    types.extend(variables(func, wrt, module)?);
    Ok(types)
}

fn variables(func: FuncId, wrt: &[usize], module: &Module) -> Result<Vec<TensorType>, OpError> {
    let inputs = inputs(module, func);
    let fixed = wrt.iter().find(|&&input| !inputs[input].dtype.is_float());
    match fixed {
        Some(&operand) => Err(OpError::NotVariable { operand }),
        None => Ok(wrt.iter().map(|&input| inputs[input].clone()).collect()),
    }
}

// Vjp ---------------------------------------------------------------------------------------------------------------------

/// The operands are the inputs of `func`, then a cotangent a result; the results are those of `func`, then the inputs' cotangents.
pub(super) fn infer_vjp(
    func: FuncId,
    wrt: &[usize],
    operands: Types<'_>,
    module: &mut Module,
) -> Result<Vec<TensorType>, OpError> {
    let mut types = results(module, func);
    let mut expected = inputs(module, func);
    expected.extend(types.iter().cloned());
    fits(module, operands, &expected)?;
    types.extend(variables(func, wrt, module)?);
    Ok(types)
}
