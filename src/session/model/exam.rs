//! What a model makes of a part whose answers are known, row by row: for reports.

use crate::data::{Fault, FittedField, Part, Rows, rows_at_once};
use crate::diag::Diagnostic;
use crate::session::model::Model;
use crate::session::model::present::likeliest;
use crate::tensor::{Tensor, concat};
use crate::train::{Predicted, Predictor, TrainError};

/// Rows that are predicted at once.
const CHUNK: usize = 1024;

/// Answers and predictions of a part.
#[derive(Clone, Debug, PartialEq)]
pub struct Exam {
    /// The part.
    pub part: String,
    /// The rows of the file, counted from 0.
    pub rows: Vec<u32>,
    /// What is right, and what was predicted.
    pub answers: Answers,
    /// What the model was given, a few features at most, in the units of the file.
    pub features: Vec<(String, Vec<f64>)>,
    /// Channels, height and width of the images it was given, and those of the part: the first rows of them are these.
    pub images: Option<([usize; 3], Rows)>,
}

/// Answers beside predictions.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// One of several categories.
    Classes {
        /// Their names.
        names: Vec<String>,
        /// The right one of each row.
        actual: Vec<usize>,
        /// Row by row, what speaks for each.
        scores: Vec<f64>,
        /// Whether the scores are probabilities.
        are_probabilities: bool,
    },
    /// Numbers, in the units of the file.
    Numbers {
        /// Their names.
        names: Vec<String>,
        /// What is right, row by row.
        actual: Vec<f64>,
        /// What was predicted.
        predicted: Vec<f64>,
    },
}

impl Model {
    /// Asks the model about the first rows of a part, at most so many. Nothing where its outputs are neither classes nor numbers of
    /// one field.
    pub fn exam(&self, part: &Part, most: usize) -> Result<Option<Exam>, Diagnostic> {
        let rows: Vec<u32> = (0..).take(part.rows.len().min(most)).collect();
        let field = |name: &str| {
            part.fields
                .iter()
                .find(|(own, _)| own == name)
                .map(|(_, rows)| rows)
        };
        let inputs = self.inputs();
        let fields: Option<Vec<&Rows>> = inputs.iter().map(|input| field(&input.name)).collect();
        let target = self
            .target()
            .and_then(|target| Some((target, field(&target.name)?)));
        let (Some(fields), Some((target, actual)), false) = (fields, target, rows.is_empty())
        else {
            return Ok(None);
        };
        let Some(found) = self.asked(&inputs, &fields, &rows)? else {
            return Ok(None);
        };
        let is_given = self.run().gives.as_deref() == Some("probabilities");
        let unread = |fault: Fault| fault.at(self.span);
        let actual = actual.pick(&rows, None).map_err(unread)?;
        let answers = answers(target, &actual, &found, is_given);
        let features = features(&inputs, &fields, &rows).map_err(unread)?;
        Ok(answers.map(|answers| Exam {
            part: part.name.clone(),
            answers,
            features,
            images: images(&inputs, &fields),
            rows: rows.iter().map(|&row| part.rows[row as usize]).collect(),
        }))
    }

    /// The outputs for some rows, all of them together; nothing where there are several, or not one entry a row.
    fn asked(
        &self,
        inputs: &[&FittedField],
        fields: &[&Rows],
        rows: &[u32],
    ) -> Result<Option<Predicted>, Diagnostic> {
        let names: Vec<String> = inputs.iter().map(|input| input.name.clone()).collect();
        let (mut outputs, mut linked) = (vec![], vec![]);
        let width = |field: &&Rows| field.shape().iter().skip(1).product::<usize>();
        let n_at_once = rows_at_once(CHUNK, fields.iter().map(width).sum());
        let asked = self.with_machine(|machine| {
            let mut predictor = Predictor::new(self.run(), machine, &self.file.weights, &names)?;
            for rows in rows.chunks(n_at_once) {
                let picked = fields.iter().map(|field| field.pick(rows, None));
                let picked = picked.collect::<Result<Vec<Tensor>, Fault>>();
                let fields =
                    picked.map_err(|fault| TrainError::Failed(Box::new(fault.at(self.span))))?;
                let found = predictor.predict(machine, &fields)?;
                outputs.push(found.outputs);
                linked.extend(found.linked);
            }
            Ok(())
        });
        asked.map_err(|error: TrainError| error.report())?;
        let is_plain = |(out, rows): (&Vec<Tensor>, &[u32])| {
            out.len() == 1 && out[0].shape().first() == Some(&rows.len())
        };
        if !outputs.iter().zip(rows.chunks(n_at_once)).all(is_plain) {
            return Ok(None);
        }
        let own: Vec<Tensor> = outputs.into_iter().flatten().collect();
        Ok(Some(Predicted {
            outputs: vec![concat(&own, 0)],
            linked: (!linked.is_empty()).then(|| concat(&linked, 0)),
        }))
    }
}

fn answers(
    target: &FittedField,
    actual: &Tensor,
    found: &Predicted,
    is_given: bool,
) -> Option<Answers> {
    let own = &found.outputs[0];
    let scores = found.linked.as_ref().unwrap_or(own);
    let are_probabilities = found.linked.is_some() || is_given;
    let width = |tensor: &Tensor| tensor.shape().iter().skip(1).product::<usize>();
    let (given, known) = (width(own), width(actual));
    match target.categories() {
        Some(names) if names.len() > 1 && given == names.len() => {
            let actual = actual_classes(actual, known, names.len())?;
            Some(Answers::Classes {
                names,
                actual,
                scores: scores.to_f64(),
                are_probabilities,
            })
        }
        Some(names) if names.len() == 2 && given == 1 && known == 1 => {
            two_classes(names, actual, scores, are_probabilities)
        }
        None if found.linked.is_some() && given == 1 && known == 1 => {
            let name = |truth: &str| format!("{} = {truth}", target.columns[0]);
            two_classes(vec![name("0"), name("1")], actual, scores, true)
        }
        None if given == known => Some(Answers::Numbers {
            names: match target.features.len() == given {
                true => target.features.clone(),
                false => (1..=given)
                    .map(|at| format!("{}_{at}", target.columns[0]))
                    .collect(),
            },
            actual: target.invert(actual)?.to_f64(),
            predicted: target.invert(own)?.to_f64(),
        }),
        Some(_) | None => None,
    }
}

/// The classes of rows that hold a number, or a 1 at its place.
fn actual_classes(actual: &Tensor, width: usize, n_classes: usize) -> Option<Vec<usize>> {
    let numbers = actual.to_f64();
    if width == n_classes {
        return numbers.chunks(n_classes).map(likeliest).collect();
    }
    let class = |x: &f64| (*x >= 0.0 && *x < n_classes as f64).then_some(*x as usize);
    (width == 1)
        .then(|| numbers.iter().map(class).collect())
        .flatten()
}

fn two_classes(
    names: Vec<String>,
    actual: &Tensor,
    scores: &Tensor,
    are_probabilities: bool,
) -> Option<Answers> {
    let class = |x: &f64| match *x {
        0.0 => Some(0),
        1.0 => Some(1),
        _ => None,
    };
    let pair = |x: f64| {
        if are_probabilities {
            [1.0 - x, x]
        } else {
            [0.0, x]
        }
    };
    Some(Answers::Classes {
        names,
        actual: actual.to_f64().iter().map(class).collect::<Option<_>>()?,
        scores: scores.to_f64().into_iter().flat_map(pair).collect(),
        are_probabilities,
    })
}

/// The first features of the first fields that are numbers.
fn features(
    inputs: &[&FittedField],
    fields: &[&Rows],
    rows: &[u32],
) -> Result<Vec<(String, Vec<f64>)>, Fault> {
    const MOST: usize = 6;
    let of_field = |(input, field): (&&FittedField, &&Rows)| {
        let width = input.features.len();
        let is_table = field.shape().iter().skip(1).product::<usize>() == width;
        let values = match is_table && input.image.is_none() {
            true => input.invert(&field.pick(rows, None)?),
            false => None,
        };
        let values = values.map_or(vec![], |values| values.to_f64());
        let column = |at: usize| values.iter().skip(at).step_by(width).copied().collect();
        let n_shown = if values.is_empty() { 0 } else { width };
        let named = (0..n_shown.min(MOST)).map(|at| (input.features[at].clone(), column(at)));
        Ok(named.collect::<Vec<_>>())
    };
    let all = inputs.iter().zip(fields).map(of_field);
    let all = all.collect::<Result<Vec<_>, Fault>>()?;
    Ok(all.into_iter().flatten().take(MOST).collect())
}

/// The images of the first field that is made of some.
fn images(inputs: &[&FittedField], fields: &[&Rows]) -> Option<([usize; 3], Rows)> {
    let mut pairs = inputs.iter().zip(fields);
    pairs.find_map(|(input, field)| Some((input.image?, (*field).clone())))
}
