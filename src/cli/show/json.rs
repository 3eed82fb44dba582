//! Shown values as JSON. A tensor is its nested lists, a scalar a number, a record an object. JSON has no number that is not finite:
//! these are the strings `"NaN"`, `"Infinity"` and `"-Infinity"`, which Python's `float` and JavaScript's `Number` read. Every float is
//! the shortest text that reads back as the same number of its type.

use serde_json::{Map, Value, json};

use crate::chart::Curve;
use crate::lower::Length;
use crate::session::{DataView, RunView, View};
use crate::tensor::{Data, Tensor};
use crate::train::{Best, Ended, Event, History, Record};

/// A float, or the name of what JSON cannot say.
pub(crate) fn float(x: f64) -> Value {
    match x {
        _ if x.is_nan() => "NaN".into(),
        _ if x.is_infinite() => if x > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        _ => x.into(),
    }
}

/// A float that a run measured: what an `f32` holds exactly came from one, and is told as one.
fn measured(x: f64) -> Value {
    let narrow = x as f32;
    if f64::from(narrow) == x {
        single(narrow)
    } else {
        float(x)
    }
}

/// An `f32` by its own shortest text: 0.1, not 0.10000000149011612.
pub(crate) fn single(x: f32) -> Value {
    float(x.to_string().parse().unwrap_or(f64::from(x)))
}

/// The elements of a tensor in nested lists.
pub(crate) fn tensor(tensor: &Tensor) -> Value {
    let elements: Vec<Value> = match tensor.data() {
        Data::F32(v) => v.iter().map(|x| single(*x)).collect(),
        Data::F64(v) => v.iter().map(|x| float(*x)).collect(),
        Data::I64(v) => v.iter().map(|x| (*x).into()).collect(),
        Data::I32(v) => v.iter().map(|x| (*x).into()).collect(),
        Data::U8(v) => v.iter().map(|x| (*x).into()).collect(),
        Data::Bool(v) => v.iter().map(|x| (*x).into()).collect(),
    };
    nested(tensor.shape(), elements)
}

fn nested(shape: &[usize], elements: Vec<Value>) -> Value {
    match shape {
        [] => elements.into_iter().next().unwrap_or(Value::Null),
        [_] => elements.into(),
        [n, inner @ ..] => {
            let size = inner.iter().product();
            let mut elements = elements.into_iter();
            let rows = (0..*n).map(|_| nested(inner, elements.by_ref().take(size).collect()));
            rows.collect::<Vec<Value>>().into()
        }
    }
}

/// The line of a `show`: its title, what kind of value it is, and the value.
pub(crate) fn show(title: &str, view: &View) -> Value {
    let mut line = json!({ "event": "show", "title": title, "kind": kind(view) });
    if let (View::Tensor(of), Some(line)) = (view, line.as_object_mut()) {
        line.insert("dtype".into(), of.dtype().name().into());
        line.insert("shape".into(), of.shape().into());
    }
    if let Some(line) = line.as_object_mut() {
        line.insert(
            "value".into(),
            constant(title, view).unwrap_or_else(|| value(view)),
        );
    }
    line
}

/// A number or truth that was worked out before anything ran comes as its text.
fn constant(title: &str, view: &View) -> Option<Value> {
    match view {
        View::Text(text) if !title.starts_with('"') => serde_json::from_str(text).ok(),
        View::Text(_) | View::Tensor(_) | View::Tuple(_) | View::Record(_) => None,
        View::Folds(_) => None,
        View::Plot { .. } | View::History { .. } | View::Run(_) | View::Data(_) => None,
        View::Drawn(_) | View::Heatmap { .. } | View::Images { .. } => None,
    }
}

fn kind(view: &View) -> &'static str {
    match view {
        View::Tensor(_) => "tensor",
        View::Text(_) | View::Drawn(_) => "text",
        View::Heatmap { .. } => "heatmap",
        View::Images { .. } => "images",
        View::Tuple(_) => "tuple",
        View::Record(_) => "record",
        View::Plot { .. } => "plot",
        View::History { .. } => "history",
        View::Folds(_) => "folds",
        View::Run(_) => "run",
        View::Data(_) => "data",
    }
}

fn value(view: &View) -> Value {
    match view {
        View::Tensor(of) => tensor(of),
        View::Text(text) | View::Drawn(text) => text.as_str().into(),
        View::Heatmap { matrix, rows, cols } => {
            json!({ "matrix": tensor(matrix), "rows": rows, "cols": cols })
        }
        View::Images { tensors, tiles } => {
            let [low, high] = tiles.range.map(float);
            json!({ "images": tensors.iter().map(tensor).collect::<Vec<_>>(), "low": low, "high": high })
        }
        View::Tuple(parts) => parts.iter().map(value).collect(),
        View::Record(fields) => {
            let fields = fields
                .iter()
                .map(|(name, field)| (name.clone(), value(field)));
            Value::Object(fields.collect())
        }
        View::Plot {
            run, unit, curves, ..
        } => {
            json!({ "run": run, "unit": unit, "curves": Value::Object(curves.iter().map(curve).collect()) })
        }
        View::Folds(metrics) => {
            let metrics = metrics.iter();
            Value::Object(
                metrics
                    .map(|(name, values)| (name.clone(), tensor(values)))
                    .collect(),
            )
        }
        View::History { run, history } => json!({ "run": run, "records": records(history) }),
        View::Run(run) => run_value(run),
        View::Data(data) => data_value(data),
    }
}

fn curve(curve: &Curve) -> (String, Value) {
    let points = curve
        .points
        .iter()
        .map(|(x, y)| json!([float(*x), measured(*y)]));
    (curve.name.clone(), points.collect())
}

fn records(history: &History) -> Value {
    let record = |record: &Record| {
        let mut line = json!({ "epoch": record.epoch, "step": record.step });
        extend(&mut line, &record.values);
        line
    };
    history.records().iter().map(record).collect()
}

/// Adds values under their names, `val.accuracy`.
fn extend(line: &mut Value, values: &[(String, f64)]) {
    if let Some(line) = line.as_object_mut() {
        line.extend(values.iter().map(|(name, x)| (name.clone(), measured(*x))));
    }
}

fn values(values: &[(String, f64)]) -> Value {
    Value::Object(
        values
            .iter()
            .map(|(name, x)| (name.clone(), measured(*x)))
            .collect::<Map<_, _>>(),
    )
}

fn run_value(run: &RunView) -> Value {
    let weights = run.weights.iter().map(|(role, dtype, shape)| {
        let weight = json!({ "dtype": dtype.name(), "shape": shape });
        (role.path().to_owned(), weight)
    });
    json!({
        "name": run.name, "model": run.model, "data": run.data, "parameters": run.n_params,
        "epochs": run.epochs, "steps": run.steps, "ended": ended(run.ended), "best": best(run.best),
        "values": values(&run.values), "weights": Value::Object(weights.collect()),
    })
}

fn data_value(data: &DataView) -> Value {
    let parts = data
        .parts
        .iter()
        .map(|(name, rows)| (name.clone(), (*rows).into()));
    let fields = data.fields.iter().map(|field| {
        let categories = field.categories.as_deref();
        json!({
            "name": field.name, "dtype": field.dtype.name(), "row_shape": field.row_shape, "categories": categories,
        })
    });
    let (parts, fields): (Map<String, Value>, Vec<Value>) = (parts.collect(), fields.collect());
    json!({ "name": data.name, "parts": parts, "fields": fields })
}

/// The line of something that happened in a run; steps have none.
pub(crate) fn event(event: &Event) -> Option<Value> {
    match event {
        Event::RunStart {
            run,
            model,
            data,
            n_params,
            n_rows,
            length,
            steps_per_epoch,
        } => {
            let (unit, n) = of_length(*length);
            Some(json!({
                "event": "start", "run": run, "model": model, "data": data, "parameters": n_params, "rows": n_rows,
                unit: n, "steps_per_epoch": steps_per_epoch,
            }))
        }
        Event::Resumed { run, epoch, step } => {
            Some(json!({ "event": "resumed", "run": run, "epoch": epoch, "step": step }))
        }
        Event::Spike {
            run,
            step,
            loss,
            usual,
        } => Some(json!({
            "event": "spike", "run": run, "step": step, "loss": measured(*loss), "usual": measured(*usual),
        })),
        Event::Plateau { run, step, factor } => Some(
            json!({ "event": "plateau", "run": run, "step": step, "factor": measured(*factor) }),
        ),
        Event::Step { .. } | Event::Warning(_) => None,
        Event::Epoch {
            run,
            epoch,
            step,
            values,
            ..
        } => {
            let mut line = json!({ "event": "epoch", "run": run, "epoch": epoch, "step": step });
            extend(&mut line, values);
            Some(line)
        }
        Event::EarlyStop {
            run,
            on,
            epoch,
            step,
            best: found,
        } => Some(
            json!({ "event": "early_stop", "run": run, "on": on, "epoch": epoch, "step": step, "best": best(*found) }),
        ),
        Event::Done {
            run,
            epochs,
            steps,
            best: found,
            restored,
            ended: why,
        } => Some(json!({
            "event": "done", "run": run, "epochs": epochs, "steps": steps, "best": best(*found),
            "restored": restored, "ended": ended(*why),
        })),
    }
}

fn of_length(length: Length) -> (&'static str, u64) {
    match length {
        Length::Epochs(n) => ("epochs", n),
        Length::Steps(n) => ("steps", n),
    }
}

fn best(best: Option<Best>) -> Value {
    best.map_or(
        Value::Null,
        |best| json!({ "epoch": best.epoch, "step": best.step, "value": measured(best.value) }),
    )
}

fn ended(ended: Ended) -> &'static str {
    match ended {
        Ended::Length => "length",
        Ended::Early => "early",
        Ended::Time => "time",
        Ended::Interrupted => "interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_back_as_they_were() {
        let singles = [0.1f32, -0.0, 1e-45, f32::MAX, 1.0 / 3.0];
        let doubles = [0.1f64, -0.0, 5e-324, f64::MAX, 1.0 / 3.0];
        let text = tensor(&Tensor::from_vec(vec![5], singles.to_vec())).to_string();
        let back: Vec<f32> = serde_json::from_str(&text).expect("a list of numbers");
        assert_eq!(back.map_bits(), singles.to_vec().map_bits());
        assert!(text.starts_with("[0.1,-0.0,"), "{text}");
        let text = tensor(&Tensor::from_vec(vec![5], doubles.to_vec())).to_string();
        let back: Vec<f64> = serde_json::from_str(&text).expect("a list of numbers");
        assert_eq!(
            back.iter().map(|x| x.to_bits()).collect::<Vec<_>>(),
            doubles.map(f64::to_bits)
        );
    }

    trait Bits {
        fn map_bits(&self) -> Vec<u32>;
    }

    impl Bits for Vec<f32> {
        fn map_bits(&self) -> Vec<u32> {
            self.iter().map(|x| x.to_bits()).collect()
        }
    }

    #[test]
    fn tensors_are_nested_lists() {
        let of = |shape: &[usize]| {
            let n: usize = shape.iter().product();
            tensor(&Tensor::from_vec(
                shape.to_vec(),
                (0..n).map(|i| i as i64).collect::<Vec<i64>>(),
            ))
            .to_string()
        };
        assert_eq!(of(&[]), "0");
        assert_eq!(of(&[2, 1, 2]), "[[[0,1]],[[2,3]]]");
        assert_eq!(of(&[2, 0]), "[[],[]]");
        assert_eq!(of(&[0, 2]), "[]");
        let odd = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
        assert_eq!(
            tensor(&Tensor::from_vec(vec![3], odd)).to_string(),
            r#"["NaN","Infinity","-Infinity"]"#
        );
    }
}
