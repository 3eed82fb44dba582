//! A value that does not match a pattern: what was expected and found, why it has to match, and one edit.

use crate::check::ascribe::Misfit;
use crate::check::walk::{Typed, Walk};
use crate::check::{Checker, Reported, codes};
use crate::diag::{Code, Diagnostic};
use crate::ir::draft::{AxisPattern, DraftNode, Elem, Pattern, Why};
use crate::source::Span;
use crate::types::{DType, Dim, Shape, TensorType};

impl Checker<'_> {
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
        let open = open_size(walk, misfit).filter(|_| code == codes::DISAGREE);
        let help = open.or_else(|| self.advice(walk, misfit, &found, pattern));
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
    pub(super) fn written(&self, walk: &Walk<'_, '_>, pattern: &Pattern) -> String {
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
            let (own, resolved) = (dim, dims.resolve(dim));
            let [own, resolved] =
                [own, &resolved].map(|dim| dim.display(&dims.symbols).to_string());
            if resolved != own {
                known.push(format!("`{own}` is {resolved} here"));
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
}

/// Where data meets a size that stands for any, such as `dim classes;`: how to let the data decide it.
fn open_size(walk: &Walk<'_, '_>, misfit: &Misfit) -> Option<String> {
    let Misfit::Sizes(mismatch) = misfit else {
        return None;
    };
    let dims = &walk.b.module.dims;
    let size = mismatch.right.as_int()?;
    let open = dims.resolve(&mismatch.left);
    let name = match open.symbols()[..] {
        [symbol] if open == Dim::sym(symbol) => &dims.symbols[symbol].name,
        _ => return None,
    };
    Some(format!(
        "`{name}` is open: let the data decide it with `one_hot(size: {name})`, or write `dim {name} = {size};`"
    ))
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
