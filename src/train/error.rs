//! Why a run cannot go on, and the words for it.

use crate::diag::{Diagnostic, did_you_mean};
use crate::source::Span;
use crate::train::codes;
use crate::train::trouble::Culprit;

/// Why a run cannot go on.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainError {
    /// The loss of a batch, or the norm of its gradients, is not a finite number.
    Diverged(Box<Divergence>),
    /// A weight is not finite although every loss was.
    Weights {
        /// Its path.
        path: String,
        /// Where the run was declared.
        run: Span,
        /// What broke it.
        culprit: Option<Box<Culprit>>,
    },
    /// `early_stop` watches what is never recorded.
    NeverRecorded {
        /// What it watches.
        on: String,
        /// Where that was written.
        span: Span,
        /// What is recorded.
        recorded: Vec<String>,
    },
    /// A function could not be run.
    Failed(Box<Diagnostic>),
}

/// What is not a finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Broken {
    /// The loss.
    Loss(f64),
    /// The norm of the gradients of an update.
    Gradient(f64),
}

/// A loss or gradient that is not a finite number, and where it was met.
#[derive(Clone, Debug, PartialEq)]
pub struct Divergence {
    /// Which of them, and what it is.
    pub measured: Broken,
    /// Where the loss was written.
    pub span: Span,
    /// The update it belongs to, from 1.
    pub step: u64,
    /// The epoch, from 1.
    pub epoch: u64,
    /// The batch within its epoch, from 1.
    pub batch: usize,
    /// The batches of an epoch.
    pub n_batches: usize,
    /// The rows of the batch, as the data counts them, from 0.
    pub rows: Vec<u32>,
    /// What broke it.
    pub culprit: Option<Culprit>,
}

impl TrainError {
    /// The error with where in the run it happened.
    pub(crate) fn at(self, step: u64, epoch: u64, [batch, n_batches]: [usize; 2]) -> TrainError {
        let place = format!("in step {step}, at batch {batch} of {n_batches} of epoch {epoch}");
        match self {
            TrainError::Failed(report) => TrainError::Failed(Box::new(report.note(place))),
            other @ (TrainError::Diverged(_)
            | TrainError::Weights { .. }
            | TrainError::NeverRecorded { .. }) => other,
        }
    }

    /// The error in words.
    pub fn report(&self) -> Diagnostic {
        match self {
            TrainError::Diverged(divergence) => diverged(divergence),
            TrainError::Weights { path, run, culprit } => {
                let message = format!("after training, parameter `{path}` is not finite");
                let report = Diagnostic::error(codes::WEIGHTS_NOT_FINITE, message);
                let report = report.label(*run, "the last update of this run broke it");
                let report = blamed(report, culprit.as_deref());
                report.help(
                    "lower the learning rate, or clip the gradients: `clip: global_norm(1.0)`",
                )
            }
            TrainError::NeverRecorded { on, span, recorded } => {
                let message = format!("`early_stop` watches `{on}`, which this run never records");
                let report = Diagnostic::error(codes::NEVER_RECORDED, message);
                let report = report.label(*span, "not recorded");
                report.help(
                    match did_you_mean(on, recorded.iter().map(String::as_str)) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!(
                            "it records `{}`; a metric has to stand in `metrics`",
                            recorded.join("`, `")
                        ),
                    },
                )
            }
            TrainError::Failed(report) => (**report).clone(),
        }
    }
}

fn diverged(at: &Divergence) -> Diagnostic {
    let (whose, value) = match at.measured {
        Broken::Loss(loss) => ("loss", loss),
        Broken::Gradient(norm) => ("gradient", norm),
    };
    let what = if value.is_nan() {
        "not a number"
    } else {
        "infinite"
    };
    let Divergence {
        step,
        epoch,
        batch,
        n_batches,
        ..
    } = at;
    let message = format!("the {whose} is {what} in step {step}");
    let report = Diagnostic::error(codes::DIVERGED, message);
    let report = report.label(
        at.span,
        format!("{value} at batch {batch} of {n_batches} of epoch {epoch}"),
    );
    let report = blamed(report, at.culprit.as_ref());
    let report = report.note(rows(&at.rows));
    report.help(match (step, at.measured) {
        (1, Broken::Loss(_)) => "the first loss already: look for `ln`, `/` or `sqrt` of 0, and `standardize` the inputs",
        (1, Broken::Gradient(_)) => "the first gradient already: look for `sqrt`, `ln` or `/` of 0; `safe_sqrt` and `ratio` have gradients there",
        (_, _) => "lower the learning rate, clip the gradients (`clip: global_norm(1.0)`), or `standardize` the inputs",
    })
}

/// The report with the op that broke the run, where that is known.
fn blamed(report: Diagnostic, culprit: Option<&Culprit>) -> Diagnostic {
    let Some(Culprit {
        report: found,
        step,
    }) = culprit
    else {
        return report;
    };
    let text = format!("in step {step}, {}", found.message);
    let place = found.labels.first().map(|label| label.span);
    let report = place
        .into_iter()
        .fold(report, |report, place| report.label(place, &*text));
    found.notes.iter().cloned().fold(report, Diagnostic::note)
}

/// The rows of a batch, counted from 1 as a reader of the file counts them.
fn rows(rows: &[u32]) -> String {
    const SHOWN: usize = 8;
    let named = rows
        .iter()
        .take(SHOWN)
        .map(|row| (u64::from(*row) + 1).to_string());
    let named = named.collect::<Vec<_>>().join(", ");
    let noun = if rows.len() == 1 { "row" } else { "rows" };
    match rows.len().saturating_sub(SHOWN) {
        0 => format!("the batch holds {noun} {named} of the data"),
        more => format!("the batch holds rows {named} and {more} more of the data"),
    }
}
