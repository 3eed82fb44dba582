//! Every program that runs, under both engines, with other numbers of threads, with passes and without.

use std::path::{Path, PathBuf};
use std::process::Command;

use nnlc::lower::Mode;
use nnlc::opt::Passes;
use nnlc::session::{EngineKind, Options, Output, Session, View};
use nnlc::tensor::Tensor;
use nnlc::train::Flow;
use serde_json::Value;

use super::{distance, same_bits};
use crate::suite_runner::place_of_the_suite;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// What a program shows, as JSON lines.
pub(super) fn shown(path: &Path, engine: &str, threads: &str) -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    let options = ["run", "--json", "--engine", engine, "--threads", threads];
    let output = command.args(options).arg(path).output().expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {errors}", path.display());
    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    lines.filter(|line| line["event"] != "done").collect()
}

/// The same but for the last digits of numbers: training carries a difference of rounding on.
pub(super) fn near(x: &Value, y: &Value) -> bool {
    match (x, y) {
        (Value::Number(x), Value::Number(y)) => {
            let [x, y] = [x, y].map(|n| n.as_f64().unwrap_or(f64::NAN));
            (x - y).abs() <= 2e-2 * (1.0 + y.abs())
        }
        (Value::Array(x), Value::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| near(x, y))
        }
        (Value::Object(x), Value::Object(y)) => {
            let member = |(key, x): (&String, &Value)| y.get(key).is_some_and(|y| near(x, y));
            x.len() == y.len() && x.iter().all(member)
        }
        _ => x == y,
    }
}

/// So deep that training carries a difference of rounding far: one engine alone, with other numbers of threads.
const DEEP: [&str; 1] = ["digits_resnet.nnl"];

/// These train for minutes; the library's examples hold what they are made of.
const LONG: [&str; 5] = [
    "mnist_cnn.nnl",
    "lenet.nnl",
    "gpt.nnl",
    "char_lstm.nnl",
    "names.nnl",
];

fn programs(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).expect("it is there");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "nnl"))
        .filter(|path| !LONG.iter().any(|long| path.ends_with(long)))
        .collect();
    found.sort();
    found
}

#[test]
fn programs_agree() {
    for path in programs("examples") {
        let found = shown(&path, "jit", "1");
        assert_eq!(
            found,
            shown(&path, "jit", "2"),
            "{}: threads",
            path.display()
        );
        if DEEP.iter().any(|deep| path.ends_with(deep)) {
            continue;
        }
        let expected = shown(&path, "interp", "1");
        assert_eq!(found.len(), expected.len(), "{}", path.display());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                near(found, expected),
                "{}: {found} {expected}",
                path.display()
            );
        }
    }
}

#[test]
fn the_library_s_examples_hold_under_the_interpreter_too() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    let output = command.args(["test", "--engine", "interp"]).output();
    let output = output.expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
}

/// A program of the suite in a folder of its own, where it finds the data of the tests; and whether something stopped it.
fn ran(
    path: &Path,
    text: &str,
    options: Options,
    hear: &mut dyn FnMut(Output) -> Flow,
) -> (Session, bool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let place = place_of_the_suite(folder.path());
    let (mut session, _) = Session::new(options);
    let (program, reports) = session.load_text(&place.join("program.nnl"), text);
    let program = program.unwrap_or_else(|| panic!("{}: {reports:?}", path.display()));
    let (compiled, reports) = session.compile(program, Mode::Run);
    let compiled = compiled.unwrap_or_else(|| panic!("{}: {reports:?}", path.display()));
    let is_stopped = session.execute(compiled, hear).is_err();
    (session, is_stopped)
}

/// Without passes a model is asked for whole windows, with them for one more place.
#[test]
fn texts_are_the_same_token_by_token_and_window_by_window() {
    let path = Path::new(ROOT).join("tests/parity/drawn_token_by_token.nnl");
    let text = std::fs::read_to_string(&path).expect("readable");
    let drawn = |passes| {
        let mut texts = vec![];
        ran(
            &path,
            &text,
            options(EngineKind::Jit, 1, passes),
            &mut |output| {
                if let Output::Show {
                    value: View::Drawn(text),
                    ..
                } = output
                {
                    texts.push(text);
                }
                Flow::Continue
            },
        );
        texts
    };
    let by_tokens = drawn(Passes::All);
    assert_eq!(by_tokens.len(), 6);
    assert_eq!(by_tokens, drawn(Passes::None));
}

/// Every tensor that a program leaves: what it binds, what it measures, what it trains.
fn left(path: &Path, text: &str, options: Options) -> Vec<(String, Tensor)> {
    let (session, is_stopped) = ran(path, text, options, &mut |_| Flow::Continue);
    let globals = session.global_names().map(|name| {
        let tensor = session.global(name).expect("it has this name");
        (name.to_owned(), tensor.clone())
    });
    let stopped = is_stopped.then(|| ("stopped".to_owned(), Tensor::scalar(true)));
    globals.chain(stopped).collect()
}

fn options(engine: EngineKind, threads: usize, passes: Passes) -> Options {
    Options {
        engine,
        threads,
        passes,
        ..Options::default()
    }
}

/// How far engines may be apart, by the largest number of a tensor. Their sums and products round otherwise; 64 units in the last
/// place is what that comes to over the sizes here, and training carries it on.
fn limit(text: &str, x: &Tensor) -> f64 {
    let unit = if x.dtype().size() == 8 {
        f64::EPSILON
    } else {
        f64::from(f32::EPSILON)
    };
    match text.contains("train ") {
        true => 1e-3,
        false => 64.0 * unit,
    }
}

#[test]
fn suite_programs_agree_with_and_without_passes() {
    for path in programs("tests/suite/run") {
        let text = std::fs::read_to_string(&path).expect("readable");
        for passes in [Passes::All, Passes::None] {
            let run =
                |engine, threads| left(&path, &text, options(engine, threads, passes.clone()));
            let (names, found): (Vec<String>, Vec<Tensor>) =
                run(EngineKind::Jit, 1).into_iter().unzip();
            let (_, shared): (Vec<String>, Vec<Tensor>) =
                run(EngineKind::Jit, 2).into_iter().unzip();
            assert!(same_bits(&found, &shared), "{}: threads", path.display());
            let expected = run(EngineKind::Interpreter, 1);
            assert_eq!(found.len(), expected.len(), "{}", path.display());
            for ((name, found), (_, expected)) in names.iter().zip(&found).zip(&expected) {
                let (far, limit) = (distance(found, expected), limit(&text, expected));
                assert!(far <= limit, "{}: `{name}` is {far:e} away", path.display());
            }
        }
    }
}
