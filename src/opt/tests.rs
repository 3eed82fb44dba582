//! The pipeline as a whole: what it computes stays the same, and long functions stay cheap.

use proptest::prelude::*;

use super::testing::*;
use super::*;
use crate::scalar::Scalar;
use crate::tensor::Tensor;

/// Passes that keep every bit.
const EXACT: [&str; 4] = ["fold", "simplify", "cse", "dce"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(any::<Step>(), 1..24)
}

fn odd_numbers() -> impl Strategy<Value = Vec<f64>> {
    let number = prop::sample::select(vec![
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.3,
        -7.25,
        1e200,
        -1e-200,
        f64::INFINITY,
        f64::NAN,
    ]);
    prop::collection::vec(number, 31)
}

fn whole_numbers() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-3i32..4).prop_map(f64::from), 31)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exact_passes_keep_every_bit(steps in steps(), elements in odd_numbers()) {
        let before = random_program(&steps, false);
        let inputs = random_inputs(&elements);
        let expected = bits(&before.run(&inputs));
        for passes in EXACT.iter().map(std::slice::from_ref).chain([&EXACT[..]]) {
            let (after, _) = before.after(passes);
            prop_assert_eq!(&bits(&after.run(&inputs)), &expected, "{:?}\n{}\n{}", passes, before.shown(), after.shown());
        }
    }

    #[test]
    fn every_pass_keeps_sums_of_whole_numbers(steps in steps(), elements in whole_numbers()) {
        let before = random_program(&steps, true);
        let inputs = random_inputs(&elements);
        let expected = before.run(&inputs);
        // Sums of numbers below 2^53 are exact in any order; of larger ones, infinite ones and what comes of them, nothing is promised.
        let is_exact = |x: &Tensor| x.to_f64().iter().all(|x| x.abs() < 1e12);
        for pass in PIPELINE {
            let (after, _) = before.after(&[pass.name]);
            let found = after.run(&inputs);
            if expected.iter().all(is_exact) {
                prop_assert_eq!(&found, &expected, "{}\n{}\n{}", pass.name, before.shown(), after.shown());
            }
        }
        let mut after = before.clone();
        optimise(&mut after.module, &[before.id], &Passes::All);
        if expected.iter().all(is_exact) {
            prop_assert_eq!(&after.run(&inputs), &expected, "{}\n{}", before.shown(), after.shown());
        }
        let again = after.after(&EXACT).0;
        prop_assert_eq!(again.module.funcs[again.id].body.len(), after.module.funcs[after.id].body.len());
    }
}

#[test]
fn no_passes_change_nothing() {
    let program = random_program(&[(1, 0, 1, 0), (12, 0, 0, 0)], true);
    let mut after = program.clone();
    let notes = optimise(&mut after.module, &[program.id], &Passes::None);
    assert_eq!((after.shown(), notes), (program.shown(), vec![]));
}

#[test]
fn a_hundred_thousand_instructions_are_fine() {
    let long = program(|b| {
        let (mut x, w) = (floats(b, &[2, 2]), floats(b, &[2, 2]));
        for step in 0..20_000 {
            let c = b.number(f64::from(step % 7), b.dtype(x));
            let scaled = b.map(Scalar::Mul, &[x, c]).expect("shapes agree");
            let moved = b.transpose(scaled).expect("a matrix");
            let product = matmul(b, moved, w);
            x = b.map(Scalar::Tanh, &[product]).expect("floats");
        }
        vec![x]
    });
    let mut after = long.clone();
    optimise(&mut after.module, &[long.id], &Passes::All);
    let body = &after.module.funcs[after.id].body;
    assert!(body.len() < 80_000, "{}", body.len());
}
