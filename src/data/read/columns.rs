//! Which columns a field takes, as written: a name, a list, or `columns(…)`.

use crate::data::read::given::Given;
use crate::data::read::reports::{helped, lacking, unknown, wrong_kind};
use crate::data::read::views::{self, bare_name, named_call, spanned};
use crate::data::read::{Reader, transforms};
use crate::data::spec::{Columns, Selector};
use crate::data::text::TEXT;
use crate::diag::Diagnostic;
use crate::lower::codes;
use crate::source::Spanned;
use crate::syntax::ast::{Arg, BinaryOp, Expr, ExprKind};

impl Reader {
    /// `species`, `"name with spaces"`, `[a, b]` or `columns("pixel_*")`.
    pub(super) fn columns(&mut self, expr: &Expr) -> Option<Columns> {
        if self.is_text {
            return match bare_name(expr).is_some_and(|name| name.value == "source") {
                true => Some(Columns::One(spanned(TEXT.to_owned(), expr))),
                false => self.report(no_columns_in_text(expr)),
            };
        }
        if let Some(items) = views::list(expr) {
            let each: Vec<Option<Vec<Selector>>> =
                items.iter().map(|item| self.selectors(item)).collect();
            let each: Option<Vec<Vec<Selector>>> = each.into_iter().collect();
            return Some(Columns::Many(each?.into_iter().flatten().collect()));
        }
        match (self.selectors(expr)?, views::named_call(expr)) {
            (selectors, Some(_)) => Some(Columns::Many(selectors)),
            (selectors, None) => match <[Selector; 1]>::try_from(selectors) {
                Ok([Selector::Name(name)]) => Some(Columns::One(name)),
                Ok([other]) => Some(Columns::Many(vec![other])),
                Err(selectors) => Some(Columns::Many(selectors)),
            },
        }
    }

    /// One entry of a list of columns.
    fn selectors(&mut self, expr: &Expr) -> Option<Vec<Selector>> {
        if let Some(name) = bare_name(expr) {
            return Some(vec![Selector::Name(name.clone())]);
        }
        if let Some(text) = views::text(expr) {
            return Some(vec![Selector::Name(spanned(text.to_owned(), expr))]);
        }
        match named_call(expr) {
            Some((name, args)) if name.value == "columns" => self.columns_call(expr, args),
            Some((name, _)) if transforms::is_transform(&name.value) => {
                self.report(inside_out(&name.value, expr))
            }
            Some((name, _)) => self.report(unknown("way to choose columns", name, &["columns"])),
            None => self.report(no_columns(expr)),
        }
    }

    /// `columns("pixel_*", "size_?")`, `columns(from: a, to: b)` or `columns(except: [y])`; without arguments, every column.
    fn columns_call(&mut self, expr: &Expr, args: &[Arg]) -> Option<Vec<Selector>> {
        let mut given = Given::call("columns", expr.span, args);
        let patterns = given.take_unnamed();
        let except = given.take("except");
        let (from, to) = (given.take("from"), given.take("to"));
        self.no_more(&given)?;
        match (&patterns[..], except, from, to) {
            ([], None, None, None) => Some(vec![every_but(vec![], expr)]),
            ([], Some(except), None, None) => {
                let names = self.left_out(except)?;
                Some(vec![every_but(names, expr)])
            }
            ([], None, Some(first), Some(last)) => {
                let (first, last) = (self.name("a column", first), self.name("a column", last));
                let (first, last) = (first?, last?);
                Some(vec![Selector::Range { first, last }])
            }
            ([], None, Some(_), None) => self.report(lacking("`columns`", "to", expr.span, RANGE)),
            ([], None, None, Some(_)) => {
                self.report(lacking("`columns`", "from", expr.span, RANGE))
            }
            (patterns, None, None, None) => {
                let each: Vec<Option<Selector>> = patterns
                    .iter()
                    .map(|pattern| {
                        Some(Selector::Glob(
                            self.name("a pattern, a text in quotes", pattern)?,
                        ))
                    })
                    .collect();
                each.into_iter().collect()
            }
            (_, _, _, _) => self.report(mixed(expr)),
        }
    }

    /// `except: species` or `except: [species, id]`.
    fn left_out(&mut self, expr: &Expr) -> Option<Vec<Spanned<String>>> {
        if views::list(expr).is_some() {
            return self.each("a list of columns", expr, |reader, item| {
                reader.name("a column", item)
            });
        }
        Some(vec![self.name("a column or a list of columns", expr)?])
    }
}

fn no_columns_in_text(expr: &Expr) -> Diagnostic {
    Diagnostic::error(codes::WRONG_KIND, "a text has no columns")
        .label(expr.span, "taken from a text")
        .help("begin with the text itself: `source |> chars(size: vocab)`")
}

const RANGE: &str = "columns(from: first, to: last)";

fn every_but(names: Vec<Spanned<String>>, expr: &Expr) -> Selector {
    let span = expr.span;
    Selector::Except { names, span }
}

fn mixed(expr: &Expr) -> Diagnostic {
    Diagnostic::error(
        codes::ARGUMENTS,
        "`columns` takes patterns, a range, or `except`, one of them at a time",
    )
    .label(expr.span, "takes several")
    .help("put several into a list: `[columns(\"a_*\"), columns(from: b, to: c)]`")
}

fn inside_out(transform: &str, expr: &Expr) -> Diagnostic {
    let message = format!("expected columns, found the transform `{transform}`");
    Diagnostic::error(codes::WRONG_KIND, message)
        .label(expr.span, "comes before the columns")
        .help(format!("put it behind them: `[a, b] |> {transform}`"))
}

fn no_columns(expr: &Expr) -> Diagnostic {
    let report = wrong_kind("a column's name", expr);
    helped(report, advice(expr).map(str::to_owned))
}

/// What was probably meant by an expression that takes no columns.
fn advice(expr: &Expr) -> Option<&'static str> {
    match &expr.kind {
        ExprKind::Chain(_, rest) if rest.iter().all(|(op, _)| op.value == BinaryOp::Sub) => {
            Some("a name with `-` in it goes in quotes: `\"petal-length\"`")
        }
        ExprKind::Chain(..) | ExprKind::Unary(..) => {
            Some("a data block calculates with transforms: `a |> log`")
        }
        ExprKind::Member(..) => Some("a name with `.` in it goes in quotes: `\"petal.length\"`"),
        ExprKind::Number(_) | ExprKind::Quantity(..) => {
            Some("columns are taken by name; a name that is a number goes in quotes")
        }
        ExprKind::Tuple(_) => Some("write a list: `[a, b]`"),
        ExprKind::Str(_)
        | ExprKind::Bool(_)
        | ExprKind::Hole
        | ExprKind::Path(_)
        | ExprKind::List(_)
        | ExprKind::Record(_)
        | ExprKind::Pipe(_)
        | ExprKind::Call(..)
        | ExprKind::Index(..)
        | ExprKind::Transpose(_)
        | ExprKind::Lambda(..)
        | ExprKind::If(..)
        | ExprKind::Repeat(..) => None,
    }
}
