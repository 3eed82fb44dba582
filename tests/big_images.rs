//! Sets of images that do not fit into memory: the same model as from memory, whatever stops the run, and memory that stays flat.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nnlc::lower::Mode;
use nnlc::session::{Keep, Options, Output, Session};
use nnlc::train::{Event, Flow, RunDir};

use crate::saved_models::nnlc;

/// Changed and mixed images: each batch is made beside the step before it.
const PROGRAM: &str = "\
use nn::Dense;
use metrics::accuracy;

data things {
  source: cifar(\"batches\"),
  x: images |> standardize, y: labels |> one_hot(classes: 10),
  split: { train: 100%, test: given },
  augment: { x: [crop(pad: 4 px), flip, jitter(brightness: 20%), mixup(alpha: 0.2)] },
}

model Look(x: [batch, 3, h, w]) -> [batch, 10] { x[:, :, 0:4, 0:4] |> flatten(keep: batch) |> Dense(10) }

train fit {
  model: Look, data: things, loss: cross_entropy(logits: out, target: y),
  optimizer: sgd(lr: 1e-2), epochs: 5, batch: 8, accumulate: 2, metrics: [accuracy],
  checkpoint: { every: 2 steps, keep: 2 },
}
";

/// A folder with a program and images for it.
fn world() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let batches = folder.path().join("batches");
    fs::create_dir(&batches).expect("a folder can be made");
    let record = |at: u32| {
        let pixel = move |byte: u32| (at * 7 + byte * byte + byte / 5) as u8;
        std::iter::once((at % 10) as u8).chain((0..3072).map(pixel))
    };
    let records = |ats: std::ops::Range<u32>| ats.flat_map(record).collect::<Vec<u8>>();
    fs::write(batches.join("data_batch_1.bin"), records(0..44)).expect("a file can be written");
    fs::write(batches.join("test_batch.bin"), records(44..54)).expect("a file can be written");
    fs::write(folder.path().join("p.nnl"), PROGRAM).expect("a file can be written");
    folder
}

fn model(folder: &Path, runs: &str) -> Vec<u8> {
    let opened = RunDir::open(&folder.join(runs)).expect("a run directory");
    fs::read(opened.model("fit").expect("the run is over")).expect("it is there")
}

/// Runs with all images in a file, until a step; says whether the run is over.
fn run_from_file(folder: &Path, runs: &str, threads: usize, last: u64, resumes: bool) -> Flow {
    let keep = Keep {
        folder: Some(folder.join(runs)),
        resumes,
        ..Keep::default()
    };
    let options = Options {
        images_in_memory: Some(0),
        threads,
        keep,
        ..Options::default()
    };
    let (mut session, _) = Session::new(options);
    let (program, reports) = session.load_file(&folder.join("p.nnl"));
    let program = program.unwrap_or_else(|| panic!("{reports:?}"));
    let (compiled, reports) = session.compile(program, Mode::Run);
    let compiled = compiled.unwrap_or_else(|| panic!("{reports:?}"));
    let flow = session.execute(compiled, &mut |output| {
        let is_last = matches!(output, Output::Event(Event::Step { step, .. }) if step == last);
        if is_last { Flow::Stop } else { Flow::Continue }
    });
    flow.unwrap_or_else(|reports| panic!("{reports:?}"))
}

#[test]
fn images_in_a_file_give_the_same_model_wherever_the_run_is_stopped() {
    let folder = world();
    let path = folder.path();
    let args = |runs, threads| {
        [
            "run",
            "p.nnl",
            "-q",
            "--run-dir",
            runs,
            "--threads",
            threads,
        ]
    };
    for (runs, threads) in [("one", "1"), ("two", "2"), ("three", "3")] {
        let (code, out, err) = nnlc(path, &args(runs, threads));
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        assert!(model(path, runs) == model(path, "one"), "{threads} threads");
    }
    // Three updates an epoch: these stops are within one, at the end of one, and within one again.
    assert_eq!(run_from_file(path, "file", 2, 1, false), Flow::Stop);
    assert_eq!(run_from_file(path, "file", 3, 6, true), Flow::Stop);
    assert_eq!(run_from_file(path, "file", 1, 11, true), Flow::Stop);
    assert_eq!(
        run_from_file(path, "file", 2, u64::MAX, true),
        Flow::Continue
    );
    assert!(model(path, "file") == model(path, "one"), "other bytes");
}

#[test]
fn a_run_that_is_killed_while_batches_are_made_goes_on_to_the_same_bytes() {
    let folder = world();
    let path = folder.path();
    let (code, out, err) = nnlc(path, &["run", "p.nnl", "-q", "--run-dir", "whole"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let mut child = start(path, &["--run-dir", "broken", "--threads", "3"]);
    let begun = Instant::now();
    let is_kept =
        || RunDir::open(&path.join("broken")).is_ok_and(|own| own.newest("fit").is_some());
    while !is_kept() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no checkpoint");
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let (code, out, err) = nnlc(path, &["run", "p.nnl", "-q", "--resume", "broken"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(model(path, "broken") == model(path, "whole"), "other bytes");
}

#[test]
fn a_run_that_breaks_tells_the_rows_of_its_batch_whoever_made_it() {
    let folder = world();
    let path = folder.path();
    let broken = PROGRAM.replace("lr: 1e-2", "lr: 1e38");
    fs::write(path.join("p.nnl"), broken).expect("a file can be written");
    let args = |threads| ["run", "p.nnl", "-q", "--overwrite", "--threads", threads];
    let told = ["1", "3"].map(|threads| {
        let (code, _, err) = nnlc(path, &args(threads));
        assert_eq!(code, 4, "{err}");
        assert!(err.contains("the batch holds rows"), "{err}");
        assert!(err.contains("in step 2"), "{err}");
        err
    });
    assert_eq!(told[0], told[1]);
}

fn start(folder: &Path, args: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
    command.args(["run", "p.nnl", "-q"]).args(args);
    command.current_dir(folder).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("the binary runs")
}

/// Images of 512 x 512, more than memory is given.
const WIDE: &str = "\
use nn::Dense;
use metrics::accuracy;

data wide {
  source: idx(\".\"), x: images |> scale(by: 1 / 255), y: labels |> one_hot,
  split: { train: 99%, val: 1%, by: order },
}

model Look(x: [batch, 1, h, w]) -> [batch, 2] { x[:, :, 0:4, 0:4] |> flatten(keep: batch) |> Dense(2) }

train fit {
  model: Look, data: wide, loss: cross_entropy(logits: out, target: y),
  optimizer: sgd(lr: 1e-2), steps: 6, batch: 4, metrics: [accuracy],
}
";

/// A file whose elements are zeros, which take no room on most disks.
fn empty_idx(path: PathBuf, header: &[u8], n_bytes: u64) {
    let mut file = File::create(path).expect("a file can be made");
    file.write_all(header).expect("it can be written");
    let all = header.len() as u64 + n_bytes;
    file.set_len(all).expect("it can be made longer");
}

/// The most memory that a process has taken so far, in KiB; nothing where the system does not say.
fn peak(child: &Child) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
#[expect(
    clippy::print_stderr,
    reason = "who runs the tests is told what they leave out"
)]
fn memory_stays_flat_whatever_the_number_of_images() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path();
    let n: u32 = 1200;
    let images = [
        &[0, 0, 8, 3][..],
        &n.to_be_bytes(),
        &[0, 0, 2, 0, 0, 0, 2, 0],
    ]
    .concat();
    empty_idx(
        path.join("train-images-idx3-ubyte"),
        &images,
        u64::from(n) << 18,
    );
    let labels = [&[0, 0, 8, 1][..], &n.to_be_bytes(), &[0, 1].repeat(600)].concat();
    fs::write(path.join("train-labels-idx1-ubyte"), labels).expect("a file can be written");
    fs::write(path.join("p.nnl"), WIDE).expect("a file can be written");
    let mut child = start(path, &["--threads", "2"]);
    let mut most = None;
    while child.try_wait().expect("it can be asked").is_none() {
        most = most.max(peak(&child));
        std::thread::sleep(Duration::from_millis(2));
    }
    let output = child.wait_with_output().expect("it is over");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    match most {
        Some(most) => assert!(most < 150 << 10, "{} MiB", most >> 10),
        None => eprintln!("skipped: this system does not tell what a process has taken"),
    }
}
