//! A function as engines take it: dimensions resolved, last uses marked; and its plan for one set of sizes, in which every dimension is
//! a number. Knows nothing of how a step is run.

use std::cell::RefCell;

use crate::engine::bind::{Signature, Sizes};
use crate::engine::{RunError, RunFault, memory};
use crate::ir::{FuncId, Inst, Module, Op, OriginId, ValueId};
use crate::ops::scan_of;
use crate::types::{DType, Dim, TensorType};

/// A function with its dimensions resolved and the last uses of its values marked.
pub(super) struct Flat {
    pub(super) name: String,
    pub(super) signature: Signature,
    pub(super) inputs: Vec<ValueId>,
    pub(super) types: Vec<TensorType>,
    pub(super) steps: Vec<Step>,
    pub(super) results: Vec<Use>,
    pub(super) is_read: Vec<bool>,
}

/// An instruction.
pub(super) struct Step {
    pub(super) op: Op,
    pub(super) operands: Vec<Use>,
    pub(super) results: Vec<ValueId>,
    pub(super) origin: Option<OriginId>,
    /// What a scan does step by step.
    pub(super) inner: Option<Box<Flat>>,
}

/// A value that is read, and whether for the last time.
#[derive(Clone, Copy)]
pub(super) struct Use {
    pub(super) value: ValueId,
    pub(super) is_last: bool,
}

/// The instructions with sizes as numbers: ops, and the element types and sizes of their results.
pub(super) type Plan = Vec<(Op, ResultTypes)>;

/// Element types and sizes.
pub(super) type ResultTypes = Vec<(DType, Vec<usize>)>;

pub(super) fn flat(module: &Module, func: FuncId) -> Flat {
    let func = &module.funcs[func];
    let dims = &module.dims;
    let known = |ty: &TensorType| TensorType::new(ty.dtype, dims.resolve_shape(&ty.shape));
    let mut last = LastUses::new(func.values.len());
    let results: Vec<ValueId> = func.results.iter().map(|(_, value)| *value).collect();
    let results = last.mark(&results);
    let step = |inst: &Inst| {
        let mut op = inst.op.clone();
        op.map_dims(&|dim| dims.resolve(dim));
        Step {
            op,
            operands: last.mark(&inst.operands),
            results: inst.results.clone(),
            inner: scan_of(&inst.op).map(|scan| Box::new(flat(module, scan.func))),
            origin: inst.results.first().map(|&value| func.values[value].origin),
        }
    };
    let mut steps: Vec<Step> = func.body.iter().rev().map(step).collect();
    steps.reverse();
    Flat {
        name: func.name.clone(),
        signature: Signature {
            inputs: func
                .inputs
                .iter()
                .map(|input| (input.role.clone(), known(func.ty(input.value))))
                .collect(),
            symbols: dims.symbols.clone(),
        },
        inputs: func.inputs.iter().map(|input| input.value).collect(),
        types: func
            .values
            .iter()
            .map(|(_, value)| known(&value.ty))
            .collect(),
        steps,
        results,
        is_read: last.is_read,
    }
}

/// Which values are read later on, seen from the end of a function.
struct LastUses {
    is_read: Vec<bool>,
}

impl LastUses {
    fn new(n_values: usize) -> LastUses {
        LastUses {
            is_read: vec![false; n_values],
        }
    }

    /// The values as uses; of several uses of one value, the last one counts as such.
    fn mark(&mut self, values: &[ValueId]) -> Vec<Use> {
        let of = |&value: &ValueId| Use {
            value,
            is_last: !std::mem::replace(&mut self.is_read[value.index()], true),
        };
        let mut uses: Vec<Use> = values.iter().rev().map(of).collect();
        uses.reverse();
        uses
    }
}

impl Flat {
    /// Whether something in it is done over and over.
    pub(super) fn holds_scan(&self) -> bool {
        self.steps.iter().any(|step| step.inner.is_some())
    }

    /// Every op and every result with sizes as numbers.
    pub(super) fn plan(&self, sizes: &Sizes) -> Result<Plan, RunError> {
        self.steps
            .iter()
            .map(|step| self.plan_step(step, sizes))
            .collect()
    }

    fn plan_step(&self, step: &Step, sizes: &Sizes) -> Result<(Op, ResultTypes), RunError> {
        let fault = RefCell::new(None);
        let number = |dim: &Dim| match dim.eval(&|symbol| sizes.get(&symbol).copied()) {
            Some(size) if size >= 0 => Dim::int(size),
            value => {
                let dim = dim.display(&self.signature.symbols).to_string();
                fault
                    .borrow_mut()
                    .get_or_insert(RunFault::Size { dim, value });
                Dim::default()
            }
        };
        let mut op = step.op.clone();
        op.map_dims(&number);
        let result = |&value: &ValueId| {
            let ty = &self.types[value.index()];
            (
                ty.dtype,
                ty.shape.dims().map(|dim| known(&number(dim))).collect(),
            )
        };
        let results = step.results.iter().map(result).collect();
        match fault.into_inner() {
            None => Ok((op, results)),
            Some(fault) => Err(RunError {
                fault,
                origin: step.origin,
            }),
        }
    }

    /// Refuses a plan before anything is computed whose values need more memory at once than there is. A result may take the place
    /// of an operand, so operands at their last use are not counted.
    pub(super) fn check_memory(&self, plan: &Plan) -> Result<(), RunError> {
        let mut held = vec![0; self.types.len()];
        let (mut now, mut peak, mut origin) = (0u64, 0, None);
        for (step, (_, types)) in self.steps.iter().zip(plan) {
            for of in step.operands.iter().filter(|of| of.is_last) {
                now = now.saturating_sub(std::mem::take(&mut held[of.value.index()]));
            }
            for (value, (dtype, shape)) in step.results.iter().zip(types) {
                held[value.index()] = memory::bytes(*dtype, shape);
                now = now.saturating_add(held[value.index()]);
            }
            if now > peak {
                (peak, origin) = (now, step.origin);
            }
            for value in step
                .results
                .iter()
                .filter(|value| !self.is_read[value.index()])
            {
                now = now.saturating_sub(std::mem::take(&mut held[value.index()]));
            }
        }
        memory::lacking(peak).map_or(Ok(()), |room| {
            let fault = RunFault::Memory { needed: peak, room };
            Err(RunError { fault, origin })
        })
    }
}

/// A size that is a number, and not negative.
pub(super) fn known(dim: &Dim) -> usize {
    let size = dim.as_int().and_then(|size| usize::try_from(size).ok());
    size.expect("planned: every size is a number that is not negative")
}
