//! What others ask of a finished data set: its shapes with their reasons, its tensors by global name, the sizes it decides.

use crate::data::dataset::{Dataset, FieldSchema, Part};
use crate::data::fault::{counted, shown};
use crate::data::rows::Rows;
use crate::lower::{DataFacts, FieldFacts};

impl Dataset {
    /// What lowering has to know: names, shapes, sizes and why they are so.
    pub fn facts(&self) -> DataFacts {
        let parts = self.named_parts();
        DataFacts {
            name: self.name.clone(),
            fields: self.schema.iter().map(|field| self.field(field)).collect(),
            parts: parts
                .map(|(name, part)| (name.to_owned(), part.rows.len()))
                .collect(),
            folds: self.folds,
        }
    }

    fn field(&self, field: &FieldSchema) -> FieldFacts {
        FieldFacts {
            classes: self.class_counts(field),
            ..field.facts()
        }
    }

    /// Every field of every part by its global name, `iris.train.x`.
    pub fn globals(&self) -> impl Iterator<Item = (String, &Rows)> {
        self.named_parts().flat_map(move |(name, part)| {
            let fields = part.fields.iter();
            fields.map(move |(field, rows)| (format!("{}.{name}.{field}", self.name), rows))
        })
    }

    /// The dimension symbols that the data decides, `one_hot(size: classes)`, with their sizes. A symbol that two fields decide
    /// comes twice.
    pub fn sizes(&self) -> Vec<(String, i64)> {
        let sizes = self.schema.iter().zip(&self.fitted);
        let sizes = sizes.filter_map(|(schema, fitted)| {
            let symbol = schema.size.as_ref()?;
            let n = i64::try_from(fitted.n_categories()?).expect("counts fit into 64 bits");
            Some((symbol.value.clone(), n))
        });
        sizes.collect()
    }

    /// The parts by every name they have: where nothing is split, `all` is `train` as well.
    fn named_parts(&self) -> impl Iterator<Item = (&str, &Part)> {
        let own = self.parts.iter().map(|part| (part.name.as_str(), part));
        let whole = self.parts.iter().filter(|part| part.name == "all");
        own.chain(whole.map(|part| ("train", part)))
    }
}

impl FieldSchema {
    /// What lowering has to know of this field.
    fn facts(&self) -> FieldFacts {
        FieldFacts {
            name: self.name.clone(),
            dtype: self.dtype,
            row_shape: self.row_shape.clone(),
            span: self.shape_span,
            because: self.because(),
            tokenizer: self.tokenizer.clone(),
            classes: None,
        }
    }

    /// Why a row has its shape: `4 columns`, `` one column, `age` ``, `` 3 categories of `species` ``.
    fn because(&self) -> String {
        let rows = self.because_of_rows();
        match (self.window, self.padded, &self.tokenizer) {
            (Some(length), _, Some(tokens)) => format!(
                "windows of {} out of {}",
                counted(length, tokens.noun()),
                tokens.len()
            ),
            (None, Some(length), Some(tokens)) => format!(
                "rows of {} out of {}",
                counted(length, tokens.noun()),
                tokens.len()
            ),
            (Some(length), _, None) => format!("windows of {}, {rows}", counted(length, "row")),
            (None, _, _) => rows,
        }
    }

    fn because_of_rows(&self) -> String {
        match (&self.categories, &self.columns[..], &self.row_shape[..]) {
            (Some(categories), [column], [_]) if categories.len() == self.features.len() => {
                let categories = categories.len();
                let noun = if categories == 1 {
                    "category"
                } else {
                    "categories"
                };
                format!("{categories} {noun} of {}", shown(column))
            }
            (_, [column], [_, height, width]) => {
                format!("images of {}, {height} x {width}", shown(column))
            }
            (_, [column], [n]) if *n != self.features.len() => {
                format!("{n} pixels of {}", shown(column))
            }
            (_, [column], _) if self.features.len() == 1 => {
                format!("one column, {}", shown(column))
            }
            (_, columns, _) if columns.len() == self.features.len() => {
                counted(columns.len(), "column")
            }
            (_, columns, _) => format!(
                "{} categories of {}",
                self.features.len(),
                counted(columns.len(), "column")
            ),
        }
    }
}
