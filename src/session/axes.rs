//! The names that the axes of bound tensors have by their types. Taken before the optimizer, which forgets names.

use std::collections::BTreeMap;

use crate::check::Checked;
use crate::ir::draft::DraftId;
use crate::lower::{Action, Run};

/// For each bound tensor whose type names an axis, the names of all its axes.
pub type AxisNames = BTreeMap<String, Vec<Option<String>>>;

/// The names that the results of all actions have.
pub(super) fn axis_names(checked: &Checked, actions: &[Action]) -> AxisNames {
    let mut names = AxisNames::new();
    for action in actions {
        match action {
            Action::Compute(task) => {
                let binds = task.binds.iter().cloned();
                names.extend(binds.zip(of_results(checked, task.func)));
            }
            Action::Evaluate {
                metrics, prefix, ..
            } => {
                let binds = metrics.names.iter().map(|name| format!("{prefix}.{name}"));
                names.extend(binds.zip(of_results(checked, metrics.func)));
            }
            Action::Train(_) | Action::Show(_) | Action::Assert(_) | Action::Save { .. } => {}
            Action::Draw { .. } | Action::Load { .. } | Action::Test(_) | Action::Generate(_) => {}
            Action::CrossValidate { .. } => {}
        }
    }
    names.retain(|_, axes| axes.iter().any(Option::is_some));
    names
}

/// The names that the metrics of a run have, under their own.
pub(super) fn metric_names(checked: &Checked, run: &Run) -> AxisNames {
    let metrics = run.metrics.iter();
    let named = metrics.flat_map(|metrics| {
        let names = metrics.names.iter().cloned();
        names.zip(of_results(checked, metrics.func))
    });
    named.collect()
}

/// The axes of each result of a function.
fn of_results(checked: &Checked, func: DraftId) -> Vec<Vec<Option<String>>> {
    let func = &checked.module().funcs[checked.func(func)];
    let results = func
        .results
        .iter()
        .map(|(_, value)| &func.ty(*value).shape.0);
    let names = results.map(|axes| axes.iter().map(|axis| axis.claim().map(str::to_owned)));
    names.map(Iterator::collect).collect()
}
