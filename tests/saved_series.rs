//! Saved models of series and of running texts, measured outside their program as it measures them.

use std::fs;

use crate::saved_models::nnlc;

/// Windows of a series, of which the second field's lie behind the first's.
const WAVE: &str = "\
use nn::Dense;
use metrics::mae;
data wave {
  source: csv(\"wave.csv\"),
  level: height |> standardize,
  x: level |> windows(6, stride: 1),
  y: level |> windows(1, shift: 6, stride: 1),
}
model Next(x: [batch, 6]) -> [batch, 1] { x |> Dense(1) }
train fit {
  model: Next, data: wave, loss: mse(out, y), optimizer: adam(lr: 1e-2), steps: 30, batch: 8, metrics: [mae],
}
save fit to \"wave.nnlm\";
show evaluate(fit, on: wave.train, metrics: [mae]);
";

/// The letter behind each letter of a text.
const TEXT: &str = "\
use nn::{Dense, Embedding};
use loss::bits;
dim letters;
data play {
  source: text(\"play.txt\"),
  tokens: source |> chars(size: letters),
  x: tokens |> windows(8),
  y: tokens |> windows(8, shift: 1),
}
model Next(x: i64[batch, n]) -> [batch, n, letters] { x |> Embedding(letters, 8) |> Dense(letters) }
train fit {
  model: Next, data: play, loss: cross_entropy(logits: out, target: y),
  optimizer: adam(lr: 1e-2), steps: 30, batch: 8, metrics: [bits],
}
save fit to \"play.nnlm\";
show evaluate(fit, on: play.train, metrics: [bits]);
";

/// A folder with a trained model, and the number that its program shows last.
fn trained(program: &str, file: &str, text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = |name: &str| folder.path().join(name);
    fs::write(path(file), text).expect("a file can be written");
    fs::write(path("program.nnl"), program).expect("a file can be written");
    let (code, out, err) = nnlc(folder.path(), &["run", "program.nnl", "-q"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let last = out.split_whitespace().next_back().map(str::to_owned);
    (folder, last.expect("it shows a number"))
}

fn wave() -> String {
    let heights = (0..40).map(|at| format!("{}\n", (at * at * 7 % 31) as f64 / 4.0));
    std::iter::once("height\n".to_owned())
        .chain(heights)
        .collect()
}

#[test]
fn a_series_is_measured_in_windows() {
    let (folder, wanted) = trained(WAVE, "wave.csv", &wave());
    let (code, out, err) = nnlc(
        folder.path(),
        &["evaluate", "wave.nnlm", "--data", "wave.csv"],
    );
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.starts_with("Next on wave.csv, 34 rows\n"), "{out}");
    assert_eq!(out.split_whitespace().next_back(), Some(wanted.as_str()));
}

#[test]
fn a_series_too_short_for_a_window_is_refused() {
    let (folder, _) = trained(WAVE, "wave.csv", &wave());
    fs::write(folder.path().join("short.csv"), "height\n1\n2\n3\n").expect("a file can be written");
    let (code, _, err) = nnlc(
        folder.path(),
        &["evaluate", "wave.nnlm", "--data", "short.csv"],
    );
    assert_eq!(code, 3);
    insta::assert_snapshot!("short_series", err);
}

#[test]
fn a_text_is_measured_as_its_program_measures_it() {
    let line = "the quick brown fox jumps over the lazy dog\n";
    let (folder, wanted) = trained(TEXT, "play.txt", &line.repeat(12));
    let (code, out, err) = nnlc(
        folder.path(),
        &["evaluate", "play.nnlm", "--data", "play.txt"],
    );
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out.split_whitespace().next_back(), Some(wanted.as_str()));
}

#[test]
fn a_letter_that_a_text_model_never_met_is_told() {
    let (folder, _) = trained(TEXT, "play.txt", &"abc abd abe\n".repeat(20));
    fs::write(folder.path().join("new.txt"), "abc\nxyz\n".repeat(9))
        .expect("a file can be written");
    let (code, _, err) = nnlc(
        folder.path(),
        &["evaluate", "play.nnlm", "--data", "new.txt"],
    );
    assert_eq!(code, 3);
    insta::assert_snapshot!("new_letter", err);
}
