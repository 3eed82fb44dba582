//! What a plan does, step by step, and in which phases: within a phase every worker goes through the steps on its own share of the
//! rows and waits for nobody; between phases all wait for all. A step may follow another in one phase if each row it reads is
//! computed by the same worker.

use std::collections::{BTreeMap, BTreeSet};

use cranelift_module::FuncId;

use crate::engine::jit::emit::{Compiler, NoCode};
use crate::engine::jit::fuse::{Fused, Unit, fuse, is_costly, kernel};
use crate::engine::jit::graph::{Base, BaseId, Def, Graph, Node, NodeId, Task};
use crate::engine::jit::kernel::{Extent, InstKind, Kernel, Output, Space, Store};
use crate::engine::jit::phases::phases;
use crate::engine::jit::product::{Matrices, ProductShare, matrices};
use crate::engine::jit::stages::stages;
use crate::ir::OriginId;
use crate::tensor::{Monoid, Walk};

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
}

impl Step {
    /// The kernel that it runs, if it runs one.
    pub(super) fn kernel(&self) -> Option<&LoopWork> {
        match &self.work {
            Work::Loop(work) => Some(work),
            Work::Pack { .. } | Work::Product { .. } | Work::Gather { .. } => None,
            Work::Random(_) | Work::Extern(_) => None,
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

/// Below this many nanoseconds of work, one worker does it all: handing over costs more.
const SMALL: f64 = 60_000.0;

/// Chunks that rows are cut into.
const N_CHUNKS: usize = 32;

impl Chunks {
    pub(super) fn new(rows: usize, is_small: bool) -> Chunks {
        let size = if is_small {
            rows
        } else {
            rows.div_ceil(N_CHUNKS)
        };
        Chunks { rows, size }
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

/// The schedule of a graph; code goes to the compiler.
pub(super) fn schedule(graph: &Graph, compiler: &mut Compiler) -> Result<Schedule, NoCode> {
    let units = fuse(graph);
    let mut building = Building::new(graph, units);
    building.is_small = building.nanoseconds() < SMALL;
    let mut steps = vec![];
    for unit in std::mem::take(&mut building.units) {
        building.unit(unit, compiler, &mut steps)?;
    }
    let in_place = building.in_place(&steps);
    let phases = phases(graph, steps, &in_place);
    Ok(Schedule {
        phases,
        products: building.products,
        buffers: building.buffers,
        in_place,
        is_small: building.is_small,
    })
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
        let made = std::iter::once(loop_step(work)).chain(gathers);
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
        let Some(found) = matrices(letters, [x, y], &node.shape, dtype) else {
            steps.push(self.extern_step(id));
            return;
        };
        let (x, y) = if found.is_swapped { (y, x) } else { (x, y) };
        let (bytes, n_packs) = found.plan.packed();
        let n_products = found.starts.len();
        let packed = (n_packs > 0).then(|| self.room(bytes * n_products));
        let is_row_major = found.starts.len() == 1 && x.walk.sizes.first() == Some(&found.rows);
        let left = if is_row_major && is_by_row(&x.walk, found.rows) {
            Reach::Rows
        } else {
            Reach::All
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
            });
        }
        let right = packed.unwrap_or(right);
        let (share, reach) = match found.share() {
            ProductShare::Rows => (Share::Rows(found.rows), Reach::Rows),
            ProductShare::Products | ProductShare::Blocks => (Share::Parts, Reach::All),
        };
        steps.push(Step {
            work: Work::Product { product },
            reads: vec![left, (right, Reach::All)],
            writes: vec![(result, reach)],
            share,
            origin: node.origin,
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
        }
    }

    /// Results that may take the place of inputs: of the same type and size, read by the kernel only where it writes.
    fn in_place(&self, steps: &[Step]) -> BTreeMap<BaseId, BaseId> {
        let mut taken: BTreeMap<BaseId, BaseId> = BTreeMap::new();
        for result in self.graph.results.iter().map(|value| value.base) {
            let writer = steps.iter().enumerate().find_map(|(at, step)| {
                let work = step.kernel().filter(|work| writes_each(work, result))?;
                Some((at, work))
            });
            let Some((at, work)) = writer else { continue };
            let is_free = |base: &&BaseId| {
                !taken.values().any(|known| known == *base)
                    && self.fits(**base, result)
                    && is_read_aligned(work, **base)
                    && !self.is_needed(steps, at, **base)
            };
            let found = work
                .buffers
                .iter()
                .filter(|base| **base < self.graph.bases.len());
            let mut found: Vec<&BaseId> = found.filter(is_free).collect();
            found.sort_unstable();
            if let Some(input) = found.first() {
                taken.insert(result, **input);
            }
        }
        taken
    }

    fn fits(&self, input: BaseId, result: BaseId) -> bool {
        let [input, result] = [input, result].map(|base| &self.graph.bases[base]);
        matches!(input.def, Def::Input(_)) && input.dtype == result.dtype && input.len == result.len
    }

    /// Whether a step other than `writer` that reads `input` depends on what `writer` makes.
    fn is_needed(&self, steps: &[Step], writer: usize, input: BaseId) -> bool {
        let mut tainted: BTreeSet<BaseId> = steps[writer].writes.iter().map(|w| w.0).collect();
        for (at, step) in steps.iter().enumerate() {
            if at == writer || !step.reads.iter().any(|(base, _)| tainted.contains(base)) {
                continue;
            }
            tainted.extend(step.writes.iter().map(|w| w.0));
            if step.reads.iter().any(|(base, _)| *base == input) {
                return true;
            }
        }
        false
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
    }
}

/// Whether row `i` of a product reads the elements of row `i` of a contiguous operand alone.
fn is_by_row(walk: &Walk, rows: usize) -> bool {
    walk.is_plain() && walk.sizes.first() == Some(&rows)
}

fn loop_step(work: LoopWork) -> Step {
    let mut reads: BTreeMap<BaseId, Reach> = BTreeMap::new();
    for inst in &work.kernel.body {
        if let InstKind::Read(buffer, access) = &inst.kind {
            let space = match inst.extent {
                Extent::Elem => work.kernel.space,
                Extent::Row => Space {
                    cols: 1,
                    ..work.kernel.space
                },
            };
            let is_local = access.is_aligned(space);
            let reach = reads.entry(work.buffers[*buffer]).or_insert(Reach::Rows);
            if !is_local {
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
        work: Work::Loop(work),
    }
}

fn writes_each(work: &LoopWork, base: BaseId) -> bool {
    let is_it = |output: &Output| work.buffers[output.buffer] == base && output.how == Store::Each;
    let is_elem = |output: &Output| work.kernel.body[output.inst].extent == Extent::Elem;
    work.kernel.outputs.iter().any(|o| is_it(o) && is_elem(o))
}

/// Whether a kernel reads a buffer only at the place it is about to write, before it writes.
fn is_read_aligned(work: &LoopWork, base: BaseId) -> bool {
    let is_plain = stages(&work.kernel).stages.len() == 1;
    is_plain
        && work.kernel.body.iter().all(|inst| match &inst.kind {
            InstKind::Read(buffer, access) if work.buffers[*buffer] == base => {
                inst.extent == Extent::Elem && access.is_aligned(work.kernel.space)
            }
            InstKind::Read(..) | InstKind::Lit(_) | InstKind::Apply(..) => true,
            InstKind::Convert(_) | InstKind::Fold(..) => true,
        })
}
