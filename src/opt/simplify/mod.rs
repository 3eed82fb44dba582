//! Identities that keep every bit, signs of NaN apart. [`map`] holds those of arithmetic, [`view`] those of ops that only move
//! elements, [`repeat`] brings repetition behind arithmetic.
//!
//! Not here, because not exact: `x + 0` (it turns `−0` into `0`; `x − 0` and `x + −0` are exact and are here), `x · 0` (NaN and
//! infinity), a different order of sums.

mod map;
mod repeat;
mod view;

use crate::ir::{FuncId, Inst, Module, Op, ValueId};
use crate::ops::OpError;
use crate::opt::Note;
use crate::opt::rewriter::{Rewriter, rewrite};
use crate::types::{DType, Shape};

/// What an instruction with one result can be replaced by.
type Found = Result<Option<ValueId>, OpError>;

/// Algebraic simplification.
pub(super) fn simplify(module: &mut Module, id: FuncId) -> Vec<Note> {
    rewrite(module, id, |r, inst| {
        Ok(simpler(r, inst)?.map(|value| vec![value]))
    })
}

fn simpler(r: &mut Rewriter<'_>, inst: &Inst) -> Found {
    let x = inst.operands.as_slice();
    match &inst.op {
        Op::Map(f) => match map::simpler(r, *f, inst)? {
            Some(value) => Ok(Some(value)),
            None => repeat::simpler_map(r, *f, inst),
        },
        Op::Cast(dtype) => match map::simpler_cast(r, *dtype, x[0])? {
            Some(value) => Ok(Some(value)),
            None => repeat::simpler_cast(r, *dtype, x[0]),
        },
        // Gradients are expanded: who differentiates the function has seen the barrier.
        Op::StopGradient => Ok(Some(x[0]).filter(|_| !r.b.func.is_nested)),
        Op::Reduce(_, axes) => Ok(Some(x[0]).filter(|_| axes.is_empty())),
        Op::Permute(axes) => view::simpler_permute(r, axes, x[0]),
        Op::Reshape(shape) => view::simpler_reshape(r, shape, x[0]),
        Op::Broadcast { shape, places } => view::simpler_broadcast(r, shape, places, x[0]),
        Op::Slice(ranges) | Op::Embed(_, ranges) => Ok(view::whole(r, ranges, inst)),
        Op::Reverse(axis) => Ok(view::simpler_reverse(r, *axis, x[0])),
        Op::Windows(_) | Op::Overlap(..) => Ok(None),
        Op::Concat(_) => Ok(Some(x[0]).filter(|_| x.len() == 1)),
        Op::Const(_) | Op::Size(..) | Op::Iota(..) | Op::Random { .. } => Ok(None),
        Op::ArgReduce(..) | Op::CumSum(_) | Op::Sort(_) | Op::ArgSort(_) | Op::Ranks(_) => Ok(None),
        Op::Contract(_) | Op::Gather(_) | Op::ScatterAdd(..) => Ok(None),
        Op::Inverse | Op::Solve(_) | Op::Factor(_) => Ok(None),
        Op::Scan(_) | Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => {
            Ok(None)
        }
    }
}

/// The number every element of a value is, if it is a constant scalar or a repeated one.
fn uniform(r: &Rewriter<'_>, value: ValueId) -> Option<f64> {
    if let Op::Broadcast { .. } = r.definition(value)?.op {
        return uniform(r, r.definition(value)?.operands[0]);
    }
    r.constant(value)?.item()
}

/// `value` in a shape it broadcasts to: a scalar, or the trailing axes.
fn spread(r: &mut Rewriter<'_>, value: ValueId, shape: &Shape) -> Result<ValueId, OpError> {
    let lead = shape.rank() - r.b.shape(value).rank();
    r.b.broadcast(value, shape.clone(), (lead..shape.rank()).collect())
}

/// `number` in every element of a tensor.
fn filled(
    r: &mut Rewriter<'_>,
    number: f64,
    dtype: DType,
    shape: &Shape,
) -> Result<ValueId, OpError> {
    let number = r.b.number(number, dtype);
    spread(r, number, shape)
}
