//! Whole programs: what `nnlc run` prints of each file of `tests/suite/run`, in a folder of its own, and the weights that
//! `nnlc summary` counts. What a file claims of numbers it asserts, so that snapshots hold none that depend on the machine.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::suite_runner::{each_file, place_of_the_suite};

fn ran(args: &[&str], folder: &Path) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(args)
        .args(["--color", "never", "program.nnl"])
        .current_dir(folder)
        .output()
        .expect("nnlc starts");
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).expect("what is printed is UTF-8");
    match output.status.code() {
        Some(0) => text,
        code => format!("{text}exit {code:?}\n"),
    }
}

/// Each layer that has weights, and how many.
fn weights(folder: &Path) -> String {
    let text = ran(&["summary", "--json"], folder);
    let first = text.lines().next().unwrap_or_default();
    let summary: Value = serde_json::from_str(first).unwrap_or_else(|_| panic!("{text}"));
    let layers = summary["layers"].as_array().expect("a list");
    let counted = layers.iter().filter(|layer| layer["parameters"] != 0);
    let lines = counted.map(|layer| {
        let name = layer["layer"].as_str().unwrap_or_default();
        format!("{name}: {} weights\n", layer["parameters"])
    });
    lines.collect()
}

#[test]
fn run_files() {
    each_file("run", |sources, id| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let text = &sources.get(id).text;
        let place = place_of_the_suite(folder.path());
        std::fs::write(place.join("program.nnl"), text.as_bytes()).expect("a file can be written");
        let said = ran(&["run", "--quiet"], &place);
        match text.contains("train fit") {
            true => said + &weights(&place),
            false => said,
        }
    });
}
