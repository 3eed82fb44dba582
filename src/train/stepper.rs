//! Updates without a loop around them: the first batches of an epoch, cut beforehand, over and over. For timing.

use crate::data::{Dataset, Fault};
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::batches::{Order, rows_of};
use crate::train::evaluate::field_names;
use crate::train::feeding::unread;
use crate::train::machine::Machine;
use crate::train::store::Store;
use crate::train::update::{Update, first_values};
use crate::train::wiring::{Feed, Names};

/// Batches that are cut beforehand at most, so that few steps do not wait for many batches.
const MOST_BATCHES: usize = 64;

/// A run about to be stepped.
pub struct Stepper<'a> {
    run: &'a Run,
    machine: &'a Machine<'a>,
    store: Store,
    update: Update,
    /// The fields of each batch.
    batches: Vec<Vec<Tensor>>,
    n_steps: u64,
    n_batches: u64,
}

impl<'a> Stepper<'a> {
    /// First values, and the first batches of the first epoch.
    pub fn new(
        run: &'a Run,
        machine: &'a Machine<'a>,
        data: &Dataset,
    ) -> Result<Stepper<'a>, TrainError> {
        let part = data.train_part();
        let store = first_values(run, machine)?;
        let fields = field_names(part);
        let names = Names {
            store: &store,
            fields: &fields,
            outputs: &run.outputs,
        };
        let update = Update::new(run, machine, names)?;
        let batches = Order::new(run, machine, data)?.batches(1);
        let batches = batches.iter().take(MOST_BATCHES);
        let batches = batches.map(|rows| rows_of(part, rows, None));
        let batches = batches.collect::<Result<_, Fault>>();
        Ok(Stepper {
            batches: batches.map_err(|fault| unread(run, fault))?,
            run,
            machine,
            store,
            update,
            n_steps: 0,
            n_batches: 0,
        })
    }

    /// One whole update; its loss is that of its last batch.
    pub fn step(&mut self) -> Result<f64, TrainError> {
        loop {
            let loss = self.batch()?;
            if self.update.is_done() {
                self.n_steps += 1;
                return Ok(loss);
            }
        }
    }

    fn batch(&mut self) -> Result<f64, TrainError> {
        let n_all = self.batches.len();
        let at = usize::try_from(self.n_batches % n_all as u64).unwrap_or(0);
        self.n_batches += 1;
        let feed = Feed {
            fields: &self.batches[at],
            outputs: &[],
            step: self.n_steps + 1,
            seed: self.run.settings.seed,
        };
        let number = (self.n_batches, at + 1 == n_all);
        let measured = self
            .update
            .batch(self.machine, &mut self.store, feed, number)?;
        Ok(measured.loss)
    }
}
