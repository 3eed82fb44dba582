//! What a model takes and gives, as a JSON Schema; and rows that came as JSON, or an image as it is, as the table that its transforms
//! take.

use serde_json::{Map, Value, json};

use crate::cli::serve::http::{Response, faulty};
use crate::data::{DayOrder, Fitted, FittedField, ImageForm, MissingSpec, Table, table_of};
use crate::diag::did_you_mean;
use crate::session::{Column, Model, Values};
use crate::source::Span;

/// What messages call the rows of a request.
const REQUEST: &str = "the request";

/// The columns of a model.
pub(super) struct Schema {
    model: String,
    columns: Vec<InputColumn>,
    /// What images are to be like, where it takes one in place of columns.
    image: Option<ImageForm>,
    missing: MissingSpec,
    /// Where the model was named, for the places of reports.
    span: Span,
    /// The columns of its answers, where it could be tried.
    answers: Vec<(String, Value)>,
    most_rows: usize,
}

/// One column that a model takes.
struct InputColumn {
    name: String,
    /// The categories it knows, where it knows categories.
    categories: Option<Vec<String>>,
    /// Whether other categories are taken as well.
    is_open: bool,
    /// Whether a value may be missing.
    may_miss: bool,
    /// A value that it would take.
    example: Value,
}

impl Schema {
    /// The schema of a model that takes so many rows at once.
    pub(super) fn of(model: &Model, most_rows: usize) -> Schema {
        let mut columns: Vec<InputColumn> = vec![];
        for field in model.inputs() {
            for (at, name) in field.columns.iter().enumerate() {
                if columns.iter().all(|known| known.name != *name) {
                    columns.push(column(field, at, name, model.reading().drops_rows));
                }
            }
        }
        Schema {
            model: model.run().model.clone(),
            columns,
            image: model.image_form(),
            missing: model.reading().missing(model.span()),
            span: model.span(),
            answers: vec![],
            most_rows,
        }
    }

    /// The rows of a body as a table.
    pub(super) fn table(&self, body: &[u8]) -> Result<Table, Response> {
        match &self.image {
            Some(form) => form
                .row(REQUEST, body, self.span)
                .map_err(|report| faulty(&report)),
            None => Ok(self.table_of(&self.cells(body)?)),
        }
    }

    /// A table of one row that the model would take.
    pub(super) fn example_table(&self) -> Table {
        match &self.image {
            Some(form) => form.black(REQUEST),
            None => self.table_of(&[self.example()]),
        }
    }

    fn table_of(&self, rows: &[Vec<String>]) -> Table {
        table_of(REQUEST, &self.names(), rows, &self.missing)
    }

    /// The names of the columns, in order.
    fn names(&self) -> Vec<String> {
        self.columns
            .iter()
            .map(|column| column.name.clone())
            .collect()
    }

    /// A row that the model would take, as cells.
    fn example(&self) -> Vec<String> {
        let text = |column: &InputColumn| match column.example.as_str() {
            Some(text) => text.to_owned(),
            None => column.example.to_string(),
        };
        self.columns.iter().map(text).collect()
    }

    /// Learns from an answer what answers look like.
    pub(super) fn learn(&mut self, answer: &[Column], model: &Model) {
        let categories = model.target().and_then(FittedField::categories);
        let column = |column: &Column| {
            let ty = match (&column.values, &categories) {
                (Values::Labels(_), Some(names)) => json!({ "enum": names }),
                (Values::Labels(_), None) => json!({ "type": "string" }),
                (Values::Singles(_) | Values::Doubles(_), _) => json!({ "type": "number" }),
            };
            (column.name.clone(), ty)
        };
        self.answers = answer.iter().map(column).collect();
    }

    /// The schema as JSON.
    pub(super) fn json(&self) -> Value {
        let response = rows(object(self.answers.iter().cloned().collect(), &[]), None);
        if let Some(ImageForm {
            shape: [channels, height, width],
            resizes,
            ..
        }) = &self.image
        {
            return json!({
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "title": self.model,
                "path": "/predict",
                "request": {
                    "contentMediaType": "image/png, image/jpeg",
                    "channels": channels, "height": height, "width": width, "resized": resizes,
                },
                "response": response,
            });
        }
        let takes = self
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.schema()));
        let needed: Vec<&str> = self
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        let example = self
            .columns
            .iter()
            .map(|column| (column.name.clone(), column.example.clone()));
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.model,
            "path": "/predict",
            "request": rows(object(takes.collect(), &needed), Some(self.most_rows)),
            "response": response,
            "example": { "rows": [Value::Object(example.collect())] },
        })
    }

    /// The rows of a body as cells.
    fn cells(&self, body: &[u8]) -> Result<Vec<Vec<String>>, Response> {
        let value: Value = serde_json::from_slice(body)
            .map_err(|error| Response::error(400, format!("the body is no JSON: {error}")))?;
        let rows = match value {
            Value::Array(rows) => Some(rows),
            Value::Object(mut fields) => match fields.remove("rows") {
                Some(Value::Array(rows)) => Some(rows),
                Some(_) | None => None,
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        let form = "a body is `{\"rows\": [{\"column\": value, …}, …]}`";
        let rows = rows.ok_or_else(|| Response::error(422, form))?;
        if rows.is_empty() {
            return Err(Response::error(422, "there are no rows"));
        }
        if rows.len() > self.most_rows {
            let message = format!(
                "{} rows; at most {} are taken at once",
                rows.len(),
                self.most_rows
            );
            return Err(Response::error(413, message));
        }
        let row = |(at, row): (usize, &Value)| {
            self.row(row)
                .map_err(|why| Response::error(422, format!("row {}: {why}", at + 1)))
        };
        rows.iter().enumerate().map(row).collect()
    }

    fn row(&self, row: &Value) -> Result<Vec<String>, String> {
        let Value::Object(fields) = row else {
            return Err("expected an object of columns".to_owned());
        };
        self.columns
            .iter()
            .map(|column| column.cell(fields))
            .collect()
    }
}

impl InputColumn {
    fn schema(&self) -> Value {
        let mut ty = match (&self.categories, self.is_open) {
            (Some(names), false) => json!({ "enum": names }),
            (Some(names), true) => json!({ "type": "string", "examples": names }),
            (None, _) => json!({ "type": "number" }),
        };
        if self.may_miss {
            ty = json!({ "anyOf": [ty, { "type": "null" }] });
        }
        ty
    }

    /// The cell of a row, as a CSV file would have it.
    fn cell(&self, fields: &Map<String, Value>) -> Result<String, String> {
        let name = &self.name;
        match fields.get(name) {
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::String(text)) => Ok(text.trim().to_owned()),
            Some(Value::Bool(truth)) => Ok(truth.to_string()),
            Some(Value::Null) => Ok(String::new()),
            // Not as good as `null`: it may be misspelt.
            None => Err(self.absent(fields)),
            Some(Value::Array(_)) => Err(format!("column `{name}` holds a list, not one value")),
            Some(Value::Object(_)) => {
                Err(format!("column `{name}` holds an object, not one value"))
            }
        }
    }

    fn absent(&self, fields: &Map<String, Value>) -> String {
        let near = did_you_mean(&self.name, fields.keys().map(String::as_str));
        match near {
            Some(near) => format!(
                "there is no column `{}`; is it what `{near}` means?",
                self.name
            ),
            None => format!("there is no column `{}`", self.name),
        }
    }
}

fn object(properties: Map<String, Value>, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn rows(items: Value, most: Option<usize>) -> Value {
    let mut rows = json!({ "type": "array", "items": items });
    if let (Some(most), Some(rows)) = (most, rows.as_object_mut()) {
        rows.insert("minItems".into(), 1.into());
        rows.insert("maxItems".into(), most.into());
    }
    json!({ "type": "object", "properties": { "rows": rows }, "required": ["rows"] })
}

/// What a field's transforms tell of one of its columns.
fn column(field: &FittedField, at: usize, name: &str, drops: bool) -> InputColumn {
    let mut column = InputColumn {
        name: name.to_owned(),
        categories: None,
        is_open: false,
        may_miss: drops,
        example: 1.into(),
    };
    // Behind a transform of numbers the next sees other numbers: only the first tells what a cell may be.
    let mut is_first = true;
    for step in &field.steps {
        match step {
            Fitted::Impute { .. } => column.may_miss = true,
            Fitted::OneHot {
                categories,
                unknown_is_zero,
            } => {
                column.know(categories.get(at), *unknown_is_zero);
            }
            Fitted::Label { categories } => column.know(categories.get(at), false),
            Fitted::Binary { negative, positive } => {
                column.know(Some(&vec![negative.clone(), positive.clone()]), true);
            }
            Fitted::Standardize { mean, .. } if is_first => column.see(mean.get(at).copied()),
            Fitted::Normalize { min, max, .. } if is_first => {
                column.see(
                    min.get(at)
                        .zip(max.get(at))
                        .map(|(low, high)| (low + high) / 2.0),
                );
            }
            Fitted::Standardize { .. } | Fitted::Normalize { .. } | Fitted::Scale { .. } => {}
            Fitted::Log | Fitted::Log1p | Fitted::Clip { .. } => {}
            Fitted::Days { order } => column.example = date(*order).into(),
            Fitted::Chars(_) | Fitted::Words(_) | Fitted::Bpe(_) => {
                column.example = "a text".into();
            }
            Fitted::Flatten | Fitted::Ends { .. } => {}
        }
        is_first &= matches!(step, Fitted::Impute { .. });
    }
    column
}

/// A date as such a column takes it.
fn date(order: Option<DayOrder>) -> &'static str {
    match order {
        None => "2020-12-31",
        Some(DayOrder::Dmy) => "31/12/2020",
        Some(DayOrder::Mdy) => "12/31/2020",
    }
}

impl InputColumn {
    fn know(&mut self, categories: Option<&Vec<String>>, is_open: bool) {
        if let Some(first) = categories.and_then(|names| names.first()) {
            self.example = first.as_str().into();
        }
        self.categories = categories.cloned();
        self.is_open = is_open;
    }

    fn see(&mut self, number: Option<f64>) {
        let written = number.map(crate::chart::number::number);
        let read = written.and_then(|text| text.parse::<f64>().ok());
        self.example = read.map_or(self.example.clone(), Value::from);
    }
}
