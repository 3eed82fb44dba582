//! The learning rate of an update: the optimizer's setting `lr`, which may be a function of the number of the update. Nobody but
//! those who watch needs it, so it is computed by the interpreter, now and then.

use crate::engine::Interpreter;
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::history::History;
use crate::train::machine::Machine;
use crate::train::stopping::factors;
use crate::train::store::Store;
use crate::train::wiring::{Feed, Names, Wired};

/// Updates for which one that was computed is taken.
const EVERY: u64 = 64;

/// The learning rate of a run.
pub(crate) struct Rate {
    rate: Wired,
    store: Store,
    seed: u64,
    last: Option<f64>,
}

impl Rate {
    /// Prepares the rate of a run; nothing where its optimizer has none.
    pub(crate) fn new(run: &Run, machine: &Machine<'_>) -> Result<Option<Rate>, TrainError> {
        let Some(func) = run.rate else {
            return Ok(None);
        };
        let machine = Machine {
            engine: &Interpreter::default(),
            ..*machine
        };
        let store = Store::with_weights(run, &[]);
        let names = Names {
            store: &store,
            fields: &[],
            outputs: &[],
        };
        Ok(Some(Rate {
            rate: Wired::new(&machine, func, names, |_| None, run.span)?,
            seed: run.settings.seed,
            last: None,
            store,
        }))
    }

    /// The rate of an update, from 1.
    fn at(&mut self, machine: &Machine<'_>, step: u64) -> Result<f64, TrainError> {
        let feed = Feed {
            fields: &[],
            outputs: &[],
            step,
            seed: self.seed,
        };
        let found = self.rate.run(machine, &mut self.store, feed)?;
        Ok(found.first().and_then(Tensor::item).unwrap_or(f64::NAN))
    }

    /// The rate of an update or of one shortly before it.
    pub(crate) fn about(&mut self, machine: &Machine<'_>, step: u64) -> Result<f64, TrainError> {
        if let (Some(last), false) = (self.last, step.is_multiple_of(EVERY)) {
            return Ok(last);
        }
        let rate = self.at(machine, step)?;
        self.last = Some(rate);
        Ok(rate)
    }
}

/// The learning rate at no more than `most` of a run's records, over its own time; nothing where its optimizer has none.
pub fn rates(
    run: &Run,
    machine: &Machine<'_>,
    history: &History,
    most: usize,
) -> Result<Option<Vec<(f64, f64)>>, TrainError> {
    let Some(mut rate) = Rate::new(run, machine)? else {
        return Ok(None);
    };
    let plateau = run.settings.plateau.as_ref();
    let factors = plateau.map(|rule| factors(rule, history));
    let factor = |record: usize| factors.as_ref().map_or(1.0, |factors| factors[record]);
    let times = history.times();
    let every = times.len().div_ceil(most).max(1);
    let records = times.into_iter().enumerate().step_by(every);
    let points =
        records.map(|(record, (time, step))| Ok((time, rate.at(machine, step)? * factor(record))));
    points.collect::<Result<_, _>>().map(Some)
}
