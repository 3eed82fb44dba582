//! New data for a saved model: the columns its fields were fitted on, through the same transforms.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::data::apply::apply;
use crate::data::block::Block;
use crate::data::chunk::not_rows;
use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::missing::complete;
use crate::data::spec::{MissingSpec, WindowSpec};
use crate::data::table::Table;
use crate::data::tokens::padded;
use crate::data::transform::{Fitted, FittedField};
use crate::data::windows::WindowRows;
use crate::data::{MissingPolicy, Reading};
use crate::diag::{Code, Diagnostic};
use crate::source::Span;
use crate::tensor::Tensor;
use crate::types::DType;

/// Turns tables into fields as the data of a model's training was.
pub struct Encoder<'a> {
    fields: Vec<&'a FittedField>,
    missing: MissingSpec,
    span: Span,
}

/// Rows as a model takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// The rows of the table that were kept, ascending: others have no value where one is needed.
    pub rows: Vec<u32>,
    /// The fields in order, `[rows, ..row_shape]` each.
    pub fields: Vec<(String, Tensor)>,
}

impl<'a> Encoder<'a> {
    /// An encoder for some fields; faults are told at `span`. Fields that are not made of cells are refused.
    pub fn new(
        fields: Vec<&'a FittedField>,
        reading: &Reading,
        span: Span,
    ) -> Result<Encoder<'a>, Diagnostic> {
        for field in &fields {
            if let Some(what) = field.no_cells() {
                return Err(not_rows(what, &field.name).at(span));
            }
        }
        Ok(Encoder {
            fields,
            missing: reading.missing(span),
            span,
        })
    }

    /// The columns it takes.
    pub fn columns(&self) -> BTreeSet<&str> {
        let columns = self.fields.iter().flat_map(|field| &field.columns);
        columns.map(String::as_str).collect()
    }

    /// What counts as missing.
    pub fn missing(&self) -> &MissingSpec {
        &self.missing
    }

    /// Whether rows are cut into windows: then all of them are wanted at once.
    pub fn is_windowed(&self) -> bool {
        self.fields.iter().any(|field| field.windows.is_some())
    }

    /// The rows of a table as fields.
    pub fn encode(&self, table: &Table) -> Result<Encoded, Diagnostic> {
        let rows = self.kept(table)?;
        let kept = match rows.len() == table.n_rows() {
            true => None,
            false => Some(table.keep(&rows)),
        };
        let table = kept.as_ref().unwrap_or(table);
        let field = |field: &&FittedField| {
            let rows = field.apply_rows(table, &self.missing, self.span);
            Ok((field.name.clone(), rows.map_err(of_new_rows)?))
        };
        let fields = self.fields.iter().map(field);
        Ok(Encoded {
            fields: fields.collect::<Result<_, Diagnostic>>()?,
            rows,
        })
    }

    /// The rows that have a value wherever one is needed, where others are to be left out.
    fn kept(&self, table: &Table) -> Result<Vec<u32>, Diagnostic> {
        let all = (0..).take(table.n_rows());
        if self.missing.policy == MissingPolicy::Error {
            return Ok(all.collect());
        }
        let mut without = BTreeSet::new();
        for field in self.fields.iter().filter(|field| !field.imputes()) {
            for name in &field.columns {
                let place = read_place(table, name).map_err(|fault| fault.at(self.span))?;
                let missing = table.column(place).map(|column| &column.missing);
                without.extend(missing.into_iter().flatten().map(|cell| cell.row));
            }
        }
        Ok(all.filter(|row| !without.contains(row)).collect())
    }
}

/// What to try where a saved model, not a program, meets the row.
fn of_new_rows(report: Diagnostic) -> Diagnostic {
    const HELPS: [(Code, &str); 3] = [
        (
            codes::UNSEEN_CATEGORY,
            "the model knows no other: mend the cell, or train with `one_hot(unknown: zero)`",
        ),
        (
            codes::MISSING_VALUE,
            "fill the cell, or train with `|> impute(median)` or with `missing: drop`",
        ),
        (
            codes::NOT_ENCODED,
            "the model was trained on numbers there: mend the cells",
        ),
    ];
    let help = HELPS.into_iter().find(|(code, _)| *code == report.code);
    match help {
        Some((_, help)) => report.help(help),
        None => report,
    }
}

impl FittedField {
    /// Every row of a table as this field, `[rows, ..row_shape]`; faults are reported at `at`.
    pub fn apply_rows(
        &self,
        table: &Table,
        missing: &MissingSpec,
        at: Span,
    ) -> Result<Tensor, Diagnostic> {
        self.applied(table, missing).map_err(|fault| fault.at(at))
    }

    fn applied(&self, table: &Table, missing: &MissingSpec) -> Result<Tensor, Fault> {
        let places = self.columns.iter().map(|name| read_place(table, name));
        let places = places.collect::<Result<Vec<usize>, Fault>>()?;
        let mut block = Block::new(table, &places, self.listed);
        if !self.imputes() && !block.is_image() {
            let mut columns = block.cells("a field")?.iter();
            columns.try_for_each(|column| complete(table, column, &missing.tokens()))?;
        }
        for step in &self.steps {
            block = apply(step, block)?;
        }
        let rows: Vec<u32> = (0..).take(table.n_rows()).collect();
        let block = block.finished()?;
        if let Some(own) = self.padded {
            return padded(&block, own, &rows, self.float());
        }
        let series = block.tensor(&rows, self.float())?;
        Ok(match self.windows {
            Some(own) => every_window(own, &series),
            None => series,
        })
    }

    pub(crate) fn imputes(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Fitted::Impute { .. }))
    }

    /// What it is made of, if not of cells.
    fn no_cells(&self) -> Option<&'static str> {
        let is_text = self.tokenizer().is_some() && self.padded.is_none();
        is_text.then_some("a text")
    }

    /// The type of its numbers.
    pub fn float(&self) -> DType {
        if self.double { DType::F64 } else { DType::F32 }
    }
}

/// Every window of a series; none where it is too short.
fn every_window(own: WindowSpec, series: &Tensor) -> Tensor {
    let n_rows = series.shape()[0];
    let last = n_rows.checked_sub(own.length).map_or(0, |last| last + 1);
    let starts = (0..last).step_by(own.stride.max(1));
    let starts: Vec<u32> = starts
        .filter_map(|start| u32::try_from(start).ok())
        .collect();
    let own = WindowSpec { shift: 0, ..own };
    let rows = WindowRows::new(series.clone(), Arc::new(starts), own);
    rows.whole().clone()
}

/// The place of a column that was read.
fn read_place(table: &Table, name: &str) -> Result<usize, Fault> {
    let place = table.names().find(name)?;
    let message = format!(
        "column {} of {} was not read",
        shown(name),
        shown(&table.file)
    );
    let fault = Fault::new(
        codes::UNKNOWN_COLUMN,
        message,
        "another field's columns were read",
    );
    table.column(place).map(|_| place).ok_or(fault)
}
