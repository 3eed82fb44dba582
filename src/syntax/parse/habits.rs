//! The mistakes that many make, one function each: it looks at where the grammar stopped and says what was meant, or nothing. Here
//! are words, names and missing parts; `marks` has the confusions of punctuation.

mod marks;

use crate::diag::{Diagnostic, did_you_mean};
use crate::syntax::codes;

use super::explain::Site;
use super::foreign;
use super::lex::{Bracket, TokenKind};
use super::phrases::{NAME, SIZE, TYPE};

pub(super) use marks::{comma_between, semicolon_after};

type Habit = fn(&Site<'_, '_>) -> Option<Diagnostic>;

/// Every habit, the more telling before the more general.
pub(super) const ALL: &[Habit] = &[
    foreign_word,
    misspelt_keyword,
    use_path,
    reserved_name,
    dangling_doc,
    marks::result_type,
    missing_result,
    marks::wrong_arrow,
    marks::assignment,
    marks::named_argument,
    marks::equals_for_colon,
    marks::colon_for_equals,
    marks::single_equals,
    untyped_parameter,
    record_in_block,
    tuple_part,
    fractional_size,
    marks::strict_relation,
    missing_else,
    marks::semicolon_in_list,
    marks::missing_comma,
    marks::missing_semicolon,
];

/// `def f`, `return x`: a word of another language leads the statement.
fn foreign_word(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let first = site.first();
    let word = site.layout.word(first);
    let ours = foreign::word(word)?;
    let leads = site.at == first + 1 || (site.at > first && matches!(word, "for" | "while"));
    let is_name = matches!(site.found(), ":" | "=");
    (leads && !is_name).then(|| {
        Diagnostic::error(codes::FOREIGN, format!("the language has no `{word}`"))
            .label(site.layout.place(first), "not known")
            .help(format!("write {ours}"))
    })
}

/// `modle Mlp(…)`: two words side by side, the first nearly a keyword.
fn misspelt_keyword(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let first = site.first();
    let is_pair = site.at == first + 1
        && site.layout.kind(first) == Some(TokenKind::Word)
        && matches!(site.found_kind(), Some(TokenKind::Word | TokenKind::Text));
    let word = site.layout.word(first);
    let near =
        did_you_mean(word, foreign::LEADING).filter(|_| is_pair && !site.wanted.has("`:`"))?;
    let report = Diagnostic::error(codes::UNEXPECTED, format!("nothing begins with `{word}`"));
    let report = report.label(site.layout.place(first), "not a keyword");
    Some(report.help(format!("did you mean `{near}`?")))
}

/// `let state = 1;`
fn reserved_name(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let word = site.found();
    let wants_name =
        site.wanted.has(NAME) || (site.wanted.has_value() && !site.layout.begins_line(site.at));
    let is_name = wants_name && foreign::is_reserved(word);
    is_name.then(|| {
        Diagnostic::error(
            codes::RESERVED_WORD,
            format!("`{word}` is a reserved word and names nothing"),
        )
        .label(site.place(), "a name is wanted here")
        .help(format!("call it something else, say `{word}_`"))
    })
}

/// A `///` that nothing follows, or in the middle of something.
fn dangling_doc(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let at = match site.found_kind() {
        Some(TokenKind::Doc) => site.at,
        _ if site.at > site.range.start
            && site.layout.kind(site.at - 1) == Some(TokenKind::Doc) =>
        {
            site.at - 1
        }
        _ => return None,
    };
    Some(
        Diagnostic::error(codes::DANGLING_DOC, "this doc comment documents nothing")
            .label(
                site.layout.place(at),
                "no declaration, field or parameter begins behind it",
            )
            .help("write `//` for a comment"),
    )
}

/// `fn f(x: [n]) -> { x }`: the braces are read as a record type.
fn missing_result(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let (brace, _) = site.enclosing()?;
    let arrow = brace.checked_sub(1)?;
    let is_body = site.layout.is(brace, "{") && site.layout.is(arrow, "->") && site.found() != "=";
    is_body.then(|| {
        Diagnostic::error(codes::UNEXPECTED, "the type of the result is missing")
            .label(site.layout.place(arrow), "a type stands behind this")
            .help("write the type, or leave out `->`")
    })
}

/// `use nn.Dense;`, `use nn as n;`
fn use_path(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let first = site.first();
    let is_path = site.layout.is(first, "use") && site.at == first + 2;
    let (message, help) = match site.found() {
        "." | "/" => (
            "the names of a module stand behind `::`",
            "write `use module::name;`",
        ),
        "as" => (
            "a module keeps its name",
            "rename what it holds: `use module::name as other;`",
        ),
        _ => return None,
    };
    let report = Diagnostic::error(codes::UNEXPECTED, message)
        .label(site.place(), "behind the name of a module");
    is_path.then(|| report.help(help))
}

/// `x.0`
fn tuple_part(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_part = site.before(1) == "." && site.found_kind() == Some(TokenKind::Number);
    is_part.then(|| {
        Diagnostic::error(
            codes::UNEXPECTED,
            format!(
                "expected a field's name behind `.`, found `{}`",
                site.found()
            ),
        )
        .label(site.place(), "fields have names, not numbers")
        .help("name the parts of a tuple: `let (a, b) = …;`")
    })
}

/// `[2.5]`
fn fractional_size(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_fraction = site.wanted.has(SIZE) && site.found_kind() == Some(TokenKind::Number);
    is_fraction.then(|| {
        Diagnostic::error(
            codes::BAD_NUMBER,
            format!("a size is a whole number, found `{}`", site.found()),
        )
        .label(site.place(), "no whole number")
        .help("round it: `floor_div(a, b)` and `ceil_div(a, b)` divide sizes")
    })
}

/// `fn f(x)`
fn untyped_parameter(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let ends = matches!(site.found(), "," | ")" | "}");
    let bracket = site
        .enclosing()
        .filter(|_| ends && site.wanted.has("`:`"))?
        .1;
    let name = site.before(1);
    let (message, example) = match bracket {
        Bracket::Round => (
            format!("the parameter `{name}` has no type"),
            format!("{name}: [n]"),
        ),
        Bracket::Square | Bracket::Curly => (
            format!("the field `{name}` has no value"),
            format!("{name}: {name}"),
        ),
    };
    let report = Diagnostic::error(codes::UNEXPECTED, message)
        .label(site.place(), "a `:` is wanted before this");
    Some(report.help(format!("write `{example}`")))
}

/// `if c { a: 1 } else …`: the braces are the block's.
fn record_in_block(site: &Site<'_, '_>) -> Option<Diagnostic> {
    let is_record =
        site.found() == ":" && matches!(site.before(2), "{" | "") && !site.wanted.has(TYPE);
    is_record.then(|| {
        let name = site.before(1);
        Diagnostic::error(
            codes::UNEXPECTED,
            "a record that is a block's value needs braces of its own",
        )
        .label(
            site.place(),
            format!("`{name}:` begins a field, but these braces are the block's"),
        )
        .help(format!("write `{{ {{ {name}: … }} }}`"))
    })
}

/// An `if` is a value, whichever way it goes.
fn missing_else(site: &Site<'_, '_>) -> Option<Diagnostic> {
    site.wanted.has("`else`").then(|| {
        Diagnostic::error(codes::MISSING_ELSE, "this `if` has no `else`")
            .label(
                site.layout.place_before(site.at),
                "an `else` is wanted here",
            )
            .note("an `if` is an expression: it has a value either way")
            .help("add `else { … }`")
    })
}
