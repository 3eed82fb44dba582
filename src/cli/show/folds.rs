//! What a run came to on each fold, as a table: a row a fold, then mean and standard deviation, which is that of a population as
//! `std` gives it.

use crate::chart::number::brief;
use crate::cli::screen::Screen;
use crate::cli::show::grid::{Align, Grid};
use crate::tensor::Tensor;

/// Significant digits in the table.
const DIGITS: i32 = 4;

/// The table in lines. Folds are counted from 0, as `held` counts them.
pub(crate) fn lines(metrics: &[(String, Tensor)], screen: Screen) -> Vec<String> {
    let names = metrics
        .iter()
        .map(|(name, _)| (name.as_str(), Align::Right));
    let mut grid = Grid::new(std::iter::once(("held", Align::Left)).chain(names));
    let columns: Vec<Vec<f64>> = metrics.iter().map(|(_, values)| values.to_f64()).collect();
    let n_folds = columns.first().map_or(0, Vec::len);
    let mut row = |name: String, value: &dyn Fn(&[f64]) -> f64| {
        let cells = columns.iter().map(|column| brief(value(column), DIGITS));
        grid.row(std::iter::once(name).chain(cells));
    };
    for held in 0..n_folds {
        row(format!("fold {held}"), &|column| column[held]);
    }
    row("mean".into(), &mean);
    row("deviation".into(), &deviation);
    grid.lines(screen)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    let square = |value: &f64| (value - middle) * (value - middle);
    mean(&values.iter().map(square).collect::<Vec<f64>>()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_then_mean_and_deviation() {
        let column = |name: &str, values: [f32; 2]| {
            (name.to_owned(), Tensor::from_vec(vec![2], values.to_vec()))
        };
        let metrics = [column("loss", [0.5, 1.5]), column("accuracy", [0.5, 1.0])];
        insta::assert_snapshot!(lines(&metrics, Screen::default()).join("\n"), @r"
         held         loss  accuracy
        ─────────────────────────────
         fold 0     0.5000    0.5000
         fold 1     1.5000    1.0000
         mean       1.0000    0.7500
         deviation  0.5000    0.2500
        ");
    }
}
