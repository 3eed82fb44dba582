//! `nnlc evaluate`: a saved model's loss and metrics on rows whose answers are known.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::cli::args::{Evaluate, Global};
use crate::cli::model::{Opened, open, told_of};
use crate::cli::show::labels::{Label, Labelled};
use crate::cli::show::{json::tensor, show};
use crate::cli::{Done, Out};
use crate::data::{CsvRows, Encoder, Table, labelled_images};
use crate::diag::Diagnostics;
use crate::session::Model;
use crate::source::Span;
use crate::tensor::Tensor;
use crate::train::Evaluation;

pub(crate) fn evaluate(args: &Evaluate, global: &Global, out: &mut Out<'_>) -> Done {
    let files = [("--data", args.data.as_path())];
    let Opened { model, files } = open("evaluate", &args.model, &files, global, out)?;
    let span = files[0];
    let encoder = model.all_fields(span);
    let table = told_of(&model, table(args, &model, &encoder, span), out)?;
    let Some(table) = table else {
        return Ok(());
    };
    let found = told_of(&model, model.evaluate(&encoder, &table), out)?;
    tell(&model, &found, &args.data, out)
}

/// All rows of a file, the text of one, or all images of a folder of classes.
fn table(
    args: &Evaluate,
    model: &Model,
    encoder: &Encoder<'_>,
    span: Span,
) -> Result<Option<Table>, Diagnostics> {
    if let Some(form) = model.image_form() {
        return Ok(Some(labelled_images(&args.data, &form, span)?));
    }
    let path = args.data.to_string_lossy();
    if let Some(text) = encoder.read_text(&path)? {
        return Ok(Some(text));
    }
    let source = model.reading().csv(&path, span);
    let (missing, columns) = (encoder.missing(), encoder.columns());
    let mut rows = CsvRows::open(&source, missing, Path::new(""), &columns)?;
    Ok(rows.next_chunk(usize::MAX)?)
}

fn tell(
    model: &Model,
    (found, n_rows): &(Evaluation, usize),
    data: &Path,
    out: &mut Out<'_>,
) -> Done {
    let loss = Tensor::scalar(found.loss);
    let metrics = found
        .metrics
        .iter()
        .map(|(name, value)| (name.as_str(), value));
    let values: Vec<(&str, &Tensor)> = std::iter::once(("loss", &loss)).chain(metrics).collect();
    if out.is_json {
        let values = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), tensor(value)));
        let values: Map<String, Value> = values.collect();
        let line = json!({ "event": "evaluation", "rows": n_rows, "values": values });
        return Ok(out.json(&line)?);
    }
    let categories = model.target().and_then(|target| target.categories());
    let fields = values.into_iter().map(|(name, value)| {
        let label = Label {
            axes: model.metric_axes(name),
            categories: categories.clone().into_iter().collect(),
        };
        (name, Labelled::Tensor(value, label))
    });
    let (name, rows) = (
        &model.run().model,
        crate::cli::screen::counted(*n_rows as u64, "row"),
    );
    let title = format!("{name} on {}, {rows}", data.display());
    Ok(out.text(&show(
        &title,
        &Labelled::Record(fields.collect()),
        out.screen,
    ))?)
}
