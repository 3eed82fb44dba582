//! An interpreter that looks at every value as it is made, and stops at the first that is no finite number although all that it is
//! made of are. It says which op that was, and between what its operands lay.

use std::rc::Rc;

use crate::engine::flat::{Flat, Plan, flat, known};
use crate::engine::interp::execute_by;
use crate::engine::plans::Plans;
use crate::engine::{Engine, Program, RunError, RunFault, Stop, scan};
use crate::ir::{FuncId, Module};
use crate::ops;
use crate::tensor::Tensor;

/// The interpreter that stops where numbers end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trap {
    stop: Stop,
}

/// A function, what its ops are called, and its plans by sizes.
struct Watched {
    flat: Flat,
    names: Vec<String>,
    plans: Plans<Plan>,
    stop: Stop,
}

impl Engine for Trap {
    fn prepare(&self, module: &Module, func: FuncId) -> Result<Box<dyn Program>, RunError> {
        let engine: Rc<dyn Engine> = Rc::new(*self);
        if let Some(sequence) = scan::prepare(&engine, module, func) {
            return Ok(sequence);
        }
        let body = module.funcs[func].body.iter();
        let name = |text: String| text.split(' ').next().unwrap_or_default().to_owned();
        Ok(Box::new(Watched {
            flat: flat(module, func),
            names: body
                .map(|inst| name(inst.op.display(module).to_string()))
                .collect(),
            plans: Plans::new(),
            stop: self.stop,
        }))
    }

    fn within(&self, _: u64) -> Box<dyn Engine> {
        Box::new(*self)
    }

    fn stopping(&self, stop: Stop) -> Box<dyn Engine> {
        Box::new(Trap { stop })
    }
}

impl Program for Watched {
    fn run(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, RunError> {
        let sizes = self.flat.signature.sizes(&inputs)?;
        let (flat, names, stop) = (&self.flat, &self.names, self.stop);
        let plan = self.plans.get(&sizes, || flat.plan(&sizes))?;
        execute_by(flat, plan, inputs, |at, operands, (op, types)| {
            stop.check()?;
            let results = ops::eval(op, operands.clone(), types, &known);
            watched(&names[at], &operands, results.map_err(RunFault::Eval)?)
        })
    }
}

/// The results of an op, or why they are to be stopped at.
fn watched(name: &str, operands: &[Tensor], results: Vec<Tensor>) -> Result<Vec<Tensor>, RunFault> {
    let broken = results.iter().find(|result| !result.is_finite());
    match broken {
        Some(result) if !operands.is_empty() && operands.iter().all(Tensor::is_finite) => {
            let is_nan = result.to_f64().iter().any(|x| x.is_nan());
            Err(RunFault::NotFinite {
                op: name.to_owned(),
                what: if is_nan { "not a number" } else { "infinite" },
                operands: operands.iter().map(range).collect(),
            })
        }
        Some(_) | None => Ok(results),
    }
}

/// Between what the elements of a tensor lie: `f32[16, 3] from -1.5 to 2`.
fn range(tensor: &Tensor) -> String {
    let numbers = tensor.to_f64();
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (dtype, shape) = (tensor.dtype(), tensor.shape());
    match numbers.len() {
        0 => format!("{dtype}{shape:?}, empty"),
        _ => format!("{dtype}{shape:?} from {least:.6e} to {most:.6e}"),
    }
}
