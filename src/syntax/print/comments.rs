//! Comments and empty lines of the text that a program was read from. The printer says how far it has come; what stands before that
//! place goes out in one of three ways: at the end of a line, on a line of its own, or before the next word. A comment never moves
//! over a word other than a separator or a bracket.

use crate::source::{Span, Spanned};
use crate::syntax::ast::Item;

use super::Printer;
use super::layout::Token;

/// The text, and the comments that have not been printed yet.
pub(super) struct Source<'t> {
    pub(super) text: &'t str,
    pub(super) comments: &'t [Spanned<String>],
}

/// How a comment stands among words.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Behind words, with nothing after it on the line.
    Behind,
    /// On lines of its own.
    Alone,
    /// With words after it on the line.
    Before,
}

impl<'t> Printer<'t> {
    /// Prints the comments that begin before `place`.
    pub(super) fn upto(&mut self, place: u32) {
        self.comments_upto(place, stand);
    }

    /// The same where a line begins at `place`: what stands behind the line before stays there.
    pub(super) fn upto_line(&mut self, place: u32) {
        self.comments_upto(place, |text, start, end| match stand(text, start, end) {
            Stand::Before if !is_first(text, start) => Stand::Behind,
            stand @ (Stand::Before | Stand::Behind | Stand::Alone) => stand,
        });
    }

    fn comments_upto(&mut self, place: u32, stand: impl Fn(&str, usize, usize) -> Stand) {
        while let Some((text, start, end)) = self.next_comment(place) {
            let words = text[start..end].trim_end();
            match stand(text, start, end) {
                Stand::Behind if !self.is_behind_comment() => self.comment_behind(words),
                Stand::Behind | Stand::Alone => {
                    self.newline();
                    self.gap(start);
                    self.put(words);
                    self.newline();
                }
                Stand::Before => {
                    if is_first(text, start) {
                        self.newline();
                        self.gap(start);
                    }
                    self.put_apart(words);
                    self.put(" ");
                }
            }
        }
    }

    fn next_comment(&mut self, place: u32) -> Option<(&'t str, usize, usize)> {
        let source = self.source.as_mut()?;
        let (first, rest) = source.comments.split_first()?;
        if first.span.start >= place {
            return None;
        }
        source.comments = rest;
        let Span { start, end, .. } = first.span;
        Some((source.text, start as usize, end as usize))
    }

    /// Whether a comment begins before `place`.
    pub(super) fn has_comment(&self, place: u32) -> bool {
        let source = self.source.as_ref();
        let first = source.and_then(|source| source.comments.first());
        first.is_some_and(|first| first.span.start < place)
    }

    /// Puts a comment behind the last word: before the places to break that have been written since, the first of which ends the line.
    fn comment_behind(&mut self, words: &str) {
        let last = self.tokens.iter().rposition(Token::is_word);
        let last = last.map_or(0, |at| at + 1);
        let since = self.tokens.split_off(last);
        self.tokens.push(Token::Aside(format!(" {words}")));
        let mut has_ended = false;
        for token in since {
            let ends = token.is_break() && !has_ended;
            has_ended |= ends;
            self.tokens.push(if ends { Token::Hard } else { token });
        }
        if !has_ended {
            self.tokens.push(Token::Hard);
        }
        self.is_fresh = true;
    }

    /// Whether the last words are a comment, which would swallow another on its line.
    fn is_behind_comment(&self) -> bool {
        let mut words = self.tokens.iter().rev().filter(|token| token.is_word());
        matches!(words.next(), Some(Token::Aside(text) | Token::Text(text)) if text.trim_start().starts_with("//"))
    }

    /// Words with a blank before them, except behind a bracket.
    fn put_apart(&mut self, words: &str) {
        let mut before = self
            .tokens
            .iter()
            .rev()
            .take_while(|token| !token.is_break());
        let last = before.find_map(|token| match token {
            Token::Text(text) | Token::Aside(text) => text.chars().next_back(),
            Token::Break(_) | Token::Fill | Token::Hard | Token::IfBroken(_) => None,
            Token::Open | Token::Close | Token::Indent | Token::Dedent => None,
        });
        if !matches!(last, None | Some('(' | '[' | ' ')) {
            self.put(" ");
        }
        self.put(words);
    }

    /// An empty line, where there is one above this place of the text; none behind an opening bracket.
    pub(super) fn gap(&mut self, place: usize) {
        let Some(source) = &self.source else {
            return;
        };
        if is_empty_above(source.text, place) && !self.is_opening() {
            self.tokens.push(Token::Hard);
        }
    }

    fn is_opening(&self) -> bool {
        let mut words = self.tokens.iter().rev().filter_map(|token| match token {
            Token::Text(text) | Token::Aside(text) => Some(text),
            Token::Break(_) | Token::Fill | Token::Hard | Token::IfBroken(_) => None,
            Token::Open | Token::Close | Token::Indent | Token::Dedent => None,
        });
        words
            .next()
            .is_none_or(|text| text.ends_with(['{', '(', '[']))
    }

    /// Where something begins, its doc lines included.
    pub(super) fn docs_start(&self, start: u32, docs: &[String]) -> u32 {
        let Some(source) = &self.source else {
            return start;
        };
        let mut start = start as usize;
        for _ in docs {
            let before = source.text[..start].trim_end();
            let line = before.rfind('\n').map_or(0, |at| at + 1);
            if before[line..].trim_start().starts_with("///") {
                start = line;
            }
        }
        u32::try_from(start).expect("a source is shorter than 4 GiB")
    }

    /// The text of a literal as it was written, unless brackets or comments stand around it.
    pub(super) fn written(&self, span: Span) -> Option<String> {
        let source = self.source.as_ref()?;
        let text = source.text.get(span.start as usize..span.end as usize)?;
        let is_number = || {
            let mut letters = text.chars();
            letters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '%' | '+' | '-'))
        };
        (text.starts_with('"') || is_number()).then(|| text.to_owned())
    }

    /// Where an item begins, its docs included.
    pub(super) fn item_start(&self, item: &Item) -> u32 {
        self.docs_start(item.span.start, &item.docs)
    }
}

fn stand(text: &str, start: usize, end: usize) -> Stand {
    let after = text[end..].split('\n').next().unwrap_or("");
    let is_behind = !is_first(text, start);
    // A comment to the end of the line may hold that end.
    let is_last = after.trim().is_empty() || text[start..end].starts_with("//");
    match (is_last, is_behind) {
        (true, true) => Stand::Behind,
        (true, false) => Stand::Alone,
        (false, _) => Stand::Before,
    }
}

/// Whether nothing stands before a place on its line.
fn is_first(text: &str, place: usize) -> bool {
    let line = text[..place].rfind('\n').map_or(0, |at| at + 1);
    text[line..place].trim().is_empty()
}

/// Whether the line above the one of a place is empty.
fn is_empty_above(text: &str, place: usize) -> bool {
    let blank = [' ', '\t', '\r'];
    let above = text[..place].trim_end_matches(blank).strip_suffix('\n');
    above.is_some_and(|above| above.trim_end_matches(blank).ends_with('\n'))
}
