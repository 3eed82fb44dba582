//! Steps in phases, each as early as it can be. A step may follow another in one phase if each row it reads is computed by the same
//! worker; one that writes in place waits for the other readers of what it overwrites.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::jit::graph::{BaseId, Def, Graph};
use crate::engine::jit::steps::{Reach, Share, Step};

/// Who wrote a buffer within the phase at hand.
#[derive(Clone, Copy)]
struct Written {
    share: Share,
    reach: Reach,
}

/// Steps as early as they can be.
pub(super) fn phases(
    graph: &Graph,
    steps: Vec<Step>,
    in_place: &BTreeMap<BaseId, BaseId>,
) -> Vec<Vec<Step>> {
    let mut ready: BTreeSet<BaseId> = graph
        .bases
        .iter()
        .enumerate()
        .filter(|(_, base)| !matches!(base.def, Def::Node(_)))
        .map(|(id, _)| id)
        .collect();
    let mut open: Vec<Step> = steps;
    let mut phases = vec![];
    while !open.is_empty() {
        let mut written: BTreeMap<BaseId, Written> = BTreeMap::new();
        let mut phase: Vec<Step> = vec![];
        let mut later: Vec<Step> = vec![];
        for step in open {
            let can_read = |(base, reach): &(BaseId, Reach)| {
                ready.contains(base)
                    || written
                        .get(base)
                        .is_some_and(|by| follows(*by, step.share, *reach))
            };
            let replaced: Vec<BaseId> = step
                .writes
                .iter()
                .filter_map(|(base, _)| in_place.get(base).copied())
                .collect();
            let reads_it =
                |other: &Step| other.reads.iter().any(|(base, _)| replaced.contains(base));
            let is_disturbing = later.iter().any(reads_it)
                || phase
                    .iter()
                    .any(|other| reads_it(other) && !is_beside(other, &step, &replaced));
            if is_disturbing || !step.reads.iter().all(can_read) {
                later.push(step);
                continue;
            }
            for (base, reach) in &step.writes {
                let by = Written {
                    share: step.share,
                    reach: *reach,
                };
                written.insert(*base, by);
            }
            phase.push(step);
        }
        ready.extend(written.keys().copied());
        assert!(
            !phase.is_empty(),
            "fused without cycles: some step is ready"
        );
        phases.push(phase);
        open = later;
    }
    phases
}

/// Whether a reader in the same phase finds its part written by the same worker.
fn follows(by: Written, share: Share, reach: Reach) -> bool {
    match (by.share, share) {
        (Share::One, Share::One) | (Share::Rows(1), Share::Rows(1)) => true,
        (Share::Rows(written), Share::Rows(read)) => {
            written == read && by.reach == Reach::Rows && reach == Reach::Rows
        }
        (Share::One | Share::Rows(_) | Share::Parts, _) => false,
    }
}

/// Whether one that writes in place may run beside an earlier reader: the same worker has read what it overwrites.
fn is_beside(reader: &Step, writer: &Step, replaced: &[BaseId]) -> bool {
    let reads = reader
        .reads
        .iter()
        .filter(|(base, _)| replaced.contains(base));
    reader.share == writer.share && reads.clone().all(|(_, reach)| *reach == Reach::Rows)
}
