//! Running functions. An engine prepares a function once and runs it on tensors many times; sizes become numbers when the tensors
//! arrive. Knows no op by name: what an op means is `ops`' business.

mod bind;
mod error;
mod flat;
mod interp;
mod jit;
mod memory;
mod plans;
mod profile;
mod scan;
mod stop;
mod trap;

pub use error::{RunError, RunFault};
pub use interp::Interpreter;
pub use jit::{Jit, Listing, footprint, listing};
pub use profile::{Call, KernelTime, Profile};
pub use stop::Stop;
pub use trap::Trap;

use crate::ir::{FuncId, Module};
use crate::tensor::Tensor;

/// A way to run functions.
pub trait Engine {
    /// Makes a flat function ready to run: `grad::expand` has replaced every call in it.
    fn prepare(&self, module: &Module, func: FuncId) -> Result<Box<dyn Program>, RunError>;

    /// The same engine, whose functions hold at most so many bytes at once: rather than keep a value for long they compute it
    /// again. The results are the same bytes. An engine that cannot do so is no other.
    fn within(&self, budget: u64) -> Box<dyn Engine>;

    /// The same engine, whose functions end with [`RunFault::Stopped`] between two steps once they are asked to.
    fn stopping(&self, stop: Stop) -> Box<dyn Engine>;

    /// Why functions run slower than they could, where they do.
    fn hindrance(&self) -> Option<String> {
        None
    }

    /// Where the time went so far, if the engine keeps count.
    fn profile(&self) -> Option<Profile> {
        None
    }
}

/// A function ready to run.
pub trait Program {
    /// The results for these inputs, in order. An input that nobody else holds may be written over.
    fn run(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, RunError>;
}
