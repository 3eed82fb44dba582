//! `nnlc inspect`: what a saved model takes and gives, through which transforms, how good it was, where it comes from.

use serde_json::{Value, json};

use crate::chart::number::number;
use crate::cli::args::{Global, Inspect};
use crate::cli::model::{Opened, open};
use crate::cli::screen::{Screen, counted, escaped, thousands};
use crate::cli::show::grid::{Align, Grid};
use crate::cli::show::json::float;
use crate::cli::{Done, Out};
use crate::data::{FillValue, Fitted, FittedField};
use crate::session::Model;
use crate::tokens::Tokenizer;
use crate::train::Entry;

pub(crate) fn inspect(args: &Inspect, global: &Global, out: &mut Out<'_>) -> Done {
    let Opened { model, .. } = open("inspect", &args.model, &[], global, out)?;
    if args.source {
        return Ok(out.text(&model.recipe().text)?);
    }
    match out.is_json {
        true => Ok(out.json(&as_json(&model))?),
        false => Ok(out.text(&as_text(&model, out.screen))?),
    }
}

fn as_text(model: &Model, screen: Screen) -> String {
    let file = model.file();
    let parts = model.recipe().data.parts.iter();
    let parts =
        parts.map(|(name, rows)| format!("{} {}", escaped(name), counted(*rows as u64, "row")));
    let mut lines = vec![
        format!(
            "{}, trained by `{}` on `{}`: {}",
            model.run().model,
            file.run,
            model.run().data,
            parts.collect::<Vec<_>>().join(", ")
        ),
        format!("nnlc {}, seed {}", escaped(&file.version), file.seed),
        String::new(),
        format!("takes  {}", file.signature.inputs.join(", ")),
        format!(
            "gives  {}{}",
            file.signature.outputs.join(", "),
            meaning(model)
        ),
    ];
    let tables = [
        fields(model, screen),
        weights(model, screen),
        metrics(model),
    ];
    for table in tables.into_iter().filter(|table| !table.is_empty()) {
        lines.push(String::new());
        lines.extend(table);
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// What the output stands for, as far as that is known.
fn meaning(model: &Model) -> String {
    let of = |target: &FittedField| match target.categories() {
        Some(names) => {
            let names: Vec<String> = names.iter().map(|name| escaped(name)).collect();
            format!(
                "`{}`: {}",
                target.columns[0].escape_debug(),
                names.join(", ")
            )
        }
        None => format!("`{}`", target.columns.join("`, `").escape_debug()),
    };
    match (model.target(), model.run().link.is_some()) {
        (Some(target), true) => format!(", which become probabilities of {}", of(target)),
        (Some(target), false) => format!(", {}", of(target)),
        (None, _) => String::new(),
    }
}

fn fields(model: &Model, screen: Screen) -> Vec<String> {
    let columns = [
        ("field", Align::Left),
        ("columns", Align::Left),
        ("through", Align::Left),
    ];
    let mut grid = Grid::new(columns);
    for field in &model.file().fitted {
        let steps: Vec<String> = field.steps.iter().map(step).collect();
        let columns: Vec<String> = field.columns.iter().map(|name| escaped(name)).collect();
        grid.row([field.name.clone(), columns.join(", "), steps.join(" |> ")]);
    }
    grid.lines(screen)
}

/// A transform with what it has learnt.
fn step(step: &Fitted) -> String {
    let list = |values: &[f64]| {
        const MOST: usize = 4;
        let shown: Vec<String> = values.iter().take(MOST).map(|x| number(*x)).collect();
        let more = if values.len() > MOST { ", …" } else { "" };
        format!("{}{more}", shown.join(", "))
    };
    match step {
        Fitted::Standardize { mean, sd } => {
            format!("standardize(mean {}; sd {})", list(mean), list(sd))
        }
        Fitted::Normalize { min, max, .. } => {
            format!("normalize(from {}; to {})", list(min), list(max))
        }
        Fitted::Scale { by } => format!("scale(by: {})", number(*by)),
        Fitted::Clip { low, high } => format!("clip({}, {})", number(*low), number(*high)),
        Fitted::Impute { fills } => format!(
            "impute({})",
            fills.iter().map(fill).collect::<Vec<_>>().join(", ")
        ),
        Fitted::OneHot {
            categories,
            unknown_is_zero,
        } => {
            let unknown = if *unknown_is_zero {
                ", unknown: zero"
            } else {
                ""
            };
            format!("one_hot({}{unknown})", named(categories))
        }
        Fitted::Label { categories } => format!("label({})", named(categories)),
        Fitted::Binary { positive, .. } => format!("binary(positive: {})", escaped(positive)),
        Fitted::Chars(_) | Fitted::Words(_) | Fitted::Bpe(_) => vocabulary(step),
        Fitted::Ends { text } => format!("ends({})", escaped(text)),
        Fitted::Days { order: Some(order) } => format!("days(order: {})", order.name()),
        Fitted::Log | Fitted::Log1p | Fitted::Flatten | Fitted::Days { order: None } => {
            step.name().to_owned()
        }
    }
}

/// What a text is cut into, and into how many of them.
fn vocabulary(step: &Fitted) -> String {
    let tokens = step.tokenizer();
    let size = |tokens: Tokenizer| counted(tokens.len() as u64, tokens.noun());
    format!("{}({})", step.name(), tokens.map_or(String::new(), size))
}

/// The categories of all columns, by name where they are few.
fn named(categories: &[Vec<String>]) -> String {
    const MOST: usize = 6;
    let names: Vec<String> = categories
        .iter()
        .flatten()
        .map(|name| escaped(name))
        .collect();
    match names.len() {
        n if n <= MOST => names.join(", "),
        n => format!("{} categories", thousands(n as u64)),
    }
}

fn fill(fill: &FillValue) -> String {
    match fill {
        FillValue::Number(x) => number(*x),
        FillValue::Text(text) => escaped(text),
    }
}

fn weights(model: &Model, screen: Screen) -> Vec<String> {
    let signature = &model.file().signature;
    let size = |entry: &Entry| entry.shape.iter().product::<usize>() as u64;
    let mut grid = Grid::new([
        ("weight", Align::Left),
        ("shape", Align::Left),
        ("", Align::Left),
    ]);
    let states = signature.states.iter().map(|entry| (entry, "state"));
    for (entry, what) in signature
        .params
        .iter()
        .map(|entry| (entry, ""))
        .chain(states)
    {
        grid.row([escaped(&entry.path), entry.ty(), what.to_owned()]);
    }
    let total: u64 = signature.params.iter().map(size).sum();
    let mut lines = grid.lines(screen);
    lines.push(format!("{} parameters", thousands(total)));
    lines
}

fn metrics(model: &Model) -> Vec<String> {
    let metrics = &model.file().metrics;
    let width = metrics
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    let metrics = metrics.iter();
    metrics
        .map(|(name, value)| format!("{:<width$}  {}", escaped(name), number(*value)))
        .collect()
}

fn as_json(model: &Model) -> Value {
    let (file, recipe) = (model.file(), model.recipe());
    let metrics = file.metrics.iter();
    let metrics: serde_json::Map<String, Value> = metrics
        .map(|(name, value)| (name.clone(), float(*value)))
        .collect();
    json!({
        "model": file.signature.model,
        "run": file.run,
        "nnlc": file.version,
        "seed": file.seed,
        "inputs": file.signature.inputs,
        "outputs": file.signature.outputs,
        "gives_probabilities": model.run().link.is_some(),
        "fields": file.fitted,
        "params": file.signature.params,
        "states": file.signature.states,
        "metrics": metrics,
        "data": recipe.data,
        "reading": recipe.reading,
        "source": recipe.text,
    })
}
