//! One instruction for those that compute the same: equal op, equal operands. Constants are compared by their bits, so that `0` and
//! `−0` stay apart. Draws at one place for the same seed and step are the same numbers.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use crate::ir::{FuncId, Inst, Module, Op, ValueId};
use crate::opt::Note;
use crate::opt::rewriter::{Rewriter, rewrite};
use crate::tensor::{Data, Tensor};

/// Common subexpressions.
pub(super) fn cse(module: &mut Module, id: FuncId) -> Vec<Note> {
    // Looked up only, by the hash of an instruction; never iterated.
    let mut known: HashMap<u64, Vec<ValueId>> = HashMap::new();
    rewrite(module, id, |r, inst| {
        let Some(&result) = inst
            .results
            .first()
            .filter(|_| inst.op.callees().is_empty())
        else {
            return Ok(None);
        };
        let alike = known.entry(hash(inst)).or_default();
        let earlier = alike.iter().find_map(|&first| equal(r, first, inst));
        if earlier.is_none() {
            alike.push(result);
        }
        Ok(earlier)
    })
}

/// The results of the instruction that defines `first`, if it computes the same as `inst`.
fn equal(r: &Rewriter<'_>, first: ValueId, inst: &Inst) -> Option<Vec<ValueId>> {
    let earlier = r.definition(first)?;
    let same = earlier.operands == inst.operands && same_op(&earlier.op, &inst.op);
    same.then(|| earlier.results.clone())
}

fn same_op(left: &Op, right: &Op) -> bool {
    if let (Op::Const(left), Op::Const(right)) = (left, right) {
        same_bits(left, right)
    } else {
        left == right
    }
}

fn same_bits(left: &Tensor, right: &Tensor) -> bool {
    left.shape() == right.shape()
        && match (left.data(), right.data()) {
            (Data::F32(x), Data::F32(y)) => {
                let bits = |v: &f32| v.to_bits();
                x.iter().map(bits).eq(y.iter().map(bits))
            }
            (Data::F64(x), Data::F64(y)) => {
                let bits = |v: &f64| v.to_bits();
                x.iter().map(bits).eq(y.iter().map(bits))
            }
            (x, y) => x == y,
        }
}

fn hash(inst: &Inst) -> u64 {
    let mut state = DefaultHasher::new();
    inst.operands.hash(&mut state);
    hash_op(&inst.op, &mut state);
    state.finish()
}

/// Equal ops have equal hashes; different ones mostly do not.
fn hash_op(op: &Op, state: &mut DefaultHasher) {
    discriminant(op).hash(state);
    match op {
        Op::Const(tensor) => hash_const(tensor, state),
        Op::Size(dim, dtype) => (dim, dtype).hash(state),
        Op::Map(f) => f.hash(state),
        Op::Cast(dtype) => dtype.hash(state),
        Op::Reduce(monoid, axes) => (monoid, axes).hash(state),
        Op::ArgReduce(extreme, axis) => (extreme, axis).hash(state),
        Op::Contract(letters) => letters.hash(state),
        Op::Permute(axes) => axes.hash(state),
        Op::Reshape(shape) => shape.hash(state),
        Op::Broadcast { shape, places } => (shape, places).hash(state),
        Op::Slice(ranges) => ranges.hash(state),
        Op::Embed(shape, ranges) => (shape, ranges).hash(state),
        Op::Windows(window) => window.hash(state),
        Op::Overlap(window, size) => (window, size).hash(state),
        Op::CumSum(axis) | Op::Sort(axis) | Op::ArgSort(axis) | Op::Ranks(axis) => axis.hash(state),
        Op::Concat(axis) | Op::Reverse(axis) | Op::Gather(axis) => axis.hash(state),
        Op::ScatterAdd(axis, size) => (axis, size).hash(state),
        Op::Iota(shape, dtype, axis) => (shape, dtype, axis).hash(state),
        Op::Random {
            distribution,
            place,
            shape,
            dtype,
        } => (distribution, place, shape, dtype).hash(state),
        Op::Solve(kind) => kind.hash(state),
        Op::Factor(kind) => kind.hash(state),
        Op::StopGradient | Op::Inverse => {}
        Op::Scan(scan) => scan.hash(state),
        Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => {}
    }
}

/// Shape, type and the first elements.
fn hash_const(tensor: &Tensor, state: &mut DefaultHasher) {
    const HASHED: usize = 64;
    (tensor.shape(), tensor.dtype()).hash(state);
    match tensor.data() {
        Data::F32(v) => v.iter().take(HASHED).for_each(|x| x.to_bits().hash(state)),
        Data::F64(v) => v.iter().take(HASHED).for_each(|x| x.to_bits().hash(state)),
        Data::I64(v) => v.iter().take(HASHED).for_each(|x| x.hash(state)),
        Data::I32(v) => v.iter().take(HASHED).for_each(|x| x.hash(state)),
        Data::U8(v) => v.iter().take(HASHED).for_each(|x| x.hash(state)),
        Data::Bool(v) => v.iter().take(HASHED).for_each(|x| x.hash(state)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::testing::*;
    use crate::scalar::Scalar;
    use crate::tensor::Distribution;
    use crate::types::DType;

    #[test]
    fn equal_instructions_are_one_and_zeros_of_either_sign_are_two() {
        let alike = program(|b| {
            let x = floats(b, &[3]);
            let zeros = [0.0, -0.0, 0.0].map(|zero| b.number(zero, DType::F64));
            zeros
                .map(|zero| b.map(Scalar::Add, &[x, zero]).expect("numbers"))
                .to_vec()
        });
        insta::assert_snapshot!(alike.shown_after(&["cse", "dce"]), @r#"
        fn f(%0: f64[3] = arg x0) -> (y: %3, y: %4, y: %3) {
          %1: f64[] = const 0
          %2: f64[] = const -0
          %3: f64[3] = add %0, %1
          %4: f64[3] = add %0, %2
        }
        "#);
    }

    #[test]
    fn draws_at_one_place_are_one() {
        let draws = program(|b| {
            let (seed, step) = (b.number(1.0, DType::I64), b.number(2.0, DType::I64));
            let draw = |place| Op::Random {
                distribution: Distribution::Normal,
                place,
                shape: shape(&[3]),
                dtype: DType::F32,
            };
            let places = [5, 6, 5];
            places
                .map(|place| {
                    b.op1(draw(place), &[seed, step])
                        .expect("a seed and a step")
                })
                .to_vec()
        });
        insta::assert_snapshot!(draws.shown_after(&["cse", "dce"]), @r#"
        fn f() -> (y: %2, y: %3, y: %2) {
          %0: i64[] = const 1
          %1: i64[] = const 2
          %2: [3] = random normal 0x5 %0, %1
          %3: [3] = random normal 0x6 %0, %1
        }
        "#);
    }
}
