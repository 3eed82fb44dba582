//! Where the parser's reports gather: sorted by place and cut short at the end, however many there were.

use crate::diag::{Code, Diagnostic, Diagnostics, Severity};
use crate::syntax::codes;

/// How many errors are shown.
const SHOWN: usize = 50;
/// How many are kept to choose them from: scanning comes before parsing, so the first to be found are not the first in the text.
const KEPT: usize = 1000;

/// What was found wrong so far.
#[derive(Default)]
pub(super) struct Reports {
    kept: Vec<Diagnostic>,
    n_errors: usize,
}

impl Reports {
    pub(super) fn push(&mut self, report: Diagnostic) {
        self.n_errors += usize::from(report.severity == Severity::Error);
        if self.kept.len() < KEPT {
            self.kept.push(report);
        }
    }

    /// Counts an error that will not be shown.
    pub(super) fn count(&mut self, is_error: bool) {
        self.n_errors += usize::from(is_error);
    }

    /// How many errors were found.
    pub(super) fn n_errors(&self) -> usize {
        self.n_errors
    }

    /// Whether more errors were found than will be shown, so that looking closer is in vain.
    pub(super) fn is_full(&self) -> bool {
        self.n_errors > SHOWN
    }

    /// The reports in the order of their places; past the limit, only how many more there are.
    pub(super) fn finish(mut self) -> Diagnostics {
        self.kept
            .sort_by_key(|report| report.labels.first().map(|label| label.span.start));
        let mut shown = Diagnostics::new();
        let mut n_shown = 0;
        for report in self.kept {
            n_shown += usize::from(report.severity == Severity::Error);
            if n_shown <= SHOWN {
                shown.push(report);
            }
        }
        if self.n_errors > SHOWN {
            shown.push(many_errors(codes::MANY_ERRORS, self.n_errors - SHOWN));
        }
        shown
    }
}

fn many_errors(code: Code, more: usize) -> Diagnostic {
    let errors = if more == 1 { "error is" } else { "errors are" };
    Diagnostic::error(code, format!("{more} more {errors} not shown")).help(format!(
        "mend some of the first {SHOWN}, then compile again"
    ))
}
