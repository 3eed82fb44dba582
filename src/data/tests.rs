//! What the tests of this room share: a spec put together word by word, each word with its own place, and reports as plain text.

mod augment;
mod batches;
mod big_images;
mod cifar;
mod hostile;
mod images;
mod misread;
mod npy;
mod read;
mod real;
mod saved;
mod sources;
mod splits;
mod transforms;

use std::path::{Path, PathBuf};

use super::*;
use crate::arena::Id;
use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::source::{Span, Spanned};
use crate::tensor::Tensor;
use crate::types::DType;

/// A spec under construction, and the text that its spans cover.
struct Build {
    text: String,
    spec: DataSpec,
}

impl Build {
    /// A spec of one file without fields.
    fn csv(path: &str) -> Build {
        let nowhere = Span {
            source: Id::new(0),
            start: 0,
            end: 0,
        };
        let word = |text: &str| Spanned::new(text.to_owned(), nowhere);
        let path_word = word(path);
        let mut build = Build {
            text: String::new(),
            spec: DataSpec {
                name: word("flowers"),
                source: SourceSpec::Csv(CsvSpec {
                    path: path_word,
                    delimiter: None,
                }),
                missing: MissingSpec::default(),
                fields: vec![],
                split: SplitSpec {
                    parts: PartsSpec::Whole,
                    given: vec![],
                    by: SplitBy::Shuffle,
                    seed: 7,
                    span: nowhere,
                },
                augment: vec![],
                span: nowhere,
            },
        };
        let path = build.word(path);
        build.spec.source = SourceSpec::Csv(CsvSpec {
            path,
            delimiter: None,
        });
        build
    }

    /// A spec of nothing, for the places of a program.
    fn of_text(text: &str) -> Build {
        let text = text.to_owned();
        Build {
            text,
            ..Build::csv("")
        }
    }

    /// Writes a word and remembers where.
    fn span(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        let end = self.text.len() as u32;
        self.text.push(' ');
        Span {
            source: Id::new(0),
            start,
            end,
        }
    }

    fn word(&mut self, text: &str) -> Spanned<String> {
        let span = self.span(text);
        Spanned::new(text.to_owned(), span)
    }

    fn delimiter(mut self, letter: char) -> Build {
        let span = self.span(&letter.to_string());
        let SourceSpec::Csv(source) = &mut self.spec.source else {
            panic!("only a file has a delimiter")
        };
        source.delimiter = Some(Spanned::new(letter, span));
        self
    }

    fn one(mut self, field: &str, column: &str, transforms: Vec<TransformSpec>) -> Build {
        let column = self.word(column);
        self.field(field, Columns::One(column), transforms)
    }

    fn list(mut self, field: &str, columns: &[&str], transforms: Vec<TransformSpec>) -> Build {
        let columns = columns
            .iter()
            .map(|column| Selector::Name(self.word(column)))
            .collect();
        self.field(field, Columns::Many(columns), transforms)
    }

    fn glob(mut self, field: &str, pattern: &str, transforms: Vec<TransformSpec>) -> Build {
        let pattern = self.word(pattern);
        self.field(
            field,
            Columns::Many(vec![Selector::Glob(pattern)]),
            transforms,
        )
    }

    fn range(mut self, field: &str, first: &str, last: &str) -> Build {
        let (first, last) = (self.word(first), self.word(last));
        self.field(
            field,
            Columns::Many(vec![Selector::Range { first, last }]),
            vec![],
        )
    }

    fn except(mut self, field: &str, left_out: &[&str], transforms: Vec<TransformSpec>) -> Build {
        let names = left_out.iter().map(|column| self.word(column)).collect();
        let span = self.span("columns(except: …)");
        self.field(
            field,
            Columns::Many(vec![Selector::Except { names, span }]),
            transforms,
        )
    }

    fn field(mut self, name: &str, select: Columns, transforms: Vec<TransformSpec>) -> Build {
        let name = self.word(name);
        let transforms = transforms
            .into_iter()
            .map(|transform| Spanned {
                span: self.span(transform.name()),
                value: transform,
            })
            .collect();
        let span = self.span("the right side");
        self.spec.fields.push(FieldSpec {
            name,
            select,
            transforms,
            windows: None,
            padded: None,
            span,
        });
        self
    }

    fn shares(mut self, shares: &[(&str, f64)]) -> Build {
        let parts = shares.iter().map(|(name, share)| ShareSpec {
            name: self.word(name),
            share: Spanned {
                span: self.span(&share.to_string()),
                value: *share,
            },
        });
        self.spec.split.parts = PartsSpec::Shares(parts.collect());
        self.spec.split.span = self.span("split");
        self
    }

    fn folds(mut self, k: usize, held: usize) -> Build {
        let k = Spanned {
            span: self.span(&k.to_string()),
            value: k,
        };
        let held = Spanned {
            span: self.span(&held.to_string()),
            value: held,
        };
        self.spec.split.parts = PartsSpec::Folds { k, held };
        self
    }

    fn order(mut self) -> Build {
        self.spec.split.by = SplitBy::Order;
        self
    }

    fn stratify(mut self, column: &str) -> Build {
        let column = self.word(column);
        self.spec.split.by = SplitBy::Stratify(column);
        self
    }

    fn group(mut self, column: &str) -> Build {
        let column = self.word(column);
        self.spec.split.by = SplitBy::Group(column);
        self
    }

    fn drop_missing(mut self) -> Build {
        self.spec.missing.policy = MissingPolicy::DropRows;
        self
    }

    fn read(&self) -> Result<Table, Diagnostics> {
        read_table(&self.spec, &folder())
    }

    fn prepare(&self) -> Result<Dataset, Diagnostics> {
        prepare(&self.spec, &self.read()?, DType::F32)
    }

    /// The data set, which must come about.
    fn dataset(&self) -> Dataset {
        self.prepare()
            .unwrap_or_else(|reports| panic!("{}", self.shown(reports.iter())))
    }

    /// The reports of a data set that must not come about.
    fn refused(&self) -> String {
        match self.prepare() {
            Err(reports) => self.shown(reports.iter()),
            Ok(data) => panic!("was accepted: {:?}", data.schema),
        }
    }

    /// Reports as text, machine folders left out.
    fn shown<'a>(&self, reports: impl Iterator<Item = &'a Diagnostic>) -> String {
        let text: String = reports.map(|report| self.shown_one(report)).collect();
        text.replace(env!("CARGO_MANIFEST_DIR"), "…")
    }

    fn shown_one(&self, report: &Diagnostic) -> String {
        let kind = match report.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let mut text = format!("{kind} {}: {}\n", report.code, report.message);
        for label in &report.labels {
            let words = &self.text[label.span.start as usize..label.span.end as usize];
            text += &format!("  at «{words}»: {}\n", label.text);
        }
        report
            .notes
            .iter()
            .for_each(|note| text += &format!("  note: {note}\n"));
        report
            .help
            .iter()
            .for_each(|help| text += &format!("  help: {help}\n"));
        text
    }
}

/// The folder of the test files.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

const TRAIN_VAL: [(&str, f64); 2] = [("train", 0.8), ("val", 0.2)];

fn one_hot() -> TransformSpec {
    TransformSpec::OneHot {
        classes: Classes::Found,
        size: None,
        unknown: Unknown::Error,
    }
}

fn label() -> TransformSpec {
    TransformSpec::Label {
        classes: Classes::Found,
        size: None,
    }
}

impl Part {
    /// All rows of a field by name.
    fn whole(&self, name: &str) -> Option<&Tensor> {
        let rows = self.field(name)?;
        Some(rows.tensor().expect("they can be read"))
    }
}

fn floats(data: &Dataset, part: &str, field: &str) -> Vec<f32> {
    let tensor = data
        .part(part)
        .and_then(|part| part.whole(field))
        .expect("the part and the field exist");
    tensor.as_slice::<f32>().expect("the field is f32").to_vec()
}
