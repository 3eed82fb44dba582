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
            let read = tensor(value, float);
            let read = read.ok_or_else(|| {
                format!("`{name}` is no tensor: expected numbers in lists of equal length")
            });
            Ok((name.clone(), read?))
        });
        Ok(Request {
            text: text.to_owned(),
            bind: bind.collect::<Result<_, String>>()?,
        })
    }
}

/// Nested lists of numbers; or `{"dtype": "i64", "value": [1, 2]}`.
fn tensor(value: &Value, float: DType) -> Option<Tensor> {
    if let Some(fields) = value.as_object() {
        let dtype = fields.get("dtype")?.as_str()?.parse().ok()?;
        return tensor(fields.get("value")?, dtype);
    }
    let mut shape = vec![];
    let mut first = value;
    while let Some(items) = first.as_array() {
        shape.push(items.len());
        first = items.first().unwrap_or(&Value::Null);
    }
    let mut numbers = vec![];
    flatten(value, &shape, &mut numbers)?;
    Some(Tensor::from_vec(shape, numbers).cast(float))
}

fn flatten(value: &Value, shape: &[usize], numbers: &mut Vec<f64>) -> Option<()> {
    match (value, shape) {
        (Value::Array(items), [size, inner @ ..]) if items.len() == *size => items
            .iter()
            .try_for_each(|item| flatten(item, inner, numbers)),
        (Value::Number(number), []) => {
            numbers.push(number.as_f64()?);
            Some(())
        }
        (Value::Bool(truth), []) => {
            numbers.push(f64::from(u8::from(*truth)));
            Some(())
        }
        _ => None,
    }
}
