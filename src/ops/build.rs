//! Building functions op by op: each op asks its own rule for the types of its results. The checker, `grad` and the passes all
//! write IR through here.

use crate::ir::{Func, Inst, Module, Op, OriginId, Value, ValueId};
use crate::ops::{OpError, constant, infer};
use crate::scalar::Scalar;
use crate::tensor::{Monoid, Tensor};
use crate::types::{DType, Dim, Shape, TensorType};

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

    /// The shape of a value.
    pub fn shape(&self, value: ValueId) -> &Shape {
        &self.ty(value).shape
    }

    /// The element type of a value.
    pub fn dtype(&self, value: ValueId) -> DType {
        self.ty(value).dtype
    }

    /// Appends an op if its rule allows these operands, and returns its results.
    pub fn op(&mut self, op: Op, operands: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
        let types = operands.iter().map(|&operand| self.func.ty(operand));
        let result_types = infer(&op, &types.collect::<Vec<_>>(), self.module)?;
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

    /// A constant.
    pub fn constant(&mut self, tensor: Tensor) -> ValueId {
        let result = self.value(constant::infer_const(&tensor));
        self.func.body.push(Inst {
            op: Op::Const(tensor),
            operands: vec![],
            results: vec![result],
        });
        result
    }

    /// A scalar constant.
    pub fn number(&mut self, number: f64, dtype: DType) -> ValueId {
        self.constant(Tensor::full(dtype, &[], number))
    }

    /// Zeros in the type of a value.
    pub fn zeros(&mut self, like: ValueId) -> Result<ValueId, OpError> {
        let TensorType { dtype, shape } = self.ty(like).clone();
        let zero = self.number(0.0, dtype);
        self.broadcast(zero, shape, vec![])
    }

    /// `f(operands…)`, element by element.
    pub fn map(&mut self, f: Scalar, operands: &[ValueId]) -> Result<ValueId, OpError> {
        self.op1(Op::Map(f), operands)
    }

    /// The value with elements of this type; itself if they are.
    pub fn cast(&mut self, value: ValueId, dtype: DType) -> Result<ValueId, OpError> {
        if self.dtype(value) == dtype {
            return Ok(value);
        }
        self.op1(Op::Cast(dtype), &[value])
    }

    /// Truth values as numbers, numbers as they are.
    pub fn countable(&mut self, value: ValueId) -> Result<ValueId, OpError> {
        match self.dtype(value) {
            DType::Bool => self.cast(value, DType::F32),
            DType::F32 | DType::F64 | DType::I64 | DType::I32 | DType::U8 => Ok(value),
        }
    }

    /// The sum over these axes; the value itself if there are none.
    pub fn sum(&mut self, value: ValueId, axes: Vec<usize>) -> Result<ValueId, OpError> {
        if axes.is_empty() {
            return Ok(value);
        }
        self.op1(Op::Reduce(Monoid::Sum, axes), &[value])
    }

    /// The elements under another shape; the value itself if it has that shape.
    pub fn reshape(&mut self, value: ValueId, shape: Shape) -> Result<ValueId, OpError> {
        if *self.shape(value) == shape {
            return Ok(value);
        }
        self.op1(Op::Reshape(shape), &[value])
    }

    /// The axes in another order; the value itself if they are in that order.
    pub fn permute(&mut self, value: ValueId, axes: Vec<usize>) -> Result<ValueId, OpError> {
        if axes.iter().enumerate().all(|(to, &from)| to == from) {
            return Ok(value);
        }
        self.op1(Op::Permute(axes), &[value])
    }

    /// The last two axes swapped.
    pub fn transpose(&mut self, value: ValueId) -> Result<ValueId, OpError> {
        let mut axes: Vec<usize> = (0..self.shape(value).rank()).collect();
        if let [.., rows, cols] = axes.as_mut_slice() {
            std::mem::swap(rows, cols);
        }
        self.permute(value, axes)
    }

    /// The value along `places` of a tensor of this shape, repeated along all other axes.
    pub fn broadcast(
        &mut self,
        value: ValueId,
        shape: Shape,
        places: Vec<usize>,
    ) -> Result<ValueId, OpError> {
        if places.len() == shape.rank() {
            return Ok(value);
        }
        self.op1(Op::Broadcast { shape, places }, &[value])
    }

    /// `0, 1, 2, …` along an axis of a tensor of this shape.
    pub fn iota(&mut self, shape: Shape, dtype: DType, axis: usize) -> Result<ValueId, OpError> {
        self.op1(Op::Iota(shape, dtype, axis), &[])
    }

    /// Makes two dimensions equal; whether they can be.
    pub fn same(&mut self, left: &Dim, right: &Dim) -> bool {
        self.module.dims.unify(left, right).is_ok()
    }
}
