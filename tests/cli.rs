//! The command line from outside: what a user types, and what comes back on both streams.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn nnlc(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    command
        .args(args)
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .env_remove("NO_COLOR");
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Exit code, standard output, standard error.
fn ran(args: &[&str]) -> (i32, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = nnlc(args).output().expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
    (status.code().unwrap_or(-1), text(stdout), text(stderr))
}

/// A program in a folder of its own.
fn program(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("p.nnl");
    std::fs::write(&path, text).expect("a file can be written");
    (folder, path)
}

/// Exit code and both streams of a command on a program.
fn on(command: &[&str], text: &str) -> (i32, String, String) {
    let (_folder, path) = program(text);
    let path = path.to_string_lossy().into_owned();
    let args: Vec<&str> = command.iter().copied().chain([path.as_str()]).collect();
    ran(&args)
}

const XOR: &str = "\
use nn::{Dense, tanh};
use metrics::binary_accuracy;
data xor {
  source: table({ a: [0, 0, 1, 1], b: [0, 1, 0, 1], differs: [0, 1, 1, 0] }),
  x: [a, b],
  y: differs,
}
model Xor(x: [batch, 2]) -> [batch] { x |> Dense(4) |> tanh |> Dense(1) |> squeeze(1) }
train fit {
  model: Xor, data: xor, loss: binary_cross_entropy(logits: out, target: y),
  optimizer: adam(lr: 5e-2), epochs: 40, batch: 4, seed: 1, metrics: [binary_accuracy],
}
show evaluate(fit, on: xor.train, metrics: [binary_accuracy]);
";

#[test]
fn the_page_of_help() {
    let (code, out, _) = ran(&["--help"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("help", out);
    let (code, out, _) = ran(&["help", "bench"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("nnlc bench benches/mlp_tiny.nnl --seconds 4"),
        "{out}"
    );
}

#[test]
fn usage_errors_are_code_2_and_suggest() {
    let (code, _, err) = ran(&["chekc", "x.nnl"]);
    assert_eq!(code, 2);
    assert!(err.contains("'check'"), "{err}");
    let wrong = [
        ["run", "x.nnl", "--threads", "0"],
        ["run", "x.nnl", "--threads", "1025"],
        ["run", "x.nnl", "--engine", "abacus"],
        ["bench", "x.nnl", "--seconds", "-1"],
        ["dump", "x.nnl", "--stage", "soup"],
    ];
    for args in wrong {
        assert_eq!(ran(&args).0, 2, "{args:?}");
    }
    assert_eq!(ran(&["run"]).0, 2);
}

#[test]
fn a_missing_file_is_code_3() {
    for command in ["run", "check", "dump", "test", "summary", "bench"] {
        let (code, out, err) = ran(&[command, "nowhere.nnl"]);
        assert_eq!((code, out.as_str()), (3, ""), "{command}");
        assert!(err.contains("`nowhere.nnl`"), "{err}");
    }
    assert_eq!(ran(&["run", "src"]).0, 3);
}

#[test]
fn a_wrong_program_is_code_1_and_told_on_standard_error() {
    let (code, out, err) = on(&["run"], "let a: f32[2] = [1, 2];\nshow a + [1, 2, 3];\n");
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains("nnl::shape::"), "{err}");
    let (code, out, _) = on(&["check"], "show 1 +;\n");
    assert_eq!((code, out.as_str()), (1, ""));
}

#[test]
fn what_fails_while_running_is_code_4() {
    let (code, _, err) = on(&["run"], "let a: f32[2] = [1, 2];\nassert sum(a) == 4;\n");
    assert_eq!(code, 4, "{err}");
}

#[test]
fn a_run_prints_the_same_twice() {
    let (code, out, err) = on(&["run"], XOR);
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!("run_xor", out);
    assert_eq!(on(&["run"], XOR).1, out);
    assert_eq!(on(&["run", "--threads", "1"], XOR).1, out);
    let quiet = on(&["run", "-q"], XOR).1;
    assert!(quiet.starts_with("evaluate(fit"), "{quiet}");
}

#[test]
fn settings_take_the_place_of_the_programs() {
    let args = ["run", "--set", "train.epochs=2", "--seed", "9", "--json"];
    let (code, out, err) = on(&args, XOR);
    assert_eq!(code, 0, "{err}");
    let lines: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is JSON"))
        .collect();
    let events: Vec<&str> = lines
        .iter()
        .filter_map(|line| line["event"].as_str())
        .collect();
    assert_eq!(events, ["start", "epoch", "epoch", "done", "show"]);
    assert!(lines[1]["train.loss"].is_f64() && lines[1]["train.binary_accuracy"].is_null());
    assert_eq!(lines[4]["kind"], "record");
    assert!(lines[4]["value"]["binary_accuracy"].is_number());
    let (code, _, err) = on(&["run", "--set", "train.epocs=2"], XOR);
    assert_eq!(code, 1);
    assert!(err.contains("`epochs`"), "{err}");
}

#[test]
fn colour_is_asked_for_or_not_there() {
    let bold = "\u{1b}[1m";
    assert!(!on(&["run"], "show 1;\n").1.contains(bold));
    assert!(
        on(
            &["run", "--color", "always"],
            "let a: f32[2] = [1, 2];\nshow a;\n"
        )
        .1
        .contains(bold)
    );
    assert!(
        on(&["run", "--color", "always"], "show a;\n")
            .2
            .contains('\u{1b}')
    );
    assert!(
        !on(&["run", "--color", "never"], "show a;\n")
            .2
            .contains('\u{1b}')
    );
}

#[test]
fn every_stage_can_be_dumped() {
    for (stage, has) in [
        ("ast", "model Xor"),
        ("ir", "fn "),
        ("checked", "grad "),
        ("grad", "contract"),
        ("opt", "contract"),
    ] {
        let (code, out, err) = on(&["dump", "--stage", stage], XOR);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains(has), "{stage}: {out}");
    }
}

#[test]
fn a_plan_lists_kernels_and_products_in_phases() {
    let work = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/mlp_tiny.nnl");
    let text = std::fs::read_to_string(work).expect("the work is there");
    let (code, out, err) = on(&["dump", "--stage", "plan"], &text);
    assert_eq!(code, 0, "{err}");
    insta::assert_snapshot!("plan_mlp_tiny", out);
    for (stage, has) in [("clif", "function u0:0"), ("asm", "ret")] {
        let (code, out, err) = on(&["dump", "--stage", stage], &text);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains(has), "{stage}: {out}");
    }
}

/// What is measured changes from run to run; that each kernel of the plan is there, called as often as it should be, does not.
#[test]
fn a_profile_names_each_kernel_and_a_trace_each_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let trace = folder.path().join("trace.json");
    let trace = trace.to_str().expect("a readable path");
    let (code, out, err) = on(&["run", "--profile", "--trace", trace], XOR);
    assert_eq!(code, 0, "{err}");
    assert!(
        format!("{out}{err}").contains("step: product"),
        "{out}{err}"
    );
    let text = std::fs::read_to_string(trace).expect("the trace was written");
    let trace: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("a list of calls");
    let calls = |name: &str| {
        let is_it = |event: &&serde_json::Value| {
            event["cat"] == "step" && event["name"].as_str().is_some_and(|n| n.starts_with(name))
        };
        events.iter().filter(is_it).count()
    };
    assert!(calls("product 0") > 1);
    assert_eq!(calls("product 0"), calls("product 1"));
    assert!(
        events
            .iter()
            .all(|event| event["ph"] == "X" && event["dur"].is_f64())
    );
}

#[test]
fn tests_are_counted_and_failures_are_code_1() {
    let text = "test \"holds\" { assert 1 + 1 == 2; }\ntest \"fails\" { assert 1 + 1 == 3; }\n";
    let (code, out, err) = on(&["test"], text);
    assert_eq!(code, 1);
    assert_eq!(out, "ok    holds\nFAIL  fails\n1 of 2 tests failed\n");
    assert!(err.contains("`1 + 1 == 3` does not hold"), "{err}");
    assert_eq!(
        on(&["test"], "show 1;\n"),
        (0, "no tests\n".into(), String::new())
    );
    let (code, out, err) = ran(&["test", "--quiet"]);
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
}

#[test]
fn a_summary_counts_what_keras_counts() {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/mlp_mnist.nnl"),
    );
    let (code, out, err) = on(&["summary"], &text.expect("the work is there"));
    assert_eq!(code, 0, "{err}");
    let (sums, step) = out.rsplit_once("a step runs in ").expect("its peak");
    insta::assert_snapshot!("summary_mlp_mnist", sums);
    // Room for packed matrices differs from machine to machine; two copies of the weights and Adam's two are there on each.
    let mebibytes = step
        .split_once(" MiB")
        .map(|(number, _)| number.parse::<f64>());
    assert!(matches!(mebibytes, Some(Ok(6.1..12.0))), "{step}");
    let (_, out, _) = on(&["summary", "--json"], XOR);
    let summary: serde_json::Value = serde_json::from_str(&out).expect("a line of JSON");
    assert_eq!(summary["total"]["parameters"], 17);
    // 2 · 4 · 2 · 4 for the products, 4 · 4 to add the bias.
    assert_eq!(summary["layers"][0]["flops_forward"], 80);
    assert_eq!(on(&["summary"], "show 1;\n").0, 1);
}

fn timed(more: &[&str]) -> serde_json::Value {
    let args = ["bench", "benches/mlp_tiny.nnl", "--seconds", "0.01"];
    let (code, out, err) = ran(&[&args[..], &["--threads", "1", "--json"], more].concat());
    assert_eq!(code, 0, "{err}");
    let line: serde_json::Value = serde_json::from_str(&out).expect("a line of JSON");
    assert_eq!(
        (&line["peer"], &line["work"]),
        (&"nnlc".into(), &"mlp_tiny".into())
    );
    assert!(
        line["steps"].as_u64() >= Some(10) && line["median_us"].as_f64() >= line["min_us"].as_f64()
    );
    line
}

#[test]
fn a_work_is_timed_in_one_line() {
    assert!(timed(&[])["loss_last"].is_number());
}

#[test]
fn answers_are_timed_too() {
    let line = timed(&["--predict", "5"]);
    assert_eq!((&line["rows"], line.get("loss_last")), (&5.into(), None));
}

#[test]
fn a_reader_that_leaves_ends_a_run_quietly() {
    let (_folder, path) = program(&XOR.replace("epochs: 40", "epochs: 100000000"));
    let mut child = nnlc(&["run", "--json", &path.to_string_lossy()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
    reader.read_line(&mut first).expect("there is a line");
    drop(reader);
    let code = child.wait().expect("it ends").code();
    let mut err = String::new();
    child
        .stderr
        .take()
        .expect("it is piped")
        .read_to_string(&mut err)
        .expect("UTF-8");
    assert_eq!((code, err.as_str()), (Some(141), ""));
}

#[cfg(unix)]
#[test]
fn ctrl_c_finishes_the_step_and_is_code_130() {
    let (_folder, path) = program(&XOR.replace("epochs: 40", "epochs: 100000000"));
    let mut child = nnlc(&["run", &path.to_string_lossy()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary runs");
    let mut reader = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut text = String::new();
    reader.read_line(&mut text).expect("there is a line");
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.expect("kill runs").success());
    reader.read_to_string(&mut text).expect("UTF-8");
    assert_eq!(child.wait().expect("it ends").code(), Some(130));
    assert!(text.contains("fit: interrupted after"), "{text}");
}

#[test]
fn the_best_evaluation_is_a_value() {
    let text =
        format!("{XOR}show fit.best;\nassert fit.best.epoch == 40;\nassert fit.best.value < 1;\n");
    let (code, out, told) = on(&["run", "-q"], &text);
    assert_eq!(code, 0, "{told}");
    assert!(
        out.contains("fit.best\n  epoch  40\n  step   40\n"),
        "{out}"
    );
}

#[test]
fn a_gradient_through_a_layer_follows_its_argument() {
    let text = "use nn::Dense;\nlet x: f64[2] = [1.0, 2.0];\n\
                let g = grad(fn(v) => sum(Dense(3)(v)))(x);\nshow g;\n";
    let (code, out, told) = on(&["run", "-q"], text);
    assert_eq!(code, 0, "{told}");
    assert!(out.starts_with("g: f64[2]"), "{out}");
}

#[test]
fn a_place_to_save_is_checked_before_the_training() {
    let text = format!("{XOR}save fit to \"no_such_folder/m.nnlm\";\n");
    let (code, out, told) = on(&["run"], &text);
    assert_eq!(code, 3, "{told}");
    assert!(out.is_empty(), "{out}");
    assert!(!told.contains("epoch"), "{told}");
}
