//! What a plan does, step by step: kernels over rows, products of matrices with their packing, folds gathered from parts, and what ops
//! do by themselves; each with what it reads and writes, and how far a worker of some rows reaches into it.

use std::collections::{BTreeMap, BTreeSet};

use cranelift_module::FuncId;

use crate::engine::jit::emit::{Compiler, NoCode};
use crate::engine::jit::fuse::{Fused, Unit, kernel};
use crate::engine::jit::graph::{Base, BaseId, Graph, Node, NodeId, Task};
use crate::engine::jit::in_place::in_place;
use crate::engine::jit::kernel::{Extent, InstKind, Kernel, Output, Space, Store};
use crate::engine::jit::phases::phases;
use crate::engine::jit::product::{Matrices, ProductShare, matrices, placed};
use crate::engine::jit::strips::is_costly;
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

/// Rows in equal chunks, the same for any number of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunks {
    pub(super) rows: usize,
    pub(super) size: usize,
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
            Work::Random(_) | Work::Move(_) | Work::Extern(_) => None,
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

/// Below this many nanoseconds of work, one worker does it all: handing over costs more.
const SMALL: f64 = 60_000.0;

/// Chunks that rows are cut into, at most.
const N_CHUNKS: usize = 32;

/// A chunk of so few rows is not made smaller, as long as there are so few chunks: folds over rows keep a part for each.
const FEW_ROWS: usize = 8;
const FEW_CHUNKS: usize = 8;

impl Chunks {
    pub(super) fn new(rows: usize, is_small: bool) -> Chunks {
        let most = rows
            .div_ceil(N_CHUNKS)
            .max(rows.div_ceil(FEW_CHUNKS).min(FEW_ROWS));
        let size = if is_small { rows } else { most };
        Chunks { rows, size }
    }

    /// Whether the chunks of so many rows hold the same parts of a buffer as those of so many others.
    pub(super) fn are_same(rows: usize, others: usize) -> bool {
        let [x, y] = [rows, others].map(|rows| Chunks::new(rows, false));
        x.count() == y.count() && x.size * y.rows == y.size * x.rows
    }

    pub(super) fn count(self) -> usize {
        self.rows.div_ceil(self.size.max(1))
    }

    /// The chunks of a worker.
    pub(super) fn share(self, worker: usize, n_workers: usize) -> std::ops::Range<usize> {
        let at = |worker: usize| worker * self.count() / n_workers;
        at(worker)..at(worker + 1)
    }

    /// The rows of some chunks.
    pub(super) fn rows_of(self, chunks: &std::ops::Range<usize>) -> std::ops::Range<usize> {
        let at = |chunk: usize| (chunk * self.size).min(self.rows);
        at(chunks.start)..at(chunks.end)
    }
}

/// The schedule of a graph in units; code goes to the compiler.
pub(super) fn schedule(
    graph: &Graph,
    units: Vec<Unit>,
    compiler: &mut Compiler,
    sharing: Sharing,
) -> Result<Schedule, NoCode> {
    let mut building = Building::new(graph, units);
    building.is_small = sharing == Sharing::Gainful && building.nanoseconds() < SMALL;
    let mut steps = vec![];
    for unit in std::mem::take(&mut building.units) {
        let (members, first) = (unit.members.clone(), steps.len());
        building.unit(unit, compiler, &mut steps)?;
        order(graph, &members, &mut steps[first..]);
    }
    let in_place = in_place(graph, &steps);
    let phases = phases(graph, steps, &in_place);
    Ok(Schedule {
        phases,
        products: building.products,
        buffers: building.buffers,
        in_place,
        is_small: building.is_small,
    })
}

/// Tells the steps of a unit what they wait for, and what others wait for.
fn order(graph: &Graph, members: &[NodeId], steps: &mut [Step]) {
    let nodes = members.iter().map(|&member| &graph.nodes[member]);
    let made: Vec<BaseId> = nodes
        .clone()
        .flat_map(|node| node.results.clone())
        .collect();
    let after = nodes.filter_map(|node| node.after);
    let after: Vec<BaseId> = after.filter(|base| !made.contains(base)).collect();
    steps
        .iter_mut()
        .for_each(|step| step.after.clone_from(&after));
    if let Some(last) = steps.last_mut() {
        last.awaited = made;
    }
}

struct Building<'a> {
    graph: &'a Graph,
    units: Vec<Unit>,
    buffers: Vec<Buffer>,
    products: Vec<ProductWork>,
    /// The readers of each base.
    readers: Vec<Vec<NodeId>>,
    results: BTreeSet<BaseId>,
    is_small: bool,
}

impl<'a> Building<'a> {
    fn new(graph: &'a Graph, units: Vec<Unit>) -> Building<'a> {
        let mut readers = vec![vec![]; graph.bases.len()];
        for (id, node) in graph.nodes.iter().enumerate() {
            for operand in &node.operands {
                readers[operand.base].push(id);
            }
        }
        let buffer = |base: &Base| Buffer {
            bytes: base.len * base.dtype.size(),
        };
        Building {
            graph,
            units,
            buffers: graph.bases.iter().map(buffer).collect(),
            products: vec![],
            readers,
            results: graph.results.iter().map(|value| value.base).collect(),
            is_small: false,
        }
    }

    /// How long all of it takes on one thread, roughly.
    fn nanoseconds(&self) -> f64 {
        self.graph
            .nodes
            .iter()
            .map(|node| {
                let len: usize = node.shape.iter().product();
                match &node.task {
                    Task::Map(f) if is_costly(*f) => len as f64 * 1.5,
                    Task::Map(_) | Task::Convert => len as f64 * 0.25,
                    Task::Fold(..) => {
                        node.operands[0].walk.sizes.iter().product::<usize>() as f64 * 0.3
                    }
                    Task::Product(_) => self.depth(node) as f64 * len as f64 * 2.0 / 60.0,
                    Task::Random => len as f64 * 1.5,
                    Task::Move(_) => len as f64 * 0.5,
                    Task::Extern => len as f64,
                }
            })
            .sum()
    }

    /// How many products each element of a contraction sums.
    fn depth(&self, node: &Node) -> usize {
        let Task::Product(letters) = &node.task else {
            return 1;
        };
        let sizes = letters.lhs.iter().zip(&node.operands[0].walk.sizes);
        let summed = sizes.filter(|(letter, _)| !letters.out.contains(letter));
        summed.map(|(_, size)| size).product()
    }

    fn room(&mut self, bytes: usize) -> BaseId {
        self.buffers.push(Buffer { bytes });
        self.buffers.len() - 1
    }

    fn unit(
        &mut self,
        unit: Unit,
        compiler: &mut Compiler,
        steps: &mut Vec<Step>,
    ) -> Result<(), NoCode> {
        if let Some(space) = unit.space {
            return self.loops(unit.members, space, compiler, steps);
        }
        for node in unit.members {
            match &self.graph.nodes[node].task {
                Task::Product(_) => self.product(node, steps),
                Task::Random => steps.push(Step {
                    work: Work::Random(node),
                    share: Share::Parts,
                    ..self.extern_step(node)
                }),
                Task::Move(_) => steps.push(Step {
                    work: Work::Move(node),
                    share: Share::Parts,
                    ..self.extern_step(node)
                }),
                Task::Map(_) | Task::Convert | Task::Fold(..) | Task::Extern => {
                    steps.push(self.extern_step(node));
                }
            }
        }
        Ok(())
    }

    fn loops(
        &mut self,
        members: Vec<NodeId>,
        space: Space,
        compiler: &mut Compiler,
        steps: &mut Vec<Step>,
    ) -> Result<(), NoCode> {
        let escapes = |base: BaseId| {
            let is_read = self.readers[base]
                .iter()
                .any(|reader| !members.contains(reader));
            is_read || self.results.contains(&base)
        };
        let Fused {
            kernel,
            mut buffers,
        } = kernel(self.graph, &members, space, &escapes);
        let chunks = Chunks::new(space.rows, self.is_small);
        let mut gathers = vec![];
        for output in &kernel.outputs {
            if let Store::Fold(monoid) = output.how
                && chunks.count() > 1
            {
                let inst = &kernel.body[output.inst];
                let len = match inst.extent {
                    Extent::Elem => space.cols,
                    Extent::Row => 1,
                };
                let n_parts = chunks.count();
                let bytes = len * inst.dtype.size() * n_parts;
                let parts = self.room(bytes);
                let result = std::mem::replace(&mut buffers[output.buffer], parts);
                gathers.push(gather(parts, n_parts, result, monoid));
            }
        }
        let (func, scratch) = compiler.kernel(&kernel)?;
        let work = LoopWork {
            func,
            kernel,
            buffers,
            scratch,
            chunks,
        };
        let origin = members
            .iter()
            .find_map(|&member| self.graph.nodes[member].origin);
        let made = std::iter::once(self.loop_step(work)).chain(gathers);
        steps.extend(made.map(|step| Step { origin, ..step }));
        Ok(())
    }

    fn product(&mut self, id: NodeId, steps: &mut Vec<Step>) {
        let node = &self.graph.nodes[id];
        let Task::Product(letters) = &node.task else {
            unreachable!("asked for products only")
        };
        let [x, y] = [&node.operands[0], &node.operands[1]];
        let dtype = self.graph.dtype(x);
        let found = matrices(letters, [x, y], &node.shape, dtype);
        let Some(found) = found.or_else(|| placed(letters, [x, y], &node.shape, dtype)) else {
            steps.push(self.extern_step(id));
            return;
        };
        let (x, y) = if found.is_swapped { (y, x) } else { (x, y) };
        let (bytes, n_packs) = found.plan.packed();
        let n_products = found.starts.len();
        let packed = (n_packs > 0).then(|| self.room(bytes * n_products));
        let left = match found.is_left_by_row && self.len(x.base) == found.rows * found.depth {
            true => Reach::Rows,
            false => Reach::All,
        };
        let product = self.products.len();
        let (left, right, result) = ((x.base, left), y.base, node.results[0]);
        if let Some(packed) = packed {
            steps.push(Step {
                work: Work::Pack { product },
                reads: vec![(right, Reach::All)],
                writes: vec![(packed, Reach::All)],
                share: Share::Parts,
                origin: node.origin,
                after: vec![],
                awaited: vec![],
            });
        }
        let right = match packed {
            None if found.is_right_by_product(self.len(y.base)) => (right, Reach::Rows),
            _ => (packed.unwrap_or(right), Reach::All),
        };
        let (share, reach) = match found.share() {
            ProductShare::Rows => (Share::Rows(found.rows), Reach::Rows),
            ProductShare::Products if found.is_placed() => (Share::Rows(n_products), Reach::Rows),
            ProductShare::Products | ProductShare::Blocks => (Share::Parts, Reach::All),
        };
        steps.push(Step {
            work: Work::Product { product },
            reads: vec![left, right],
            writes: vec![(result, reach)],
            share,
            origin: node.origin,
            after: vec![],
            awaited: vec![],
        });
        self.products.push(ProductWork {
            matrices: found,
            bases: [x.base, y.base, result],
            packed,
        });
    }

    fn extern_step(&self, id: NodeId) -> Step {
        let node = &self.graph.nodes[id];
        let all = |base: BaseId| (base, Reach::All);
        Step {
            work: Work::Extern(id),
            reads: node.operands.iter().map(|x| all(x.base)).collect(),
            writes: node.results.iter().copied().map(all).collect(),
            share: Share::One,
            origin: node.origin,
            after: vec![],
            awaited: vec![],
        }
    }

    fn len(&self, base: BaseId) -> usize {
        self.graph.bases.get(base).map_or(0, |base| base.len)
    }

    fn loop_step(&self, work: LoopWork) -> Step {
        let mut reads: BTreeMap<BaseId, Reach> = BTreeMap::new();
        for inst in &work.kernel.body {
            if let InstKind::Read(buffer, access) = &inst.kind {
                let base = work.buffers[*buffer];
                let space = inst.extent.space(work.kernel.space);
                let len = self.len(base);
                let is_by_row = match access.is_aligned(space) {
                    true => len == space.len(),
                    false => access.is_within_rows(space, len),
                };
                let reach = reads.entry(base).or_insert(Reach::Rows);
                if !is_by_row {
                    *reach = Reach::All;
                }
            }
        }
        let write = |output: &Output| {
            let reach = match output.how {
                Store::Each => Reach::Rows,
                Store::Fold(_) => Reach::All,
            };
            (work.buffers[output.buffer], reach)
        };
        Step {
            reads: reads.into_iter().collect(),
            writes: work.kernel.outputs.iter().map(write).collect(),
            share: Share::Rows(work.chunks.rows),
            origin: None,
            after: vec![],
            awaited: vec![],
            work: Work::Loop(work),
        }
    }
}

fn gather(parts: BaseId, n_parts: usize, result: BaseId, monoid: Monoid) -> Step {
    Step {
        work: Work::Gather {
            parts,
            n_parts,
            result,
            monoid,
        },
        reads: vec![(parts, Reach::All)],
        writes: vec![(result, Reach::All)],
        share: Share::One,
        origin: None,
        after: vec![],
        awaited: vec![],
    }
}
