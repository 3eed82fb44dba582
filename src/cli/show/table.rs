//! Values in tables: records of numbers, and matrices whose axes have names, such as a confusion matrix.

use crate::chart::number::Form;
use crate::cli::screen::{Screen, escaped};
use crate::cli::show::grid::{Align, Grid};
use crate::cli::show::labels::{Label, Labelled};
use crate::cli::show::tensor;
use crate::cli::show::{body, larger};
use crate::scalar::math::Float;
use crate::session::View;
use crate::tensor::Tensor;

/// A matrix with more columns than this is shown as numbers alone.
const MOST: usize = 20;

/// Named parts: numbers first, in one column; what is larger follows under a line of its own.
pub(crate) fn record(fields: &[(&str, Labelled<'_>)], screen: Screen) -> Vec<String> {
    let width = fields
        .iter()
        .filter(|(_, field)| number_of(field).is_some())
        .map(|(name, _)| name.chars().count());
    let width = width.max().unwrap_or(0);
    let numbers = fields
        .iter()
        .filter_map(|(name, field)| Some((name, number_of(field)?)));
    let mut lines: Vec<String> = numbers
        .map(|(name, number)| format!("{name:<width$}  {number}"))
        .collect();
    for (name, field) in fields
        .iter()
        .filter(|(_, field)| number_of(field).is_none())
    {
        lines.push(String::new());
        lines.extend(part(name, field, screen));
    }
    lines.into_iter().skip_while(String::is_empty).collect()
}

/// Parts without names are numbered.
pub(crate) fn tuple(parts: &[Labelled<'_>], screen: Screen) -> Vec<String> {
    let names: Vec<String> = (0..parts.len()).map(|at| format!(".{at}")).collect();
    let part = |(name, value): (&String, &Labelled<'_>)| match number_of(value) {
        Some(number) => vec![format!("{name} = {number}")],
        None => part(name, value, screen),
    };
    names.iter().zip(parts).flat_map(part).collect()
}

fn part(name: &str, value: &Labelled<'_>, screen: Screen) -> Vec<String> {
    let (head, body) = match value {
        Labelled::Tensor(tensor, label) => larger(name, tensor, label, screen),
        Labelled::Tuple(_) | Labelled::Record(_) | Labelled::Other(_) => {
            (format!("{name}:"), body(value, screen.within(2)))
        }
    };
    let body = body.into_iter().map(|line| format!("  {line}"));
    std::iter::once(head).chain(body).collect()
}

fn number_of(value: &Labelled<'_>) -> Option<String> {
    match value {
        Labelled::Tensor(tensor, _) => tensor::scalar(tensor),
        Labelled::Other(View::Text(text)) if !text.contains('\n') => Some(escaped(text)),
        Labelled::Tuple(_) | Labelled::Record(_) | Labelled::Other(_) => None,
    }
}

/// A matrix whose axes both have names, as a table: categories along them where they are known, else places.
pub(crate) fn matrix(tensor: &Tensor, label: &Label, screen: Screen) -> Option<Vec<String>> {
    let ([rows, columns], [Some(down), Some(across)]) = (tensor.shape(), label.axes.as_slice())
    else {
        return None;
    };
    if *rows == 0 || *rows > MOST || *columns == 0 || *columns > MOST {
        return None;
    }
    let heads = std::iter::once((format!("{down} \\ {across}"), Align::Left));
    let mut grid = Grid::new(
        heads.chain(
            entries(label, *columns)
                .into_iter()
                .map(|name| (name, Align::Right)),
        ),
    );
    let numbers = tensor.to_f64();
    for (name, row) in entries(label, *rows)
        .into_iter()
        .zip(numbers.chunks(*columns))
    {
        grid.row(std::iter::once(name).chain(texts(row, &numbers)));
    }
    let lines = grid.lines(screen);
    // A table that does not fit is wrapped, which nobody can read.
    (lines.len() == rows + 2).then_some(lines)
}

/// What stands along an axis.
fn entries(label: &Label, size: usize) -> Vec<String> {
    match label.entries(size) {
        Some(names) => names.iter().map(|name| escaped(name)).collect(),
        None => (0..size).map(|at| at.to_string()).collect(),
    }
}

/// Counts are whole, whatever type they have.
fn texts(row: &[f64], all: &[f64]) -> Vec<String> {
    let is_count =
        |x: &f64| Float::is_finite(*x) && *x == Float::round(*x) && Float::abs(*x) < 1e15;
    if all.iter().all(is_count) {
        return row.iter().map(|x| format!("{x:.0}")).collect();
    }
    let form = Form::of(all.iter().copied());
    row.iter().map(|x| form.write(*x)).collect()
}
