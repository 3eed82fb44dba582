//! What a prompt asks of a text while it is typed: whether more is to come, and what its words are.

use std::ops::Range;

use crate::arena::Id;
use crate::diag::Diagnostic;
use crate::source::SourceMap;
use crate::syntax::codes;

use super::foreign::{LEADING, RESERVED};
use super::lex::{TokenKind, lex};
use super::parse_line;
use super::reports::Reports;

/// What a piece of text is to the eye.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tint {
    /// A word that cannot name anything, or leads a declaration.
    Keyword,
    /// A number.
    Number,
    /// A string.
    Text,
    /// A comment, or documentation.
    Comment,
}

/// The pieces of a text that stand out, in order.
pub fn tints(text: &str) -> Vec<(Range<usize>, Tint)> {
    let lexed = lex(text, Id::new(0), &mut Reports::default());
    let comments = lexed.comments.iter();
    let comments = comments.map(|comment| {
        let range = comment.span.start as usize..comment.span.end as usize;
        (range, Tint::Comment)
    });
    let tokens = lexed.tokens.iter().filter_map(|token| {
        let range = token.start()..token.end();
        tint(token.kind, &text[range.clone()]).map(|tint| (range, tint))
    });
    let mut all: Vec<_> = comments.chain(tokens).collect();
    all.sort_by_key(|(range, _)| range.start);
    all
}

fn tint(kind: TokenKind, text: &str) -> Option<Tint> {
    match kind {
        TokenKind::Word if RESERVED.contains(&text) || LEADING.contains(&text) => {
            Some(Tint::Keyword)
        }
        TokenKind::Word | TokenKind::Mark => None,
        TokenKind::Open(_) | TokenKind::Close(_) => None,
        TokenKind::Number => Some(Tint::Number),
        TokenKind::Text => Some(Tint::Text),
        TokenKind::Doc | TokenKind::ModuleDoc => Some(Tint::Comment),
    }
}

/// Words that lead a declaration or statement, or cannot name anything.
pub fn keywords() -> impl Iterator<Item = &'static str> {
    let reserved = RESERVED.iter().filter(|word| !LEADING.contains(word));
    LEADING.iter().chain(reserved).copied()
}

/// Whether a text can stand as a name.
pub fn is_name(text: &str) -> bool {
    let is_first = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(is_first) && text.chars().all(is_word) && !RESERVED.contains(&text)
}

/// Whether a line is wrong only because it ends too early: a bracket or comment is open, or something is wanted behind its end.
pub fn is_unfinished(text: &str) -> bool {
    let mut sources = SourceMap::new();
    let id = sources.add_file(std::path::Path::new(""), text);
    let (_, reports) = parse_line(&sources, id);
    let end = text.trim_end().len();
    let mut errors = reports.iter();
    // Docs want what they document.
    let is_doc = text
        .lines()
        .last()
        .is_some_and(|line| line.trim_start().starts_with("///"));
    reports.has_errors() && (is_doc || errors.any(|report| is_early(report, end)))
}

fn is_early(report: &Diagnostic, end: usize) -> bool {
    let at_end = |report: &Diagnostic| {
        let first = report.labels.first();
        first.is_some_and(|label| label.span.start as usize >= end)
    };
    match report.code {
        codes::UNCLOSED_BRACKET | codes::UNCLOSED_COMMENT => true,
        codes::UNEXPECTED => at_end(report),
        _ => false,
    }
}
