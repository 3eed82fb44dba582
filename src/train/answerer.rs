//! A model that is asked for the same rows over and over, with the weights that it begins with. For timing.

use crate::data::Dataset;
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::batches::rows_of;
use crate::train::evaluate::field_names;
use crate::train::feeding::unread;
use crate::train::machine::Machine;
use crate::train::store::Store;
use crate::train::update::first_values;
use crate::train::wiring::{Feed, Names, Wired};

/// A model about to answer.
pub struct Answerer<'a> {
    run: &'a Run,
    machine: &'a Machine<'a>,
    store: Store,
    forward: Wired,
    fields: Vec<Tensor>,
}

impl<'a> Answerer<'a> {
    /// First values, and as many rows as asked for, from the train part's first on, over and over where it has fewer.
    pub fn new(
        run: &'a Run,
        machine: &'a Machine<'a>,
        data: &Dataset,
        n_rows: usize,
    ) -> Result<Answerer<'a>, TrainError> {
        let part = data.train_part();
        let all = (0..).take(part.rows.len());
        let rows: Vec<u32> = all.cycle().take(n_rows).collect();
        let (store, fields) = (first_values(run, machine)?, field_names(part));
        let names = Names {
            store: &store,
            fields: &fields,
            outputs: &run.outputs,
        };
        Ok(Answerer {
            forward: Wired::new(machine, run.forward, names, |_| None, run.span)?,
            fields: rows_of(part, &rows, None).map_err(|fault| unread(run, fault))?,
            run,
            machine,
            store,
        })
    }

    /// The model's outputs for the rows.
    pub fn answer(&mut self) -> Result<Vec<Tensor>, TrainError> {
        let feed = Feed {
            fields: &self.fields,
            outputs: &[],
            step: 0,
            seed: self.run.settings.seed,
        };
        self.forward.run(self.machine, &mut self.store, feed)
    }
}
