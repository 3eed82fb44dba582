//! Where rows to predict come from: a CSV file, the standard input, or images.

use std::path::Path;

use crate::cli::args::Predict;
use crate::data::{CsvRows, CsvSpec, Encoder, ImageRows, MissingSpec, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::session::Model;
use crate::source::Span;

/// What stands for the standard input.
const STANDARD_INPUT: &str = "-";

/// Rows, some at a time.
pub(super) enum Input<'a> {
    /// Of cells.
    Cells(Box<CsvRows<'a>>),
    /// Of images.
    Images(ImageRows),
}

/// How cells are read.
pub(super) struct Cells {
    source: CsvSpec,
    missing: MissingSpec,
}

impl Cells {
    /// As those were that the model was trained on.
    pub(super) fn of(args: &Predict, model: &Model, span: Span) -> Cells {
        let path = args.input.to_string_lossy();
        Cells {
            source: model.reading().csv(&path, span),
            missing: model.reading().missing(span),
        }
    }

    /// Opens what the model is to predict.
    pub(super) fn open(
        &self,
        args: &Predict,
        model: &Model,
        encoder: &Encoder<'_>,
        span: Span,
    ) -> Result<Input<'_>, Diagnostics> {
        if let Some(form) = model.image_form() {
            return Ok(Input::Images(ImageRows::open(&args.input, form, span)?));
        }
        let mut columns = encoder.columns();
        columns.extend(args.keep.iter().map(String::as_str));
        let (source, missing) = (&self.source, &self.missing);
        let rows = match args.input == Path::new(STANDARD_INPUT) {
            true => CsvRows::standard_input(source, missing, &columns),
            false => CsvRows::open(source, missing, Path::new(""), &columns),
        };
        Ok(Input::Cells(Box::new(rows?)))
    }
}

impl Input<'_> {
    /// The next rows, at most so many.
    pub(super) fn next_chunk(&mut self, most: usize) -> Result<Option<Table>, Diagnostic> {
        match self {
            Input::Cells(rows) => rows.next_chunk(most),
            Input::Images(rows) => rows.next_chunk(most),
        }
    }

    /// The columns to put before predictions: those that are asked for; of images the file.
    pub(super) fn kept(&self, asked: &[String]) -> Vec<String> {
        match self {
            Input::Cells(_) => asked.to_vec(),
            Input::Images(rows) => rows.file_column().map(str::to_owned).into_iter().collect(),
        }
    }
}
