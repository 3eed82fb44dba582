//! One paragraph an op: shape rule, meaning, gradient, kernel class.

mod build;

pub use build::Builder;

use crate::ir::draft::Prim;
use crate::ir::{Module, Op, ValueId};
use crate::types::TensorType;

/// Why an op refuses its operands; knows no spans.
#[derive(Debug)]
pub struct OpError;

/// The result types of an op.
pub fn infer(
    _op: &Op,
    _operands: &[&TensorType],
    _module: &mut Module,
) -> Result<Vec<TensorType>, OpError> {
    Err(OpError)
}

/// The form of a primitive in ops.
pub fn form(
    _b: &mut Builder<'_>,
    _prim: &Prim,
    _operands: &[ValueId],
) -> Result<Vec<ValueId>, OpError> {
    Err(OpError)
}
