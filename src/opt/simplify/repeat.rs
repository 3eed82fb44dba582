//! Repetition and arithmetic: `f` of repeated elements is repeated `f` of the elements, computed once; and what a scalar function
//! broadcasts by itself need not be broadcast before.

use crate::ir::{Inst, Op, ValueId};
use crate::opt::rewriter::Rewriter;
use crate::opt::simplify::{Found, spread};
use crate::scalar::Scalar;
use crate::types::{DType, Shape};

/// How a value repeats another along new axes.
#[derive(Clone, PartialEq)]
struct Repeated {
    source: ValueId,
    shape: Shape,
    places: Vec<usize>,
}

fn repeated(r: &Rewriter<'_>, value: ValueId) -> Option<Repeated> {
    let inst = r.definition(value)?;
    if let Op::Broadcast { shape, places } = &inst.op {
        Some(Repeated {
            source: inst.operands[0],
            shape: shape.clone(),
            places: places.clone(),
        })
    } else {
        None
    }
}

/// `f(repeat x, …) = repeat f(x, …)` where all operands are repeated alike; otherwise `f` without the repetition it does itself.
pub(super) fn simpler_map(r: &mut Rewriter<'_>, f: Scalar, inst: &Inst) -> Found {
    if let Some((sources, how)) = repeated_alike(r, inst) {
        let value = r.b.map(f, &sources)?;
        let shape = r.b.shape(inst.results[0]).clone();
        let places = how.map_or(vec![], |how| how.places);
        return r.b.broadcast(value, shape, places).map(Some);
    }
    match without_repetition(r, inst) {
        Some(operands) => r.b.map(f, &operands).map(Some),
        None => Ok(None),
    }
}

/// What the operands repeat, if each is a scalar or repeated as the others are, and one is.
fn repeated_alike(r: &Rewriter<'_>, inst: &Inst) -> Option<(Vec<ValueId>, Option<Repeated>)> {
    let mut how: Option<Repeated> = None;
    let mut sources = vec![];
    for &operand in &inst.operands {
        let source = match repeated(r, operand) {
            None => (r.b.shape(operand).rank() == 0).then_some(operand)?,
            Some(Repeated { source, places, .. }) if places.is_empty() => source,
            Some(other) => {
                let known = how.get_or_insert_with(|| other.clone());
                let is_alike = known.shape == other.shape && known.places == other.places;
                is_alike.then_some(other.source)?
            }
        };
        sources.push(source);
    }
    let is_repeated = sources != inst.operands;
    is_repeated.then_some((sources, how))
}

/// Operands in their own shape, where the function broadcasts these itself and another operand still has the result's.
fn without_repetition(r: &Rewriter<'_>, inst: &Inst) -> Option<Vec<ValueId>> {
    let rank = r.b.shape(inst.results[0]).rank();
    let source = |&operand: &ValueId| trailing_source(r, operand).unwrap_or(operand);
    let sources: Vec<ValueId> = inst.operands.iter().map(source).collect();
    let keeps_shape = sources.iter().any(|&x| r.b.shape(x).rank() == rank);
    (keeps_shape && sources != inst.operands).then_some(sources)
}

/// What a value repeats along leading axes, or of a scalar along all.
fn trailing_source(r: &Rewriter<'_>, value: ValueId) -> Option<ValueId> {
    let Repeated {
        source,
        shape,
        places,
    } = repeated(r, value)?;
    let lead = shape.rank() - places.len();
    places.into_iter().eq(lead..shape.rank()).then_some(source)
}

/// `cast(repeat x) = repeat cast(x)`
pub(super) fn simpler_cast(r: &mut Rewriter<'_>, dtype: DType, x: ValueId) -> Found {
    let Some(Repeated {
        source,
        shape,
        places,
    }) = repeated(r, x)
    else {
        return Ok(None);
    };
    let cast = r.b.cast(source, dtype)?;
    r.b.broadcast(cast, shape, places).map(Some)
}

/// The scalar a value repeats in all its elements, in another shape.
pub(super) fn of_scalar(r: &mut Rewriter<'_>, x: ValueId, shape: &Shape) -> Found {
    let repeated = repeated(r, x).filter(|repeated| repeated.places.is_empty());
    repeated
        .map(|repeated| spread(r, repeated.source, shape))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::testing::*;

    #[test]
    fn arithmetic_comes_before_repetition() {
        let repeats = program(|b| {
            let (x, row) = (floats(b, &[2, 3]), floats(b, &[3]));
            let rows = b.broadcast(row, shape(&[2, 3]), vec![1]).expect("a row");
            let two = b.number(2.0, DType::F64);
            let twos = b.broadcast(two, shape(&[2, 3]), vec![]).expect("a scalar");
            let scaled = b.map(Scalar::Mul, &[rows, twos]).expect("numbers");
            vec![b.map(Scalar::Add, &[x, scaled]).expect("numbers")]
        });
        insta::assert_snapshot!(repeats.shown_after(&["simplify", "dce"]), @r#"
        fn f(%0: f64[2, 3] = arg x0, %1: f64[3] = arg x1) -> (y: %4) {
          %2: f64[] = const 2
          %3: f64[3] = mul %1, %2
          %4: f64[2, 3] = add %0, %3
        }
        "#);
    }
}
