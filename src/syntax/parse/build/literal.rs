//! Numbers, units and strings.

use crate::diag::Diagnostic;
use crate::source::Span;
use crate::syntax::ast::{Number, Unit};
use crate::syntax::codes;

use super::super::grammar::Node;
use super::Builder;

impl Builder<'_, '_> {
    /// A whole number, where nothing else will do.
    pub(super) fn integer(&mut self, node: &Node<'_>) -> i64 {
        let digits = node.as_str().replace('_', "");
        digits.parse().unwrap_or_else(|_| {
            self.report(too_large_integer(self.span(node)));
            0
        })
    }

    pub(super) fn number(&mut self, node: &Node<'_>) -> Number {
        let text = node.as_str().replace('_', "");
        if let Some(percent) = text.strip_suffix('%') {
            return self.float(node, &format!("{percent}e-2"), true);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            let int = self.integer(node);
            return Number {
                value: int as f64,
                int: Some(int),
                is_percent: false,
            };
        }
        self.float(node, &text, false)
    }

    fn float(&mut self, node: &Node<'_>, text: &str, is_percent: bool) -> Number {
        let value: f64 = text
            .parse()
            .expect("the grammar admits only what Rust reads as a float");
        if value.is_infinite() {
            self.report(too_large_float(self.span(node)));
        }
        Number {
            value,
            int: None,
            is_percent,
        }
    }
}

pub(super) fn unit(text: &str) -> Unit {
    match text {
        "epoch" | "epochs" => Unit::Epochs,
        "step" | "steps" => Unit::Steps,
        "sample" | "samples" => Unit::Samples,
        "batch" | "batches" => Unit::Batches,
        "second" | "seconds" => Unit::Seconds,
        "minute" | "minutes" => Unit::Minutes,
        "hour" | "hours" => Unit::Hours,
        "deg" => Unit::Degrees,
        "px" => Unit::Pixels,
        "MiB" => Unit::Mebibytes,
        "GiB" => Unit::Gibibytes,
        other => unreachable!("the grammar lists the units, without `{other}`"),
    }
}

/// The text between the quotes, escapes resolved; the scanner has refused the unknown ones.
pub(super) fn string(literal: &str) -> String {
    let mut text = String::with_capacity(literal.len());
    let mut rest = literal[1..literal.len() - 1].chars();
    while let Some(character) = rest.next() {
        match character {
            '\\' => text.extend(escape(&mut rest)),
            plain => text.push(plain),
        }
    }
    text
}

/// The character that an escape stands for, from behind its backslash.
fn escape(rest: &mut std::str::Chars<'_>) -> Option<char> {
    match rest.next()? {
        'n' => Some('\n'),
        't' => Some('\t'),
        'u' => {
            let digits: String = rest.take_while(|&digit| digit != '}').skip(1).collect();
            char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
        }
        itself => Some(itself),
    }
}

fn too_large_integer(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::BAD_NUMBER,
        "this whole number does not fit into 64 bits",
    )
    .label(span, format!("the largest is {}", i64::MAX))
    .help("write it as a float: `1e20`")
}

fn too_large_float(span: Span) -> Diagnostic {
    Diagnostic::error(codes::BAD_NUMBER, "this number is too large")
        .label(span, format!("the largest is {:e}", f64::MAX))
        .help("scale it down")
}
