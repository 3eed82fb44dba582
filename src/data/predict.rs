//! New data for a saved model: the columns its fields were fitted on, through the same transforms.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::data::apply::apply;
use crate::data::block::Block;
use crate::data::codes;
use crate::data::csv::read_csv;
use crate::data::fault::{Fault, shown};
use crate::data::header::Header;
use crate::data::missing::complete;
use crate::data::spec::{CsvSpec, MissingSpec, WindowSpec};
use crate::data::table::Table;
use crate::data::transform::{Fitted, FittedField};
use crate::data::windows::WindowRows;
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Span;
use crate::tensor::Tensor;
use crate::types::DType;

/// Reads the columns that some fitted fields take; other columns need not exist.
pub fn read_rows(
    source: &CsvSpec,
    missing: &MissingSpec,
    fields: &[FittedField],
    folder: &Path,
) -> Result<Table, Diagnostics> {
    let choose = |header: Header<'_>| {
        let names = fields.iter().flat_map(|field| &field.columns);
        let places: Result<BTreeSet<usize>, Fault> = names.map(|name| header.find(name)).collect();
        let places = places.map_err(|fault| fault.at(source.path.span))?;
        Ok(places.into_iter().collect())
    };
    read_csv(source, missing, folder, choose)
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
        if !self.imputes() {
            let mut columns = block.cells("a field")?.iter();
            columns.try_for_each(|column| complete(table, column, &missing.tokens()))?;
        }
        for step in &self.steps {
            block = apply(step, block)?;
        }
        let rows: Vec<u32> = (0..).take(table.n_rows()).collect();
        let series = block.finished()?.tensor(&rows, self.float())?;
        Ok(match self.windows {
            Some(own) => every_window(own, &series),
            None => series,
        })
    }

    fn imputes(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Fitted::Impute { .. }))
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
