//! Text to syntax tree and back. Knows the grammar; no names' meanings, no shapes.

pub mod ast;
pub mod codes;
mod parse;
mod print;

pub use parse::{decode, parse, parse_line};
pub use print::print;
