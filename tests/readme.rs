//! Everything printed in the README runs: programs, commands with what they print, and the result shown under the first program.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The fenced blocks of the README: language and text.
fn blocks() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README is there");
    let mut blocks: Vec<(String, String)> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        match line.strip_prefix("```") {
            Some(language) if !is_open => {
                blocks.push((language.to_string(), String::new()));
                is_open = true;
            }
            Some(_) => is_open = false,
            None if is_open => {
                let block = &mut blocks.last_mut().expect("one was opened").1;
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    blocks
}

fn nnlc(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    command
        .current_dir(ROOT)
        .args(args)
        .output()
        .expect("nnlc starts")
}

fn printed(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr];
    parts
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .concat()
}

/// A folder that looks to a program as `examples/` does.
fn beside_the_data() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("a new folder");
    for entry in fs::read_dir(Path::new(ROOT).join("examples/data")).expect("data is there") {
        let entry = entry.expect("readable");
        fs::copy(entry.path(), data.join(entry.file_name())).expect("copied");
    }
    folder
}

#[test]
fn programs_run_and_their_tests_pass() {
    let folder = beside_the_data();
    let programs = blocks()
        .into_iter()
        .filter(|(language, _)| language == "nnl");
    let mut n_programs = 0;
    for (index, (_, text)) in programs.enumerate() {
        let path = folder.path().join(format!("block{index}.nnl"));
        fs::write(&path, &text).expect("written");
        let path = path.to_str().expect("a plain path");
        for command in ["run", "test"] {
            let output = nnlc(&[command, path]);
            assert!(output.status.success(), "{text}\n{}", printed(&output));
        }
        n_programs += 1;
    }
    assert!(n_programs >= 7, "the README shows programs");
}

#[test]
fn the_first_program_prints_what_stands_below_it() {
    let blocks = blocks();
    let program = blocks
        .iter()
        .find(|(language, _)| language == "nnl")
        .expect("a program");
    let shown = blocks
        .iter()
        .find(|(language, _)| language == "text")
        .expect("its output");
    let folder = beside_the_data();
    let path = folder.path().join("first.nnl");
    fs::write(&path, &program.1).expect("written");
    let output = nnlc(&["run", "-q", path.to_str().expect("a plain path")]);
    assert!(
        printed(&output).contains(shown.1.trim_end()),
        "{}",
        printed(&output)
    );
}

#[test]
fn commands_print_what_stands_below_them() {
    let consoles = blocks()
        .into_iter()
        .filter(|(language, _)| language == "console");
    for (_, text) in consoles {
        let (command, expected) = text.split_once('\n').expect("a command and its output");
        let args: Vec<&str> = command.trim_start_matches("$ nnlc ").split(' ').collect();
        let output = printed(&nnlc(&args));
        for line in expected.lines() {
            assert!(
                output.contains(line.trim_end()),
                "{command} does not print {line}\n{output}"
            );
        }
    }
}

#[test]
fn the_conversation_goes_as_it_stands() {
    let conversations = blocks();
    let mut conversations = conversations
        .iter()
        .filter(|(language, _)| language == "repl");
    let (_, text) = conversations.next().expect("a conversation");
    let typed = text.lines().filter_map(|line| line.strip_prefix("> "));
    let answers: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with("> "))
        .collect();
    let typed: String = typed.map(|line| format!("{line}\n")).collect();
    assert_eq!(answered(&typed), answers.join("\n") + "\n");
}

/// What the prompt answers, both streams as they come.
fn answered(typed: &str) -> String {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("typed");
    fs::write(&path, typed).expect("written");
    let (mut screen, both) = std::io::pipe().expect("a pipe can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    command.stdin(fs::File::open(&path).expect("it was written"));
    command
        .stdout(both.try_clone().expect("a pipe has two ends"))
        .stderr(both);
    let mut child = command.spawn().expect("nnlc starts");
    drop(command);
    let mut seen = String::new();
    std::io::Read::read_to_string(&mut screen, &mut seen).expect("it is UTF-8");
    assert!(child.wait().expect("it ends").success());
    seen
}

#[test]
fn every_command_is_in_the_table() {
    let readme = fs::read_to_string(Path::new(ROOT).join("README.md")).expect("README is there");
    for command in [
        "eval",
        "fmt",
        "explain",
        "new",
        "completions",
        "run",
        "repl",
        "check",
        "test",
        "dump",
        "summary",
        "bench",
    ] {
        assert!(
            readme.contains(&format!("| `nnlc {command}")),
            "{command} is missing"
        );
        assert!(nnlc(&["help", command]).status.success());
    }
}
