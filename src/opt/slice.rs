//! Slices go ahead of functions of elements: `slice(a + b)` is `slice(a) + slice(b)`. Where a value is read in parts alone, as the gates
//! of a recurrent cell are, it is then never there as a whole, and what reads the parts computes them on the way.

use std::collections::BTreeMap;

use crate::ir::{Func, FuncId, Inst, Module, Op, Range, ValueId};
use crate::ops::OpError;
use crate::opt::Note;
use crate::opt::rewriter::{Rewriter, rewrite};

/// Slices ahead of the functions of elements that they are of.
pub(super) fn slice(module: &mut Module, id: FuncId) -> Vec<Note> {
    let wholes = read_in_parts(&module.funcs[id]);
    rewrite(module, id, |r, inst| {
        let whole = inst.operands.first().filter(|of| wholes.contains(of));
        let (Some(ranges), Some(whole)) = (ranges(inst), whole) else {
            return Ok(None);
        };
        Ok(Some(vec![part(r, &wholes, ranges, *whole)?]))
    })
}

/// What reads each value.
type Readers<'a> = BTreeMap<ValueId, Vec<&'a Inst>>;

/// What functions of elements make that is read in parts alone, or by one such function whose own result is.
fn read_in_parts(func: &Func) -> Vec<ValueId> {
    let mut readers = Readers::new();
    for inst in &func.body {
        let operands = inst.operands.iter();
        operands.for_each(|operand| readers.entry(*operand).or_default().push(inst));
    }
    let mut found = vec![];
    for inst in func.body.iter().rev().filter(|inst| is_map(inst)) {
        let value = inst.results[0];
        let is_result = func.results.iter().any(|(_, result)| *result == value);
        let own = readers.get(&value).map_or(&[][..], Vec::as_slice);
        let is_of_one = || matches!(own, [reader] if found.contains(&reader.results[0]));
        if !is_result && (are_parts(own, &readers) || is_of_one()) {
            found.push(value);
        }
    }
    found
}

fn is_map(inst: &Inst) -> bool {
    matches!(inst.op, Op::Map(_))
}

/// Whether these are slices along one axis that have no element twice, each read by functions of elements alone.
fn are_parts(insts: &[&Inst], readers: &Readers<'_>) -> bool {
    let slices: Option<Vec<&[Range]>> = insts.iter().map(|inst| ranges(inst)).collect();
    let Some(slices) = slices else { return false };
    let are_mapped = insts.iter().all(|inst| {
        let readers = readers.get(&inst.results[0]);
        readers.is_some_and(|readers| readers.iter().all(|reader| is_map(reader)))
    });
    let n_axes = slices.first().map_or(0, |ranges| ranges.len());
    are_mapped && (0..n_axes).any(|axis| are_apart(&slices, axis))
}

fn ranges(inst: &Inst) -> Option<&[Range]> {
    if let Op::Slice(ranges) = &inst.op {
        return Some(ranges);
    }
    None
}

/// Whether slices lie one behind the other along an axis.
fn are_apart(slices: &[&[Range]], axis: usize) -> bool {
    let ends = |ranges: &&[Range]| {
        let Range { start, stop, .. } = &ranges[axis];
        Some((start.as_int()?, stop.as_int()?))
    };
    let Some(mut ends) = slices.iter().map(ends).collect::<Option<Vec<_>>>() else {
        return false;
    };
    ends.sort_unstable();
    ends.windows(2).all(|two| two[0].1 <= two[1].0)
}

/// A part of a value. Operands of fewer axes have the last ones.
fn part(
    r: &mut Rewriter<'_>,
    wholes: &[ValueId],
    ranges: &[Range],
    value: ValueId,
) -> Result<ValueId, OpError> {
    let ranges = &ranges[ranges.len() - r.b.shape(value).rank()..];
    let inst = r.definition(value).filter(|_| wholes.contains(&value));
    let Some(inst) = inst.cloned() else {
        return match ranges {
            [] => Ok(value),
            _ => r.b.op1(Op::Slice(ranges.to_vec()), &[value]),
        };
    };
    let mut operands = vec![];
    for operand in inst.operands {
        operands.push(part(r, wholes, ranges, operand)?);
    }
    r.b.op1(inst.op, &operands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::testing::*;
    use crate::scalar::Scalar;
    use crate::types::{DType, Dim};

    fn cut(b: &mut crate::ops::Builder<'_>, value: ValueId, [from, to]: [i64; 2]) -> ValueId {
        let ranges = vec![
            Range::whole(&Dim::int(2)),
            Range::new(Dim::int(from), Dim::int(to)),
        ];
        b.op1(Op::Slice(ranges), &[value]).expect("it fits")
    }

    /// `(x y + bias)` in two parts, each read by a function.
    fn gates(second: [i64; 2], is_shown: bool) -> Program {
        program(|b| {
            let [x, y] = [0; 2].map(|_| input(b, DType::F64, shape(&[2, 6])));
            let bias = input(b, DType::F64, shape(&[6]));
            let product = b.map(Scalar::Mul, &[x, y]).expect("sizes agree");
            let whole = b.map(Scalar::Add, &[product, bias]).expect("it spreads");
            let parts = [cut(b, whole, [0, 3]), cut(b, whole, second)];
            let mut found = parts
                .map(|part| b.map(Scalar::Tanh, &[part]).expect("a float"))
                .to_vec();
            found.extend(is_shown.then_some(whole));
            found
        })
    }

    #[test]
    fn parts_are_computed_alone() {
        insta::assert_snapshot!(gates([3, 6], false).shown_after(&["slice", "dce"]), @r"
        fn f(%0: f64[2, 6] = arg x0, %1: f64[2, 6] = arg x1, %2: f64[6] = arg x2) -> (y: %13, y: %14) {
          %3: f64[2, 3] = slice [0:2, 0:3] %0
          %4: f64[2, 3] = slice [0:2, 0:3] %1
          %5: f64[2, 3] = mul %3, %4
          %6: f64[3] = slice [0:3] %2
          %7: f64[2, 3] = add %5, %6
          %8: f64[2, 3] = slice [0:2, 3:6] %0
          %9: f64[2, 3] = slice [0:2, 3:6] %1
          %10: f64[2, 3] = mul %8, %9
          %11: f64[3] = slice [3:6] %2
          %12: f64[2, 3] = add %10, %11
          %13: f64[2, 3] = tanh %7
          %14: f64[2, 3] = tanh %12
        }
        ");
    }

    #[test]
    fn what_is_read_as_a_whole_or_twice_is_computed_once() {
        for program in [gates([3, 6], true), gates([2, 6], false)] {
            assert_eq!(
                program.shown_after(&["slice", "dce"]),
                program.shown_after(&["dce"])
            );
        }
    }
}
