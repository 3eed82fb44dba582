//! The settings of a `train` block: lengths, batches, evaluation. Those that watch a value are in `watching`, those that name files in
//! `filing`.

use crate::diag::{Diagnostic, did_you_mean};
use crate::lower::convert::is_whole;
use crate::lower::facts::DataFacts;
use crate::lower::fields::Fields;
use crate::lower::plan::{Evaluate, Length, RunSettings};
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Field, Unit};
use crate::types::DType;

/// Rows in a batch where the program does not say.
const DEFAULT_BATCH: u64 = 32;

impl Lowerer<'_> {
    /// Takes and checks the settings.
    pub(crate) fn run_settings(
        &mut self,
        cx: &Cx,
        fields: &mut Fields<'_>,
        data: Option<&DataFacts>,
        block: &Block<Field>,
    ) -> Lowering<RunSettings> {
        let length = self.run_length(cx, fields, block);
        let batch = fields
            .take("batch")
            .map_or(Ok(Some(DEFAULT_BATCH)), |expr| self.batch_size(cx, expr));
        let seed = self.count_field(cx, fields, "seed", 0, 0);
        let accumulate = self.count_field(cx, fields, "accumulate", 1, 1);
        let precision = fields
            .take("precision")
            .map_or(Ok(DType::F32), |expr| self.precision(expr));
        let budget = fields
            .take("memory")
            .map(|expr| self.memory_budget(cx, expr))
            .transpose();
        let early_stop = fields
            .take("early_stop")
            .map(|expr| self.early_stop(cx, expr, data))
            .transpose();
        let plateau = fields.take("plateau");
        let plateau = plateau.map(|expr| self.plateau(cx, expr, data)).transpose();
        let from = fields.take("from");
        let from = from.map(|expr| self.weights_from(cx, expr)).transpose();
        let evaluate = fields.take("evaluate");
        let evaluate = self.evaluate_field(cx, evaluate, data);
        let checkpoint = fields.take("checkpoint");
        let checkpoint = checkpoint.map(|expr| self.checkpoint(cx, expr)).transpose();
        let overfit = fields.take("overfit");
        let overfit = overfit.map(|expr| self.overfit(cx, expr)).transpose();
        let max_time = fields.take("max_time");
        let max_time = max_time.map(|expr| self.max_time(cx, expr)).transpose();
        Ok(RunSettings {
            length: length?,
            batch: batch?,
            seed: seed?,
            accumulate: accumulate?,
            early_stop: early_stop?,
            evaluate: evaluate?,
            precision: precision?,
            plateau: plateau?,
            from: from?,
            overfit: overfit?,
            max_time: max_time?,
            checkpoint: checkpoint?,
            budget: budget?,
        })
    }

    /// The bytes of `memory: { budget: 2 GiB }`.
    fn memory_budget(&mut self, cx: &Cx, expr: &Expr) -> Lowering<u64> {
        const EXAMPLE: &str = "{ budget: 2 GiB }";
        let Some(mut fields) = Fields::of_record("`memory`", expr) else {
            return Err(self.not_a_record(expr, EXAMPLE));
        };
        let budget = self.require(&mut fields, "budget", "2 GiB");
        self.no_more(&fields)?;
        let budget = budget?;
        match self.eval(cx, budget)?.into_number() {
            Val::Quantity(n, Unit::Gibibytes) => self.bytes(n * 1024.0, budget.span),
            Val::Quantity(n, Unit::Mebibytes) => self.bytes(n, budget.span),
            other => {
                let expected = "an amount of memory such as `512 MiB` or `2 GiB`";
                Err(self.wrong_kind(expected, &other, budget.span))
            }
        }
    }

    /// So many mebibytes, which need not be a whole number.
    fn bytes(&mut self, mebibytes: f64, span: Span) -> Lowering<u64> {
        if mebibytes > 0.0 {
            return Ok((mebibytes * 1_048_576.0) as u64);
        }
        let message = "a budget is more than nothing";
        let report = Diagnostic::error(codes::TRAIN_SETTING, message);
        Err(self.report(report.label(span, "given here")))
    }

    fn run_length(
        &mut self,
        cx: &Cx,
        fields: &mut Fields<'_>,
        block: &Block<Field>,
    ) -> Lowering<Length> {
        match (fields.take("epochs"), fields.take("steps")) {
            (Some(epochs), None) => Ok(Length::Epochs(self.length_of(cx, epochs, Unit::Epochs)?)),
            (None, Some(steps)) => Ok(Length::Steps(self.length_of(cx, steps, Unit::Steps)?)),
            (None, None) => {
                let report = Diagnostic::error(
                    codes::MISSING_FIELD,
                    "this `train` block does not say how long to train",
                );
                Err(self.report(
                    report
                        .label(block.name.span, "no `epochs` or `steps`")
                        .help("add `epochs: 20`"),
                ))
            }
            (Some(epochs), Some(steps)) => {
                let report = Diagnostic::error(
                    codes::TRAIN_SETTING,
                    "the length of training is given twice",
                );
                let report = report
                    .label(steps.span, "in steps")
                    .label(epochs.span, "and in epochs");
                Err(self.report(report.help("keep one of them")))
            }
        }
    }

    fn length_of(&mut self, cx: &Cx, expr: &Expr, unit: Unit) -> Lowering<u64> {
        match self.eval(cx, expr)?.into_number() {
            Val::Number(number) => self.positive(number, expr.span),
            Val::Quantity(number, found) if found == unit => self.positive(number, expr.span),
            Val::Quantity(_, found) => {
                let report = Diagnostic::error(
                    codes::TRAIN_SETTING,
                    format!("expected {}, found {}", unit.name(), found.name()),
                );
                Err(self.report(
                    report
                        .label(expr.span, format!("in {}", found.name()))
                        .help(format!("write it as `{}: …`", found.name())),
                ))
            }
            other => Err(self.wrong_kind("a number", &other, expr.span)),
        }
    }

    pub(super) fn positive(&mut self, number: f64, span: Span) -> Lowering<u64> {
        if is_whole(number) && number >= 1.0 {
            return Ok(number as u64);
        }
        let message = match number >= 1.0 && number.trunc() == number {
            true => format!("{number} is more than anyone can count"),
            false => format!("expected a whole number from 1, found {number}"),
        };
        let report = Diagnostic::error(codes::TRAIN_SETTING, message);
        Err(self.report(report.label(span, "given here")))
    }

    fn batch_size(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Option<u64>> {
        if crate::lower::convert::is_named(expr, "all") {
            return Ok(None);
        }
        match self.eval(cx, expr)?.into_number() {
            Val::Number(number) | Val::Quantity(number, Unit::Samples) => {
                Ok(Some(self.positive(number, expr.span)?))
            }
            other => Err(self.wrong_kind("a number of rows, or `all`", &other, expr.span)),
        }
    }

    fn count_field(
        &mut self,
        cx: &Cx,
        fields: &mut Fields<'_>,
        name: &'static str,
        least: i64,
        default: u64,
    ) -> Lowering<u64> {
        let Some(expr) = fields.take(name) else {
            return Ok(default);
        };
        let value = self.eval(cx, expr)?;
        let number = match value {
            Val::Quantity(number, Unit::Steps) => number as i64,
            other => self.to_int(&other, expr.span)?,
        };
        if number >= least {
            return Ok(number as u64);
        }
        let report = Diagnostic::error(
            codes::TRAIN_SETTING,
            format!("`{name}` is at least {least}, found {number}"),
        );
        Err(self.report(report.label(expr.span, "given here")))
    }

    fn precision(&mut self, expr: &Expr) -> Lowering<DType> {
        let written = self.dotted(expr)?;
        match written.parse::<DType>() {
            Ok(dtype) if dtype.is_float() => Ok(dtype),
            _ => {
                let report = Diagnostic::error(
                    codes::TRAIN_SETTING,
                    format!("expected `f32` or `f64`, found `{written}`"),
                );
                Err(self.report(report.label(expr.span, "not a float type")))
            }
        }
    }

    pub(super) fn number(&mut self, cx: &Cx, expr: &Expr) -> Lowering<f64> {
        match self.eval(cx, expr)?.into_number() {
            Val::Number(number) => Ok(number),
            other => Err(self.wrong_kind("a number", &other, expr.span)),
        }
    }

    pub(super) fn duration(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Length> {
        match self.eval(cx, expr)?.into_number() {
            Val::Quantity(number, Unit::Steps) => {
                Ok(Length::Steps(self.positive(number, expr.span)?))
            }
            Val::Quantity(number, Unit::Epochs) | Val::Number(number) => {
                Ok(Length::Epochs(self.positive(number, expr.span)?))
            }
            other => Err(self.wrong_kind(
                "a duration such as `10 epochs` or `500 steps`",
                &other,
                expr.span,
            )),
        }
    }

    fn evaluate_field(
        &mut self,
        cx: &Cx,
        expr: Option<&Expr>,
        data: Option<&DataFacts>,
    ) -> Lowering<Evaluate> {
        let parts = data.map_or(vec![], |data| {
            data.parts.iter().map(|(name, _)| name.clone()).collect()
        });
        let default: Vec<String> = parts
            .iter()
            .filter(|name| !matches!(name.as_str(), "train" | "test" | "all"))
            .cloned()
            .collect();
        let Some(expr) = expr else {
            return Ok(Evaluate {
                every: Length::Epochs(1),
                on: default,
                batches: None,
            });
        };
        let Some(mut fields) = Fields::of_record("`evaluate`", expr) else {
            return Err(self.not_a_record(expr, "{ every: 1 epoch, on: [val] }"));
        };
        let every = fields
            .take("every")
            .map_or(Ok(Length::Epochs(1)), |expr| self.duration(cx, expr))?;
        let on = fields
            .take("on")
            .map(|expr| self.part_names(expr, data))
            .transpose()?;
        let batches = fields.take("batches").map(|expr| {
            let number = self.number(cx, expr)?;
            self.positive(number, expr.span)
        });
        let batches = batches.transpose()?;
        self.no_more(&fields)?;
        Ok(Evaluate {
            every,
            on: on.unwrap_or(default),
            batches,
        })
    }

    fn overfit(&mut self, cx: &Cx, expr: &Expr) -> Lowering<u64> {
        match self.eval(cx, expr)?.into_number() {
            Val::Quantity(number, Unit::Batches) | Val::Number(number) => {
                self.positive(number, expr.span)
            }
            other => Err(self.wrong_kind("a number such as `1 batch`", &other, expr.span)),
        }
    }

    /// A length of time in seconds.
    fn max_time(&mut self, cx: &Cx, expr: &Expr) -> Lowering<f64> {
        let value = self.eval(cx, expr)?.into_number();
        let unit = match &value {
            Val::Quantity(_, unit) => unit.seconds(),
            _ => None,
        };
        match (value, unit) {
            (Val::Quantity(number, _), Some(seconds)) if number > 0.0 => Ok(number * seconds),
            (other, _) => {
                let wanted = "a time such as `90 seconds`, `20 minutes` or `2 hours`";
                Err(self.wrong_kind(wanted, &other, expr.span))
            }
        }
    }

    fn part_names(&mut self, expr: &Expr, data: Option<&DataFacts>) -> Lowering<Vec<String>> {
        let items = match &expr.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![expr],
        };
        let mut names = Vec::new();
        for item in items {
            let name = self.dotted(item)?;
            self.known_part(&name, item.span, data)?;
            names.push(name);
        }
        Ok(names)
    }

    /// The first word of `val.loss` must name a part of the data.
    pub(super) fn known_part(
        &mut self,
        name: &str,
        span: Span,
        data: Option<&DataFacts>,
    ) -> Lowering<()> {
        let Some(data) = data else { return Ok(()) };
        let part = name.split('.').next().unwrap_or(name);
        let parts: Vec<&str> = data.parts.iter().map(|(part, _)| part.as_str()).collect();
        if parts.contains(&part) {
            return Ok(());
        }
        let report = Diagnostic::error(
            codes::TRAIN_SETTING,
            format!("data `{}` has no part `{part}`", data.name),
        );
        let report = report.label(span, "not a part of the data");
        let help = match did_you_mean(part, parts.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its parts are `{}`", parts.join("`, `")),
        };
        Err(self.report(report.help(help)))
    }

    pub(super) fn not_a_record(&mut self, expr: &Expr, example: &str) -> Reported {
        let report = Diagnostic::error(codes::WRONG_KIND, "expected settings in braces");
        self.report(
            report
                .label(expr.span, "not a record")
                .help(format!("write `{example}`")),
        )
    }
}
