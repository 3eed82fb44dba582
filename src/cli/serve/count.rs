//! What a server counts, in the form that Prometheus reads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the times that are told apart, in seconds.
const BOUNDS: [f64; 8] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0];

/// Counts since the server began.
#[derive(Debug, Default)]
pub(super) struct Counts {
    answered: AtomicU64,
    refused: AtomicU64,
    rows: AtomicU64,
    batches: AtomicU64,
    micros: AtomicU64,
    timed: AtomicU64,
    within: [AtomicU64; BOUNDS.len()],
}

impl Counts {
    /// A request was answered with this status.
    pub(super) fn answered(&self, status: u16) {
        let count = if status < 400 {
            &self.answered
        } else {
            &self.refused
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Some rows were predicted together.
    pub(super) fn batch(&self, n_rows: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.rows.fetch_add(n_rows as u64, Ordering::Relaxed);
    }

    /// A prediction took this long, from request to answer.
    pub(super) fn took(&self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.micros.fetch_add(micros, Ordering::Relaxed);
        self.timed.fetch_add(1, Ordering::Relaxed);
        let within = BOUNDS.iter().zip(&self.within);
        for (_, count) in within.filter(|(bound, _)| time.as_secs_f64() <= **bound) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// All counts as text.
    pub(super) fn text(&self) -> String {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counter = |name: &str, help: &str, value: u64| {
            format!("# HELP nnlc_{name} {help}\n# TYPE nnlc_{name} counter\nnnlc_{name} {value}\n")
        };
        let mut text = [
            counter(
                "answers_total",
                "Requests that were answered.",
                read(&self.answered),
            ),
            counter(
                "refusals_total",
                "Requests that were refused.",
                read(&self.refused),
            ),
            counter("rows_total", "Rows that were predicted.", read(&self.rows)),
            counter(
                "batches_total",
                "Batches that they were predicted in.",
                read(&self.batches),
            ),
        ]
        .concat();
        text.push_str(
            "# HELP nnlc_predict_seconds From a request to its answer.\n# TYPE nnlc_predict_seconds histogram\n",
        );
        for (bound, count) in BOUNDS.iter().zip(&self.within) {
            text.push_str(&format!(
                "nnlc_predict_seconds_bucket{{le=\"{bound}\"}} {}\n",
                read(count)
            ));
        }
        let (all, seconds) = (read(&self.timed), read(&self.micros) as f64 / 1e6);
        text.push_str(&format!(
            "nnlc_predict_seconds_bucket{{le=\"+Inf\"}} {all}\n"
        ));
        text + &format!("nnlc_predict_seconds_sum {seconds}\nnnlc_predict_seconds_count {all}\n")
    }
}
