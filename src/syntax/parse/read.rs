//! Reads pieces of a text by the grammar: a whole item into a tree, or a part of a broken one for its errors.

use std::ops::Range;

use pest::Parser;
use pest::error::{Error, ErrorVariant, InputLocation};

use crate::diag::Diagnostic;
use crate::syntax::ast::Item;
use crate::syntax::codes;

use super::Mode;
use super::build::Builder;
use super::grammar::{Children, Grammar, Rule};
use super::habits::semicolon_after;
use super::layout::Layout;
use super::phrases::Wanted;
use super::recover::stray_semicolon;
use super::reports::Reports;
use super::split::{Ending, Piece};

/// The longest item, in tokens: a bound on memory, far beyond what anyone writes by hand.
const LONGEST: usize = 1 << 22;

/// Where the grammar stopped, and what it would have taken there.
pub(super) struct Failure {
    pub(super) at: usize,
    pub(super) wanted: Wanted,
}

/// What reading needs.
pub(super) struct Reader<'l, 's> {
    pub(super) layout: &'l Layout<'s>,
    pub(super) reports: &'l mut Reports,
    pub(super) mode: Mode,
}

impl Reader<'_, '_> {
    /// Reads an item, or reports why not.
    pub(super) fn item(&mut self, piece: &Piece) -> Option<Item> {
        if let Some(report) = self.refuse(piece) {
            self.reports.push(report);
            return None;
        }
        if self.layout.has_bad(&piece.range) {
            self.recover(piece, None);
            return None;
        }
        match self.try_item(&piece.range) {
            Ok(item) => {
                self.check_end(piece);
                Some(item)
            }
            Err(failure) => {
                self.recover(piece, Some(failure));
                None
            }
        }
    }

    /// What is no item at all, whatever the grammar says.
    fn refuse(&self, piece: &Piece) -> Option<Diagnostic> {
        let first = self.layout.behind_docs(&piece.range);
        let place = self.layout.place(piece.range.start);
        if self.layout.is(first, ";") && first < piece.range.end {
            return Some(stray_semicolon(self.layout.place(first)));
        }
        if piece.range.len() > LONGEST {
            return Some(too_long(place, piece.range.len()));
        }
        None
    }

    /// In a file, every statement has its `;`.
    fn check_end(&mut self, piece: &Piece) {
        let is_last = piece.range.end == self.layout.tokens.len();
        let may_miss = self.mode == Mode::Line && is_last;
        if piece.ending == Ending::Cut && !may_miss {
            let place = self.layout.place_before(piece.range.end);
            self.reports.push(semicolon_after(place));
        }
    }

    fn try_item(&mut self, range: &Range<usize>) -> Result<Item, Failure> {
        let layout = self.layout;
        let bytes = layout.bytes(range);
        let pairs = Grammar::parse(Rule::only_item, &layout.text[bytes.clone()]);
        let pairs = pairs.map_err(|error| self.failure(range, bytes.start, error))?;
        let mut builder = Builder::new(layout, range);
        let item = builder.item(Children::among(pairs).must());
        builder
            .reports
            .into_iter()
            .for_each(|report| self.reports.push(report));
        Ok(item)
    }

    /// Reads a part of a broken item and reports what is wrong within it; what is right is read for nothing.
    pub(super) fn try_part(&mut self, rule: Rule, range: &Range<usize>) -> Result<(), Failure> {
        let layout = self.layout;
        let bytes = layout.bytes(range);
        let pairs = Grammar::parse(rule, &layout.text[bytes.clone()]);
        let pairs = pairs.map_err(|error| self.failure(range, bytes.start, error))?;
        let mut builder = Builder::new(layout, range);
        builder.part(Children::among(pairs));
        builder
            .reports
            .into_iter()
            .for_each(|report| self.reports.push(report));
        Ok(())
    }

    fn failure(&self, range: &Range<usize>, base: usize, error: Error<Rule>) -> Failure {
        let (InputLocation::Pos(offset) | InputLocation::Span((offset, _))) = error.location;
        let tokens = &self.layout.tokens[range.clone()];
        let at = range.start + tokens.partition_point(|token| token.end() <= base + offset);
        let rules = match error.variant {
            ErrorVariant::ParsingError { positives, .. } => positives,
            // Pest's own: its limit of stack, which the bound on nesting keeps away from.
            ErrorVariant::CustomError { .. } => vec![],
        };
        Failure {
            at,
            wanted: Wanted::of(&rules),
        }
    }
}

fn too_long(place: crate::source::Span, n_tokens: usize) -> Diagnostic {
    Diagnostic::error(
        codes::TOO_LONG,
        format!("this item has {n_tokens} words and marks, more than {LONGEST}"),
    )
    .label(place, "begins here")
    .help("keep data in a file, and read it with a `data` block")
}
