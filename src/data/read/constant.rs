//! Values that stand in a block: numbers, possibly calculated, texts, names and lists of them.

use crate::data::read::Reader;
use crate::data::read::reports::{helped, wrong_kind};
use crate::data::read::views::{self, bare_name, spanned};
use crate::diag::Diagnostic;
use crate::lower::codes;
use crate::scalar::math::Float;
use crate::source::Spanned;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, Name, UnaryOp};

/// Whole numbers up to here are exact as `f64`.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl Reader {
    /// A number: `3`, `-1`, `80%`, `1 / 255`.
    pub(super) fn number(&mut self, expr: &Expr) -> Option<f64> {
        match number_of(expr) {
            Ok(value) => Some(value),
            Err(at) => self.report(wrong_kind("a number", at)),
        }
    }

    /// A whole number that is not negative; `what` says of what.
    pub(super) fn count(&mut self, what: &str, expr: &Expr) -> Option<Spanned<usize>> {
        let value = self.whole(what, expr)?;
        let value = usize::try_from(value).ok();
        Some(spanned(value?, expr))
    }

    /// As [`Reader::count`], where 64 bits matter.
    pub(super) fn whole(&mut self, what: &str, expr: &Expr) -> Option<u64> {
        if let Some(value) = views::integer(expr).and_then(|value| u64::try_from(value).ok()) {
            return Some(value);
        }
        let value = self.number(expr)?;
        if value.trunc() == value && (0.0..=EXACT).contains(&value) {
            return Some(value as u64);
        }
        let message = format!("{what} must be a whole number from 0, and is `{value}`");
        let report = Diagnostic::error(codes::WRONG_KIND, message);
        self.report(report.label(expr.span, format!("is `{value}`")))
    }

    /// A text in quotes.
    pub(super) fn text(&mut self, what: &str, expr: &Expr) -> Option<Spanned<String>> {
        if let Some(text) = views::text(expr) {
            return Some(spanned(text.to_owned(), expr));
        }
        self.report(unquoted(&format!("{what}, a text in quotes"), expr))
    }

    /// A name, with or without quotes.
    pub(super) fn name(&mut self, what: &str, expr: &Expr) -> Option<Spanned<String>> {
        match (bare_name(expr), views::text(expr)) {
            (Some(name), _) => Some(name.clone()),
            (None, Some(text)) => Some(spanned(text.to_owned(), expr)),
            (None, None) => self.report(wrong_kind(what, expr)),
        }
    }

    /// A category: a name, a text, a whole number or a truth value, as a file would hold it.
    pub(super) fn category(&mut self, expr: &Expr) -> Option<Spanned<String>> {
        match category_of(expr) {
            Some(text) => Some(spanned(text, expr)),
            None => self.report(wrong_kind("a category", expr)),
        }
    }

    /// Each item of a list.
    pub(super) fn each<T>(
        &mut self,
        what: &str,
        expr: &Expr,
        read: impl Fn(&mut Reader, &Expr) -> Option<T>,
    ) -> Option<Vec<T>> {
        let Some(items) = views::list(expr) else {
            return self.report(wrong_kind(what, expr));
        };
        let read: Vec<Option<T>> = items.iter().map(|item| read(self, item)).collect();
        read.into_iter().collect()
    }
}

/// An expression of another kind than wanted; a name was probably meant as a text.
pub(super) fn unquoted(wanted: &str, found: &Expr) -> Diagnostic {
    let quoted = |name: &Name| format!("put it in quotes: `\"{}\"`", name.value);
    helped(wrong_kind(wanted, found), bare_name(found).map(quoted))
}

/// An expression's value, or the part of it that is no number.
pub(super) fn number_of(expr: &Expr) -> Result<f64, &Expr> {
    if let ExprKind::Number(number) = &expr.kind {
        return Ok(number.value);
    }
    if let ExprKind::Unary(UnaryOp::Neg, operand) = &expr.kind {
        return Ok(-number_of(operand)?);
    }
    let ExprKind::Chain(first, rest) = &expr.kind else {
        return Err(expr);
    };
    rest.iter()
        .try_fold(number_of(first)?, |value, (op, operand)| {
            calculate(op.value, value, number_of(operand)?).ok_or(expr)
        })
}

pub(super) fn calculate(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    match op {
        BinaryOp::Add => Some(a + b),
        BinaryOp::Sub => Some(a - b),
        BinaryOp::Mul => Some(a * b),
        BinaryOp::Div => Some(a / b),
        BinaryOp::Pow => Some(Float::pow(a, b)),
        BinaryOp::MatMul
        | BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::And
        | BinaryOp::Or => None,
    }
}

fn category_of(expr: &Expr) -> Option<String> {
    let text = views::text(expr).or(bare_name(expr).map(|name| name.value.as_str()));
    let number = || Some(views::integer(expr)?.to_string());
    let truth = || Some(views::truth(expr)?.to_string());
    text.map(str::to_owned).or_else(number).or_else(truth)
}
