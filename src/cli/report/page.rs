//! What a page is made of, and the page. Its form stands in `page.html`; everything that comes from a program or a file is escaped
//! there.

use minijinja::{Environment, context};
use serde::Serialize;

use crate::chart::{COLOURS, Curve, Drawn, Frame, chart, legend, series};
use crate::cli::screen::thousands;
use crate::cli::summary::bytes;
use crate::cli::summary::layers::{Layer, Summary};
use crate::tensor::{Tensor, Tiles};

/// A name and a value.
pub(super) type Pair = (String, String);

/// A whole page.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) tables: Vec<TablePart>,
    pub(super) runs: Vec<RunPart>,
    pub(super) shows: Vec<ShowPart>,
    pub(super) environment: Vec<Pair>,
    pub(super) source: String,
}

/// A table under its title.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TablePart {
    /// What it tells.
    pub(crate) title: String,
    /// What stands above its columns.
    pub(crate) head: Vec<String>,
    /// Its rows.
    pub(crate) rows: Vec<Vec<String>>,
}

/// A run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunPart {
    pub(super) name: String,
    pub(super) about: String,
    pub(super) settings: Vec<Pair>,
    pub(super) layers: Vec<LayerRow>,
    pub(super) total: LayerRow,
    pub(super) charts: Vec<ChartPart>,
    pub(super) exam: Option<ExamPart>,
}

/// A line of the table of layers.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct LayerRow {
    name: String,
    output: String,
    params: String,
    flops: String,
    bytes: String,
}

/// A chart with its legend: colours and names.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ChartPart {
    pub(super) title: String,
    pub(super) svg: String,
    pub(super) legend: Vec<(usize, String)>,
    pub(super) note: String,
}

/// What a model gets right and wrong.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ExamPart {
    pub(super) title: String,
    pub(super) about: String,
    pub(super) confusion: Option<Confusion>,
    pub(super) charts: Vec<ChartPart>,
    /// What stands above the features of examples.
    pub(super) features: Vec<String>,
    /// Lists of examples under their titles.
    pub(super) lists: Vec<(String, Vec<Example>)>,
}

/// A table of counts, each with its shade in percent.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Confusion {
    names: Vec<String>,
    rows: Vec<(String, Vec<(u64, u64)>)>,
}

/// One row of a file.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Example {
    pub(super) row: u32,
    pub(super) actual: String,
    pub(super) predicted: String,
    pub(super) features: Vec<String>,
    pub(super) image: Option<String>,
}

/// Something that the program shows.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ShowPart {
    title: String,
    text: Option<String>,
    heatmap: Option<Heatmap>,
    image: Option<String>,
    chart: Option<ChartPart>,
}

/// A matrix in shades of so many percent.
#[derive(Clone, Debug, Serialize)]
struct Heatmap {
    cols: Vec<String>,
    rows: Vec<(String, Vec<u64>)>,
    low: f64,
    high: f64,
}

impl Confusion {
    /// Shades are shares of a row: of what a class is taken for.
    pub(super) fn of(names: &[String], counts: &[Vec<u64>]) -> Confusion {
        let row = |(name, counts): (&String, &Vec<u64>)| {
            let total = counts.iter().sum::<u64>().max(1);
            (
                name.clone(),
                counts
                    .iter()
                    .map(|count| (*count, 100 * count / total))
                    .collect(),
            )
        };
        Confusion {
            names: names.to_vec(),
            rows: names.iter().zip(counts).map(row).collect(),
        }
    }
}

impl ShowPart {
    /// A value as text.
    pub(super) fn text(title: &str, text: String) -> ShowPart {
        ShowPart {
            title: title.to_owned(),
            text: Some(text),
            heatmap: None,
            image: None,
            chart: None,
        }
    }

    /// Images side by side.
    pub(super) fn images(title: &str, tiles: &Tiles) -> ShowPart {
        ShowPart {
            title: title.to_owned(),
            text: None,
            heatmap: None,
            image: tiles.picture(tiles.enlargement(1)).address(),
            chart: None,
        }
    }

    /// Lines or points with their legend.
    pub(super) fn chart(title: &str, unit: &str, curves: &[Curve], drawn: Drawn) -> ShowPart {
        let frame = Frame {
            title,
            x: unit,
            ..Frame::default()
        };
        let names = legend(curves).into_iter();
        ShowPart {
            title: title.to_owned(),
            text: None,
            heatmap: None,
            image: None,
            chart: Some(ChartPart {
                title: String::new(),
                svg: chart(&series(curves, drawn), &frame),
                legend: names.map(|(at, name)| (at, name.to_owned())).collect(),
                note: String::new(),
            }),
        }
    }

    /// A matrix in shades: attention, a filter.
    pub(super) fn heatmap(
        title: &str,
        matrix: &Tensor,
        rows: &[String],
        cols: &[String],
    ) -> ShowPart {
        const MOST: usize = 64;
        let (numbers, width) = (
            matrix.to_f64(),
            matrix.shape().last().copied().unwrap_or(1).max(1),
        );
        let ends = |(low, high): (f64, f64), x: &f64| (low.min(*x), high.max(*x));
        let (low, high) = numbers
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), ends);
        let size = if high > low { high - low } else { 1.0 };
        let shade = |x: &f64| ((x - low) / size * 100.0) as u64;
        let name = |names: &[String], at: usize| names.get(at).cloned().unwrap_or_default();
        let lines = numbers.chunks(width).take(MOST).enumerate();
        ShowPart {
            title: title.to_owned(),
            text: None,
            heatmap: Some(Heatmap {
                cols: (0..width.min(MOST)).map(|at| name(cols, at)).collect(),
                rows: lines
                    .map(|(at, line)| (name(rows, at), line.iter().take(MOST).map(shade).collect()))
                    .collect(),
                low,
                high,
            }),
            image: None,
            chart: None,
        }
    }
}

/// A layer as a line of the table.
pub(super) fn layer(layer: &Layer) -> LayerRow {
    LayerRow {
        name: layer.name.clone(),
        output: layer.output.clone(),
        params: thousands(layer.cost.params),
        flops: thousands(layer.cost.forward + layer.cost.backward),
        bytes: bytes(layer.cost.activation_bytes),
    }
}

/// What all layers come to.
pub(super) fn total(summary: &Summary) -> LayerRow {
    LayerRow {
        name: format!("{} rows a step", summary.batch),
        output: String::new(),
        params: thousands(summary.total.params),
        flops: thousands(summary.total.forward + summary.total.backward),
        bytes: bytes(summary.total.activation_bytes),
    }
}

/// The page as HTML.
pub(super) fn html(page: &Page) -> String {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    let added = environment.add_template("page.html", include_str!("page.html"));
    added.expect("the form of a page is written by hand and tested");
    let template = environment.get_template("page.html");
    let template = template.expect("it was just added");
    let text = template.render(context! { page, colours => COLOURS });
    text.expect("the form names what a page has, and a test renders all of it")
}
