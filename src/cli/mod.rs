//! The terminal: the only layer that prints, and the only one that knows exit codes. A command is a file; [`main`] reads the command
//! line, runs the command, and says what the process comes to. A panic anywhere below becomes one message and code 101.

mod args;
mod bar;
mod bench;
mod bug;
mod check;
mod compare;
mod completions;
mod dump;
mod eval;
mod evaluate;
mod explain;
mod fmt;
mod inspect;
mod interrupt;
mod model;
mod new;
mod out;
mod predict;
mod profile;
mod program;
mod progress;
pub mod render;
mod repl;
mod report;
mod run;
mod screen;
mod serve;
mod show;
mod summary;
mod tensorboard;
mod test;
mod tune;

use std::ffi::OsString;
use std::io;
use std::time::Instant;

use clap::Parser;

use crate::cli::args::{Cli, Command, Global};

pub use out::Out;
pub use screen::Screen;

/// What a process comes to, beside the codes that reports bring with them.
const USAGE: u8 = 2;
const FILE: u8 = 3;
const BUG: u8 = 101;
const INTERRUPTED: u8 = 130;
/// As a shell has it of a process that nobody reads any more.
const BROKEN_PIPE: u8 = 141;

/// Why a command ends before its end.
#[derive(Debug)]
enum Stop {
    /// Everything has been said; the process ends with this code.
    Code(u8),
    /// Nothing more can be written.
    Io(io::Error),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Stop {
        Stop::Io(error)
    }
}

/// What a command comes to.
type Done<T = ()> = Result<T, Stop>;

/// Runs the command line `args`, whose first word is the program's own name, and gives the exit code. `began` is when the process did.
pub fn main(args: impl IntoIterator<Item = OsString>, began: Instant) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    bug::caught(|| parsed(args, began))
}

fn parsed(args: Vec<OsString>, began: Instant) -> u8 {
    match Cli::try_parse_from(args) {
        Ok(cli) => on_terminal(&cli, began),
        Err(error) => {
            // Help that cannot be written has nobody to read it.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(USAGE)
        }
    }
}

fn on_terminal(cli: &Cli, began: Instant) -> u8 {
    let (mut stdout, mut stderr) = (io::stdout().lock(), io::stderr());
    let mut out = Out::new(
        &mut stdout,
        &mut stderr,
        Screen::of_process(cli.global.color),
    );
    out.is_json = cli.global.json;
    out.is_quiet = cli.global.quiet;
    match command(cli, &mut out, began) {
        Ok(()) => 0,
        Err(Stop::Code(code)) => code,
        Err(Stop::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => BROKEN_PIPE,
        Err(Stop::Io(error)) => {
            // Standard error may be gone as well.
            let _ = out.note(&format!("nnlc: cannot write: {error}\n"));
            FILE
        }
    }
}

fn command(cli: &Cli, out: &mut Out<'_>, began: Instant) -> Done {
    let global = &cli.global;
    match &cli.command {
        None => repl::repl(None, global, out),
        Some(command) => chosen(command, global, out, began),
    }
}

fn chosen(command: &Command, global: &Global, out: &mut Out<'_>, began: Instant) -> Done {
    match command {
        Command::Repl { file } => repl::repl(file.as_deref(), global, out),
        Command::Run {
            file,
            keep,
            dry_run,
            trap_nan,
            profile,
            trace,
            record,
        } => {
            let wanted = run::Wanted {
                keep,
                is_dry: *dry_run,
                traps: *trap_nan,
                profiles: *profile,
                trace: trace.as_deref(),
                record,
            };
            run::run(file, wanted, global, out)
        }
        Command::Check(program) => check::check(&program.file, global, out),
        Command::Dump { stage, file } => dump::dump(*stage, file, global, out),
        Command::Test { file } => test::test(file.as_deref(), global, out),
        Command::Predict(args) => predict::predict(args, global, out),
        Command::Evaluate(args) => evaluate::evaluate(args, global, out),
        Command::Inspect(args) => inspect::inspect(args, global, out),
        Command::Serve(args) => serve::serve(args, global, out),
        Command::Tune(args) => tune::tune(args, global, out),
        Command::Compare(args) => compare::compare(args, out),
        Command::Eval(args) => eval::eval(args, global, out),
        Command::Fmt(args) => fmt::fmt(args, global, out),
        Command::Explain { code } => explain::explain(code.as_deref(), out),
        Command::New(args) => new::new(args, global, out),
        Command::Man { folder } => completions::man(folder, out),
        Command::Completions { shell } => completions::completions(*shell, out),
        Command::Summary(program) => summary::summary(&program.file, global, out),
        Command::Bench {
            seconds,
            predict,
            file,
        } => {
            let timed = bench::Timed {
                seconds: *seconds,
                rows: *predict,
            };
            bench::bench(file, timed, began, global, out)
        }
    }
}
