//! What a plan holds at most, and plans that hold no more than they may.

use crate::engine::jit::emit::Compiler;
use crate::engine::jit::fuse::fuse;
use crate::engine::jit::graph::{BaseId, Def, Graph, Task};
use crate::engine::jit::native::{Refusal, place_all};
use crate::engine::jit::recompute::{Again, fresh, recomputed};
use crate::engine::jit::steps::{Schedule, Sharing, Step, schedule};
use crate::engine::{RunError, RunFault};
use crate::tensor::threads;

/// A graph as kernels best compute it, and its schedule. Where all of it does not fit the budget, values are computed again rather than kept: of the ways to do
/// so, the quickest that fits.
pub(super) fn fitting(
    graph: Graph,
    compiler: &mut Compiler,
    sharing: Sharing,
    budget: Option<u64>,
) -> Result<(Graph, Schedule), Refusal> {
    let units = fuse(&graph);
    let (graph, units) = match fresh(&graph, &units) {
        Some(graph) => {
            let units = fuse(&graph);
            (graph, units)
        }
        None => (graph, units),
    };
    let whole = schedule(&graph, units, compiler, sharing)?;
    let mut needed = held(&graph, &whole);
    let Some(budget) = budget.filter(|budget| needed > *budget) else {
        return Ok((graph, whole));
    };
    for again in Again::CHOICES {
        let sparing = recomputed(&graph, again);
        let found = schedule(&sparing, fuse(&sparing), compiler, sharing)?;
        let bytes = held(&sparing, &found);
        if bytes <= budget {
            return Ok((sparing, found));
        }
        needed = needed.min(bytes);
    }
    let fault = RunFault::Budget { needed, budget };
    Err(Refusal::Error(RunError::from(fault)))
}

/// The bytes that a call holds: what it is given, what it returns, where that does not lie in what was given, what lies between
/// steps, and the workers' scratch.
pub(super) fn held(graph: &Graph, schedule: &Schedule) -> u64 {
    let is_new = |base: &BaseId| !schedule.in_place.contains_key(base);
    let results = graph.results.iter().map(|value| value.base).filter(is_new);
    let is_given = |base: &BaseId| matches!(graph.bases[*base].def, Def::Input(_));
    let given = (0..graph.bases.len()).filter(is_given);
    let values: usize = results.chain(given).map(|base| graph.bytes(base)).sum();
    let n_workers = if schedule.is_small { 1 } else { threads() };
    (values + between(graph, schedule) + n_workers * scratch(schedule)) as u64
}

/// Bytes between steps, those of scans' steps among them.
fn between(graph: &Graph, schedule: &Schedule) -> usize {
    let scans = schedule.phases.iter().flatten().filter_map(Step::scan);
    let inner = scans.map(|(node, inner)| {
        let Task::Scan(rounds) = &graph.nodes[node].task else {
            unreachable!("scheduled as a scan")
        };
        between(&rounds.body, inner) + rounds.turns().1
    });
    place_all(graph, schedule).1 + inner.sum::<usize>()
}

/// Scratch bytes of a worker.
pub(super) fn scratch(schedule: &Schedule) -> usize {
    let steps = schedule.phases.iter().flatten();
    let needs = steps.map(|step| {
        let own = step.kernel().map_or(0, |work| work.scratch);
        step.scan().map_or(own, |(_, inner)| scratch(inner))
    });
    needs.max().unwrap_or(0).next_multiple_of(4096)
}
