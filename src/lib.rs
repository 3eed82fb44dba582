//! `nnlc`: a compiler, interpreter and REPL for `.nnl`.

pub mod arena;
pub mod check;
pub mod cli;
pub mod data;
pub mod diag;
pub mod engine;
pub mod grad;
pub mod ir;
pub mod lower;
pub mod ops;
pub mod scalar;
pub mod session;
pub mod source;
pub mod stdlib;
pub mod syntax;
pub mod tensor;
pub mod train;
pub mod types;
