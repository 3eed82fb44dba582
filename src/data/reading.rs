//! How the rows of a file were read, as far as new rows must be read alike. Saved with a model: an old model says nothing of it and
//! gets the defaults.

use serde::{Deserialize, Serialize};

use crate::data::spec::{CsvSpec, DataSpec, MissingPolicy, MissingSpec, SourceSpec};
use crate::source::{Span, Spanned};

/// What separates cells, which of them have no value, and what becomes of their rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The separator, where it is no comma.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delimiter: Option<char>,
    /// The texts that mean "no value", where they are not the usual ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Whether a row without a value is left out; else it is an error.
    #[serde(default)]
    pub drops_rows: bool,
    /// Whether images of any size are brought to that of the others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resizes: bool,
}

impl Reading {
    /// How a program's data is read.
    pub(crate) fn of(spec: &DataSpec) -> Reading {
        let tokens = spec.missing.tokens.as_ref();
        Reading {
            delimiter: match &spec.source {
                SourceSpec::Csv(csv) => csv.delimiter.as_ref().map(|letter| letter.value),
                SourceSpec::Inline(_) | SourceSpec::Random(_) | SourceSpec::Text(_) => None,
                SourceSpec::Lines(_) | SourceSpec::Jsonl(_) => None,
                SourceSpec::Idx(_) | SourceSpec::Cifar(_) | SourceSpec::Npy(_) => None,
                SourceSpec::Images(_) => None,
            },
            resizes: match &spec.source {
                SourceSpec::Images(images) => images.size.is_some(),
                SourceSpec::Inline(_) | SourceSpec::Random(_) | SourceSpec::Text(_) => false,
                SourceSpec::Lines(_) | SourceSpec::Jsonl(_) => false,
                SourceSpec::Csv(_) | SourceSpec::Idx(_) | SourceSpec::Npy(_) => false,
                SourceSpec::Cifar(_) => false,
            },
            missing: tokens.map(|tokens| tokens.iter().map(|token| token.value.clone()).collect()),
            drops_rows: match spec.missing.policy {
                MissingPolicy::DropRows => true,
                MissingPolicy::Error => false,
            },
        }
    }

    /// A file to be read so. `span` is where its path was written.
    pub fn csv(&self, path: &str, span: Span) -> CsvSpec {
        CsvSpec {
            path: Spanned::new(path.to_owned(), span),
            delimiter: self.delimiter.map(|letter| Spanned::new(letter, span)),
        }
    }

    /// What counts as missing, and what comes of it.
    pub fn missing(&self, span: Span) -> MissingSpec {
        let spanned = |token: &String| Spanned::new(token.clone(), span);
        let tokens = self.missing.as_ref();
        MissingSpec {
            tokens: tokens.map(|tokens| tokens.iter().map(spanned).collect()),
            policy: match self.drops_rows {
                true => MissingPolicy::DropRows,
                false => MissingPolicy::Error,
            },
        }
    }
}
