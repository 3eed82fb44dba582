//! Random numbers: a pure function of seed, step, place and index.

use crate::ir::{Op, ValueId};
use crate::ops::error::ElemKind;
use crate::ops::rules::{Types, needs_elem, operand_count};
use crate::ops::{Builder, OpError};
use crate::tensor::{self, Distribution, Tensor};
use crate::types::{DType, Shape, TensorType};

// Random ------------------------------------------------------------------------------------------------------------------

/// `random : int [], int [] → T s`, floats only
pub(super) fn infer_random(
    distribution: Distribution,
    shape: &Shape,
    dtype: DType,
    operands: Types<'_>,
) -> Result<TensorType, OpError> {
    let what = distribution.name();
    operand_count(what, operands, 2)?;
    for (operand, ty) in operands.iter().enumerate() {
        needs_elem(what, operand, ty, ElemKind::Integer)?;
        if ty.shape.rank() != 0 {
            return Err(OpError::NotScalar { what, operand });
        }
    }
    let ty = TensorType::new(dtype, shape.clone());
    needs_elem(what, 0, &ty, ElemKind::Float)?;
    Ok(ty)
}

/// The draw at this place for this seed and step.
pub(super) fn eval_random(
    distribution: Distribution,
    place: u64,
    operands: &[Tensor],
    shape: &[usize],
    dtype: DType,
) -> Tensor {
    let [seed, step] = seed_and_step(operands);
    tensor::random(distribution, seed, place, step, shape, dtype)
}

/// The numbers that a draw depends on.
pub(super) fn seed_and_step(operands: &[Tensor]) -> [i64; 2] {
    let number = |x: &Tensor| {
        let x = x.cast(DType::I64);
        x.as_slice::<i64>().map_or(0, |x| x[0])
    };
    [number(&operands[0]), number(&operands[1])]
}

// Form --------------------------------------------------------------------------------------------------------------------

/// A draw in the type of a template.
pub(super) fn form_random(
    b: &mut Builder<'_>,
    distribution: Distribution,
    place: u64,
    [template, seed, step]: [ValueId; 3],
) -> Result<ValueId, OpError> {
    let ty = b.ty(template).clone();
    needs_elem(distribution.name(), 0, &ty, ElemKind::Float)?;
    let op = Op::Random {
        distribution,
        place,
        shape: ty.shape,
        dtype: ty.dtype,
    };
    b.op1(op, &[seed, step])
}
