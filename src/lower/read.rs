//! An argument read as its parameter's kind asks: a size, axes, an element type, a duration, names of curves.

use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::draft::{AxisSet, NewDim};
use crate::lower::arguments::{Given, What};
use crate::lower::types::ParamKind;
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, ExprKind, Type, TypeKind, Unit};
use crate::types::Dim;

impl Lowerer<'_> {
    /// A parameter's default, read as its type asks.
    pub(crate) fn read_default(&mut self, cx: &Cx, ty: &Type, default: &Expr) -> Lowering<Val> {
        self.read_param(
            ty,
            &Given {
                name: None,
                what: What::Expr(cx, default),
                span: default.span,
            },
        )
    }

    /// Reads an argument as its parameter's type asks.
    pub(crate) fn read_param(&mut self, ty: &Type, given: &Given<'_>) -> Lowering<Val> {
        match &ty.kind {
            TypeKind::Choice(choices) => self.read_choice(choices, given),
            TypeKind::Tensor(..) | TypeKind::Named(..) | TypeKind::Record(_) => {
                self.read(ParamKind::of(ty), given)
            }
            TypeKind::Tuple(_) | TypeKind::Fn(..) => self.read(ParamKind::of(ty), given),
        }
    }

    /// One of the words, or a value of the kind that is among them.
    fn read_choice(&mut self, choices: &[Type], given: &Given<'_>) -> Lowering<Val> {
        let kind = |ty: &Type| match ParamKind::of(ty) {
            ParamKind::Tensor => None,
            kind => Some(kind),
        };
        let words = choices.iter().filter(|ty| kind(ty).is_none());
        let words: Vec<&str> = words.filter_map(name_of).collect();
        let other = choices.iter().find_map(kind);
        let word = match &given.what {
            What::Expr(_, expr) => alone(expr),
            What::Value(_) => None,
        };
        if let Some(word) = word.filter(|word| words.contains(word)) {
            return Ok(Val::Str(word.to_string()));
        }
        let is_bound = |cx: &Cx, word: &str| {
            cx.env.get(word).is_some() || self.world.find(cx.scope, word).is_some()
        };
        if let (What::Expr(cx, _), Some(word)) = (&given.what, word)
            && !is_bound(cx, word)
        {
            return Err(self.no_such_choice(&words, other, word, given.span));
        }
        let value = self.evaluate(given)?;
        match (&value, other) {
            (Val::Str(word), _) if words.contains(&word.as_str()) => Ok(value),
            (Val::Str(word), _) => Err(self.no_such_choice(&words, other, word, given.span)),
            (_, Some(kind)) => self.read(kind, &Given::value(value, given.span)),
            (_, None) => Err(self.wrong_kind(&listed(&words, other), &value, given.span)),
        }
    }

    fn no_such_choice(
        &mut self,
        words: &[&str],
        other: Option<ParamKind>,
        found: &str,
        span: Span,
    ) -> Reported {
        let message = format!("expected {}, found `{found}`", listed(words, other));
        let report = Diagnostic::error(codes::WRONG_KIND, message).label(span, "not among them");
        let near = did_you_mean(found, words.iter().copied());
        let help = near.map(|near| format!("did you mean `{near}`?"));
        self.report(help.into_iter().fold(report, Diagnostic::help))
    }

    /// As many sizes as are asked for; a single one stands for all.
    fn read_sizes(&mut self, n: usize, given: &Given<'_>) -> Lowering<Val> {
        let value = self.evaluate(given)?;
        let sizes = match &value {
            Val::List(items) => items.clone(),
            one => vec![one.clone(); n],
        };
        if sizes.len() != n {
            let message = format!("expected {n} sizes, or one for all, found {}", sizes.len());
            let report = Diagnostic::error(codes::WRONG_KIND, message);
            return Err(self.report(report.label(given.span, "given here")));
        }
        let sizes = sizes
            .iter()
            .map(|size| Ok(Val::Dim(self.to_dim(size, given.span)?)));
        Ok(Val::List(sizes.collect::<Lowering<_>>()?))
    }

    /// Reads an argument as its parameter's kind asks.
    pub(crate) fn read(&mut self, kind: ParamKind, given: &Given<'_>) -> Lowering<Val> {
        match kind {
            ParamKind::Axis | ParamKind::Axes => self.read_axes(kind, given),
            ParamKind::DType => self.read_dtype(given),
            ParamKind::Dims => self.read_dims(given),
            ParamKind::Series => self.read_series(given),
            ParamKind::Sizes(n) => self.read_sizes(n, given),
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
            | ParamKind::Sizes(_)
            | ParamKind::Choice
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

/// The name of a named type.
fn name_of(ty: &Type) -> Option<&str> {
    match &ty.kind {
        TypeKind::Named(name, _) => Some(&name.value),
        TypeKind::Tensor(..) | TypeKind::Choice(_) | TypeKind::Record(_) => None,
        TypeKind::Tuple(_) | TypeKind::Fn(..) => None,
    }
}

/// The name that an expression is.
fn alone(expr: &Expr) -> Option<&str> {
    match &expr.kind {
        ExprKind::Path(path) if path.len() == 1 => Some(&path[0].value),
        _ => None,
    }
}

/// `` `same`, `valid` or 2 sizes ``
fn listed(words: &[&str], other: Option<ParamKind>) -> String {
    let mut all: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    all.extend(other.map(|kind| match kind {
        ParamKind::Sizes(n) => format!("a size for each of {n} axes, or one for all"),
        _ => "a number".to_string(),
    }));
    match all.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => all.concat(),
    }
}
