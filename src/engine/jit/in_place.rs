//! Results that take the place of inputs: a new weight lies where the old one was. The step that writes such a result overwrites what
//! others read, so it comes behind all of them; where one of them needs what it makes, the result gets a place of its own.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::jit::graph::{BaseId, Def, Graph};
use crate::engine::jit::kernel::{Extent, InstKind, Output, Store};
use crate::engine::jit::stages::stages;
use crate::engine::jit::steps::{LoopWork, Step};

/// The input that each such result takes the place of: of the same type and size, read by its writer only where it writes.
pub(super) fn in_place(graph: &Graph, steps: &[Step]) -> BTreeMap<BaseId, BaseId> {
    let mut order = Order::new(steps);
    let mut taken = BTreeMap::new();
    for result in graph.results.iter().map(|value| value.base) {
        let writes = |(_, step): &(usize, &Step)| step.kernel().is_some_and(|w| writes(w, result));
        let Some((writer, step)) = steps.iter().enumerate().find(writes) else {
            continue;
        };
        let inputs: BTreeSet<BaseId> = step.reads.iter().map(|(base, _)| *base).collect();
        let is_free = |input: &BaseId| {
            fits(graph, *input, result)
                && !taken.values().any(|known| known == input)
                && step.kernel().is_some_and(|work| is_aligned(work, *input))
                && order.allows(writer, *input)
        };
        if let Some(input) = inputs.into_iter().find(is_free) {
            order.accept(writer, input);
            taken.insert(result, input);
        }
    }
    taken
}

fn fits(graph: &Graph, input: BaseId, result: BaseId) -> bool {
    let [input, result] = [input, result].map(|base| &graph.bases[base]);
    matches!(input.def, Def::Input(_)) && input.dtype == result.dtype && input.len == result.len
}

/// Whether a kernel writes each element of a buffer.
fn writes(work: &LoopWork, base: BaseId) -> bool {
    let is_it = |output: &Output| work.buffers[output.buffer] == base && output.how == Store::Each;
    let is_elem = |output: &Output| work.kernel.body[output.inst].extent == Extent::Elem;
    work.kernel.outputs.iter().any(|o| is_it(o) && is_elem(o))
}

/// Whether a kernel reads a buffer only at the place it is about to write, before it writes.
fn is_aligned(work: &LoopWork, base: BaseId) -> bool {
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

/// Which steps come behind which: readers behind writers, and who overwrites an input behind its other readers.
struct Order {
    readers: BTreeMap<BaseId, Vec<usize>>,
    /// The steps that come behind each step.
    behind: Vec<Vec<usize>>,
}

impl Order {
    fn new(steps: &[Step]) -> Order {
        let mut readers: BTreeMap<BaseId, Vec<usize>> = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            let waits = step.reads.iter().map(|(base, _)| base).chain(&step.after);
            for base in waits {
                readers.entry(*base).or_default().push(at);
            }
        }
        let read = |base: &BaseId| readers.get(base).cloned().unwrap_or_default();
        let behind = |step: &Step| {
            let made = step.writes.iter().map(|(base, _)| base);
            made.chain(&step.awaited).flat_map(read).collect()
        };
        Order {
            behind: steps.iter().map(behind).collect(),
            readers,
        }
    }

    /// The steps beside `writer` that read `input`.
    fn others(&self, writer: usize, input: BaseId) -> Vec<usize> {
        let readers = self.readers.get(&input).into_iter().flatten().copied();
        readers.filter(|&reader| reader != writer).collect()
    }

    /// Whether no other reader of `input` comes behind `writer`.
    fn allows(&self, writer: usize, input: BaseId) -> bool {
        let others = self.others(writer, input);
        let (mut open, mut seen) = (vec![writer], BTreeSet::new());
        while let Some(step) = open.pop() {
            if others.contains(&step) {
                return false;
            }
            if seen.insert(step) {
                open.extend(&self.behind[step]);
            }
        }
        true
    }

    fn accept(&mut self, writer: usize, input: BaseId) {
        for reader in self.others(writer, input) {
            self.behind[reader].push(writer);
        }
    }
}
