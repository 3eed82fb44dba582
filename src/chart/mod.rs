//! Charts: points of several things in one frame, as SVG inside a page or as a file of its own; and numbers as readers want them. Knows
//! numbers and names alone.

mod alone;
mod drawing;
pub(crate) mod number;
mod svg;

pub(crate) use alone::{alone, series};
pub use drawing::Drawing;
pub(crate) use svg::{Frame, Mark, Series, chart, smoothed};

/// The colours of what is drawn, on white.
pub(crate) const COLOURS: [&str; 8] = [
    "#2a6fbb", "#c8641b", "#2f8a4c", "#a23b8f", "#8a6d1f", "#1f8a8f", "#b3261e", "#6b6b66",
];

/// What is drawn of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// What it is called: `val.loss`.
    pub name: String,
    /// Its points: across, and up.
    pub points: Vec<(f64, f64)>,
    /// What stands at each point; nothing where points are but points.
    pub texts: Vec<String>,
}

/// Names of curves in order; none where one alone has none.
pub(crate) fn legend(curves: &[Curve]) -> Vec<(usize, &str)> {
    match curves {
        [alone] if alone.name.is_empty() => vec![],
        _ => curves
            .iter()
            .map(|curve| curve.name.as_str())
            .enumerate()
            .collect(),
    }
}

/// How curves are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Each as a line through its points.
    Lines,
    /// Each as its points.
    Points,
}
