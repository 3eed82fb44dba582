//! Metrics: functions of a part's whole outputs and targets.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::lower::arguments::Given;
use crate::lower::plan::Metrics;
use crate::lower::run::LoweredRun;
use crate::lower::run_fields::Recipes;
use crate::lower::script::mentions;
use crate::lower::value::Val;
use crate::lower::{FieldFacts, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind};

impl Lowerer<'_> {
    pub(crate) fn metrics_of(
        &mut self,
        run: &LoweredRun,
        recipes: &Recipes<'_>,
    ) -> Lowering<Metrics> {
        let cx = recipes.cx.clone();
        let exprs: Vec<(String, &Expr)> = recipes
            .metrics
            .iter()
            .map(|expr| (self.metric_name(expr), *expr))
            .collect();
        self.metrics_func(run, |this, out| {
            let read: Vec<&FieldFacts> = this.read_by(run, &exprs);
            let inner = this.with_fields(&cx, read.into_iter(), &run.batch, out);
            let values = exprs
                .iter()
                .map(|(name, expr)| Ok((name.clone(), this.eval(&inner, expr)?, expr.span)));
            values.collect()
        })
    }

    /// The targets, and what else metrics speak of: whatever a function has as an input is gathered of all rows of a part, which of
    /// images would be more than all else.
    fn read_by<'r>(&self, run: &'r LoweredRun, metrics: &[(String, &Expr)]) -> Vec<&'r FieldFacts> {
        let is_read = |field: &&FieldFacts| {
            let text = |expr: &Expr| mentions(self.sources.text(expr.span), &field.name);
            run.plan.targets.contains(&field.name) || metrics.iter().any(|(_, expr)| text(expr))
        };
        run.data.fields.iter().filter(is_read).collect()
    }

    /// What a metric is called: the function's name, or the expression as written.
    pub(crate) fn metric_name(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Path(path) => path
                .last()
                .map(|name| name.value.clone())
                .unwrap_or_default(),
            _ => self
                .sources
                .text(expr.span)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        }
    }

    /// A function from a part's whole outputs and targets to metrics. A metric that is a function is applied to the model's
    /// output and the one field that the model is not fed.
    pub(crate) fn metrics_func(
        &mut self,
        run: &LoweredRun,
        metrics: impl FnOnce(&mut Self, &Val) -> Lowering<Vec<(String, Val, Span)>>,
    ) -> Lowering<Metrics> {
        self.begin_func("metrics".into(), false);
        let mut leaves = Vec::new();
        for name in &run.plan.outputs {
            leaves.push(Val::Tensor(self.root_input(
                Role::Global(name.clone()),
                None,
                run.plan.span,
            )));
        }
        let out = run.out.with_leaves(&mut leaves.into_iter());
        let values = metrics(self, &out)?;
        let (mut results, mut names) = (Vec::new(), Vec::new());
        for (name, value, span) in values {
            let value = self.applied_metric(run, &out, value, span)?;
            for (index, leaf) in value.leaves().iter().enumerate() {
                names.push(if index == 0 {
                    name.clone()
                } else {
                    format!("{name}.{index}")
                });
                results.push((name.clone(), self.to_tensor(leaf, span)?));
            }
        }
        let (func, _) = self.close(results);
        self.roots.push(func);
        Ok(Metrics { func, names })
    }

    fn applied_metric(
        &mut self,
        run: &LoweredRun,
        out: &Val,
        metric: Val,
        span: Span,
    ) -> Lowering<Val> {
        if !matches!(metric, Val::Def(_) | Val::Closure(_)) {
            return Ok(metric);
        }
        let [target] = run.plan.targets.as_slice() else {
            let message = format!(
                "which field is the target? data `{}` has {} that the model is not fed",
                run.data.name,
                run.plan.targets.len()
            );
            let report = Diagnostic::error(codes::TRAIN_SETTING, message)
                .label(span, "applied to the output and one target");
            return Err(self.report(report.help("say it: `accuracy(out, y)`")));
        };
        let field = run
            .data
            .fields
            .iter()
            .find(|field| field.name == *target)
            .ok_or(Reported)?;
        let target = self.field_input(field, &run.batch);
        let given = vec![
            Given::value(out.clone(), span),
            Given::value(Val::Tensor(target), span),
        ];
        self.apply(metric, given, span, span)
    }
}
