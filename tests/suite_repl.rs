//! The prompt without a terminal: each file of `tests/suite/repl` is typed into `nnlc`, in a folder of its own, and both streams are
//! what the screen would show.

use std::io::{Read, Write, pipe};
use std::path::Path;
use std::process::{Command, Stdio};

/// What is seen, and how it ends.
fn typed(text: &[u8], folder: &Path) -> String {
    let (mut screen, both) = pipe().expect("a pipe can be made");
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    command
        .args(["--color", "never", "--quiet"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(both.try_clone().expect("a pipe has two ends"))
        .stderr(both);
    let mut child = command.spawn().expect("nnlc starts");
    // The command holds ends of the pipe, which ends when nobody does.
    drop(command);
    let mut keys = child.stdin.take().expect("it is piped");
    let text = text.to_vec();
    let typist = std::thread::spawn(move || {
        // A session that was left early reads no more.
        let _ = keys.write_all(&text);
    });
    let mut seen = String::new();
    let read = screen.read_to_string(&mut seen);
    read.expect("what is printed is UTF-8");
    typist.join().expect("typing ends");
    let status = child.wait().expect("it ends");
    assert!(status.success(), "{seen}");
    seen
}

#[test]
fn repl_files() {
    insta::glob!("suite/repl/*.txt", |path| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let text = std::fs::read(path).expect("it can be read");
        let seen = typed(&text, folder.path());
        insta::assert_snapshot!(seen);
    });
}
