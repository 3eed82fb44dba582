//! Programs from text to output: what training promises.

mod lost_images;

use std::path::Path;

use super::*;
use crate::lower::Mode;
use crate::train::{Ended, Event, Flow};

/// What became of a program.
struct Ran {
    session: Session,
    outputs: Vec<Output>,
    result: Result<Flow, Diagnostics>,
}

/// A program about `rows` rows of two columns and what follows from them.
fn regression(rows: usize, settings: &str) -> String {
    let column = |f: &dyn Fn(usize) -> f64| {
        let values: Vec<String> = (0..rows).map(|row| format!("{:.3}", f(row))).collect();
        values.join(", ")
    };
    let a = column(&|row| (row as f64 * 0.7).rem_euclid(2.0) - 1.0);
    let b = column(&|row| (row as f64 * 1.3).rem_euclid(2.0) - 1.0);
    let c = column(&|row| (row as f64 * 1.4).rem_euclid(2.0) - (row as f64 * 1.3).rem_euclid(2.0));
    format!(
        "use nn::{{Dense}};
         data rows {{ source: table({{ a: [{a}], b: [{b}], c: [{c}] }}), x: [a, b], y: c, {} }}
         model Line(x: [batch, 2]) -> [batch] {{ x |> Dense(4) |> Dense(1) |> squeeze(1) }}
         train fit {{ model: Line, data: rows, loss: mean((out - y) ^ 2), {settings} }}",
        "split: { train: 75%, val: 25%, by: order }"
    )
}

fn run_with(options: Options, text: &str, mode: Mode) -> Ran {
    run_listening(options, text, mode, &mut |_| Flow::Continue)
}

fn run_listening(
    options: Options,
    text: &str,
    mode: Mode,
    listen: &mut dyn FnMut(&Output) -> Flow,
) -> Ran {
    let (mut session, reports) = Session::new(options);
    assert!(reports.is_empty(), "{reports:?}");
    let (program, reports) = session.load_text(Path::new("main.nnl"), text);
    let mut outputs = vec![];
    let Some(program) = program else {
        return Ran {
            session,
            outputs,
            result: Err(reports),
        };
    };
    let (compiled, reports) = session.compile(program, mode);
    let result = match compiled {
        Some(compiled) => session.execute(compiled, &mut |output| {
            let flow = listen(&output);
            outputs.push(output);
            flow
        }),
        None => Err(reports),
    };
    Ran {
        session,
        outputs,
        result,
    }
}

fn run(text: &str) -> Ran {
    run_with(Options::default(), text, Mode::Run)
}

impl Ran {
    fn trained(&self) -> &Trained {
        assert!(self.result.is_ok(), "{:?}", self.result);
        self.session.trained("fit").expect("the run is called fit")
    }

    fn weights(&self) -> Vec<f64> {
        let weights = self.trained().weights.iter();
        weights.flat_map(|(_, tensor)| tensor.to_f64()).collect()
    }

    fn codes(&self) -> Vec<String> {
        let reports = self.result.as_ref().expect_err("the program fails");
        reports
            .iter()
            .map(|report| report.code.to_string())
            .collect()
    }
}

fn nearly(left: &[f64], right: &[f64]) -> bool {
    let near = |(x, y): (&f64, &f64)| (x - y).abs() < 1e-6;
    left.len() == right.len() && left.iter().zip(right).all(near)
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let text = regression(
        40,
        "optimizer: adam(lr: 1e-2), epochs: 3, batch: 7, seed: 3",
    );
    let of = |options| run_with(options, &text, Mode::Run);
    let first = of(Options::default());
    let threads = |threads| Options {
        threads,
        ..Options::default()
    };
    for other in [threads(1), threads(2)].map(of) {
        assert_eq!(first.trained().weights, other.trained().weights);
        assert_eq!(first.trained().history, other.trained().history);
        assert_eq!(first.outputs, other.outputs);
    }
    let seeded = of(Options {
        seed: Some(4),
        ..Options::default()
    });
    assert_ne!(first.trained().weights, seeded.trained().weights);
}

#[test]
fn groups_of_batches_update_as_one_batch_does() {
    // 24 rows to train on: two groups of which the second is not whole.
    let settings = |more: &str| format!("optimizer: sgd(lr: 0.05), epochs: 3, seed: 1, {more}");
    let whole = run(&regression(32, &settings("batch: 16")));
    let parts = run(&regression(32, &settings("batch: 8, accumulate: 2")));
    assert_eq!((whole.trained().steps, parts.trained().steps), (6, 6));
    assert!(nearly(&whole.weights(), &parts.weights()));
}

#[test]
fn the_short_last_batch_is_used_and_losses_are_weighted_by_rows() {
    // Weights that hardly move: the mean over batches is the loss of the part.
    let settings = "optimizer: sgd(lr: 1e-30), epochs: 1, seed: 1, metrics: [whole]";
    let text = regression(40, &format!("batch: 7, {settings}"));
    let text = format!("fn whole(out: [n], y: [n]) -> [] = mean((out - y) ^ 2);\n{text}");
    let ran = run(&text);
    let history = &ran.trained().history;
    assert_eq!(ran.trained().steps, 5);
    let value = |name| history.last(name).expect("it is recorded");
    assert!((value("val.loss") - value("val.whole")).abs() < 1e-6);
    let on_train = text.replace("seed: 1,", "seed: 1, evaluate: { on: [train] },");
    let ran = run(&on_train);
    let value = |name| ran.trained().history.last(name).expect("it is recorded");
    assert!((value("train.loss") - value("train.whole")).abs() < 1e-6);
}

#[test]
fn early_stopping_puts_the_best_weights_back() {
    // A rate so large that the loss keeps jumping.
    let stop = |more: &str| {
        regression(
            40,
            &format!(
                "optimizer: adam(lr: 0.1), epochs: 500, batch: 4, seed: 2,
                 early_stop: {{ on: val.loss, patience: 5 epochs {more} }}"
            ),
        )
    };
    let ran = run(&format!(
        "{}\nshow evaluate(fit, on: rows.val, metrics: [mse]);",
        stop("")
    ));
    let trained = ran.trained();
    let best = trained.best.expect("a loss is a number");
    assert_eq!((trained.ended, trained.restored), (Ended::Early, true));
    assert_eq!(trained.epochs, best.epoch + 5);
    let Some(Output::Show {
        value: View::Record(metrics),
        ..
    }) = ran.outputs.last()
    else {
        panic!("{:?}", ran.outputs.last());
    };
    let [(_, View::Tensor(mse))] = &metrics[..] else {
        panic!("{metrics:?}");
    };
    assert!(nearly(&mse.to_f64(), &[best.value]));
    let kept = run(&stop(", restore: false"));
    assert_ne!(kept.trained().weights, trained.weights);
}

#[test]
fn frozen_weights_stay_and_the_others_move() {
    let text = |epochs: u32| {
        regression(
            24,
            &format!("optimizer: sgd(lr: 0.05), epochs: {epochs}, batch: 8, freeze: [Dense[0]]"),
        )
    };
    let (short, long) = (run(&text(1)), run(&text(5)));
    for ((role, before), (_, after)) in short.trained().weights.iter().zip(&long.trained().weights)
    {
        let is_frozen = role.path().starts_with("Dense[0]");
        assert_eq!(before == after, is_frozen, "{role}");
    }
}

#[test]
fn steps_are_a_length_too_and_evaluations_may_fall_between_epochs() {
    let ran = run(&regression(
        40,
        "optimizer: sgd(lr: 0.01), steps: 10, batch: 8, evaluate: { every: 3 steps }",
    ));
    let steps: Vec<u64> = ran
        .trained()
        .history
        .records()
        .iter()
        .map(|record| record.step)
        .collect();
    assert_eq!(steps, [3, 4, 6, 8, 9, 10]);
    let evaluated: Vec<f64> = ran
        .trained()
        .history
        .curve("val.loss")
        .iter()
        .map(|point| point.0)
        .collect();
    assert_eq!(evaluated, [3.0, 6.0, 9.0, 10.0]);
}

#[test]
fn a_run_that_is_asked_to_stop_finishes_its_step() {
    let text = regression(40, "optimizer: sgd(lr: 0.01), epochs: 10, batch: 8");
    let mut listen = |output: &Output| {
        if matches!(output, Output::Event(Event::Step { step: 3, .. })) {
            return Flow::Stop;
        }
        Flow::Continue
    };
    let ran = run_listening(Options::default(), &text, Mode::Run, &mut listen);
    assert_eq!(
        (ran.trained().steps, ran.trained().ended),
        (3, Ended::Interrupted)
    );
    assert_eq!(ran.result, Ok(Flow::Stop));
}

#[test]
fn a_loss_that_is_no_number_stops_the_run_at_once() {
    let ran = run(&regression(
        40,
        "optimizer: sgd(lr: 1e30), epochs: 10, batch: 8",
    ));
    assert_eq!(ran.codes(), ["nnl::num::E0610"]);
    let report = ran.result.expect_err("it diverges");
    let report = report.iter().next().expect("one report");
    assert!(report.message.ends_with("in step 2"), "{report:?}");
    assert!(
        report.labels[0].text.contains("batch 2 of 4 of epoch 1"),
        "{report:?}"
    );
}

#[test]
fn what_early_stopping_watches_must_be_recorded() {
    let stop = "early_stop: { on: val.los, patience: 5 epochs }";
    let ran = run(&regression(
        40,
        &format!("optimizer: sgd(lr: 0.1), epochs: 2, {stop}"),
    ));
    assert_eq!(ran.codes(), ["nnl::train::E0510"]);
}

#[test]
fn settings_of_the_command_line_take_the_place_of_the_programs() {
    let text = format!(
        "dim wide = 4;\n{}",
        regression(24, "optimizer: sgd(lr: 0.05), epochs: 2, batch: 8")
    );
    let text = text.replace("Dense(4)", "Dense(wide)");
    let set = |sets: &[&str]| {
        let sets = sets.iter().map(|set| (*set).to_owned()).collect();
        run_with(
            Options {
                sets,
                ..Options::default()
            },
            &text,
            Mode::Run,
        )
    };
    assert_eq!(set(&["train.epochs=5"]).trained().epochs, 5);
    assert_eq!(set(&["fit.steps=7"]).trained().steps, 7);
    assert_eq!(
        set(&["fit.evaluate.every=1 steps"])
            .trained()
            .history
            .records()
            .len(),
        6
    );
    let wide = set(&["dim.wide=3 * 2"]);
    assert_eq!(wide.trained().weights[0].1.shape(), [2, 6]);
    for (wrong, code, place) in [
        ("train.epocs=5", "nnl::name::E0057", "epocs"),
        ("fti.epochs=5", "nnl::name::E0070", "fti"),
        ("dim.wyde=5", "nnl::name::E0070", "wyde"),
        ("epochs=5", "nnl::name::E0071", "epochs=5"),
        ("train.batch=eight", "nnl::name::E0051", "eight"),
    ] {
        let ran = set(&[wrong]);
        assert_eq!(ran.codes(), [code], "{wrong}");
        let reports = ran.result.as_ref().expect_err("it is wrong");
        let label = &reports.iter().next().expect("one report").labels[0];
        assert_eq!(ran.session.sources().text(label.span), place);
        assert_eq!(
            ran.session.sources().get(label.span.source).text.as_ref(),
            wrong
        );
    }
}

#[test]
fn assertions_end_a_program_and_fail_a_test() {
    let text = "let x = [1.0, 2.0];\ntest \"holds\" { assert sum(x) == 3; }\ntest \"fails\" { assert sum(x) < 2; }";
    let ran = run_with(Options::default(), text, Mode::Test);
    let [
        Output::TestPassed { .. },
        Output::TestFailed { name, failures },
    ] = &ran.outputs[..]
    else {
        panic!("{:?}", ran.outputs);
    };
    assert_eq!(name, "fails");
    let notes = &failures.iter().next().expect("one failure").notes;
    assert_eq!(notes, &["`sum(x)` is 3", "`2` is 2"]);
    assert_eq!(run("assert 1 > 2;").codes(), ["nnl::num::E0620"]);
}

#[test]
fn a_saved_model_comes_back_and_tells_where_it_does_not_fit() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("line.nnlm");
    let text = regression(24, "optimizer: sgd(lr: 0.05), epochs: 2, batch: 8");
    let ran = run(&format!(
        "{text}\nsave fit to {:?};",
        path.display().to_string()
    ));
    let span = ran.session.runs[0].0.span;
    let (model, warnings) = crate::train::load(&path, None, span).expect("it was saved");
    assert!(warnings.is_empty());
    assert_eq!(model.weights, ran.trained().weights);
    assert_eq!(model.signature.inputs, ["x: [batch, 2]"]);
    assert_eq!(model.fitted.len(), 2);
    let mut other = model.signature.clone();
    other.params[0].shape = vec![2, 5];
    other.params[1].path = "Dense[0].shift".into();
    let report = crate::train::load(&path, Some(&other), span).expect_err("it does not fit");
    assert_eq!(report.notes.len(), 3, "{report:?}");
    let bytes = std::fs::read(&path).expect("it is there");
    for len in (0..bytes.len()).step_by(97) {
        std::fs::write(&path, &bytes[..len]).expect("it can be written");
        assert!(crate::train::load(&path, None, span).is_err());
    }
}

#[test]
fn a_line_at_the_prompt_sees_the_lines_before_it_and_repeats_none() {
    let (mut session, _) = Session::new(Options::default());
    let mut outputs = vec![];
    let mut line = |text: &str| {
        let program = session.load_line(text).0.expect("it parses");
        let (compiled, reports) = session.compile(program, Mode::Run);
        let compiled = compiled.unwrap_or_else(|| panic!("{text}: {reports:?}"));
        let flow = session.execute(compiled, &mut |output| {
            outputs.push(output);
            Flow::Continue
        });
        assert_eq!(flow, Ok(Flow::Continue));
        std::mem::take(&mut outputs)
    };
    assert!(line(&regression(24, "optimizer: sgd(lr: 0.05), epochs: 2")).len() > 3);
    assert!(line("fn twice(x: [..s]) -> [..s] = 2 * x;").is_empty());
    assert!(line("let z = fit.model([[1.0, 2.0]]);").is_empty());
    assert_eq!(line("show twice(z) - z;").len(), 1);
    assert!(line("fn twice(x: [..s]) -> [..s] = x + x;").is_empty());
    assert_eq!(line("twice(z)").len(), 1);
    let again = line(&regression(24, "optimizer: sgd(lr: 0.05), epochs: 3"));
    let is_start = |output: &&Output| matches!(output, Output::Event(Event::RunStart { .. }));
    assert_eq!(again.iter().filter(is_start).count(), 1);
    assert_eq!(
        session.trained("fit").map(|trained| trained.epochs),
        Some(3)
    );
}

#[test]
fn programs_that_cannot_be_read_say_why() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (mut session, _) = Session::new(Options::default());
    let latin = folder.path().join("latin.nnl");
    std::fs::write(&latin, b"// caf\xe9\n").expect("it can be written");
    let cases = [
        (folder.path().join("latln.nnl"), codes::NO_PROGRAM),
        (folder.path().to_path_buf(), codes::NOT_A_FILE),
        (latin, crate::syntax::codes::NOT_UTF8),
    ];
    for (path, code) in cases {
        let (program, reports) = session.load_file(&path);
        assert!(program.is_none());
        let found: Vec<_> = reports.iter().map(|report| report.code).collect();
        assert_eq!(found, [code]);
    }
}

#[test]
fn examples_of_the_library_hold() {
    let (mut session, _) = Session::new(Options::default());
    let mut n_examples = 0;
    let reports = session.examples(None, &mut |example, verdict| {
        n_examples += 1;
        assert_eq!(verdict, Verdict::Holds, "{example:?}");
        Flow::Continue
    });
    assert!(reports.is_empty() && n_examples > 100);
}
