//! How a function is fed: for each of its inputs where the tensor comes from, for each of its results where it goes. Worked out once
//! from roles and names, so that a step does no look-up.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::engine::{Program, RunError};
use crate::ir::draft::DraftId;
use crate::ir::{Func, Role};
use crate::source::Span;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::codes;
use crate::train::machine::Machine;
use crate::train::store::Store;

/// Where an input comes from.
#[derive(Clone, Debug)]
enum Source {
    /// Lent from a slot; one whose new value is a result is moved, so that the engine may write over it.
    Slot { slot: usize, moves: bool },
    /// A field of the batch, by its place.
    Field(usize),
    /// A whole output of the model, by its place.
    Output(usize),
    /// The same tensor in every step.
    Fixed(Tensor),
    /// The number of the update.
    Step,
    /// The seed.
    Seed,
}

/// What a function is fed besides what a run keeps.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed<'a> {
    /// The fields of the batch, in the order of the data.
    pub(crate) fields: &'a [Tensor],
    /// Whole outputs of the model.
    pub(crate) outputs: &'a [Tensor],
    /// The number of the update.
    pub(crate) step: u64,
    /// The seed of the run.
    pub(crate) seed: u64,
}

/// The names that inputs are found under.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a> {
    /// The run's slots.
    pub(crate) store: &'a Store,
    /// The fields of the data, in order.
    pub(crate) fields: &'a [String],
    /// The model's outputs, in order.
    pub(crate) outputs: &'a [String],
}

/// A function, prepared and wired.
pub(crate) struct Wired {
    program: Box<dyn Program>,
    sources: Vec<Source>,
    /// The slots that results go to; the others are handed out.
    targets: Vec<Option<usize>>,
    span: Span,
}

impl Wired {
    /// Prepares a function. `result_slot` says which slot a result of some name goes to.
    pub(crate) fn new(
        machine: &Machine<'_>,
        id: DraftId,
        names: Names<'_>,
        result_slot: impl Fn(&str) -> Option<usize>,
        span: Span,
    ) -> Result<Wired, TrainError> {
        let func = machine.body(id);
        let targets: Vec<Option<usize>> = func
            .results
            .iter()
            .map(|(name, _)| result_slot(name))
            .collect();
        let sources = sources(machine, func, names, &targets, span)?;
        let program = machine.engine.prepare(machine.module, (machine.func)(id));
        let program = program.map_err(|error| failed(machine, &error, span))?;
        Ok(Wired {
            program,
            sources,
            targets,
            span,
        })
    }

    /// Whether it is fed a field of the batch.
    pub(crate) fn reads_field(&self, place: usize) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| matches!(source, Source::Field(own) if *own == place))
    }

    /// Runs the function: kept results go to their slots, the others are handed out in order.
    pub(crate) fn run(
        &mut self,
        machine: &Machine<'_>,
        store: &mut Store,
        feed: Feed<'_>,
    ) -> Result<Vec<Tensor>, TrainError> {
        let inputs = self.sources.iter().map(|source| match source {
            Source::Slot { slot, moves: true } => store.take(*slot),
            Source::Slot { slot, moves: false } => store.share(*slot),
            Source::Field(place) => feed.fields[*place].clone(),
            Source::Output(place) => feed.outputs[*place].clone(),
            Source::Fixed(tensor) => tensor.clone(),
            Source::Step => Tensor::scalar(feed.step.cast_signed()),
            Source::Seed => Tensor::scalar(feed.seed.cast_signed()),
        });
        let inputs = inputs.collect();
        let results = self
            .program
            .run(inputs)
            .map_err(|error| failed(machine, &error, self.span))?;
        let mut handed_out = vec![];
        for (tensor, target) in results.into_iter().zip(&self.targets) {
            match target {
                Some(slot) => store.put(*slot, tensor),
                None => handed_out.push(tensor),
            }
        }
        Ok(handed_out)
    }
}

/// The slot of results named after roles: `param w`, `state mu`, `gradient w`.
pub(crate) fn slots_by_role(store: &Store) -> impl Fn(&str) -> Option<usize> + use<> {
    let slots = store.slots();
    let slots: BTreeMap<String, usize> = slots
        .into_iter()
        .map(|(role, slot)| (role.to_string(), slot))
        .collect();
    move |name| slots.get(name).copied()
}

fn sources(
    machine: &Machine<'_>,
    func: &Func,
    names: Names<'_>,
    targets: &[Option<usize>],
    span: Span,
) -> Result<Vec<Source>, TrainError> {
    let slots = names.store.slots();
    let place = |list: &[String], name: &str| list.iter().position(|own| own == name);
    let source = |role: &Role| match role {
        Role::Param(_) | Role::State(_) | Role::OptState(_) | Role::Gradient(_) => {
            let slot = *slots.get(role)?;
            Some(Source::Slot {
                slot,
                moves: targets.contains(&Some(slot)),
            })
        }
        Role::Field(name) => place(names.fields, name).map(Source::Field),
        Role::Global(name) => {
            let output = place(names.outputs, name).map(Source::Output);
            output.or_else(|| machine.globals.get(name).cloned().map(Source::Fixed))
        }
        Role::Step => Some(Source::Step),
        Role::Seed => Some(Source::Seed),
        Role::Arg(_) => None,
    };
    let inputs = func.inputs.iter();
    let inputs = inputs.map(|input| source(&input.role).ok_or_else(|| unbound(&input.role, span)));
    let mut sources = inputs.collect::<Result<Vec<Source>, TrainError>>()?;
    move_once(&mut sources);
    Ok(sources)
}

/// A slot that several inputs read is moved by the last of them.
fn move_once(sources: &mut [Source]) {
    let mut moved = vec![];
    for source in sources.iter_mut().rev() {
        if let Source::Slot { slot, moves } = source {
            *moves &= !moved.contains(slot);
            moved.push(*slot);
        }
    }
}

fn unbound(role: &Role, span: Span) -> TrainError {
    TrainError::Failed(Box::new(unbound_input(role, span)))
}

/// An input that nothing has computed.
pub fn unbound_input(role: &Role, span: Span) -> Diagnostic {
    let report = Diagnostic::error(codes::UNBOUND, format!("nothing has computed {role}"));
    report.label(span, "needed here")
}

fn failed(machine: &Machine<'_>, error: &RunError, span: Span) -> TrainError {
    TrainError::Failed(Box::new(machine.report(error, span)))
}
