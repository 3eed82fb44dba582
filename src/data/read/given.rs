//! The arguments of a call or the fields of a record, taken one by one; what is left over is reported.

use crate::data::fault::{counted, suggestion};
use crate::data::read::Reader;
use crate::data::read::reports::{helped, list, twice};
use crate::diag::Diagnostic;
use crate::lower::codes;
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, Name};

/// What a call or a record gives.
pub(super) struct Given<'a> {
    /// Who takes it, as messages say: `` `clip` ``.
    pub(super) what: String,
    /// The whole call or record.
    pub(super) span: Span,
    unnamed: Vec<&'a Expr>,
    named: Vec<(&'a Name, &'a Expr)>,
    taken: Vec<&'a Name>,
    known: Vec<&'static str>,
}

impl<'a> Given<'a> {
    /// The arguments of a call; `span` covers all of it.
    pub(super) fn call(name: &str, span: Span, args: &'a [Arg]) -> Given<'a> {
        let named = args
            .iter()
            .filter_map(|arg| Some((arg.name.as_ref()?, &arg.value)));
        let unnamed = args.iter().filter(|arg| arg.name.is_none());
        Given {
            what: format!("`{name}`"),
            span,
            unnamed: unnamed.map(|arg| &arg.value).collect(),
            named: named.collect(),
            taken: vec![],
            known: vec![],
        }
    }

    /// The fields of a record.
    pub(super) fn record(name: &str, span: Span, fields: &'a [(Name, Expr)]) -> Given<'a> {
        Given {
            what: format!("`{name}`"),
            span,
            unnamed: vec![],
            named: fields.iter().map(|(name, value)| (name, value)).collect(),
            taken: vec![],
            known: vec![],
        }
    }

    /// What was given by this name.
    pub(super) fn take(&mut self, name: &'static str) -> Option<&'a Expr> {
        self.known.push(name);
        let at = self.named.iter().position(|(own, _)| own.value == name)?;
        let (own, value) = self.named.remove(at);
        self.taken.push(own);
        Some(value)
    }

    /// What was given by this name, or else the next without a name.
    pub(super) fn take_next(&mut self, name: &'static str) -> Option<&'a Expr> {
        self.take(name)
            .or_else(|| (!self.unnamed.is_empty()).then(|| self.unnamed.remove(0)))
    }

    /// All that was given without a name.
    pub(super) fn take_unnamed(&mut self) -> Vec<&'a Expr> {
        std::mem::take(&mut self.unnamed)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.unnamed.is_empty() && self.named.is_empty()
    }

    /// All that is left by name, but what was taken before.
    pub(super) fn take_named(&mut self) -> Vec<(&'a Name, &'a Expr)> {
        let known = &self.known;
        let is_new = |(name, _): &mut (&Name, &Expr)| !known.contains(&name.value.as_str());
        self.named.extract_if(.., is_new).collect()
    }
}

impl Reader {
    /// Reports what nothing took.
    pub(super) fn no_more(&mut self, given: &Given<'_>) -> Option<()> {
        for (name, _) in &given.named {
            let first = given.taken.iter().find(|taken| taken.value == name.value);
            self.reports.push(match first {
                Some(first) => twice(&given.what, first, name),
                None => unknown_argument(given, name),
            });
        }
        if let Some(first) = given.unnamed.first() {
            self.reports.push(too_many(given, first.span));
        }
        (given.named.is_empty() && given.unnamed.is_empty()).then_some(())
    }
}

fn unknown_argument(given: &Given<'_>, name: &Name) -> Diagnostic {
    let message = format!("{} does not take `{}`", given.what, name.value);
    let report = Diagnostic::error(codes::ARGUMENTS, message).label(name.span, "not known");
    let near = suggestion(&name.value, given.known.iter().copied());
    helped(report.note(takes(given)), near)
}

fn too_many(given: &Given<'_>, span: Span) -> Diagnostic {
    let message = format!(
        "{} is given {} too many",
        given.what,
        counted(given.unnamed.len(), "argument")
    );
    Diagnostic::error(codes::ARGUMENTS, message)
        .label(span, "nothing takes this")
        .note(takes(given))
}

fn takes(given: &Given<'_>) -> String {
    match &given.known[..] {
        [] => format!("{} takes no arguments", given.what),
        known => format!("{} takes {}", given.what, list(known)),
    }
}
