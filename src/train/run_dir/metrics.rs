//! `metrics.jsonl`: a line a record, appended as it is made. What a killed process left of a line is no line.

use serde_json::{Map, Value, json};

use crate::train::history::Record;

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The run it belongs to.
    pub run: String,
    /// How long the run had trained, in seconds.
    pub seconds: f64,
    /// What was recorded.
    pub record: Record,
}

/// The lines of a text that are whole.
pub(super) fn parse(text: &str) -> Vec<Line> {
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().filter_map(parsed).collect()
}

fn parsed(text: &str) -> Option<Line> {
    let Value::Object(mut line) = serde_json::from_str(text).ok()? else {
        return None;
    };
    let run = line.remove("run")?.as_str()?.to_owned();
    let epoch = line.remove("epoch")?.as_u64()?;
    let step = line.remove("step")?.as_u64()?;
    let seconds = line.remove("seconds")?.as_f64()?;
    let values = line.into_iter();
    let values = values.filter_map(|(name, value)| Some((name, number(&value)?)));
    Some(Line {
        run,
        seconds,
        record: Record {
            epoch,
            step,
            values: values.collect(),
        },
    })
}

/// A line with its end.
pub(super) fn text(line: &Line) -> String {
    let Record {
        epoch,
        step,
        values,
    } = &line.record;
    // A record's own names come first, and none of a metric is theirs.
    let mut fields = Map::new();
    fields.insert("run".into(), json!(line.run));
    fields.insert("epoch".into(), json!(epoch));
    fields.insert("step".into(), json!(step));
    fields.insert("seconds".into(), json!(line.seconds));
    fields.extend(values.iter().map(|(name, x)| (name.clone(), told(*x))));
    format!("{}\n", Value::Object(fields))
}

/// A number as JSON has it, or its name.
pub(crate) fn told(x: f64) -> Value {
    match x {
        x if x.is_nan() => "NaN".into(),
        f64::INFINITY => "Infinity".into(),
        f64::NEG_INFINITY => "-Infinity".into(),
        x => x.into(),
    }
}

/// The number that [`told`] wrote.
pub(crate) fn number(value: &Value) -> Option<f64> {
    match value.as_str() {
        None => value.as_f64(),
        Some("NaN") => Some(f64::NAN),
        Some("Infinity") => Some(f64::INFINITY),
        Some("-Infinity") => Some(f64::NEG_INFINITY),
        Some(_) => None,
    }
}
