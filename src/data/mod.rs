//! From files to tensors. A program's `data` block becomes a [`DataSpec`]; [`read_table`] reads the columns it uses, [`schema`]
//! says what a model will meet, and [`prepare`] splits the rows, fits the transforms on the train part and applies them.
//! Nothing leaks: only train rows are looked at when fitting. Knows sources, diagnostics and tensors; no syntax, no IR, no ops.

pub mod codes;
mod csv;
mod dataset;
mod fault;
mod header;
mod infer;
mod open;
mod select;
mod spec;
mod table;
mod transform;
mod watch;

pub use csv::read_table;
pub use dataset::{Dataset, FieldSchema, Part, prepare, schema};
pub use spec::{
    Classes, Columns, CsvSpec, DataSpec, FieldSpec, Fill, MissingPolicy, MissingSpec, PartsSpec,
    Selector, ShareSpec, SourceSpec, SplitBy, SplitSpec, TransformSpec, Unknown,
};
pub use table::{Cells, Column, Missing, Table};
pub use transform::FittedField;
