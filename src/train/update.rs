//! First values and updates: what a run's own functions do to its store.

use crate::ir::Role;
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::machine::Machine;
use crate::train::store::Store;
use crate::train::wiring::{Feed, Names, Wired, slots_by_role};

/// How weights are updated.
pub(crate) enum Update {
    /// By each batch.
    Batch(Box<Wired>),
    /// By each group of batches.
    Group {
        /// Adds a batch's gradients.
        accumulate: Box<Wired>,
        /// Updates by their mean.
        update: Box<Wired>,
        /// Batches in a whole group.
        size: u64,
        /// Batches added so far.
        pending: u64,
    },
}

impl Update {
    pub(crate) fn new(
        run: &Run,
        machine: &Machine<'_>,
        names: Names<'_>,
    ) -> Result<Update, TrainError> {
        let slot = slots_by_role(names.store);
        let sparing = run
            .settings
            .budget
            .map(|budget| machine.engine.within(budget));
        let machine = &Machine {
            engine: sparing.as_deref().unwrap_or(machine.engine),
            ..*machine
        };
        let wire = |id| {
            Ok(Box::new(Wired::new(
                machine,
                id,
                names,
                &slot,
                run.loss_span,
            )?))
        };
        match run.accumulation {
            None => Ok(Update::Batch(wire(run.step)?)),
            Some((accumulate, update)) => Ok(Update::Group {
                accumulate: wire(accumulate)?,
                update: wire(update)?,
                size: run.settings.accumulate,
                pending: 0,
            }),
        }
    }

    /// The loss of a batch. An update follows each batch, or each whole group, or the last batch of an epoch; `numbers` are the batch's
    /// own number, by which a group's noise is drawn, and whether it is the last.
    pub(crate) fn batch(
        &mut self,
        machine: &Machine<'_>,
        store: &mut Store,
        feed: Feed<'_>,
        (number, is_last): (u64, bool),
    ) -> Result<f64, TrainError> {
        match self {
            Update::Batch(step) => loss_of(&step.run(machine, store, feed)?),
            Update::Group {
                accumulate,
                update,
                size,
                pending,
            } => {
                if *pending == 0 {
                    store.clear_gradients();
                }
                *pending += 1;
                let loss = loss_of(&accumulate.run(
                    machine,
                    store,
                    Feed {
                        step: number,
                        ..feed
                    },
                )?)?;
                if loss.is_finite() && (*pending == *size || is_last) {
                    // The update divides by the size of a whole group.
                    if *pending < *size {
                        store.scale_gradients(*size as f64 / *pending as f64);
                    }
                    update.run(machine, store, feed)?;
                    *pending = 0;
                }
                Ok(loss)
            }
        }
    }

    /// Forgets batches of an update that was not completed.
    pub(crate) fn begin_again(&mut self) {
        match self {
            Update::Batch(_) => {}
            Update::Group { pending, .. } => *pending = 0,
        }
    }

    /// As another that has done as many batches of an update.
    pub(crate) fn as_far_as(&mut self, other: &Update) {
        if let (Update::Group { pending, .. }, Update::Group { pending: done, .. }) = (self, other)
        {
            *pending = *done;
        }
    }

    /// Whether the last batch completed an update.
    pub(crate) fn is_done(&self) -> bool {
        match self {
            Update::Batch(_) => true,
            Update::Group { pending, .. } => *pending == 0,
        }
    }
}

fn loss_of(results: &[Tensor]) -> Result<f64, TrainError> {
    let loss = results.first().and_then(Tensor::item);
    Ok(loss.expect("checked: the loss is a scalar, and comes first"))
}

/// The first values of everything a run keeps.
pub(crate) fn first_values(run: &Run, machine: &Machine<'_>) -> Result<Store, TrainError> {
    let mut store = Store::new(run);
    let names = Names {
        store: &store,
        fields: &[],
        outputs: &[],
    };
    let slots = store.slots();
    let mut filled = vec![];
    let paths: Vec<(String, usize)> = slots
        .iter()
        .map(|(role, slot)| (format!("{}/{}", run.name, role.path()), *slot))
        .collect();
    let results = &machine.body(run.init).results;
    for (name, _) in results {
        let free = paths
            .iter()
            .find(|(path, slot)| path == name && !filled.contains(slot));
        filled.extend(free.map(|(_, slot)| *slot));
    }
    let mut init = Wired::new(machine, run.init, names, |_| None, run.span)?;
    let feed = Feed {
        fields: &[],
        outputs: &[],
        step: 0,
        seed: run.settings.seed,
    };
    let values = init.run(machine, &mut store, feed)?;
    filled
        .into_iter()
        .zip(values)
        .for_each(|(slot, value)| store.put(slot, value));
    store.clear_gradients();
    Ok(store)
}

/// The weights a run begins with, parameters and then states.
pub fn first_weights(run: &Run, machine: &Machine<'_>) -> Result<Vec<(Role, Tensor)>, TrainError> {
    Ok(first_values(run, machine)?.weights())
}
