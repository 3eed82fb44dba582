//! The steps of a graph: each unit becomes a kernel, a product with its packing, or what its op does by itself, with what it reads and
//! writes.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::jit::body::{Fused, kernel};
use crate::engine::jit::chunks::Chunks;
use crate::engine::jit::emit::{Compiler, NoCode};
use crate::engine::jit::fuse::Unit;
use crate::engine::jit::graph::{Base, BaseId, Def, Graph, NodeId, Task};
use crate::engine::jit::kernel::{Extent, InstKind, Output, Space, Store};
use crate::engine::jit::moves::{Move, is_by_row};
use crate::engine::jit::product::{ProductShare, matrices, placed};
use crate::engine::jit::rounds::Rounds;
use crate::engine::jit::rounds_plan::schedule_rounds;
use crate::engine::jit::steps::{
    Buffer, LoopWork, ProductWork, Reach, Schedule, Share, Sharing, Step, Work,
};
use crate::tensor::Monoid;

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

pub(super) struct Building<'a> {
    graph: &'a Graph,
    buffers: Vec<Buffer>,
    products: Vec<ProductWork>,
    /// The readers of each base.
    readers: Vec<Vec<NodeId>>,
    results: BTreeSet<BaseId>,
    sharing: Sharing,
    is_small: bool,
    /// The scan whose step it is, and the bases that are the same in every round.
    rounds: Option<&'a Rounds>,
    is_kept: Vec<bool>,
}

impl<'a> Building<'a> {
    /// All steps of a graph in units.
    pub(super) fn steps(
        &mut self,
        units: Vec<Unit>,
        compiler: &mut Compiler,
    ) -> Result<Vec<Step>, NoCode> {
        let mut steps = vec![];
        for unit in units {
            let (members, first) = (unit.members.clone(), steps.len());
            self.unit(unit, compiler, &mut steps)?;
            order(self.graph, &members, &mut steps[first..]);
        }
        Ok(steps)
    }

    pub(super) fn schedule(
        self,
        phases: Vec<Vec<Step>>,
        in_place: BTreeMap<BaseId, BaseId>,
    ) -> Schedule {
        Schedule {
            phases,
            products: self.products,
            buffers: self.buffers,
            in_place,
            is_small: self.is_small,
            n_once: 0,
            is_free: false,
        }
    }

    /// Nothing of a graph yet; `rounds` is the scan whose step it is.
    pub(super) fn new(
        graph: &'a Graph,
        sharing: Sharing,
        is_small: bool,
        rounds: Option<&'a Rounds>,
    ) -> Building<'a> {
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
            buffers: graph.bases.iter().map(buffer).collect(),
            products: vec![],
            readers,
            results: graph.results.iter().map(|value| value.base).collect(),
            sharing,
            is_small,
            rounds,
            is_kept: rounds.map_or(vec![], |rounds| kept(graph, rounds)),
        }
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
                Task::Move(what) => steps.push(self.move_step(node, what)),
                Task::Scan(rounds) => {
                    let inner = schedule_rounds(rounds, compiler, self.sharing)?;
                    steps.push(self.scan_step(node, rounds, inner));
                }
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
        let Some(mut found) = found.or_else(|| placed(letters, [x, y], &node.shape, dtype)) else {
            steps.push(self.extern_step(id));
            return;
        };
        let (x, y) = if found.is_swapped { (y, x) } else { (x, y) };
        if self.rounds.is_some() {
            found.repeat(self.is_kept[y.base]);
        }
        let (bytes, n_packs) = found.plan.packed();
        let n_products = found.starts.len();
        let mut known = self.products.iter();
        let known =
            known.find(|known| known.bases[1] == y.base && known.matrices.packs_like(&found));
        let known = known.and_then(|known| known.packed);
        let is_new = n_packs > 0 && known.is_none();
        let packed = known.or_else(|| is_new.then(|| self.room(bytes * n_products)));
        let left = match found.is_left_by_row && self.len(x.base) == found.rows * found.depth {
            true => Reach::Rows,
            false => Reach::All,
        };
        let product = self.products.len();
        let (left, right, result) = ((x.base, left), y.base, node.results[0]);
        if let (Some(packed), true) = (packed, is_new) {
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

    /// What goes to its places in a result is shared by rows of that.
    fn move_step(&self, id: NodeId, what: &Move) -> Step {
        let node = &self.graph.nodes[id];
        let step = self.extern_step(id);
        let work = Work::Move(id);
        let (Move::Place(places), [rows, ..]) = (what, &node.shape[..]) else {
            return Step {
                work,
                share: Share::Parts,
                ..step
            };
        };
        let mut reads: BTreeMap<BaseId, Reach> = BTreeMap::new();
        for (x, place) in node.operands.iter().zip(places) {
            let reach = reads.entry(x.base).or_insert(Reach::Rows);
            if !is_by_row(x, self.len(x.base), place, &node.shape) {
                *reach = Reach::All;
            }
        }
        Step {
            work,
            share: Share::Rows(*rows),
            reads: reads.into_iter().collect(),
            writes: vec![(node.results[0], Reach::Rows)],
            ..step
        }
    }

    /// A scan writes all outputs, and those of the last states that are needed.
    fn scan_step(&self, id: NodeId, rounds: &Rounds, inner: Schedule) -> Step {
        let step = self.extern_step(id);
        let (states, outs) = step.writes.split_at(rounds.scan.n_states);
        let is_needed = |(base, _): &&(BaseId, Reach)| {
            !self.readers[*base].is_empty() || self.results.contains(base)
        };
        let writes = states.iter().filter(is_needed).chain(outs);
        Step {
            work: Work::Scan(id, Box::new(inner)),
            share: Share::Parts,
            writes: writes.copied().collect(),
            ..step
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
                let is_by_row = access.is_by_row(space, self.len(base));
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

/// Whether each base of a scan's step is the same in every round.
fn kept(graph: &Graph, rounds: &Rounds) -> Vec<bool> {
    let mut is_kept: Vec<bool> = vec![];
    for (id, base) in graph.bases.iter().enumerate() {
        is_kept.push(match base.def {
            Def::Input(_) => rounds.kept.contains(&id),
            Def::Const(_) => true,
            Def::Node(node) => {
                let mut operands = graph.nodes[node].operands.iter();
                operands.all(|x| is_kept[x.base])
            }
        });
    }
    is_kept
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
