//! `nnlc summary`: what a model costs, layer by layer, before anything runs.

pub(crate) mod cost;
pub(crate) mod layers;

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::args::Global;
use crate::cli::program::{compile, load, session};
use crate::cli::screen::{Screen, counted, one_line, thousands};
use crate::cli::show::grid::{Align, Grid};
use crate::cli::{Done, Out, Stop};
use crate::lower::Mode;

use cost::Cost;
use layers::{Layer, Summary};

pub(crate) fn summary(path: &Path, global: &Global, out: &mut Out<'_>) -> Done {
    let mut session = session(global, out)?;
    let program = load(&mut session, path, out)?;
    let compiled = compile(&session, program, Mode::Run, out)?;
    if compiled.runs().is_empty() {
        let what = "has no `train` block, which says what sizes a model meets";
        out.note(&format!("nnlc: `{}` {what}\n", path.display()))?;
        return Err(Stop::Code(1));
    }
    for (index, run) in compiled.runs().iter().enumerate() {
        let summary = layers::summary(&compiled, run, session.sources());
        if out.is_json {
            out.json(&as_json(&summary))?;
        } else {
            let gap = if index == 0 { "" } else { "\n" };
            out.text(&format!("{gap}{}", as_text(&summary, out.screen)))?;
        }
    }
    Ok(())
}

/// A head, a table, and what it comes to.
fn as_text(summary: &Summary, screen: Screen) -> String {
    let Summary {
        run,
        model,
        data,
        batch,
        ..
    } = summary;
    let mut lines = vec![format!(
        "{run}: {model} on {data}, {} a step",
        counted(*batch, "row")
    )];
    lines.extend(table(summary, screen));
    lines.push(String::new());
    lines.extend(sums(summary));
    lines.into_iter().map(|line| line + "\n").collect()
}

fn table(summary: &Summary, screen: Screen) -> Vec<String> {
    let numbers = [
        "parameters",
        "FLOPs forward",
        "backward",
        "activations",
        "optimizer",
    ];
    let columns = ["layer", "output"].map(|name| (name, Align::Left));
    let mut grid = Grid::new(
        columns
            .into_iter()
            .chain(numbers.map(|name| (name, Align::Right))),
    );
    for Layer { name, output, cost } in &summary.layers {
        grid.row(
            [one_line(name), output.clone()]
                .into_iter()
                .chain(cells(cost)),
        );
    }
    grid.row(
        ["total".into(), String::new()]
            .into_iter()
            .chain(cells(&summary.total)),
    );
    grid.lines(screen)
}

fn sums(summary: &Summary) -> Vec<String> {
    let Summary { total, update, .. } = summary;
    let [forward, backward, update, all] = [
        total.forward,
        total.backward,
        *update,
        total.forward + total.backward + update,
    ]
    .map(thousands);
    let (trained, kept) = (thousands(total.params), thousands(total.kept));
    let [weights, activations, optimizer] = [
        total.weight_bytes,
        total.activation_bytes,
        total.optimizer_bytes,
    ]
    .map(bytes);
    let step = summary.step_bytes.map(bytes);
    let mut sums = vec![
        format!("numbers: {trained} trained, {kept} kept but not trained"),
        format!(
            "one step: {all} FLOPs, of which {forward} forward, {backward} backward, {update} to update"
        ),
        format!(
            "memory: weights {weights}, activations kept for the way back {activations}, optimizer {optimizer}"
        ),
    ];
    sums.extend(step.map(|step| {
        format!(
            "a step runs in {step}: its batch, weights, optimizer, and what lies between kernels"
        )
    }));
    sums
}

fn cells(cost: &Cost) -> [String; 5] {
    [
        if cost.params + cost.kept == 0 {
            String::new()
        } else {
            thousands(cost.params + cost.kept)
        },
        count(cost.forward),
        count(cost.backward),
        memory(cost.activation_bytes),
        memory(cost.optimizer_bytes),
    ]
}

fn count(n: u64) -> String {
    if n == 0 { String::new() } else { thousands(n) }
}

fn memory(n: u64) -> String {
    if n == 0 { String::new() } else { bytes(n) }
}

/// Bytes in the unit that leaves one to four digits: `512 B`, `12.5 KiB`.
pub(crate) fn bytes(n: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB"];
    let (mut size, mut unit) = (n as f64, "B");
    for larger in units {
        if size < 1024.0 {
            break;
        }
        (size, unit) = (size / 1024.0, larger);
    }
    if unit == "B" {
        format!("{n} B")
    } else {
        format!("{size:.1} {unit}")
    }
}

fn as_json(summary: &Summary) -> Value {
    let layers = summary.layers.iter().map(|layer| {
        let mut line = json!({ "layer": layer.name, "output": layer.output });
        extend(&mut line, &layer.cost);
        line
    });
    let mut total = json!({});
    extend(&mut total, &summary.total);
    json!({
        "event": "summary", "run": summary.run, "model": summary.model, "data": summary.data, "batch": summary.batch,
        "layers": layers.collect::<Vec<Value>>(), "update_flops": summary.update, "step_bytes": summary.step_bytes, "total": total,
    })
}

fn extend(line: &mut Value, cost: &Cost) {
    let fields = [
        ("parameters", cost.params),
        ("non_trainable", cost.kept),
        ("flops_forward", cost.forward),
        ("flops_backward", cost.backward),
        ("weight_bytes", cost.weight_bytes),
        ("activation_bytes", cost.activation_bytes),
        ("optimizer_bytes", cost.optimizer_bytes),
    ];
    if let Some(line) = line.as_object_mut() {
        line.extend(fields.map(|(name, n)| (name.to_owned(), n.into())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_a_unit_that_suits_them() {
        assert_eq!(
            [0, 1023, 1024, 1_600_000].map(bytes),
            ["0 B", "1023 B", "1.0 KiB", "1.5 MiB"]
        );
        assert_eq!(bytes(u64::MAX), "16777216.0 TiB");
    }
}
