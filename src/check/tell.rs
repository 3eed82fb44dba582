//! The checker's reports: what was expected and found, each operand where it was written and, on another line, where it was born.
//! What goes wrong inside the library is told at the user's call.

use crate::check::walk::Walk;
use crate::check::{Checker, Pending, Reported, codes};
use crate::diag::Diagnostic;
use crate::ir::draft::{DraftNode, Pattern};
use crate::ir::{Module, OriginId, ValueId};
use crate::ops::Description;
use crate::source::Span;
use crate::types::{Relation, SymId};

impl Checker<'_> {
    /// The innermost place the user wrote that led to an origin.
    pub(crate) fn place(&self, origin: OriginId) -> Span {
        let chain = std::iter::successors(Some(origin), |&id| self.draft.origins[id].caller);
        let mut spans = chain.map(|id| self.draft.origins[id].span);
        spans
            .find(|span| self.sources.is_user(*span))
            .unwrap_or(self.draft.origins[origin].span)
    }

    fn is_in_library(&self, origin: OriginId) -> bool {
        !self.sources.is_user(self.draft.origins[origin].span)
    }

    pub(crate) fn push(&mut self, report: Diagnostic) -> Reported {
        self.reports.push(report);
        Reported
    }

    /// An op that refuses its operands.
    pub(super) fn tell(
        &mut self,
        walk: &Walk<'_, '_>,
        description: Description,
        node: &DraftNode,
    ) -> Reported {
        let report = Diagnostic::error(description.code, description.message.clone());
        let report = self.described(walk, report, description, node);
        self.push(report)
    }

    /// An op that is right and probably not meant; inside the library it is.
    pub(super) fn warn(&mut self, walk: &Walk<'_, '_>, doubt: Description, node: &DraftNode) {
        if self.is_in_library(node.origin) {
            return;
        }
        let report = Diagnostic::warning(doubt.code, doubt.message.clone());
        let report = self.described(walk, report, doubt, node);
        self.reports.push(report);
    }

    fn described(
        &self,
        walk: &Walk<'_, '_>,
        report: Diagnostic,
        description: Description,
        node: &DraftNode,
    ) -> Diagnostic {
        let report = match self.is_in_library(node.origin) {
            true => self.library_labels(report, &description.labels, node),
            false => self.operand_labels(walk, report, &description.labels, node),
        };
        let report = description.notes.into_iter().fold(report, Diagnostic::note);
        description.help.into_iter().fold(report, Diagnostic::help)
    }

    fn operand_labels(
        &self,
        walk: &Walk<'_, '_>,
        mut report: Diagnostic,
        labels: &[(usize, String)],
        node: &DraftNode,
    ) -> Diagnostic {
        for (operand, text) in labels {
            let used = node.places.get(*operand).copied();
            let used = used.unwrap_or_else(|| self.place(node.origin));
            report = report.label(used, text.clone());
        }
        for (operand, text) in labels {
            let Some(&value) = node.operands.get(*operand) else {
                continue;
            };
            let born = self.place(walk.draft.nodes[value].origin);
            if self.is_elsewhere(born, &report) {
                report = report.label(born, format!("{} comes from here", first_word(text)));
            }
        }
        match report.labels.is_empty() {
            true => report.label(self.place(node.origin), "here"),
            false => report,
        }
    }

    /// Whether a place is the user's and on a line that has no label yet.
    pub(crate) fn is_elsewhere(&self, place: Span, report: &Diagnostic) -> bool {
        let line = |span: Span| (span.source, self.sources.line_column(span).0);
        self.sources.is_user(place)
            && report
                .labels
                .iter()
                .all(|label| line(label.span) != line(place))
    }

    fn library_labels(
        &self,
        report: Diagnostic,
        labels: &[(usize, String)],
        node: &DraftNode,
    ) -> Diagnostic {
        let inside = self.draft.origins[node.origin].span;
        let call = self.place(node.origin);
        let types = labels
            .iter()
            .map(|(_, text)| text.as_str())
            .collect::<Vec<_>>()
            .join(" and ");
        let text = if types.is_empty() {
            "in this use".to_string()
        } else {
            format!("in this use: {types}")
        };
        report.label(call, text).note(format!(
            "arises in the library, at {}: `{}`",
            self.sources.place(inside, call.source),
            self.snippet(inside)
        ))
    }

    fn snippet(&self, span: Span) -> String {
        let text = self
            .sources
            .text(span)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        match text.chars().count() > 60 {
            true => format!("{}…", text.chars().take(59).collect::<String>()),
            false => text,
        }
    }

    pub(crate) fn born(&self, walk: &Walk<'_, '_>, value: ValueId) -> Span {
        self.place(walk.b.func.values[value].origin)
    }

    /// A type that cannot be written without a value to match it.
    pub(super) fn tell_open_pattern(&mut self, walk: &Walk<'_, '_>, pattern: &Pattern) -> Reported {
        let written = self.written(walk, pattern);
        let report = Diagnostic::error(
            codes::UNDECIDED,
            format!("nothing says which axes `{written}` has here"),
        );
        self.push(
            report
                .label(pattern.span, "left open")
                .help("write its sizes out"),
        )
    }

    /// A `where` clause that does not hold.
    pub(super) fn tell_where(&mut self, module: &Module, pending: &Pending) -> Reported {
        let dims = &module.dims;
        let shown = |dim: &crate::types::Dim| {
            (
                dim.display(&dims.symbols).to_string(),
                dims.resolve(dim).display(&dims.symbols).to_string(),
            )
        };
        let ((left, left_now), (right, right_now)) = (shown(&pending.left), shown(&pending.right));
        let (word, help) = match pending.relation {
            Relation::Equal => ("==", "make the two sizes equal".to_string()),
            Relation::AtMost => (
                "<=",
                format!("make {left_now} smaller or {right_now} larger"),
            ),
            Relation::Divides => (
                "divides",
                format!("choose a size that {left_now} divides, or another divisor of {right_now}"),
            ),
        };
        let report = Diagnostic::error(
            codes::WHERE,
            format!("`{left_now} {word} {right_now}` does not hold"),
        );
        let declared = self.draft.origins[pending.origin].span;
        let place = self.call_place(pending.origin);
        let report = report.label(
            place,
            format!("here `{left}` is {left_now} and `{right}` is {right_now}"),
        );
        let report = match self.sources.is_user(declared) && declared != place {
            true => report.label(declared, "required here"),
            false => report,
        };
        self.push(report.help(help))
    }

    /// The user's call that led to an origin, or the origin itself where nothing called.
    fn call_place(&self, origin: OriginId) -> Span {
        match self.draft.origins[origin].caller {
            Some(caller) => self.place(caller),
            None => self.place(origin),
        }
    }

    /// Sizes that had to be equal, known too late to say where they met.
    pub(super) fn tell_unequal(&mut self, module: &Module, pending: &Pending) {
        let dims = &module.dims;
        let shown = |dim| dims.resolve(dim).display(&dims.symbols).to_string();
        let message = format!(
            "sizes differ: {} and {}",
            shown(&pending.left),
            shown(&pending.right)
        );
        let place = self.place(pending.origin);
        self.push(Diagnostic::error(codes::UNEQUAL, message).label(place, "had to be equal here"));
    }

    /// A number that is no size.
    pub(super) fn tell_impossible(&mut self, _: &Module, size: i64, origin: OriginId) {
        let place = self.place(origin);
        let report = Diagnostic::error(codes::IMPOSSIBLE, format!("{size} is not a possible size"))
            .label(place, "an axis of this size");
        let help = if size < 0 {
            "a size is never negative: what is taken away here is larger than what there is"
        } else {
            "no memory holds that"
        };
        self.push(report.help(help));
    }

    /// A symbol that nothing decides.
    pub(super) fn tell_undecided(&mut self, module: &Module, symbol: SymId, origin: OriginId) {
        let symbol = &module.dims.symbols[symbol];
        let report = Diagnostic::error(
            codes::UNDECIDED,
            format!("nothing decides the size `{}`", symbol.name),
        );
        let report = report.label(self.place(origin), "needed here");
        let report = match symbol.span.filter(|span| self.sources.is_user(*span)) {
            Some(span) => report.label(span, "introduced here"),
            None => report,
        };
        self.push(report.help(format!(
            "name `{0}` in the type of an input, give it a value, or declare `dim {0};` for data to decide",
            symbol.name
        )));
    }
}

/// The type a label begins with.
fn first_word(text: &str) -> &str {
    match text.find([',', ':']) {
        Some(end) if !text[..end].contains('[') || text[..end].contains(']') => &text[..end],
        _ => text.find(']').map_or(text, |end| &text[..=end]),
    }
}
