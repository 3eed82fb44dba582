//! Brings a function to a form in which equal things are written alike: dimensions with everything known put in, axes without
//! names (their claims have been checked), letters of products in order of appearance.

use crate::ir::{FuncId, Module, Op};
use crate::opt::Note;
use crate::tensor::{Contract, Letter};
use crate::types::{AxisType, Shape, TensorType, Unifier};

/// Settles types and attributes.
pub(super) fn settle(module: &mut Module, id: FuncId) -> Vec<Note> {
    let mut func = std::mem::take(&mut module.funcs[id]);
    let dims = &module.dims;
    for value in func.values.ids() {
        let ty = &mut func.values[value].ty;
        *ty = TensorType::new(ty.dtype, settled(dims, &ty.shape));
    }
    for inst in &mut func.body {
        let op = std::mem::replace(&mut inst.op, Op::StopGradient);
        inst.op = settled_op(dims, op);
    }
    module.funcs[id] = func;
    vec![]
}

fn settled(dims: &Unifier, shape: &Shape) -> Shape {
    let axes = shape.dims().map(|dim| AxisType::new(dims.resolve(dim)));
    Shape(axes.collect())
}

fn settled_op(dims: &Unifier, mut op: Op) -> Op {
    op.map_dims(&|dim| dims.resolve(dim));
    match op {
        Op::Contract(contract) => Op::Contract(ordered(&contract)),
        Op::Reshape(shape) => Op::Reshape(settled(dims, &shape)),
        Op::Broadcast { shape, places } => Op::Broadcast {
            shape: settled(dims, &shape),
            places,
        },
        Op::Embed(shape, ranges) => Op::Embed(settled(dims, &shape), ranges),
        Op::Iota(shape, dtype, axis) => Op::Iota(settled(dims, &shape), dtype, axis),
        Op::Random {
            distribution,
            place,
            shape,
            dtype,
        } => Op::Random {
            distribution,
            place,
            shape: settled(dims, &shape),
            dtype,
        },
        op @ (Op::Const(_) | Op::Size(..) | Op::Map(_) | Op::Cast(_) | Op::StopGradient) => op,
        op @ (Op::Reduce(..) | Op::ArgReduce(..) | Op::CumSum(_) | Op::Sort(_)) => op,
        op @ (Op::ArgSort(_) | Op::Ranks(_) | Op::Permute(_) | Op::Slice(_) | Op::Concat(_)) => op,
        op @ (Op::Windows(_) | Op::Overlap(..)) => op,
        op @ (Op::Reverse(_) | Op::Gather(_) | Op::ScatterAdd(..)) => op,
        op @ (Op::Inverse | Op::Solve(_) | Op::Factor(_)) => op,
        op @ (Op::Scan(_) | Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. }) => {
            op
        }
    }
}

/// The same contraction with letters numbered as they appear, left operand first.
pub(super) fn ordered(contract: &Contract) -> Contract {
    let mut seen: Vec<Letter> = vec![];
    let mut number = |letter: &Letter| {
        let known = seen.iter().position(|known| known == letter);
        let place = known.unwrap_or_else(|| {
            seen.push(*letter);
            seen.len() - 1
        });
        Letter::try_from(place).expect("a contraction has no more letters than a letter can number")
    };
    let mut numbered = |letters: &[Letter]| letters.iter().map(&mut number).collect();
    Contract {
        lhs: numbered(&contract.lhs),
        rhs: numbered(&contract.rhs),
        out: numbered(&contract.out),
    }
}
