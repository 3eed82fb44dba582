//! A run or a data block at a glance.

use crate::chart::number::brief;
use crate::cli::screen::{Screen, counted, escaped};
use crate::cli::show::grid::{Align, Grid};
use crate::ir::Role;
use crate::session::{DataView, FieldView, RunView};

/// Significant digits of results.
const DIGITS: i32 = 5;
/// More categories than this are counted, not named.
const MOST_NAMED: usize = 6;

/// Model and data, how long it ran, what it came to, its weights.
pub(crate) fn run(run: &RunView, screen: Screen) -> Vec<String> {
    let of = format!(
        "{} on {}, {}",
        run.model,
        run.data,
        counted(run.n_params as u64, "parameter")
    );
    let length = format!(
        "{}, {}",
        counted(run.epochs, "epoch"),
        counted(run.steps, "step")
    );
    let mut lines = vec![of, length];
    let width = run
        .values
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0);
    lines.extend(
        run.values
            .iter()
            .map(|(name, value)| format!("{name:<width$}  {}", brief(*value, DIGITS))),
    );
    if !run.weights.is_empty() {
        let mut grid = Grid::new([("", Align::Left), ("shape", Align::Left), ("", Align::Left)]);
        for (role, dtype, shape) in &run.weights {
            let trained = if matches!(role, Role::State(_)) {
                "state"
            } else {
                ""
            };
            grid.row([
                role.path().to_owned(),
                format!("{dtype}{shape:?}"),
                trained.to_owned(),
            ]);
        }
        lines.push(String::new());
        lines.extend(grid.lines(screen));
    }
    lines
}

/// Its parts with their rows, and its fields.
pub(crate) fn data(data: &DataView, screen: Screen) -> Vec<String> {
    let parts = data
        .parts
        .iter()
        .map(|(name, rows)| format!("{} {}", escaped(name), counted(*rows as u64, "row")));
    let mut grid = Grid::new([
        ("field", Align::Left),
        ("one row", Align::Left),
        ("", Align::Left),
    ]);
    for field in &data.fields {
        grid.row([
            field.name.clone(),
            format!("{}{:?}", field.dtype, field.row_shape),
            about(field),
        ]);
    }
    let mut lines = vec![parts.collect::<Vec<_>>().join(", "), String::new()];
    lines.extend(grid.lines(screen));
    lines
}

/// Why a row has its shape, and the categories if they are few.
fn about(field: &FieldView) -> String {
    match &field.categories {
        Some(names) if names.len() <= MOST_NAMED => {
            escaped(&format!("{}: {}", field.because, names.join(", ")))
        }
        Some(_) | None => escaped(&field.because),
    }
}
