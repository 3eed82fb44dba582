//! argv → `cli` → exit status; nothing else.

use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    let began = Instant::now();
    ExitCode::from(nnlc::cli::main(std::env::args_os(), began))
}
