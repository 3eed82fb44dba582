//! Every other op, with attributes of each sort.

use std::collections::BTreeSet;

use nnlc::ir::{Op, Range, Window};
use nnlc::scalar::Scalar;
use nnlc::tensor::{Contract, Distribution, Extreme, Factor, MatrixKind, Monoid, Tensor};
use nnlc::types::{DType, Dim, Shape};

use crate::gradcheck::case::{Case, numbers, positive};

/// The name of an op's kind; a new op needs one here, and a case below or among the functions.
fn kind(op: &Op) -> &'static str {
    match op {
        Op::Const(_) => "const",
        Op::Size(..) => "size",
        Op::Map(_) => "map",
        Op::Cast(_) => "cast",
        Op::StopGradient => "stop_gradient",
        Op::Reduce(..) => "reduce",
        Op::ArgReduce(..) => "arg_reduce",
        Op::CumSum(_) => "cumsum",
        Op::Sort(_) => "sort",
        Op::ArgSort(_) => "argsort",
        Op::Ranks(_) => "ranks",
        Op::Contract(_) => "contract",
        Op::Permute(_) => "permute",
        Op::Reshape(_) => "reshape",
        Op::Broadcast { .. } => "broadcast",
        Op::Slice(_) => "slice",
        Op::Embed(..) => "embed",
        Op::Windows(_) => "windows",
        Op::Overlap(..) => "overlap",
        Op::Concat(_) => "concat",
        Op::Reverse(_) => "reverse",
        Op::Gather(_) => "gather",
        Op::ScatterAdd(..) => "scatter_add",
        Op::Iota(..) => "iota",
        Op::Random { .. } => "random",
        Op::Inverse => "inverse",
        Op::Solve(_) => "solve",
        Op::Factor(kind) => kind.name(),
        Op::Scan(_) => "scan",
        Op::Call(_) => "call",
        Op::Custom { .. } => "custom",
        Op::Grad { .. } => "grad",
        Op::Vjp { .. } => "vjp",
    }
}

/// What is checked here.
const HERE: [&str; 30] = [
    "const",
    "size",
    "map",
    "cast",
    "reduce",
    "arg_reduce",
    "cumsum",
    "sort",
    "argsort",
    "contract",
    "permute",
    "reshape",
    "broadcast",
    "slice",
    "embed",
    "windows",
    "overlap",
    "concat",
    "reverse",
    "gather",
    "scatter_add",
    "iota",
    "random",
    "inverse",
    "solve",
    "qr",
    "cholesky",
    "lu",
    "eigh",
    "svd",
];

/// What has a test of its own among the functions.
const ELSEWHERE: [&str; 8] = [
    "scan",
    "stop_gradient",
    "ranks",
    "full_svd",
    "call",
    "custom",
    "grad",
    "vjp",
];

fn shape(sizes: &[i64]) -> Shape {
    Shape::of(sizes.iter().map(|&size| Dim::int(size)))
}

fn range(start: i64, stop: i64, step: i64) -> Range {
    Range {
        step,
        ..Range::new(Dim::int(start), Dim::int(stop))
    }
}

fn indices(shape: &[usize], elements: &[i64]) -> Tensor {
    Tensor::from_vec::<i64>(shape.to_vec(), elements.to_vec())
}

fn contract(lhs: &[u8], rhs: &[u8], out: &[u8]) -> Op {
    let [lhs, rhs, out] = [lhs, rhs, out].map(<[u8]>::to_vec);
    Op::Contract(Contract { lhs, rhs, out })
}

/// `[…, n, n]` with a large diagonal.
fn regular(shape: &[usize], salt: usize) -> Tensor {
    let n = shape[shape.len() - 1];
    let mut elements = numbers(shape, salt).to_f64();
    for (place, element) in elements.iter_mut().enumerate() {
        if place / n % n == place % n {
            *element += 5.0;
        }
    }
    Tensor::from_vec::<f64>(shape.to_vec(), elements)
}

fn cases() -> Vec<(Op, Vec<Tensor>)> {
    [
        without_operands(),
        folds(),
        orders(),
        layouts(),
        window_cases(),
        rows(),
        products(),
        matrices(),
    ]
    .concat()
}

fn without_operands() -> Vec<(Op, Vec<Tensor>)> {
    let random = |distribution| Op::Random {
        distribution,
        place: 7,
        shape: shape(&[2, 3]),
        dtype: DType::F64,
    };
    let seed_and_step = || vec![indices(&[], &[1]), indices(&[], &[2])];
    vec![
        (Op::Const(numbers(&[2], 0)), vec![]),
        (Op::Size(Dim::int(5), DType::F64), vec![]),
        (Op::Iota(shape(&[2, 3]), DType::F64, 1), vec![]),
        (random(Distribution::Uniform), seed_and_step()),
        (random(Distribution::Normal), seed_and_step()),
        (Op::Cast(DType::F64), vec![numbers(&[3], 0)]),
        (Op::Cast(DType::I64), vec![numbers(&[3], 0)]),
        (
            Op::Map(Scalar::Mul),
            vec![numbers(&[3], 0), numbers(&[3], 1)],
        ),
    ]
}

fn folds() -> Vec<(Op, Vec<Tensor>)> {
    let x = || vec![numbers(&[2, 3, 2], 0)];
    let mut cases = vec![];
    for monoid in [Monoid::Sum, Monoid::Prod, Monoid::Min, Monoid::Max] {
        for axes in [vec![0], vec![1], vec![0, 2], vec![0, 1, 2]] {
            cases.push((Op::Reduce(monoid, axes), x()));
        }
    }
    let with_zeros = Tensor::from_vec::<f64>(
        vec![3, 3],
        vec![2.0, 0.0, 3.0, 0.0, 0.0, 4.0, 1.0, 2.0, 3.0],
    );
    cases.push((Op::Reduce(Monoid::Prod, vec![1]), vec![with_zeros]));
    let truths = Tensor::from_vec::<bool>(vec![2, 2], vec![true, false, true, true]);
    cases.push((Op::Reduce(Monoid::Any, vec![0]), vec![truths.clone()]));
    cases.push((Op::Reduce(Monoid::All, vec![1]), vec![truths]));
    cases.push((Op::ArgReduce(Extreme::Min, 1), x()));
    cases.push((Op::ArgReduce(Extreme::Max, 0), x()));
    cases
}

fn orders() -> Vec<(Op, Vec<Tensor>)> {
    let mut cases = vec![];
    for axis in 0..3 {
        let x = || vec![numbers(&[2, 3, 2], axis)];
        for op in [
            Op::CumSum(axis),
            Op::Sort(axis),
            Op::ArgSort(axis),
            Op::Reverse(axis),
        ] {
            cases.push((op, x()));
        }
    }
    cases
}

fn layouts() -> Vec<(Op, Vec<Tensor>)> {
    let x = || vec![numbers(&[2, 3, 4], 0)];
    let broadcast = |sizes: &[i64], places: &[usize]| Op::Broadcast {
        shape: shape(sizes),
        places: places.to_vec(),
    };
    let ranges = || vec![range(0, 1, 1), range(0, 3, 1), range(0, 4, 3)];
    vec![
        (Op::Permute(vec![2, 0, 1]), x()),
        (Op::Reshape(shape(&[6, 4])), x()),
        (broadcast(&[2, 5, 3], &[0, 2]), vec![numbers(&[2, 3], 0)]),
        (broadcast(&[2, 2], &[]), vec![numbers(&[], 0)]),
        (Op::Slice(ranges()), x()),
        (
            Op::Embed(shape(&[2, 3, 4]), ranges()),
            vec![numbers(&[1, 3, 2], 0)],
        ),
        (
            Op::Concat(0),
            vec![
                numbers(&[2, 2], 0),
                numbers(&[1, 2], 1),
                numbers(&[3, 2], 2),
            ],
        ),
        (
            Op::Concat(1),
            vec![numbers(&[2, 2], 0), numbers(&[2, 1], 1)],
        ),
    ]
}

/// Windows that share places, that leave some out, and that skip some, of even and odd sizes.
fn window_cases() -> Vec<(Op, Vec<Tensor>)> {
    let mut cases = vec![];
    for (size, stride, dilation) in [(3, 1, 1), (2, 2, 1), (2, 3, 1), (3, 1, 2), (2, 2, 3)] {
        for (axis, n) in [(0, 7), (1, 6), (2, 5)] {
            let mut sizes = [2, 1, 2];
            sizes[axis] = n;
            let window = Window {
                axis,
                size: Dim::int(size),
                stride: Dim::int(stride),
                dilation: Dim::int(dilation),
            };
            let count = window.count(&Dim::int(n)).as_int().expect("a number");
            let whole = sizes.map(|size| size as usize);
            let mut parts = whole.to_vec();
            parts.splice(axis..=axis, [count as usize, size as usize]);
            cases.push((Op::Windows(window.clone()), vec![numbers(&whole, 0)]));
            cases.push((Op::Overlap(window, Dim::int(n)), vec![numbers(&parts, 1)]));
        }
    }
    cases
}

fn rows() -> Vec<(Op, Vec<Tensor>)> {
    let table = || indices(&[2, 2], &[2, 0, 2, 1]);
    vec![
        (Op::Gather(0), vec![numbers(&[3, 2], 0), table()]),
        (
            Op::Gather(1),
            vec![numbers(&[2, 3, 2], 0), indices(&[4], &[0, 0, 2, 1])],
        ),
        (Op::Gather(0), vec![numbers(&[3, 2], 0), indices(&[], &[1])]),
        (
            Op::ScatterAdd(0, Dim::int(4)),
            vec![numbers(&[2, 2, 3], 0), table()],
        ),
        (
            Op::ScatterAdd(1, Dim::int(3)),
            vec![numbers(&[2, 4], 0), indices(&[4], &[0, 0, 2, 1])],
        ),
    ]
}

fn products() -> Vec<(Op, Vec<Tensor>)> {
    vec![
        (
            contract(&[0, 1], &[1, 2], &[0, 2]),
            vec![numbers(&[2, 3], 0), numbers(&[3, 4], 1)],
        ),
        (
            contract(&[3, 0, 1], &[1, 2], &[3, 0, 2]),
            vec![numbers(&[2, 2, 3], 0), numbers(&[3, 2], 1)],
        ),
        (
            contract(&[3, 0, 1], &[3, 1, 2], &[3, 2, 0]),
            vec![numbers(&[2, 2, 3], 0), numbers(&[2, 3, 2], 1)],
        ),
        (
            contract(&[0], &[0], &[]),
            vec![numbers(&[3], 0), numbers(&[3], 1)],
        ),
        (
            contract(&[0], &[1], &[1, 0]),
            vec![numbers(&[3], 0), numbers(&[2], 1)],
        ),
        (
            contract(&[0, 1], &[1, 0], &[0]),
            vec![numbers(&[2, 3], 0), numbers(&[3, 2], 1)],
        ),
    ]
}

fn matrices() -> Vec<(Op, Vec<Tensor>)> {
    let mut cases = vec![
        (Op::Inverse, vec![regular(&[3, 3], 0)]),
        (Op::Inverse, vec![regular(&[2, 2, 2], 0)]),
        (Op::Factor(Factor::Qr), vec![regular(&[3, 3], 0)]),
        (Op::Factor(Factor::Qr), vec![positive(&[4, 2], 0)]),
        (Op::Factor(Factor::Qr), vec![numbers(&[2, 3, 2], 1)]),
        (Op::Factor(Factor::Svd), vec![numbers(&[2, 4, 2], 1)]),
        (Op::Factor(Factor::Svd), vec![numbers(&[2, 3], 0)]),
    ];
    for kind in [Factor::Cholesky, Factor::Lu, Factor::Eigh, Factor::Svd] {
        cases.push((Op::Factor(kind), vec![regular(&[3, 3], 0)]));
        cases.push((Op::Factor(kind), vec![regular(&[2, 2, 2], 1)]));
    }
    use MatrixKind::{General, Lower, Spd, Upper};
    for kind in [General, Lower, Upper, Spd] {
        for right in [&[2, 3][..], &[2, 3, 2]] {
            cases.push((
                Op::Solve(kind),
                vec![regular(&[2, 3, 3], 0), numbers(right, 1)],
            ));
        }
        cases.push((Op::Solve(kind), vec![regular(&[3, 3], 0), numbers(&[3], 1)]));
    }
    cases
}

#[test]
fn every_op_agrees_with_differences() {
    for (op, operands) in cases() {
        Case { op, operands }.check();
    }
}

#[test]
fn every_op_has_a_case() {
    let found: BTreeSet<&str> = cases().iter().map(|(op, _)| kind(op)).collect();
    assert_eq!(found, BTreeSet::from(HERE));
    assert!(ELSEWHERE.iter().all(|kind| !found.contains(kind)));
}
