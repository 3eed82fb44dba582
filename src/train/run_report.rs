//! Errors of a run with their places: that of the user's call, and where the error is about a matrix, that of the matrix.

use crate::diag::Diagnostic;
use crate::engine::RunError;
use crate::ir::{Module, Origin, OriginId};
use crate::source::{SourceMap, Span};

/// An error of a run at the place the user wrote: what goes wrong inside the library is told at the user's call. `span` is the place
/// of errors that have none.
pub fn run_report(
    error: &RunError,
    module: &Module,
    sources: &SourceMap,
    span: Span,
) -> Diagnostic {
    let calls = calls(module, error.origin);
    let is_user = |origin: &&Origin| sources.is_user(origin.span);
    let user = calls.iter().find(is_user);
    let known = user.and_then(|user| dependence(error, user, sources));
    let known = known.or_else(|| of_gradient(error, user, &calls, sources));
    let report = known.unwrap_or_else(|| plain(error, user, &calls, span));
    match calls.first() {
        Some(first) if !sources.is_user(first.span) => {
            let place = sources.place(first.span, span.source);
            report.note(format!("inside the library, at {place}"))
        }
        Some(_) | None => report,
    }
}

/// The error at the matrix that it is about, or at the user's call.
fn plain(error: &RunError, user: Option<&Origin>, calls: &[Origin], span: Span) -> Diagnostic {
    let told = error.describe();
    let report = Diagnostic {
        notes: told.notes,
        help: told.help,
        ..Diagnostic::error(told.code, told.message)
    };
    match user.filter(|user| error.is_of_matrix() && operand(user).is_some()) {
        Some(user) => at_matrix(report, user, calls),
        None => report.label(user.map_or(span, |user| user.span), "computed here"),
    }
}

/// The report at the matrix that a user's call was given.
fn at_matrix(report: Diagnostic, user: &Origin, calls: &[Origin]) -> Diagnostic {
    let what = match calls.first() == Some(user) {
        true => "this matrix",
        false => "computed from this",
    };
    report.label(operand(user).unwrap_or(user.span), what)
}

/// An error of a definition whose docs say `@dependent` and what helps: where it meets a singular matrix, columns of the one that it
/// was given depend on each other.
fn dependence(error: &RunError, user: &Origin, sources: &SourceMap) -> Option<Diagnostic> {
    let name = user.called?.name;
    let help = tagged(sources, name, "@dependent ")?;
    let told = error.describe_dependence(&format!("`{}`", sources.text(name)))?;
    let report = Diagnostic::error(told.code, told.message).help(help);
    Some(report.label(operand(user)?, "this matrix"))
}

/// An error in the gradient of an op, which solves with a matrix though the op itself does not.
fn of_gradient(
    error: &RunError,
    user: Option<&Origin>,
    calls: &[Origin],
    sources: &SourceMap,
) -> Option<Diagnostic> {
    let name = sources.text(calls.first()?.called?.name);
    error.singular_in().filter(|what| *what != name)?;
    let told = error.describe_dependence(&format!("gradient of `{name}`"))?;
    let help = "it asks for independent columns; add a little to the diagonal, or keep it out with `stop_gradient(…)`";
    let report = Diagnostic::error(told.code, told.message).help(help);
    Some(at_matrix(report, user?, calls))
}

fn operand(call: &Origin) -> Option<Span> {
    call.called?.operand
}

/// What follows a tag in the docs above a definition, of which the name is given.
fn tagged<'s>(sources: &'s SourceMap, name: Span, tag: &str) -> Option<&'s str> {
    let before = &sources.get(name.source).text[..name.start as usize];
    let lines = before.lines().rev().skip(1);
    let docs = lines.map_while(|line| line.strip_prefix("///"));
    docs.map(str::trim).find_map(|line| line.strip_prefix(tag))
}

/// The origin of a value, and those of the calls that led there, innermost first.
fn calls(module: &Module, origin: Option<OriginId>) -> Vec<Origin> {
    let origins = std::iter::successors(origin, |&origin| module.origins[origin].caller);
    origins.map(|origin| module.origins[origin]).collect()
}
