//! Text to syntax tree and back. Knows the grammar; no names' meanings, no shapes.

pub mod ast;
pub mod codes;
mod parse;

pub use parse::{parse, parse_line};
