//! The examples: what they print, with numbers left out since the last digits are the machine's, and how well they do.

use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn nnlc(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    let output = command
        .current_dir(ROOT)
        .args(args)
        .output()
        .expect("nnlc starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {errors}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The text with every number replaced, and pictures of curves and images left out.
fn without_numbers(text: &str) -> String {
    let mut out = String::new();
    for line in text
        .lines()
        .filter(|line| !line.contains(['┤', '│', '└', '⠤', '░', '▒', '▓', '█']))
    {
        let mut in_number = false;
        for c in line.chars() {
            let is_number = c.is_ascii_digit() || (in_number && (c == '.' || c == 'e'));
            if is_number && !in_number {
                out.push('#');
            }
            if !is_number {
                out.push(c);
            }
            in_number = is_number;
        }
        out.push('\n');
    }
    // Columns are as wide as their numbers.
    out.split('\n')
        .map(|line| {
            line.split(' ')
                .filter(|word| !word.is_empty())
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Examples that train for minutes, some on data that is not in the repository: they have tests of their own.
const LONG: [&str; 5] = ["mnist_cnn", "lenet", "gpt", "char_lstm", "names"];

#[test]
#[expect(
    clippy::print_stderr,
    reason = "who runs the tests is told what they leave out"
)]
fn examples_on_data_from_elsewhere_are_without_fault() {
    let data = std::path::Path::new(ROOT).join("../shared/data/mnist");
    match data.is_dir() {
        true => ["mnist_cnn", "lenet"].iter().for_each(|example| {
            nnlc(&["check", &format!("examples/{example}.nnl")]);
        }),
        false => eprintln!("skipped: {} is not there", data.display()),
    }
}

/// A short run of an example that writes a text.
fn short(example: &str, more: &[&str]) -> String {
    let path = format!("examples/{example}.nnl");
    let small = ["fit.steps=2", "fit.batch=2", "dim.seq=16", "dim.layers=1"];
    let small = small
        .iter()
        .filter(|set| example == "gpt" || !set.contains("layers"));
    let sets = small.flat_map(|set| ["--set", set]);
    let args: Vec<&str> = ["run", "--json", &path].into_iter().chain(sets).collect();
    nnlc(&[&args, more].concat())
}

/// What an example writes, the last thing that it shows.
fn written(output: &str) -> String {
    let last = output.lines().last().expect("something is shown");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON lines");
    last["value"].as_str().expect("a text").to_owned()
}

#[test]
fn models_of_texts_write_the_same_for_any_thread_count() {
    let once = short("char_lstm", &["--threads", "1"]);
    assert_eq!(once, short("char_lstm", &["--threads", "2"]));
    let text = written(&once);
    assert!(text.starts_with("ROMEO:"), "{text}");
    assert_eq!(text.chars().count(), "ROMEO:".len() + 400);
}

#[test]
fn names_are_made_up_until_their_line_ends() {
    let text = written(&nnlc(&[
        "run",
        "--json",
        "examples/names.nnl",
        "--set",
        "fit.steps=2",
    ]));
    assert!(text.starts_with("\nmar"), "{text}");
    let length = text.chars().count();
    assert!(
        text.ends_with('\n') || length == "\nmar".len() + 12,
        "{text}"
    );
}

#[test]
fn examples_print_what_they_did() {
    insta::glob!(
        std::path::Path::new(ROOT).join("examples"),
        "*.nnl",
        |path| {
            let stem = path
                .file_stem()
                .expect("it matched")
                .to_string_lossy()
                .into_owned();
            if LONG.contains(&stem.as_str()) {
                return;
            }
            let output = nnlc(&["run", "-q", path.to_str().expect("a plain path")]);
            let mut settings = insta::Settings::clone_current();
            settings.set_snapshot_path(std::path::Path::new(ROOT).join("tests/snapshots/examples"));
            settings.set_prepend_module_to_snapshot(false);
            settings.set_omit_expression(true);
            settings.remove_input_file();
            settings.remove_snapshot_suffix();
            settings.bind(|| insta::assert_snapshot!(stem, without_numbers(&output)));
        }
    );
}

/// The metrics that an example shows, by name.
fn metrics(example: &str) -> serde_json::Value {
    let output = nnlc(&["run", "--json", &format!("examples/{example}.nnl")]);
    let lines = output
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON lines"));
    let shown = |line: &serde_json::Value| {
        line["event"] == "show"
            && line["title"]
                .as_str()
                .is_some_and(|title| title.starts_with("evaluate"))
    };
    let line: serde_json::Value = lines
        .into_iter()
        .find(shown)
        .expect("an evaluation is shown");
    line["value"].clone()
}

/// A scalar metric, however deep its value stands.
fn scalar(metrics: &serde_json::Value, name: &str) -> f64 {
    let value = &metrics[name];
    let value = if value.is_object() {
        &value["value"]
    } else {
        value
    };
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{name} in {metrics}"))
}

#[test]
fn examples_are_as_good_as_they_claim() {
    assert!(scalar(&metrics("iris"), "accuracy") >= 0.93);
    assert!(scalar(&metrics("digits"), "accuracy") >= 0.96);
    assert!(scalar(&metrics("digits_cnn"), "accuracy") >= 0.97);
    assert!(scalar(&metrics("digits_resnet"), "accuracy") >= 0.97);
    assert!(scalar(&metrics("diabetes"), "r2") >= 0.4);
    assert!(scalar(&metrics("breast_cancer"), "auc") >= 0.98);
    assert!(scalar(&metrics("xor"), "binary_accuracy") >= 1.0);
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    let once = nnlc(&["run", "examples/digits.nnl", "--threads", "1"]);
    assert_eq!(
        once,
        nnlc(&["run", "examples/digits.nnl", "--threads", "1"])
    );
    assert_eq!(
        once,
        nnlc(&["run", "examples/digits.nnl", "--threads", "2"])
    );
}

#[test]
fn tests_of_examples_pass() {
    for example in ["least_squares", "ridge", "pca", "newton", "matrix_chain"] {
        nnlc(&["test", &format!("examples/{example}.nnl")]);
    }
}

#[test]
fn a_chain_is_associated_where_that_is_cheap() {
    let dump = nnlc(&["dump", "--stage", "opt", "examples/matrix_chain.nnl"]);
    let products = || dump.lines().filter(|line| line.contains("contract"));
    assert!(products().count() >= 3, "{dump}");
    assert!(products().all(|line| line.contains("f64[200] =")), "{dump}");
}

#[test]
fn examples_and_benches_are_without_warnings() {
    for folder in ["examples", "benches"] {
        let files =
            std::fs::read_dir(std::path::Path::new(ROOT).join(folder)).expect("it is there");
        let paths = files.map(|file| file.expect("readable").path());
        for path in paths.filter(|path| path.extension().is_some_and(|ending| ending == "nnl")) {
            let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
            let output = command
                .arg("check")
                .arg(&path)
                .output()
                .expect("nnlc starts");
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(!told.contains('⚠'), "{}: {told}", path.display());
        }
    }
}
