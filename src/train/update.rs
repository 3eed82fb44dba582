//! First values and updates: what a run's own functions do to its store.

use crate::ir::Role;
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::machine::Machine;
use crate::train::store::Store;
use crate::train::wiring::{Feed, Names, Wired, slots_by_role};

/// What a batch came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Its loss.
    pub(crate) loss: f64,
    /// The norm of the gradients that an update was made by, if one followed and the norm is computed.
    pub(crate) gradient: Option<f64>,
}

impl Measured {
    /// Whether all that was measured is a finite number.
    pub(crate) fn is_finite(&self) -> bool {
        self.loss.is_finite() && self.gradient.is_none_or(f64::is_finite)
    }
}

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

    /// What a batch comes to. An update follows each batch, or each whole group, or the last batch of an epoch; `numbers` are the batch's
    /// own number, by which a group's noise is drawn, and whether it is the last.
    pub(crate) fn batch(
        &mut self,
        machine: &Machine<'_>,
        store: &mut Store,
        feed: Feed<'_>,
        (batch, is_last): (u64, bool),
    ) -> Result<Measured, TrainError> {
        match self {
            Update::Batch(step) => {
                let results = step.run(machine, store, feed)?;
                Ok(Measured {
                    loss: loss_of(&results),
                    gradient: results.get(1).and_then(Tensor::item),
                })
            }
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
                let own = Feed {
                    step: batch,
                    ..feed
                };
                let results = accumulate.run(machine, store, own)?;
                let (loss, mut gradient) = (loss_of(&results), None);
                if loss.is_finite() && (*pending == *size || is_last) {
                    // The update divides by the size of a whole group.
                    if *pending < *size {
                        store.scale_gradients(*size as f64 / *pending as f64);
                    }
                    gradient = update
                        .run(machine, store, feed)?
                        .first()
                        .and_then(Tensor::item);
                    *pending = 0;
                }
                Ok(Measured { loss, gradient })
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

fn loss_of(results: &[Tensor]) -> f64 {
    let loss = results.first().and_then(Tensor::item);
    loss.expect("checked: the loss is a scalar, and comes first")
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
