//! From one kind of lowering-time value to another: to a tensor, a size, a truth value, axes.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{AxisRef, AxisSet, NodeKind, Prim, Trust};
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};
use crate::types::{Dim, Relation};

impl Lowerer<'_> {
    /// The value as a tensor.
    pub(crate) fn to_tensor(&mut self, value: &Val, span: Span) -> Lowering<TensorRef> {
        match value {
            Val::Tensor(tensor) => Ok(*tensor),
            Val::Global(name) => Ok(self.root_input(Role::Global(name.clone()), None, span)),
            Val::Number(number) => Ok(self.emit(NodeKind::Number(*number), &[], span)),
            Val::Bool(truth) => Ok(self.emit(NodeKind::Bool(*truth), &[], span)),
            Val::Dim(dim) => Ok(self.emit(size(dim), &[], span)),
            Val::Quotient(a, b) => {
                let a = self.emit(NodeKind::Size(a.clone()), &[], span);
                let b = self.emit(NodeKind::Size(b.clone()), &[], span);
                Ok(self.emit(NodeKind::Prim(Prim::Scalar(Scalar::Div)), &[a, b], span))
            }
            Val::List(items) => self.list_to_tensor(items, span),
            Val::Poison => Err(Reported),
            other => Err(self.wrong_kind("a tensor", other, span)),
        }
    }

    fn list_to_tensor(&mut self, items: &[Val], span: Span) -> Lowering<TensorRef> {
        if let Some(constants) = Constants::of(items) {
            return Ok(self.emit(constants.into_node(), &[], span));
        }
        let items = items
            .iter()
            .map(|item| self.to_tensor(item, span))
            .collect::<Lowering<Vec<_>>>()?;
        Ok(self.emit(NodeKind::Prim(Prim::Stack(0)), &items, span))
    }

    /// The value as a size.
    pub(crate) fn to_dim(&mut self, value: &Val, span: Span) -> Lowering<Dim> {
        match value {
            Val::Dim(dim) => Ok(dim.clone()),
            Val::Number(number) if is_whole(*number) => Ok(Dim::int(*number as i64)),
            Val::Quotient(a, b) => self.exact_quotient(a, b, span),
            Val::Poison => Err(Reported),
            other => Err(self.wrong_kind("a size, a whole number", other, span)),
        }
    }

    /// `a / b` as a size; the checker has to prove that nothing is left over.
    pub(crate) fn exact_quotient(&mut self, a: &Dim, b: &Dim, span: Span) -> Lowering<Dim> {
        let Some(quotient) = a.floor_div(b) else {
            let report = Diagnostic::error(codes::WRONG_KIND, "a size cannot be divided by zero");
            return Err(self.report(report.label(span, "divided here")));
        };
        if !self.frames.is_empty() {
            self.emit(
                NodeKind::Where(Relation::Divides, b.clone(), a.clone(), Trust::Prove),
                &[],
                span,
            );
        }
        Ok(quotient)
    }

    /// The value as a truth value that is known before anything runs.
    pub(crate) fn to_bool(&mut self, value: &Val, span: Span) -> Lowering<bool> {
        match value {
            Val::Bool(truth) => Ok(*truth),
            Val::Poison => Err(Reported),
            Val::Tensor(_) => {
                let report = Diagnostic::error(
                    codes::NOT_STATIC,
                    "expected a choice known before the run, found a tensor",
                );
                let report = report.label(span, "computed when the program runs");
                Err(self
                    .report(report.help("choose element by element: `select(condition, a, b)`")))
            }
            other => Err(self.wrong_kind("`true` or `false`", other, span)),
        }
    }

    /// The value as text.
    pub(crate) fn to_str(&mut self, value: &Val, span: Span) -> Lowering<String> {
        match value {
            Val::Str(text) => Ok(text.clone()),
            Val::Poison => Err(Reported),
            other => Err(self.wrong_kind("a string", other, span)),
        }
    }

    /// The value as a whole number.
    pub(crate) fn to_int(&mut self, value: &Val, span: Span) -> Lowering<i64> {
        match value {
            Val::Number(number) if is_whole(*number) => Ok(*number as i64),
            Val::Dim(dim) if dim.as_int().is_some() => Ok(dim.as_int().unwrap_or_default()),
            Val::Poison => Err(Reported),
            other => Err(self.wrong_kind("a whole number known before the run", other, span)),
        }
    }

    /// Axes as the user speaks of them: a name, a place, a list of these, `all`, or `except(…)`.
    pub(crate) fn to_axes(&mut self, cx: &Cx, expr: &Expr) -> Lowering<AxisSet> {
        match &expr.kind {
            ExprKind::Path(path)
                if path.len() == 1 && matches!(cx.env.get(&path[0].value), Some(Val::Axes(_))) =>
            {
                match cx.env.get(&path[0].value) {
                    Some(Val::Axes(axes)) => Ok(axes.clone()),
                    _ => Err(Reported),
                }
            }
            ExprKind::Path(path) if path.len() == 1 && path[0].value == "all" => Ok(AxisSet::All),
            ExprKind::Call(callee, args) if is_named(callee, "except") => {
                let kept = args
                    .iter()
                    .map(|arg| self.to_axes(cx, &arg.value))
                    .collect::<Lowering<Vec<_>>>()?;
                Ok(complement(kept))
            }
            ExprKind::List(items) => Ok(AxisSet::These(
                items
                    .iter()
                    .map(|item| self.to_axis(cx, item))
                    .collect::<Lowering<_>>()?,
            )),
            _ => Ok(AxisSet::These(vec![self.to_axis(cx, expr)?])),
        }
    }

    /// One axis as the user speaks of it.
    pub(crate) fn to_axis(&mut self, cx: &Cx, expr: &Expr) -> Lowering<AxisRef> {
        if let ExprKind::Path(path) = &expr.kind
            && let [name] = path.as_slice()
        {
            return self.named_axis(cx, &name.value, expr.span);
        }
        let value = self.eval(cx, expr)?;
        Ok(AxisRef::Index(self.to_int(&value, expr.span)?))
    }

    fn named_axis(&mut self, cx: &Cx, name: &str, span: Span) -> Lowering<AxisRef> {
        let named = |dim| AxisRef::Named(name.to_string(), dim);
        match cx.env.get(name).cloned() {
            Some(Val::Axes(AxisSet::These(axes))) if axes.len() == 1 => Ok(axes[0].clone()),
            Some(Val::Dim(dim)) => Ok(named(Some(dim))),
            Some(Val::Number(number)) if is_whole(number) => Ok(AxisRef::Index(number as i64)),
            Some(Val::Axes(_)) => Err(self.wrong_kind("one axis", &Val::Axes(AxisSet::All), span)),
            _ => match self.global_file_dim(cx, name) {
                Some(dim) => Ok(named(Some(dim?))),
                None => Ok(named(None)),
            },
        }
    }

    pub(crate) fn wrong_kind(&mut self, expected: &str, found: &Val, span: Span) -> Reported {
        if matches!(found, Val::Poison) {
            return Reported;
        }
        let message = format!("expected {expected}, found {}", found.kind());
        let report = Diagnostic::error(codes::WRONG_KIND, message)
            .label(span, format!("this is {}", found.kind()));
        let help = match found {
            Val::Def(_) | Val::Closure(_) => {
                Some("call it: a function needs its arguments in brackets")
            }
            Val::Layer(_) | Val::Sequence(_) => Some("apply it to an input: `x |> layer`"),
            _ => None,
        };
        self.report(help.into_iter().fold(report, Diagnostic::help))
    }
}

/// Whether an expression is nothing but this name.
pub(crate) fn is_named(expr: &Expr, name: &str) -> bool {
    matches!(&expr.kind, ExprKind::Path(path) if path.len() == 1 && path[0].value == name)
}

/// Whether a number is a whole one that a size can hold.
pub(crate) fn is_whole(number: f64) -> bool {
    number.trunc() == number && number.abs() <= 9_007_199_254_740_992.0
}

fn complement(kept: Vec<AxisSet>) -> AxisSet {
    let all = |set: AxisSet| match set {
        AxisSet::These(axes) | AxisSet::AllBut(axes) => axes,
        AxisSet::All => vec![],
    };
    AxisSet::AllBut(kept.into_iter().flat_map(all).collect())
}

/// Whether a float holds a whole number exactly, whatever its size.
pub(crate) fn is_float(int: i64) -> bool {
    int.unsigned_abs() <= 1 << 53
}

fn size(dim: &Dim) -> NodeKind {
    match dim.as_int() {
        Some(int) if !is_float(int) => NodeKind::Whole(vec![], vec![int]),
        _ => NodeKind::Size(dim.clone()),
    }
}

/// A nested list of nothing but numbers, all rows of one length.
struct Constants {
    shape: Vec<usize>,
    floats: Vec<f64>,
    /// The same numbers, those that are whole.
    wholes: Vec<i64>,
}

impl Constants {
    fn of(items: &[Val]) -> Option<Constants> {
        let mut inner: Option<Vec<usize>> = None;
        let (mut floats, mut wholes) = (Vec::with_capacity(items.len()), vec![]);
        for item in items {
            let mut row = Constants::item(item)?;
            if inner.get_or_insert_with(|| row.shape.clone()) != &row.shape {
                return None;
            }
            floats.append(&mut row.floats);
            wholes.append(&mut row.wholes);
        }
        let mut shape = vec![items.len()];
        shape.extend(inner.unwrap_or_default());
        Some(Constants {
            shape,
            floats,
            wholes,
        })
    }

    fn item(item: &Val) -> Option<Constants> {
        let one = |float: f64, whole: Option<i64>| Constants {
            shape: vec![],
            floats: vec![float],
            wholes: whole.into_iter().collect(),
        };
        match item {
            Val::Number(number) => Some(one(*number, is_whole(*number).then_some(*number as i64))),
            Val::Dim(dim) => dim.as_int().map(|int| one(int as f64, Some(int))),
            Val::List(items) => Constants::of(items),
            _ => None,
        }
    }

    /// Floats, unless they are all whole and one of them is lost on a float.
    fn into_node(self) -> NodeKind {
        let is_whole = self.wholes.len() == self.floats.len();
        match is_whole && !self.wholes.iter().all(|int| is_float(*int)) {
            true => NodeKind::Whole(self.shape, self.wholes),
            false => NodeKind::Array(self.shape, self.floats),
        }
    }
}
