//! Which nodes share a kernel. A unit grows from the producer to its consumers as long as one body over one space can hold them and no
//! value would have to leave the unit and come back. Classes decide, never ops by name.

use std::collections::BTreeSet;

use crate::engine::jit::body::Body;
use crate::engine::jit::graph::{Def, Graph, Node, NodeId, Task};
use crate::engine::jit::kernel::Space;

/// Nodes that are computed together.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// In order.
    pub(super) members: Vec<NodeId>,
    /// What its kernel iterates over; nothing for what is no loop.
    pub(super) space: Option<Space>,
}

/// A unit as it grows; what is no loop has no body.
struct Growing<'a> {
    members: Vec<NodeId>,
    body: Option<Body<'a>>,
}

impl<'a> Growing<'a> {
    /// A node by itself.
    fn alone(graph: &'a Graph, id: NodeId) -> Growing<'a> {
        let space = own_space(&graph.nodes[id]);
        Growing {
            members: vec![id],
            body: space.and_then(|space| Body::of(graph, &[id], space)),
        }
    }

    fn unit(self) -> Unit {
        Unit {
            members: self.members,
            space: self.body.map(|body| body.space()),
        }
    }

    /// Both in one, if one body over the space of either holds them. A body grows in place where a node comes behind all others.
    fn with(&mut self, graph: &'a Graph, other: &Growing<'a>) -> bool {
        let (Some(first), Some(second)) = (&mut self.body, &other.body) else {
            return false;
        };
        let second = second.space();
        let members = together(&self.members, &other.members);
        let grew = match other.members[..] {
            [id] => first.extend(id),
            [..] => Body::of(graph, &members, first.space())
                .map(|body| *first = body)
                .is_some(),
        };
        if !grew {
            let Some(body) = Body::of(graph, &members, second) else {
                return false;
            };
            *first = body;
        }
        self.members = members;
        true
    }
}

fn together(a: &[NodeId], b: &[NodeId]) -> Vec<NodeId> {
    let mut members = [a, b].concat();
    members.sort_unstable();
    members
}

/// The units, in the order of their first members.
pub(super) fn fuse(graph: &Graph) -> Vec<Unit> {
    let mut units: Vec<Option<Growing<'_>>> = vec![];
    let mut unit_of: Vec<usize> = vec![];
    for id in 0..graph.nodes.len() {
        unit_of.push(units.len());
        units.push(Some(Growing::alone(graph, id)));
        for operand in &graph.nodes[id].operands {
            if let Def::Node(producer) = graph.bases[operand.base].def {
                merge(graph, &mut units, &mut unit_of, producer, id);
            }
        }
    }
    units.into_iter().flatten().map(Growing::unit).collect()
}

/// The space a node asks for: all but the last axis as rows; of a fold, what is kept and what is folded.
fn own_space(node: &Node) -> Option<Space> {
    match &node.task {
        Task::Map(_) | Task::Convert => Some(natural(&node.shape)),
        Task::Fold(_, axes) => Some(fold_space(&node.operands[0].walk.sizes, axes)),
        Task::Product(_) | Task::Random | Task::Move(_) => None,
        Task::Scan(_) | Task::Extern => None,
    }
}

fn natural(sizes: &[usize]) -> Space {
    let len: usize = sizes.iter().product();
    let cols = sizes.iter().rev().copied().find(|&size| size > 1);
    let cols = cols.unwrap_or(1);
    Space {
        rows: len / cols,
        cols,
    }
}

fn fold_space(sizes: &[usize], axes: &[usize]) -> Space {
    let folded: usize = axes.iter().map(|&axis| sizes[axis]).product();
    let kept = sizes.iter().product::<usize>() / folded.max(1);
    let leads = axes.iter().enumerate().all(|(i, &axis)| i == axis);
    match (axes.len() == sizes.len(), leads) {
        (true, _) => natural(sizes),
        (false, true) => Space {
            rows: folded,
            cols: kept,
        },
        (false, false) => Space {
            rows: kept,
            cols: folded,
        },
    }
}

/// Puts the units of a producer and a consumer together where that is possible.
fn merge<'a>(
    graph: &'a Graph,
    units: &mut [Option<Growing<'a>>],
    unit_of: &mut [usize],
    producer: NodeId,
    consumer: NodeId,
) {
    let (from, to) = (unit_of[producer], unit_of[consumer]);
    let is_loop = |unit: usize| units[unit].iter().any(|unit| unit.body.is_some());
    if from == to || !is_loop(from) || !is_loop(to) || comes_back(graph, units, unit_of, from, to) {
        return;
    }
    let (mut first, second) = (units[from].take(), units[to].take());
    let pair = first.as_mut().zip(second.as_ref());
    if pair.is_some_and(|(first, second)| first.with(graph, second)) {
        let kept = from.min(to);
        let members = first.iter().flat_map(|unit| &unit.members);
        members.for_each(|&member| unit_of[member] = kept);
        units[kept] = first;
    } else {
        (units[from], units[to]) = (first, second);
    }
}

/// Whether something that `to` needs, other than `from` itself, needs `from`. Nothing depends on `to` yet, and nothing needs what
/// comes behind it.
fn comes_back(
    graph: &Graph,
    units: &[Option<Growing<'_>>],
    unit_of: &[usize],
    from: usize,
    to: usize,
) -> bool {
    let first = units[from].as_ref().map_or(0, |unit| unit.members[0]);
    let ends_before = |unit: &usize| {
        let members = units[*unit].iter().flat_map(|unit| unit.members.last());
        members.max().is_some_and(|last| *last < first)
    };
    let mut open: Vec<usize> = needed(graph, units, unit_of, to);
    open.retain(|unit| *unit != from);
    let mut seen = BTreeSet::new();
    while let Some(unit) = open.pop() {
        if unit == from {
            return true;
        }
        if !ends_before(&unit) && seen.insert(unit) {
            open.extend(needed(graph, units, unit_of, unit));
        }
    }
    false
}

/// The other units whose results a unit reads or waits for.
fn needed(
    graph: &Graph,
    units: &[Option<Growing<'_>>],
    unit_of: &[usize],
    unit: usize,
) -> Vec<usize> {
    let members = units[unit].iter().flat_map(|unit| &unit.members);
    let bases = members.flat_map(|&member| {
        let node = &graph.nodes[member];
        let read = node.operands.iter().map(|value| value.base);
        read.chain(node.after)
    });
    let producers = bases.filter_map(|base| Some(unit_of[graph.maker(base)?]));
    producers.filter(|other| *other != unit).collect()
}
