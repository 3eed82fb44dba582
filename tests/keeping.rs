//! Runs that are kept on disk: whatever stops a process, the run goes on to the bytes of an undisturbed one; what has changed, is
//! damaged or is another's is told.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use nnlc::train::{RunDir, Status};

/// Everything that a checkpoint must hold: a state of the optimizer, noise, a schedule, statistics, early stopping with its best
/// weights, groups of batches, metrics, an epoch longer than the steps between checkpoints.
const PROGRAM: &str = "\
use nn::{Dense, BatchNorm, Dropout, relu};
use metrics::accuracy;
data line {
  source: random(rows: 90, normal: 3, classes: 3, seed: 3),
  x: columns(\"x*\") |> standardize, y: class |> one_hot,
  split: { train: 70%, val: 30%, seed: 1 },
}
model Net(x: [batch, 3]) -> [batch, 3] { x |> Dense(8) |> BatchNorm() |> relu |> Dropout(0.2) |> Dense(3) }
train fit {
  model: Net, data: line, loss: cross_entropy(logits: out, target: y),
  optimizer: adam(lr: cosine(peak: 1e-2, total: 150 epochs)), clip: global_norm(1.0),
  accumulate: 2, epochs: 150, batch: 4, seed: 5, metrics: [accuracy],
  early_stop: { on: val.loss, patience: 140 epochs },
  checkpoint: { every: 21 steps, keep: 2 },
}
";

struct World {
    folder: tempfile::TempDir,
}

impl World {
    fn new(program: &str) -> World {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let world = World { folder };
        world.write("p.nnl", program);
        world
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file can be written");
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nnlc"));
        command.current_dir(self.folder.path());
        command.args(["run", "p.nnl", "-q"]).args(args);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        command.stderr(Stdio::piped());
        command
    }

    /// Exit code and standard error.
    fn run(&self, args: &[&str]) -> (i32, String) {
        ended(self.command(args).output().expect("the binary runs"))
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().expect("the binary runs")
    }

    fn open(&self, name: &str) -> RunDir {
        RunDir::open(&self.path(name)).expect("a run directory")
    }

    /// What a run came to: its model, and its records without their times.
    fn result(&self, name: &str) -> (Vec<u8>, Vec<String>) {
        let opened = self.open(name);
        let model = opened.model("fit").expect("the run is over");
        let records = opened
            .lines_of("fit")
            .map(|line| format!("{:?}", line.record));
        (fs::read(model).expect("it is there"), records.collect())
    }

    /// Waits until a run has written a checkpoint.
    fn wait_for_checkpoint(&self, name: &str) {
        let begun = Instant::now();
        let is_there = || {
            let opened = RunDir::open(&self.path(name));
            opened.is_ok_and(|opened| opened.newest("fit").is_some())
        };
        while !is_there() {
            assert!(begun.elapsed() < Duration::from_secs(60), "no checkpoint");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn ended(output: Output) -> (i32, String) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), text)
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status();
    assert!(sent.expect("there is `kill`").success());
}

#[test]
fn a_killed_run_goes_on_to_the_same_bytes() {
    let world = World::new(PROGRAM);
    assert_eq!(world.run(&["--run-dir", "whole"]), (0, String::new()));
    let mut child = world.start(&["--run-dir", "broken"]);
    world.wait_for_checkpoint("broken");
    for pause in [3, 40, 11, 90] {
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        let threads = if pause % 2 == 0 { "1" } else { "2" };
        child = world.start(&["--resume", "broken", "--threads", threads]);
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(ended(output), (0, String::new()));
    assert_eq!(world.result("broken"), world.result("whole"));
    let run = world.open("broken");
    assert_eq!(run.run("fit").map(|run| run.status), Some(Status::Finished));
    assert!(run.run("fit").is_some_and(|run| run.checkpoints.len() == 2));
    // A run that is over is only told again.
    assert_eq!(world.run(&["--resume", "broken"]).0, 0);
    assert_eq!(world.result("broken"), world.result("whole"));
}

/// Groups, averages, classes that are weighed and drawn, folds.
const FOLDS: &str = "\
use nn::{Dense, BatchNorm, Dropout, relu};
use metrics::accuracy;
data line {
  source: random(rows: 90, normal: 3, classes: 3, seed: 3),
  x: columns(\"x*\") |> standardize, y: class |> one_hot, split: folds(3, seed: 1),
}
model Net(x: [batch, 3]) -> [batch, 3] {
  let body = Dense(8);
  x |> body |> BatchNorm() |> relu |> Dropout(0.2) |> Dense(3)
}
train fit {
  model: Net, data: line, loss: cross_entropy(logits: out, target: y),
  optimizer: adam(lr: 1e-2), groups: { body: { lr: 1e-3 } }, average: ema(decay: 0.9),
  class_weights: [1, 2, 3], sampling: balanced, plateau: { on: val.loss, patience: 3 epochs },
  epochs: 60, batch: 4, seed: 5, metrics: [accuracy], checkpoint: { every: 7 steps, keep: 2 },
}
show cross_validate(fit);
";

#[test]
fn killed_folds_go_on_to_the_same_bytes() {
    let world = World::new(FOLDS);
    assert_eq!(world.run(&["--run-dir", "whole"]).0, 0);
    let mut child = world.start(&["--run-dir", "broken"]);
    world.wait_for_checkpoint("broken");
    for pause in [60, 250, 120, 400] {
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
        child = world.start(&["--resume", "broken"]);
    }
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0));
    let again = world
        .command(&["--resume", "whole"])
        .output()
        .expect("the binary runs");
    assert_eq!(output.stdout, again.stdout, "the same table");
    for run in ["fit", "fit.fold1", "fit.fold2"] {
        let model = |name: &str| fs::read(world.open(name).model(run).expect("the run is over"));
        assert!(
            model("broken").expect("it is there") == model("whole").expect("it is there"),
            "{run}"
        );
    }
}

#[cfg(unix)]
#[test]
fn signals_finish_the_step_save_and_say_how_to_go_on() {
    let world = World::new(PROGRAM);
    assert_eq!(world.run(&["--run-dir", "whole", "--threads", "1"]).0, 0);
    for (name, how) in [("int", "-INT"), ("term", "-TERM")] {
        // A setting of the command line holds when the run goes on, too.
        let child = world.start(&["--run-dir", name, "--set", "fit.checkpoint.keep=1"]);
        world.wait_for_checkpoint(name);
        signal(&child, how);
        let (code, text) = ended(child.wait_with_output().expect("it ends"));
        assert_eq!(code, 130, "{text}");
        let hint = format!("nnlc run p.nnl --resume {name}");
        assert!(text.contains(&hint), "{text}");
        let stopped = world.open(name);
        assert_eq!(
            stopped.run("fit").map(|run| run.status),
            Some(Status::Interrupted)
        );
        assert_eq!(world.run(&["--resume", name]), (0, String::new()));
        let (whole, broken) = (world.result("whole"), world.result(name));
        assert_eq!(whole.1, broken.1);
        assert!(whole.0 == broken.0, "other weights after {how}");
    }
}

#[test]
fn what_has_changed_is_named_and_let_pass_only_by_force() {
    let world = World::new(&PROGRAM.replace("epochs: 150", "epochs: 2"));
    assert_eq!(world.run(&["--run-dir", "runs"]).0, 0);
    let changed = PROGRAM
        .replace("epochs: 150", "epochs: 3")
        .replace("rows: 90", "rows: 80");
    // Comments and layout are no change.
    world.write(
        "p.nnl",
        &PROGRAM.replace("epochs: 150", "epochs:   2 /* more? */"),
    );
    assert_eq!(world.run(&["--resume", "runs"]).0, 0);
    world.write("p.nnl", &changed);
    let (code, text) = world.run(&["--resume", "runs"]);
    assert_eq!(code, 3, "{text}");
    for has in [
        "E0724",
        "epochs: 2",
        "epochs: 3",
        "part `train` of data `line` has",
        "--force",
    ] {
        assert!(text.contains(has), "{has}: {text}");
    }
    world.write(
        "p.nnl",
        &PROGRAM
            .replace("epochs: 150", "epochs: 3")
            .replace("Dense(8)", "Dense(9)"),
    );
    let (code, text) = world.run(&["--resume", "runs", "--force"]);
    assert!(code == 3 && text.contains("E0715"), "{text}");
    assert!(
        text.contains("expected f32[3, 9], found f32[3, 8]"),
        "{text}"
    );
}

#[test]
fn a_forced_change_stands_in_the_history() {
    let world = World::new(&PROGRAM.replace("epochs: 150", "epochs: 2"));
    assert_eq!(world.run(&["--run-dir", "runs"]).0, 0);
    world.write(
        "p.nnl",
        &PROGRAM
            .replace("epochs: 150", "epochs: 2")
            .replace("seed: 5", "seed: 6"),
    );
    assert_eq!(world.run(&["--resume", "runs", "--force"]).0, 0);
    let changes = world.open("runs").manifest.changes;
    assert!(
        changes.iter().any(|change| change.contains("seed: 6")),
        "{changes:?}"
    );
}

#[test]
fn a_folder_has_one_writer_and_keeps_what_it_holds() {
    let endless = PROGRAM.replace("epochs: 150", "epochs: 1000000");
    let world = World::new(&endless.replace("patience: 140", "patience: 1000000"));
    let mut child = world.start(&["--run-dir", "runs"]);
    world.wait_for_checkpoint("runs");
    for args in [["--run-dir", "runs"], ["--resume", "runs"]] {
        let (code, text) = world.run(&args);
        let holder = format!("process {}", child.id());
        assert!(
            code == 3 && text.contains("E0720") && text.contains(&holder),
            "{text}"
        );
    }
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    world.write("p.nnl", &PROGRAM.replace("epochs: 150", "epochs: 1"));
    let (code, text) = world.run(&["--run-dir", "runs"]);
    assert!(
        code == 3 && text.contains("E0721") && text.contains("--resume runs"),
        "{text}"
    );
    assert_eq!(world.run(&["--run-dir", "runs", "--overwrite"]).0, 0);
    let run = world.open("runs");
    assert_eq!(run.lines.len(), 1, "what was recorded before is gone");
}

#[test]
fn a_damaged_checkpoint_gives_way_to_the_one_before() {
    let world = World::new(&PROGRAM.replace("epochs: 150", "epochs: 3"));
    assert_eq!(world.run(&["--run-dir", "runs"]).0, 0);
    let whole = world.result("runs");
    let newest = world.open("runs").newest("fit").expect("a checkpoint");
    let mut bytes = fs::read(&newest).expect("it is there");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&newest, &bytes).expect("it can be written");
    let (code, text) = world.run(&["--resume", "runs"]);
    assert!(code == 0 && text.contains("W0726"), "{text}");
    assert_eq!(world.result("runs"), whole);
    for entry in fs::read_dir(world.path("runs/checkpoints")).expect("it is there") {
        fs::write(entry.expect("an entry").path(), "cut").expect("it can be written");
    }
    let (code, text) = world.run(&["--resume", "runs"]);
    assert!(code == 3 && text.contains("E0725"), "{text}");
}

#[test]
fn what_is_no_run_directory_is_told() {
    let world = World::new(PROGRAM);
    fs::create_dir(world.path("empty")).expect("it can be made");
    for (folder, code) in [("empty", "E0722"), ("nowhere", "E0722")] {
        let (exit, text) = world.run(&["--resume", folder]);
        assert!(exit == 3 && text.contains(code), "{text}");
    }
    assert!(!world.path("nowhere").exists());
    let (exit, text) = world.run(&["--run-dir", "p.nnl/inside"]);
    assert!(exit == 3 && text.contains("E0712"), "{text}");
    fs::create_dir(world.path("newer")).expect("it can be made");
    world.write("newer/run.json", "{\"format\": 99}");
    let (exit, text) = world.run(&["--resume", "newer"]);
    assert!(exit == 3 && text.contains("E0714"), "{text}");
}

/// A disk that is full: no file may grow beyond a few blocks.
#[cfg(unix)]
#[test]
fn on_a_full_disk_the_run_goes_on_and_old_checkpoints_stay_whole() {
    let program = PROGRAM
        .replace("Dense(8)", "Dense(3000)")
        .replace("epochs: 150", "epochs: 1");
    let program = program.replace("every: 21 steps", "every: 3 steps");
    let world = World::new(&program);
    let binary = env!("CARGO_BIN_EXE_nnlc");
    let script = format!("trap '' XFSZ; ulimit -f 40; exec {binary} run p.nnl -q --run-dir full");
    let output = Command::new("sh")
        .current_dir(world.folder.path())
        .args(["-c", &script])
        .output();
    let (code, text) = ended(output.expect("there is `sh`"));
    assert!(
        code == 3 && text.contains("W0727") && text.contains("E0712"),
        "{text}"
    );
    let opened = world.open("full");
    assert!(opened.newest("fit").is_none() && opened.model("fit").is_none());
    assert_eq!(leftovers(&world.path("full/checkpoints")), 0);
    assert_eq!(world.run(&["--resume", "full"]).0, 0);
    assert_eq!(world.run(&["--run-dir", "whole"]).0, 0);
    assert_eq!(world.result("full"), world.result("whole"));
}

fn leftovers(folder: &Path) -> usize {
    fs::read_dir(folder).expect("it is there").count()
}

const SMALL: &str = "\
use nn::{Dense, tanh};
data xor { source: table({ a: [0, 0, 1, 1], b: [0, 1, 0, 1], differs: [0, 1, 1, 0] }), x: [a, b], y: [differs] }
model Xor(x: [batch, 2]) -> [batch, 1] { let body = Dense(4); let head = Dense(1); body(x) |> tanh |> head }
train fit { model: Xor, data: xor, loss: mse(out, y), optimizer: sgd(lr: 0.1), epochs: 3, batch: 2 }
";

/// What a program shows, as JSON lines.
fn shown(world: &World) -> String {
    let output = world
        .command(&["--json"])
        .output()
        .expect("the binary runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}", ended(output).1);
    let shows = text.lines().filter(|line| line.contains("\"show\""));
    shows.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_run_begins_with_the_weights_of_a_saved_one() {
    let show = "show fit.model([[0.5, 2.0]]);\n";
    let world = World::new(&format!("{SMALL}save fit to \"base.nnlm\";\n{show}"));
    let saved = shown(&world);
    let still = SMALL.replace("lr: 0.1", "lr: 0");
    let tuned = |from: &str| still.replace("epochs: 3", &format!("epochs: 1, from: {from}")) + show;
    world.write("p.nnl", &tuned("\"base.nnlm\""));
    assert_eq!(shown(&world), saved);
    // Without the head, the head is this run's own.
    world.write("p.nnl", &tuned("{ file: \"base.nnlm\", except: [head] }"));
    assert_ne!(shown(&world), saved);
    world.write(
        "p.nnl",
        &tuned("\"base.nnlm\"").replace("Dense(4)", "Dense(5)"),
    );
    let (code, text) = world.run(&[]);
    assert!(
        code == 3 && text.contains("E0715") && text.contains("3 differences"),
        "{text}"
    );
}

#[test]
fn a_dry_run_writes_nothing_and_a_time_ends_a_run_that_can_go_on() {
    let world = World::new(&format!("{SMALL}save fit to \"base.nnlm\";\n"));
    assert_eq!(world.run(&["--dry-run"]), (0, String::new()));
    assert!(!world.path("base.nnlm").exists());
    let sets = [
        "--set",
        "fit.max_time=1 second",
        "--set",
        "fit.epochs=1000000000",
    ];
    let args = [&["--run-dir", "runs"], &sets[..]].concat();
    assert_eq!(world.run(&args).0, 0);
    let run = world.open("runs");
    assert_eq!(
        run.run("fit").map(|run| run.status),
        Some(Status::Interrupted)
    );
    assert!(run.newest("fit").is_some());
}

#[test]
fn the_op_that_breaks_a_run_is_named() {
    let world = World::new(
        &SMALL
            .replace("lr: 0.1", "lr: 1e30")
            .replace("tanh |> head", "head"),
    );
    let (code, text) = world.run(&[]);
    assert_eq!(code, 4, "{text}");
    for has in [
        "E0610",
        "gives what is",
        "made of f32[2, 4]",
        "the batch holds rows",
    ] {
        assert!(text.contains(has), "{has}: {text}");
    }
    let (code, text) = world.run(&["--trap-nan"]);
    assert!(
        code == 4 && text.contains("E0614") && text.contains("in step 2"),
        "{text}"
    );
}
