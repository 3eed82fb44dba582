//! An expression seen as one of the few forms that a block has a use for; `None` where it has another.

use crate::source::Spanned;
use crate::syntax::ast::{Arg, Expr, ExprKind, Name, UnaryOp};

/// A name by itself.
pub(super) fn bare_name(expr: &Expr) -> Option<&Name> {
    let ExprKind::Path(path) = &expr.kind else {
        return None;
    };
    let [name] = &path[..] else { return None };
    Some(name)
}

/// The function and arguments of `f(…)`, where `f` is a name by itself.
pub(super) fn named_call(expr: &Expr) -> Option<(&Name, &[Arg])> {
    let ExprKind::Call(function, args) = &expr.kind else {
        return None;
    };
    Some((bare_name(function)?, args))
}

/// A text in quotes.
pub(super) fn text(expr: &Expr) -> Option<&str> {
    let ExprKind::Str(text) = &expr.kind else {
        return None;
    };
    Some(text)
}

/// `true` or `false`.
pub(super) fn truth(expr: &Expr) -> Option<bool> {
    let ExprKind::Bool(value) = &expr.kind else {
        return None;
    };
    Some(*value)
}

/// A whole number as written, `-3` included.
pub(super) fn integer(expr: &Expr) -> Option<i64> {
    if let ExprKind::Unary(UnaryOp::Neg, operand) = &expr.kind {
        return integer(operand)?.checked_neg();
    }
    let ExprKind::Number(number) = &expr.kind else {
        return None;
    };
    number.int
}

/// The items of a list.
pub(super) fn list(expr: &Expr) -> Option<&[Expr]> {
    let ExprKind::List(items) = &expr.kind else {
        return None;
    };
    Some(items)
}

/// The fields of a record.
pub(super) fn record(expr: &Expr) -> Option<&[(Name, Expr)]> {
    let ExprKind::Record(fields) = &expr.kind else {
        return None;
    };
    Some(fields)
}

/// What is piped, and what it is piped through.
pub(super) fn pipe(expr: &Expr) -> (&Expr, &[Expr]) {
    if let ExprKind::Pipe(stages) = &expr.kind
        && let Some((first, rest)) = stages.split_first()
    {
        return (first, rest);
    }
    (expr, &[])
}

/// A value that stands where an expression does.
pub(super) fn spanned<T>(value: T, expr: &Expr) -> Spanned<T> {
    Spanned::new(value, expr.span)
}
