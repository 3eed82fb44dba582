//! Pictures: whether what is to be seen as images is of their sizes, told before anything runs where these are known; and files that
//! pictures are drawn into, `save images(x) to "x.png"`.

use std::collections::BTreeMap;
use std::path::Path;

use crate::chart::{Frame, alone};
use crate::check::Checked;
use crate::diag::{Diagnostic, Diagnostics};
use crate::lower::{Action, Show, Shown};
use crate::session::codes;
use crate::session::compile::seen;
use crate::session::execute::Execution;
use crate::session::output::{Output, View};
use crate::source::Span;
use crate::tensor::{NotImages, Tensor, Tiles, grid, svg, write_stream};
use crate::train::{self, Flow};

/// The least that a row or column of a matrix measures where a text stands beside it.
const LABELLED: usize = 16;

/// Reports what is to be seen as images and has sizes of none.
pub(super) fn check_images(checked: &Checked, actions: &[Action]) -> Diagnostics {
    let sizes = sizes(checked, actions);
    let mut reports = Diagnostics::new();
    for show in seen(actions) {
        if let Some(fault) = misfit(&show.value, &sizes) {
            reports.push(no_images(fault, show.span));
        }
    }
    reports
}

fn misfit(shown: &Shown, sizes: &BTreeMap<&str, Vec<usize>>) -> Option<NotImages> {
    match shown {
        Shown::Images(names, layout) => {
            let known = names.iter().map(|name| sizes.get(name.as_str()));
            let known: Option<Vec<&[usize]>> = known.map(|sizes| Some(&sizes?[..])).collect();
            grid(&known?, layout.columns).err()
        }
        Shown::Tuple(parts) => parts.iter().find_map(|part| misfit(part, sizes)),
        Shown::Record(fields) => fields.iter().find_map(|(_, part)| misfit(part, sizes)),
        Shown::Tensor(_) | Shown::Text(_) | Shown::Drawn(_) | Shown::Heatmap { .. } => None,
        Shown::Folds(_) | Shown::Plot { .. } | Shown::Drawing(_) | Shown::History(_) => None,
        Shown::Run(_) | Shown::Data(_) => None,
    }
}

/// The sizes of what is computed, where all of them are numbers.
fn sizes<'a>(checked: &Checked, actions: &'a [Action]) -> BTreeMap<&'a str, Vec<usize>> {
    let mut sizes = BTreeMap::new();
    for action in actions {
        let Action::Compute(task) = action else {
            continue;
        };
        let func = &checked.module().funcs[checked.func(task.func)];
        for (name, (_, value)) in task.binds.iter().zip(&func.results) {
            let axes = func.ty(*value).shape.0.iter();
            let known = axes.map(|axis| usize::try_from(axis.dim.as_int()?).ok());
            if let Some(known) = known.collect::<Option<Vec<usize>>>() {
                sizes.insert(name.as_str(), known);
            }
        }
    }
    sizes
}

/// What is no image, and what would be one.
pub(super) fn no_images(fault: NotImages, span: Span) -> Diagnostic {
    let (message, help) = match fault {
        NotImages::Rank(rank) => (
            format!("images have 2 to 4 axes, found {rank}"),
            "give `[n, height, width]`, or `[n, channels, height, width]`".to_owned(),
        ),
        NotImages::NotSquare(pixels) => (
            format!("rows of {pixels} numbers are no square images"),
            "say their sizes: `reshape(x, [n, height, width])`; `heatmap(x)` shows one matrix"
                .to_owned(),
        ),
        NotImages::Channels([n, channels, h, w]) => (
            format!("{channels} channels are neither gray nor red, green and blue"),
            format!(
                "take one: `x[:, 0:1]`, or show each as an image: `reshape(x, [{}, {h}, {w}])`",
                n.saturating_mul(channels)
            ),
        ),
        NotImages::Empty => (
            "there are no pixels to see".to_owned(),
            "give at least one image of one pixel".to_owned(),
        ),
        NotImages::SizesDiffer(first, other) => (
            format!(
                "images side by side need one size: {} and {}",
                size(first),
                size(other)
            ),
            "show them one after the other: two `show`".to_owned(),
        ),
        NotImages::TooLarge(across, down) => (
            format!("a picture of {across} x {down} pixels is too large"),
            "show some of the images: `x[0:64]`".to_owned(),
        ),
    };
    let report = Diagnostic::error(codes::NOT_IMAGES, message);
    report.label(span, "to be seen as images").help(help)
}

fn size([channels, height, width]: [usize; 3]) -> String {
    let tone = if channels == 1 { "gray" } else { "colour" };
    format!("{height} x {width} in {tone}")
}

impl Execution<'_, '_> {
    /// Draws a picture into a file, whole or not at all.
    pub(super) fn draw(&mut self, show: &Show, path: &str, span: Span) -> Result<Flow, Diagnostic> {
        let view = self.view(show)?;
        let path = self.path(path, span);
        let drawn = if let View::Plot { .. } = &view {
            chart(&view, &show.title).ok_or_else(|| no_points(show.span))?
        } else {
            drawn(&view, &show.title, &path).map_err(|fault| no_images(fault, show.span))?
        };
        if !self.session.options.writes() {
            return Ok(Flow::Continue);
        }
        train::check_place(&path, span)?;
        let written = write_stream(&path, |writer| writer.write_all(&drawn));
        written.map_err(|error| train::unwritable(&path, &error, span))?;
        Ok((self.sink)(Output::Drawn {
            title: show.title.clone(),
            path,
        }))
    }
}

/// The bytes of a file of lines or points; nothing where none can be seen.
fn chart(view: &View, title: &str) -> Option<Vec<u8>> {
    let View::Plot {
        unit,
        curves,
        drawn,
        ..
    } = view
    else {
        return None;
    };
    let frame = Frame {
        title,
        x: unit,
        ..Frame::default()
    };
    alone(curves, *drawn, &frame).map(String::into_bytes)
}

fn no_points(span: Span) -> Diagnostic {
    let report = Diagnostic::error(codes::NOT_DRAWN, "there is no finite number to draw");
    let report = report.label(span, "all of it is infinite, not a number, or not there");
    report.help("look at the numbers first: `show` them")
}

/// The bytes of a file of the format that its ending names.
fn drawn(view: &View, title: &str, path: &Path) -> Result<Vec<u8>, NotImages> {
    let (tiles, labels, below) = match view {
        View::Heatmap { matrix, rows, cols } => {
            let seen = labelled(matrix, [rows, cols]);
            let tiles = Tiles::matrix(&seen)?;
            let [low, high] = tiles.range;
            let rows = &rows[..rows.len().min(seen.shape()[0])];
            let cols = &cols[..cols.len().min(seen.shape()[1])];
            (tiles, [rows, cols], format!("{low} to {high}"))
        }
        View::Images { tiles, .. } => (tiles.clone(), [&[][..]; 2], String::new()),
        View::Tensor(_) | View::Text(_) | View::Drawn(_) | View::Tuple(_) | View::Record(_) => {
            return Err(NotImages::Empty);
        }
        View::Folds(_) | View::Plot { .. } | View::History { .. } => return Err(NotImages::Empty),
        View::Run(_) | View::Data(_) => return Err(NotImages::Empty),
    };
    let has_labels = labels.iter().any(|texts| !texts.is_empty());
    let least = if has_labels { LABELLED } else { 1 };
    let times = tiles.enlargement(least);
    let picture = tiles.picture(times);
    let is_svg = path
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("svg"));
    let file = match is_svg {
        true => svg(&picture, title, labels, times, &below).map(String::into_bytes),
        false => picture.png(),
    };
    file.ok_or(NotImages::TooLarge(picture.width, picture.height))
}

/// A matrix as far as its rows and columns have texts, if any have.
fn labelled(matrix: &Tensor, labels: [&[String]; 2]) -> Tensor {
    let sizes = matrix.shape().iter().zip(labels);
    let ranges = sizes.map(|(size, texts)| match texts.len() {
        0 => *size,
        n => n.min(*size),
    });
    let ends: Vec<usize> = ranges.collect();
    crate::tensor::slice(
        matrix,
        &ends.iter().map(|end| (0, *end, 1)).collect::<Vec<_>>(),
    )
}
