//! From files to tensors. A program's `data` block becomes a [`DataSpec`]; [`read_table`] reads the columns it uses, [`schema`]
//! says what a model will meet, and [`prepare`] splits the rows, fits the transforms on the train part and applies them.
//! Nothing leaks: only train rows are looked at when fitting. Knows sources, diagnostics and tensors; no syntax, no IR, no ops.

pub mod codes;
mod spec;

mod fault;
mod header;
mod infer;
mod open;
mod table;
mod watch;

mod csv;
mod select;

mod category;
mod missing;
mod numeric;
mod shares;
mod split;

mod apply;
mod block;
mod fit;
mod transform;

mod batch;
mod dataset;
mod predict;
mod saved;
mod warn;

#[cfg(test)]
mod tests;

pub use batch::{Batches, epoch_order, gather_rows};
pub use csv::read_table;
pub use dataset::{Dataset, FieldSchema, Part, prepare, schema};
pub use predict::read_rows;
pub use saved::{SavedError, from_json, to_json};
pub use spec::{
    Classes, Columns, CsvSpec, DataSpec, FieldSpec, Fill, MissingPolicy, MissingSpec, PartsSpec,
    Selector, ShareSpec, SourceSpec, SplitBy, SplitSpec, TransformSpec, Unknown,
};
pub use table::{Cells, Column, Missing, Table};
pub use transform::{FillValue, Fitted, FittedField};
