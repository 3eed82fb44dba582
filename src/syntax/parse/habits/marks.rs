//! Marks taken for one another: `=` and `:`, `->` and `=>`, `;` and `,`, and marks left out.

use crate::diag::Diagnostic;
use crate::source::Span;
use crate::syntax::codes;

use super::super::explain::Site;
use super::super::foreign;
use super::super::lex::{Bracket, TokenKind};
use super::super::phrases::{EXPRESSION, OPERATOR};

/// `fn f(x: [n]): [n]`
pub(super) fn result_type(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_result = site.found() == ":" && site.wanted.has("`->`");
    is_result.then(|| {
        Diagnostic::error(
            codes::WRONG_ARROW,
            "a result type stands behind `->`, found `:`",
        )
        .label(site.place(), "between the parameters and the result")
        .help("write `->` instead of `:`")
    })
}

/// `where n > 2`
pub(super) fn strict_relation(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let wider = match site.found() {
        "<" => "a + 1 <= b",
        ">" => "a >= b + 1",
        _ => return None,
    };
    site.wanted.has("a relation such as `<=`").then(|| {
        Diagnostic::error(
            codes::UNEXPECTED,
            format!("sizes are not related by `{}`", site.found()),
        )
        .label(
            site.place(),
            "the relations are `==`, `<=`, `>=` and `divides`",
        )
        .help(format!("sizes are whole numbers: write `{wider}`"))
    })
}

/// `[1; 2]`
pub(super) fn semicolon_in_list(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_list = site.found() == ";" && site.wanted.has("`,`");
    is_list.then(|| {
        Diagnostic::error(codes::UNEXPECTED, "expected `,`, found `;`")
            .label(
                site.place(),
                "a `;` ends a statement, and this one has brackets open",
            )
            .help("write `,`")
    })
}

/// `->` for `=>`, or the other way round.
pub(super) fn wrong_arrow(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let (right, why) = match site.found() {
        "->" if site.wanted.has("`=>`") => (
            "=>",
            "a function without a name is written `fn(x) => value`",
        ),
        "=>" if site.wanted.has("`->`") => ("->", "the type of a result is written `-> type`"),
        _ => return None,
    };
    let report = Diagnostic::error(
        codes::WRONG_ARROW,
        format!("expected `{right}`, found `{}`", site.found()),
    );
    Some(
        report
            .label(site.place(), why)
            .help(format!("write `{right}`")),
    )
}

/// `x = 5;`
pub(super) fn assignment(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let first = site.first();
    let is_assignment = site.found() == "="
        && site.at == first + 1
        && site.layout.kind(first) == Some(TokenKind::Word)
        && !foreign::is_reserved(site.layout.word(first))
        && !site.wanted.has("`:`");
    is_assignment.then(|| {
        let name = site.layout.word(first);
        Diagnostic::error(codes::UNEXPECTED, "a value gets a name with `let`")
            .label(site.layout.place(first), "no statement begins like this")
            .help(format!(
                "write `let {name} = …;`; a second `let` may use the name again"
            ))
    })
}

/// `adam(lr = 0.1)`
pub(super) fn named_argument(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_argument = site.found() == "="
        && matches!(site.enclosing(), Some((_, Bracket::Round)))
        && matches!(site.before(2), "(" | ",")
        && site.wanted.has(OPERATOR);
    is_argument.then(|| {
        let name = site.before(1);
        Diagnostic::error(
            codes::COLON_OR_EQUALS,
            "an argument is given by name with `:`, found `=`",
        )
        .label(site.place(), format!("behind the name `{name}`"))
        .help(format!("write `{name}: …`"))
    })
}

/// `epochs = 10` in a block of fields, `x = [n]` in parameters.
pub(super) fn equals_for_colon(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_field = site.found() == "=" && site.wanted.has("`:`");
    is_field.then(|| {
        let name = site.before(1);
        let (what, value) = match site.enclosing() {
            Some((_, Bracket::Round)) => ("a parameter", "type"),
            Some((_, Bracket::Square | Bracket::Curly)) | None => ("a field", "value"),
        };
        Diagnostic::error(
            codes::COLON_OR_EQUALS,
            format!("{what} is written `name: {value}`, found `=`"),
        )
        .label(site.place(), "a `:` is wanted here")
        .help(format!("write `{name}: …`"))
    })
}

/// `dim n: 3;`
pub(super) fn colon_for_equals(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_binding = site.found() == ":" && site.wanted.has("`=`");
    is_binding.then(|| {
        Diagnostic::error(
            codes::COLON_OR_EQUALS,
            "a value stands behind `=`, found `:`",
        )
        .label(site.place(), "an `=` is wanted here")
        .help(format!("write `{} = …`", site.before(1)))
    })
}

/// `if x = 3 { … }`
pub(super) fn single_equals(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_comparison = site.found() == "=" && site.wanted.has(OPERATOR);
    is_comparison.then(|| {
        Diagnostic::error(
            codes::COLON_OR_EQUALS,
            "`=` gives a name to a value and stands in `let` only",
        )
        .label(site.place(), "inside an expression")
        .help("to compare, write `==`")
    })
}

/// Two things side by side in a list.
pub(super) fn missing_comma(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_missing =
        site.wanted.has("`,`") && !site.wanted.has("`;`") && site.layout.begins_operand(site.at);
    is_missing.then(|| {
        comma_between(
            site.layout.place_before(site.at),
            site.before(1),
            site.found(),
        )
    })
}

/// The report on two neighbours without a comma.
pub(in super::super) fn comma_between(place: Span, left: &str, right: &str) -> Diagnostic {
    Diagnostic::error(
        codes::MISSING_COMMA,
        format!("expected `,` between `{left}` and `{right}`"),
    )
    .label(place, "a `,` is missing here")
    .help(format!("write `{left}, {right}`"))
}

/// A statement that runs into the next.
pub(super) fn missing_semicolon(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_missing = site.wanted.has("`;`") && !site.wanted.has(EXPRESSION) && site.begins_anew();
    is_missing.then(|| semicolon_after(site.layout.place_before(site.at)))
}

/// The report on a statement without its end.
pub(in super::super) fn semicolon_after(place: Span) -> Diagnostic {
    Diagnostic::error(
        codes::MISSING_SEMICOLON,
        "expected `;` at the end of this statement",
    )
    .label(place, "a `;` is missing here")
    .help("add `;`")
}
