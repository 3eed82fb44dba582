//! What a run recorded as charts: one for each value, its parts beside each other, smoothed where there is much of it.

use std::collections::BTreeSet;

use crate::chart::{Frame, Mark, Series, chart, smoothed};
use crate::cli::report::page::ChartPart;
use crate::train::History;

/// What the learning rate is called among curves.
pub(super) const RATE: &str = "learning rate";

/// A curve of fewer points is drawn as it is.
const FEW: usize = 20;

/// Curves of one thing: its name and its points.
pub(super) type Curve = (String, Vec<(f64, f64)>);

/// The charts of a history: the loss first, the learning rate last.
pub(super) fn charts(history: &History, rate: Option<Curve>) -> Vec<ChartPart> {
    let names = history.names().into_iter();
    let recorded = names.map(|name| (name.to_owned(), history.curve(name)));
    let curves: Vec<Curve> = recorded.chain(rate).collect();
    grouped(&curves, history.unit(), |name| {
        name.split_once('.').unwrap_or(("", name))
    })
}

/// A chart for each value that curves are named after. `parted` tells the line in a chart from the chart it belongs to.
pub(super) fn grouped(
    curves: &[Curve],
    unit: &str,
    parted: impl Fn(&str) -> (&str, &str),
) -> Vec<ChartPart> {
    let mut seen = BTreeSet::new();
    let mut values: Vec<&str> = curves.iter().map(|(name, _)| parted(name).1).collect();
    values.retain(|value| seen.insert(*value));
    values.sort_by_key(|value| (*value != "loss", *value == RATE));
    let charts = values.into_iter().map(|value| {
        let own = curves.iter().filter(|(name, _)| parted(name).1 == value);
        of_value(
            value,
            own.map(|(name, points)| (parted(name).0, points)),
            unit,
        )
    });
    charts.filter(|chart| !chart.svg.is_empty()).collect()
}

fn of_value<'a>(
    value: &str,
    curves: impl Iterator<Item = (&'a str, &'a Vec<(f64, f64)>)>,
    unit: &str,
) -> ChartPart {
    let title = value;
    let (mut series, mut legend) = (vec![], vec![]);
    for (colour, (name, points)) in curves.enumerate() {
        let line = |points: Vec<(f64, f64)>, mark| Series {
            name: name.to_owned(),
            points,
            colour,
            mark,
            texts: vec![],
        };
        if points.len() >= FEW && value != RATE {
            series.push(line(points.clone(), Mark::Faint));
            series.push(line(smoothed(points), Mark::Line));
        } else {
            series.push(line(points.clone(), Mark::Line));
        }
        legend.push((
            colour,
            if name.is_empty() {
                title.to_owned()
            } else {
                name.to_owned()
            },
        ));
    }
    let frame = Frame {
        title,
        x: unit,
        y: title,
        may_be_log: true,
        ..Frame::default()
    };
    ChartPart {
        title: title.to_owned(),
        svg: chart(&series, &frame),
        legend,
        note: String::new(),
    }
}
