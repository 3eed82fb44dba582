//! Native code against the interpreter: random functions, and every program that runs. `PARITY_CASES` and `PARITY_SEED` ask for more
//! functions, or other ones.

mod budget;
mod images;
mod programs;
mod recipe;

use std::env;

use nnlc::engine::{Engine, Interpreter, Jit};
use nnlc::grad::expand;
use nnlc::ir::{FuncId, Module, Op};
use nnlc::tensor::{Tensor, set_threads};
use nnlc::types::DType;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};

use crate::gradcheck::case::{check_module, function, module, type_of, weighted_sum};
use recipe::{Recipe, Steps, recipes};

fn asked(name: &str, usual: u64) -> u64 {
    let text = env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(usual)
}

fn each(steps: Steps, usual_cases: u64, test: impl Fn(&Recipe)) {
    let seed = asked("PARITY_SEED", 1);
    let config = ProptestConfig {
        cases: u32::try_from(asked("PARITY_CASES", usual_cases)).expect("a number of cases"),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let run = TestRunner::new(config).run(&recipes(steps), |recipe| {
        test(&recipe);
        Ok(())
    });
    if let Err(error) = run {
        panic!("seed {seed}: {error}");
    }
}

/// A module with the recipe's function, and one that gives its gradient.
fn functions(recipe: &Recipe) -> (Module, [FuncId; 2], Vec<Tensor>) {
    let inputs = recipe.inputs();
    let types: Vec<_> = inputs.iter().map(type_of).collect();
    let mut module = module();
    let values = function(&mut module, "values", &types, |b, x| recipe.body(b, x));
    let loss = function(&mut module, "loss", &types, |b, x| {
        let last = *recipe.body(b, x).last().expect("at least the inputs");
        vec![weighted_sum(b, last, 5)]
    });
    let wrt: Vec<usize> = (0..types.len()).collect();
    let slope = function(&mut module, "slope", &types, |b, x| {
        b.op(Op::Grad { func: loss, wrt }, x)
            .expect("a scalar by floats")
    });
    check_module(&module, "parity");
    expand(&mut module).expect("everything has a gradient");
    (module, [values, slope], inputs)
}

/// The results where the inputs are others' too, which must be those where they may be written over.
fn run(engine: &dyn Engine, module: &Module, func: FuncId, inputs: &[Tensor]) -> Vec<Tensor> {
    let mut program = engine.prepare(module, func).expect("it is flat");
    let first = program.run(inputs.to_vec()).expect("it runs");
    assert_eq!(engine.hindrance(), None, "it runs as native code");
    let own = inputs.iter().map(copy).collect();
    let again = program.run(own).expect("it runs again");
    assert!(
        same_bits(&first, &again),
        "inputs that may be written over give other bytes\n{}",
        nnlc::ir::print_func(&module.funcs[func], module)
    );
    first
}

/// The same numbers in a buffer of their own.
fn copy(x: &Tensor) -> Tensor {
    Tensor::from_vec(x.shape().to_vec(), x.to_f64()).cast(x.dtype())
}

fn bits(x: &Tensor) -> Vec<u64> {
    x.to_f64().iter().map(|x| x.to_bits()).collect()
}

fn same_bits(x: &[Tensor], y: &[Tensor]) -> bool {
    let same = |(x, y): (&Tensor, &Tensor)| {
        x.shape() == y.shape() && x.dtype() == y.dtype() && bits(x) == bits(y)
    };
    x.len() == y.len() && x.iter().zip(y).all(same)
}

/// The largest difference, by the largest number.
fn distance(x: &Tensor, y: &Tensor) -> f64 {
    let (x, y) = (x.to_f64(), y.to_f64());
    let size = y.iter().fold(1e-3, |size: f64, y| size.max(y.abs()));
    let differences = x
        .iter()
        .zip(&y)
        .map(|(x, y)| match x.to_bits() == y.to_bits() {
            true => 0.0,
            false => (x - y).abs() / size,
        });
    differences.fold(0.0, f64::max)
}

fn agree(recipe: &Recipe, limit: f64) {
    let (module, funcs, inputs) = functions(recipe);
    for func in funcs {
        let expected = run(&Interpreter::default(), &module, func, &inputs);
        let found = run(&Jit::default(), &module, func, &inputs);
        for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(found.shape(), expected.shape());
            assert_eq!(found.dtype(), expected.dtype());
            let distance = distance(found, expected);
            assert!(
                distance <= limit,
                "result {place} is {distance:e} away: {found:?} instead of {expected:?}\n{}",
                nnlc::ir::print_func(&module.funcs[func], &module)
            );
        }
    }
}

#[test]
fn random_functions_agree() {
    each(Steps::All, 600, |recipe| agree(recipe, 1e-9));
}

#[test]
fn elementwise_functions_agree_to_the_bit() {
    each(Steps::Elementwise, 300, |recipe| {
        let (module, [func, _], inputs) = functions(recipe);
        let expected = run(&Interpreter::default(), &module, func, &inputs);
        let found = run(&Jit::default(), &module, func, &inputs);
        assert!(
            same_bits(&found, &expected),
            "{}",
            nnlc::ir::print_func(&module.funcs[func], &module)
        );
    });
}

#[test]
fn threads_change_no_byte() {
    each(Steps::All, 60, |recipe| {
        let (module, [_, slope], inputs) = functions(recipe);
        let with = |n: usize| {
            set_threads(n);
            run(&Jit::sharing(), &module, slope, &inputs)
        };
        let alone = with(1);
        for n in [2, 3, 7] {
            assert!(same_bits(&with(n), &alone), "{n} threads");
        }
        set_threads(0);
    });
}

#[test]
fn other_element_types_agree() {
    each(Steps::All, 100, |recipe| {
        let recipe = recipe.clone().of(DType::F32);
        agree(&recipe, 2e-3);
    });
}
