//! The schedule of a scan's step: what is the same in every round comes first, and once; and whether workers can go from round to round
//! without waiting for one another.

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::jit::building::Building;
use crate::engine::jit::emit::{Compiler, NoCode};
use crate::engine::jit::estimate::{SMALL, nanoseconds};
use crate::engine::jit::fuse::fuse;
use crate::engine::jit::graph::{BaseId, Def, Graph};
use crate::engine::jit::phases::phases;
use crate::engine::jit::rounds::Rounds;
use crate::engine::jit::steps::{Reach, Schedule, Share, Sharing, Step};

/// The schedule of a scan's step. What is the same in every round comes first, and once. Sharing what is worth it over all rounds may
/// not be where workers wait for one another in each.
pub(super) fn schedule_rounds(
    rounds: &Rounds,
    compiler: &mut Compiler,
    sharing: Sharing,
) -> Result<Schedule, NoCode> {
    let of_round = nanoseconds(&rounds.body);
    let is_gainful = sharing == Sharing::Gainful;
    let is_small = is_gainful && of_round * (rounds.n as f64) < SMALL;
    let found = rounds_shared(rounds, compiler, sharing, is_small)?;
    match is_gainful && !is_small && !found.is_free && of_round < SMALL {
        true => rounds_shared(rounds, compiler, sharing, true),
        false => Ok(found),
    }
}

fn rounds_shared(
    rounds: &Rounds,
    compiler: &mut Compiler,
    sharing: Sharing,
    is_small: bool,
) -> Result<Schedule, NoCode> {
    let body = &rounds.body;
    let mut building = Building::new(body, sharing, is_small, Some(rounds));
    let steps = building.steps(fuse(body), compiler)?;
    let (once, each) = apart(body, rounds, steps);
    let none = BTreeMap::new();
    let mut all = phases(body, once, &none, &[]);
    let n_once = all.len();
    let each = phases(body, each, &none, &all);
    let is_free = are_apart(rounds, &each);
    all.extend(each);
    Ok(Schedule {
        n_once,
        is_free,
        ..building.schedule(all, none)
    })
}

/// Steps that do the same in every round, and the others.
fn apart(body: &Graph, rounds: &Rounds, steps: Vec<Step>) -> (Vec<Step>, Vec<Step>) {
    let is_const = |base: &BaseId| matches!(body.bases[*base].def, Def::Const(_));
    let mut kept: BTreeSet<BaseId> = (0..body.bases.len()).filter(is_const).collect();
    kept.extend(&rounds.kept);
    let results: BTreeSet<BaseId> = body.results.iter().map(|value| value.base).collect();
    steps.into_iter().partition(|step| {
        let is_kept = step.reads.iter().all(|(base, _)| kept.contains(base));
        let is_inner = step.writes.iter().all(|(base, _)| !results.contains(base));
        if is_kept && is_inner {
            kept.extend(step.writes.iter().map(|(base, _)| *base));
        }
        is_kept && is_inner
    })
}

/// Whether each worker finds in a round only what it wrote itself in the one before: rows of states.
fn are_apart(rounds: &Rounds, phases: &[Vec<Step>]) -> bool {
    let [steps] = phases else {
        return false;
    };
    rounds.states.iter().enumerate().all(|(state, read)| {
        let written = rounds.written(state);
        let reads = steps.iter().flat_map(|step| uses(step, &step.reads, *read));
        let writes = steps
            .iter()
            .flat_map(|step| uses(step, &step.writes, written));
        let all: Vec<(Share, Reach)> = reads.chain(writes).collect();
        let is_by_row = |(share, reach): &(Share, Reach)| {
            matches!(share, Share::Rows(_)) && *share == all[0].0 && *reach == Reach::Rows
        };
        all.iter().all(is_by_row)
    })
}

/// How a step touches a buffer, among those that it reads or writes.
fn uses(
    step: &Step,
    touched: &[(BaseId, Reach)],
    base: BaseId,
) -> impl Iterator<Item = (Share, Reach)> {
    let own = touched.iter().filter(move |(own, _)| *own == base);
    own.map(|(_, reach)| (step.share, *reach))
}
