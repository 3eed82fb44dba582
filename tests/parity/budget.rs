//! A budget of memory: a step holds no more, and computes the same bytes.

use std::path::Path;
use std::process::Command;

use nnlc::engine::footprint;
use nnlc::lower::Mode;
use nnlc::session::{Compiled, Options, Session};
use nnlc::tensor::Tensor;
use nnlc::train::Flow;
use serde_json::Value;

use super::same_bits;

/// A program whose step keeps much, with one more setting.
fn program(model: &str, setting: &str) -> String {
    format!(
        "use nn::{{Dense, LayerNorm, BatchNorm, Dropout, gelu, tanh}};
data noise {{ source: random(rows: 512, normal: 24, classes: 5), x: columns(\"x*\"), y: class |> one_hot }}
{model}
train fit {{
  model: Net, data: noise, loss: cross_entropy(logits: out, target: y), optimizer: adam(lr: 1e-2),
  clip: global_norm(1.0), steps: 3, batch: 512, {setting}
}}
let found = predict(fit, noise.all.x);"
    )
}

const DEEP: &str = "
layer Part()(x: [..s, d]) -> [..s, d] { x |> Dense(d) |> tanh |> Dropout(0.1) }
model Net(x: [batch, 24]) -> [batch, 5] {
  let body = repeat 20 { Part() };
  x |> body |> Dense(5)
}";

const RESIDUAL: &str = "
layer Block()(x: [..s, d]) -> [..s, d] { x + (x |> LayerNorm |> Dense(48) |> gelu |> Dense(d)) }
model Net(x: [batch, 24]) -> [batch, 5] {
  let body = repeat 6 { Block() };
  x |> BatchNorm |> body |> Dense(5)
}";

fn session(text: &str) -> (Session, Compiled) {
    let (mut session, _) = Session::new(Options::default());
    let (program, reports) = session.load_text(Path::new("program.nnl"), text);
    let program = program.unwrap_or_else(|| panic!("{reports:?}"));
    let (compiled, reports) = session.compile(program, Mode::Run);
    let compiled = compiled.unwrap_or_else(|| panic!("{reports:?}"));
    (session, compiled)
}

/// What a run leaves.
fn left(text: &str) -> Vec<Tensor> {
    let (mut session, compiled) = session(text);
    let done = session.execute(compiled, &mut |_| Flow::Continue);
    done.unwrap_or_else(|reports| panic!("{reports:?}"));
    let names = session
        .global_names()
        .filter(|name| name.contains("fit") || *name == "found");
    names
        .filter_map(|name| session.global(name).cloned())
        .collect()
}

/// The bytes that a step holds, within a budget.
fn held(text: &str, budget: Option<u64>) -> u64 {
    let (_, compiled) = session(text);
    let step = compiled.func(compiled.runs()[0].step);
    let held = footprint(compiled.module(), step, 512, budget);
    held.expect("within the budget")
        .expect("there is native code")
}

fn stays_within(model: &str, shares: &[f64]) {
    let whole = held(&program(model, ""), None);
    let expected = left(&program(model, ""));
    for share in shares {
        let budget = (whole as f64 * share) as u64;
        let setting = format!(
            "memory: {{ budget: {:.6} MiB }},",
            budget as f64 / 1_048_576.0
        );
        let text = program(model, &setting);
        let held = held(&text, Some(budget));
        assert!(held <= budget, "{held} bytes of {budget}");
        assert!(
            same_bits(&left(&text), &expected),
            "{share} of the memory gives other bytes"
        );
    }
}

#[test]
fn a_deep_model_keeps_less() {
    stays_within(DEEP, &[0.9, 0.8]);
}

#[test]
fn a_residual_model_keeps_less() {
    stays_within(RESIDUAL, &[0.95]);
}

/// What a command prints about a program, as JSON.
fn said(command: &[&str], text: &str) -> Value {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("program.nnl");
    std::fs::write(&path, text).expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(command)
        .args(["--json", "--threads", "1"])
        .arg(&path)
        .output()
        .expect("it starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let line = text.lines().next().unwrap_or_else(|| panic!("{errors}"));
    serde_json::from_str(line).expect("JSON")
}

/// A program whose step holds some 80 MiB, nearly all of it values between kernels.
const WIDE: &str = "use nn::{Dense, tanh, sigmoid};
data noise { source: random(rows: 4096, normal: 4), x: columns(\"x*\"), y: [x0] }
model Net(x: [batch, 4]) -> [batch, 1] { x |> Dense(1024) |> tanh |> Dense(2) |> Dense(1024) |> sigmoid |> Dense(1) }
train fit { model: Net, data: noise, loss: mse(out, y), optimizer: sgd(), steps: 1, batch: 4096 }";

/// What the process holds besides a step, in MiB: code, the library, the data.
const BESIDES: f64 = 32.0;

#[test]
fn the_memory_told_is_the_memory_taken() {
    let told = said(&["summary"], WIDE)["step_bytes"].as_f64();
    let told = told.expect("there is native code") / 1_048_576.0;
    let taken = said(&["bench", "--seconds", "0"], WIDE)["rss_mib"].as_f64();
    let taken = taken.expect("the system tells");
    assert!(
        (told..told + BESIDES).contains(&taken),
        "{told} MiB told, {taken} taken"
    );
}
