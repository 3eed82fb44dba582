//! Numbers, and what looks like one.

use crate::diag::Diagnostic;
use crate::syntax::codes;

use super::super::foreign;
use super::{Lexer, TokenKind, is_word_byte};

impl Lexer<'_, '_> {
    pub(super) fn number(&mut self) {
        let end = self.number_end();
        let tail = self.run(end, |byte| is_word_byte(byte) || byte == b'%');
        let lone_point = self.bytes.get(end) == Some(&b'.')
            && !self
                .bytes
                .get(end + 1)
                .is_some_and(|&byte| byte == b'.' || is_word_byte(byte));
        if tail > end {
            let report = foreign::bad_number(&self.text[self.at..end], &self.text[end..tail]);
            let span = self.span(self.at, tail);
            return self.bad(TokenKind::Number, tail, report(span));
        }
        if lone_point {
            let report = Diagnostic::error(codes::BAD_NUMBER, "a number does not end in a point")
                .label(
                    self.span(self.at, end + 1),
                    "digits are missing after the point",
                )
                .help(format!("write `{}.0`", &self.text[self.at..end]));
            return self.bad(TokenKind::Number, end + 1, report);
        }
        self.token(TokenKind::Number, end);
    }

    /// Where the number that begins here ends, by the grammar's rule.
    fn number_end(&self) -> usize {
        let digit = |byte: u8| byte.is_ascii_digit();
        let mut end = self.run(self.at, |byte| digit(byte) || byte == b'_');
        let fraction = self.run((end + 1).min(self.bytes.len()), digit);
        if self.bytes.get(end) == Some(&b'.') && fraction > end + 1 {
            end = fraction;
        }
        let sign = usize::from(matches!(self.bytes.get(end + 1), Some(b'+' | b'-')));
        let digits = (end + 1 + sign).min(self.bytes.len());
        let exponent = self.run(digits, digit);
        match self.bytes.get(end) {
            Some(b'e' | b'E') if exponent > digits => exponent,
            Some(b'%') => end + 1,
            _ => end,
        }
    }

    /// `.5`
    pub(super) fn bare_fraction(&mut self) {
        let end = self.run(self.at + 1, |byte| byte.is_ascii_digit());
        let report = Diagnostic::error(codes::BAD_NUMBER, "a number begins with a digit")
            .label(
                self.span(self.at, end),
                "a digit is missing before the point",
            )
            .help(format!("write `0{}`", &self.text[self.at..end]));
        self.bad(TokenKind::Number, end, report);
    }
}
