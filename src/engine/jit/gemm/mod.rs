//! Products of matrices: C = A·B or C += A·B in `f32` and `f64`. A [`Product`] is planned once for fixed sizes and strides, then
//! run any number of times without allocating. Transposes are strides. Knows no thread and no tensor: the caller shares out
//! `pack` and `run`, and puts a barrier between them.
//!
//! Every element of C is one chain c ← a·b + c over ascending k, starting from zero or from C. Blocks of k keep the chain in C,
//! edges are masked lanes of the same chain. So its bits depend on the values alone: not on how rows and columns are shared out,
//! not on m or n or strides, and not on the instruction set as long as it has fused multiply-add.
//!
//! ```text
//! for block of k                     rows of A read per block fit L1, with B's panel streaming through
//!   for block of columns             B's block fits L2
//!     for tile of rows               packed on the stack where that pays
//!       for panel of columns         one kernel: a tile of C in registers
//! ```
//!
//! A lower precision would be a field of [`Problem`] and another [`isa::Isa`]; nothing else here counts on the element type.
#![expect(
    unsafe_code,
    reason = "kernels read raw blocks and use vector instructions"
)]

mod isa;
mod lay;
mod line;
mod pack;
mod placed;
mod plan;
mod run;
mod simd;
#[cfg(test)]
mod tests;
mod tile;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
mod neon;

pub(crate) use isa::Element;
pub(crate) use placed::{Placed, PlacedProblem, Side};
pub(crate) use plan::{Problem, Product};
