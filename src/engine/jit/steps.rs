//! What a plan does, step by step: kernels over rows, products of matrices with their packing, folds gathered from parts, and what ops
//! do by themselves; each with what it reads and writes, and how far a worker of some rows reaches into it.

use std::collections::BTreeMap;

use cranelift_module::FuncId;

use crate::engine::jit::building::Building;
use crate::engine::jit::chunks::Chunks;
use crate::engine::jit::emit::{Compiler, NoCode};
use crate::engine::jit::estimate::{SMALL, nanoseconds};
use crate::engine::jit::fuse::Unit;
use crate::engine::jit::graph::{BaseId, Graph, NodeId};
use crate::engine::jit::in_place::in_place;
use crate::engine::jit::kernel::Kernel;
use crate::engine::jit::phases::phases;
use crate::engine::jit::product::Matrices;
use crate::ir::OriginId;
use crate::tensor::Monoid;

/// A buffer: a base of the graph, or room for something in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buffer {
    pub(super) bytes: usize,
}

/// What a step does.
pub(super) enum Work {
    /// A kernel over chunks of rows.
    Loop(LoopWork),
    /// Packs the right operands of products.
    Pack { product: usize },
    /// Products of matrices.
    Product { product: usize },
    /// The parts of a fold over rows, together.
    Gather {
        parts: BaseId,
        n_parts: usize,
        result: BaseId,
        monoid: Monoid,
    },
    /// Random numbers, each worker's part of them.
    Random(NodeId),
    /// Elements moved, each worker's part of them.
    Move(NodeId),
    /// A function over and over.
    Scan(NodeId, Box<Schedule>),
    /// What the op says.
    Extern(NodeId),
}

/// A kernel with its buffers.
pub(super) struct LoopWork {
    pub(super) func: FuncId,
    pub(super) kernel: Kernel,
    pub(super) buffers: Vec<BaseId>,
    pub(super) scratch: usize,
    pub(super) chunks: Chunks,
}

/// A batch of products, its operands and the room for its packed ones.
pub(super) struct ProductWork {
    pub(super) matrices: Matrices,
    /// Left, right, result.
    pub(super) bases: [BaseId; 3],
    pub(super) packed: Option<BaseId>,
}

/// A step with what it reads and writes.
pub(super) struct Step {
    pub(super) work: Work,
    pub(super) reads: Vec<(BaseId, Reach)>,
    pub(super) writes: Vec<(BaseId, Reach)>,
    pub(super) share: Share,
    /// Where the first of what it computes was written.
    pub(super) origin: Option<OriginId>,
    /// What is to be there before, though it is not read.
    pub(super) after: Vec<BaseId>,
    /// What others wait for and is there when this is done.
    pub(super) awaited: Vec<BaseId>,
}

impl Step {
    /// The kernel that it runs, if it runs one.
    pub(super) fn kernel(&self) -> Option<&LoopWork> {
        match &self.work {
            Work::Loop(work) => Some(work),
            Work::Pack { .. } | Work::Product { .. } | Work::Gather { .. } => None,
            Work::Random(_) | Work::Move(_) | Work::Scan(..) | Work::Extern(_) => None,
        }
    }

    /// The node of the scan that it runs, and the schedule of that scan's step, if it runs one.
    pub(super) fn scan(&self) -> Option<(NodeId, &Schedule)> {
        match &self.work {
            Work::Scan(node, inner) => Some((*node, inner)),
            Work::Loop(_) | Work::Pack { .. } | Work::Product { .. } => None,
            Work::Gather { .. } | Work::Random(_) | Work::Move(_) | Work::Extern(_) => None,
        }
    }
}

/// How workers share a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// One of them does it.
    One,
    /// By chunks of so many rows.
    Rows(usize),
    /// In some other way.
    Parts,
}

/// Which part of a buffer the worker of some rows touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The same rows.
    Rows,
    /// Any part.
    All,
}

/// All steps in phases, and what they need.
pub(super) struct Schedule {
    pub(super) phases: Vec<Vec<Step>>,
    pub(super) products: Vec<ProductWork>,
    pub(super) buffers: Vec<Buffer>,
    /// The input that a result takes the place of.
    pub(super) in_place: BTreeMap<BaseId, BaseId>,
    /// Whether work is too little to be shared.
    pub(super) is_small: bool,
    /// Of the step of a scan: how many phases run once, before all rounds.
    pub(super) n_once: usize,
    /// Of the step of a scan: whether workers can go from round to round without waiting for one another.
    pub(super) is_free: bool,
}

/// What is shared among workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Sharing {
    /// What is worth it.
    #[default]
    Gainful,
    /// Everything.
    All,
}

/// The schedule of a graph in units; code goes to the compiler.
pub(super) fn schedule(
    graph: &Graph,
    units: Vec<Unit>,
    compiler: &mut Compiler,
    sharing: Sharing,
) -> Result<Schedule, NoCode> {
    let is_small = sharing == Sharing::Gainful && nanoseconds(graph) < SMALL;
    let mut building = Building::new(graph, sharing, is_small, None);
    let steps = building.steps(units, compiler)?;
    let in_place = in_place(graph, &steps);
    let phases = phases(graph, steps, &in_place, &[]);
    Ok(building.schedule(phases, in_place))
}
