//! An argument read as its parameter's kind asks: a size, axes, an element type, a duration, names of curves.

use crate::diag::Diagnostic;
use crate::ir::draft::{AxisSet, NewDim};
use crate::lower::arguments::{Given, What};
use crate::lower::types::ParamKind;
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Unit};
use crate::types::Dim;

impl Lowerer<'_> {
    /// A parameter's default, read as its kind asks.
    pub(crate) fn read_default(
        &mut self,
        cx: &Cx,
        kind: ParamKind,
        default: &Expr,
    ) -> Lowering<Val> {
        self.read(
            kind,
            &Given {
                name: None,
                what: What::Expr(cx, default),
                span: default.span,
            },
        )
    }

    /// Reads an argument as its parameter's kind asks.
    pub(crate) fn read(&mut self, kind: ParamKind, given: &Given<'_>) -> Lowering<Val> {
        match kind {
            ParamKind::Axis | ParamKind::Axes => self.read_axes(kind, given),
            ParamKind::DType => self.read_dtype(given),
            ParamKind::Dims => self.read_dims(given),
            ParamKind::Series => self.read_series(given),
            _ => {
                let value = self.evaluate(given)?;
                self.conform(kind, value, given.span)
            }
        }
    }

    fn conform(&mut self, kind: ParamKind, value: Val, span: Span) -> Lowering<Val> {
        match kind {
            ParamKind::Dim => Ok(Val::Dim(self.to_dim(&value, span)?)),
            ParamKind::Int => Ok(Val::Number(self.to_int(&value, span)? as f64)),
            ParamKind::Bool => Ok(Val::Bool(self.to_bool(&value, span)?)),
            ParamKind::Str => Ok(Val::Str(self.to_str(&value, span)?)),
            ParamKind::Scalar => self.scalar_argument(value, span),
            ParamKind::Duration => Ok(Val::Number(self.to_steps(&value, span)?)),
            ParamKind::Function => match value {
                Val::Def(_) | Val::Closure(_) | Val::Layer(_) | Val::Sequence(_) => Ok(value),
                other => Err(self.wrong_kind("a function or layer", &other, span)),
            },
            ParamKind::Tensor | ParamKind::Schedule | ParamKind::Any => Ok(value),
            ParamKind::Values
            | ParamKind::Named
            | ParamKind::Axis
            | ParamKind::Axes
            | ParamKind::DType
            | ParamKind::Dims
            | ParamKind::Series => Ok(value),
        }
    }

    fn scalar_argument(&mut self, value: Val, span: Span) -> Lowering<Val> {
        match value {
            Val::Number(_) | Val::Dim(_) | Val::Quotient(..) => Ok(value),
            other => Ok(Val::Tensor(self.to_tensor(&other, span)?)),
        }
    }

    /// A duration in steps: a bare number is one already, epochs are counted in the steps of the run's data.
    fn to_steps(&mut self, value: &Val, span: Span) -> Lowering<f64> {
        match (&value.clone().into_number(), self.steps_per_epoch) {
            (Val::Number(steps) | Val::Quantity(steps, Unit::Steps), _) => Ok(*steps),
            (Val::Quantity(epochs, Unit::Epochs), Some(per_epoch)) => Ok(epochs * per_epoch),
            (Val::Quantity(_, Unit::Epochs), None) => {
                let report = Diagnostic::error(
                    codes::NOT_STATIC,
                    "epochs have no length outside a `train` block",
                );
                Err(self.report(
                    report
                        .label(span, "given in epochs")
                        .help("give it in steps: `500 steps`"),
                ))
            }
            (other, _) => {
                Err(self.wrong_kind("a duration such as `10 epochs` or `500 steps`", other, span))
            }
        }
    }

    fn read_axes(&mut self, kind: ParamKind, given: &Given<'_>) -> Lowering<Val> {
        match &given.what {
            What::Value(value @ Val::Axes(_)) => Ok(value.clone()),
            What::Value(Val::Number(number)) => Ok(Val::Axes(AxisSet::These(vec![
                crate::ir::draft::AxisRef::Index(*number as i64),
            ]))),
            What::Value(other) => Err(self.wrong_kind("an axis", other, given.span)),
            What::Expr(cx, expr) if kind == ParamKind::Axes => {
                Ok(Val::Axes(self.to_axes(cx, expr)?))
            }
            What::Expr(cx, expr) => Ok(Val::Axes(AxisSet::These(vec![self.to_axis(cx, expr)?]))),
        }
    }

    fn read_dtype(&mut self, given: &Given<'_>) -> Lowering<Val> {
        let value = match &given.what {
            What::Value(value) => value.clone(),
            What::Expr(
                _,
                Expr {
                    kind: ExprKind::Path(path),
                    ..
                },
            ) if path.len() == 1 => match path[0].value.parse() {
                Ok(dtype) => Val::DType(dtype),
                Err(()) => Val::Str(path[0].value.clone()),
            },
            What::Expr(cx, expr) => self.eval(cx, expr)?,
        };
        match value {
            Val::DType(_) => Ok(value),
            other => Err(self.wrong_kind(
                "an element type: f32, f64, i64, i32, u8 or bool",
                &other,
                given.span,
            )),
        }
    }

    fn read_dims(&mut self, given: &Given<'_>) -> Lowering<Val> {
        let What::Expr(
            cx,
            Expr {
                kind: ExprKind::List(items),
                ..
            },
        ) = &given.what
        else {
            let value = self.evaluate(given)?;
            return match value {
                Val::List(_) => Ok(value),
                other => {
                    Err(self.wrong_kind("a list of sizes such as `[batch, 4]`", &other, given.span))
                }
            };
        };
        let sizes = items.iter().map(|item| match &item.kind {
            ExprKind::Hole => Ok(Val::Poison),
            _ => Ok(Val::Dim(self.size_expr(cx, item)?)),
        });
        Ok(Val::List(sizes.collect::<Lowering<_>>()?))
    }

    fn read_series(&mut self, given: &Given<'_>) -> Lowering<Val> {
        let What::Expr(_, expr) = &given.what else {
            return Err(Reported);
        };
        let items = match &expr.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![*expr],
        };
        let names = items
            .into_iter()
            .map(|item| Ok(Val::Str(self.dotted(item)?)));
        Ok(Val::List(names.collect::<Lowering<_>>()?))
    }

    /// A size as an expression; unlike elsewhere, `min` and `max` of sizes are sizes here.
    fn size_expr(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Dim> {
        if let ExprKind::Call(callee, args) = &expr.kind
            && let ExprKind::Path(path) = &callee.kind
            && let ([name], [a, b]) = (path.as_slice(), args.as_slice())
        {
            let (a, b) = (self.size_expr(cx, &a.value)?, self.size_expr(cx, &b.value)?);
            return self.dim_call(name, &a, &b);
        }
        let value = self.eval(cx, expr)?;
        self.to_dim(&value, expr.span)
    }

    /// A name with dots and numbers, as written: `val.loss`, `body[0].w`.
    pub(crate) fn dotted(&mut self, expr: &Expr) -> Lowering<String> {
        match &expr.kind {
            ExprKind::Path(path) if path.len() == 1 => Ok(path[0].value.clone()),
            ExprKind::Member(operand, name) => {
                Ok(format!("{}.{}", self.dotted(operand)?, name.value))
            }
            ExprKind::Index(operand, items) => match items.as_slice() {
                [
                    ast::IndexItem::At(Expr {
                        kind: ExprKind::Number(number),
                        ..
                    }),
                ] if number.int.is_some() => Ok(format!(
                    "{}[{}]",
                    self.dotted(operand)?,
                    number.int.unwrap_or_default()
                )),
                _ => Err(self.not_dotted(expr.span)),
            },
            _ => Err(self.not_dotted(expr.span)),
        }
    }

    fn not_dotted(&mut self, span: Span) -> Reported {
        let report = Diagnostic::error(
            codes::WRONG_KIND,
            "expected a name such as `val.loss` or `body[0].w`",
        );
        self.report(report.label(span, "found an expression"))
    }

    /// Sizes read by [`Self::read_dims`]; the hole stands for what is left over.
    pub(crate) fn new_dims(value: &Val) -> Vec<NewDim> {
        let Val::List(items) = value else {
            return vec![];
        };
        let size = |item: &Val| match item {
            Val::Dim(dim) if dim.as_int() == Some(-1) => NewDim::Rest,
            Val::Dim(dim) => NewDim::Size(dim.clone()),
            _ => NewDim::Rest,
        };
        items.iter().map(size).collect()
    }
}
