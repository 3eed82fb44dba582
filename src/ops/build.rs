//! Building functions op by op: each op asks its own rule for the types of its results. The checker, `grad` and the passes all
//! write IR through here.

use crate::ir::{Func, Inst, Module, Op, OriginId, Value, ValueId};
use crate::ops::{OpError, infer};
use crate::types::TensorType;

/// A function under construction inside a module.
pub struct Builder<'m> {
    /// The module, for its symbols and for the signatures of called functions.
    pub module: &'m mut Module,
    /// The function so far.
    pub func: Func,
    /// What new values will say of where they came from.
    pub origin: OriginId,
}

impl Builder<'_> {
    /// The type of a value.
    pub fn ty(&self, value: ValueId) -> &TensorType {
        self.func.ty(value)
    }

    /// Appends an op if its rule allows these operands, and returns its results.
    pub fn op(&mut self, op: Op, operands: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
        let types: Vec<TensorType> = operands
            .iter()
            .map(|&operand| self.ty(operand).clone())
            .collect();
        let result_types = infer(&op, &types.iter().collect::<Vec<_>>(), self.module)?;
        let results: Vec<ValueId> = result_types.into_iter().map(|ty| self.value(ty)).collect();
        self.func.body.push(Inst {
            op,
            operands: operands.to_vec(),
            results: results.clone(),
        });
        Ok(results)
    }

    /// Appends an op with one result.
    pub fn op1(&mut self, op: Op, operands: &[ValueId]) -> Result<ValueId, OpError> {
        Ok(self.op(op, operands)?[0])
    }

    /// A new value that nothing defines yet.
    pub fn value(&mut self, ty: TensorType) -> ValueId {
        self.func.values.push(Value {
            ty,
            origin: self.origin,
        })
    }
}
