//! Values computed again rather than kept. What is computed again is computed the same way, so results are the same bytes.
//!
//! Some values are never worth keeping: what a few plain functions make of what is kept anyway is computed by whoever reads it
//! ([`fresh`]). Others are kept as long as there is room. On the way back gradients read what was computed on the way forward; within
//! a budget only what crosses a few borders of the way forward is kept, and each stretch between two borders is computed again when
//! the way back comes to it ([`recomputed`]; Chen et al. 2016, "Training deep nets with sublinear memory cost").

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::jit::fresh::lost;
use crate::engine::jit::fuse::{Unit, fuse};
use crate::engine::jit::graph::{Base, BaseId, Def, Graph, Node, NodeId, Task, Value};

/// What is computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// What scalar functions and random numbers make of values that are kept: hardly slower.
    Cheap,
    /// All that crosses no border between so many stretches: up to one more way forward.
    Stretches(usize),
}

impl Again {
    /// From the quickest to what keeps least.
    pub(super) const CHOICES: [Again; 12] = [
        Again::Cheap,
        Again::Stretches(2),
        Again::Stretches(3),
        Again::Stretches(4),
        Again::Stretches(6),
        Again::Stretches(8),
        Again::Stretches(12),
        Again::Stretches(16),
        Again::Stretches(24),
        Again::Stretches(32),
        Again::Stretches(48),
        Again::Stretches(64),
    ];
}

/// The same graph, in which every kernel computes for itself what is not worth keeping for it; nothing if that is nothing.
pub(super) fn fresh(graph: &Graph, units: &[Unit]) -> Option<Graph> {
    let unit_of = homes(graph, units);
    let lost = lost(graph, units, &unit_of);
    (!lost.is_empty()).then(|| copied(graph, units, &unit_of, unit_of.clone(), lost))
}

/// The same graph, in which the way back reads copies of what is not kept, made shortly before.
pub(super) fn recomputed(graph: &Graph, again: Again) -> Graph {
    let turn = turn(graph);
    let mut lost: BTreeSet<NodeId> = match again {
        Again::Cheap => (0..=turn)
            .filter(|&id| is_cheap(&graph.nodes[id]))
            .collect(),
        Again::Stretches(n) => between_borders(graph, turn, n),
    };
    for result in &graph.results {
        graph.maker(result.base).map(|maker| lost.remove(&maker));
    }
    let units = fuse(graph);
    let unit_of = homes(graph, &units);
    let ways = (0..graph.nodes.len()).map(|id| usize::from(id > turn));
    copied(graph, &units, &unit_of, ways.collect(), lost)
}

/// The unit of each node.
fn homes(graph: &Graph, units: &[Unit]) -> Vec<usize> {
    let mut unit_of = vec![0; graph.nodes.len()];
    for (unit, members) in units.iter().enumerate() {
        members.members.iter().for_each(|&id| unit_of[id] = unit);
    }
    unit_of
}

fn is_cheap(node: &Node) -> bool {
    match node.task {
        Task::Map(_) | Task::Convert | Task::Random => true,
        Task::Fold(..) | Task::Product(_) | Task::Move(_) => false,
        Task::Scan(_) | Task::Extern => false,
    }
}

/// The last node of the way forward: the one that makes the first result, if that is a number, as a loss is. Else the one at which
/// most is kept.
fn turn(graph: &Graph) -> NodeId {
    let first = graph.results.first().map(|value| value.base);
    let loss = first.filter(|&base| graph.bases[base].len == 1);
    loss.and_then(|base| graph.maker(base))
        .unwrap_or_else(|| fullest(graph))
}

/// The node at which most bytes are kept.
fn fullest(graph: &Graph) -> NodeId {
    let kept = sums(&kept(graph, graph.nodes.len()), graph.nodes.len());
    let fullest = kept.iter().enumerate().max_by_key(|(_, bytes)| **bytes);
    fullest.map_or(0, |(node, _)| node)
}

/// Of each base that nodes before `end` make and read: the maker, the last reader, and its bytes.
fn kept(graph: &Graph, end: NodeId) -> Vec<(NodeId, NodeId, usize)> {
    let mut last: BTreeMap<BaseId, NodeId> = BTreeMap::new();
    for (id, node) in graph.nodes.iter().take(end).enumerate() {
        last.extend(node.operands.iter().map(|x| (x.base, id)));
    }
    let kept = |(base, last)| Some((graph.maker(base)?, last, graph.bytes(base)));
    last.into_iter().filter_map(kept).collect()
}

/// The bytes that are kept behind each of `n` nodes.
fn sums(kept: &[(NodeId, NodeId, usize)], n: usize) -> Vec<usize> {
    let mut sums = vec![0; n];
    for (maker, last, bytes) in kept {
        sums[*maker..*last].iter_mut().for_each(|sum| *sum += bytes);
    }
    sums
}

/// The nodes before the last border whose results cross none.
fn between_borders(graph: &Graph, turn: NodeId, n: usize) -> BTreeSet<NodeId> {
    let kept = kept(graph, turn + 1);
    let borders = borders(graph, &sums(&kept, turn + 1), n);
    let crosses = |(maker, last, _): &&(NodeId, NodeId, usize)| {
        borders
            .iter()
            .any(|border| (*maker..*last).contains(border))
    };
    let crossing: BTreeSet<NodeId> = kept.iter().filter(crosses).map(|kept| kept.0).collect();
    let end = borders.last().map_or(0, |border| border + 1);
    let is_lost = |&id: &NodeId| !matches!(graph.nodes[id].task, Task::Extern);
    (0..end)
        .filter(|id| !crossing.contains(id))
        .filter(is_lost)
        .collect()
}

/// The nodes behind which stretches end: each makes up about an equal part of all that is made, and little crosses its end.
fn borders(graph: &Graph, crossing: &[usize], n: usize) -> Vec<NodeId> {
    let made = |node: &Node| -> usize { node.results.iter().map(|&base| graph.bytes(base)).sum() };
    let nodes = graph.nodes.iter().take(crossing.len());
    let so_far = nodes.scan(0usize, |sum, node| {
        *sum += made(node);
        Some(*sum)
    });
    let so_far: Vec<usize> = so_far.collect();
    let total = so_far.last().copied().unwrap_or(0);
    let at = |halves: usize| so_far.partition_point(|&sum| sum < total / (2 * n) * halves);
    let narrowest = |k: usize| (at(2 * k - 1)..at(2 * k + 1)).min_by_key(|&id| crossing[id]);
    (1..n).filter_map(narrowest).collect()
}

/// The graph with copies of what is lost, for readers that are elsewhere: `home` says where a node is.
fn copied(
    graph: &Graph,
    units: &[Unit],
    unit_of: &[usize],
    home: Vec<usize>,
    lost: BTreeSet<NodeId>,
) -> Graph {
    let mut copying = Copying {
        graph,
        units,
        unit_of,
        home,
        lost,
        copies: BTreeMap::new(),
        made: Graph {
            bases: graph.bases.clone(),
            nodes: vec![],
            results: graph.results.clone(),
        },
    };
    (0..graph.nodes.len()).for_each(|id| copying.node(id));
    copying.made
}

/// A graph as it is copied, node by node.
struct Copying<'a> {
    graph: &'a Graph,
    units: &'a [Unit],
    unit_of: &'a [usize],
    home: Vec<usize>,
    lost: BTreeSet<NodeId>,
    /// What stands for a base, by where it is read.
    copies: BTreeMap<(usize, BaseId), BaseId>,
    made: Graph,
}

impl Copying<'_> {
    fn node(&mut self, id: NodeId) {
        let mut node = self.graph.nodes[id].clone();
        let wanted = self.wanted(&node, self.home[id]);
        if let Some(first) = wanted.first() {
            let after = self.before(id, self.home[*first]);
            for maker in wanted {
                self.again(maker, self.home[id], after);
            }
        }
        self.redirect(&mut node, self.home[id]);
        for &base in &node.results {
            self.made.bases[base].def = Def::Node(self.made.nodes.len());
        }
        self.made.nodes.push(node);
    }

    /// What is there shortly before a node, and was not made at `home`: of what its unit reads, the last to be made before the node,
    /// else what the node before it has made. Nothing that is copied is needed for it, since this node is the first to read copies.
    fn before(&self, id: NodeId, home: usize) -> Option<BaseId> {
        let unit = self.unit_of[id];
        let is_fit = |maker: &NodeId| {
            *maker < id
                && self.unit_of[*maker] != unit
                && self.home[*maker] != home
                && !self.lost.contains(maker)
        };
        let members = self.units[unit].members.iter();
        let operands = members.flat_map(|&member| &self.graph.nodes[member].operands);
        let makers = operands.filter_map(|x| Some((self.graph.maker(x.base)?, x.base)));
        let last = makers.filter(|(maker, _)| is_fit(maker)).max();
        let neighbour = id.checked_sub(1).filter(is_fit);
        let neighbour = neighbour.and_then(|id| self.graph.nodes[id].results.first().copied());
        last.map(|(_, base)| base).or(neighbour)
    }

    /// The lost node that makes a base, for a reader elsewhere that has no copy yet.
    fn missing(&self, base: BaseId, home: usize) -> Option<NodeId> {
        let maker = self.graph.maker(base)?;
        let is_missing = self.lost.contains(&maker) && self.home[maker] != home;
        (is_missing && !self.copies.contains_key(&(home, base))).then_some(maker)
    }

    /// The nodes to be computed again for a node, in order.
    fn wanted(&self, node: &Node, home: usize) -> BTreeSet<NodeId> {
        let mut wanted = BTreeSet::new();
        let bases = |node: &Node| {
            node.operands
                .iter()
                .map(|x| x.base)
                .collect::<Vec<BaseId>>()
        };
        let mut open = bases(node);
        while let Some(base) = open.pop() {
            let missing = self.missing(base, home);
            if let Some(maker) = missing.filter(|&maker| wanted.insert(maker)) {
                open.extend(bases(&self.graph.nodes[maker]));
            }
        }
        wanted
    }

    fn again(&mut self, id: NodeId, home: usize, after: Option<BaseId>) {
        let mut node = Node {
            after,
            ..self.graph.nodes[id].clone()
        };
        self.redirect(&mut node, home);
        for result in &mut node.results {
            let copy = self.made.bases.len();
            let def = Def::Node(self.made.nodes.len());
            let base = &self.graph.bases[*result];
            self.made.bases.push(Base {
                dtype: base.dtype,
                len: base.len,
                def,
            });
            self.copies.insert((home, *result), copy);
            *result = copy;
        }
        self.made.nodes.push(node);
    }

    /// Lets a node read copies.
    fn redirect(&self, node: &mut Node, home: usize) {
        for Value { base, .. } in &mut node.operands {
            *base = self.copies.get(&(home, *base)).copied().unwrap_or(*base);
        }
    }
}
