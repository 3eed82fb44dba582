//! Strings.

use crate::diag::Diagnostic;
use crate::syntax::codes;

use super::{Lexer, TokenKind};

impl Lexer<'_, '_> {
    pub(super) fn string(&mut self) {
        let mut end = self.at + 1;
        loop {
            match self.bytes.get(end) {
                Some(b'"') => break,
                Some(b'\\') if self.bytes.get(end + 1).is_some_and(|&byte| byte != b'\n') => {
                    end = self.escape(end);
                }
                None | Some(b'\n') => return self.unclosed_string(end),
                Some(_) => end += 1,
            }
        }
        self.remark(end);
        self.token(TokenKind::Text, end + 1);
    }

    /// Reads the escape that begins at `at`; returns where it ends.
    fn escape(&mut self, at: usize) -> usize {
        let character = self.text[at + 1..].chars().next().map_or(0, char::len_utf8);
        let end = match self.bytes[at + 1] {
            b'n' | b't' | b'"' | b'\\' => return at + 2,
            b'u' if self.bytes.get(at + 2) == Some(&b'{') => {
                let digits = self.run(at + 3, |byte| byte.is_ascii_hexdigit());
                let code = u32::from_str_radix(&self.text[at + 3..digits], 16).ok();
                let is_closed = self.bytes.get(digits) == Some(&b'}');
                if is_closed && code.and_then(char::from_u32).is_some() {
                    return digits + 1;
                }
                digits + usize::from(is_closed)
            }
            _ => at + 1 + character,
        };
        let text = self.text[at..end]
            .escape_debug()
            .to_string()
            .replace("\\\\", "\\");
        let report = Diagnostic::error(codes::BAD_ESCAPE, format!("strings have no escape `{text}`"))
            .label(self.span(at, end), "not an escape")
            .help("the escapes are `\\n`, `\\t`, `\\\"`, `\\\\` and `\\u{1F600}`; a backslash itself is `\\\\`");
        self.reports.push(report);
        end
    }

    fn unclosed_string(&mut self, end: usize) {
        let report = Diagnostic::error(
            codes::UNCLOSED_STRING,
            "this string is not closed on its line",
        )
        .label(self.span(self.at, self.at + 1), "opened here")
        .help("close it with `\"`; a line break inside a string is written `\\n`");
        self.bad(TokenKind::Text, end, report);
    }

    /// `'text'`, as other languages write it.
    pub(super) fn quoted(&mut self) {
        let inside = self.run(self.at + 1, |byte| byte != b'\'' && byte != b'\n');
        if self.bytes.get(inside) != Some(&b'\'') {
            return self.token(TokenKind::Mark, self.at + 1);
        }
        let text = self.text[self.at + 1..inside].to_owned();
        let report = Diagnostic::error(codes::FOREIGN, "strings stand in double quotes")
            .label(
                self.span(self.at, inside + 1),
                "`'` is the transpose of a matrix",
            )
            .help(format!("write `\"{text}\"`"));
        self.bad(TokenKind::Text, inside + 1, report);
    }
}
