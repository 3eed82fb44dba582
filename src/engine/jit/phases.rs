//! Steps in phases, each as early as it can be. Within a phase every worker goes through the steps on its own share of the rows and
//! waits for nobody; between phases all wait for all. A step may follow another in one phase if each row it reads is computed by the
//! same worker; one that writes in place waits for the other readers of what it overwrites.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::jit::chunks::Chunks;
use crate::engine::jit::graph::{BaseId, Def, Graph};
use crate::engine::jit::steps::{Reach, Share, Step};

/// Who wrote a buffer within the phase at hand.
#[derive(Clone, Copy)]
struct Written {
    share: Share,
    reach: Reach,
}

/// Steps as early as they can be, behind phases that ran before.
pub(super) fn phases(
    graph: &Graph,
    steps: Vec<Step>,
    in_place: &BTreeMap<BaseId, BaseId>,
    before: &[Vec<Step>],
) -> Vec<Vec<Step>> {
    let mut ready = given(graph);
    ready.extend(made(before));
    let mut open = steps;
    let mut phases = vec![];
    while !open.is_empty() {
        let is_next = next(&open, &ready, in_place);
        let mut is_next = is_next.into_iter();
        let (phase, later): (Vec<Step>, Vec<Step>) = open
            .into_iter()
            .partition(|_| is_next.next().expect("a word for each open step"));
        assert!(
            !phase.is_empty(),
            "ordered without cycles: some step is ready"
        );
        phases.push(phase);
        ready.extend(made(&phases[phases.len() - 1..]));
        open = later;
    }
    delay(&mut phases, &given(graph), in_place);
    phases.retain(|steps| !steps.is_empty());
    phases
}

/// Lets steps that read only what is given wait until the phase before their first reader: what they make is kept for less long.
fn delay(phases: &mut [Vec<Step>], given: &BTreeSet<BaseId>, in_place: &BTreeMap<BaseId, BaseId>) {
    let mut first_use: BTreeMap<BaseId, usize> = BTreeMap::new();
    for (phase, steps) in phases.iter().enumerate() {
        for step in steps {
            let reads = step.reads.iter().map(|(base, _)| base).chain(&step.after);
            let replaced = step
                .writes
                .iter()
                .filter_map(|(base, _)| in_place.get(base));
            for base in reads.filter(|base| !given.contains(base)).chain(replaced) {
                first_use.entry(*base).or_insert(phase);
            }
        }
    }
    let latest = |step: &Step| -> Option<usize> {
        let is_source =
            step.after.is_empty() && step.reads.iter().all(|(base, _)| given.contains(base));
        let touched = step.reads.iter().chain(&step.writes).map(|(base, _)| base);
        let uses = touched
            .chain(&step.awaited)
            .filter_map(|base| first_use.get(base));
        uses.min().filter(|_| is_source)?.checked_sub(1)
    };
    for phase in (0..phases.len()).rev() {
        let steps = std::mem::take(&mut phases[phase]);
        for step in steps {
            let to = latest(&step).map_or(phase, |latest| latest.max(phase));
            phases[to].push(step);
        }
    }
}

/// What is there before the first step.
fn given(graph: &Graph) -> BTreeSet<BaseId> {
    let bases = graph.bases.iter().enumerate();
    bases
        .filter(|(_, base)| !matches!(base.def, Def::Node(_)))
        .map(|(id, _)| id)
        .collect()
}

/// What is there behind these phases.
fn made(phases: &[Vec<Step>]) -> impl Iterator<Item = BaseId> {
    phases.iter().flatten().flat_map(|step| {
        let written = step.writes.iter().map(|(base, _)| base);
        written.chain(&step.awaited).copied()
    })
}

/// Which of the open steps make up the next phase.
fn next(open: &[Step], ready: &BTreeSet<BaseId>, in_place: &BTreeMap<BaseId, BaseId>) -> Vec<bool> {
    let mut written: BTreeMap<BaseId, Written> = BTreeMap::new();
    let mut begun: BTreeSet<BaseId> = BTreeSet::new();
    let mut is_next = vec![false; open.len()];
    for (at, step) in open.iter().enumerate() {
        let can_read = |(base, reach): &(BaseId, Reach)| {
            let by = written.get(base);
            ready.contains(base) || by.is_some_and(|by| follows(*by, step.share, *reach))
        };
        let is_there = |base: &BaseId| ready.contains(base) || begun.contains(base);
        let is_ready = step.reads.iter().all(can_read) && step.after.iter().all(is_there);
        if is_ready && !is_disturbing(open, &is_next, at, in_place) {
            is_next[at] = true;
            begun.extend(&step.awaited);
            let (share, writes) = (step.share, step.writes.iter());
            written.extend(writes.map(|&(base, reach)| (base, Written { share, reach })));
        }
    }
    is_next
}

/// Whether a reader in the same phase finds its part written by the same worker.
fn follows(by: Written, share: Share, reach: Reach) -> bool {
    match (by.share, share) {
        (Share::One, Share::One) | (Share::Rows(1), Share::Rows(1)) => true,
        (Share::Rows(written), Share::Rows(read)) => {
            let are_same = Chunks::are_same(written, read);
            are_same && by.reach == Reach::Rows && reach == Reach::Rows
        }
        (Share::One | Share::Rows(_) | Share::Parts, _) => false,
    }
}

/// Whether a step would overwrite what another open step has yet to read.
fn is_disturbing(
    open: &[Step],
    is_next: &[bool],
    writer: usize,
    in_place: &BTreeMap<BaseId, BaseId>,
) -> bool {
    let writes = open[writer].writes.iter();
    let replaced: Vec<BaseId> = writes
        .filter_map(|(base, _)| in_place.get(base).copied())
        .collect();
    let mut others = (0..open.len()).filter(|&other| other != writer);
    !replaced.is_empty()
        && others.any(|other| {
            let mut reads = open[other].reads.iter();
            reads.any(|(base, reach)| {
                let is_beside = is_next[other] && is_beside(&open[other], *reach, &open[writer]);
                replaced.contains(base) && !is_beside
            })
        })
}

/// Whether one that writes in place may run behind a reader in the same phase: the same worker has read what it overwrites.
fn is_beside(reader: &Step, reach: Reach, writer: &Step) -> bool {
    let is_same = match (reader.share, writer.share) {
        (Share::Rows(read), Share::Rows(written)) => Chunks::are_same(read, written),
        (read, written) => read == written,
    };
    is_same && reach == Reach::Rows
}
