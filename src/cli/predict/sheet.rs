//! Predictions as text: CSV with a header, or a line of JSON for each row.

use serde_json::{Map, Value};

use crate::cli::show::json::{float, single};
use crate::data::Table;
use crate::session::{Column, Values};

/// A sheet being written, piece by piece.
pub(crate) struct Sheet<'a> {
    keep: &'a [String],
    is_json: bool,
    has_head: bool,
}

impl<'a> Sheet<'a> {
    /// A sheet that begins with some columns of the input.
    pub(crate) fn new(keep: &'a [String], is_json: bool) -> Sheet<'a> {
        Sheet {
            keep,
            is_json,
            has_head: false,
        }
    }

    /// The next rows.
    pub(crate) fn text(&mut self, table: &Table, columns: &[Column]) -> String {
        match self.is_json {
            true => self.json(table, columns),
            false => self.csv(table, columns),
        }
    }

    fn csv(&mut self, table: &Table, columns: &[Column]) -> String {
        let mut writer = csv::Writer::from_writer(vec![]);
        if !std::mem::replace(&mut self.has_head, true) {
            let own = columns.iter().map(|column| self.name(column));
            let names: Vec<String> = self.keep.iter().cloned().chain(own).collect();
            put(&mut writer, &names);
        }
        for row in 0..columns.first().map_or(0, Column::len) {
            let kept = self.keep.iter().map(|name| table.text(row, name));
            let own = columns.iter().map(|column| cell(&column.values, row));
            put(&mut writer, &kept.chain(own).collect::<Vec<_>>());
        }
        let bytes = writer.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What a column of predictions is called beside those that are kept.
    fn name(&self, column: &Column) -> String {
        match self.keep.contains(&column.name) {
            true => format!("predicted_{}", column.name),
            false => column.name.clone(),
        }
    }

    fn json(&self, table: &Table, columns: &[Column]) -> String {
        let line = |row: usize| {
            let kept = self.keep.iter();
            let kept = kept.map(|name| (name.clone(), table.text(row, name).into()));
            let own = columns.iter();
            let own = own.map(|column| (self.name(column), value(&column.values, row)));
            Value::Object(kept.chain(own).collect::<Map<_, _>>())
        };
        let n_rows = columns.first().map_or(0, Column::len);
        (0..n_rows).map(|row| format!("{}\n", line(row))).collect()
    }
}

fn put<T: AsRef<[u8]>>(writer: &mut csv::Writer<Vec<u8>>, cells: &[T]) {
    let written = writer.write_record(cells);
    written.expect("a vector takes what is written");
}

/// A value as the text of a cell; nothing where there is none.
fn cell(values: &Values, row: usize) -> String {
    match values {
        Values::Labels(labels) => labels[row].clone().unwrap_or_default(),
        Values::Singles(numbers) => numbers[row].map_or(String::new(), |x| x.to_string()),
        Values::Doubles(numbers) => numbers[row].map_or(String::new(), |x| x.to_string()),
    }
}

/// A value as JSON.
pub(crate) fn value(values: &Values, row: usize) -> Value {
    match values {
        Values::Labels(labels) => labels[row].clone().into(),
        Values::Singles(numbers) => numbers[row].map_or(Value::Null, single),
        Values::Doubles(numbers) => numbers[row].map_or(Value::Null, float),
    }
}
