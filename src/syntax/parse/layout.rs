//! A text as tokens whose brackets are paired: what it takes to walk over a text from group to group, and to see where an item or
//! a statement begins, without knowing the grammar.

use std::ops::Range;

use crate::source::{SourceId, Span};

use super::foreign;
use super::lex::{Bracket, Token, TokenKind};

/// A scanned text. `behind[i]` is the token behind the group that token `i` opens; for other tokens it says nothing.
#[derive(Debug)]
pub(super) struct Layout<'s> {
    pub(super) text: &'s str,
    pub(super) source: SourceId,
    pub(super) tokens: Vec<Token>,
    pub(super) behind: Vec<u32>,
}

impl<'s> Layout<'s> {
    pub(super) fn kind(&self, at: usize) -> Option<TokenKind> {
        self.tokens.get(at).map(|token| token.kind)
    }

    /// The text of a token; empty behind the last one.
    pub(super) fn word(&self, at: usize) -> &'s str {
        let token = self.tokens.get(at);
        token.map_or("", |token| &self.text[token.start()..token.end()])
    }

    pub(super) fn is(&self, at: usize, text: &str) -> bool {
        self.word(at) == text
    }

    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        let offset = |byte| u32::try_from(byte).expect("`parse` refuses texts of 4 GiB and more");
        Span {
            source: self.source,
            start: offset(start),
            end: offset(end),
        }
    }

    /// Where a token stands; behind the last one, the empty place where it ends.
    pub(super) fn place(&self, at: usize) -> Span {
        match self.tokens.get(at) {
            Some(token) => self.span(token.start(), token.end()),
            None => self.place_before(at.min(self.tokens.len())),
        }
    }

    /// The empty place right behind the token before `at`.
    pub(super) fn place_before(&self, at: usize) -> Span {
        let end = at.checked_sub(1).map_or(0, |last| self.tokens[last].end());
        self.span(end, end)
    }

    /// The bytes that some tokens cover.
    pub(super) fn bytes(&self, range: &Range<usize>) -> Range<usize> {
        match (self.tokens.get(range.start), range.end.checked_sub(1)) {
            (Some(first), Some(last)) if !range.is_empty() => {
                first.start()..self.tokens[last].end()
            }
            _ => self.text.len()..self.text.len(),
        }
    }

    /// The token behind this one, or behind the group it opens.
    pub(super) fn after(&self, at: usize) -> usize {
        match self.kind(at) {
            Some(TokenKind::Open(_)) => self.behind[at] as usize,
            _ => at + 1,
        }
    }

    /// The tokens inside the group that `at` opens.
    pub(super) fn inside(&self, at: usize) -> Range<usize> {
        let behind = self.after(at);
        let is_closed = !self.tokens[at].is_bad;
        at + 1..(behind - usize::from(is_closed)).max(at + 1)
    }

    /// Whether anything in a range was reported already.
    pub(super) fn has_bad(&self, range: &Range<usize>) -> bool {
        self.tokens[range.clone()].iter().any(|token| token.is_bad)
    }

    /// The first token of a range that is not a doc.
    pub(super) fn behind_docs(&self, range: &Range<usize>) -> usize {
        let docs = self.tokens[range.clone()].iter();
        range.start
            + docs
                .take_while(|token| token.kind == TokenKind::Doc)
                .count()
    }

    /// Whether a new line begins between a token and the one before it.
    pub(super) fn begins_line(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else {
            return true;
        };
        let end = self.tokens.get(at).map_or(self.text.len(), Token::start);
        self.text[self.tokens[before].end()..end].contains('\n')
    }

    /// Whether a declaration begins here. Nothing else in the language begins with these pairs of words, so that this holds
    /// inside brackets that someone forgot to close, too.
    pub(super) fn begins_declaration(&self, at: usize) -> bool {
        if self.kind(at) != Some(TokenKind::Word) {
            return false;
        }
        let next = at + 1;
        match self.word(at) {
            "fn" | "layer" | "model" | "optimizer" => self.is_name(next) && self.is(next + 1, "("),
            "data" | "train" => self.is_name(next) && self.is(next + 1, "{"),
            "test" => self.kind(next) == Some(TokenKind::Text) && self.is(next + 1, "{"),
            "type" => self.is_name(next) && matches!(self.word(next + 1), "=" | "["),
            "dim" => self.is_name(next) && matches!(self.word(next + 1), "=" | ";"),
            "use" => self.is_name(next) && matches!(self.word(next + 1), "::" | ";"),
            _ => false,
        }
    }

    /// Whether a statement begins here that no expression can run into.
    pub(super) fn begins_statement(&self, at: usize) -> bool {
        // Fields, arguments and members may be called by any word.
        let is_member = at.checked_sub(1).is_some_and(|before| self.is(before, "."));
        if self.kind(at) != Some(TokenKind::Word) || is_member || self.is(at + 1, ":") {
            return false;
        }
        match self.word(at) {
            "let" | "param" | "state" | "tap" | "assert" | "show" | "save" => true,
            "next" => self.is_name(at + 1) && self.is(at + 2, "="),
            _ => false,
        }
    }

    /// Whether something new begins here, which no item or statement can run into. Behind a keyword it is a name that happens to
    /// be reserved, and for the grammar to refuse.
    pub(super) fn begins_anew(&self, at: usize) -> bool {
        let begins = match self.kind(at) {
            Some(TokenKind::Doc) => return true,
            _ => self.begins_statement(at) || self.begins_declaration(at),
        };
        let follows_keyword = |before: usize| foreign::LEADING.contains(&self.word(before));
        begins && (self.begins_line(at) || !at.checked_sub(1).is_some_and(follows_keyword))
    }

    /// Whether a word begins a line right behind a `}`: unless it joins the two, something was not ended.
    pub(super) fn begins_behind_brace(&self, at: usize) -> bool {
        let joins = ["else", "and", "or", "to", "as", "where", "grad"];
        let is_word = self.kind(at) == Some(TokenKind::Word) && !joins.contains(&self.word(at));
        is_word
            && self.begins_line(at)
            && at.checked_sub(1).is_some_and(|before| self.is(before, "}"))
    }

    /// The first token from `at` on that is not a comment as Python writes it; those are reported, and stand in nothing's way.
    pub(super) fn behind_hashes(&self, at: usize) -> usize {
        let hashes = self.tokens[at..]
            .iter()
            .take_while(|token| token.is_bad && self.text[token.start()..].starts_with('#'));
        at + hashes.count()
    }

    /// Whether a field begins here: a word and a `:`.
    pub(super) fn begins_field(&self, at: usize) -> bool {
        self.kind(at) == Some(TokenKind::Word) && self.is(at + 1, ":")
    }

    fn is_name(&self, at: usize) -> bool {
        // `save model to (path)` is no model called `to`.
        let joins = ["to", "as", "divides"];
        self.kind(at) == Some(TokenKind::Word)
            && !foreign::is_reserved(self.word(at))
            && !joins.contains(&self.word(at))
    }

    /// Whether a token can begin a value, so that it cannot follow one.
    pub(super) fn begins_operand(&self, at: usize) -> bool {
        match self.kind(at) {
            Some(TokenKind::Word) => {
                !matches!(self.word(at), "and" | "or" | "else" | "where" | "to" | "as")
            }
            Some(TokenKind::Number | TokenKind::Text | TokenKind::Open(_)) => true,
            Some(TokenKind::Mark | TokenKind::Close(_) | TokenKind::Doc | TokenKind::ModuleDoc)
            | None => false,
        }
    }

    /// The bracket within `range` that is open at `at`, if one is.
    pub(super) fn enclosing(&self, range: &Range<usize>, at: usize) -> Option<(usize, Bracket)> {
        let mut depth = 0usize;
        for index in (range.start..at.min(range.end)).rev() {
            match self.tokens[index].kind {
                TokenKind::Close(_) => depth += 1,
                TokenKind::Open(bracket) if depth == 0 => return Some((index, bracket)),
                TokenKind::Open(_) => depth -= 1,
                TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Mark => {}
                TokenKind::Doc | TokenKind::ModuleDoc => {}
            }
        }
        None
    }
}
