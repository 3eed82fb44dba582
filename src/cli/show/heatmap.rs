//! A matrix in shades: one character pair an element, the darkest for the least and the brightest for the greatest.

use crate::chart::number;
use crate::cli::screen::{Screen, escaped};
use crate::tensor::Tensor;

pub(super) const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
pub(super) const ASCII: [char; 5] = [' ', '.', '+', '#', '@'];

/// Rows of larger matrices are left out.
const MOST_ROWS: usize = 64;

/// The lines of a heat map. Where there are labels, as many rows and columns are seen as there are labels.
pub(crate) fn lines(matrix: &Tensor, [rows, cols]: [&[String]; 2], screen: Screen) -> Vec<String> {
    let [n_rows, n_cols] = seen(matrix, [rows, cols]);
    let width = rows.iter().map(|label| label.chars().count()).max();
    let width = width.unwrap_or(0).min(12);
    let n_shown = n_cols.min(screen.within(width + 3).width / 2);
    let numbers = matrix.to_f64();
    let all = (0..n_rows).flat_map(|row| {
        let start = row * matrix.shape()[1];
        numbers[start..start + n_cols].iter().copied()
    });
    let (low, high) = extremes(all);
    let shade = |x: f64| {
        let shades = if screen.unicode { SHADES } else { ASCII };
        let share = if high > low {
            (x - low) / (high - low)
        } else {
            0.0
        };
        let place = (share * 5.0).clamp(0.0, 4.0) as usize;
        std::iter::repeat_n(shades[place], 2).collect::<String>()
    };
    let mut lines = vec![];
    if !cols.is_empty() {
        let above = cols.iter().take(n_shown).map(|label| pair(label));
        lines.push(format!("{:width$}   {}", "", above.collect::<String>()));
    }
    let edge = if screen.unicode { '│' } else { '|' };
    for row in 0..n_rows.min(MOST_ROWS) {
        let start = row * matrix.shape()[1];
        let cells = numbers[start..start + n_shown].iter().map(|&x| shade(x));
        let label = rows
            .get(row)
            .map_or(String::new(), |label| fitted(label, width));
        let label = format!("{label:>width$}");
        lines.push(format!("{label} {edge}{}{edge}", cells.collect::<String>()));
    }
    let cut = [
        (n_cols - n_shown, "columns"),
        (n_rows.saturating_sub(MOST_ROWS), "rows"),
    ];
    let cut = cut.into_iter().filter(|(n_more, _)| *n_more > 0);
    let cut: String = cut
        .map(|(n_more, what)| format!(", {n_more} more {what}"))
        .collect();
    lines.push(format!(
        "{:width$}  {} to {}{cut}",
        "",
        number::brief(low, 3),
        number::brief(high, 3)
    ));
    lines
}

/// How many rows and columns there are to see.
fn seen(matrix: &Tensor, labels: [&[String]; 2]) -> [usize; 2] {
    let one = |axis: usize| match labels[axis].len() {
        0 => matrix.shape()[axis],
        n => n.min(matrix.shape()[axis]),
    };
    [one(0), one(1)]
}

fn extremes(numbers: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = numbers.filter(|x| x.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    if low <= high { (low, high) } else { (0.0, 0.0) }
}

/// The first two characters of a label, for a column of two.
fn pair(label: &str) -> String {
    format!("{:<2}", fitted(label, 2))
}

/// A label of so many characters at most; a line's end as a mark.
fn fitted(label: &str, width: usize) -> String {
    let label = label.replace('\n', "↵");
    escaped(&label).chars().take(width).collect()
}
