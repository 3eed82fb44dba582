//! Every scalar function, for every way its operands may broadcast.

use nnlc::ir::Op;
use nnlc::scalar::{Accepts, Scalar};
use nnlc::tensor::Tensor;

use crate::gradcheck::case::{Case, numbers, positive};

/// Where a function is smooth and defined.
fn operand(f: Scalar, place: usize, shape: &[usize]) -> Tensor {
    let is_half = matches!(f, Scalar::Sqrt | Scalar::Ln | Scalar::Log1p | Scalar::Pow);
    match f.accepts()[place] {
        Accepts::Bool => truths(shape, place),
        Accepts::Any | Accepts::Float | Accepts::Number if is_half => positive(shape, place),
        Accepts::Any | Accepts::Float | Accepts::Number => numbers(shape, place),
    }
}

fn truths(shape: &[usize], salt: usize) -> Tensor {
    let elements =
        (0..shape.iter().product()).map(|place: usize| (place * 5 + salt).is_multiple_of(3));
    Tensor::from_vec::<bool>(shape.to_vec(), elements.collect())
}

/// Every choice of shapes for as many operands as the function has.
fn shapes(arity: usize) -> Vec<Vec<&'static [usize]>> {
    let (scalar, row, table): (&[usize], &[usize], &[usize]) = (&[], &[3], &[2, 3]);
    match arity {
        1 => vec![vec![scalar], vec![row], vec![table]],
        2 => vec![
            vec![table, table],
            vec![table, row],
            vec![row, table],
            vec![table, scalar],
            vec![scalar, table],
            vec![scalar, scalar],
        ],
        _ => vec![
            vec![table, table, table],
            vec![row, table, scalar],
            vec![table, scalar, row],
            vec![scalar, row, table],
        ],
    }
}

#[test]
fn every_scalar_function_agrees_with_differences() {
    for f in Scalar::ALL {
        for shapes in shapes(f.arity()) {
            let operands = shapes.iter().enumerate();
            let operands = operands.map(|(place, shape)| operand(f, place, shape));
            let case = Case {
                op: Op::Map(f),
                operands: operands.collect(),
            };
            case.check();
        }
    }
}
