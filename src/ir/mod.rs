//! The intermediate representation. [`draft`] is what lowering makes: names resolved, shapes not yet known. [`Module`] is what
//! the checker makes of it: SSA over typed tensors, which passes rewrite and engines run.

pub mod draft;
mod graph;
mod op;
mod print;
mod print_draft;

pub use graph::{
    Called, Func, FuncId, Input, Inst, Module, Origin, OriginId, Role, Value, ValueId,
};
pub use op::{Op, Range, Scan, Window};
pub use print::{print_func, print_module};
pub use print_draft::print_draft;
