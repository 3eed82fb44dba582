//! `nnlc`: a compiler, interpreter and REPL for `.nnl`.

pub mod arena;
pub mod cli;
pub mod diag;
pub mod source;
pub mod syntax;
pub mod types;
