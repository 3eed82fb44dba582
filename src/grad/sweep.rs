//! The reverse sweep of one flat function: from the last instruction to the first, each cotangent is pulled through the instruction
//! that made its value and added to those of the operands.

use crate::arena::IdMap;
use crate::grad::GradError;
use crate::ir::{Func, FuncId, Input, Inst, Module, OriginId, Role, Value, ValueId};
use crate::ops::{self, Builder, OpError};
use crate::scalar::Scalar;

/// Which cotangents a sweep starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seeds {
    /// One for the first result, a scalar.
    One,
    /// An input more for each result.
    Inputs,
}

/// The function that gives all results of `func`, then its cotangents with respect to the inputs `wrt`.
pub(super) fn differentiate(
    module: &mut Module,
    func: FuncId,
    wrt: &[usize],
    seeds: Seeds,
) -> Result<Func, GradError> {
    let func = module.funcs[func].clone();
    let Some(origin) = func.values.iter().map(|(_, value)| value.origin).next() else {
        return Ok(func);
    };
    let wrt: Vec<ValueId> = wrt.iter().map(|&input| func.inputs[input].value).collect();
    let mut sweep = Sweep {
        active: active_values(&func, &wrt),
        cotangents: IdMap::new(),
        b: Builder {
            module,
            func: func.clone(),
            origin,
        },
    };
    sweep.seed(seeds);
    for inst in func.body.iter().rev() {
        sweep.pull_through(inst)?;
    }
    let gradients = wrt.iter().enumerate().map(|(place, &input)| {
        let cotangent = sweep.cotangents.get(input).copied();
        let cotangent = cotangent.unwrap_or_else(|| fits(sweep.b.zeros(input)));
        (format!("d{place}"), cotangent)
    });
    let gradients: Vec<_> = gradients.collect();
    let mut done = sweep.b.func;
    done.results.extend(gradients);
    Ok(done)
}

/// Ops written for a gradient fit, because the ops they belong to did.
fn fits<T>(op: Result<T, OpError>) -> T {
    op.expect("checked: a cotangent has the type of its value")
}

/// The values of float type that change with the inputs `wrt`.
fn active_values(func: &Func, wrt: &[ValueId]) -> IdMap<Value, ()> {
    let mut active = IdMap::new();
    for &input in wrt {
        active.insert(input, ());
    }
    for inst in &func.body {
        let changes = inst
            .operands
            .iter()
            .any(|&operand| active.get(operand).is_some());
        if changes && ops::carries(&inst.op) {
            let floats = inst
                .results
                .iter()
                .filter(|&&result| func.ty(result).dtype.is_float());
            floats.for_each(|&result| {
                active.insert(result, ());
            });
        }
    }
    active
}

/// A reverse sweep under way.
struct Sweep<'m> {
    b: Builder<'m>,
    active: IdMap<Value, ()>,
    cotangents: IdMap<Value, ValueId>,
}

impl Sweep<'_> {
    fn seed(&mut self, seeds: Seeds) {
        let results: Vec<ValueId> = self
            .b
            .func
            .results
            .iter()
            .map(|(_, value)| *value)
            .collect();
        match seeds {
            Seeds::One => {
                if let Some(&loss) = results.first() {
                    let one = self.b.number(1.0, self.b.dtype(loss));
                    self.add(loss, one);
                }
            }
            Seeds::Inputs => {
                for (place, result) in results.into_iter().enumerate() {
                    let ty = self.b.ty(result).clone();
                    let value = self.b.value(ty);
                    let role = Role::Arg(format!("cotangent {place}"));
                    self.b.func.inputs.push(Input { role, value });
                    self.add(result, value);
                }
            }
        }
    }

    fn pull_through(&mut self, inst: &Inst) -> Result<(), GradError> {
        let cotangent = |result: &ValueId| self.cotangents.get(*result).copied();
        let cotangents: Vec<Option<ValueId>> = inst.results.iter().map(cotangent).collect();
        let is_active = |operand: &ValueId| self.active.get(*operand).is_some();
        if cotangents.iter().all(Option::is_none) || !inst.operands.iter().any(is_active) {
            return Ok(());
        }
        let origin: OriginId = self.b.func.values[inst.results[0]].origin;
        self.b.origin = origin;
        let flows = ops::vjp(
            &mut self.b,
            &inst.op,
            &inst.operands,
            &inst.results,
            &cotangents,
        );
        let flows = flows.map_err(|why| GradError { origin, why })?;
        for (&operand, flow) in inst.operands.iter().zip(flows) {
            if let Some(cotangent) = flow {
                self.add(operand, cotangent);
            }
        }
        Ok(())
    }

    /// Adds to the cotangent of a value that is asked for.
    fn add(&mut self, value: ValueId, cotangent: ValueId) {
        if self.active.get(value).is_none() {
            return;
        }
        let cotangent = self.unbroadcast(value, cotangent);
        let sum = match self.cotangents.get(value) {
            Some(&known) => fits(self.b.map(Scalar::Add, &[known, cotangent])),
            None => cotangent,
        };
        self.cotangents.insert(value, sum);
    }

    /// Sums a cotangent over the leading axes that its value was repeated along.
    fn unbroadcast(&mut self, value: ValueId, cotangent: ValueId) -> ValueId {
        let rank = self.b.shape(value).rank();
        let repeated = self.b.shape(cotangent).rank() - rank;
        fits(self.b.sum(cotangent, (0..repeated).collect()))
    }
}
