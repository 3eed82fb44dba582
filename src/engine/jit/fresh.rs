//! Which values no kernel should write for another: a few plain functions make them of what lies in buffers anyway and is no larger,
//! so that whoever reads them computes them anew at the price of the read. The slope of an activation is the usual one.

use std::collections::BTreeSet;

use crate::engine::jit::fuse::Unit;
use crate::engine::jit::graph::{BaseId, Graph, NodeId, Task};
use crate::engine::jit::strips::is_costly;

/// Plain functions that are not too many to be computed twice.
const FEW: usize = 8;

/// The nodes that readers in other units compute anew.
pub(super) fn lost(graph: &Graph, units: &[Unit], unit_of: &[usize]) -> BTreeSet<NodeId> {
    let mut readers = vec![vec![]; graph.bases.len()];
    for (id, node) in graph.nodes.iter().enumerate() {
        for operand in &node.operands {
            readers[operand.base].push(id);
        }
    }
    let choice = Choice {
        graph,
        units,
        unit_of,
        readers,
        results: graph.results.iter().map(|value| value.base).collect(),
    };
    let cones = (0..graph.nodes.len()).filter_map(|id| choice.cone(id));
    cones.flatten().collect()
}

struct Choice<'a> {
    graph: &'a Graph,
    units: &'a [Unit],
    unit_of: &'a [usize],
    readers: Vec<Vec<NodeId>>,
    results: BTreeSet<BaseId>,
}

impl Choice<'_> {
    /// What it takes to compute a node's result anew from what lies in buffers, if that is what its readers elsewhere should do.
    fn cone(&self, id: NodeId) -> Option<Vec<NodeId>> {
        let [base] = self.graph.nodes[id].results[..] else {
            return None;
        };
        let unit = self.unit_of[id];
        let space = self.units[unit].space?;
        let is_alike = |reader: NodeId| self.units[self.unit_of[reader]].space == Some(space);
        let is_read = self.elsewhere(base).next().is_some();
        if !is_read || self.is_stored(base) || !self.elsewhere(base).all(is_alike) {
            return None;
        }
        let (mut cone, mut read, mut open) = (vec![], BTreeSet::new(), vec![id]);
        while let Some(id) = open.pop() {
            if !self.is_plain(id) || cone.len() == FEW {
                return None;
            }
            cone.push(id);
            for operand in &self.graph.nodes[id].operands {
                match self.graph.maker(operand.base) {
                    Some(maker) if self.unit_of[maker] == unit && !self.is_stored(operand.base) => {
                        open.push(maker);
                    }
                    Some(_) | None => _ = read.insert(operand.base),
                }
            }
        }
        let bytes: usize = read.iter().map(|&base| self.graph.bytes(base)).sum();
        (bytes <= self.graph.bytes(base) * 5 / 4).then_some(cone)
    }

    /// The readers of a base in other units.
    fn elsewhere(&self, base: BaseId) -> impl Iterator<Item = NodeId> {
        let home = self.graph.maker(base).map(|maker| self.unit_of[maker]);
        let readers = self.readers[base].iter().copied();
        readers.filter(move |&reader| Some(self.unit_of[reader]) != home)
    }

    /// Whether a base lies in a buffer whatever kernels compute for themselves: some reader is no kernel, or it is asked for.
    fn is_stored(&self, base: BaseId) -> bool {
        let is_no_kernel = |reader: NodeId| self.units[self.unit_of[reader]].space.is_none();
        self.results.contains(&base) || self.elsewhere(base).any(is_no_kernel)
    }

    fn is_plain(&self, id: NodeId) -> bool {
        match self.graph.nodes[id].task {
            Task::Map(f) => !is_costly(f),
            Task::Convert => true,
            Task::Fold(..) | Task::Product(_) | Task::Random => false,
            Task::Move(_) | Task::Scan(_) | Task::Extern => false,
        }
    }
}
