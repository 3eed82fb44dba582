//! What is seen as a picture, `heatmap` and `images`, and pictures that are saved: `save images(x) to "x.png"`.

use std::rc::Rc;

use crate::diag::Diagnostic;
use crate::ir::draft::{AxisPattern, NodeKind, Pattern, Why};
use crate::lower::arguments::Bound;
use crate::lower::host::argument;
use crate::lower::inspect::names;
use crate::lower::plan::{Action, ImageLayout, Show, Shown};
use crate::lower::value::{Host, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

/// The endings of files that pictures are drawn into.
const ENDINGS: [&str; 2] = [".png", ".svg"];

impl Lowerer<'_> {
    /// `heatmap(x, rows, cols)`: a matrix to be seen in shades.
    pub(crate) fn heatmap(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let x = argument(args, "x");
        let tensor = self.to_tensor(&x.value, x.span)?;
        let pattern = Pattern {
            elem: self.open_float(),
            axes: vec![AxisPattern::Hole, AxisPattern::Hole],
            span,
        };
        let why = Why::Argument {
            callee: "heatmap".into(),
            param: "x".into(),
        };
        let matrix = self.emit(NodeKind::Ascribe(pattern, why), &[tensor], x.span);
        let labels = ["rows", "cols"].map(|name| names(&argument(args, name).value));
        Ok(Val::Heatmap(Box::new(Val::Tensor(matrix)), Rc::new(labels)))
    }

    /// `images(x, under, columns, range)`: tensors of images, those of one beneath those of another.
    pub(crate) fn images(&mut self, args: &[Bound]) -> Lowering<Val> {
        let (x, under) = (argument(args, "x"), argument(args, "under"));
        let more = match &under.value {
            Val::List(items) if items.is_empty() || !is_literal(&under.value) => items.clone(),
            Val::Tuple(items) => items.clone(),
            single => vec![single.clone()],
        };
        let first = std::iter::once((&x.value, x.span));
        let all = first.chain(more.iter().map(|item| (item, under.span)));
        let tensors = all.map(|(value, span)| Ok(Val::Tensor(self.to_tensor(value, span)?)));
        let tensors = tensors.collect::<Lowering<_>>()?;
        let columns = self.columns(argument(args, "columns"))?;
        let range = self.tones(argument(args, "range"))?;
        Ok(Val::Images(tensors, ImageLayout { columns, range }))
    }

    fn columns(&mut self, bound: &Bound) -> Lowering<usize> {
        let columns = self.to_int(&bound.value, bound.span)?;
        match usize::try_from(columns) {
            Ok(columns) if columns > 0 => Ok(columns),
            Ok(_) | Err(_) => {
                let message = format!("images side by side in {columns} columns");
                let report = Diagnostic::error(codes::WRONG_KIND, message);
                let report = report.label(bound.span, "given here");
                Err(self.report(report.help("one column is the least: `columns: 1`")))
            }
        }
    }

    /// What is black and what white; nothing where an empty list says so.
    fn tones(&mut self, bound: &Bound) -> Lowering<Option<[f64; 2]>> {
        let items = match &bound.value {
            Val::List(items) | Val::Tuple(items) => items.as_slice(),
            _ => &[],
        };
        let number = |item: &Val| match item {
            Val::Number(number) => Some(*number),
            _ => None,
        };
        let numbers: Option<Vec<f64>> = items.iter().map(number).collect();
        match (numbers.as_deref(), &bound.value) {
            (Some([]), Val::List(_)) => Ok(None),
            (Some(&[low, high]), _) if low < high => Ok(Some([low, high])),
            (_, Val::Poison) => Err(Reported),
            (_, other) => {
                let message = "expected two numbers, that of black and that of white";
                let report = Diagnostic::error(codes::WRONG_KIND, message);
                let report = report.label(bound.span, format!("this is {}", other.kind()));
                Err(self.report(report.help("write the lesser one first: `range: [0, 1]`")))
            }
        }
    }

    /// `save fit to "fit.nnlm"`, or a picture to a file of pixels.
    pub(crate) fn save(&mut self, cx: &Cx, value: &Expr, path: &Expr) -> Lowering<()> {
        // What has a name is there already; anything else is computed like what is shown.
        let found = match &value.kind {
            ExprKind::Path(_) => self.eval(cx, value)?,
            _ => self.top_value(cx, value)?,
        };
        let text = self.eval(cx, path)?;
        let text = self.to_str(&text, path.span)?;
        let action = match &found {
            Val::Host(Host::Run(run)) => Action::Save {
                run: run.clone(),
                path: text,
                span: path.span,
            },
            Val::Heatmap(..) | Val::Images(..) | Val::Drawing(_) | Val::Host(Host::Plot(..)) => {
                self.check_ending((&text, path.span), endings(&found))?;
                Action::Draw {
                    show: self.show_of(&found, value)?,
                    path: text,
                    span: path.span,
                }
            }
            other => return Err(self.nothing_to_save(other, &text, value.span)),
        };
        self.actions.push(action);
        Ok(())
    }

    /// A value to show, under the expression as written.
    pub(crate) fn show_of(&mut self, value: &Val, expr: &Expr) -> Lowering<Show> {
        let words = self.sources.text(expr.span).split_whitespace();
        Ok(Show {
            title: words.collect::<Vec<_>>().join(" "),
            span: expr.span,
            value: self.shown(value, expr.span)?,
        })
    }

    fn check_ending(&mut self, (path, span): (&str, Span), endings: &[&str]) -> Lowering<()> {
        if has_ending(path, endings) {
            return Ok(());
        }
        let message = format!("a picture cannot be drawn into `{}`", path.escape_debug());
        let report = Diagnostic::error(codes::NO_FORMAT, message);
        let what = match endings.len() {
            1 => "lines and points are drawn as shapes, not as pixels",
            _ => "its ending names no format of pictures",
        };
        let report = report.label(span, what);
        let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
        let known: Vec<String> = endings.iter().map(|ending| format!("`{ending}`")).collect();
        Err(self.report(report.help(format!(
            "end its name in {}: `\"{}{}\"`",
            known.join(" or "),
            stem.escape_debug(),
            endings[0]
        ))))
    }

    fn nothing_to_save(&mut self, found: &Val, path: &str, span: Span) -> Reported {
        match found {
            Val::Tensor(_) | Val::Global(_) if names_picture(path) => {
                let message = "expected images or a heat map, found a tensor";
                let report = Diagnostic::error(codes::WRONG_KIND, message);
                let report = report.label(span, "this is a tensor");
                let text = self.sources.text(span).to_string();
                self.report(report.help(format!(
                    "say how it is seen: `images({text})`, or `heatmap({text})` for a matrix"
                )))
            }
            other => self.wrong_kind(
                "the name of a `train` block, images, a heat map or a plot",
                other,
                span,
            ),
        }
    }
}

/// The endings of files that such a picture is drawn into: lines and points are shapes alone.
fn endings(picture: &Val) -> &'static [&'static str] {
    match picture {
        Val::Drawing(_) | Val::Host(_) => &ENDINGS[1..],
        _ => &ENDINGS,
    }
}

/// Whether a file's name is that of a picture.
fn names_picture(path: &str) -> bool {
    has_ending(path, &ENDINGS)
}

fn has_ending(path: &str, endings: &[&str]) -> bool {
    let path = path.to_ascii_lowercase();
    endings.iter().any(|ending| path.ends_with(ending))
}

/// Whether a list is one tensor, written out.
fn is_literal(value: &Val) -> bool {
    match value {
        Val::List(items) => items.iter().all(is_literal),
        other => matches!(other, Val::Number(_) | Val::Bool(_)),
    }
}

/// The names of tensors that are shown one by one.
pub(super) fn tensor_names(shown: Vec<Shown>) -> Option<Vec<String>> {
    let name = |shown| match shown {
        Shown::Tensor(name) => Some(name),
        _ => None,
    };
    shown.into_iter().map(name).collect()
}
