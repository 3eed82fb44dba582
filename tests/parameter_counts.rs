//! Numbers of weights by `nnlc summary --json`, against closed forms that every framework agrees on: `(n + 1) m` for a dense layer,
//! `n m` for a table, `2 c` trained and `2 c` kept for a batch normalisation, and so on; the totals are what Keras prints.

use std::process::Command;

use serde_json::Value;

/// The totals of a model's summary: trained, and kept but not trained.
fn counts(model: &str) -> (u64, u64) {
    let text = format!(
        "use nn::{{Dense, Embedding, BatchNorm, LayerNorm, RMSNorm, Dropout, Residual, relu}};\n\
         data d {{ source: table({{ a: [0, 0, 1, 1], b: [0, 1, 0, 1], c: [0, 1, 1, 0] }}), x: [a, b], y: c }}\n\
         {model}\n\
         train fit {{ model: M, data: d, loss: mean((out - y) ^ 2), optimizer: sgd(lr: 0.1), epochs: 1, batch: 4 }}\n"
    );
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("p.nnl");
    std::fs::write(&path, text).expect("a file can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(["summary", "--json"])
        .arg(&path)
        .output()
        .expect("nnlc starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{model}: {told}");
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
    let total = |key: &str| summary["total"][key].as_u64().expect("a count");
    (total("parameters"), total("non_trainable"))
}

/// A model whose body maps `x: [batch, 2]` to `[batch]`.
fn body(body: &str) -> (u64, u64) {
    counts(&format!(
        "model M(x: [batch, 2]) -> [batch] {{ {body} |> squeeze(1) }}"
    ))
}

#[test]
fn dense_layers() {
    assert_eq!(body("x |> Dense(1)"), (3, 0));
    let mlp = "x |> Dense(512) |> relu |> Dense(256) |> relu |> Dropout(0.5) |> Dense(1)";
    assert_eq!(body(mlp), (3 * 512 + 513 * 256 + 257, 0));
    assert_eq!(
        body("x |> Dense(10, bias: false) |> Dense(1, bias: false)"),
        (30, 0)
    );
}

#[test]
fn normalisations() {
    assert_eq!(
        body("x |> Dense(32) |> BatchNorm |> relu |> Dense(1)"),
        (96 + 64 + 33, 64)
    );
    assert_eq!(
        body("x |> Dense(32) |> LayerNorm |> relu |> Dense(1)"),
        (96 + 64 + 33, 0)
    );
    assert_eq!(
        body("x |> Dense(32) |> RMSNorm |> Dense(1)"),
        (96 + 32 + 33, 0)
    );
}

#[test]
fn repeated_and_shared_layers() {
    let fresh = "x |> Dense(16) |> repeat 3 { Residual(Dense(16)) } |> Dense(1)";
    assert_eq!(body(fresh), (48 + 3 * 17 * 16 + 17, 0));
    let shared = "let same = Dense(2); x |> same |> same |> same |> Dense(1)";
    assert_eq!(body(shared), (6 + 3, 0));
}

#[test]
fn tables() {
    let table = "model M(x: [batch, 2]) -> [batch] {\n\
                 \x20 let words = Embedding(1000, 64)(cast(x, i64));\n\
                 \x20 words |> flatten(keep: batch) |> Dense(1) |> squeeze(1)\n}";
    assert_eq!(counts(table), (1000 * 64 + 129, 0));
}
