//! Evaluates what depends on constants alone. Names no op: an op says itself what it means, and whatever makes more elements than
//! it reads (a repetition, a count) stays, because an engine writes these faster than it could read them. Random numbers depend on
//! the run even where seed and step are known.

use crate::ir::{FuncId, Inst, Module, Op};
use crate::ops;
use crate::opt::Note;
use crate::opt::rewriter::{Rewriter, rewrite};
use crate::tensor::Tensor;
use crate::types::{DType, Dim, TensorType};

/// What is folded reads no more elements than this.
const MAX_READ: usize = 1 << 16;

/// Constant folding.
pub(super) fn fold(module: &mut Module, id: FuncId) -> Vec<Note> {
    rewrite(module, id, |r, inst| {
        let folded = folded(r, inst);
        Ok(folded.map(|tensors| tensors.into_iter().map(|x| r.b.constant(x)).collect()))
    })
}

fn folded(r: &Rewriter<'_>, inst: &Inst) -> Option<Vec<Tensor>> {
    if !folds(&inst.op) {
        return None;
    }
    let operands = inst.operands.iter().map(|&value| r.constant(value));
    let operands: Vec<Tensor> = operands.map(|x| x.cloned()).collect::<Option<_>>()?;
    let results = inst.results.iter().map(|&value| known(r.b.ty(value)));
    let results: Vec<(DType, Vec<usize>)> = results.collect::<Option<_>>()?;
    let n_read: usize = operands.iter().map(Tensor::len).sum();
    let sizes = results.iter().map(|(_, shape)| size(shape));
    let n_made = sizes.fold(0, usize::saturating_add);
    if n_read > MAX_READ || n_made > n_read.max(1) {
        return None;
    }
    let op = resolved(r, &inst.op)?;
    ops::eval(&op, operands, &results, &|dim| number(dim).unwrap_or(0)).ok()
}

fn size(shape: &[usize]) -> usize {
    if shape.contains(&0) {
        return 0;
    }
    shape.iter().copied().fold(1, usize::saturating_mul)
}

/// Whether the op means the same in every run, and is not a constant already.
fn folds(op: &Op) -> bool {
    match op {
        Op::Const(_) | Op::Random { .. } => false,
        Op::Scan(_) | Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => false,
        Op::Size(..) | Op::Map(_) | Op::Cast(_) | Op::StopGradient | Op::Reduce(..) => true,
        Op::ArgReduce(..) | Op::CumSum(_) | Op::Sort(_) | Op::ArgSort(_) | Op::Ranks(_) => true,
        Op::Contract(_) | Op::Permute(_) | Op::Reshape(_) | Op::Broadcast { .. } => true,
        Op::Slice(_) | Op::Embed(..) | Op::Concat(_) | Op::Reverse(_) | Op::Gather(_) => true,
        Op::Windows(_) | Op::Overlap(..) => true,
        Op::ScatterAdd(..) | Op::Iota(..) | Op::Inverse | Op::Solve(_) | Op::Factor(_) => true,
    }
}

/// The op, if every dimension in its attributes is a number.
fn resolved(r: &Rewriter<'_>, op: &Op) -> Option<Op> {
    let all_known = std::cell::Cell::new(true);
    let mut op = op.clone();
    op.map_dims(&|dim| {
        let dim = r.b.module.dims.resolve(dim);
        all_known.set(all_known.get() && number(&dim).is_some());
        dim
    });
    all_known.get().then_some(op)
}

fn known(ty: &TensorType) -> Option<(DType, Vec<usize>)> {
    let shape = ty.shape.dims().map(number).collect::<Option<_>>()?;
    Some((ty.dtype, shape))
}

fn number(dim: &Dim) -> Option<usize> {
    usize::try_from(dim.as_int()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::testing::*;
    use crate::scalar::Scalar;

    #[test]
    fn constants_are_worked_out_and_large_results_are_not() {
        let folds = program(|b| {
            let half = b.number(0.5, DType::F64);
            let half = b.cast(half, DType::F32).expect("a cast");
            let three = b
                .op1(Op::Size(Dim::int(3), DType::F32), &[])
                .expect("a size");
            let n = b.op1(Op::Size(n(), DType::F32), &[]).expect("a size");
            let sum = b.map(Scalar::Add, &[half, three]).expect("scalars");
            let all = b.broadcast(sum, shape(&[3]), vec![]).expect("a scalar");
            vec![all, n]
        });
        insta::assert_snapshot!(folds.shown_after(&["fold", "dce"]), @r#"
        fn f() -> (y: %2, y: %0) {
          %0: [] = size n
          %1: [] = const 3.5
          %2: [3] = broadcast [] %1
        }
        "#);
    }

    #[test]
    fn draws_and_failures_stay() {
        let stays = program(|b| {
            let zeros = b.constant(Tensor::full(DType::F64, &[2, 2], 0.0));
            let seed = b.number(1.0, DType::I64);
            let draw = Op::Random {
                distribution: crate::tensor::Distribution::Uniform,
                place: 7,
                shape: shape(&[]),
                dtype: DType::F32,
            };
            let draw = b.op1(draw, &[seed, seed]).expect("a seed and a step");
            vec![b.op1(Op::Inverse, &[zeros]).expect("a square"), draw]
        });
        insta::assert_snapshot!(stays.shown_after(&["fold"]), @r#"
        fn f() -> (y: %3, y: %2) {
          %0: f64[2, 2] = const [0, 0, 0, 0]
          %1: i64[] = const 1
          %2: [] = random uniform 0x7 %1, %1
          %3: f64[2, 2] = inverse %0
        }
        "#);
    }
}
