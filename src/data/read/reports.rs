//! What is said of words that a block cannot use, in one wording for all of them.

use crate::data::fault::suggestion;
use crate::diag::Diagnostic;
use crate::lower::codes;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Name};

/// Names as messages list them: `` `a`, `b` and `c` ``.
pub(super) fn list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match &quoted[..] {
        [] => "none".to_owned(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// A report with its help, if there is one.
pub(super) fn helped(report: Diagnostic, help: Option<String>) -> Diagnostic {
    help.into_iter().fold(report, Diagnostic::help)
}

/// A name that is not among those that exist; `what` is their kind.
pub(super) fn unknown(what: &str, name: &Name, known: &[&str]) -> Diagnostic {
    let message = format!("there is no {what} `{}`", name.value);
    let report = Diagnostic::error(codes::UNKNOWN_NAME, message);
    let report = report.label(name.span, "not known");
    let report = report.note(format!("there are {}", list(known)));
    helped(report, suggestion(&name.value, known.iter().copied()))
}

/// An expression of another kind than wanted.
pub(super) fn wrong_kind(wanted: &str, found: &Expr) -> Diagnostic {
    let found_kind = kind(found);
    let message = format!("expected {wanted}, found {found_kind}");
    Diagnostic::error(codes::WRONG_KIND, message).label(found.span, format!("this is {found_kind}"))
}

/// A name given twice by `what`.
pub(super) fn twice(what: &str, first: &Name, second: &Name) -> Diagnostic {
    let message = format!("{what} gives `{}` twice", second.value);
    Diagnostic::error(codes::DUPLICATE, message)
        .label(second.span, "the second time")
        .label(first.span, "the first time")
        .help("keep one of them")
}

/// An argument that must be there.
pub(super) fn lacking(what: &str, name: &str, span: Span, example: &str) -> Diagnostic {
    let message = format!("{what} needs `{name}`");
    Diagnostic::error(codes::ARGUMENTS, message)
        .label(span, "not given here")
        .help(format!("write `{example}`"))
}

/// What an expression is, as messages say it.
pub(super) fn kind(expr: &Expr) -> &'static str {
    match &expr.kind {
        ExprKind::Number(number) if number.is_percent => "a percentage",
        ExprKind::Number(_) => "a number",
        ExprKind::Quantity(..) => "a number with a unit",
        ExprKind::Str(_) => "a text",
        ExprKind::Bool(_) => "a truth value",
        ExprKind::Hole => "a hole",
        ExprKind::Path(_) => "a name",
        ExprKind::List(_) => "a list",
        ExprKind::Tuple(_) => "a tuple",
        ExprKind::Record(_) => "a record",
        ExprKind::Unary(..) | ExprKind::Chain(..) => "a calculation",
        ExprKind::Pipe(_) => "a pipe",
        ExprKind::Call(..) => "a call",
        ExprKind::Index(..) => "an index",
        ExprKind::Member(..) => "a field of a value",
        ExprKind::Transpose(_) => "a transpose",
        ExprKind::Lambda(..) => "a function",
        ExprKind::If(..) => "a choice",
        ExprKind::Repeat(..) => "a repetition",
    }
}
