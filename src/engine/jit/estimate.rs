//! How long work takes, roughly: whether it pays to share it.

use crate::engine::jit::graph::{Graph, Node, Task, Value};
use crate::engine::jit::strips::is_costly;
use crate::tensor::Contract;

/// Below this many nanoseconds of work, one worker does it all: handing over costs more.
pub(super) const SMALL: f64 = 60_000.0;

/// How long a graph takes on one thread, roughly.
pub(super) fn nanoseconds(graph: &Graph) -> f64 {
    graph.nodes.iter().map(node_nanoseconds).sum()
}

fn node_nanoseconds(node: &Node) -> f64 {
    let len = node.shape.iter().product::<usize>() as f64;
    match &node.task {
        Task::Map(f) if is_costly(*f) => len * 1.5,
        Task::Map(_) | Task::Convert => len * 0.25,
        Task::Fold(..) => node.operands[0].walk.len() as f64 * 0.3,
        Task::Product(letters) => depth(letters, &node.operands[0]) as f64 * len * 2.0 / 60.0,
        Task::Random => len * 1.5,
        Task::Move(_) => len * 0.5,
        Task::Scan(rounds) => nanoseconds(&rounds.body) * rounds.n as f64,
        Task::Extern => len,
    }
}

/// How many products each element of a contraction sums.
fn depth(letters: &Contract, left: &Value) -> usize {
    let sizes = letters.lhs.iter().zip(&left.walk.sizes);
    let summed = sizes.filter(|(letter, _)| !letters.out.contains(letter));
    summed.map(|(_, size)| size).product()
}
