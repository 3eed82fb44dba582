//! The reference semantics: a function is run instruction by instruction, each by its op's own meaning. Sizes are worked out once for
//! each set of input sizes; a value is handed over at its last use, so that its buffer can be written again.

use std::rc::Rc;

use crate::engine::flat::{Flat, Plan, ResultTypes, Use, flat, known};
use crate::engine::plans::Plans;
use crate::engine::{Engine, Program, RunError, RunFault, Stop, scan};
use crate::ir::{FuncId, Module, Op};
use crate::ops;
use crate::tensor::Tensor;

/// The interpreter.
#[derive(Clone, Copy, Debug, Default)]
pub struct Interpreter {
    stop: Stop,
}

impl Engine for Interpreter {
    fn prepare(&self, module: &Module, func: FuncId) -> Result<Box<dyn Program>, RunError> {
        let engine: Rc<dyn Engine> = Rc::new(*self);
        if let Some(sequence) = scan::prepare(&engine, module, func) {
            return Ok(sequence);
        }
        Ok(Box::new(Prepared {
            flat: flat(module, func),
            plans: Plans::new(),
            stop: self.stop,
        }))
    }

    fn within(&self, _: u64) -> Box<dyn Engine> {
        Box::new(*self)
    }

    fn stopping(&self, stop: Stop) -> Box<dyn Engine> {
        Box::new(Interpreter { stop })
    }
}

/// A function, and its plans by sizes.
struct Prepared {
    flat: Flat,
    plans: Plans<Plan>,
    stop: Stop,
}

impl Program for Prepared {
    fn run(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, RunError> {
        let sizes = self.flat.signature.sizes(&inputs)?;
        let flat = &self.flat;
        let plan = self.plans.get(&sizes, || {
            let plan = flat.plan(&sizes)?;
            flat.check_memory(&plan)?;
            Ok(plan)
        })?;
        execute(flat, plan, inputs, self.stop)
    }
}

/// The results of a plan.
pub(super) fn execute(
    flat: &Flat,
    plan: &Plan,
    inputs: Vec<Tensor>,
    stop: Stop,
) -> Result<Vec<Tensor>, RunError> {
    execute_by(flat, plan, inputs, |_, operands, (op, types)| {
        stop.check()?;
        ops::eval(op, operands, types, &known).map_err(RunFault::Eval)
    })
}

/// The results of a plan whose steps `eval` computes: it is given the place of a step, its operands, and what it is.
pub(super) fn execute_by(
    flat: &Flat,
    plan: &Plan,
    inputs: Vec<Tensor>,
    eval: impl Fn(usize, Vec<Tensor>, &(Op, ResultTypes)) -> Result<Vec<Tensor>, RunFault>,
) -> Result<Vec<Tensor>, RunError> {
    let mut values: Vec<Option<Tensor>> = vec![None; flat.types.len()];
    for (value, tensor) in flat.inputs.iter().zip(inputs) {
        values[value.index()] = Some(tensor);
    }
    for (at, (step, planned)) in flat.steps.iter().zip(plan).enumerate() {
        let operands = read(&mut values, &step.operands);
        let results = eval(at, operands, planned).map_err(|fault| RunError {
            fault,
            origin: step.origin,
        })?;
        for (value, tensor) in step.results.iter().zip(results) {
            values[value.index()] = Some(tensor).filter(|_| flat.is_read[value.index()]);
        }
    }
    Ok(read(&mut values, &flat.results))
}

fn read(values: &mut [Option<Tensor>], uses: &[Use]) -> Vec<Tensor> {
    let read = |of: &Use| {
        let slot = &mut values[of.value.index()];
        let tensor = if of.is_last {
            slot.take()
        } else {
            slot.clone()
        };
        tensor.expect("verified: a value is defined before it is used, and not after its last use")
    };
    uses.iter().map(read).collect()
}
