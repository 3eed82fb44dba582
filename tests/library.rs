//! The library: every item is documented, and every example runs.

use std::path::Path;
use std::process::Command;

use nnlc::source::SourceMap;
use nnlc::stdlib::{FILES, PRELUDE};
use nnlc::syntax::ast::ItemKind;
use nnlc::syntax::parse;

#[test]
fn every_item_has_docs_and_an_example() {
    let mut missing = Vec::new();
    for (name, text) in FILES {
        let mut sources = SourceMap::new();
        let id = sources.add_file(Path::new(name), text);
        let program = parse(&sources, id).0.expect("the library parses");
        assert!(!program.docs.is_empty(), "{name} says what it is");
        for item in &program.items {
            if let ItemKind::Def(def) = &item.kind {
                let has_example = item
                    .docs
                    .iter()
                    .any(|line| line.trim_start().starts_with("@example"));
                if !has_example || item.docs.len() < 2 {
                    missing.push(format!("{name}::{}", def.name.value));
                }
            }
        }
    }
    assert!(missing.is_empty(), "without docs or example: {missing:?}");
    assert!(
        PRELUDE
            .iter()
            .all(|name| FILES.iter().any(|(file, _)| file == name))
    );
}

#[test]
fn every_example_holds() {
    let output = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .arg("test")
        .output()
        .expect("nnlc starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        text.lines()
            .filter(|line| !line.starts_with("ok"))
            .collect::<Vec<_>>()
            .join("\n")
    );
    assert!(text.contains("tests passed"), "{text}");
}
