//! Ops at some places of an axis: where an axis of an operand goes in the result, such that a place of it there follows from that
//! same place of the operands. What generates a sequence place by place asks this.

use crate::ir::{Op, Range};
use crate::types::{AxisType, Dim, Shape, TensorType};

/// An op for some places of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct AtPlaces {
    /// The axis of the result, which holds those places alone.
    pub axis: usize,
    /// Of each operand the axis of which it reads those places, or nothing where it reads the whole.
    pub reads: Vec<Option<usize>>,
    /// The op that does so.
    pub op: Op,
}

/// An op for `n` places of the axis that some operands have, or nothing where a place of the result takes more than that place of
/// them. The types are those of whole operands and of the whole result.
pub fn at_places(
    op: &Op,
    operands: &[(&TensorType, Option<usize>)],
    result: &TensorType,
    n: &Dim,
) -> Option<AtPlaces> {
    let shape = |at: usize| &operands[at].0.shape;
    let first = operands.iter().position(|(_, axis)| axis.is_some())?;
    let axis = operands[first].1?;
    let one = |axis: usize, op: Op| AtPlaces {
        axis,
        reads: vec![operands[0].1],
        op,
    };
    let unless = |folded: usize| (axis != folded).then(|| one(axis, op.clone()));
    match op {
        Op::Map(_) => map(op, operands, result),
        Op::Cast(_) | Op::StopGradient => Some(one(axis, op.clone())),
        Op::Reduce(_, axes) => {
            let before = axes.iter().filter(|folded| **folded < axis).count();
            (!axes.contains(&axis)).then(|| one(axis - before, op.clone()))
        }
        Op::ArgReduce(_, folded) if axis > *folded => Some(one(axis - 1, op.clone())),
        Op::ArgReduce(_, folded) | Op::CumSum(folded) | Op::Sort(folded) => unless(*folded),
        Op::ArgSort(folded) | Op::Ranks(folded) | Op::Reverse(folded) => unless(*folded),
        Op::Permute(axes) => {
            let place = axes.iter().position(|own| *own == axis)?;
            Some(one(place, op.clone()))
        }
        Op::Reshape(to) => {
            let place = kept_axis(shape(0), axis, to)?;
            Some(one(place, Op::Reshape(cut(to, place, n))))
        }
        Op::Broadcast { shape: to, places } => {
            let place = places[axis];
            let (shape, places) = (cut(to, place, n), places.clone());
            Some(one(place, Op::Broadcast { shape, places }))
        }
        Op::Slice(ranges) => {
            let mut ranges = ranges.clone();
            let is_whole = ranges[axis] == Range::whole(shape(0).dim(axis));
            ranges[axis] = Range::whole(n);
            is_whole.then(|| one(axis, Op::Slice(ranges)))
        }
        Op::Windows(window) if axis != window.axis => {
            let behind = usize::from(axis > window.axis);
            Some(one(axis + behind, op.clone()))
        }
        Op::Concat(along) => (axis != *along).then(|| AtPlaces {
            axis,
            reads: vec![Some(axis); operands.len()],
            op: op.clone(),
        }),
        Op::Contract(letters) => contract(op, [&letters.lhs, &letters.rhs], &letters.out, operands),
        Op::Gather(along) => gather(op, *along, operands),
        Op::Const(_) | Op::Size(..) | Op::Iota(..) | Op::Random { .. } | Op::Windows(_) => None,
        Op::Embed(..) | Op::Overlap(..) | Op::ScatterAdd(..) => None,
        Op::Inverse | Op::Solve(_) | Op::Factor(_) | Op::Scan(_) => None,
        Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => None,
    }
}

/// Operands of lower rank align with the trailing axes.
fn map(
    op: &Op,
    operands: &[(&TensorType, Option<usize>)],
    result: &TensorType,
) -> Option<AtPlaces> {
    let rank = result.shape.rank();
    let lacks = |ty: &TensorType| rank - ty.shape.rank();
    let places = operands
        .iter()
        .filter_map(|(ty, axis)| Some((*axis)? + lacks(ty)));
    let axis = places.min()?;
    let reads = operands.iter().map(|(ty, _)| axis.checked_sub(lacks(ty)));
    Some(AtPlaces {
        axis,
        reads: reads.collect(),
        op: op.clone(),
    })
}

/// The axis goes where its letter goes; of two axes that which comes first in the result.
fn contract(
    op: &Op,
    letters: [&Vec<crate::tensor::Letter>; 2],
    out: &[crate::tensor::Letter],
    operands: &[(&TensorType, Option<usize>)],
) -> Option<AtPlaces> {
    let own = operands.iter().zip(letters);
    let places = own.filter_map(|((_, axis), letters)| {
        let letter = letters[(*axis)?];
        out.iter().position(|other| *other == letter)
    });
    let axis = places.min()?;
    let reads = letters.map(|own| own.iter().position(|letter| *letter == out[axis]));
    Some(AtPlaces {
        axis,
        reads: reads.to_vec(),
        op: op.clone(),
    })
}

/// Indices stand where the axis was that they choose along.
fn gather(op: &Op, along: usize, operands: &[(&TensorType, Option<usize>)]) -> Option<AtPlaces> {
    let n_indices = operands[1].0.shape.rank();
    let (axis, reads) = match (operands[0].1, operands[1].1) {
        (None, Some(axis)) => (along + axis, vec![None, Some(axis)]),
        (Some(axis), None) if axis < along => (axis, vec![Some(axis), None]),
        (Some(axis), None) if axis > along => (axis + n_indices - 1, vec![Some(axis), None]),
        (Some(_), _) | (None, None) => return None,
    };
    Some(AtPlaces {
        axis,
        reads,
        op: op.clone(),
    })
}

/// The axis of a reshaped tensor that holds what another held: as many elements lie before it, and as many along it.
fn kept_axis(from: &Shape, axis: usize, to: &Shape) -> Option<usize> {
    let before = |shape: &Shape, axis: usize| -> Option<i64> {
        let sizes = shape.dims().take(axis).map(Dim::as_int);
        sizes.product()
    };
    let is_same = |place: &usize| {
        to.dim(*place) == from.dim(axis) && before(to, *place) == before(from, axis)
    };
    before(from, axis)?;
    (0..to.rank()).find(is_same)
}

/// A shape with so many places along an axis.
fn cut(shape: &Shape, axis: usize, n: &Dim) -> Shape {
    let mut shape = shape.clone();
    shape.0[axis] = AxisType::new(n.clone());
    shape
}
