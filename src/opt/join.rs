//! Parts that fill a tensor are put side by side, not added up: `embed(a, 0:n) + embed(b, n:m)` is one embedding of `concat(a, b)`. So
//! the cotangents of the parts of a split lie where they belong at once. A zero that was added to is lost, and with it the sign of a
//! zero.

use crate::ir::{FuncId, Inst, Module, Op, Range, ValueId};
use crate::opt::Note;
use crate::opt::rewriter::{Rewriter, Rule, rewrite};
use crate::scalar::Scalar;
use crate::types::Shape;

/// Sums of parts as one.
pub(super) fn join(module: &mut Module, id: FuncId) -> Vec<Note> {
    rewrite(module, id, |r, inst| {
        if inst.op == Op::Map(Scalar::Add) {
            return joined(r, inst);
        }
        Ok(None)
    })
}

/// A tensor of zeros but for one part.
struct Part {
    shape: Shape,
    ranges: Vec<Range>,
    of: ValueId,
}

fn joined(r: &mut Rewriter<'_>, inst: &Inst) -> Rule {
    let [x, y] = inst.operands[..] else {
        return Ok(None);
    };
    let (Some(x), Some(y)) = (part(r, x), part(r, y)) else {
        return Ok(None);
    };
    let pairs = [(&x, &y), (&y, &x)];
    let Some((axis, (first, second))) = pairs
        .into_iter()
        .find_map(|pair| Some((meeting(pair)?, pair)))
    else {
        return Ok(None);
    };
    let mut ranges = first.ranges.clone();
    ranges[axis].stop = second.ranges[axis].stop.clone();
    let parts = [parts(r, first.of, axis), parts(r, second.of, axis)].concat();
    let both = r.b.op1(Op::Concat(axis), &parts)?;
    let is_whole = ranges.iter().zip(first.shape.dims());
    if is_whole
        .into_iter()
        .all(|(range, dim)| *range == Range::whole(dim))
    {
        return Ok(Some(vec![both]));
    }
    let embed = Op::Embed(first.shape.clone(), ranges);
    Ok(Some(vec![r.b.op1(embed, &[both])?]))
}

fn part(r: &Rewriter<'_>, value: ValueId) -> Option<Part> {
    let inst = r.definition(value)?;
    let Op::Embed(shape, ranges) = &inst.op else {
        return None;
    };
    r.is_read_once(value).then(|| Part {
        shape: shape.clone(),
        ranges: ranges.clone(),
        of: inst.operands[0],
    })
}

/// The axis along which the second part begins where the first ends, all else being equal.
fn meeting((first, second): (&Part, &Part)) -> Option<usize> {
    let differs = |axis: &usize| first.ranges[*axis] != second.ranges[*axis];
    let mut axes = (0..first.ranges.len()).filter(differs);
    let axis = axes.next().filter(|_| axes.next().is_none())?;
    let (a, b) = (&first.ranges[axis], &second.ranges[axis]);
    (first.shape == second.shape && a.step == 1 && b.step == 1 && a.stop == b.start).then_some(axis)
}

/// What a value is joined from along this axis.
fn parts(r: &Rewriter<'_>, value: ValueId, axis: usize) -> Vec<ValueId> {
    match r.definition(value) {
        Some(inst) if inst.op == Op::Concat(axis) && r.is_read_once(value) => inst.operands.clone(),
        Some(_) | None => vec![value],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::testing::*;
    use crate::types::{DType, Dim};

    #[test]
    fn parts_that_fill_a_tensor_are_side_by_side() {
        let program = program(|b| {
            let whole = shape(&[2, 6]);
            let mut embed = |from: i64, to: i64| {
                let x = input(b, DType::F64, shape(&[2, to - from]));
                let ranges = vec![
                    Range::whole(&Dim::int(2)),
                    Range::new(Dim::int(from), Dim::int(to)),
                ];
                b.op1(Op::Embed(whole.clone(), ranges), &[x])
                    .expect("it fits")
            };
            let parts = [embed(0, 1), embed(4, 6), embed(1, 4)];
            let [first, last, middle] = parts;
            let two = b.map(Scalar::Add, &[first, middle]).expect("sizes agree");
            let all = b.map(Scalar::Add, &[last, two]).expect("sizes agree");
            vec![all]
        });
        insta::assert_snapshot!(program.shown_after(&["join", "dce"]), @r#"
        fn f(%0: f64[2, 1] = arg x0, %1: f64[2, 2] = arg x1, %2: f64[2, 3] = arg x2) -> (y: %3) {
          %3: f64[2, 6] = concat 1 %0, %2, %1
        }
        "#);
    }
}
