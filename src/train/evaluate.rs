//! Measuring a part: the loss over its batches, each by its number of rows, and metrics of whole outputs, so that none is a mean of
//! means.

use crate::data::{Fault, Part};
use crate::ir::Role;
use crate::lower::{Metrics, Run};
use crate::source::Span;
use crate::tensor::{Tensor, concat};
use crate::train::TrainError;
use crate::train::batches::{fields_read, in_order, rows_of};
use crate::train::machine::Machine;
use crate::train::store::Store;
use crate::train::wiring::{Feed, Names, Wired};

/// What a part came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// The loss, its mean over rows.
    pub loss: f64,
    /// The metrics, by the names they were written under.
    pub metrics: Vec<(String, Tensor)>,
}

/// Evaluates weights, parameters and states by role, on a part of the data, or on at most so many batches of it.
pub fn evaluate(
    run: &Run,
    metrics: Option<&Metrics>,
    machine: &Machine<'_>,
    weights: &[(Role, Tensor)],
    part: &Part,
    limit: Option<u64>,
) -> Result<Evaluation, TrainError> {
    let mut store = Store::with_weights(run, weights);
    let mut evaluator = Evaluator::new(run, metrics, machine, &store, &field_names(part))?;
    evaluator.evaluate(machine, &mut store, part, limit)
}

/// The model's outputs for new rows, whose tensors stand under the names of the fields.
pub fn predict(
    run: &Run,
    machine: &Machine<'_>,
    weights: &[(Role, Tensor)],
    rows: &[(String, Tensor)],
) -> Result<Vec<Tensor>, TrainError> {
    let mut store = Store::with_weights(run, weights);
    let names: Vec<String> = rows.iter().map(|(name, _)| name.clone()).collect();
    let names = Names {
        store: &store,
        fields: &names,
        outputs: &[],
    };
    let mut forward = Wired::new(machine, run.forward, names, |_| None, run.span)?;
    let fields: Vec<Tensor> = rows.iter().map(|(_, tensor)| tensor.clone()).collect();
    let feed = Feed {
        fields: &fields,
        outputs: &[],
        step: 0,
        seed: run.settings.seed,
    };
    forward.run(machine, &mut store, feed)
}

/// The names of a part's fields, in order.
pub(crate) fn field_names(part: &Part) -> Vec<String> {
    part.fields.iter().map(|(name, _)| name.clone()).collect()
}

/// The functions that measure a part, ready to run again and again.
pub(crate) struct Evaluator {
    loss: Wired,
    metrics: Option<(Wired, Vec<String>)>,
    batch: Option<u64>,
    seed: u64,
    /// Where the run was declared.
    span: Span,
}

impl Evaluator {
    /// Prepares the functions of a run.
    pub(crate) fn new(
        run: &Run,
        metrics: Option<&Metrics>,
        machine: &Machine<'_>,
        store: &Store,
        fields: &[String],
    ) -> Result<Evaluator, TrainError> {
        let names = Names {
            store,
            fields,
            outputs: &run.outputs,
        };
        let metrics = match metrics {
            Some(Metrics {
                func,
                names: metric_names,
            }) => {
                let wired = Wired::new(machine, *func, names, |_| None, run.span)?;
                Some((wired, metric_names.clone()))
            }
            None => None,
        };
        Ok(Evaluator {
            loss: Wired::new(machine, run.eval, names, |_| None, run.loss_span)?,
            metrics,
            batch: run.settings.batch,
            seed: run.settings.seed,
            span: run.span,
        })
    }

    /// Evaluates on a part, or on its first batches.
    pub(crate) fn evaluate(
        &mut self,
        machine: &Machine<'_>,
        store: &mut Store,
        part: &Part,
        limit: Option<u64>,
    ) -> Result<Evaluation, TrainError> {
        let batches = in_order(part, self.batch, limit);
        let n_rows: usize = batches.iter().map(<[u32]>::len).sum();
        let (mut total, mut outputs) = (0.0, vec![]);
        for rows in &batches {
            let fields = rows_of(part, rows, None).map_err(|fault| self.unread(fault))?;
            let (loss, out) = self.forward(machine, store, &fields)?;
            total += loss * rows.len() as f64;
            if self.metrics.is_some() {
                outputs.push(out);
            }
        }
        let loss = total / n_rows as f64;
        let metrics = self.measure(machine, store, part, &batches, outputs)?;
        Ok(Evaluation { loss, metrics })
    }

    fn unread(&self, fault: Fault) -> TrainError {
        TrainError::Failed(Box::new(fault.at(self.span)))
    }

    fn forward(
        &mut self,
        machine: &Machine<'_>,
        store: &mut Store,
        fields: &[Tensor],
    ) -> Result<(f64, Vec<Tensor>), TrainError> {
        let feed = Feed {
            fields,
            outputs: &[],
            step: 0,
            seed: self.seed,
        };
        let mut results = self.loss.run(machine, store, feed)?;
        let outputs = results.split_off(1);
        let loss = results[0].item().expect("checked: the loss is a scalar");
        Ok((loss, outputs))
    }

    fn measure(
        &mut self,
        machine: &Machine<'_>,
        store: &mut Store,
        part: &Part,
        batches: &crate::data::Batches,
        outputs: Vec<Vec<Tensor>>,
    ) -> Result<Vec<(String, Tensor)>, TrainError> {
        let Some((metrics, _)) = &self.metrics else {
            return Ok(vec![]);
        };
        let rows: Vec<u32> = batches.iter().flatten().copied().collect();
        // Metrics read targets as a rule: images of all rows would take more memory than all else.
        let read = fields_read(part, &rows, |place| metrics.reads_field(place));
        let read = read.map_err(|fault| self.unread(fault))?;
        let sizes: Vec<usize> = batches.iter().map(<[u32]>::len).collect();
        // An output that is not one entry a row cannot be joined: then all rows are one batch.
        let outputs = match joined(outputs, &sizes) {
            Some(outputs) => outputs,
            None => {
                let fields = rows_of(part, &rows, None).map_err(|fault| self.unread(fault))?;
                self.forward(machine, store, &fields)?.1
            }
        };
        let feed = Feed {
            fields: &read,
            outputs: &outputs,
            step: 0,
            seed: self.seed,
        };
        let Some((metrics, names)) = &mut self.metrics else {
            return Ok(vec![]);
        };
        let values = metrics.run(machine, store, feed)?;
        Ok(names.iter().cloned().zip(values).collect())
    }
}

/// Each output of all batches, one after the other.
fn joined(outputs: Vec<Vec<Tensor>>, sizes: &[usize]) -> Option<Vec<Tensor>> {
    if let [_] = sizes {
        return outputs.into_iter().next();
    }
    let n_outputs = outputs.first()?.len();
    let join = |at: usize| {
        let pieces: Vec<Tensor> = outputs.iter().map(|batch| batch[at].clone()).collect();
        let fits = pieces
            .iter()
            .zip(sizes)
            .all(|(piece, size)| piece.shape().first() == Some(size));
        fits.then(|| concat(&pieces, 0))
    };
    (0..n_outputs).map(join).collect()
}
