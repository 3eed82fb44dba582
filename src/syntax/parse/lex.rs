//! The scanner: a text's tokens and comments, in one pass. It knows just enough to tell strings, comments, docs, words, numbers,
//! brackets and marks apart, so that a text can be cut where its errors stop. What a token means is the grammar's matter; what
//! no token of the language can be, such as `&&` or `“`, is reported here.

mod number;
mod text;

use crate::diag::Diagnostic;
use crate::source::{SourceId, Span, Spanned};
use crate::syntax::codes;

use super::foreign;
use super::reports::Reports;
use super::suspicious::warn_of_suspicious;

/// A token. The parser skips what holds a token that is already reported.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    start: u32,
    end: u32,
    pub(super) kind: TokenKind,
    /// Whether an error was reported here.
    pub(super) is_bad: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    Number,
    Text,
    /// An operator or a punctuation mark.
    Mark,
    Open(Bracket),
    Close(Bracket),
    /// A `///` line.
    Doc,
    /// A `//!` line.
    ModuleDoc,
}

/// The three pairs of brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bracket {
    Round,
    Square,
    Curly,
}

impl Token {
    pub(super) fn start(&self) -> usize {
        self.start as usize
    }

    pub(super) fn end(&self) -> usize {
        self.end as usize
    }
}

/// What the scanner makes of a text.
#[derive(Default)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    pub(super) comments: Vec<Spanned<String>>,
}

/// Cuts a text into tokens.
pub(super) fn lex(text: &str, source: SourceId, reports: &mut Reports) -> Lexed {
    let mut lexer = Lexer {
        text,
        bytes: text.as_bytes(),
        at: if text.starts_with('\u{feff}') { 3 } else { 0 },
        source,
        reports,
        lexed: Lexed::default(),
        is_return_reported: false,
    };
    while lexer.at < text.len() {
        lexer.step();
    }
    lexer.lexed
}

struct Lexer<'s, 'r> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    source: SourceId,
    reports: &'r mut Reports,
    lexed: Lexed,
    /// Whether a lone carriage return is reported: where there is one, there are thousands.
    is_return_reported: bool,
}

impl Lexer<'_, '_> {
    /// Reads one token, comment, or stretch of space.
    fn step(&mut self) {
        match self.bytes[self.at] {
            b' ' | b'\t' | b'\n' => self.at += 1,
            b'\r' => self.carriage_return(),
            b'/' if self.ahead("//") => self.line_comment(),
            b'/' if self.ahead("/*") => self.block_comment(),
            b'"' => self.string(),
            b'\'' if !self.follows_operand() => self.quoted(),
            b'0'..=b'9' => self.number(),
            byte if is_word_byte(byte) => self.word(),
            _ => self.mark(),
        }
    }

    fn ahead(&self, text: &str) -> bool {
        self.bytes[self.at..].starts_with(text.as_bytes())
    }

    /// The end of the run of bytes that `belongs` accepts, from `from` on.
    fn run(&self, from: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let rest = &self.bytes[from..];
        from + rest.iter().take_while(|&&byte| belongs(byte)).count()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |byte| u32::try_from(byte).expect("`parse` refuses texts of 4 GiB and more");
        Span {
            source: self.source,
            start: offset(start),
            end: offset(end),
        }
    }

    /// Takes everything up to `end` as one token.
    fn token(&mut self, kind: TokenKind, end: usize) {
        let Span { start, end, .. } = self.span(self.at, end);
        self.lexed.tokens.push(Token {
            start,
            end,
            kind,
            is_bad: false,
        });
        self.at = end as usize;
    }

    /// Takes everything up to `end` as a token that is none, and says why.
    fn bad(&mut self, kind: TokenKind, end: usize, report: Diagnostic) {
        self.token(kind, end);
        self.reports.push(report);
        if let Some(token) = self.lexed.tokens.last_mut() {
            token.is_bad = true;
        }
    }

    /// Whether a value has just ended, so that a quote is a transpose and a point takes a member.
    fn follows_operand(&self) -> bool {
        let mut before = self.lexed.tokens.iter().rev();
        let Some(last) = before.next() else {
            return false;
        };
        let text = &self.text[last.start()..last.end()];
        match last.kind {
            TokenKind::Word => {
                let is_member = before
                    .next()
                    .is_some_and(|point| self.text[point.start()..point.end()] == *".");
                is_member || matches!(text, "true" | "false") || !foreign::is_reserved(text)
            }
            TokenKind::Number | TokenKind::Text | TokenKind::Close(_) => true,
            TokenKind::Mark => matches!(text, "'" | "?"),
            TokenKind::Open(_) | TokenKind::Doc | TokenKind::ModuleDoc => false,
        }
    }

    fn carriage_return(&mut self) {
        if self.bytes.get(self.at + 1) != Some(&b'\n') && !self.is_return_reported {
            self.is_return_reported = true;
            let report = Diagnostic::error(
                codes::BAD_CHARACTER,
                "a carriage return without a line feed",
            );
            let report = report.label(self.span(self.at, self.at + 1), "here, `\\r` stands alone");
            self.reports
                .push(report.help("end lines in `\\n` or `\\r\\n`"));
        }
        self.at += 1;
    }

    fn line_comment(&mut self) {
        let end = self.run(self.at, |byte| byte != b'\n');
        let line = &self.text[self.at..end];
        if line.starts_with("//!") {
            self.remark(end);
            self.token(TokenKind::ModuleDoc, end);
        } else if line.starts_with("///") && !line.starts_with("////") {
            self.remark(end);
            self.token(TokenKind::Doc, end);
        } else {
            self.comment(end);
        }
    }

    fn block_comment(&mut self) {
        match self.text[self.at + 2..].find("*/") {
            Some(length) => self.comment(self.at + 2 + length + 2),
            None => {
                let report =
                    Diagnostic::error(codes::UNCLOSED_COMMENT, "this comment is not closed");
                let report = report.label(self.span(self.at, self.at + 2), "opened here");
                self.bad(
                    TokenKind::Mark,
                    self.text.len(),
                    report.help("close it with `*/`"),
                );
            }
        }
    }

    fn comment(&mut self, end: usize) {
        self.remark(end);
        let text = self.text[self.at..end].trim_end().to_owned();
        let span = self.span(self.at, self.at + text.len());
        self.lexed.comments.push(Spanned::new(text, span));
        self.at = end;
    }

    /// Looks over a stretch of free text.
    fn remark(&mut self, end: usize) {
        let span = self.span(self.at, end);
        warn_of_suspicious(&self.text[self.at..end], span, self.reports);
    }

    fn word(&mut self) {
        let end = self.run(self.at, is_word_byte);
        match self.text[end..].chars().next() {
            Some(next) if next.is_alphanumeric() => self.foreign_word(),
            _ => self.token(TokenKind::Word, end),
        }
    }

    /// A word with letters that names cannot have.
    fn foreign_word(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.find(|character: char| !character.is_alphanumeric() && character != '_');
        let end = self.at + length.unwrap_or(rest.len());
        let report = foreign::bad_word(&self.text[self.at..end]);
        let span = self.span(self.at, end);
        self.bad(TokenKind::Word, end, report(span));
    }

    fn mark(&mut self) {
        let is_digit = self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        match self.bytes[self.at] {
            b'#' => return self.hash(),
            b'.' if is_digit && !self.follows_operand() => return self.bare_fraction(),
            _ => {}
        }
        let (kind, length) = mark_kind(&self.bytes[self.at..]);
        let rest = &self.text[self.at..];
        if let Some((written, report)) = foreign::mark(rest) {
            let end = self.at + written;
            let span = self.span(self.at, end);
            return self.bad(TokenKind::Mark, end, report(span));
        }
        if length > 0 {
            return self.token(kind, self.at + length);
        }
        let character = rest
            .chars()
            .next()
            .expect("`lex` stops at the end of the text");
        if character.is_alphabetic() {
            return self.foreign_word();
        }
        let end = self.at + character.len_utf8();
        let report = foreign::bad_character(character)(self.span(self.at, end));
        self.bad(TokenKind::Mark, end, report);
    }

    /// A comment as Python writes it: the whole line is one bad token.
    fn hash(&mut self) {
        let end = self.run(self.at, |byte| byte != b'\n');
        let report = Diagnostic::error(codes::FOREIGN, "comments begin with `//`")
            .label(self.span(self.at, self.at + 1), "`#` has no meaning here")
            .help("write `//` instead of `#`");
        self.bad(TokenKind::Mark, end, report);
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What mark or bracket a text begins with, and how long it is; zero where there is none.
fn mark_kind(bytes: &[u8]) -> (TokenKind, usize) {
    let pair = bytes.get(..2).unwrap_or(&[]);
    match bytes[0] {
        b'(' => (TokenKind::Open(Bracket::Round), 1),
        b')' => (TokenKind::Close(Bracket::Round), 1),
        b'[' => (TokenKind::Open(Bracket::Square), 1),
        b']' => (TokenKind::Close(Bracket::Square), 1),
        b'{' => (TokenKind::Open(Bracket::Curly), 1),
        b'}' => (TokenKind::Close(Bracket::Curly), 1),
        _ if matches!(
            pair,
            b"|>" | b"==" | b"!=" | b"<=" | b">=" | b"->" | b"=>" | b"::" | b".."
        ) =>
        {
            (TokenKind::Mark, 2)
        }
        b';' | b',' | b':' | b'.' | b'=' | b'~' | b'?' | b'+' | b'-' | b'*' | b'/' | b'@'
        | b'^' | b'<' | b'>' | b'\'' => (TokenKind::Mark, 1),
        _ => (TokenKind::Mark, 0),
    }
}
