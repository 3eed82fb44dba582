//! From primitives, which speak as the language does, to ops: one flat match into the families' forms.

use std::ops::Range;

use crate::ir::draft::Prim;
use crate::ir::{Op, ValueId};
use crate::ops::{Builder, Description, OpError};
use crate::ops::{
    broadcast, concat, constant, contract, gather, map, order, permute, random, reduce, reshape,
    slice, window,
};

/// The form of a primitive in ops. Operands whose element types must agree do already; an error speaks of the operands given here.
pub fn form(
    b: &mut Builder<'_>,
    prim: &Prim,
    operands: &[ValueId],
) -> Result<Vec<ValueId>, OpError> {
    check_count(prim, operands.len())?;
    let x = operands;
    let one = |value: ValueId| Ok(vec![value]);
    match prim {
        Prim::Scalar(f) => one(map::form_scalar(b, *f, x)?),
        Prim::Cast(dtype) => one(b.cast(x[0], *dtype)?),
        Prim::StopGradient => b.op(Op::StopGradient, x),
        Prim::Reduce(monoid, axes) => one(reduce::form_reduce(b, *monoid, axes, x[0])?),
        Prim::Count(axes) => one(constant::form_count(b, axes, x[0])?),
        Prim::ArgReduce(extreme, axis) => one(reduce::form_arg_reduce(b, *extreme, axis, x[0])?),
        Prim::CumSum(axis) => one(order::form_cumsum(b, axis, x[0])?),
        Prim::Sort(axis) => one(order::form_sort(b, axis, x[0])?),
        Prim::ArgSort(axis) => one(order::form_argsort(b, axis, x[0])?),
        Prim::Ranks(axis) => one(order::form_ranks(b, axis, x[0])?),
        Prim::MatMul => one(contract::form_matmul(b, x[0], x[1])?),
        Prim::Transpose => one(permute::form_transpose(b, x[0])?),
        Prim::Einsum(pattern) => one(contract::form_einsum(b, pattern, x)?),
        Prim::Rearrange(pattern) => one(permute::form_rearrange(b, pattern, x[0])?),
        Prim::Permute(axes) => one(permute::form_permute(b, axes, x[0])?),
        Prim::Reshape(sizes) => one(reshape::form_reshape(b, sizes, x[0])?),
        Prim::Flatten(keep) => one(reshape::form_flatten(b, keep, x[0])?),
        Prim::Squeeze(axis) => one(reshape::form_squeeze(b, axis, x[0])?),
        Prim::Expand(at) => one(reshape::form_expand(b, *at, x[0])?),
        Prim::Broadcast(along) => one(broadcast::form_broadcast(b, along.as_ref(), x[0], x[1])?),
        Prim::Index(specs) => one(slice::form_index(b, specs, x[0])?),
        Prim::Concat(axis) => one(concat::form_concat(b, axis, x)?),
        Prim::Stack(at) => one(concat::form_stack(b, *at, x)?),
        Prim::Split(parts, axis) => slice::form_split(b, *parts, axis, x[0]),
        Prim::Unstack(names, axis) => slice::form_unstack(b, *names, axis, x[0]),
        Prim::Reverse(axis) => one(concat::form_reverse(b, axis, x[0])?),
        Prim::Pad(axis, before, after) => one(window::form_pad(b, axis, [before, after], x[0])?),
        Prim::Windows(axis, spec) => one(window::form_windows(b, axis, spec, x[0])?),
        Prim::Overlap(axis, spec, more) => one(window::form_overlap(b, axis, spec, more, x[0])?),
        Prim::Take(axis) => one(gather::form_take(b, axis, x[0], x[1])?),
        Prim::OneHotLike => one(gather::form_one_hot_like(b, x[0], x[1])?),
        Prim::Fill => one(constant::form_fill(b, x[0], x[1])?),
        Prim::Indices(axis) => one(constant::form_indices(b, axis, x[0])?),
        Prim::Random(distribution, place) => one(random::form_random(
            b,
            *distribution,
            *place,
            [x[0], x[1], x[2]],
        )?),
        Prim::Inverse => b.op(Op::Inverse, x),
        Prim::Solve(kind) => b.op(Op::Solve(*kind), x),
        Prim::Factor(kind) => b.op(Op::Factor(*kind), x),
    }
}

/// What is odd about a primitive that has taken its form: it is right, and probably not meant.
pub fn doubt(
    b: &Builder<'_>,
    prim: &Prim,
    operands: &[ValueId],
    results: &[ValueId],
) -> Option<Description> {
    let is_reshape = matches!(prim, Prim::Reshape(_));
    is_reshape
        .then(|| reshape::doubt_reshape(b, operands[0], results[0]))
        .flatten()
}

/// Among which operands element types must agree; the checker converts literals and truth values there. Empty where none need to.
pub fn agreeing_operands(prim: &Prim, n_operands: usize) -> Range<usize> {
    match prim {
        Prim::Scalar(f) => map::agreeing(*f),
        Prim::MatMul | Prim::Einsum(_) | Prim::Concat(_) | Prim::Stack(_) | Prim::Solve(_) => {
            0..n_operands
        }
        Prim::Fill => 0..2,
        Prim::Cast(_)
        | Prim::StopGradient
        | Prim::Reduce(..)
        | Prim::Count(_)
        | Prim::ArgReduce(..)
        | Prim::CumSum(_)
        | Prim::Sort(_)
        | Prim::ArgSort(_)
        | Prim::Ranks(_)
        | Prim::Transpose
        | Prim::Rearrange(_)
        | Prim::Permute(_)
        | Prim::Reshape(_)
        | Prim::Flatten(_)
        | Prim::Squeeze(_)
        | Prim::Expand(_)
        | Prim::Broadcast(_)
        | Prim::Index(_)
        | Prim::Split(..)
        | Prim::Unstack(..)
        | Prim::Reverse(_)
        | Prim::Pad(..)
        | Prim::Windows(..)
        | Prim::Overlap(..)
        | Prim::Take(_)
        | Prim::OneHotLike
        | Prim::Indices(_)
        | Prim::Random(..)
        | Prim::Inverse
        | Prim::Factor(_) => 0..0,
    }
}

/// Which operand holds indices; literals there are integers.
pub fn index_operand(prim: &Prim) -> Option<usize> {
    matches!(prim, Prim::Take(_)).then_some(1)
}

/// Whether the primitive says what element type its result has, so that it adapts to nothing.
pub fn decides_type(prim: &Prim) -> bool {
    matches!(prim, Prim::Cast(_))
}

/// Whether the result is a plain number, which takes the element type of what it meets.
pub fn gives_number(prim: &Prim) -> bool {
    matches!(prim, Prim::Count(_))
}

fn check_count(prim: &Prim, found: usize) -> Result<(), OpError> {
    let Some((what, expected)) = arity(prim) else {
        return Ok(());
    };
    let error = OpError::Operands {
        what,
        expected,
        found,
    };
    (found == expected).then_some(()).ok_or(error)
}

/// How a primitive is written and how many operands it takes; none where that is up to the operands.
fn arity(prim: &Prim) -> Option<(&'static str, usize)> {
    Some(match prim {
        Prim::Scalar(f) => (map::spelling(*f), f.arity()),
        Prim::Cast(_) => ("cast", 1),
        Prim::StopGradient => ("stop_gradient", 1),
        Prim::Reduce(monoid, _) => (monoid.name(), 1),
        Prim::Count(_) => ("count", 1),
        Prim::ArgReduce(extreme, _) => (extreme.name(), 1),
        Prim::CumSum(_) => ("cumsum", 1),
        Prim::Sort(_) => ("sort", 1),
        Prim::ArgSort(_) => ("argsort", 1),
        Prim::Ranks(_) => ("ranks", 1),
        Prim::MatMul => ("@", 2),
        Prim::Transpose => ("'", 1),
        Prim::Einsum(_) | Prim::Concat(_) | Prim::Stack(_) => return None,
        Prim::Rearrange(_) => ("rearrange", 1),
        Prim::Permute(_) => ("permute", 1),
        Prim::Reshape(_) => ("reshape", 1),
        Prim::Flatten(_) => ("flatten", 1),
        Prim::Squeeze(_) => ("squeeze", 1),
        Prim::Expand(_) => ("expand", 1),
        Prim::Broadcast(_) => ("broadcast", 2),
        Prim::Index(_) => ("[]", 1),
        Prim::Split(..) => ("split", 1),
        Prim::Unstack(..) => ("unstack", 1),
        Prim::Reverse(_) => ("reverse", 1),
        Prim::Pad(..) => ("pad", 1),
        Prim::Windows(..) => ("windows", 1),
        Prim::Overlap(..) => ("overlap", 1),
        Prim::Take(_) => ("take", 2),
        Prim::OneHotLike => ("one_hot_like", 2),
        Prim::Fill => ("fill", 2),
        Prim::Indices(_) => ("indices", 1),
        Prim::Random(distribution, _) => (distribution.name(), 3),
        Prim::Inverse => ("inverse", 1),
        Prim::Solve(_) => ("solve", 2),
        Prim::Factor(kind) => (kind.name(), 1),
    })
}
