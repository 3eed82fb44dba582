//! The examples of `nnlc explain`: what is said to be wrong is told by that code, and what is said to be right runs. Each in a folder
//! of its own, with the files that stand beside it.

use std::fs;
use std::path::Path;
use std::process::Command;

/// An example: its code and its parts by name.
type Example<'t> = (&'t str, Vec<(&'t str, &'t str)>);

fn examples(text: &str) -> Vec<Example<'_>> {
    let entries = text.split("=== ").skip(1);
    let entries = entries.map(|entry| entry.split_once('\n').expect("a code has a line"));
    let parts = |text| -> Vec<(&str, &str)> {
        let parts = str::split(text, "--- ").skip(1);
        parts.filter_map(|part| part.split_once('\n')).collect()
    };
    entries.map(|(code, text)| (code, parts(text))).collect()
}

/// What a part comes to: whether all went well, and what was said. A part is a program, or lines that are typed at a shell.
fn came_to(part: &str, folder: &Path) -> (bool, String) {
    let typed: String = part
        .lines()
        .filter_map(|line| Some(format!("{}\n", line.strip_prefix("$ ")?)))
        .collect();
    if typed.is_empty() {
        fs::write(folder.join("main.nnl"), part).expect("a file can be written");
        return output(&["-c", "nnlc run main.nnl"], folder);
    }
    output(&["-ec", &typed], folder)
}

/// A shell, for which `nnlc` is the binary under test.
fn output(args: &[&str], folder: &Path) -> (bool, String) {
    let binary = Path::new(env!("CARGO_BIN_EXE_nnlc"));
    let own = binary.parent().expect("it is in a folder");
    let known = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(own.to_owned()).chain(std::env::split_paths(&known));
    let output = Command::new("sh")
        .args(args)
        .env("PATH", std::env::join_paths(paths).expect("folders"))
        .current_dir(folder)
        .output()
        .expect("a shell starts");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8(said).expect("UTF-8"),
    )
}

fn check(code: &str, parts: &[(&str, &str)]) {
    let part = |wanted: &str| parts.iter().find(|(name, _)| *name == wanted);
    if part("none").is_some() {
        return assert_eq!(parts.len(), 1, "{code}");
    }
    for wanted in ["wrong", "right"] {
        let (_, text) = part(wanted).expect(code);
        let folder = tempfile::tempdir().expect("a folder can be made");
        let files = parts.iter().filter(|(name, _)| name.contains('.'));
        files.for_each(|(name, text)| {
            fs::write(folder.path().join(name), text.trim_end_matches('\n'))
                .expect("it can be written");
        });
        let (is_well, said) = came_to(text, folder.path());
        let is_told = said.contains(&format!("::{code} "));
        let is_wrong = wanted == "wrong";
        assert_eq!(is_told, is_wrong, "{code}, {wanted}\n{said}");
        let may_run = !is_wrong || code.starts_with('W');
        assert_eq!(is_well, may_run, "{code}, {wanted}\n{said}");
    }
}

#[test]
fn every_example_goes_wrong_and_is_mended() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli/explain");
    let mut n_checked = 0;
    for entry in fs::read_dir(folder).expect("it is there") {
        let path = entry.expect("it can be read").path();
        if path.extension().is_some_and(|ending| ending == "txt") {
            let text = fs::read_to_string(&path).expect("examples are UTF-8");
            let examples = examples(&text);
            examples.iter().for_each(|(code, parts)| check(code, parts));
            n_checked += examples.len();
        }
    }
    assert!(n_checked > 150);
}
