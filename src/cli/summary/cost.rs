//! What a layer costs, as numbers: polynomials of sizes are evaluated at the run's batch size.

use std::ops::AddAssign;

use crate::ir::{Func, Inst, Module, ValueId};
use crate::opt::cost::flops;
use crate::types::{Dim, TensorType};

/// What something costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cost {
    /// Numbers that are trained.
    pub(crate) params: u64,
    /// Numbers that are kept but not trained: running statistics, frozen parameters.
    pub(crate) kept: u64,
    /// Operations on the way forward.
    pub(crate) forward: u64,
    /// Operations on the way back.
    pub(crate) backward: u64,
    /// Bytes of both kinds of numbers.
    pub(crate) weight_bytes: u64,
    /// Bytes computed forward that the way back reads.
    pub(crate) activation_bytes: u64,
    /// Bytes the optimizer keeps.
    pub(crate) optimizer_bytes: u64,
}

impl AddAssign for Cost {
    fn add_assign(&mut self, more: Cost) {
        self.params += more.params;
        self.kept += more.kept;
        self.forward += more.forward;
        self.backward += more.backward;
        self.weight_bytes += more.weight_bytes;
        self.activation_bytes += more.activation_bytes;
        self.optimizer_bytes += more.optimizer_bytes;
    }
}

/// Sizes at a batch size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes<'a> {
    pub(super) module: &'a Module,
    pub(super) batch: u64,
}

impl Sizes<'_> {
    /// A polynomial's value; what no data has decided is the batch.
    fn value(self, dim: &Dim) -> u64 {
        let batch = i64::try_from(self.batch).unwrap_or(i64::MAX);
        let value = self.module.dims.resolve(dim).eval(&|_| Some(batch));
        u64::try_from(value.unwrap_or(0)).unwrap_or(0)
    }

    /// The number of elements.
    pub(super) fn elements(self, ty: &TensorType) -> u64 {
        self.value(&ty.shape.size())
    }

    /// The bytes of a tensor.
    pub(super) fn bytes(self, ty: &TensorType) -> u64 {
        self.elements(ty) * ty.dtype.size() as u64
    }

    /// The operations of an instruction.
    pub(super) fn flops(self, func: &Func, inst: &Inst) -> u64 {
        let types = |values: &[ValueId]| {
            values
                .iter()
                .map(|&value| func.ty(value))
                .collect::<Vec<_>>()
        };
        self.value(&flops(
            &inst.op,
            &types(&inst.operands),
            &types(&inst.results),
        ))
    }
}
