//! A model's outputs as columns a reader knows: categories by name with their probabilities, numbers in the units of the file.

use crate::data::{Fitted, FittedField};
use crate::tensor::{Data, Tensor};
use crate::train::Predicted;

/// One column of predictions.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name: a column of the data, `p_setosa` for a probability, `out` where nothing is known of it.
    pub name: String,
    /// Its values, one a row.
    pub values: Values,
}

/// The values of a column; a row that could not be predicted has none.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Categories.
    Labels(Vec<Option<String>>),
    /// Numbers that were `f32`.
    Singles(Vec<Option<f32>>),
    /// Numbers.
    Doubles(Vec<Option<f64>>),
}

impl Column {
    /// The number of rows.
    pub fn len(&self) -> usize {
        match &self.values {
            Values::Labels(values) => values.len(),
            Values::Singles(values) => values.len(),
            Values::Doubles(values) => values.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Some of its rows.
    pub(super) fn rows(&self, range: std::ops::Range<usize>) -> Column {
        let values = match &self.values {
            Values::Labels(values) => Values::Labels(values[range].to_vec()),
            Values::Singles(values) => Values::Singles(values[range].to_vec()),
            Values::Doubles(values) => Values::Doubles(values[range].to_vec()),
        };
        Column {
            name: self.name.clone(),
            values,
        }
    }

    /// The same values at the places of the rows that were kept.
    pub(super) fn spread(self, kept: &[u32], n_rows: usize) -> Column {
        fn placed<T>(values: Vec<Option<T>>, kept: &[u32], n_rows: usize) -> Vec<Option<T>> {
            let mut all: Vec<Option<T>> = (0..n_rows).map(|_| None).collect();
            for (value, row) in values.into_iter().zip(kept) {
                all[*row as usize] = value;
            }
            all
        }
        let values = match self.values {
            Values::Labels(values) => Values::Labels(placed(values, kept, n_rows)),
            Values::Singles(values) => Values::Singles(placed(values, kept, n_rows)),
            Values::Doubles(values) => Values::Doubles(placed(values, kept, n_rows)),
        };
        Column { values, ..self }
    }
}

/// The columns of some predictions of a field. `are_probabilities` where the model's own output is.
pub(super) fn present(
    target: Option<&FittedField>,
    found: &Predicted,
    are_probabilities: bool,
) -> Vec<Column> {
    let own = match found.outputs.as_slice() {
        [only] => only,
        several => return raw(several),
    };
    let probabilities = found.linked.as_ref().or(are_probabilities.then_some(own));
    let Some(target) = target else {
        return raw(&found.outputs);
    };
    // Several yes-or-no columns stand apart: they share no categories.
    let is_apart = matches!(target.steps.last(), Some(Fitted::Binary { .. }));
    let is_apart = is_apart && target.features.len() > 1;
    let categories = target.categories().filter(|_| !is_apart);
    match (categories, probabilities) {
        (Some(names), chances) if names.len() > 1 && width(own) == names.len() => {
            classes(target, &names, own, chances)
        }
        (Some(names), Some(chances)) if names.len() == 2 && width(own) == 1 => {
            yes_or_no(target, &names, chances)
        }
        (None, Some(chances)) if width(own) == target.features.len() => {
            let names = target.features.iter().map(|name| format!("p_{name}"));
            split(chances, &names.collect::<Vec<_>>())
        }
        (None, None) => match target.invert(own) {
            Some(values) => split(&values, &names(&target.features, width(own))),
            None => raw(&found.outputs),
        },
        (Some(_), _) | (None, Some(_)) => raw(&found.outputs),
    }
}

/// The likeliest of several categories, and the probability of each where it is known.
fn classes(
    target: &FittedField,
    names: &[String],
    own: &Tensor,
    chances: Option<&Tensor>,
) -> Vec<Column> {
    let numbers = own.to_f64();
    let label = |row: &[f64]| Some(names[likeliest(row)?].clone());
    let mut columns = vec![Column {
        name: target.columns[0].clone(),
        values: Values::Labels(numbers.chunks(names.len()).map(label).collect()),
    }];
    if let Some(chances) = chances {
        let names: Vec<String> = names.iter().map(|name| format!("p_{name}")).collect();
        columns.extend(split(chances, &names));
    }
    columns
}

/// The first of the largest numbers; none where one is not a number.
pub(super) fn likeliest(row: &[f64]) -> Option<usize> {
    if row.iter().any(|x| x.is_nan()) {
        return None;
    }
    let larger = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
    (0..row.len()).reduce(larger)
}

/// The second of two categories where its probability is a half or more.
fn yes_or_no(target: &FittedField, names: &[String], chances: &Tensor) -> Vec<Column> {
    let label = |p: &f64| (!p.is_nan()).then(|| names[usize::from(*p >= 0.5)].clone());
    let labels = Column {
        name: target.columns[0].clone(),
        values: Values::Labels(chances.to_f64().iter().map(label).collect()),
    };
    let chance = split(chances, &[format!("p_{}", names[1])]);
    std::iter::once(labels).chain(chance).collect()
}

/// Outputs of which nothing is known: `out`, `out_1`, `out1_1`.
fn raw(outputs: &[Tensor]) -> Vec<Column> {
    let outputs = outputs.iter().enumerate();
    let columns = outputs.flat_map(|(at, output)| {
        let name = match at {
            0 => "out".to_owned(),
            at => format!("out{at}"),
        };
        split(output, &names(&[name], width(output)))
    });
    columns.collect()
}

/// Names for so many columns: those there are, or the first with places.
fn names(known: &[String], width: usize) -> Vec<String> {
    match known {
        [only] if width != 1 => (1..=width).map(|at| format!("{only}_{at}")).collect(),
        names if names.len() == width => names.to_vec(),
        _ => (1..=width).map(|at| format!("out_{at}")).collect(),
    }
}

/// Values in a row.
fn width(tensor: &Tensor) -> usize {
    tensor.shape().iter().skip(1).product()
}

/// One column for each value in a row.
fn split(tensor: &Tensor, names: &[String]) -> Vec<Column> {
    let column = |(at, name): (usize, &String)| Column {
        name: name.clone(),
        values: every(tensor, at, names.len()),
    };
    names.iter().enumerate().map(column).collect()
}

fn every(tensor: &Tensor, at: usize, step: usize) -> Values {
    match tensor.data() {
        Data::F32(values) => Values::Singles(
            values
                .iter()
                .skip(at)
                .step_by(step)
                .copied()
                .map(Some)
                .collect(),
        ),
        Data::F64(_) | Data::I64(_) | Data::I32(_) | Data::U8(_) | Data::Bool(_) => {
            let values = tensor.to_f64();
            Values::Doubles(
                values
                    .into_iter()
                    .skip(at)
                    .step_by(step)
                    .map(Some)
                    .collect(),
            )
        }
    }
}
