//! Whole functions: calls, rules of one's own, gradients of gradients, barriers, and what has no derivative.

use nnlc::grad::expand;
use nnlc::ir::{FuncId, Module, Op, Scan, ValueId, print_module};
use nnlc::ops::{Builder, verify};
use nnlc::scalar::Scalar;
use nnlc::tensor::Tensor;
use nnlc::types::{DType, Dim, Shape, SymKind, TensorType};

use crate::gradcheck::case::{check_module, function, is_structural, module, run, sum_all};

fn row(n: i64) -> TensorType {
    TensorType::new(DType::F64, Shape::of([Dim::int(n)]))
}

fn vector(elements: &[f64]) -> Tensor {
    Tensor::from_vec::<f64>(vec![elements.len()], elements.to_vec())
}

fn map(b: &mut Builder<'_>, f: Scalar, operands: &[ValueId]) -> ValueId {
    b.map(f, operands).expect("shapes agree")
}

/// The function that gives the gradient of `func` by its first input.
fn gradient(module: &mut Module, func: FuncId, ty: &TensorType) -> FuncId {
    function(module, "gradient", std::slice::from_ref(ty), |b, x| {
        let wrt = vec![0];
        b.op(Op::Grad { func, wrt }, x).expect("a scalar by floats")[1..].to_vec()
    })
}

fn expanded(mut module: Module) -> Module {
    check_module(&module, "before");
    expand(&mut module).expect("everything has a derivative");
    check_module(&module, "after");
    for (_, func) in module.funcs.iter() {
        assert!(
            !func.body.iter().any(is_structural),
            "{} is flat",
            func.name
        );
    }
    module
}

#[test]
fn a_rule_of_ones_own_replaces_the_derivative() {
    let mut module = module();
    let forward = function(&mut module, "gate", &[row(2)], |b, x| {
        vec![map(b, Scalar::Step, x)]
    });
    let types = [row(2), row(2), row(2)];
    let backward = function(&mut module, "straight", &types, |b, x| {
        let three = b.number(3.0, DType::F64);
        vec![map(b, Scalar::Mul, &[x[2], three])]
    });
    let loss = function(&mut module, "loss", &[row(2)], |b, x| {
        let gate = b
            .op1(Op::Custom { forward, backward }, x)
            .expect("the rule fits");
        vec![sum_all(b, gate)]
    });
    let slope = gradient(&mut module, loss, &row(2));
    let module = expanded(module);
    let x = [vector(&[0.5, -2.0])];
    assert_eq!(run(&module, slope, &x)[0].to_f64(), [3.0, 3.0]);
    assert_eq!(run(&module, loss, &x)[0].to_f64(), [1.0]);
}

#[test]
fn gradients_nest_through_calls_and_rules() {
    // The cube with the rule 3 x² dy, called from a function: derivatives 3 x², 6 x, 6.
    let mut module = module();
    let scalar = TensorType::scalar(DType::F64);
    let one = std::slice::from_ref(&scalar);
    let forward = function(&mut module, "cube", one, |b, x| {
        let square = map(b, Scalar::Mul, &[x[0], x[0]]);
        vec![map(b, Scalar::Mul, &[square, x[0]])]
    });
    let three = [scalar.clone(), scalar.clone(), scalar.clone()];
    let backward = function(&mut module, "cube_rule", &three, |b, x| {
        let square = map(b, Scalar::Mul, &[x[0], x[0]]);
        let factor = b.number(3.0, DType::F64);
        let slope = map(b, Scalar::Mul, &[factor, square]);
        vec![map(b, Scalar::Mul, &[slope, x[2]])]
    });
    let cube = function(&mut module, "cube_by_rule", one, |b, x| {
        b.op(Op::Custom { forward, backward }, x)
            .expect("the rule fits")
    });
    let mut order = function(&mut module, "called", one, |b, x| {
        b.op(Op::Call(cube), x).expect("the call fits")
    });
    let mut orders = vec![];
    for _ in 0..3 {
        order = gradient(&mut module, order, &scalar);
        orders.push(order);
    }
    let module = expanded(module);
    let at_two = |func: &FuncId| run(&module, *func, &[Tensor::scalar(2.0f64)])[0].to_f64();
    assert_eq!(
        orders.iter().flat_map(at_two).collect::<Vec<f64>>(),
        [12.0, 12.0, 6.0]
    );
}

#[test]
fn a_reverse_product_takes_a_cotangent_a_result() {
    let mut module = module();
    let pair = function(&mut module, "pair", &[row(2)], |b, x| {
        let double = map(b, Scalar::Add, &[x[0], x[0]]);
        vec![double, map(b, Scalar::Mul, &[x[0], x[0]])]
    });
    let pulled = function(&mut module, "pulled", &[row(2), row(2), row(2)], |b, x| {
        let op = Op::Vjp {
            func: pair,
            wrt: vec![0],
        };
        b.op(op, x).expect("the cotangents fit")
    });
    let module = expanded(module);
    let inputs = [
        vector(&[3.0, 5.0]),
        vector(&[1.0, 0.0]),
        vector(&[0.0, 1.0]),
    ];
    let results = run(&module, pulled, &inputs);
    assert_eq!(results.len(), 3);
    assert_eq!(results[2].to_f64(), [2.0, 10.0]);
}

/// The sum of all that a scan gives: `s' = tanh(s w) + x w` from `s₀ = w`, and as outputs the new states, or else `s x`.
fn scanned(module: &mut Module, is_reversed: bool, keeps_states: bool) -> FuncId {
    let scalar = TensorType::scalar(DType::F64);
    let types = [scalar.clone(), scalar.clone(), scalar.clone()];
    let step = function(module, "step", &types, |b, x| {
        let inner = map(b, Scalar::Mul, &[x[0], x[2]]);
        let inner = map(b, Scalar::Tanh, &[inner]);
        let taken = map(b, Scalar::Mul, &[x[1], x[2]]);
        let new = map(b, Scalar::Add, &[inner, taken]);
        let out = match keeps_states {
            true => new,
            false => map(b, Scalar::Mul, &[x[0], x[1]]),
        };
        vec![new, out]
    });
    let scan = Scan {
        func: step,
        n_states: 1,
        n_each: 1,
        is_reversed,
    };
    function(module, "loss", &[scalar, row(4)], |b, x| {
        let found = b.op(Op::Scan(scan), &[x[0], x[1], x[0]]).expect("it fits");
        let outs = map(b, Scalar::Mul, &[found[1], found[1]]);
        let outs = sum_all(b, outs);
        vec![map(b, Scalar::Add, &[outs, found[0]])]
    })
}

#[test]
fn scans_have_gradients_of_both_orders() {
    for (is_reversed, keeps_states) in [(false, true), (false, false), (true, true), (true, false)]
    {
        let mut module = module();
        let loss = scanned(&mut module, is_reversed, keeps_states);
        let types = [TensorType::scalar(DType::F64), row(4)];
        let slope = |module: &mut Module, func: FuncId, wrt: usize| {
            function(module, "slope", &types, |b, x| {
                let wrt = vec![wrt];
                let found = b.op(Op::Grad { func, wrt }, x).expect("a scalar by floats");
                vec![sum_all(b, found[1])]
            })
        };
        let [by_w, by_x] = [0, 1].map(|wrt| slope(&mut module, loss, wrt));
        let twice = slope(&mut module, by_w, 0);
        let mixed = slope(&mut module, by_x, 0);
        let module = expanded(module);
        let at = |func: FuncId, w: f64, shift: f64| {
            let x = [0.3, -0.7, 1.1, 0.4].map(|x| x + shift);
            run(&module, func, &[Tensor::scalar(w), vector(&x)])[0].to_f64()[0]
        };
        let h = 1e-5;
        let by_w_of = |func: FuncId| (at(func, 0.8 + h, 0.0) - at(func, 0.8 - h, 0.0)) / (2.0 * h);
        let by_x_of = |func: FuncId| (at(func, 0.8, h) - at(func, 0.8, -h)) / (2.0 * h);
        let pairs = [
            (at(by_w, 0.8, 0.0), by_w_of(loss)),
            (at(by_x, 0.8, 0.0), by_x_of(loss)),
            (at(twice, 0.8, 0.0), by_w_of(by_w)),
            (at(mixed, 0.8, 0.0), by_w_of(by_x)),
        ];
        for (found, wanted) in pairs {
            let error = (found - wanted).abs() / wanted.abs().max(1.0);
            assert!(
                error < 1e-6,
                "{found} {wanted}: {is_reversed} {keeps_states}"
            );
        }
    }
}

#[test]
fn barriers_and_integers_let_nothing_through() {
    let mut module = module();
    let loss = function(&mut module, "loss", &[row(2)], |b, x| {
        let ranks = b.op1(Op::Ranks(0), x).expect("any numbers");
        let kept = b.op1(Op::StopGradient, &[ranks]).expect("any numbers");
        let whole = b.cast(x[0], DType::I64).expect("everything converts");
        let whole = b.cast(whole, DType::F64).expect("everything converts");
        let sum = map(b, Scalar::Add, &[kept, whole]);
        vec![sum_all(b, sum)]
    });
    let slope = gradient(&mut module, loss, &row(2));
    let module = expanded(module);
    let x = [vector(&[0.5, -2.5])];
    assert_eq!(run(&module, slope, &x)[0].to_f64(), [0.0, 0.0]);
    assert_eq!(run(&module, loss, &x)[0].to_f64(), [1.0]);
}

#[test]
fn ranks_have_no_derivative() {
    let mut module = module();
    let loss = function(&mut module, "loss", &[row(2)], |b, x| {
        let ranks = b.op1(Op::Ranks(0), x).expect("any numbers");
        vec![sum_all(b, ranks)]
    });
    gradient(&mut module, loss, &row(2));
    let error = expand(&mut module).expect_err("ranks are on the way");
    assert_eq!(error.why.what, "ranks");
}

#[test]
fn full_bases_have_no_derivative() {
    let mut module = module();
    let matrix = TensorType::new(DType::F64, Shape::of([Dim::int(2), Dim::int(3)]));
    let loss = function(
        &mut module,
        "loss",
        std::slice::from_ref(&matrix),
        |b, x| {
            let op = Op::Factor(nnlc::tensor::Factor::FullSvd);
            let values = b.op(op, x).expect("a matrix")[1];
            vec![sum_all(b, values)]
        },
    );
    gradient(&mut module, loss, &matrix);
    let error = expand(&mut module).expect_err("the bases are free to turn");
    assert_eq!(error.why.what, "svd");
}

#[test]
fn ties_share_equally() {
    let mut module = module();
    let loss = function(&mut module, "loss", &[row(3)], |b, x| {
        let monoid = nnlc::tensor::Monoid::Max;
        b.op(Op::Reduce(monoid, vec![0]), x).expect("numbers")
    });
    let slope = gradient(&mut module, loss, &row(3));
    let module = expanded(module);
    let found = run(&module, slope, &[vector(&[1.0, 4.0, 4.0])]);
    assert_eq!(found[0].to_f64(), [0.0, 0.5, 0.5]);
}

#[test]
fn one_program_serves_every_batch() {
    let mut module = module();
    let n = Dim::sym(module.dims.fresh("n", SymKind::Rigid, None));
    let ty = TensorType::new(DType::F64, Shape::of([n, Dim::int(2)]));
    let loss = function(&mut module, "loss", std::slice::from_ref(&ty), |b, x| {
        let square = map(b, Scalar::Mul, &[x[0], x[0]]);
        vec![sum_all(b, square)]
    });
    let slope = gradient(&mut module, loss, &ty);
    let module = expanded(module);
    for rows in [1, 3] {
        let x = Tensor::full(DType::F64, &[rows, 2], 1.5);
        let found = run(&module, slope, &[x]);
        assert_eq!(found[0].shape(), [rows, 2]);
        assert!(found[0].to_f64().iter().all(|&slope| slope == 3.0));
    }
    assert!(verify(&module).is_ok());
    let text = print_module(&module);
    assert!(
        text.starts_with("fn gradient(%0: f64[n, 2] = arg x0) -> (y: %"),
        "{text}"
    );
}
