//! The rows of a part as batches of tensors: in which order a run meets them, and what they hold. A part that one batch holds in order
//! is handed on as it is, without a copy.

use crate::data::{Batches, Dataset, Draw, Fault, Part, Rows, drawn_order, epoch_order};
use crate::diag::Diagnostic;
use crate::lower::{Run, RunSettings, Sampling};
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::codes;
use crate::train::machine::Machine;
use crate::train::store::Store;
use crate::train::wiring::{Feed, Names, Wired};

/// Which rows the epochs of a run visit, in which order.
pub(crate) struct Order {
    run: String,
    seed: u64,
    /// Rows in a batch; nothing where all are one, as they stand.
    size: Option<usize>,
    n_rows: usize,
    /// How many batches are overfitted.
    overfit: Option<u64>,
    /// Where rows are drawn by their class: the rows of each, and what each counts for.
    classes: Option<(Vec<Vec<u32>>, Vec<f64>)>,
}

impl Order {
    /// The order of a run; the engine says how often each class comes.
    pub(crate) fn new(
        run: &Run,
        machine: &Machine<'_>,
        data: &Dataset,
    ) -> Result<Order, TrainError> {
        let (settings, n_rows) = (&run.settings, data.train_part().rows.len());
        let sampling = run.sampling.as_ref();
        let classes = sampling.map(|rule| classes(run, rule, machine, data));
        Ok(Order {
            run: run.name.clone(),
            seed: settings.seed,
            size: settings.batch.map(|size| clamped(size, n_rows)),
            n_rows,
            overfit: settings.overfit,
            classes: classes.transpose()?,
        })
    }

    /// The batches of an epoch. Where a few are to be overfitted, they are the first of the first epoch.
    pub(crate) fn batches(&self, epoch: u64) -> Batches {
        let epoch = if self.overfit.is_some() { 1 } else { epoch };
        let mut order = match (&self.classes, self.size) {
            (Some((rows, weights)), _) => drawn_order(self.seed, &self.run, epoch, (rows, weights)),
            (None, Some(_)) => epoch_order(self.seed, &self.run, epoch, self.n_rows),
            (None, None) => return Batches::in_order(self.n_rows, self.n_rows),
        };
        let size = self.size.unwrap_or(self.n_rows);
        if let (Some(n), Some(_)) = (self.overfit, self.size) {
            order.truncate(size.saturating_mul(usize::try_from(n).unwrap_or(usize::MAX)));
        }
        Batches::new(order, size)
    }
}

/// The rows of each class, and what each counts for.
fn classes(
    run: &Run,
    rule: &Sampling,
    machine: &Machine<'_>,
    data: &Dataset,
) -> Result<(Vec<Vec<u32>>, Vec<f64>), TrainError> {
    let mut store = Store::new(run);
    let names = Names {
        store: &store,
        fields: &[],
        outputs: &[],
    };
    let mut weights = Wired::new(machine, rule.weights, names, |_| None, rule.span)?;
    let feed = Feed {
        fields: &[],
        outputs: &[],
        step: 0,
        seed: run.settings.seed,
    };
    let weights = weights.run(machine, &mut store, feed)?;
    let weights = weights.first().map_or(vec![], Tensor::to_f64);
    let rows = data.rows_by_class(&rule.field);
    let rows = rows.expect("checked: the field tells rows apart by class");
    let all: f64 = weights
        .iter()
        .zip(&rows)
        .map(|(own, rows)| own * rows.len() as f64)
        .sum();
    let are_weights = weights.iter().all(|weight| *weight >= 0.0);
    match are_weights && all > 0.0 && all.is_finite() {
        true => Ok((rows, weights)),
        false => Err(TrainError::Failed(Box::new(not_drawn(&weights, rule)))),
    }
}

fn not_drawn(weights: &[f64], rule: &Sampling) -> Diagnostic {
    let message = format!("rows cannot be drawn by the weights {weights:?}");
    let report = Diagnostic::error(codes::TRAIN_SETTING, message).label(rule.span, "given here");
    report.help("give each class a number from 0, and one that has rows more than 0")
}

/// The rows of a part as they stand, in batches; where these are more than `limit`, rows that lie evenly over the whole part, so
/// that a file in some order is not judged by its beginning.
pub(crate) fn in_order(part: &Part, size: Option<u64>, limit: Option<u64>) -> Batches {
    let n_rows = part.rows.len();
    let size = clamped(size.unwrap_or(u64::MAX), n_rows);
    let limit = usize::try_from(limit.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
    let n_taken = n_rows.min(size.saturating_mul(limit));
    let spread = (0..n_taken as u64).map(|at| at * n_rows as u64 / n_taken as u64);
    let rows = spread.map(|row| u32::try_from(row).expect("a part has fewer than 2^32 rows"));
    Batches::new(rows.collect(), size)
}

fn clamped(size: u64, n_rows: usize) -> usize {
    usize::try_from(size).unwrap_or(usize::MAX).min(n_rows)
}

/// How many batches an epoch has.
pub(crate) fn n_batches(n_rows: usize, settings: &RunSettings) -> u64 {
    settings.n_batches(n_rows as u64)
}

/// Some rows of every field of a part, changed and mixed as a training batch where `draw` says which.
pub(crate) fn rows_of(
    part: &Part,
    rows: &[u32],
    draw: Option<Draw<'_>>,
) -> Result<Vec<Tensor>, Fault> {
    let fields = part.fields.iter().map(|(_, field)| field);
    let tensor = |field: &Rows| field_of(part, field, rows, draw);
    let fields = fields.map(tensor).collect::<Result<_, Fault>>()?;
    match (part.mixup, draw) {
        (Some(mixup), Some(draw)) => mixup.mixed(part, rows, fields, draw),
        (_, _) => Ok(fields),
    }
}

/// Some rows of the fields that are read, by their places; in place of the others a number that nobody looks at.
pub(crate) fn fields_read(
    part: &Part,
    rows: &[u32],
    is_read: impl Fn(usize) -> bool,
) -> Result<Vec<Tensor>, Fault> {
    let fields = part.fields.iter().enumerate();
    let tensor = |(place, (_, field)): (usize, &(String, Rows))| match is_read(place) {
        true => field_of(part, field, rows, None),
        false => Ok(Tensor::scalar(0f32)),
    };
    fields.map(tensor).collect()
}

/// Some rows of a field; all of them in order are handed on as they are.
fn field_of(
    part: &Part,
    field: &Rows,
    rows: &[u32],
    draw: Option<Draw<'_>>,
) -> Result<Tensor, Fault> {
    let is_whole = rows.len() == part.rows.len()
        && rows.iter().enumerate().all(|(at, row)| at == *row as usize);
    match field {
        Rows::Tensor(whole) if is_whole => Ok(whole.clone()),
        Rows::Tensor(_) | Rows::Pixels(_) | Rows::Windows(_) => field.pick(rows, draw),
    }
}

/// What it takes to make batches of so many rows as training meets them, in numbers that are copied. What is handed on as it is costs
/// nothing; a change of an image costs as much as copying it several times.
pub(crate) fn cost(part: &Part, n_rows: usize, is_whole: bool) -> usize {
    const CHANGE: usize = 4;
    let of_row = |field: &Rows| {
        let width: usize = field.shape().iter().skip(1).product();
        let times = match field {
            Rows::Tensor(_) if is_whole => 0,
            Rows::Tensor(_) | Rows::Windows(_) => 1,
            Rows::Pixels(rows) => 1 + CHANGE * rows.n_changes(),
        };
        width.saturating_mul(times)
    };
    let all: usize = part.fields.iter().map(|(_, field)| of_row(field)).sum();
    let twice = if part.mixup.is_some() { 2 } else { 1 };
    all.saturating_mul(twice).saturating_mul(n_rows)
}
