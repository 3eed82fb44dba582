//! A request to the server: what to evaluate, and named tensors in JSON.

use serde_json::Value;

use crate::tensor::Tensor;
use crate::types::DType;

/// `{"eval": "solve(A, b)", "bind": {"A": [[2, 1], [1, 3]], "b": [3, 5]}}`
pub(crate) struct Request {
    pub(crate) text: String,
    pub(crate) bind: Vec<(String, Tensor)>,
}

impl Request {
    /// Reads a line; or tells what is wrong with it. Numbers become `float` where the line does not say otherwise.
    pub(crate) fn read(line: &str, float: DType) -> Result<Request, String> {
        let value: Value =
            serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
        let text = value["eval"]
            .as_str()
            .ok_or("expected `\"eval\"` with a text")?;
        let bind = value["bind"].as_object().into_iter().flatten();
        let bind = bind.map(|(name, value)| {
            let read = tensor(value, float).map_err(|why| format!("`{name}` is no tensor: {why}"));
            Ok((name.clone(), read?))
        });
        Ok(Request {
            text: text.to_owned(),
            bind: bind.collect::<Result<_, String>>()?,
        })
    }
}

/// Nested lists of numbers; or `{"dtype": "i64", "value": [1, 2]}`.
fn tensor(value: &Value, float: DType) -> Result<Tensor, String> {
    let Some(fields) = value.as_object() else {
        return elements(value, float);
    };
    let name = fields.get("dtype").and_then(Value::as_str);
    let name = name.ok_or("expected `\"dtype\"` with the name of an element type")?;
    let dtype = name
        .parse()
        .map_err(|_| format!("there is no element type `{name}`"))?;
    elements(fields.get("value").ok_or("expected `\"value\"`")?, dtype)
}

/// Numbers of this type, whole ones to the last digit.
fn elements(value: &Value, dtype: DType) -> Result<Tensor, String> {
    let mut shape = vec![];
    let mut first = value;
    while let Some(items) = first.as_array() {
        shape.push(items.len());
        first = items.first().unwrap_or(&Value::Null);
    }
    let mut leaves = vec![];
    flatten(value, &shape, &mut leaves).ok_or("expected numbers in lists of equal length")?;
    let wrong = |leaf: &Value| format!("{leaf} is no {dtype}");
    let number = |leaf: &Value| number(leaf).filter(|number| holds(dtype, *number));
    let integer = |leaf: &Value| integer(leaf).filter(|integer| holds_whole(dtype, *integer));
    let read = |leaf: &&Value| number(leaf).ok_or_else(|| wrong(leaf));
    let whole = |leaf: &&Value| integer(leaf).ok_or_else(|| wrong(leaf));
    let tensor = match dtype {
        DType::F32 | DType::F64 | DType::Bool => {
            let numbers = leaves.iter().map(read);
            Tensor::from_vec(shape, numbers.collect::<Result<Vec<f64>, String>>()?)
        }
        DType::I64 | DType::I32 | DType::U8 => {
            let numbers = leaves.iter().map(whole);
            Tensor::from_vec(shape, numbers.collect::<Result<Vec<i64>, String>>()?)
        }
    };
    Ok(tensor.cast(dtype))
}

fn flatten<'v>(value: &'v Value, shape: &[usize], leaves: &mut Vec<&'v Value>) -> Option<()> {
    match (value, shape) {
        (Value::Array(items), [size, inner @ ..]) if items.len() == *size => items
            .iter()
            .try_for_each(|item| flatten(item, inner, leaves)),
        (Value::Array(_) | Value::Object(_) | Value::Null, _) | (_, [_, ..]) => None,
        (leaf, []) => {
            leaves.push(leaf);
            Some(())
        }
    }
}

/// A number, a truth value, or as answers write what JSON has no number for: `"NaN"`, `"Infinity"`.
fn number(leaf: &Value) -> Option<f64> {
    match leaf {
        Value::Bool(truth) => Some(f64::from(u8::from(*truth))),
        Value::String(text) if ["NaN", "Infinity", "-Infinity"].contains(&text.as_str()) => {
            text.parse().ok()
        }
        Value::Number(number) => number.as_f64(),
        Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Null => None,
    }
}

fn integer(leaf: &Value) -> Option<i64> {
    match leaf {
        Value::Bool(truth) => Some(i64::from(*truth)),
        Value::Number(number) => number.as_i64(),
        Value::String(_) | Value::Array(_) | Value::Object(_) | Value::Null => None,
    }
}

/// Whether a type has a number near this one.
fn holds(dtype: DType, number: f64) -> bool {
    dtype != DType::F32 || !number.is_finite() || number.abs() <= f64::from(f32::MAX)
}

fn holds_whole(dtype: DType, integer: i64) -> bool {
    match dtype {
        DType::U8 => u8::try_from(integer).is_ok(),
        DType::I32 => i32::try_from(integer).is_ok(),
        DType::I64 | DType::F32 | DType::F64 | DType::Bool => true,
    }
}
