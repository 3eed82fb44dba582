//! From pest's tree to ours. Each function here reads one rule of the grammar, in the grammar's order. What the grammar leaves
//! to words is checked here: how operators bind, what literals can hold, which definitions need two parameter lists.
//!
//! No tree made here is deeper than [`NESTING`], so whoever walks one may recurse.

mod expr;
mod item;
mod literal;
mod operators;
mod stmt;
mod types;

use std::ops::Range;

use crate::diag::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::Name;
use crate::syntax::codes;

use super::grammar::{Children, Node, Rule};
use super::layout::Layout;
use super::lex::Token;

/// How deep brackets and trees may nest.
pub(super) const NESTING: usize = 256;

/// What is needed to turn one piece of a text into trees.
pub(super) struct Builder<'l, 's> {
    layout: &'l Layout<'s>,
    /// The tokens of the piece.
    tokens: &'l [Token],
    /// Where the piece begins.
    base: usize,
    /// What was found wrong.
    pub(super) reports: Vec<Diagnostic>,
    /// The height of the tallest expression finished within the current scope.
    height: usize,
    /// An operator of the current expression that stands in no brackets.
    loose: Option<Span>,
}

impl<'l, 's> Builder<'l, 's> {
    pub(super) fn new(layout: &'l Layout<'s>, range: &Range<usize>) -> Builder<'l, 's> {
        Builder {
            layout,
            tokens: &layout.tokens[range.clone()],
            base: layout.bytes(range).start,
            reports: vec![],
            height: 0,
            loose: None,
        }
    }

    /// Where a node stands. Pest lets a node end behind the space and comments that follow it; this ends with its last token.
    fn span(&self, node: &Node<'_>) -> Span {
        let (start, end) = (
            self.base + node.as_span().start(),
            self.base + node.as_span().end(),
        );
        let tokens = self.tokens;
        let next = tokens.partition_point(|token| token.start() < end);
        let last = next.checked_sub(1).map(|last| tokens[last].end());
        self.layout
            .span(start, last.map_or(end, |last| last.min(end)).max(start))
    }

    /// A place as it was written, in one line; nothing where that is long.
    fn written(&self, span: Span) -> Option<String> {
        let text = &self.layout.text[span.start as usize..span.end as usize];
        (text.len() <= 40 && !text.contains('\n')).then(|| text.trim().to_owned())
    }

    fn name(&self, node: &Node<'_>) -> Name {
        Spanned::new(node.as_str().to_owned(), self.span(node))
    }

    fn names(&self, children: &mut Children<'_>) -> Vec<Name> {
        let mut names = vec![];
        while let Some(name) = children.one(Rule::ident) {
            names.push(self.name(&name));
        }
        names
    }

    /// The doc lines that stand first among some children.
    fn docs(&self, children: &mut Children<'_>) -> Vec<String> {
        let mut docs = vec![];
        while let Some(doc) = children.one(Rule::doc) {
            docs.push(doc_text(doc.as_str()));
        }
        docs
    }

    fn report(&mut self, report: Diagnostic) {
        self.reports.push(report);
    }

    /// Runs `build` with a height of its own, which then counts towards the one outside.
    fn scope<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> T {
        let outside = std::mem::take(&mut self.height);
        let built = build(self);
        self.height = self.height.max(outside);
        built
    }

    /// Puts one more level on what was built in this scope; false, and a report, where that is too deep.
    fn grow(&mut self, span: Span) -> bool {
        self.height += 1;
        if self.height <= NESTING {
            return true;
        }
        self.height = 0;
        // What nests once too deep often does so a thousand times more.
        if !self
            .reports
            .iter()
            .any(|report| report.code == codes::TOO_DEEP)
        {
            self.report(too_deep(span));
        }
        false
    }
}

/// The report on what nests too deep.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::TOO_DEEP,
        format!("nested deeper than {NESTING} levels"),
    )
    .label(span, "this is one level too many")
    .help("name the inner parts with `let`")
}

/// A doc line without its marker and the space behind it.
pub(super) fn doc_text(line: &str) -> String {
    let text = line[3..].trim_end();
    text.strip_prefix(' ').unwrap_or(text).to_owned()
}
