//! Text to syntax tree and back. Knows the grammar; no names' meanings, no shapes.

pub mod ast;
pub mod codes;
mod parse;
mod print;

pub use parse::{LazyDef, Outlined, Tint, decode, is_name, is_unfinished, keywords, outline};
pub use parse::{parse, parse_line, tints};
pub use print::{format, print, print_expr, print_item, quoted};
