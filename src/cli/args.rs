//! The command line: what can be asked for, and the words of its help. clap reads it; what is wrong with it is a usage error.

mod model;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::types::DType;

pub(crate) use model::{Compare, Evaluate, Inspect, Predict, Record, Serve, Tune};

/// The page that lists the commands. Braces are clap's here.
const PAGE: &str = "\
{about}

{usage-heading} {usage}

Commands:
{subcommands}

Examples:
  nnlc run iris.nnl                       train, evaluate, show
  nnlc check iris.nnl                     find every mistake without running anything
  nnlc run iris.nnl --set train.epochs=5  the same program with another setting

Options, for every command:
{options}{after-help}
";

/// How that page ends.
const AFTER: &str = "\
A first program, iris.nnl:
  use nn::{Dense, relu};
  use metrics::accuracy;

  data iris {
    source: csv(\"iris.csv\"),
    x: [sepal_length, sepal_width, petal_length, petal_width] |> standardize,
    y: species |> one_hot,
    split: { train: 80%, val: 20%, seed: 7 },
  }
  model Mlp(x: [batch, 4]) -> [batch, 3] { x |> Dense(16) |> relu |> Dense(3) }
  train fit {
    model: Mlp, data: iris, loss: cross_entropy(logits: out, target: y),
    optimizer: adam(lr: 1e-2), epochs: 50, batch: 16, metrics: [accuracy],
  }
  show evaluate(fit, on: iris.val, metrics: [accuracy]);

Exit codes: 0 all is well, 1 the program is wrong, 2 the command line is wrong, 3 a file is,
4 it failed while running, 5 not supported yet, 101 a bug in nnlc, 130 interrupted

Read more: `nnlc help COMMAND` tells of one command with an example; README.md begins a tour
of the language; examples/ holds whole programs.";

/// The whole command line.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "nnlc",
    version,
    about = "Check, run and inspect neural networks written in .nnl",
    help_template = PAGE,
    after_help = AFTER,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    /// What holds for every command.
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options that every command takes.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options for every command")]
pub(crate) struct Global {
    /// What computes: `jit`, native code, or `interp`, the interpreter
    #[arg(long, global = true, value_enum, hide_possible_values = true, default_value_t = EngineChoice::Jit, value_name = "ENGINE")]
    pub(crate) engine: EngineChoice,
    /// Threads to use, 1 to 1024 [default: one a processor]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Seed of weights, order and noise, in place of the program's
    #[arg(long, global = true, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// A setting in place of the program's: train.epochs=5, fit.batch=32, dim.hidden=64; repeatable
    #[arg(long, global = true, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// JSON lines on standard output; reports still go to standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Colours: auto, which asks the terminal and NO_COLOR, always or never
    #[arg(long, global = true, value_enum, hide_possible_values = true, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(crate) color: ColorChoice,
    /// No progress: only what the program shows
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Tell what the optimizer did
    #[arg(long, global = true)]
    pub(crate) explain_passes: bool,
}

/// What computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EngineChoice {
    /// Native code
    Jit,
    /// The interpreter, one instruction after the other: the reference
    Interp,
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// Where a terminal shows it
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// What to do.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a program: read its data, train, evaluate, show, save
    ///
    /// Everything is checked before anything runs. While a run trains, its losses and metrics come as one line an epoch, or about
    /// one in twenty where there are many. The same program and seed give the same output. With --json each event is a line:
    /// `start`, `epoch`, `early_stop`, `done`, `show`, `saved`; metrics keep the names they were written under, and floats are the
    /// shortest text that reads back as the same number ("NaN", "Infinity" and "-Infinity" where JSON has none).
    #[command(after_help = "Example:\n  nnlc run examples/iris.nnl --seed 3 --set train.epochs=20")]
    Run {
        /// The program
        file: PathBuf,
        /// Where its runs are kept.
        #[command(flatten)]
        keep: KeepArgs,
        /// Try everything with one batch and write nothing
        #[arg(long, conflicts_with_all = ["resume", "run_dir", "overwrite"])]
        dry_run: bool,
        /// Stop at the first value that is not finite, and name the op: slow, since the interpreter runs
        #[arg(long)]
        trap_nan: bool,
        /// Say in the end where the time of native code went
        #[arg(long)]
        profile: bool,
        /// Write the calls of native code to a file that Chrome's tracing view and Perfetto read
        #[arg(long, value_name = "FILE")]
        trace: Option<PathBuf>,
        /// What it leaves for others to look at
        #[command(flatten)]
        record: Record,
    },
    /// Try things out, line by line; also what `nnlc` alone does
    ///
    /// A line is a statement or declaration, or an expression, whose value is shown. A later definition replaces an earlier one of
    /// the same name; a line that fails leaves no trace. `:help` lists the commands, `?name` tells of a name. Without a terminal the
    /// lines of standard input are answered one after the other.
    #[command(after_help = "Example:\n  nnlc repl examples/least_squares.nnl")]
    Repl {
        /// A program to run first
        file: Option<PathBuf>,
    },
    /// Find every mistake in a program without running anything
    ///
    /// Names, shapes and settings are checked, and the model against its data: the data files are read, nothing is trained. A
    /// mistake is told with the places that do not agree and one edit to try. Prints nothing but warnings where all is well.
    #[command(after_help = "Example:\n  nnlc check examples/digits.nnl && echo fine")]
    Check(Program),
    /// Print a program as the compiler sees it at some stage
    ///
    /// `ast` is the program in canonical form, `ir` what lowering made of it, `checked` the same with every shape worked out, `grad`
    /// with gradients written out, `opt` after the optimizer: what engines run, `plan`, `clif` and `asm` what native code becomes of it.
    #[command(after_help = "Example:\n  nnlc dump --stage checked examples/xor.nnl")]
    Dump {
        /// Which stage: ast, ir, checked, grad, opt, plan, clif or asm
        #[arg(long, value_enum, hide_possible_values = true, default_value_t = DumpStage::Checked, value_name = "STAGE")]
        stage: DumpStage,
        /// The program
        file: PathBuf,
    },
    /// Run a program's tests and examples, or the library's
    ///
    /// A `test` block fails where an `assert` in it does not hold, an `@example` of a doc comment where it does not run. Without FILE
    /// the examples of the standard library run.
    #[command(after_help = "Example:\n  nnlc test examples/least_squares.nnl")]
    Test {
        /// The program [default: the standard library]
        file: Option<PathBuf>,
    },
    /// Tell what a model costs: shapes, parameters, arithmetic, memory
    ///
    /// One line a layer: what it puts out, the numbers it learns, operations forward and backward for one batch, bytes of
    /// activations kept for the way back, bytes the optimizer keeps. Numbers that are kept but not trained are told apart.
    #[command(after_help = "Example:\n  nnlc summary --json examples/digits.nnl")]
    Summary(Program),
    /// Predict new rows with a saved model
    ///
    /// The rows of a CSV file go through the transforms that were fitted when the model was trained, and its outputs come back as
    /// columns: categories by name with the probability of each, numbers in the units of the training data. Columns are found by
    /// name. A category that training never showed and a missing value are what the program's data block says: an error that names
    /// the row, or zeros and filled values; under `missing: drop` such a row has empty predictions. The file may be larger than
    /// memory.
    #[command(
        after_help = "Example:\n  nnlc predict iris.nnlm --input new.csv --keep id --output predictions.csv"
    )]
    Predict(Predict),
    /// Measure a saved model on new rows whose answers are known
    ///
    /// The loss and the metrics of its `train` block, on all rows of a CSV file.
    #[command(after_help = "Example:\n  nnlc evaluate iris.nnlm --data held_out.csv")]
    Evaluate(Evaluate),
    /// Tell what a saved model takes and gives, and where it comes from
    #[command(after_help = "Example:\n  nnlc inspect iris.nnlm")]
    Inspect(Inspect),
    /// Answer requests with a saved model, over HTTP
    ///
    /// POST /predict takes {\"rows\": [{\"column\": value, ...}, ...]}, or for a model of images the bytes of a PNG or JPEG file, and
    /// answers {\"rows\": [...]}; GET /schema tells the columns and
    /// their types, /health whether it answers, /metrics counts in Prometheus' form, / is a page to try it. Requests that wait are
    /// predicted together. Listens to this machine alone unless --host says otherwise. Ctrl-C ends it once what was asked is
    /// answered.
    #[command(after_help = "Example:\n  nnlc serve iris.nnlm --port 8080")]
    Serve(Serve),
    /// Search for good settings: ranges in, a table and the best settings out
    ///
    /// Each trial is the program with values drawn from the ranges, trained until its first run is over; trials run beside each other.
    /// What is searched for is the least value that a trial records. Trials are written down as they end: the same command goes on
    /// where it was stopped.
    #[command(
        after_help = "Example:\n  nnlc tune iris.nnl --set 'train.lr=log(1e-4..1e-1)' --set 'train.batch=one_of(8, 16, 32)' --trials 30"
    )]
    Tune(Tune),
    /// Lay runs side by side: results, settings that differ, curves
    #[command(after_help = "Example:\n  nnlc compare runs/a runs/b --output compare.html")]
    Compare(Compare),
    /// Evaluate lines given here: named tensors in, every `let` out
    ///
    /// The tensors of --load are names in the lines. Values and `let`s are shown; with --save every `let` is written under its name,
    /// and what is only shown under `result`. With --server each line of standard input is a request, answered by one line:
    /// {"eval": "solve(A, b)", "bind": {"A": [[2, 1], [1, 3]], "b": [3, 5]}}.
    #[command(
        after_help = "Example:\n  nnlc eval -e 'use linalg::det; det(A)' --load in.safetensors --dtype f64"
    )]
    Eval(Eval),
    /// Put programs into canonical form
    ///
    /// One statement a line, one field a line, two spaces a level, lines of at most 100 columns where that can be. Comments stay
    /// where they are; runs of empty lines become one. A program that is wrong is told so, and left alone.
    #[command(after_help = "Example:\n  nnlc fmt --check iris.nnl")]
    Fmt(Fmt),
    /// Tell what the code of a report means
    #[command(after_help = "Example:\n  nnlc explain E0112")]
    Explain {
        /// The code [default: all of them, a line each]
        code: Option<String>,
    },
    /// Begin a project: a program that runs, its data, a README
    ///
    /// With --csv the program fits that file: its columns are read and told apart into numbers, categories, and what no model can use;
    /// the last useful column is what is predicted, unless --target names another.
    #[command(
        after_help = "Example:\n  nnlc new first\n  nnlc new homes --csv homes.csv --target price"
    )]
    New(New),
    /// Print what completes this command line in a shell
    #[command(
        after_help = "Example:\n  nnlc completions bash > ~/.local/share/bash-completion/completions/nnlc"
    )]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages of this command line into a folder
    #[command(after_help = "Example:\n  nnlc man ~/.local/share/man/man1")]
    Man {
        /// The folder, made where it is missing
        folder: PathBuf,
    },
    /// Time the training step of a program's first run, or its model's answers
    ///
    /// The steps of the first `train` block are repeated on batches in memory, each timed; with --predict the model answers rows in
    /// memory, with the weights that it begins with. One line comes out, with --json in the form that the comparisons of this project
    /// share: `peer`, `work`, `median_us`, `min_us`, `first_step_s` (since the process began), `rss_mib`, `loss_first`, `loss_last`,
    /// `steps`; of answers, `rows` in place of losses.
    #[command(
        after_help = "Example:\n  nnlc bench benches/mlp_tiny.nnl --seconds 4 --threads 2 --json"
    )]
    Bench {
        /// How long to go on, in seconds
        #[arg(long, default_value_t = 4.0, value_name = "S", value_parser = seconds)]
        seconds: f64,
        /// Time the model's answers to so many rows at once
        #[arg(long, value_name = "ROWS", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        predict: Option<u32>,
        /// The program
        file: PathBuf,
    },
}

/// Where the runs of a program are kept.
#[derive(Args, Clone, Debug)]
pub(crate) struct KeepArgs {
    /// Keep the runs in this folder: settings, metrics, checkpoints, models
    #[arg(long, value_name = "DIR")]
    pub(crate) run_dir: Option<PathBuf>,
    /// Give up the runs that the folder holds
    #[arg(long, conflicts_with = "resume")]
    pub(crate) overwrite: bool,
    /// Go on with the runs kept in this folder: the same bytes come out as without the break
    #[arg(long, value_name = "DIR", conflicts_with = "run_dir")]
    pub(crate) resume: Option<PathBuf>,
    /// Go on although program, data or nnlc have changed
    #[arg(long, requires = "resume")]
    pub(crate) force: bool,
}

/// Lines and what they are evaluated with.
#[derive(Args, Clone, Debug)]
pub(crate) struct Eval {
    /// A line; repeatable
    #[arg(short, long, value_name = "LINE", required_unless_present_any = ["server", "interactive"])]
    pub(crate) expr: Vec<String>,
    /// Tensors to name in it: a safetensors file, or a npy file, whose tensor is called as the file is, or as NAME= says; repeatable
    #[arg(long, value_name = "[NAME=]FILE")]
    pub(crate) load: Vec<PathBuf>,
    /// Where to write results: a safetensors file; or a npy file, for the tensor called as the file is, or the only one there is
    #[arg(long, value_name = "FILE", conflicts_with = "server")]
    pub(crate) save: Option<PathBuf>,
    /// Element type of floats where nothing else decides: f32 or f64
    #[arg(long, value_name = "DTYPE", value_parser = float)]
    pub(crate) dtype: Option<DType>,
    /// Go on at the prompt afterwards, with all there is
    #[arg(short, long, conflicts_with = "server")]
    pub(crate) interactive: bool,
    /// Answer requests, a line of JSON each
    #[arg(long, conflicts_with = "expr")]
    pub(crate) server: bool,
}

/// Programs and what to do with their canonical form.
#[derive(Args, Clone, Debug)]
pub(crate) struct Fmt {
    /// Write nothing; code 1 where something would change
    #[arg(long)]
    pub(crate) check: bool,
    /// Write nothing; print what would change, and code 1 where something would
    #[arg(long)]
    pub(crate) diff: bool,
    /// The programs; `-` reads standard input and writes standard output
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
}

/// A project and what it begins with.
#[derive(Args, Clone, Debug)]
pub(crate) struct New {
    /// The folder to make
    pub(crate) name: PathBuf,
    /// A table to fit: it is copied into the folder
    #[arg(long, value_name = "FILE")]
    pub(crate) csv: Option<PathBuf>,
    /// The column to predict [default: the last useful one]
    #[arg(long, value_name = "COLUMN", requires = "csv")]
    pub(crate) target: Option<String>,
}

/// A program file.
#[derive(Args, Clone, Debug)]
pub(crate) struct Program {
    /// The program
    pub(crate) file: PathBuf,
}

/// What to print of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DumpStage {
    /// The syntax tree, as canonical source
    Ast,
    /// What lowering made of it
    Ir,
    /// With every shape
    Checked,
    /// With gradients written out
    Grad,
    /// What engines run
    Opt,
    /// How native code goes about it: kernels, buffers, bytes, FLOPs
    Plan,
    /// Cranelift's IR of the kernels
    Clif,
    /// The machine's instructions of the kernels
    Asm,
}

fn float(text: &str) -> Result<DType, String> {
    let dtype = text.parse::<DType>().ok();
    let float = dtype.filter(|dtype| dtype.is_float());
    float.ok_or_else(|| "`f32` or `f64` is needed".into())
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        Ok(_) | Err(_) => Err("a number of seconds, at most a day, is needed".into()),
    }
}
