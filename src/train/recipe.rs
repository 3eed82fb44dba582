//! How a saved model is computed: the definitions of its program as text, and what lowering has to know beside it. A text can only say
//! what the language can say, and the language knows no files, clocks or networks inside a definition: what is built from it is this
//! model and nothing else. It is parsed, lowered and checked like any other program when the model is opened, by whatever version
//! opens it; its data block is not read, and it has no statements that could run.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::Reading;
use crate::lower::{DataFacts, FieldFacts};
use crate::source::Span;
use crate::tokens::Tokenizer;
use crate::types::DType;

/// What it takes to compute a saved model's outputs, loss and metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Imports, dimensions, types, definitions, the data block and the run, in canonical form.
    pub text: String,
    /// The data that the run was trained on, without its rows.
    pub data: DataShape,
    /// Sizes of file-wide dimensions that the data has decided.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sizes: BTreeMap<String, i64>,
    /// The element type of floats where the text does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub float: Option<String>,
    /// The fingerprint of the library that the text was checked with.
    #[serde(default)]
    pub library: String,
    /// How rows of new files are read.
    #[serde(default)]
    pub reading: Reading,
}

/// The names, types and sizes of a data block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataShape {
    /// Its name.
    pub name: String,
    /// Its parts with their numbers of rows.
    pub parts: Vec<(String, usize)>,
    /// Its fields in order.
    pub fields: Vec<FieldShape>,
}

/// One field of a data block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FieldShape {
    /// Its name.
    pub name: String,
    /// Its element type.
    pub dtype: String,
    /// The shape of one row.
    pub shape: Vec<usize>,
    /// Why it has that shape: `4 columns`.
    pub because: String,
    /// What a text is cut into.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<Tokenizer>,
}

impl DataShape {
    /// The shape of data that lowering knows.
    pub fn of(facts: &DataFacts) -> DataShape {
        let field = |field: &FieldFacts| FieldShape {
            name: field.name.clone(),
            dtype: field.dtype.to_string(),
            shape: field.row_shape.clone(),
            because: field.because.clone(),
            tokenizer: field.tokenizer.as_deref().cloned(),
        };
        DataShape {
            name: facts.name.clone(),
            parts: facts.parts.clone(),
            fields: facts.fields.iter().map(field).collect(),
        }
    }

    /// What lowering has to know of it; nothing where an element type is none of the language.
    pub fn facts(&self, span: Span) -> Option<DataFacts> {
        let field = |field: &FieldShape| {
            Some(FieldFacts {
                name: field.name.clone(),
                dtype: field.dtype.parse::<DType>().ok()?,
                row_shape: field.shape.clone(),
                span,
                because: field.because.clone(),
                tokenizer: field.tokenizer.clone().map(Arc::new),
                // How many rows a class has matters where rows are trained on.
                classes: None,
            })
        };
        Some(DataFacts {
            name: self.name.clone(),
            parts: self.parts.clone(),
            fields: self.fields.iter().map(field).collect::<Option<_>>()?,
            folds: None,
        })
    }
}
