//! What lowering has to know of the data: names, shapes, sizes. No rows.

use std::sync::Arc;

use crate::source::Span;
use crate::tokens::Tokenizer;
use crate::types::DType;

/// A `data` block whose files have been read.
#[derive(Clone, Debug, PartialEq)]
pub struct DataFacts {
    /// What the program calls it.
    pub name: String,
    /// Its fields in order.
    pub fields: Vec<FieldFacts>,
    /// Its parts with their numbers of rows.
    pub parts: Vec<(String, usize)>,
    /// Where the parts are folds: how many there are, and which is held out.
    pub folds: Option<(usize, usize)>,
}

/// One field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldFacts {
    /// Its name.
    pub name: String,
    /// Its element type.
    pub dtype: DType,
    /// The shape of one row.
    pub row_shape: Vec<usize>,
    /// Where it was declared.
    pub span: Span,
    /// Why its row has that shape, for messages: `3 categories of species`.
    pub because: String,
    /// What a text is cut into, where it is made of one.
    pub tokenizer: Option<Arc<Tokenizer>>,
    /// The classes in the order of their numbers, where each row is of one, with how many rows of the part that is trained on are.
    pub classes: Option<Vec<(String, usize)>>,
}

impl DataFacts {
    /// The name by which programs and engines know a field of a part.
    pub fn global(&self, part: &str, field: &str) -> String {
        format!("{}.{part}.{field}", self.name)
    }

    /// The part that is trained on.
    pub fn train_part(&self) -> Option<&(String, usize)> {
        self.parts
            .iter()
            .find(|(name, _)| name == "train")
            .or_else(|| self.parts.first())
    }
}
