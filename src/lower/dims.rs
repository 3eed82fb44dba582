//! Sizes as written: numbers, symbols, and what is computed from them.

use crate::diag::{Diagnostic, did_you_mean};
use crate::lower::scope::Global;
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, codes};
use crate::source::Span;
use crate::syntax::ast::{BinaryOp, Constraint, DimExpr, DimExprKind, Name};
use crate::types::Dim;

impl Lowerer<'_> {
    /// A size as written in a type.
    pub(crate) fn dim_expr(&mut self, cx: &Cx, dim: &DimExpr) -> Lowering<Dim> {
        match &dim.kind {
            DimExprKind::Int(value) => Ok(Dim::int(*value)),
            DimExprKind::Name(name) => self.dim_name(cx, name, dim.span),
            DimExprKind::Chain(first, rest) => {
                let first = self.dim_expr(cx, first)?;
                rest.iter().try_fold(first, |left, (op, right)| {
                    let right = self.dim_expr(cx, right)?;
                    self.dim_op(*op, &left, &right, dim.span)
                })
            }
            DimExprKind::Call(name, sides) => {
                let (a, b) = (self.dim_expr(cx, &sides.0)?, self.dim_expr(cx, &sides.1)?);
                self.dim_call(name, &a, &b)
            }
        }
    }

    fn dim_op(&mut self, op: BinaryOp, left: &Dim, right: &Dim, span: Span) -> Lowering<Dim> {
        match op {
            BinaryOp::Add => Ok(left + right),
            BinaryOp::Sub => Ok(left - right),
            BinaryOp::Mul => Ok(left * right),
            BinaryOp::Div => self.exact_quotient(left, right, span),
            BinaryOp::MatMul | BinaryOp::Pow | BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt => {
                Err(self.not_a_dim_op(op, span))
            }
            BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge | BinaryOp::And | BinaryOp::Or => {
                Err(self.not_a_dim_op(op, span))
            }
        }
    }

    fn not_a_dim_op(&mut self, op: BinaryOp, span: Span) -> crate::lower::Reported {
        let message = format!("sizes know `+ - * /`, found `{}`", op.symbol());
        self.report(Diagnostic::error(codes::WRONG_KIND, message).label(span, "in this size"))
    }

    pub(crate) fn dim_call(&mut self, name: &Name, a: &Dim, b: &Dim) -> Lowering<Dim> {
        let known = match name.value.as_str() {
            "floor_div" => a.floor_div(b),
            "ceil_div" => a.ceil_div(b),
            "min" => Some(a.smaller(b)),
            "max" => Some(a.larger(b)),
            _ => None,
        };
        let report = || {
            Diagnostic::error(
                codes::WRONG_KIND,
                format!("`{}` is no function of these sizes", name.value),
            )
        };
        let help = "sizes know floor_div, ceil_div, min and max, and no division by zero";
        known.ok_or_else(|| self.report(report().label(name.span, "called here").help(help)))
    }

    fn dim_name(&mut self, cx: &Cx, name: &str, span: Span) -> Lowering<Dim> {
        match cx.env.get(name).cloned() {
            Some(value) => self.to_dim(&value, span),
            None => self.global_dim(cx, name, span),
        }
    }

    fn global_dim(&mut self, cx: &Cx, name: &str, span: Span) -> Lowering<Dim> {
        match self
            .world
            .find(cx.scope, name)
            .map(|entry| entry.global.clone())
        {
            Some(Global::Dim(decl)) => self.file_dim(cx, &decl),
            _ => {
                let names = cx
                    .env
                    .iter()
                    .filter(|(_, value)| matches!(value, Val::Dim(_)))
                    .map(|(name, _)| name);
                let near = did_you_mean(name, names).map(|near| format!("did you mean `{near}`?"));
                let help = near.unwrap_or_else(|| format!("name it in the type of an input, make it a setting `{name}: dim`, or declare `dim {name} = …;`"));
                let report = Diagnostic::error(
                    codes::UNKNOWN_DIM,
                    format!("nothing says what size `{name}` is"),
                );
                Err(self.report(report.label(span, "used here").help(help)))
            }
        }
    }

    /// Both sides of a constraint.
    pub(crate) fn constraint_dims(
        &mut self,
        cx: &Cx,
        constraint: &Constraint,
    ) -> Lowering<(Dim, Dim)> {
        Ok((
            self.dim_expr(cx, &constraint.left)?,
            self.dim_expr(cx, &constraint.right)?,
        ))
    }
}
