//! A guard for models that outlive the library they were saved with: their outputs for made-up rows are kept, and a version whose
//! library is another must come to the same. A layer that has come to mean something else is told, not followed in silence.

use std::path::Path;

use crate::diag::Diagnostic;
use crate::session::codes;
use crate::session::model::Model;
use crate::stdlib;
use crate::tensor::Tensor;
use crate::train::{FieldShape, Predictor};
use crate::types::DType;

/// Made-up rows.
const ROWS: usize = 2;
/// A field of more numbers than these is not made up.
const MOST: usize = 1 << 20;
/// How far values may lie apart, as a share of them: rounding differs between engines and processors.
const TOLERANCE: f64 = 1e-3;

impl Model {
    /// Its outputs for made-up rows; nothing where rows are too large to make up.
    pub(crate) fn probe(&self) -> Result<Vec<Tensor>, Diagnostic> {
        let fields = self.recipe().data.fields.iter();
        let fields = fields.filter(|field| !self.run().targets.contains(&field.name));
        let made: Option<Vec<(String, Tensor)>> = fields.map(made_up).collect();
        let Some(made) = made else {
            return Ok(vec![]);
        };
        let (names, rows): (Vec<String>, Vec<Tensor>) = made.into_iter().unzip();
        let found = self.with_machine(|machine| {
            let weights = &self.file.weights;
            Predictor::new(self.run(), machine, weights, &names)?.predict(machine, &rows)
        });
        Ok(found.map_err(|error| error.report())?.outputs)
    }

    /// The refusal, where this version's library computes other values than that which saved the model.
    pub(super) fn other_values(&self, path: &Path) -> Option<Diagnostic> {
        if self.recipe().library == stdlib::fingerprint() || self.file.probe.is_empty() {
            return None;
        }
        let found = match self.probe() {
            Ok(found) => found,
            Err(report) => return Some(report),
        };
        let is_same = found.len() == self.file.probe.len()
            && found
                .iter()
                .zip(&self.file.probe)
                .all(|(now, then)| are_near(now, then));
        (!is_same).then(|| other_values(path, &self.file.version).label(self.span, "opened here"))
    }
}

/// Two rows of a field: small numbers of both signs, the first of all places.
fn made_up(field: &FieldShape) -> Option<(String, Tensor)> {
    let dtype = field.dtype.parse::<DType>().ok()?;
    let size = field
        .shape
        .iter()
        .try_fold(ROWS, |size, axis| size.checked_mul(*axis));
    let size = size.filter(|size| *size <= MOST)?;
    let number = |at: usize| match dtype.is_float() {
        true => (at * 7 % 13) as f64 / 6.5 - 1.0,
        false => 0.0,
    };
    let shape = [&[ROWS], field.shape.as_slice()].concat();
    let numbers: Vec<f64> = (0..size).map(number).collect();
    Some((
        field.name.clone(),
        Tensor::from_vec(shape, numbers).cast(dtype),
    ))
}

fn are_near(now: &Tensor, then: &Tensor) -> bool {
    let is_near = |(a, b): (&f64, &f64)| {
        a == b || (a - b).abs() <= TOLERANCE * (1.0 + b.abs()) || (a.is_nan() && b.is_nan())
    };
    now.shape() == then.shape() && now.to_f64().iter().zip(&then.to_f64()).all(is_near)
}

fn other_values(path: &Path, version: &str) -> Diagnostic {
    let message = format!(
        "`{}` comes to other values than when it was saved",
        path.display()
    );
    let report = Diagnostic::error(codes::OTHER_VALUES, message);
    let report = report.note(format!(
        "it was saved by nnlc {version}, whose library is another than this one's"
    ));
    report.help("use that version, or train and save the model anew with this one")
}
