//! Functions of the top level: fed with tensors by name, their results bound by name.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::DraftId;
use crate::lower::Compute;
use crate::source::Span;
use crate::tensor::Tensor;
use crate::train::{Machine, codes};

/// The results of a computation, by name. Layers that are used in passing get their first values by `seed`.
pub(super) fn compute(
    machine: &Machine<'_>,
    task: &Compute,
    seed: u64,
) -> Result<Vec<(String, Tensor)>, Diagnostic> {
    let weights = match &task.init {
        Some((init, paths)) => {
            let values = run(machine, *init, &[], seed, task.span)?;
            paths.iter().cloned().zip(values).collect()
        }
        None => vec![],
    };
    let results = run(machine, task.func, &weights, seed, task.span)?;
    Ok(task.binds.iter().cloned().zip(results).collect())
}

fn run(
    machine: &Machine<'_>,
    func: DraftId,
    weights: &[(String, Tensor)],
    seed: u64,
    span: Span,
) -> Result<Vec<Tensor>, Diagnostic> {
    let id = (machine.func)(func);
    let input = |role: &Role| match role {
        Role::Param(path) | Role::State(path) => {
            let found = weights.iter().find(|(own, _)| own == path);
            found.map(|(_, tensor)| tensor.clone())
        }
        Role::Global(name) => machine.globals.get(name).cloned(),
        Role::Seed => Some(Tensor::scalar(seed.cast_signed())),
        // What stands in for an update is the first.
        Role::Step => Some(Tensor::scalar(1i64)),
        Role::Arg(_) | Role::OptState(_) | Role::Gradient(_) | Role::Field(_) => None,
    };
    let inputs = machine.module.funcs[id].inputs.iter();
    let inputs = inputs.map(|found| input(&found.role).ok_or_else(|| unbound(&found.role, span)));
    let inputs = inputs.collect::<Result<Vec<Tensor>, Diagnostic>>()?;
    let program = machine.engine.prepare(machine.module, id);
    let results = program.and_then(|mut program| program.run(inputs));
    results.map_err(|error| crate::train::run_report(&error, machine.module, machine.sources, span))
}

fn unbound(role: &Role, span: Span) -> Diagnostic {
    Diagnostic::error(codes::UNBOUND, format!("nothing has computed {role}"))
        .label(span, "needed here")
}
