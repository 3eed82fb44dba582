//! The house's own rules, read off its source: which room may use which, and what may stand nowhere.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in layers, lowest first; a room may use rooms of lower layers and of its own. `lib.rs` shows the same table.
const LAYERS: &[&[&str]] = &[
    &["arena", "source"],
    &["diag", "types"],
    &["scalar"],
    &["tensor", "tokens", "chart"],
    &["syntax", "stdlib", "ir"],
    &["ops"],
    &["lower", "check"],
    &["lint"],
    &["grad", "opt", "stepwise"],
    &["engine", "data"],
    &["train"],
    &["session"],
    &["cli"],
];

fn layer(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

/// Every Rust file under `src` but the crate's roots, with its room.
fn files() -> Vec<(String, PathBuf)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&src, &src, &mut found);
    found.retain(|(room, path)| {
        let is_test = path.to_string_lossy().contains("test") && room != "cli";
        !is_test && !matches!(room.as_str(), "lib" | "main")
    });
    found
}

fn collect(base: &Path, folder: &Path, found: &mut Vec<(String, PathBuf)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the source is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(base, &path, found);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            let inside = path.strip_prefix(base).expect("below the base");
            let first = inside.iter().next().expect("not empty").to_string_lossy();
            found.push((first.trim_end_matches(".rs").to_string(), path));
        }
    }
}

/// A file's code without comments, strings being left in.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("source is UTF-8");
    let lines = text.lines().map(|line| match line.find("//") {
        Some(at) => &line[..at],
        None => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The rooms a file names as `crate::room`.
fn used(code: &str) -> Vec<String> {
    code.split("crate::")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect()
        })
        .filter(|room: &String| !room.is_empty())
        .collect()
}

#[test]
fn rooms_use_lower_rooms_only() {
    let mut wrong = Vec::new();
    for (room, path) in files() {
        let own = layer(&room).unwrap_or_else(|| panic!("{room} has no layer: {}", path.display()));
        for other in used(&code(&path)) {
            match layer(&other) {
                Some(layer) if layer <= own => {}
                _ => wrong.push(format!("{} uses {other}", path.display())),
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn words_stay_in_their_rooms() {
    let only_under = [
        ("faer", vec!["tensor"]),
        ("pest::", vec!["syntax"]),
        ("println!", vec![]),
        ("process::exit", vec!["cli"]),
        ("unsafe {", vec!["engine"]),
        ("cranelift_", vec!["engine"]),
    ];
    let mut wrong = Vec::new();
    for (room, path) in files() {
        let code = code(&path);
        for (word, rooms) in &only_under {
            if code.contains(word) && !rooms.contains(&room.as_str()) {
                wrong.push(format!("{} has `{word}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Transcendental functions come from `scalar`, the same bits on every machine.
#[test]
fn std_float_functions_are_not_used() {
    let banned = [
        ".exp()",
        ".ln()",
        ".tanh()",
        ".sin()",
        ".cos()",
        ".powf(",
        ".powi(",
        ".exp_m1()",
        ".ln_1p()",
        ".atan()",
    ];
    let mut wrong = Vec::new();
    for (room, path) in files() {
        let is_test = path.to_string_lossy().contains("test");
        // `tensor` is generic over `scalar::math::Float`, whose methods have these names.
        if matches!(room.as_str(), "scalar" | "tensor") || is_test {
            continue;
        }
        let code = code(&path);
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for word in banned {
            if code.contains(word) {
                wrong.push(format!("{} has `{word}`", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_lives_in_it() {
    for (_, path) in files() {
        let text = fs::read_to_string(&path).expect("source is UTF-8");
        assert!(
            text.starts_with("//!"),
            "{} opens without `//!`",
            path.display()
        );
    }
}
