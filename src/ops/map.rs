//! Ops that treat every element alone: scalar functions, conversion, and the barrier for gradients.

use crate::ir::ValueId;
use crate::ops::error::ElemKind;
use crate::ops::rules::{Fault, Flows, Rule, Types, common_shape, one_dtype, operand_count};
use crate::ops::{Builder, OpError};
use crate::scalar::{Accepts, Algebra, Partial, ResultKind, Scalar};
use crate::tensor::Tensor;
use crate::types::{DType, TensorType, Unifier};

/// How a scalar function is written: `-`, `exp`.
pub(super) fn spelling(f: Scalar) -> &'static str {
    f.symbol().unwrap_or_else(|| f.name())
}

/// Among which operands of a scalar function element types agree: all, but for the condition of `select`.
pub(super) fn agreeing(f: Scalar) -> std::ops::Range<usize> {
    let first = usize::from(matches!(f.accepts(), [Accepts::Bool, Accepts::Any, ..]));
    first..f.arity()
}

// Map ---------------------------------------------------------------------------------------------------------------------

/// `f : T s₁, … → T s`, where `s` is what the shapes broadcast to.
pub(super) fn infer_map(
    f: Scalar,
    operands: Types<'_>,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    let what = spelling(f);
    operand_count(what, operands, f.arity())?;
    for (operand, (ty, accepts)) in operands.iter().zip(f.accepts()).enumerate() {
        accept(what, operand, ty.dtype, *accepts)?;
    }
    one_dtype(what, operands, agreeing(f))?;
    let dtype = match f.result() {
        ResultKind::Same => operands[f.arity() - 1].dtype,
        ResultKind::Bool => DType::Bool,
    };
    Ok(TensorType::new(dtype, common_shape(what, operands, dims)?))
}

fn accept(
    what: &'static str,
    operand: usize,
    dtype: DType,
    accepts: Accepts,
) -> Result<(), OpError> {
    let (fits, needs) = match accepts {
        Accepts::Any => return Ok(()),
        Accepts::Float => (dtype.is_float(), ElemKind::Float),
        Accepts::Number => (dtype != DType::Bool, ElemKind::Number),
        Accepts::Bool => (dtype == DType::Bool, ElemKind::Bool),
    };
    let error = OpError::WrongElem {
        what,
        operand,
        needs,
    };
    fits.then_some(()).ok_or(error)
}

/// `dxᵢ = ∂f/∂xᵢ · dy`, in the shape of the result; who asked sums it down to the operand's.
pub(super) fn vjp_map(
    b: &mut Builder<'_>,
    f: Scalar,
    xs: &[ValueId],
    y: ValueId,
    dy: ValueId,
) -> Flows {
    (0..xs.len())
        .map(|which| flow(b, f, xs, y, dy, which))
        .collect()
}

fn flow(
    b: &mut Builder<'_>,
    f: Scalar,
    xs: &[ValueId],
    y: ValueId,
    dy: ValueId,
    which: usize,
) -> Result<Option<ValueId>, Fault> {
    let dtype = b.dtype(xs[which]);
    if !dtype.is_float() {
        return Ok(None);
    }
    let mut emit = Emit {
        b,
        dtype,
        refused: None,
    };
    let partial = f.derivative(&mut emit, xs, &y, which);
    if let Some(refused) = emit.refused {
        return Err(refused.into());
    }
    Ok(match partial {
        Partial::Zero => None,
        Partial::One => Some(dy),
        Partial::MinusOne => Some(b.map(Scalar::Neg, &[dy])?),
        Partial::Is(slope) => Some(b.map(Scalar::Mul, &[dy, slope])?),
    })
}

/// Scalar expressions read as IR; literals take the element type of the operand that is differentiated by.
struct Emit<'a, 'm> {
    b: &'a mut Builder<'m>,
    dtype: DType,
    /// The first application that did not fit; what follows it is void.
    refused: Option<OpError>,
}

impl Algebra for Emit<'_, '_> {
    type V = ValueId;

    fn lit(&mut self, x: f64) -> ValueId {
        self.b.constant(Tensor::full(self.dtype, &[], x))
    }

    fn apply(&mut self, f: Scalar, args: &[ValueId]) -> ValueId {
        self.b.map(f, args).unwrap_or_else(|refused| {
            self.refused.get_or_insert(refused);
            args[0]
        })
    }
}

// Cast --------------------------------------------------------------------------------------------------------------------

/// `cast : T s → U s`
pub(super) fn infer_cast(dtype: DType, x: &TensorType) -> TensorType {
    x.with_dtype(dtype)
}

/// `dx = cast(dy)` back; nothing flows to or from integers.
pub(super) fn vjp_cast(b: &mut Builder<'_>, x: ValueId, dy: ValueId) -> Rule {
    Ok(b.cast(dy, b.dtype(x))?)
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// Truth values count as 0 and 1 where numbers are wanted; a quotient of integers is refused rather than cut off.
pub(super) fn form_scalar(
    b: &mut Builder<'_>,
    f: Scalar,
    operands: &[ValueId],
) -> Result<ValueId, OpError> {
    let mut converted = Vec::with_capacity(operands.len());
    for (place, &operand) in operands.iter().enumerate() {
        let takes_numbers = match f.accepts().get(place) {
            Some(Accepts::Float | Accepts::Number) => true,
            Some(Accepts::Bool | Accepts::Any) | None => false,
        };
        converted.push(if takes_numbers {
            b.countable(operand)?
        } else {
            operand
        });
    }
    if let (Scalar::Div, Some(&x)) = (f, converted.first()) {
        accept(spelling(f), 0, b.dtype(x), Accepts::Float)?;
    }
    b.map(f, &converted)
}
