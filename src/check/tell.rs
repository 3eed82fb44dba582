//! The checker's reports: what was expected and found, each operand where it was written and, on another line, where it was born.
//! What goes wrong inside the library is told at the user's call.

use crate::check::ascribe::Misfit;
use crate::check::func::{Typed, Walk};
use crate::check::{Checker, Pending, Reported, codes};
use crate::diag::{Code, Diagnostic};
use crate::ir::draft::{AxisPattern, DraftNode, DraftValue, Elem, NodeKind, Pattern, Why};
use crate::ir::{Module, OriginId, ValueId};
use crate::ops::Description;
use crate::source::Span;
use crate::types::{DType, Relation, Shape, SymId, TensorType};

impl Checker<'_> {
    /// The innermost place the user wrote that led to an origin.
    fn place(&self, origin: OriginId) -> Span {
        let chain = std::iter::successors(Some(origin), |&id| self.draft.origins[id].caller);
        let mut spans = chain.map(|id| self.draft.origins[id].span);
        spans
            .find(|span| self.sources.is_user(*span))
            .unwrap_or(self.draft.origins[origin].span)
    }

    fn is_in_library(&self, origin: OriginId) -> bool {
        !self.sources.is_user(self.draft.origins[origin].span)
    }

    fn push(&mut self, report: Diagnostic) -> Reported {
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
    fn is_elsewhere(&self, place: Span, report: &Diagnostic) -> bool {
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

    /// A value that does not match the type it must have.
    pub(super) fn tell_misfit(
        &mut self,
        walk: &Walk<'_, '_>,
        misfit: &Misfit,
        operand: Typed,
        pattern: &Pattern,
        why: &Why,
        node: &DraftNode,
    ) -> Reported {
        let found = walk.resolved(operand.value);
        let symbols = &walk.b.module.dims.symbols;
        let found_text = self.found_text(misfit, &found, operand, symbols);
        let wanted = self.written(walk, pattern);
        let place = self.place(node.origin);
        let born = self.born(walk, operand.value);
        let data = self
            .draft
            .fields
            .iter()
            .find(|(span, _)| *span == born)
            .cloned();
        let (code, message) = self.headline(misfit, why, &wanted, &found_text, data.is_some());
        let mut report = Diagnostic::error(code, message);
        report = report.label(place, format!("this is `{found_text}`"));
        if self.sources.is_user(pattern.span) && pattern.span != place {
            report = report.label(pattern.span, format!("`{wanted}` is declared here"));
        }
        if let Some((span, because)) = data {
            report = report.label(span, format!("`{found_text}`: {because}"));
        } else if self.is_elsewhere(born, &report) {
            report = report.label(born, format!("`{found_text}` comes from here"));
        }
        report = self.solved_notes(walk, report, pattern, misfit);
        let help = self.advice(walk, misfit, &found, pattern);
        self.push(help.into_iter().fold(report, Diagnostic::help))
    }

    /// A literal that would change its value in the element type that is wanted.
    pub(super) fn tell_lost_literal(
        &mut self,
        dtype: DType,
        literal: f64,
        place: Option<Span>,
        node: &DraftNode,
    ) -> Reported {
        let place = place.unwrap_or_else(|| self.place(node.origin));
        let message = format!("{literal} is no `{dtype}`");
        let report = Diagnostic::error(codes::ARGUMENT_DTYPE, message);
        let report = report.label(place, format!("`{dtype}` is wanted here"));
        self.push(report.help("declare an element type that holds it, or change the number"))
    }

    fn found_text(
        &self,
        misfit: &Misfit,
        found: &TensorType,
        operand: Typed,
        symbols: &crate::types::Symbols,
    ) -> String {
        let is_about_elements = matches!(misfit, Misfit::DType(_) | Misfit::NotFloat);
        match (is_about_elements, operand.is_loose) {
            (true, _) => format!("{}{}", found.dtype, found.shape.display(symbols)),
            (false, true) => found.shape.display(symbols).to_string(),
            (false, false) => found.display(symbols).to_string(),
        }
    }

    fn born(&self, walk: &Walk<'_, '_>, value: ValueId) -> Span {
        self.place(walk.b.func.values[value].origin)
    }

    fn headline(
        &self,
        misfit: &Misfit,
        why: &Why,
        wanted: &str,
        found: &str,
        is_data: bool,
    ) -> (Code, String) {
        let shape_or_dtype = |shape| match misfit {
            Misfit::DType(_) | Misfit::NotFloat => codes::ARGUMENT_DTYPE,
            Misfit::Rank | Misfit::Labels | Misfit::Sizes(_) => shape,
        };
        let wanted_text = format!("expected `{wanted}`, found `{found}`");
        match why {
            Why::Field { field, input, .. } => (
                codes::FIELD,
                format!(
                    "model and data disagree on input `{input}`, fed from `{field}`: {wanted_text}"
                ),
            ),
            Why::Argument { callee, param } if is_data => (
                codes::DISAGREE,
                format!(
                    "model and data disagree: `{callee}` takes `{param}` as `{wanted}`, found `{found}`"
                ),
            ),
            Why::Argument { callee, param } => (
                shape_or_dtype(codes::ARGUMENT_SHAPE),
                format!("`{callee}` takes `{param}` as `{wanted}`, found `{found}`"),
            ),
            Why::Result { callee } => (
                shape_or_dtype(codes::RESULT_SHAPE),
                format!("`{callee}` declares its result as `{wanted}`, and gives `{found}`"),
            ),
            Why::Let(name) => (
                codes::LET_TYPE,
                format!("`{name}` is declared as `{wanted}`, and its value is `{found}`"),
            ),
            Why::Param(name) => (
                codes::PARAM_TYPE,
                format!("parameter `{name}` is `{found}`, and used here as `{wanted}`"),
            ),
            Why::Loss => (
                codes::LOSS,
                format!("a loss is one number, found `{found}`"),
            ),
        }
    }

    /// A pattern as it was written, spreads included.
    fn written(&self, walk: &Walk<'_, '_>, pattern: &Pattern) -> String {
        let symbols = &walk.b.module.dims.symbols;
        let axis = |axis: &AxisPattern| match axis {
            AxisPattern::Hole => "_".to_string(),
            AxisPattern::Spread(spread) => format!("..{}", self.draft.spreads[*spread].name),
            AxisPattern::Axis(None, dim) => dim.display(symbols).to_string(),
            AxisPattern::Axis(Some(label), dim) => format!("{label}: {}", dim.display(symbols)),
        };
        let axes = pattern.axes.iter().map(axis).collect::<Vec<_>>().join(", ");
        match pattern.elem {
            Elem::Fixed(DType::F32) | Elem::Float(_) => format!("[{axes}]"),
            Elem::Fixed(dtype) => format!("{dtype}[{axes}]"),
        }
    }

    /// What the symbols of a pattern stand for here, where that is known: `m = 5`.
    fn solved_notes(
        &self,
        walk: &Walk<'_, '_>,
        report: Diagnostic,
        pattern: &Pattern,
        misfit: &Misfit,
    ) -> Diagnostic {
        if !matches!(misfit, Misfit::Sizes(_)) {
            return report;
        }
        let dims = &walk.b.module.dims;
        let mut known = Vec::new();
        for axis in &pattern.axes {
            let AxisPattern::Axis(_, dim) = axis else {
                continue;
            };
            let resolved = dims.resolve(dim);
            if resolved != *dim {
                known.push(format!(
                    "`{}` is {} here",
                    dim.display(&dims.symbols),
                    resolved.display(&dims.symbols)
                ));
            }
        }
        known.dedup();
        match known.is_empty() {
            true => report,
            false => report.note(known.join(", ")),
        }
    }

    /// The smallest edit that would make the value match.
    fn advice(
        &self,
        walk: &Walk<'_, '_>,
        misfit: &Misfit,
        found: &TensorType,
        pattern: &Pattern,
    ) -> Option<String> {
        match misfit {
            Misfit::DType(wanted) => Some(format!("convert it: `cast(…, {wanted})`")),
            Misfit::NotFloat => Some("convert it: `cast(…, f32)`".to_string()),
            Misfit::Labels => {
                Some("axes meet by name: rename one, or reorder them with `permute`".to_string())
            }
            Misfit::Rank => rank_advice(found, pattern),
            Misfit::Sizes(mismatch) => {
                let wanted: Option<Vec<_>> = pattern
                    .axes
                    .iter()
                    .map(|axis| match axis {
                        AxisPattern::Axis(_, dim) => Some(walk.b.module.dims.resolve(dim)),
                        AxisPattern::Hole | AxisPattern::Spread(_) => None,
                    })
                    .collect();
                let is_turned = wanted.is_some_and(|wanted| {
                    found.shape.rank() == 2 && found.shape.dims().rev().eq(wanted.iter())
                });
                let symbols = &walk.b.module.dims.symbols;
                Some(match is_turned {
                    true => "its axes are in the other order: transpose it with `'`".to_string(),
                    false => format!(
                        "{} is the size that arrives: declare that, or change what is passed",
                        mismatch.right.display(symbols)
                    ),
                })
            }
        }
    }

    /// A hole, now that it is known what belongs there.
    pub(super) fn tell_hole(
        &mut self,
        walk: &mut Walk<'_, '_>,
        pattern: &Pattern,
        hole: DraftValue,
    ) -> Reported {
        let node = &walk.draft.nodes[hole];
        let wanted = self.written(walk, pattern);
        let NodeKind::Hole(names) = &node.kind else {
            return Reported;
        };
        let fitting = names
            .iter()
            .zip(&node.operands)
            .filter(|(_, value)| self.would_fit(walk, **value, pattern));
        let fitting: Vec<String> = fitting.map(|(name, _)| format!("`{name}`")).collect();
        let report = Diagnostic::error(codes::HOLE, format!("a hole: `{wanted}` is wanted here"))
            .label(self.place(node.origin), format!("`{wanted}`"));
        let help = match fitting.is_empty() {
            true => "nothing in scope has that type".to_string(),
            false => format!("these fit: {}", fitting.join(", ")),
        };
        self.push(report.help(help))
    }

    fn would_fit(&mut self, walk: &mut Walk<'_, '_>, value: DraftValue, pattern: &Pattern) -> bool {
        let Ok(typed) = walk.one(value) else {
            return false;
        };
        let found = walk.resolved(typed.value).shape;
        let dims = &walk.b.module.dims;
        pattern.axes.len() == found.rank()
            && pattern
                .axes
                .iter()
                .zip(found.dims())
                .all(|(axis, found)| match axis {
                    AxisPattern::Axis(_, dim) => dims.resolve(dim) == *found,
                    AxisPattern::Hole | AxisPattern::Spread(_) => true,
                })
    }

    /// A hole where any type could stand.
    pub(super) fn tell_open_hole(&mut self, node: &DraftNode) -> Reported {
        let report = Diagnostic::error(
            codes::HOLE,
            "a hole, and nothing here says what type is wanted",
        )
        .label(self.place(node.origin), "used here");
        self.push(report.help(
            "use it where a type is declared: as an argument, a result, or in `let name: [n] = ?;`",
        ))
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
            "name `{}` in the type of an input, or give it a value",
            symbol.name
        )));
    }
}

fn rank_advice(found: &TensorType, pattern: &Pattern) -> Option<String> {
    let has_spread = pattern
        .axes
        .iter()
        .any(|axis| matches!(axis, AxisPattern::Spread(_)));
    let wanted = pattern.axes.len();
    let Shape(axes) = &found.shape;
    let ones: Vec<usize> = (0..axes.len())
        .filter(|&axis| axes[axis].dim.as_int() == Some(1))
        .collect();
    match axes.len().cmp(&wanted) {
        std::cmp::Ordering::Greater if wanted + 1 == axes.len() && !ones.is_empty() => {
            Some(format!(
                "drop the axis of size one: `squeeze(…, {})`",
                ones[ones.len() - 1]
            ))
        }
        std::cmp::Ordering::Greater if wanted >= 2 && !has_spread => {
            Some("merge axes first: `… |> flatten(keep: …)`".to_string())
        }
        std::cmp::Ordering::Greater if wanted == 0 => {
            Some("reduce it to one number: `mean(…)` or `sum(…)`".to_string())
        }
        std::cmp::Ordering::Less if axes.is_empty() => {
            Some("a scalar has no axes: pass a tensor".to_string())
        }
        std::cmp::Ordering::Less => {
            Some("add an axis of size one: `expand(…, axis: 0)`".to_string())
        }
        std::cmp::Ordering::Greater | std::cmp::Ordering::Equal => None,
    }
}

/// The type a label begins with.
fn first_word(text: &str) -> &str {
    match text.find([',', ':']) {
        Some(end) if !text[..end].contains('[') || text[..end].contains(']') => &text[..end],
        _ => text.find(']').map_or(text, |end| &text[..=end]),
    }
}
