//! `jsonl`: one JSON object a line, a row each; its names are columns. A name that a line lacks, or `null`, is a missing cell.

use std::path::Path;

use serde_json::{Map, Value};

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::header::Header;
use crate::data::infer::Growing;
use crate::data::spec::TextSpec;
use crate::data::table::{Cells, Column, Missing, Table};
use crate::data::text::whole;
use crate::diag::Diagnostics;

/// Reads the columns that `choose` picks.
pub(crate) fn read_jsonl(
    source: &TextSpec,
    folder: &Path,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    let (path, span) = (source.path.value.as_str(), source.path.span);
    let text = whole(source, folder)?;
    let rows = objects(path, &text).map_err(|fault| fault.at(span))?;
    let mut table = Table {
        file: path.to_owned(),
        row_word: "line",
        runs_on: false,
        header: names(&rows),
        columns: vec![],
        lines: rows.iter().map(|(line, _)| *line).collect(),
        given: vec![],
    };
    for place in choose(table.names())? {
        let column = column(&table, place, &rows).map_err(|fault| fault.at(span))?;
        table.columns.push(column);
    }
    Ok(table)
}

type Row = (u32, Map<String, Value>);

/// The objects of a text, each with its line; blank lines are none.
fn objects(path: &str, text: &str) -> Result<Vec<Row>, Fault> {
    let numbered = (1..).zip(text.lines());
    let filled = numbered.filter(|(_, line)| !line.trim().is_empty());
    let rows = filled.map(|(number, line)| match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Ok((number, object)),
        Ok(other) => Err(no_object(path, number, kind(&other))),
        Err(error) => Err(no_object(path, number, &error.to_string())),
    });
    let rows = rows.collect::<Result<Vec<Row>, Fault>>()?;
    let none = || {
        Fault::new(
            codes::NO_ROWS,
            format!("{} has no rows", shown(path)),
            "blank lines only",
        )
    };
    (!rows.is_empty()).then_some(rows).ok_or_else(none)
}

fn no_object(path: &str, line: u32, what: &str) -> Fault {
    let message = format!("line {line} of {} is no JSON object", shown(path));
    let help = "write one object a line: `{\"text\": \"…\", \"label\": \"yes\"}`";
    Fault::new(codes::BAD_JSON, message, what.to_owned()).help(help)
}

/// All names in the order in which they are met.
fn names(rows: &[Row]) -> Vec<String> {
    let mut names: Vec<String> = vec![];
    let mut seen = std::collections::HashSet::new();
    for name in rows.iter().flat_map(|(_, object)| object.keys()) {
        if seen.insert(name) {
            names.push(name.clone());
        }
    }
    names
}

fn column(table: &Table, place: usize, rows: &[Row]) -> Result<Column, Fault> {
    let name = &table.header[place];
    let values: Vec<&Value> = rows
        .iter()
        .map(|(_, object)| object.get(name).unwrap_or(&Value::Null))
        .collect();
    let missing = (0..).zip(&values).filter(|(_, value)| value.is_null());
    let token = u16::MAX;
    Ok(Column {
        name: name.clone(),
        position: place,
        missing: missing.map(|(row, _)| Missing { row, token }).collect(),
        cells: cells(table, name, &values)?,
    })
}

/// The values as the type of the first that there is; what a missing one becomes means nothing.
fn cells(table: &Table, name: &str, values: &[&Value]) -> Result<Cells, Fault> {
    let Some(first) = values.iter().find(|value| !value.is_null()) else {
        return Ok(Cells::Blank(values.len()));
    };
    let differs = |value: &&Value| !value.is_null() && kind(value) != kind(first);
    if let Some(row) = values.iter().position(differs) {
        return Err(mixed(table, name, first, row, values[row]));
    }
    match first {
        Value::Bool(_) => Ok(Cells::Bool(
            values.iter().map(|value| **value == true).collect(),
        )),
        Value::String(_) => {
            let mut growing = Growing::text();
            values
                .iter()
                .for_each(|value| growing.push(value.as_str().unwrap_or("")));
            Ok(growing.finish(String::new(), 0).cells)
        }
        Value::Number(_) => Ok(numbers(values)),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let message = format!("column {} holds {}", shown(name), kind(first));
            let fault = Fault::new(
                codes::BAD_JSON,
                message,
                "a cell is a text, a number or a truth value",
            );
            Err(fault.in_column(name))
        }
    }
}

fn numbers(values: &[&Value]) -> Cells {
    let whole = |value: &&Value| {
        if value.is_null() {
            Some(0)
        } else {
            value.as_i64()
        }
    };
    let whole: Option<Vec<i64>> = values.iter().map(whole).collect();
    let number = |value: &&Value| value.as_f64().unwrap_or(0.0);
    whole.map_or_else(
        || Cells::Float(values.iter().map(number).collect()),
        Cells::Int,
    )
}

fn mixed(table: &Table, name: &str, first: &Value, row: usize, other: &Value) -> Fault {
    let message = format!(
        "column {} holds {}, and {} on {}",
        shown(name),
        kind(first),
        kind(other),
        table.line_of(row)
    );
    Fault::new(codes::BAD_JSON, message, "values of different kinds")
        .help("write values of one kind, and `null` where there is none")
        .in_column(name)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
