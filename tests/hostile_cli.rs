//! Hostile programs through the binary: each file of `tests/hostile` names in its first line the exit code and the diagnostic it must
//! get. None may panic, be killed by a signal, take long, or send raw control bytes to the terminal.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// What the first line of a file claims: `// exit: 1 code: nnl::shape::E0101`.
struct Claim {
    exit: i32,
    code: String,
}

fn claim(text: &str) -> Option<Claim> {
    let line = text.lines().next()?.strip_prefix("// exit: ")?;
    let (exit, code) = line.split_once(" code: ")?;
    Some(Claim {
        exit: exit.parse().ok()?,
        code: code.trim().to_owned(),
    })
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile");
    let entries = fs::read_dir(folder).expect("the folder is there");
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "nnl"));
    files.sort();
    files
}

fn run(path: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(["run", "--quiet", "--color", "never"])
        .arg(path)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// The code of the first error; warnings may come before it.
fn first_error(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.contains(" × "))?;
    line.split_whitespace().next()
}

/// What is wrong with how a program ended, if anything.
fn faults(claim: &Claim, output: &Output, took: Duration) -> Vec<String> {
    let text = String::from_utf8_lossy(&output.stderr);
    let all = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let is_raw = |byte: &u8| byte.is_ascii_control() && *byte != b'\n';
    let exit = output.status.code();
    let code = first_error(&text);
    let claims = [
        (exit == Some(claim.exit), "another exit code"),
        (code == Some(claim.code.as_str()), "another diagnostic"),
        (!text.contains("panicked"), "a panic"),
        (!all.iter().any(is_raw), "raw control bytes"),
        (took < Duration::from_secs(20), "takes too long"),
    ];
    let broken = claims.iter().filter(|(holds, _)| !holds);
    broken.map(|(_, what)| (*what).to_owned()).collect()
}

#[test]
fn each_gets_its_exit_code_and_its_diagnostic() {
    let files = files();
    assert!(files.len() >= 25, "{} files", files.len());
    let mut failures = vec![];
    for path in files {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("it was listed")).into_owned();
        let claim = claim(&text).unwrap_or_else(|| panic!("{}: no claim", path.display()));
        let began = Instant::now();
        let output = run(&path);
        for fault in faults(&claim, &output, began.elapsed()) {
            let status = output.status;
            let said = String::from_utf8_lossy(&output.stderr);
            failures.push(format!("{}: {fault}, {status}\n{said}", path.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
