//! Ops without operands: constants, sizes, places; and the forms that fill a shape with a value.

use crate::ir::draft::{AxisRef, AxisSet};
use crate::ir::{Op, ValueId};
use crate::ops::axis::{resolve_axes, resolve_axis};
use crate::ops::{Builder, OpError};
use crate::tensor::Tensor;
use crate::types::{DType, Dim, Shape, TensorType};

// Const -------------------------------------------------------------------------------------------------------------------

/// `const : T s`
pub(super) fn infer_const(tensor: &Tensor) -> TensorType {
    let sizes = tensor.shape().iter();
    let dims = sizes.map(|&size| Dim::int(i64::try_from(size).unwrap_or(i64::MAX)));
    TensorType::new(tensor.dtype(), Shape::of(dims))
}

// Size --------------------------------------------------------------------------------------------------------------------

/// `size : T []`
pub(super) fn infer_size(dtype: DType) -> TensorType {
    TensorType::scalar(dtype)
}

/// The size as a number.
pub(super) fn eval_size(size: usize, dtype: DType) -> Tensor {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    Tensor::scalar(size).cast(dtype)
}

// Iota --------------------------------------------------------------------------------------------------------------------

/// `iota : T s`
pub(super) fn infer_iota(shape: &Shape, dtype: DType) -> TensorType {
    TensorType::new(dtype, shape.clone())
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `fill(value, like: x)`: the scalar along every axis of `x`.
pub(super) fn form_fill(
    b: &mut Builder<'_>,
    value: ValueId,
    like: ValueId,
) -> Result<ValueId, OpError> {
    if b.shape(value).rank() != 0 {
        return Err(OpError::NotScalar {
            what: "fill",
            operand: 0,
        });
    }
    let shape = b.shape(like).clone();
    b.broadcast(value, shape, vec![])
}

/// `indices(like: x, axis:)`: each element's place; places of truth values are `i64`.
pub(super) fn form_indices(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    like: ValueId,
) -> Result<ValueId, OpError> {
    let ty = b.ty(like).clone();
    let axis = resolve_axis(&b.module.dims, &ty.shape, 0, axis)?;
    let dtype = match ty.dtype {
        DType::Bool => DType::I64,
        DType::F32 | DType::F64 | DType::I64 | DType::I32 | DType::U8 => ty.dtype,
    };
    b.iota(ty.shape, dtype, axis)
}

/// `count(x, over:)`: the product of these sizes, an `f64` that adapts to what it meets.
pub(super) fn form_count(
    b: &mut Builder<'_>,
    set: &AxisSet,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axes = resolve_axes(&b.module.dims, b.shape(x), 0, set)?;
    let sizes = axes.into_iter().map(|axis| b.shape(x).dim(axis));
    let product = sizes.fold(Dim::int(1), |product, dim| &product * dim);
    b.op1(Op::Size(product, DType::F64), &[])
}
