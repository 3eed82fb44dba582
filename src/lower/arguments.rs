//! Arguments meet parameters: by place, then by name, then by default.

use crate::diag::{Diagnostic, did_you_mean};
use crate::lower::types::ParamKind;
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, Param};

/// An argument: still an expression, because the parameter decides how it is read, or a value already.
#[derive(Clone)]
pub(crate) struct Given<'a> {
    pub(crate) name: Option<&'a ast::Name>,
    pub(crate) what: What<'a>,
    pub(crate) span: Span,
}

#[derive(Clone)]
pub(crate) enum What<'a> {
    Expr(&'a Cx, &'a Expr),
    Value(Val),
}

impl<'a> Given<'a> {
    /// An argument as written.
    pub(crate) fn expr(cx: &'a Cx, arg: &'a ast::Arg) -> Given<'a> {
        Given {
            name: arg.name.as_ref(),
            what: What::Expr(cx, &arg.value),
            span: arg.value.span,
        }
    }

    /// A value passed by place.
    pub(crate) fn value(value: Val, span: Span) -> Given<'static> {
        Given {
            name: None,
            what: What::Value(value),
            span,
        }
    }
}

/// An argument that found its parameter.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) name: String,
    pub(crate) value: Val,
    pub(crate) span: Span,
}

impl Lowerer<'_> {
    /// Matches arguments with parameters, by place, then by name, then by default.
    pub(crate) fn bind(
        &mut self,
        cx: &Cx,
        callee: &str,
        params: &[Param],
        given: Vec<Given<'_>>,
        span: Span,
    ) -> Lowering<Vec<Bound>> {
        let (mut by_place, mut by_name): (Vec<_>, Vec<_>) =
            given.into_iter().partition(|given| given.name.is_none());
        by_place.reverse();
        let n_given = by_place.len();
        let mut bound: Vec<Bound> = Vec::new();
        let mut env = cx.env.clone();
        for param in params {
            let argument = self.argument(
                callee,
                param,
                &mut by_place,
                &mut by_name,
                &Cx {
                    env: env.clone(),
                    ..cx.clone()
                },
                span,
            )?;
            env = env.with(&argument.name, argument.value.clone());
            bound.push(argument);
        }
        if !by_place.is_empty() {
            return Err(self.argument_count(&format!("`{callee}`"), params.len(), n_given, span));
        }
        match by_name.first() {
            Some(unknown) => Err(self.unknown_argument(callee, params, unknown)),
            None => Ok(bound),
        }
    }

    fn argument<'a>(
        &mut self,
        callee: &str,
        param: &Param,
        by_place: &mut Vec<Given<'a>>,
        by_name: &mut Vec<Given<'a>>,
        cx: &Cx,
        span: Span,
    ) -> Lowering<Bound> {
        let kind = ParamKind::of(&param.ty);
        let name = param.name.value.clone();
        if matches!(kind, ParamKind::Values | ParamKind::Named) {
            let value = self.remaining(kind, by_place, by_name)?;
            return Ok(Bound { name, value, span });
        }
        let named = by_name
            .iter()
            .position(|given| given.name.is_some_and(|given| given.value == name));
        let given = named
            .map(|at| by_name.remove(at))
            .or_else(|| by_place.pop());
        match (given, &param.default) {
            (Some(given), _) => Ok(Bound {
                name,
                value: self.read_param(&param.ty, &given)?,
                span: given.span,
            }),
            (None, Some(default)) => {
                let given = Given {
                    name: None,
                    what: What::Expr(cx, default),
                    span: default.span,
                };
                Ok(Bound {
                    name,
                    value: self.read_param(&param.ty, &given)?,
                    span,
                })
            }
            (None, None) => Err(self.missing_argument(callee, param, span)),
        }
    }

    fn remaining(
        &mut self,
        kind: ParamKind,
        by_place: &mut Vec<Given<'_>>,
        by_name: &mut Vec<Given<'_>>,
    ) -> Lowering<Val> {
        if kind == ParamKind::Values {
            let values = by_place.drain(..).rev().map(|given| self.evaluate(&given));
            return Ok(Val::Tuple(values.collect::<Lowering<_>>()?));
        }
        let mut fields = Vec::new();
        for given in by_name.drain(..) {
            let name = given
                .name
                .map(|name| name.value.clone())
                .unwrap_or_default();
            fields.push((name, self.evaluate(&given)?));
        }
        Ok(Val::Record(fields))
    }

    pub(crate) fn argument_count(
        &mut self,
        callee: &str,
        wanted: usize,
        found: usize,
        span: Span,
    ) -> Reported {
        let plural = if wanted == 1 { "" } else { "s" };
        let message = format!("{callee} takes {wanted} argument{plural}, found {found}");
        self.report(Diagnostic::error(codes::ARGUMENTS, message).label(span, "called here"))
    }

    fn unknown_argument(
        &mut self,
        callee: &str,
        params: &[Param],
        unknown: &Given<'_>,
    ) -> Reported {
        let name = unknown.name.expect("only named arguments are left over");
        let report = Diagnostic::error(
            codes::ARGUMENTS,
            format!("`{callee}` has no parameter `{}`", name.value),
        );
        let names: Vec<&str> = params
            .iter()
            .map(|param| param.name.value.as_str())
            .collect();
        let help = match did_you_mean(&name.value, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it takes none".to_string(),
            None => format!("it takes `{}`", names.join("`, `")),
        };
        self.report(
            report
                .label(name.span, "not one of its parameters")
                .help(help),
        )
    }

    fn missing_argument(&mut self, callee: &str, param: &Param, span: Span) -> Reported {
        let name = &param.name.value;
        let report = Diagnostic::error(codes::ARGUMENTS, format!("`{callee}` needs `{name}`"));
        let report = report.label(span, format!("`{name}` is not given"));
        let report = if self.sources.is_user(param.name.span) {
            report.label(param.name.span, "declared here")
        } else {
            report
        };
        self.report(report.help(format!(
            "add `{name}: {}`",
            example_of(ParamKind::of(&param.ty))
        )))
    }
}

/// What an argument of this kind looks like, for help texts.
fn example_of(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Dim | ParamKind::Int => "16",
        ParamKind::Dims => "[batch, 4]",
        ParamKind::Sizes(_) => "3",
        ParamKind::Choice => "…",
        ParamKind::Bool => "true",
        ParamKind::Str => "\"…\"",
        ParamKind::DType => "f64",
        ParamKind::Axis | ParamKind::Axes => "-1",
        ParamKind::Duration => "500 steps",
        ParamKind::Scalar | ParamKind::Schedule => "0.1",
        ParamKind::Function => "relu",
        ParamKind::Series => "[train.loss, val.loss]",
        ParamKind::Tensor | ParamKind::Any | ParamKind::Values | ParamKind::Named => "…",
    }
}
