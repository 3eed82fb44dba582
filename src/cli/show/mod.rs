//! Shown values as text. Each kind of value has a file; this one puts them together under their title.

mod canvas;
pub(crate) mod folds;
mod glance;
pub(crate) mod grid;
mod heatmap;
pub(crate) mod history;
mod images;
pub(crate) mod json;
pub(crate) mod labels;
mod plot;
mod table;
pub(crate) mod tensor;

use crate::cli::screen::{Screen, escaped, one_line};
use crate::cli::show::labels::{Label, Labelled};
use crate::session::View;
use crate::tensor::Tensor;

/// A shown value under its title, each line ended.
pub(crate) fn show(title: &str, value: &Labelled<'_>, screen: Screen) -> String {
    let strong = |text: &str| screen.paint(text, 1);
    let (head, body) = match value {
        Labelled::Tensor(tensor, label) => match tensor::scalar(tensor) {
            Some(number) => (format!("{} = {number}", strong(title)), vec![]),
            None => larger(&strong(title), tensor, label, screen),
        },
        // A literal needs no title: it says what it is.
        Labelled::Other(View::Text(text)) if is_literal(title) => {
            (lines_of(text).join("\n"), vec![])
        }
        Labelled::Other(View::Text(text)) => {
            (format!("{} = {}", strong(title), one_line(text)), vec![])
        }
        Labelled::Tuple(_) | Labelled::Record(_) | Labelled::Other(_) => {
            (strong(title), body(value, screen.within(2)))
        }
    };
    let body = body
        .iter()
        .map(|line| format!("  {line}").trim_end().to_owned());
    std::iter::once(head)
        .chain(body)
        .map(|line| line + "\n")
        .collect()
}

/// A shown value without its title: what stands below one elsewhere.
pub(crate) fn lines(value: &Labelled<'_>, screen: Screen) -> Vec<String> {
    let Labelled::Tensor(tensor, label) = value else {
        return body(value, screen);
    };
    if let Some(number) = tensor::scalar(tensor) {
        return vec![number];
    }
    table::matrix(tensor, label, screen).unwrap_or_else(|| {
        let ty = tensor::type_of(tensor, &label.axes);
        std::iter::once(ty)
            .chain(tensor::lines(tensor, screen))
            .collect()
    })
}

/// A value on one line: a number, or the type of what is larger.
pub(crate) fn glimpse(name: &str, value: &View, screen: Screen) -> String {
    let strong = screen.paint(name, 1);
    let what = match value {
        View::Tensor(tensor) => match tensor::scalar(tensor) {
            Some(number) => return format!("{strong} = {number}\n"),
            None => tensor::type_of(tensor, &[]),
        },
        View::Text(text) => return format!("{strong} = {}\n", one_line(text)),
        View::Tuple(parts) => format!("a tuple of {}", parts.len()),
        View::Record(fields) => {
            let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
            format!("{{ {} }}", names.join(", "))
        }
        View::Drawn(text) => return format!("{strong} = {}\n", one_line(text)),
        View::Heatmap { .. } => "a heat map".into(),
        View::Images { .. } => "images".into(),
        View::Plot { .. } => "a plot".into(),
        View::History { .. } => "a history".into(),
        View::Folds(_) => "a run on its folds".into(),
        View::Run(run) => format!("a run of {}", run.model),
        View::Data(_) => "data".into(),
    };
    format!("{strong}: {what}\n")
}

/// A tensor with axes: its head and its lines. A table where the axes have names, else the numbers as they stand under the type.
fn larger(title: &str, tensor: &Tensor, label: &Label, screen: Screen) -> (String, Vec<String>) {
    let inner = screen.within(2);
    match table::matrix(tensor, label, inner) {
        Some(table) => (format!("{title}:"), table),
        None => {
            let ty = tensor::type_of(tensor, &label.axes);
            (format!("{title}: {ty}"), tensor::lines(tensor, inner))
        }
    }
}

/// What is no tensor, without its title.
fn body(value: &Labelled<'_>, screen: Screen) -> Vec<String> {
    match value {
        Labelled::Tensor(..) => vec![],
        Labelled::Tuple(parts) => table::tuple(parts, screen),
        Labelled::Record(fields) => table::record(fields, screen),
        Labelled::Other(view) => other(view, screen),
    }
}

fn other(view: &View, screen: Screen) -> Vec<String> {
    match view {
        View::Text(text) | View::Drawn(text) => lines_of(text),
        View::Heatmap { matrix, rows, cols } => heatmap::lines(matrix, [rows, cols], screen),
        View::Images { tiles, .. } => images::lines(tiles, screen),
        View::Plot {
            curves,
            unit,
            drawn,
            ..
        } => plot::lines(curves, *drawn, unit, screen),
        View::History { history, .. } => history::lines(history, screen),
        View::Folds(metrics) => folds::lines(metrics, screen),
        View::Run(run) => glance::run(run, screen),
        View::Data(data) => glance::data(data, screen),
        // Labelling takes these apart.
        View::Tensor(_) | View::Tuple(_) | View::Record(_) => vec![],
    }
}

/// Whether a text was written as one, and is not a constant that was worked out before.
fn is_literal(title: &str) -> bool {
    title.starts_with('"')
}

fn lines_of(text: &str) -> Vec<String> {
    text.lines().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(title: &str, value: &Labelled<'_>) -> String {
        show(
            title,
            value,
            Screen {
                width: 60,
                ..Screen::default()
            },
        )
    }

    fn confusion() -> (Tensor, Label) {
        let tensor = Tensor::from_vec(
            vec![3, 3],
            vec![10.0f32, 0.0, 0.0, 0.0, 9.0, 1.0, 0.0, 0.0, 10.0],
        );
        let names = ["setosa", "versicolor", "virginica"]
            .map(str::to_owned)
            .to_vec();
        let axes = vec![Some("actual".to_owned()), Some("predicted".to_owned())];
        (
            tensor,
            Label {
                axes,
                categories: vec![names],
            },
        )
    }

    #[test]
    fn scalars_tensors_and_texts() {
        let (scalar, vector) = (
            Tensor::scalar(0.5f64),
            Tensor::from_vec(vec![2], vec![1i64, 2]),
        );
        insta::assert_snapshot!(shown("dot(b, x)", &Labelled::Tensor(&scalar, Label::default())), @"dot(b, x) = 0.5");
        insta::assert_snapshot!(shown("x", &Labelled::Tensor(&vector, Label::default())), @r"
        x: i64[2]
          1  2
        ");
        insta::assert_snapshot!(shown("\"hi\"", &Labelled::Other(&View::Text("hi\u{1b}[0m".into()))), @r"hi\u{1b}[0m");
    }

    #[test]
    fn a_record_of_metrics() {
        let (accuracy, (matrix, label)) = (Tensor::scalar(0.966_666_7f32), confusion());
        let fields = vec![
            ("accuracy", Labelled::Tensor(&accuracy, Label::default())),
            ("confusion", Labelled::Tensor(&matrix, label)),
        ];
        insta::assert_snapshot!(shown("evaluate(fit, on: iris.val)", &Labelled::Record(fields)), @r"
        evaluate(fit, on: iris.val)
          accuracy  0.966667

          confusion:
             actual \ predicted  setosa  versicolor  virginica
            ───────────────────────────────────────────────────
             setosa                  10           0          0
             versicolor               0           9          1
             virginica                0           0         10
        ");
    }

    #[test]
    fn axes_without_known_categories() {
        let (matrix, mut label) = confusion();
        label.categories.clear();
        insta::assert_snapshot!(shown("m", &Labelled::Tensor(&matrix, label)), @r"
        m:
           actual \ predicted   0  1   2
          ───────────────────────────────
           0                   10  0   0
           1                    0  9   1
           2                    0  0  10
        ");
    }

    #[test]
    fn a_tuple_of_parts() {
        let (a, b) = (
            Tensor::scalar(true),
            Tensor::from_vec(vec![1, 2], vec![0.5f32, 1.0]),
        );
        let parts = vec![
            Labelled::Tensor(&a, Label::default()),
            Labelled::Tensor(&b, Label::default()),
        ];
        insta::assert_snapshot!(shown("(a, b)", &Labelled::Tuple(parts)), @r"
        (a, b)
          .0 = true
          .1: f32[1, 2]
            0.5  1.0
        ");
    }
}
