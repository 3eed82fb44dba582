//! From where the grammar stopped to what to tell the author. First the mistakes that many make, each with its own message; for
//! all others, what was expected and what was found.

use std::ops::Range;

use crate::diag::Diagnostic;
use crate::source::Span;
use crate::syntax::codes;

use super::habits;
use super::layout::Layout;
use super::lex::{Bracket, TokenKind};
use super::phrases::Wanted;

/// Where the grammar stopped.
pub(super) struct Site<'l, 's> {
    pub(super) layout: &'l Layout<'s>,
    /// The tokens it was reading.
    pub(super) range: Range<usize>,
    /// The token it could not take; behind the range where it ran out of tokens.
    pub(super) at: usize,
    pub(super) wanted: Wanted,
}

impl Site<'_, '_> {
    /// The first token that is not a doc.
    pub(super) fn first(&self) -> usize {
        self.layout.behind_docs(&self.range)
    }

    pub(super) fn found_kind(&self) -> Option<TokenKind> {
        self.layout.kind(self.at)
    }

    /// The text of the token that could not be taken.
    pub(super) fn found(&self) -> &str {
        self.layout.word(self.at)
    }

    /// The text of the token `back` tokens before it, within the range.
    pub(super) fn before(&self, back: usize) -> &str {
        match self.at.checked_sub(back) {
            Some(at) if at >= self.range.start => self.layout.word(at),
            _ => "",
        }
    }

    pub(super) fn place(&self) -> Span {
        self.layout.place(self.at)
    }

    /// The bracket that encloses the place, looked for beyond the piece too.
    pub(super) fn enclosing(&self) -> Option<(usize, Bracket)> {
        self.layout.enclosing(&self.range, self.at)
    }

    /// Whether what follows begins something new: it stands on a line of its own, or can only begin a statement.
    pub(super) fn begins_anew(&self) -> bool {
        self.layout.begins_line(self.at)
            || self.layout.begins_statement(self.at)
            || self.layout.begins_declaration(self.at)
            || self.found() == "}"
    }
}

/// What to say of a place that the grammar could not read.
pub(super) fn explain(site: &Site<'_, '_>) -> Diagnostic {
    let known = habits::ALL.iter().find_map(|habit| habit(site));
    known.unwrap_or_else(|| unexpected(site))
}

fn unexpected(site: &Site<'_, '_>) -> Diagnostic {
    let wanted = site.wanted.list();
    let report = Diagnostic::error(
        codes::UNEXPECTED,
        format!("expected {wanted}, found {}", found(site)),
    );
    let report = report.label(site.place(), position(site));
    match help(site) {
        Some(help) => report.help(help),
        None => report,
    }
}

fn found(site: &Site<'_, '_>) -> String {
    match site.found_kind() {
        None => "the end of the text".to_owned(),
        Some(TokenKind::Text) => "a string".to_owned(),
        Some(TokenKind::Doc) => "a doc comment".to_owned(),
        Some(
            TokenKind::Word
            | TokenKind::Number
            | TokenKind::Mark
            | TokenKind::Open(_)
            | TokenKind::Close(_)
            | TokenKind::ModuleDoc,
        ) => format!("`{}`", site.found()),
    }
}

fn position(site: &Site<'_, '_>) -> String {
    match site.before(1) {
        "" => "nothing begins like this".to_owned(),
        before if before.starts_with("///") => "behind a doc comment".to_owned(),
        before if before.len() > 20 => "cannot stand here".to_owned(),
        before => format!("cannot follow `{before}`"),
    }
}

/// One edit to try, where the place alone suggests it.
fn help(site: &Site<'_, '_>) -> Option<String> {
    let found = site.found();
    if site.wanted.has_value() {
        return match (site.before(1), found) {
            (before, ")" | "]" | "}" | ";" | ",") if is_infix(before) => Some(format!(
                "write what stands on the right of `{before}`, or remove it"
            )),
            (before, _) if is_infix(before) && is_infix(found) => {
                Some(format!("remove one of `{before}` and `{found}`"))
            }
            (",", ",") => Some("remove one of the commas".to_owned()),
            ("=" | ":", _) => Some("write a value here".to_owned()),
            _ => None,
        };
    }
    if site.wanted.list() == "`:`" {
        return Some(format!("write `{}: …`", site.before(1)));
    }
    if site.wanted.has("`;`") && site.layout.begins_operand(site.at) {
        return Some("put an operator between the two, or end the statement with `;`".to_owned());
    }
    None
}

fn is_infix(text: &str) -> bool {
    let marks = [
        "|>", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "@", "^",
    ];
    marks.contains(&text) || matches!(text, "and" | "or" | "not")
}
