//! What the rules of all families are made with: the types they take and give, and the questions several of them ask.

use std::ops::Range;

use crate::ir::ValueId;
use crate::ops::{ElemKind, NotDifferentiable, OpError};
use crate::types::{DType, Shape, TensorType, Unifier, broadcast_shapes};

/// The types of an op's operands.
pub(super) type Types<'a> = &'a [&'a TensorType];

/// The cotangent of one operand.
pub(super) type Rule = Result<ValueId, Fault>;

/// A cotangent an operand; none where nothing flows.
pub(super) type Flows = Result<Vec<Option<ValueId>>, Fault>;

/// Why a gradient rule stops.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no derivative.
    NotDifferentiable(NotDifferentiable),
    /// The rule wrote an op that does not fit: a bug of ours.
    Misfit(OpError),
}

impl From<OpError> for Fault {
    fn from(error: OpError) -> Fault {
        Fault::Misfit(error)
    }
}

/// There are as many operands as expected.
pub(super) fn operand_count(
    what: &'static str,
    operands: Types<'_>,
    expected: usize,
) -> Result<(), OpError> {
    let found = operands.len();
    let error = OpError::Operands {
        what,
        expected,
        found,
    };
    (found == expected).then_some(()).ok_or(error)
}

/// These operands have one element type.
pub(super) fn one_dtype(
    what: &'static str,
    operands: Types<'_>,
    among: Range<usize>,
) -> Result<(), OpError> {
    let left = among.start;
    let differs = |&right: &usize| operands[right].dtype != operands[left].dtype;
    let right = among.clone().find(differs);
    right.map_or(Ok(()), |right| {
        Err(OpError::DTypesDiffer { what, left, right })
    })
}

/// An operand has elements of this kind.
pub(super) fn needs_elem(
    what: &'static str,
    operand: usize,
    ty: &TensorType,
    needs: ElemKind,
) -> Result<(), OpError> {
    let is_bool = ty.dtype == DType::Bool;
    let fits = match needs {
        ElemKind::Float => ty.dtype.is_float(),
        ElemKind::Integer => !ty.dtype.is_float() && !is_bool,
        ElemKind::Number => !is_bool,
        ElemKind::Bool => is_bool,
    };
    let error = OpError::WrongElem {
        what,
        operand,
        needs,
    };
    fits.then_some(()).ok_or(error)
}

/// The shape all operands broadcast to.
pub(super) fn common_shape(
    what: &'static str,
    operands: Types<'_>,
    dims: &mut Unifier,
) -> Result<Shape, OpError> {
    let mut shape = operands[0].shape.clone();
    let mut left = 0;
    for (right, ty) in operands.iter().enumerate().skip(1) {
        let widest = if ty.shape.rank() > shape.rank() {
            right
        } else {
            left
        };
        shape = broadcast_shapes(dims, &shape, &ty.shape).map_err(|clash| match clash {
            Some(_) => OpError::ShapesDiffer { what, left, right },
            None => OpError::NamesDiffer { what, left, right },
        })?;
        left = widest;
    }
    Ok(shape)
}
