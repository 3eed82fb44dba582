//! Settings of a `train` block that watch a value: stopping early, and lowering the learning rate.

use crate::diag::Diagnostic;
use crate::lower::facts::DataFacts;
use crate::lower::fields::Fields;
use crate::lower::plan::{EarlyStop, Plateau};
use crate::lower::{Cx, Lowerer, Lowering, codes};
use crate::syntax::ast::Expr;

/// What the learning rate is multiplied by where the program does not say.
const DEFAULT_FACTOR: f64 = 0.1;

impl Lowerer<'_> {
    pub(super) fn early_stop(
        &mut self,
        cx: &Cx,
        expr: &Expr,
        data: Option<&DataFacts>,
    ) -> Lowering<EarlyStop> {
        let Some(mut fields) = Fields::of_record("`early_stop`", expr) else {
            return Err(self.not_a_record(expr, "{ on: val.loss, patience: 10 epochs }"));
        };
        let restore = fields.take("restore");
        let mut rule = self.watch(cx, &mut fields, data)?;
        rule.restore = match restore {
            Some(expr) => {
                let value = self.eval(cx, expr)?;
                self.to_bool(&value, expr.span)?
            }
            None => true,
        };
        Ok(rule)
    }

    /// `plateau: { on: val.loss, factor: 0.5, patience: 3 epochs }`
    pub(super) fn plateau(
        &mut self,
        cx: &Cx,
        expr: &Expr,
        data: Option<&DataFacts>,
    ) -> Lowering<Plateau> {
        let Some(mut fields) = Fields::of_record("`plateau`", expr) else {
            let example = "{ on: val.loss, factor: 0.5, patience: 3 epochs }";
            return Err(self.not_a_record(expr, example));
        };
        let factor = fields.take("factor");
        let watch = self.watch(cx, &mut fields, data)?;
        let factor = match factor {
            Some(expr) => self.factor(cx, expr)?,
            None => DEFAULT_FACTOR,
        };
        Ok(Plateau { watch, factor })
    }

    fn factor(&mut self, cx: &Cx, expr: &Expr) -> Lowering<f64> {
        let factor = self.number(cx, expr)?;
        if factor > 0.0 && factor < 1.0 {
            return Ok(factor);
        }
        let message = format!("expected a factor between 0 and 1, found {factor}");
        let report = Diagnostic::error(codes::TRAIN_SETTING, message);
        Err(self.report(report.label(expr.span, "what the learning rate is multiplied by")))
    }

    /// What is watched, and how long for; nothing is restored.
    fn watch(
        &mut self,
        cx: &Cx,
        fields: &mut Fields<'_>,
        data: Option<&DataFacts>,
    ) -> Lowering<EarlyStop> {
        let on = self.require(fields, "on", "val.loss");
        let patience = self.require(fields, "patience", "10 epochs");
        let (min_delta, mode) = (fields.take("min_delta"), fields.take("mode"));
        let unknown = self.no_more(fields);
        let on_expr = on?;
        let on = self.dotted(on_expr)?;
        self.known_part(&on, on_expr.span, data)?;
        let patience = self.duration(cx, patience?)?;
        let min_delta = min_delta.map_or(Ok(0.0), |expr| self.number(cx, expr))?;
        let maximise = mode.map_or(Ok(false), |expr| self.is_max(expr))?;
        unknown?;
        Ok(EarlyStop {
            on,
            span: on_expr.span,
            patience,
            min_delta,
            maximise,
            restore: false,
        })
    }

    fn is_max(&mut self, expr: &Expr) -> Lowering<bool> {
        match self.dotted(expr)?.as_str() {
            "max" => Ok(true),
            "min" => Ok(false),
            other => {
                let report = Diagnostic::error(
                    codes::TRAIN_SETTING,
                    format!("expected `min` or `max`, found `{other}`"),
                );
                Err(self.report(report.label(expr.span, "which way is better?")))
            }
        }
    }
}
