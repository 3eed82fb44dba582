//! What the fields of a `train` block say, as far as it is known before the run.

use crate::diag::{Diagnostic, did_you_mean};
use crate::lower::classes::ClassNumbers;
use crate::lower::facts::{DataFacts, FieldFacts};
use crate::lower::fields::Fields;
use crate::lower::groups::Groups;
use crate::lower::plan::{Run, RunSettings};
use crate::lower::value::{Host, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Field};
use crate::types::{Dim, SymKind};

/// The fields of a `train` block, evaluated as far as they can be.
pub(crate) struct Recipes<'a> {
    pub(crate) cx: Cx,
    pub(crate) data: DataFacts,
    pub(crate) model: Val,
    pub(crate) model_span: Span,
    pub(crate) loss: &'a Expr,
    pub(crate) optimizer: (Val, Span),
    /// Settings of the optimizer for some parameters.
    pub(crate) groups: Groups<'a>,
    /// How weights are averaged over updates.
    pub(crate) average: Option<(Val, Span)>,
    pub(crate) clip: Option<(Val, Span)>,
    pub(crate) metrics: Vec<&'a Expr>,
    pub(crate) frozen: Vec<(String, Span)>,
    /// What rows of each class count for.
    pub(crate) class_weights: Option<ClassNumbers>,
    /// How often rows of each class come.
    pub(crate) sampling: Option<ClassNumbers>,
    pub(crate) settings: RunSettings,
    pub(crate) batch: Dim,
}

impl Lowerer<'_> {
    /// What early stopping watches is the loss or a metric of the run.
    pub(crate) fn watched_is_recorded(&mut self, plan: &Run) -> Lowering<()> {
        let Some(stop) = &plan.settings.early_stop else {
            return Ok(());
        };
        let watched = stop.on.split_once('.').map_or("", |(_, value)| value);
        let metrics = plan.metrics.iter().flat_map(|metrics| &metrics.names);
        let recorded: Vec<&str> = std::iter::once("loss")
            .chain(metrics.map(String::as_str))
            .collect();
        if recorded.contains(&watched) {
            return Ok(());
        }
        let message = format!("nothing records `{}`", stop.on);
        let report = Diagnostic::error(codes::NEVER_RECORDED, message);
        let report = report.label(stop.span, "watched here");
        let help = match did_you_mean(watched, recorded.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!(
                "it records `{}`; add others to `metrics`",
                recorded.join("`, `")
            ),
        };
        Err(self.report(report.help(help)))
    }

    pub(crate) fn run_fields<'a>(
        &mut self,
        cx: &Cx,
        block: &'a Block<Field>,
        data: &[DataFacts],
    ) -> Lowering<Recipes<'a>> {
        let mut fields = Fields::of_block("this `train` block", &block.name, &block.fields);
        let model = self.require(&mut fields, "model", "Mlp");
        let data_field = self.require(&mut fields, "data", "iris");
        let loss = self.require(&mut fields, "loss", "cross_entropy(logits: out, target: y)");
        let optimizer = self.require(&mut fields, "optimizer", "adam(lr: 1e-3)");
        let (clip, metrics, freeze) = (
            fields.take("clip"),
            fields.take("metrics"),
            fields.take("freeze"),
        );
        let (groups, average) = (fields.take("groups"), fields.take("average"));
        let (weights, sampling) = (fields.take("class_weights"), fields.take("sampling"));
        let data = data_field.and_then(|expr| self.run_data(cx, expr, data));
        let settings = self.run_settings(cx, &mut fields, data.as_ref().ok(), block);
        let unknown = self.no_more(&fields);
        let (data, settings) = (data?, settings?);
        unknown?;
        self.precision = Some(settings.precision);
        self.steps_per_epoch = Some(steps_per_epoch(&data, &settings));
        let (model, optimizer) = (model?, optimizer?);
        let frozen = freeze.map_or(Ok(vec![]), |expr| self.frozen_paths(expr))?;
        self.scales_lr = settings.plateau.is_some();
        let rule = |this: &mut Self, expr: Option<&Expr>| {
            let rule = expr.map(|expr| Ok((this.setting(cx, expr)?, expr.span)));
            rule.transpose()
        };
        let (clip, average) = (rule(self, clip)?, rule(self, average)?);
        let batch = self.draft.dims.fresh("batch", SymKind::Rigid, None);
        let (model, model_span) = (self.setting(cx, model)?, model.span);
        let inputs = self.input_names(&model);
        let weights = ("class_weights", weights);
        let class_weights = self.class_numbers(cx, weights, &data, &inputs)?;
        let sampling = self.class_numbers(cx, ("sampling", sampling), &data, &inputs)?;
        Ok(Recipes {
            cx: cx.clone(),
            data,
            model,
            model_span,
            class_weights,
            sampling,
            loss: loss?,
            optimizer: (self.setting(cx, optimizer)?, optimizer.span),
            groups: self.groups(optimizer, groups)?,
            average,
            clip,
            metrics: metrics.map_or(vec![], list_items),
            frozen,
            settings,
            batch: Dim::sym(batch),
        })
    }

    /// A value that belongs to no function: nothing in it is computed.
    pub(crate) fn setting(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Val> {
        let value = self.eval(cx, expr)?;
        if value.is_settled() {
            return Ok(value);
        }
        let report = Diagnostic::error(codes::NOT_STATIC, "a setting is known before the run");
        let report = report.label(expr.span, "part of it is computed");
        Err(self.report(report.help("write the number itself, or a function of the step")))
    }

    fn run_data(&mut self, cx: &Cx, expr: &Expr, data: &[DataFacts]) -> Lowering<DataFacts> {
        match self.eval(cx, expr)? {
            Val::Host(Host::Data(name)) => data
                .iter()
                .find(|facts| facts.name == name)
                .cloned()
                .ok_or(Reported),
            other => Err(self.wrong_kind("the name of a `data` block", &other, expr.span)),
        }
    }

    fn frozen_paths(&mut self, expr: &Expr) -> Lowering<Vec<(String, Span)>> {
        list_items(expr)
            .into_iter()
            .map(|item| Ok((self.dotted(item)?, item.span)))
            .collect()
    }

    /// The names of what a model takes; none where it is no model.
    fn input_names(&self, model: &Val) -> Vec<String> {
        let def = match model {
            Val::Def(def) => *def,
            Val::Layer(layer) => layer.def,
            _ => return vec![],
        };
        let inputs = self.world.defs[def].def().inputs.iter();
        inputs.map(|param| param.name.value.clone()).collect()
    }

    /// The fields the model's inputs are fed from: those of the same names.
    pub(crate) fn model_fields(&mut self, recipes: &Recipes<'_>) -> Lowering<Vec<FieldFacts>> {
        let def = match &recipes.model {
            Val::Def(def) => *def,
            Val::Layer(layer) => layer.def,
            other => return Err(self.wrong_kind("a model", other, recipes.model_span)),
        };
        let params = &self.world.defs[def].def().inputs;
        let found = params.iter().map(|param| {
            let field = recipes
                .data
                .fields
                .iter()
                .find(|field| field.name == param.name.value);
            field
                .cloned()
                .ok_or_else(|| self.no_field_for(recipes, &param.name.value, param.name.span))
        });
        found.collect::<Vec<_>>().into_iter().collect()
    }

    fn no_field_for(&mut self, recipes: &Recipes<'_>, input: &str, span: Span) -> Reported {
        let names: Vec<&str> = recipes
            .data
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        let message = format!(
            "the model wants `{input}`, and data `{}` has no such field",
            recipes.data.name
        );
        let report = Diagnostic::error(codes::NO_FIELD, message)
            .label(recipes.model_span, "fed from this data");
        let report = report.label(span, format!("input `{input}`, declared here"));
        let help = match did_you_mean(input, names.iter().copied()) {
            Some(near) => format!("call the input `{near}`, or the field `{input}`"),
            None => format!(
                "its fields are `{}`: give input and field the same name",
                names.join("`, `")
            ),
        };
        self.report(report.help(help))
    }
}

fn list_items(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::List(items) => items.iter().collect(),
        _ => vec![expr],
    }
}

/// Updates in one pass over the train part.
fn steps_per_epoch(data: &DataFacts, settings: &RunSettings) -> f64 {
    let n_rows = data.train_part().map_or(0, |(_, rows)| *rows as u64);
    let n_batches = settings.n_batches(n_rows);
    n_batches.div_ceil(settings.accumulate.max(1)).max(1) as f64
}
