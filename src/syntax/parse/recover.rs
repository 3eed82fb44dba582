//! What happens to an item that the grammar refuses, or that holds a token already reported: its parts are read one by one, and
//! each that fails is explained. Parts around a reported token are left alone, so that no consequence is reported.

use std::ops::Range;

use crate::diag::Diagnostic;
use crate::syntax::codes;

use super::explain::{Site, explain};
use super::grammar::Rule;
use super::habits::{comma_between, semicolon_after};
use super::read::{Failure, Reader};
use super::split::{Ending, Part, Piece, parts};

impl Reader<'_, '_> {
    /// Explains an item that was not read. `failure` is where the grammar stopped, if it was asked.
    pub(super) fn recover(&mut self, piece: &Piece, failure: Option<Failure>) {
        if self.reports.is_full() {
            return self.reports.count(failure.is_some());
        }
        let n_before = self.reports.n_errors();
        parts(self.layout, piece)
            .into_iter()
            .for_each(|part| self.part(part));
        if let Some(failure) = failure.filter(|_| self.reports.n_errors() == n_before) {
            self.explain(piece.range.clone(), failure);
        }
    }

    fn explain(&mut self, range: Range<usize>, failure: Failure) {
        let site = Site {
            layout: self.layout,
            range,
            at: failure.at,
            wanted: failure.wanted,
        };
        self.reports.push(explain(&site));
    }

    fn part(&mut self, part: Part) {
        match part {
            Part::Head(range) => self.check(Rule::only_head, range),
            Part::GradHead(range) => self.check(Rule::only_grad, range),
            Part::Value(piece) => self.value(piece),
            Part::Element { piece, is_last } => self.element(piece, is_last),
            Part::Field { piece, is_last } => self.field(piece, is_last),
        }
    }

    /// Reads a part for its errors alone; nothing where one of its tokens was reported.
    fn check(&mut self, rule: Rule, range: Range<usize>) {
        let failure = self.fails(rule, &range);
        if let Some(failure) = failure {
            self.explain(range, failure);
        }
    }

    fn fails(&mut self, rule: Rule, range: &Range<usize>) -> Option<Failure> {
        if self.layout.has_bad(range) {
            return None;
        }
        self.try_part(rule, range).err()
    }

    /// `expr;`
    fn value(&mut self, piece: Piece) {
        let Range { start, end } = piece.range;
        let is_cut = piece.ending == Ending::Cut;
        let range = start..end - usize::from(!is_cut);
        match self.fails(Rule::only_value, &range) {
            Some(failure) => self.explain(range, failure),
            None if is_cut && !self.layout.has_bad(&range) => {
                self.reports
                    .push(semicolon_after(self.layout.place_before(end)));
            }
            None => {}
        }
    }

    /// A statement of a block, or its value.
    fn element(&mut self, piece: Piece, is_last: bool) {
        let is_cut = piece.ending == Ending::Cut;
        let range = piece.range.clone();
        if self
            .layout
            .begins_statement(self.layout.behind_docs(&range))
        {
            return match self.fails(Rule::only_stmt, &range) {
                Some(failure) => self.explain(range, failure),
                None if is_cut && !self.layout.has_bad(&range) => {
                    self.reports
                        .push(semicolon_after(self.layout.place_before(range.end)));
                }
                None => {}
            };
        }
        let value = range.start..range.end - usize::from(!is_cut);
        match self.fails(Rule::only_value, &value) {
            Some(failure) => self.explain(range, failure),
            None if is_last && is_cut => {}
            None if self.layout.has_bad(&range) => {}
            None => self.reports.push(self.unused_value(&piece, is_last)),
        }
    }

    fn unused_value(&self, piece: &Piece, is_last: bool) -> Diagnostic {
        let bytes = self.layout.bytes(&piece.range);
        if bytes.is_empty() || piece.range.len() == 1 && self.layout.is(piece.range.start, ";") {
            return stray_semicolon(self.layout.place(piece.range.start));
        }
        let report = Diagnostic::error(codes::UNUSED_VALUE, "this value goes nowhere").label(
            self.layout.span(bytes.start, bytes.end),
            "neither named nor the value of the block",
        );
        match is_last {
            true => report.help("leave out the `;` to make it the value of the block"),
            false => report.help("give it a name: `let name = …;`"),
        }
    }

    fn field(&mut self, piece: Piece, is_last: bool) {
        let Range { start, end } = piece.range;
        let is_cut = piece.ending == Ending::Cut;
        let range = start..end - usize::from(!is_cut);
        match self.fails(Rule::only_field, &range) {
            Some(failure) => self.explain(range, failure),
            None if is_cut && !is_last && !self.layout.has_bad(&range) => {
                let (left, right) = (self.layout.word(end - 1), self.layout.word(end));
                self.reports
                    .push(comma_between(self.layout.place_before(end), left, right));
            }
            None => {}
        }
    }
}

/// The report on a `;` that ends nothing.
pub(super) fn stray_semicolon(place: crate::source::Span) -> Diagnostic {
    Diagnostic::error(codes::UNEXPECTED, "this `;` ends nothing")
        .label(place, "no statement stands before it")
        .help("remove it: a block needs none behind its `}`")
}
