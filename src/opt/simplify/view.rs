//! Identities of ops that only move elements.

use crate::ir::{Inst, Op, Range, ValueId};
use crate::opt::rewriter::Rewriter;
use crate::opt::simplify::{Found, repeat};
use crate::types::{Dim, Shape};

/// The order that is none goes; one order after another is one order.
pub(super) fn simpler_permute(r: &mut Rewriter<'_>, axes: &[usize], x: ValueId) -> Found {
    if axes.iter().copied().eq(0..axes.len()) {
        return Ok(Some(x));
    }
    let order = |inst: &Inst| {
        if let Op::Permute(inner) = &inst.op {
            let order = axes.iter().map(|&axis| inner[axis]).collect();
            Some((inst.operands[0], order))
        } else {
            None
        }
    };
    if let Some((source, order)) = r.definition(x).and_then(order) {
        return r.b.permute(source, order).map(Some);
    }
    let shape = Shape(
        axes.iter()
            .map(|&axis| r.b.shape(x).0[axis].clone())
            .collect(),
    );
    repeat::of_scalar(r, x, &shape)
}

/// A shape the operand has already goes; of one shape after another the last counts.
pub(super) fn simpler_reshape(r: &mut Rewriter<'_>, shape: &Shape, x: ValueId) -> Found {
    if *shape == *r.b.shape(x) {
        return Ok(Some(x));
    }
    if let Some(inst) = r.definition(x) {
        let source = inst.operands.first().copied();
        let reshaped = matches!(inst.op, Op::Reshape(_));
        if let Some(source) = source.filter(|_| reshaped) {
            return r.b.reshape(source, shape.clone()).map(Some);
        }
    }
    repeat::of_scalar(r, x, shape)
}

/// Repetition along no axis goes; repetition of what is repeated is one.
pub(super) fn simpler_broadcast(
    r: &mut Rewriter<'_>,
    shape: &Shape,
    places: &[usize],
    x: ValueId,
) -> Found {
    if places.len() == shape.rank() {
        return Ok(Some(x));
    }
    let joint = |inst: &Inst| {
        if let Op::Broadcast { places: inner, .. } = &inst.op {
            let places: Vec<usize> = inner.iter().map(|&place| places[place]).collect();
            Some((inst.operands[0], places))
        } else {
            None
        }
    };
    let Some((source, places)) = r.definition(x).and_then(joint) else {
        return Ok(None);
    };
    r.b.broadcast(source, shape.clone(), places).map(Some)
}

/// The operand of a cut, or of its reverse, that takes every axis whole.
pub(super) fn whole(r: &Rewriter<'_>, ranges: &[Range], inst: &Inst) -> Option<ValueId> {
    let x = inst.operands[0];
    let (from, to) = (r.b.shape(x), r.b.shape(inst.results[0]));
    let is_whole = |(range, size): (&Range, &Dim)| *range == Range::whole(size);
    let all = from == to && ranges.iter().zip(from.dims()).all(is_whole);
    all.then_some(x)
}

/// Reversed twice is not reversed.
pub(super) fn simpler_reverse(r: &Rewriter<'_>, axis: usize, x: ValueId) -> Option<ValueId> {
    let inst = r.definition(x)?;
    (inst.op == Op::Reverse(axis)).then(|| inst.operands[0])
}

#[cfg(test)]
mod tests {
    use crate::ir::Op;
    use crate::opt::testing::*;

    #[test]
    fn moves_after_moves_are_one_move_or_none() {
        let moves = program(|b| {
            let x = floats(b, &[2, 3, 4]);
            let there = b.permute(x, vec![1, 2, 0]).expect("an order");
            let back = b.permute(there, vec![2, 0, 1]).expect("an order");
            let flat = b.reshape(there, shape(&[24])).expect("as many");
            let table = b.reshape(flat, shape(&[4, 6])).expect("as many");
            let reversed = b.op1(Op::Reverse(0), &[x]).expect("an axis");
            let x_again = b.op1(Op::Reverse(0), &[reversed]).expect("an axis");
            vec![back, table, x_again]
        });
        insta::assert_snapshot!(moves.shown_after(&["simplify", "dce"]), @r#"
        fn f(%0: f64[2, 3, 4] = arg x0) -> (y: %0, y: %2, y: %0) {
          %1: f64[3, 4, 2] = permute [1, 2, 0] %0
          %2: f64[4, 6] = reshape %1
        }
        "#);
    }
}
