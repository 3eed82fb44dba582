//! Text to syntax tree and back. Knows the grammar; no names' meanings, no shapes.

pub mod ast;
