//! Rows on their way through a model: cells to fields, fields to outputs, outputs to columns.

use crate::data::{Encoded, Encoder, Fault, ImageForm, Reading, Table, gather_rows};
use crate::diag::Diagnostic;
use crate::session::model::Model;
use crate::session::model::present::{Column, present};
use crate::source::Span;
use crate::tensor::{Tensor, concat};
use crate::train::{self, Evaluation, Predictor};

/// A model that is asked again and again.
pub struct Rows<'m> {
    model: &'m Model,
    encoder: Encoder<'m>,
    predictor: Predictor,
}

impl Model {
    /// Makes it ready for rows of cells. Faults of rows are told at `span`.
    pub fn rows(&self, span: Span) -> Result<Rows<'_>, Diagnostic> {
        let inputs = self.inputs();
        let names: Vec<String> = inputs.iter().map(|field| field.name.clone()).collect();
        let encoder = Encoder::of_cells(inputs, self.reading(), span)?;
        let (run, weights) = (self.run(), &self.file.weights);
        let predictor = self.with_machine(|machine| Predictor::new(run, machine, weights, &names));
        Ok(Rows {
            model: self,
            encoder,
            predictor: predictor.map_err(|error| error.report())?,
        })
    }

    /// What images for it are to be like, if it takes some.
    pub fn image_form(&self) -> Option<ImageForm> {
        let fields = self.inputs().into_iter();
        let mut images = fields.filter_map(|field| Some((field, field.image?)));
        let (field, shape) = images.next()?;
        Some(ImageForm {
            column: field.columns.first()?.clone(),
            shape,
            resizes: self.reading().resizes,
        })
    }

    /// How files for it are read.
    pub fn reading(&self) -> &Reading {
        &self.recipe().reading
    }

    /// An encoder for everything that it was trained on: inputs and targets. Faults of rows are told at `span`.
    pub fn all_fields(&self, span: Span) -> Encoder<'_> {
        Encoder::new(self.file.fitted.iter().collect(), self.reading(), span)
    }

    /// The loss and the metrics of its run on rows with their targets, and how many rows these are.
    pub fn evaluate(
        &self,
        encoder: &Encoder<'_>,
        table: &Table,
    ) -> Result<(Evaluation, usize), Diagnostic> {
        let part = encoder.part(table)?;
        let (run, weights) = (self.run(), &self.file.weights);
        let metrics = run.metrics.as_ref();
        let found = self
            .with_machine(|machine| train::evaluate(run, metrics, machine, weights, &part, None));
        Ok((found.map_err(|error| error.report())?, part.rows.len()))
    }
}

impl<'m> Rows<'m> {
    /// The cells it takes.
    pub fn encoder(&self) -> &Encoder<'m> {
        &self.encoder
    }

    /// What the model predicts for the rows of a table: a value a row in each column, nothing where a row is left out for want of a
    /// value.
    pub fn predict(&mut self, table: &Table) -> Result<Vec<Column>, Diagnostic> {
        let encoded = self.encoder.encode(table)?;
        let columns = self.columns(&self.tensors(&encoded)?)?;
        Ok(self.placed(columns, &encoded, table.n_rows()))
    }

    /// The same for several tables at once. Each has a result of its own: what is wrong with one does not harm the others.
    pub fn predict_together(&mut self, tables: &[Table]) -> Vec<Result<Vec<Column>, Diagnostic>> {
        if self.encoder.is_windowed() {
            return tables.iter().map(|table| self.predict(table)).collect();
        }
        let encoded: Vec<Result<Encoded, Diagnostic>> = tables
            .iter()
            .map(|table| self.encoder.encode(table))
            .collect();
        let good: Vec<&Encoded> = encoded.iter().filter_map(|one| one.as_ref().ok()).collect();
        let columns = match good.is_empty() {
            true => Ok(vec![]),
            false => self
                .joined(&good)
                .and_then(|fields| self.columns(&padded(&fields))),
        };
        let mut from = 0;
        let answer = |(encoded, table): (Result<Encoded, Diagnostic>, &Table)| {
            let encoded = encoded?;
            let range = from..from + encoded.rows.len();
            from = range.end;
            let own = columns.as_ref().map_err(Diagnostic::clone)?;
            let own = own
                .iter()
                .map(|column| column.rows(range.clone()))
                .collect();
            Ok(self.placed(own, &encoded, table.n_rows()))
        };
        encoded.into_iter().zip(tables).map(answer).collect()
    }

    /// Columns of the rows that were kept as columns of all rows. Windows are fewer than rows: each is a row of its own.
    fn placed(&self, columns: Vec<Column>, encoded: &Encoded, n_rows: usize) -> Vec<Column> {
        match self.encoder.is_windowed() || encoded.rows.len() == n_rows {
            true => columns,
            false => {
                let columns = columns.into_iter();
                columns
                    .map(|column| column.spread(&encoded.rows, n_rows))
                    .collect()
            }
        }
    }

    fn tensors(&self, encoded: &Encoded) -> Result<Vec<Tensor>, Diagnostic> {
        let whole = encoded
            .fields
            .iter()
            .map(|(_, field)| field.tensor().cloned());
        let whole = whole.collect::<Result<_, Fault>>();
        whole.map_err(|fault| fault.at(self.model.span()))
    }

    /// The rows of several tables, one after the other.
    fn joined(&self, parts: &[&Encoded]) -> Result<Vec<Tensor>, Diagnostic> {
        let all = parts.iter().map(|part| self.tensors(part));
        let mut all = all.collect::<Result<Vec<Vec<Tensor>>, Diagnostic>>()?;
        if all.len() == 1 {
            return Ok(all.remove(0));
        }
        let n_fields = all.first().map_or(0, Vec::len);
        let field = |at: usize| {
            let pieces = all.iter().map(|fields| fields[at].clone());
            concat(&pieces.collect::<Vec<_>>(), 0)
        };
        Ok((0..n_fields).map(field).collect())
    }

    fn columns(&mut self, fields: &[Tensor]) -> Result<Vec<Column>, Diagnostic> {
        let predictor = &mut self.predictor;
        let found = self
            .model
            .with_machine(|machine| predictor.predict(machine, fields));
        let found = found.map_err(|error| error.report())?;
        let is_given = self.model.run().gives.as_deref() == Some("probabilities");
        Ok(present(self.model.target(), &found, is_given))
    }
}

/// The rows up to a power of two, the last repeated: a function is compiled once for each number of rows, and of these there are
/// few.
fn padded(fields: &[Tensor]) -> Vec<Tensor> {
    let n_rows = fields.first().map_or(0, |field| field.shape()[0]);
    let Some(last) = n_rows.checked_sub(1) else {
        return fields.to_vec();
    };
    let rows = 0..n_rows.next_power_of_two();
    let rows: Vec<u32> = rows.map(|row| row.min(last) as u32).collect();
    fields
        .iter()
        .map(|field| gather_rows(field, &rows))
        .collect()
}
