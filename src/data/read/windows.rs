//! `windows(seq, shift: 1)`, the last stage of a field; and fields that are only steps on the way to others, `tokens` in
//! `x: tokens |> windows(seq)`.

use crate::data::codes;
use crate::data::read::Reader;
use crate::data::read::constant::calculate;
use crate::data::read::given::Given;
use crate::data::read::views::{bare_name, named_call, pipe};
use crate::data::spec::{DataSpec, MissingPolicy, PartsSpec, SplitBy, WindowSpec};
use crate::diag::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, Expr, ExprKind};

/// The fields that others begin with, and cut into windows.
pub(super) fn steps(block: &ast::Block<ast::Field>) -> Vec<&str> {
    let named = block.fields.iter().filter_map(|field| step(block, field));
    named.map(|step| step.name.value.as_str()).collect()
}

/// The field that another begins with, where that one is cut into windows.
fn step<'a>(block: &'a ast::Block<ast::Field>, field: &ast::Field) -> Option<&'a ast::Field> {
    let (head, stages) = pipe(&field.value);
    stages.last().filter(|stage| cuts_rows(stage))?;
    let name = bare_name(head)?;
    let is_other = |other: &&ast::Field| {
        other.name.value == name.value && other.name.value != field.name.value
    };
    let other = block.fields.iter().find(is_other)?;
    let (_, others) = pipe(&other.value);
    let is_setting = other.name.value == "source";
    (!is_setting && !others.iter().any(cuts_rows)).then_some(other)
}

fn is_windows(stage: &Expr) -> bool {
    is_called(stage, &["windows"])
}

/// Whether a stage is one that comes last.
fn cuts_rows(stage: &Expr) -> bool {
    is_called(stage, &["windows", "padded", "mask"])
}

/// Whether a stage has one of these names.
pub(super) fn is_called(stage: &Expr, names: &[&str]) -> bool {
    let name = named_call(stage).map(|(name, _)| name).or(bare_name(stage));
    name.is_some_and(|name| names.contains(&name.value.as_str()))
}

/// The columns of a field and all that is done to them, those of the field it begins with first.
pub(super) fn unfolded<'a>(
    block: &'a ast::Block<ast::Field>,
    field: &'a ast::Field,
) -> (&'a Expr, Vec<&'a Expr>) {
    let (head, stages) = pipe(&field.value);
    match step(block, field) {
        Some(step) => {
            let (head, before) = pipe(&step.value);
            (head, before.iter().chain(stages).collect())
        }
        None => (head, stages.iter().collect()),
    }
}

impl Reader {
    /// The stages without a last one that cuts windows, and how it cuts them.
    pub(super) fn cut_windows<'a>(
        &mut self,
        mut stages: Vec<&'a Expr>,
    ) -> Option<(Vec<&'a Expr>, Option<Spanned<WindowSpec>>)> {
        let Some(last) = stages.pop_if(|stage| is_windows(stage)) else {
            return Some((stages, None));
        };
        let args = named_call(last).map_or(&[][..], |(_, args)| args);
        let mut given = Given::call("windows", last.span, args);
        let length = given.take_next("length");
        let length = self.needed(length, &given, "length", "windows(64, shift: 1)");
        let (shift, stride) = (given.take("shift"), given.take("stride"));
        self.no_more(&given)?;
        let length = self.size("the length of a window", length?)?;
        let shift = shift.map_or(Some(0), |shift| self.size("a shift", shift))?;
        let stride = stride.map_or(Some(length), |stride| self.size("a stride", stride))?;
        if length == 0 || stride == 0 {
            return self.report(nothing(last.span));
        }
        let spec = WindowSpec {
            length,
            shift,
            stride,
        };
        Some((stages, Some(Spanned::new(spec, last.span))))
    }

    /// A number, or a size that the file declares.
    pub(super) fn size(&mut self, what: &str, expr: &Expr) -> Option<usize> {
        if let Some(size) = self.known_size(expr) {
            if size.trunc() == size && (0.0..=1e9).contains(&size) {
                return Some(size as usize);
            }
            let message = format!("{what} must be a whole number from 0, and is `{size}`");
            let report = Diagnostic::error(codes::BAD_WINDOWS, message);
            return self.report(report.label(expr.span, format!("is `{size}`")));
        }
        Some(self.count(what, expr)?.value)
    }

    /// The value of an expression of sizes by name.
    fn known_size(&self, expr: &Expr) -> Option<f64> {
        if let ExprKind::Number(number) = &expr.kind {
            return Some(number.value);
        }
        if let ExprKind::Chain(first, rest) = &expr.kind {
            let mut rest = rest.iter();
            return rest.try_fold(self.known_size(first)?, |value, (op, operand)| {
                calculate(op.value, value, self.known_size(operand)?)
            });
        }
        Some(*self.sizes.get(&bare_name(expr)?.value)? as f64)
    }

    /// Windows need rows that follow each other, and all fields the same ones.
    pub(super) fn check_windows(&mut self, spec: &DataSpec) {
        let mut windows = spec
            .fields
            .iter()
            .filter_map(|field| field.windows.as_ref());
        let Some(first) = windows.next() else {
            return;
        };
        let other = windows.find(|own| own.value.stride != first.value.stride);
        let report = spec.fields.iter().find_map(|field| match &field.windows {
            None => Some(without(field.span, first.span)),
            Some(_) => None,
        });
        let report = report.or_else(|| other.map(|other| differ(first, other)));
        let report = report.or_else(|| out_of_order(spec, first.span));
        report
            .into_iter()
            .for_each(|report| self.reports.push(report));
    }
}

fn nothing(span: Span) -> Diagnostic {
    Diagnostic::error(codes::BAD_WINDOWS, "windows of no rows")
        .label(span, "length and stride are 1 at least")
        .help("write `windows(64)`, or `windows(64, stride: 1)` for one at every row")
}

fn without(field: Span, windows: Span) -> Diagnostic {
    let message = "one field is cut into windows, and another is not";
    Diagnostic::error(codes::BAD_WINDOWS, message)
        .label(field, "a value for every row")
        .label(windows, "a value for every window")
        .help("cut this one too: `|> windows(1)` takes the row at a window's start")
}

fn differ(first: &Spanned<WindowSpec>, other: &Spanned<WindowSpec>) -> Diagnostic {
    let strides = [first.value.stride, other.value.stride];
    let message = format!(
        "windows begin every {} and every {} rows",
        strides[0], strides[1]
    );
    Diagnostic::error(codes::BAD_WINDOWS, message)
        .label(first.span, format!("every {}", strides[0]))
        .label(other.span, format!("every {}", strides[1]))
        .note("where none is said, windows stand side by side: the stride is their length")
        .help(format!(
            "give both the same: `stride: {}`",
            strides[0].min(strides[1])
        ))
}

fn out_of_order(spec: &DataSpec, windows: Span) -> Option<Diagnostic> {
    let report = |message: &str, label: &str| {
        Diagnostic::error(codes::BAD_WINDOWS, message.to_owned())
            .label(spec.split.span, label.to_owned())
            .label(windows, "takes rows that follow each other")
    };
    match (&spec.split.parts, &spec.split.by, spec.missing.policy) {
        (_, _, MissingPolicy::DropRows) => Some(
            report(
                "windows would close over the rows that are dropped",
                "rows are kept here",
            )
            .help("fill the cells in instead: `|> impute(median)`"),
        ),
        (PartsSpec::Whole, _, _) | (PartsSpec::Shares(_), SplitBy::Order, _) => None,
        (PartsSpec::Shares(_), _, _) => Some(
            report(
                "windows need parts whose rows follow each other",
                "rows are drawn at random",
            )
            .help("split in order, so that no window crosses a border: `by: order`"),
        ),
        (PartsSpec::Folds { .. }, _, _) => Some(
            report(
                "windows would close over the fold that is held out",
                "rows are taken out",
            )
            .help("split in order: `split: { train: 80%, val: 20%, by: order }`"),
        ),
    }
}
