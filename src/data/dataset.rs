//! From a spec and a table to tensors: split, fit on the train part, apply to every part. The order is what keeps a data set from
//! leaking: nothing is learnt from a row outside the train part.

use std::sync::Arc;

use crate::data::apply::apply;
use crate::data::augmented::augment;
use crate::data::block::{Block, Content, float_type};
use crate::data::codes;
use crate::data::fault::Fault;
use crate::data::fit::fit;
use crate::data::missing::settle;
use crate::data::mixup::Mixup;
use crate::data::reading::Reading;
use crate::data::rows::Rows;
use crate::data::select;
use crate::data::spec::{Columns, DataSpec, FieldSpec, TransformSpec};
use crate::data::split::{PartRows, split};
use crate::data::table::Table;
use crate::data::tokens::{no_tokens, padded};
use crate::data::transform::{Fitted, FittedField};
use crate::data::warn;
use crate::data::windows::{WindowRows, starts};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::tokens::Tokenizer;
use crate::types::DType;

/// What a model meets in one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSchema {
    /// The field's name.
    pub name: String,
    /// The shape of one row: `[]`, `[4]`; the field itself is `[batch, ..row_shape]`.
    pub row_shape: Vec<usize>,
    /// The element type.
    pub dtype: DType,
    /// The category names in index order, when one column was made `one_hot`, `label` or `binary`.
    pub categories: Option<Vec<String>>,
    /// The columns of the file it takes, in order.
    pub columns: Vec<String>,
    /// What stands along the last axis: a column name, or `species = setosa`.
    pub features: Vec<String>,
    /// Rows in a window, where rows are cut into windows.
    pub window: Option<usize>,
    /// Places in a row, where rows of tokens are made of one length.
    pub padded: Option<usize>,
    /// What a text was cut into, when it was made tokens.
    pub tokenizer: Option<Arc<Tokenizer>>,
    /// The dimension symbol that the number of categories decides.
    pub size: Option<Spanned<String>>,
    /// The place that decides the row's shape: the columns, or the transform that changed it.
    pub shape_span: Span,
}

/// One part of a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its name: `train`, `val`, …; `all` where the program splits nothing.
    pub name: String,
    /// The rows of the file it holds, ascending, counted from 0.
    pub rows: Vec<u32>,
    /// The fields, in order of declaration, `[rows, ..row_shape]` each.
    pub fields: Vec<(String, Rows)>,
    /// How the rows of a training batch are mixed.
    pub mixup: Option<Mixup>,
}

/// A data set, ready to train on.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// What the program calls it.
    pub name: String,
    /// Its parts, in order of declaration.
    pub parts: Vec<Part>,
    /// The fitted transforms, to be saved with a model.
    pub fitted: Vec<FittedField>,
    /// What a model meets.
    pub schema: Vec<FieldSchema>,
    /// How its rows were read.
    pub reading: Reading,
    /// Where the parts are folds: how many there are, and which is held out.
    pub folds: Option<(usize, usize)>,
    /// What is worth a second look.
    pub warnings: Vec<Diagnostic>,
}

impl Dataset {
    /// A part by name; `all` where nothing was split serves as `train` as well.
    pub fn part(&self, name: &str) -> Option<&Part> {
        let whole = |part: &&Part| name == "train" && part.name == "all";
        let named = self.parts.iter().find(|part| part.name == name);
        named.or_else(|| self.parts.iter().find(whole))
    }
}

impl Part {
    /// The rows of a field by name.
    pub fn field(&self, name: &str) -> Option<&Rows> {
        let found = self.fields.iter().find(|(own, _)| own == name);
        found.map(|(_, rows)| rows)
    }
}

/// What a model will meet in each field, without building tensors. Float fields get the type `float`, `f64` or else `f32`.
pub fn schema(
    spec: &DataSpec,
    table: &Table,
    float: DType,
) -> Result<Vec<FieldSchema>, Diagnostics> {
    let settled = settle(spec, table)?;
    let parts = split(spec, &settled.table)?;
    let fields = fit_fields(spec, &settled.table, &parts, float)?;
    Ok(fields.into_iter().map(|field| field.schema).collect())
}

/// Splits the rows, fits the transforms on the train part and applies them to every part. Float fields get the type `float`, `f64`
/// or else `f32`.
pub fn prepare(spec: &DataSpec, table: &Table, float: DType) -> Result<Dataset, Diagnostics> {
    let settled = settle(spec, table)?;
    let rows = split(spec, &settled.table)?;
    let fields = fit_fields(spec, &settled.table, &rows, float)?;
    let mut parts = vec![];
    for part in &rows {
        let of_file = |&row: &u32| settled.rows[row as usize];
        let series = series(&fields, &part.rows)?;
        let starts = starts(spec, &part.name, series.len(), &settled.table)?;
        let own = match &starts {
            None => part.rows.iter().map(of_file).collect(),
            Some(starts) => {
                let of_series = |&start: &u32| of_file(&series[start as usize]);
                starts.iter().map(of_series).collect()
            }
        };
        parts.push(Part {
            name: part.name.clone(),
            rows: own,
            fields: tensors(&fields, part, starts.as_ref(), float)?,
            mixup: None,
        });
    }
    augment(spec, &mut parts)?;
    Ok(Dataset {
        name: spec.name.value.clone(),
        reading: Reading::of(spec),
        folds: spec.split.parts.folds(),
        warnings: fields
            .iter()
            .flat_map(|field| warn::warnings(field, &rows))
            .collect(),
        fitted: fields.iter().map(|field| field.fitted.clone()).collect(),
        schema: fields.into_iter().map(|field| field.schema).collect(),
        parts,
    })
}

/// The row of each element of the series that windows are cut from.
fn series(fields: &[FieldBlock<'_>], rows: &[u32]) -> Result<Vec<u32>, Diagnostic> {
    let of = |field: &FieldBlock<'_>| match field.block.tokens() {
        Some(tokens) if field.block.table.runs_on => tokens.rows(rows),
        Some(_) | None => rows.to_vec(),
    };
    let mut all = fields.iter().map(|field| (field, of(field)));
    let Some((first, series)) = all.next() else {
        return Ok(rows.to_vec());
    };
    match all.find(|(_, other)| *other != series) {
        None => Ok(series),
        Some((other, _)) => Err(other_tokens(&first.schema, &other.schema)),
    }
}

fn other_tokens(first: &FieldSchema, other: &FieldSchema) -> Diagnostic {
    let message = "two fields cut one text into different tokens";
    Diagnostic::error(codes::BAD_WINDOWS, message)
        .label(other.shape_span, "windows of other tokens")
        .label(first.shape_span, "windows of these")
        .help("begin both with one field: `tokens: source |> bpe(512)`, `x: tokens |> windows(64)`")
}

/// Tokens are as many a row as it has: a field says how they come to be of one length.
fn check_cut(field: &FieldSpec, block: &Block<'_>) -> Result<(), Diagnostic> {
    let is_ragged = block.tokens().is_some();
    let runs_on = block.table.runs_on;
    let report = |message: &str, help: &str| {
        let report = Diagnostic::error(codes::RAGGED_TOKENS, message);
        Err(report
            .label(field.span, "of as many tokens as it has")
            .help(help))
    };
    match (is_ragged, runs_on, &field.padded, &field.windows) {
        (false, _, Some(own), _) => Err(no_tokens().at(own.span)),
        (true, true, Some(_), _) => report(
            "a text is one row, too long to be padded",
            "cut it into `windows(64)`, or read `lines(\"path\")`, a row a line",
        ),
        (true, false, None, _) => report(
            "rows of tokens are of different lengths",
            "make them of one length: `|> padded(32)`, with `|> mask(32)` for where tokens are",
        ),
        (_, _, _, _) => Ok(()),
    }
}

/// A field whose transforms are fitted and applied.
pub(crate) struct FieldBlock<'t> {
    /// The transforms.
    pub(crate) fitted: FittedField,
    /// What a model meets.
    pub(crate) schema: FieldSchema,
    /// The values, of all rows.
    pub(crate) block: Block<'t>,
    /// The place of each transform.
    pub(crate) spans: Vec<Span>,
}

fn fit_fields<'t>(
    spec: &DataSpec,
    table: &'t Table,
    parts: &[PartRows],
    float: DType,
) -> Result<Vec<FieldBlock<'t>>, Diagnostics> {
    let mut faults = Diagnostics::new();
    let mut fields = vec![];
    for field in &spec.fields {
        match fit_field(field, table, train_rows(parts), float) {
            Ok(field) => fields.push(field),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.has_errors() {
        return Err(faults);
    }
    Ok(fields)
}

/// The rows of `train`, or of the only part.
fn train_rows(parts: &[PartRows]) -> &[u32] {
    let train = parts.iter().find(|part| part.name == "train");
    train.or(parts.first()).map_or(&[], |part| &part.rows)
}

fn fit_field<'t>(
    field: &FieldSpec,
    table: &'t Table,
    train: &[u32],
    float: DType,
) -> Result<FieldBlock<'t>, Diagnostic> {
    let taken = select::field_columns(field, table.names())?;
    let places: Vec<usize> = taken.iter().map(|taken| taken.value).collect();
    let at = |fault: Fault, span: Span| in_column(fault, span, &taken, table);
    let mut block = Block::new(table, &places, is_list(&field.select));
    let mut steps = vec![];
    for transform in &field.transforms {
        if transform.value.learns_from_numbers() {
            // Read once for both fitting and applying.
            let numbers = block.in_numbers(transform.value.name());
            block = numbers.map_err(|fault| at(fault, transform.span))?;
        }
        let step = fit(&transform.value, &block, train).map_err(|f| at(f, transform.span))?;
        block = apply(&step, block).map_err(|fault| at(fault, transform.span))?;
        steps.push(step);
    }
    let block = block.finished().map_err(|fault| at(fault, field.span))?;
    check_cut(field, &block)?;
    Ok(described(field, block, steps, float))
}

/// The error at its place, and a second label at the words that take the column.
fn in_column(fault: Fault, span: Span, taken: &[Spanned<usize>], table: &Table) -> Diagnostic {
    let about =
        |taken: &&Spanned<usize>| Some(table.header[taken.value].as_str()) == fault.column();
    let place = taken.iter().find(about).map(|taken| taken.span);
    match place {
        Some(column) if column != span => fault.at(span).label(column, "the column"),
        _ => fault.at(span),
    }
}

fn is_list(select: &Columns) -> bool {
    match select {
        Columns::One(_) => false,
        Columns::Many(_) => true,
    }
}

fn described<'t>(
    field: &FieldSpec,
    block: Block<'t>,
    steps: Vec<Fitted>,
    float: DType,
) -> FieldBlock<'t> {
    let fitted = FittedField {
        name: field.name.value.clone(),
        columns: block.columns.clone(),
        listed: is_list(&field.select),
        steps,
        features: block.features.clone(),
        double: float == DType::F64,
        image: match &block.content {
            Content::Pixels(field) => Some(field.pixels.shape),
            Content::Cells(_) | Content::Numbers(_) | Content::Index(_) => None,
            Content::Tokens(_) => None,
        },
        windows: field.windows.as_ref().map(|own| own.value),
        padded: field.padded.as_ref().map(|own| own.value),
    };
    let (size, shape_span) = shape_source(field);
    let shape_span = field.windows.as_ref().map_or(shape_span, |own| own.span);
    let shape_span = field.padded.as_ref().map_or(shape_span, |own| own.span);
    let schema = FieldSchema {
        name: fitted.name.clone(),
        row_shape: row_shape(field, &block),
        dtype: dtype(&fitted, &block, float),
        categories: fitted.categories(),
        columns: fitted.columns.clone(),
        features: fitted.features.clone(),
        window: field.windows.as_ref().map(|own| own.value.length),
        padded: fitted.padded.map(|own| own.length),
        tokenizer: fitted.tokenizer(),
        size,
        shape_span,
    };
    let spans = field.transforms.iter().map(|transform| transform.span);
    FieldBlock {
        fitted,
        schema,
        block,
        spans: spans.collect(),
    }
}

/// The element type of a field: of a mask, that of numbers.
fn dtype(fitted: &FittedField, block: &Block<'_>, float: DType) -> DType {
    match fitted.padded {
        Some(own) if own.is_mask => float_type(float),
        Some(_) | None => block.dtype(float_type(float)),
    }
}

/// The shape of a row, or of a window of rows.
fn row_shape(field: &FieldSpec, block: &Block<'_>) -> Vec<usize> {
    let length = field.windows.as_ref().map(|own| own.value.length);
    let length = length.or(field.padded.as_ref().map(|own| own.value.length));
    length.into_iter().chain(block.row_shape()).collect()
}

/// The symbol that the categories decide, and the place that decides a row's shape.
fn shape_source(field: &FieldSpec) -> (Option<Spanned<String>>, Span) {
    for transform in field.transforms.iter().rev() {
        match &transform.value {
            TransformSpec::OneHot { size, .. } => return (size.clone(), transform.span),
            TransformSpec::Label { size, .. } => return (size.clone(), field.span),
            TransformSpec::Standardize
            | TransformSpec::Normalize { .. }
            | TransformSpec::Scale { .. }
            | TransformSpec::Log
            | TransformSpec::Log1p
            | TransformSpec::Clip { .. }
            | TransformSpec::Impute(_)
            | TransformSpec::Days { .. }
            | TransformSpec::Binary { .. } => {}
            TransformSpec::Flatten => return (None, transform.span),
            TransformSpec::Ends(_) => {}
            TransformSpec::Chars { size, .. }
            | TransformSpec::Words { size, .. }
            | TransformSpec::Bpe { size, .. } => return (size.clone(), field.span),
        }
    }
    (None, field.span)
}

fn tensors(
    fields: &[FieldBlock<'_>],
    part: &PartRows,
    starts: Option<&Arc<Vec<u32>>>,
    float: DType,
) -> Result<Vec<(String, Rows)>, Diagnostic> {
    let rows = |field: &FieldBlock<'_>| {
        let rows = match field.fitted.padded {
            Some(own) => padded(&field.block, own, &part.rows, float_type(float)).map(Rows::Tensor),
            None => field.block.rows(&part.rows, float),
        };
        let place = field.schema.shape_span;
        let mut rows = rows.map_err(|fault| fault.at(place))?;
        if let (Some(starts), Some(own)) = (starts, field.fitted.windows) {
            let series = rows.tensor().map_err(|fault| fault.at(place))?.clone();
            rows = Rows::Windows(Box::new(WindowRows::new(series, Arc::clone(starts), own)));
        }
        Ok((field.schema.name.clone(), rows))
    };
    fields.iter().map(rows).collect()
}
