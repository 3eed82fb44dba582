//! `nnlc`: a compiler, interpreter and REPL for `.nnl`.

pub mod arena;
pub mod cli;
pub mod data;
pub mod diag;
pub mod engine;
pub mod grad;
pub mod ir;
pub mod lower;
pub mod ops;
pub mod opt;
pub mod scalar;
pub mod source;
pub mod syntax;
pub mod tensor;
pub mod types;
