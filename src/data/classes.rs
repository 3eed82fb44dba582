//! Which class each row of a part belongs to, where a field says so: by its number, by yes or no, or by where its 1 stands.

use crate::data::dataset::{Dataset, FieldSchema, Part};
use crate::data::rows::Rows;
use crate::tensor::Tensor;

impl Dataset {
    /// The part that runs are trained on: `train`, or the only one.
    pub fn train_part(&self) -> &Part {
        let part = self.part("train").or(self.parts.first());
        part.expect("prepared: a data set has a part")
    }

    /// The rows of the train part by class, as a field tells them apart; nothing where each row is of no class.
    pub fn rows_by_class(&self, field: &str) -> Option<Vec<Vec<u32>>> {
        let schema = self.schema.iter().find(|schema| schema.name == field)?;
        let names = schema.categories.as_ref()?;
        let is_one_a_row = match &schema.row_shape[..] {
            [] => true,
            [n] => *n == names.len() || *n == 1,
            [_, _, ..] => false,
        };
        if schema.window.is_some() || !is_one_a_row {
            return None;
        }
        let Rows::Tensor(rows) = self.train_part().field(field)? else {
            return None;
        };
        let mut classes = vec![vec![]; names.len()];
        let rows = class_of_rows(rows);
        for (row, class) in (0..).zip(rows) {
            classes.get_mut(class)?.push(row);
        }
        Some(classes)
    }

    /// The classes that a field tells apart, with how many rows of the train part are of each.
    pub(crate) fn class_counts(&self, field: &FieldSchema) -> Option<Vec<(String, usize)>> {
        let rows = self.rows_by_class(&field.name)?;
        let names = field.categories.iter().flatten();
        let counted = names.zip(rows);
        Some(
            counted
                .map(|(name, rows)| (name.clone(), rows.len()))
                .collect(),
        )
    }
}

/// The number of a row's class: the row itself, or the place of its largest element.
fn class_of_rows(rows: &Tensor) -> Vec<usize> {
    let numbers = rows.to_f64();
    let width = rows.shape().get(1).copied().unwrap_or(1);
    match width {
        1 => numbers.iter().map(|number| *number as usize).collect(),
        _ => numbers.chunks(width).map(largest).collect(),
    }
}

fn largest(row: &[f64]) -> usize {
    let places = row.iter().enumerate();
    let best = places.reduce(|best, next| if next.1 > best.1 { next } else { best });
    best.map_or(0, |(at, _)| at)
}
