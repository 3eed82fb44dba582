//! Diagnostics: what every stage reports. A diagnostic says what was expected and found, labels each place with what stands
//! there and where that came from, and names one edit to try. Rendering is `cli`'s.

use std::fmt;

use crate::source::Span;

/// Whether a run can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can, but the program probably does not say what its author means.
    Warning,
}

/// A diagnostic's stable name: `nnl::shape::E0101`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code {
    /// The stage that reports it.
    pub stage: Stage,
    /// Its number, unique over all stages.
    pub number: u16,
    /// What kind of thing it tells.
    pub kind: CodeKind,
}

/// What a code tells; decides its letter, and the exit status beside the stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CodeKind {
    /// Something is wrong.
    Error,
    /// Nothing is wrong but that this version lacks it.
    Unsupported,
    /// Nothing is wrong, but it is probably not meant.
    Warning,
}

/// The stage a code belongs to; it decides the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Text to syntax tree.
    Parse,
    /// Names and structure.
    Name,
    /// Dimensions and element types.
    Shape,
    /// Model meets data.
    Link,
    /// Reading data files.
    Data,
    /// The training block and its loop.
    Train,
    /// Arithmetic at run time.
    Num,
    /// Saved models and other files.
    File,
    /// What is right and probably not meant.
    Lint,
}

impl Stage {
    /// The name inside a code.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Parse => "parse",
            Stage::Name => "name",
            Stage::Shape => "shape",
            Stage::Link => "link",
            Stage::Data => "data",
            Stage::Train => "train",
            Stage::Num => "num",
            Stage::File => "file",
            Stage::Lint => "lint",
        }
    }

    /// The process's exit status after an error of this stage: 1 for the program, 3 for data and files, 4 at run time.
    pub fn exit_code(self) -> u8 {
        match self {
            Stage::Parse
            | Stage::Name
            | Stage::Shape
            | Stage::Link
            | Stage::Train
            | Stage::Lint => 1,
            Stage::Data | Stage::File => 3,
            Stage::Num => 4,
        }
    }
}

impl Code {
    /// A code of a stage.
    pub const fn new(stage: Stage, number: u16) -> Code {
        Code {
            stage,
            number,
            kind: CodeKind::Error,
        }
    }

    /// A code of a stage, for what is only warned of: `nnl::lint::W0801`.
    pub const fn warning(stage: Stage, number: u16) -> Code {
        Code {
            stage,
            number,
            kind: CodeKind::Warning,
        }
    }

    /// A code of a stage, for what a later version will know.
    pub const fn unsupported(stage: Stage, number: u16) -> Code {
        Code {
            stage,
            number,
            kind: CodeKind::Unsupported,
        }
    }

    /// The process's exit status after an error of this code: that of its stage, or 5 for what is not supported.
    pub fn exit_code(self) -> u8 {
        match self.kind {
            CodeKind::Error => self.stage.exit_code(),
            CodeKind::Unsupported => 5,
            CodeKind::Warning => 0,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = match self.kind {
            CodeKind::Error | CodeKind::Unsupported => 'E',
            CodeKind::Warning => 'W',
        };
        write!(f, "nnl::{}::{letter}{:04}", self.stage.name(), self.number)
    }
}

/// A place and what there is to say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What stands there, and where that came from.
    pub text: String,
}

/// One report.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// Its stable name.
    pub code: Code,
    /// Whether a run can go on.
    pub severity: Severity,
    /// The first line: lower case, no full stop, names in backticks.
    pub message: String,
    /// The places, the most telling first.
    pub labels: Vec<Label>,
    /// What follows from it, or why it is so.
    pub notes: Vec<String>,
    /// One edit to try.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: vec![],
            notes: vec![],
            help: None,
        }
    }

    /// A lint.
    pub fn warning(code: Code, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(code, message)
        }
    }

    /// Adds a label.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a note.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    /// Says what to try.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }
}

/// Everything a stage has to report, in the order it was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagnostics {
    reports: Vec<Diagnostic>,
}

impl Diagnostics {
    /// No reports.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a report; one that repeats another word for word is dropped.
    pub fn push(&mut self, report: Diagnostic) {
        if !self.reports.contains(&report) {
            self.reports.push(report);
        }
    }

    /// Adds all reports of another stage.
    pub fn append(&mut self, other: Diagnostics) {
        other
            .reports
            .into_iter()
            .for_each(|report| self.push(report));
    }

    /// Whether any report is an error.
    pub fn has_errors(&self) -> bool {
        self.reports
            .iter()
            .any(|report| report.severity == Severity::Error)
    }

    /// Whether there is nothing to report.
    pub fn is_empty(&self) -> bool {
        self.reports.is_empty()
    }

    /// The reports in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Diagnostic> {
        self.reports.iter()
    }

    /// The exit status these reports call for: that of the first error, zero without one.
    pub fn exit_code(&self) -> u8 {
        let first = self
            .reports
            .iter()
            .find(|report| report.severity == Severity::Error);
        first.map_or(0, |report| report.code.exit_code())
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(report: Diagnostic) -> Self {
        Diagnostics {
            reports: vec![report],
        }
    }
}

/// Nobody mistypes a longer name; comparing two would take time with the product of their lengths.
const LONGEST_TYPO: usize = 64;

/// The candidate that a misspelt name most likely meant, by edit distance.
pub fn did_you_mean<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = (length / 3).max(1);
    if length > LONGEST_TYPO {
        return None;
    }
    let lower = name.to_lowercase();
    let scored = candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= limit)
        .map(|candidate| (edit_distance(&lower, &candidate.to_lowercase()), candidate));
    scored
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Damerau-Levenshtein distance with adjacent transpositions.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let substituted = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = substituted.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_near_names_only() {
        assert_eq!(
            did_you_mean("epocs", ["steps", "epochs", "batch"]),
            Some("epochs")
        );
        assert_eq!(did_you_mean("qr", ["solve", "inverse"]), None);
        assert_eq!(edit_distance("hepl", "help"), 1);
    }
}
