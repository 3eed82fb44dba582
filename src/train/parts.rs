//! Which parts of the data a run looks at, what they are called, and whether what it watches is among what they give.

use crate::data::{Dataset, Part};
use crate::lower::Run;
use crate::train::TrainError;
use crate::train::machine::Machine;

/// The parts that are evaluated: those asked for, and the one that early stopping watches.
pub(super) fn evaluated_parts<'a>(run: &Run, data: &'a Dataset) -> Vec<&'a Part> {
    let watched = run
        .settings
        .early_stop
        .iter()
        .filter_map(|rule| rule.on.split_once('.'));
    let watched = watched
        .filter(|on| *on != ("train", "loss"))
        .map(|(part, _)| part);
    let mut parts: Vec<&Part> = vec![];
    for name in run
        .settings
        .evaluate
        .on
        .iter()
        .map(String::as_str)
        .chain(watched)
    {
        let part = data
            .part(name)
            .filter(|part| !parts.iter().any(|known| known.name == part.name));
        parts.extend(part);
    }
    parts
}

/// What a part is called in a history: the one that is trained on is `train`, even where nothing was split.
pub(super) fn shown_name<'a>(part: &'a Part, train: &Part) -> &'a str {
    if part.name == train.name {
        "train"
    } else {
        &part.name
    }
}

/// `early_stop` must watch what is recorded: the loss of a part, or a metric that is a scalar.
pub(super) fn check_watched(run: &Run, machine: &Machine<'_>) -> Result<(), TrainError> {
    let Some(rule) = &run.settings.early_stop else {
        return Ok(());
    };
    let (part, value) = rule.on.split_once('.').unwrap_or((&rule.on, ""));
    let metrics = run.metrics.iter().flat_map(|metrics| {
        let func = machine.body(metrics.func);
        let scalars = func
            .results
            .iter()
            .zip(&metrics.names)
            .filter(|((_, result), _)| func.ty(*result).shape.rank() == 0);
        scalars.map(|(_, name)| name.as_str()).collect::<Vec<_>>()
    });
    let known: Vec<&str> = std::iter::once("loss").chain(metrics).collect();
    if known.contains(&value) {
        return Ok(());
    }
    let recorded = known.iter().map(|name| format!("{part}.{name}")).collect();
    Err(TrainError::NeverRecorded {
        on: rule.on.clone(),
        span: rule.span,
        recorded,
    })
}
