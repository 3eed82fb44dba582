//! A `train` block to the functions of a run: first values, one update, evaluation, metrics.

use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::Role;
use crate::ir::draft::{AxisPattern, DraftId, Elem, NodeKind, Pattern, Why};
use crate::lower::call::Given;
use crate::lower::facts::{DataFacts, FieldFacts};
use crate::lower::fields::Fields;
use crate::lower::layer::{ModelState, Recipe};
use crate::lower::plan::{Metrics, Run, RunSettings};
use crate::lower::value::{Closure, Host, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{Block, Expr, ExprKind, Field};
use crate::types::{DType, Dim, SymKind};

/// A lowered run with what later statements need of it.
#[derive(Clone, Debug)]
pub(crate) struct LoweredRun {
    pub(crate) plan: Run,
    pub(crate) model: Val,
    pub(crate) batch: Dim,
    /// The model's result, its tensors left out.
    pub(crate) out: Val,
    pub(crate) data: DataFacts,
    pub(crate) inputs: Vec<FieldFacts>,
}

/// The fields of a `train` block, evaluated as far as they can be.
struct Recipes<'a> {
    cx: Cx,
    data: DataFacts,
    model: Val,
    model_span: Span,
    loss: &'a Expr,
    optimizer: (Val, Span),
    clip: Option<(Val, Span)>,
    metrics: Vec<&'a Expr>,
    frozen: Vec<(String, Span)>,
    settings: RunSettings,
    batch: Dim,
}

/// What the pass that trains found out.
struct Step {
    func: DraftId,
    recipes: Vec<Recipe>,
    trained: Vec<String>,
}

impl Lowerer<'_> {
    /// Lowers a `train` block.
    pub(crate) fn run(
        &mut self,
        cx: &Cx,
        block: &Block<Field>,
        data: &[DataFacts],
    ) -> Lowering<LoweredRun> {
        self.begin_func("settings".into(), false);
        let recipes = self.run_fields(cx, block, data)?;
        let inputs = self.model_fields(&recipes)?;
        let mut step = self.step_func(&recipes, &inputs, StepKind::Whole)?;
        let accumulation = match recipes.settings.accumulate {
            1 => None,
            _ => {
                let gradients = self.step_func(&recipes, &inputs, StepKind::Accumulate)?;
                Some((
                    gradients.func,
                    self.step_func(&recipes, &inputs, StepKind::Update)?.func,
                ))
            }
        };
        let (eval, out) = self.eval_func(&recipes, &inputs, &block.name.value)?;
        // What only evaluation reads keeps its first value.
        let untrained = std::mem::take(&mut self.model.recipes);
        let known = |role: &Role| step.recipes.iter().any(|recipe| recipe.role == *role);
        let untrained: Vec<Recipe> = untrained
            .into_iter()
            .filter(|recipe| !known(&recipe.role))
            .collect();
        step.recipes.extend(untrained);
        let forward = self.forward_func(&recipes, &inputs)?;
        let init = self.init_func(&step.recipes, &block.name.value)?;
        let targets = recipes
            .data
            .fields
            .iter()
            .filter(|field| !inputs.iter().any(|input| input.name == field.name));
        let paths = |wanted: fn(&Role) -> bool| {
            let roles = step
                .recipes
                .iter()
                .map(|recipe| &recipe.role)
                .filter(|role| wanted(role));
            roles
                .map(|role| role.path().to_string())
                .collect::<Vec<_>>()
        };
        let plan = Run {
            name: block.name.value.clone(),
            span: block.name.span,
            data: recipes.data.name.clone(),
            model: self.model_name(&recipes.model),
            loss_span: recipes.loss.span,
            settings: recipes.settings.clone(),
            params: paths(|role| matches!(role, Role::Param(_))),
            states: paths(|role| matches!(role, Role::State(_))),
            opt_states: paths(|role| matches!(role, Role::OptState(_))),
            trained: step.trained.clone(),
            init,
            step: step.func,
            accumulation,
            eval,
            forward,
            metrics: None,
            outputs: (0..out.leaves().len())
                .map(|index| format!("{}/out{index}", block.name.value))
                .collect(),
            targets: targets.map(|field| field.name.clone()).collect(),
        };
        let (batch, data) = (recipes.batch.clone(), recipes.data.clone());
        let mut run = LoweredRun {
            plan,
            model: recipes.model.clone(),
            batch,
            out,
            data,
            inputs,
        };
        if !recipes.metrics.is_empty() {
            run.plan.metrics = Some(self.metrics_of(&run, &recipes)?);
        }
        self.watched_is_recorded(&run.plan)?;
        Ok(run)
    }

    /// What early stopping watches is the loss or a metric of the run.
    fn watched_is_recorded(&mut self, plan: &Run) -> Lowering<()> {
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

    fn model_name(&self, model: &Val) -> String {
        match model {
            Val::Def(def) => self.world.defs[*def].def.name.value.clone(),
            Val::Layer(layer) => self.world.defs[layer.def].def.name.value.clone(),
            _ => "model".into(),
        }
    }

    fn run_fields<'a>(
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
        let data = data_field.and_then(|expr| self.run_data(cx, expr, data));
        let settings = self.run_settings(cx, &mut fields, data.as_ref().ok(), block);
        let unknown = self.no_more(&fields);
        let (data, settings) = (data?, settings?);
        unknown?;
        self.precision = Some(settings.precision);
        self.steps_per_epoch = Some(steps_per_epoch(&data, &settings));
        let (model, optimizer) = (model?, optimizer?);
        let frozen = freeze.map_or(Ok(vec![]), |expr| self.frozen_paths(expr))?;
        let clip = clip
            .map(|expr| Ok((self.setting(cx, expr)?, expr.span)))
            .transpose()?;
        let batch = self.draft.dims.fresh("batch", SymKind::Rigid, None);
        Ok(Recipes {
            cx: cx.clone(),
            data,
            model: self.setting(cx, model)?,
            model_span: model.span,
            loss: loss?,
            optimizer: (self.setting(cx, optimizer)?, optimizer.span),
            clip,
            metrics: metrics.map_or(vec![], list_items),
            frozen,
            settings,
            batch: Dim::sym(batch),
        })
    }

    /// A value that belongs to no function: nothing in it is computed.
    fn setting(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Val> {
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

    /// The fields the model's inputs are fed from: those of the same names.
    fn model_fields(&mut self, recipes: &Recipes<'_>) -> Lowering<Vec<FieldFacts>> {
        let def = match &recipes.model {
            Val::Def(def) => *def,
            Val::Layer(layer) => layer.def,
            other => return Err(self.wrong_kind("a model", other, recipes.model_span)),
        };
        let params = &self.world.defs[def].def.inputs;
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

    /// The tensor type of a field, a batch of rows.
    fn field_pattern(field: &FieldFacts, batch: &Dim) -> Pattern {
        let row = field.row_shape.iter().map(|size| {
            AxisPattern::Axis(None, Dim::int(i64::try_from(*size).unwrap_or(i64::MAX)))
        });
        let axes = std::iter::once(AxisPattern::Axis(None, batch.clone()))
            .chain(row)
            .collect();
        Pattern {
            elem: Elem::Fixed(field.dtype),
            axes,
            span: field.span,
        }
    }

    fn field_input(&mut self, field: &FieldFacts, batch: &Dim) -> TensorRef {
        let pattern = Self::field_pattern(field, batch);
        let known = (field.span, field.because.clone());
        if !self.draft.fields.contains(&known) {
            self.draft.fields.push(known);
        }
        self.root_input(Role::Field(field.name.clone()), Some(pattern), field.span)
    }

    /// Begins the outermost function of a run.
    fn begin_func(&mut self, name: String, training: bool) {
        self.frames.clear();
        self.model = ModelState::new(training);
        self.open(name);
    }

    /// The model's result for the data's fields.
    fn model_result(&mut self, recipes: &Recipes<'_>, inputs: &[FieldFacts]) -> Lowering<Val> {
        let mut given = Vec::new();
        for field in inputs {
            let tensor = self.field_input(field, &recipes.batch);
            given.push(Given::value(Val::Tensor(tensor), recipes.model_span));
        }
        self.fed = inputs
            .iter()
            .map(|field| Fed::new(&recipes.data.name, field))
            .collect();
        let result = self.apply(
            recipes.model.clone(),
            given,
            recipes.model_span,
            recipes.model_span,
        );
        self.fed.clear();
        result
    }

    /// The loss as a scalar, where `out` and the data's fields are in scope.
    fn loss(&mut self, recipes: &Recipes<'_>, out: &Val) -> Lowering<TensorRef> {
        let cx = self.with_fields(&recipes.cx, &recipes.data, &recipes.batch, out);
        let loss = self.eval_tensor(&cx, recipes.loss)?;
        let pattern = Pattern {
            elem: self.open_float(),
            axes: vec![],
            span: recipes.loss.span,
        };
        Ok(self.emit(
            NodeKind::Ascribe(pattern, Why::Loss),
            &[loss],
            recipes.loss.span,
        ))
    }

    fn with_fields(&mut self, cx: &Cx, data: &DataFacts, batch: &Dim, out: &Val) -> Cx {
        let mut inner = cx.with("out", out.clone());
        for field in &data.fields {
            let tensor = self.field_input(field, batch);
            inner = inner.with(&field.name, Val::Tensor(tensor));
        }
        inner
    }

    /// The function that trains, or the half of it that `kind` names.
    fn step_func(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
        kind: StepKind,
    ) -> Lowering<Step> {
        self.begin_func(kind.name().into(), true);
        let (func, results) = self.differentiable(recipes, inputs)?;
        let params = self.model.params();
        let trained = self.trained(recipes, &params)?;
        let captured = func
            .captured
            .iter()
            .map(|tensor| params.iter().position(|(_, param)| param == tensor));
        let places: Vec<Option<usize>> = captured.collect();
        // A parameter that the loss does not read has no gradient, and is not there.
        let read = |index: &usize| places.iter().position(|place| *place == Some(*index));
        let trained: Vec<usize> = trained
            .into_iter()
            .filter(|index| read(index).is_some())
            .collect();
        let wrt: Vec<usize> = trained.iter().filter_map(read).collect();
        if wrt.is_empty() {
            let report = Diagnostic::error(codes::TRAIN_SETTING, "there is nothing to train");
            let report = report.label(recipes.loss.span, "depends on no parameter that is free");
            return Err(self.report(report.help("say the loss in terms of `out`")));
        }
        let n_results = results.len();
        let grad = NodeKind::Grad {
            func: func.id,
            wrt: wrt.clone(),
        };
        let Val::Tuple(parts) = self.parts(
            grad,
            &func.captured,
            n_results + wrt.len(),
            recipes.loss.span,
        ) else {
            return Err(Reported);
        };
        let (values, gradients) = parts.split_at(n_results);
        let mut named: Vec<(String, TensorRef)> = Vec::new();
        if kind != StepKind::Update {
            for (name, value) in results.iter().zip(values) {
                named.push((name.clone(), self.to_tensor(value, recipes.loss.span)?));
            }
        }
        let trained: Vec<(String, TensorRef)> = trained
            .into_iter()
            .map(|index| params[index].clone())
            .collect();
        named.extend(self.step_results(recipes, kind, &trained, gradients)?);
        let (func, _) = self.close(named);
        let recipes = self.model.recipes.clone();
        self.roots.push(func);
        Ok(Step {
            func,
            recipes,
            trained: trained.into_iter().map(|(path, _)| path).collect(),
        })
    }

    fn step_results(
        &mut self,
        recipes: &Recipes<'_>,
        kind: StepKind,
        trained: &[(String, TensorRef)],
        gradients: &[Val],
    ) -> Lowering<Vec<(String, TensorRef)>> {
        let span = recipes.optimizer.1;
        match kind {
            StepKind::Whole => self.update(recipes, trained, gradients.to_vec()),
            StepKind::Accumulate => {
                let mut sums = Vec::new();
                for ((path, param), gradient) in trained.iter().zip(gradients) {
                    let sum = self.accumulated(path, *param, span);
                    let sum = self.scalar_op(
                        Scalar::Add,
                        &[(Val::Tensor(sum), span), (gradient.clone(), span)],
                        span,
                    )?;
                    sums.push((format!("gradient {path}"), self.to_tensor(&sum, span)?));
                }
                Ok(sums)
            }
            StepKind::Update => {
                let n = Val::Number(recipes.settings.accumulate as f64);
                let mut means = Vec::new();
                for (path, param) in trained {
                    let sum = Val::Tensor(self.accumulated(path, *param, span));
                    means.push(self.scalar_op(
                        Scalar::Div,
                        &[(sum, span), (n.clone(), span)],
                        span,
                    )?);
                }
                self.update(recipes, trained, means)
            }
        }
    }

    /// The input that carries the sum of a parameter's gradients; it has the parameter's type.
    fn accumulated(&mut self, path: &str, param: TensorRef, span: Span) -> TensorRef {
        let sum = self.root_input(Role::Gradient(path.to_string()), None, span);
        self.emit(NodeKind::Like, &[sum, param], span)
    }

    /// Model and loss as a nested function of the parameters it captures.
    fn differentiable(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
    ) -> Lowering<(NestedLoss, Vec<String>)> {
        self.open("loss");
        let loss = self
            .model_result(recipes, inputs)
            .and_then(|out| self.loss(recipes, &out));
        let mut results = vec![("loss".to_string(), loss)];
        let next = std::mem::take(&mut self.model.next);
        results.extend(
            next.into_iter()
                .map(|(role, value)| (role.to_string(), Ok(value))),
        );
        let names = results.iter().map(|(name, _)| name.clone()).collect();
        let failed = results.iter().any(|(_, value)| value.is_err());
        let results = results
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.ok()?)))
            .collect();
        let (id, captured) = self.close(results);
        if failed {
            Err(Reported)
        } else {
            Ok((NestedLoss { id, captured }, names))
        }
    }

    /// The places of the parameters that are not frozen.
    fn trained(
        &mut self,
        recipes: &Recipes<'_>,
        params: &[(String, TensorRef)],
    ) -> Lowering<Vec<usize>> {
        let covers = |frozen: &str, path: &str| {
            path == frozen
                || path
                    .strip_prefix(frozen)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        for (frozen, span) in &recipes.frozen {
            if !params.iter().any(|(path, _)| covers(frozen, path)) {
                let report = Diagnostic::error(
                    codes::TRAIN_SETTING,
                    format!("`{frozen}` is no parameter of the model"),
                );
                let paths: Vec<&str> = params.iter().map(|(path, _)| path.as_str()).collect();
                let help = format!("its parameters are `{}`", paths.join("`, `"));
                return Err(self.report(report.label(*span, "nothing to freeze").help(help)));
            }
        }
        let free = |path: &str| {
            !recipes
                .frozen
                .iter()
                .any(|(frozen, _)| covers(frozen, path))
        };
        let kept: Vec<usize> = (0..params.len())
            .filter(|index| free(&params[*index].0))
            .collect();
        if kept.is_empty() {
            let report = Diagnostic::error(codes::TRAIN_SETTING, "there is nothing to train");
            let help = if params.is_empty() {
                "the model has no parameters: add a layer such as `Dense`"
            } else {
                "every parameter is frozen: free one"
            };
            return Err(self.report(
                report
                    .label(recipes.model_span, "no trainable parameter")
                    .help(help),
            ));
        }
        Ok(kept)
    }

    /// Clipping and the optimizer: new parameters, then new states of the optimizer.
    fn update(
        &mut self,
        recipes: &Recipes<'_>,
        trained: &[(String, TensorRef)],
        gradients: Vec<Val>,
    ) -> Lowering<Vec<(String, TensorRef)>> {
        let gradients = self.clipped(recipes, gradients)?;
        let span = recipes.optimizer.1;
        let mut params = Vec::new();
        for ((path, param), gradient) in trained.iter().zip(gradients) {
            self.model.enter_optimizer(path);
            let given = vec![
                Given::value(Val::Tensor(*param), span),
                Given::value(gradient, span),
            ];
            let new = self.apply(recipes.optimizer.0.clone(), given, span, span);
            self.model.leave_optimizer();
            params.push((
                Role::Param(path.clone()).to_string(),
                self.to_tensor(&new?, span)?,
            ));
        }
        let next = std::mem::take(&mut self.model.next);
        params.extend(
            next.into_iter()
                .map(|(role, value)| (role.to_string(), value)),
        );
        Ok(params)
    }

    fn clipped(&mut self, recipes: &Recipes<'_>, gradients: Vec<Val>) -> Lowering<Vec<Val>> {
        let Some((clip, span)) = &recipes.clip else {
            return Ok(gradients);
        };
        let n_gradients = gradients.len();
        match self.apply(
            clip.clone(),
            vec![Given::value(Val::Tuple(gradients), *span)],
            *span,
            *span,
        )? {
            Val::Tuple(clipped) if clipped.len() == n_gradients => Ok(clipped),
            other => Err(self.wrong_kind(
                "a rule that gives one tensor for each gradient",
                &other,
                *span,
            )),
        }
    }

    fn eval_func(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
        name: &str,
    ) -> Lowering<(DraftId, Val)> {
        self.begin_func("evaluate".into(), false);
        let out = self.model_result(recipes, inputs)?;
        let loss = self.loss(recipes, &out)?;
        let mut results = vec![(format!("{name}/loss"), loss)];
        for (index, leaf) in out.leaves().iter().enumerate() {
            results.push((
                format!("{name}/out{index}"),
                self.to_tensor(leaf, recipes.model_span)?,
            ));
        }
        let (func, _) = self.close(results);
        self.export(func);
        Ok((func, out))
    }

    fn forward_func(&mut self, recipes: &Recipes<'_>, inputs: &[FieldFacts]) -> Lowering<DraftId> {
        self.begin_func("predict".into(), false);
        let out = self.model_result(recipes, inputs)?;
        let leaves = out.leaves();
        let results = leaves
            .iter()
            .map(|leaf| Ok(("out".to_string(), self.to_tensor(leaf, recipes.model_span)?)));
        let results = results.collect::<Lowering<_>>()?;
        let (func, _) = self.close(results);
        self.roots.push(func);
        Ok(func)
    }

    /// The function that makes first values, exported as `run/path`.
    pub(crate) fn init_func(&mut self, recipes: &[Recipe], name: &str) -> Lowering<DraftId> {
        self.begin_func("init".into(), false);
        let values = self.first_values(recipes)?;
        let named = recipes
            .iter()
            .zip(values)
            .map(|(recipe, (_, value))| (format!("{name}/{}", recipe.role.path()), value))
            .collect();
        let (func, _) = self.close(named);
        self.export(func);
        Ok(func)
    }

    fn metrics_of(&mut self, run: &LoweredRun, recipes: &Recipes<'_>) -> Lowering<Metrics> {
        let cx = recipes.cx.clone();
        let exprs: Vec<(String, &Expr)> = recipes
            .metrics
            .iter()
            .map(|expr| (self.metric_name(expr), *expr))
            .collect();
        self.metrics_func(run, |this, out| {
            let inner = this.with_fields(&cx, &run.data, &run.batch, out);
            let values = exprs
                .iter()
                .map(|(name, expr)| Ok((name.clone(), this.eval(&inner, expr)?, expr.span)));
            values.collect()
        })
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

    /// Applies a trained model to new inputs: its parameters are the run's.
    pub(crate) fn apply_trained(
        &mut self,
        run: &str,
        args: Vec<(Val, Span)>,
        span: Span,
    ) -> Lowering<Val> {
        let mut runs = self.runs.iter();
        let known = runs.find(|known| known.plan.name == run).ok_or(Reported)?;
        let (model, precision) = (known.model.clone(), known.plan.settings.precision);
        // Its weights have the run's element type, whatever they are applied to.
        let around = self.precision.replace(precision);
        let outer = self.model.prefix.replace(format!("{run}/"));
        let names = self.model.enter_root();
        let given = args
            .into_iter()
            .map(|(value, span)| Given::value(value, span))
            .collect();
        let result = self.apply(model, given, span, span);
        self.model.leave_root(names);
        self.model.prefix = outer;
        self.precision = around;
        result
    }

    /// `fit.best`: the epoch and step of the best evaluation, and its value. They are bound when the run is over.
    fn best_of(&mut self, run: &str) -> Val {
        let mut runs = self.runs.iter();
        let known = runs.find(|known| known.plan.name == run);
        let precision = known.map_or(DType::F32, |known| known.plan.settings.precision);
        let fields = [
            ("epoch", DType::I64),
            ("step", DType::I64),
            ("value", precision),
        ];
        let fields = fields.map(|(field, dtype)| {
            let name = best_name(run, field);
            if !self.draft.globals.iter().any(|(known, ..)| *known == name) {
                self.draft.globals.push((name.clone(), dtype, vec![]));
            }
            (field.to_owned(), Val::Global(name))
        });
        Val::Record(fields.to_vec())
    }

    /// `fit.model`, `fit.history`, `iris.val`, `iris.val.x`.
    pub(crate) fn host_member(
        &mut self,
        host: &Host,
        name: &crate::syntax::ast::Name,
    ) -> Lowering<Val> {
        match host {
            Host::Run(run) => match name.value.as_str() {
                "model" => Ok(Val::Closure(std::rc::Rc::new(Closure::Trained {
                    run: run.clone(),
                }))),
                "history" => Ok(Val::Host(Host::History(run.clone()))),
                "best" => Ok(self.best_of(run)),
                _ => Err(self.no_field("run", ["model", "history", "best"].into_iter(), name)),
            },
            Host::Data(data) => {
                let parts: Vec<String> = self
                    .data
                    .iter()
                    .find(|facts| facts.name == *data)
                    .map_or(vec![], |facts| {
                        facts.parts.iter().map(|(part, _)| part.clone()).collect()
                    });
                match parts.contains(&name.value) {
                    true => Ok(Val::Host(Host::Part(data.clone(), name.value.clone()))),
                    false => {
                        Err(self.no_field("data block", parts.iter().map(String::as_str), name))
                    }
                }
            }
            Host::Part(data, part) => {
                let Some(facts) = self.data.iter().find(|facts| facts.name == *data).cloned()
                else {
                    return Err(Reported);
                };
                match facts.fields.iter().any(|field| field.name == name.value) {
                    true => Ok(Val::Global(facts.global(part, &name.value))),
                    false => Err(self.no_field(
                        "part of the data",
                        facts.fields.iter().map(|field| field.name.as_str()),
                        name,
                    )),
                }
            }
            Host::History(_) | Host::Plot(..) => {
                Err(self.no_field("value", std::iter::empty(), name))
            }
        }
    }
}

/// The name under which a field of `fit.best` is bound.
pub fn best_name(run: &str, field: &str) -> String {
    format!("{run}/best.{field}")
}

/// A field of the data on its way into a model.
#[derive(Clone, Debug)]
pub(crate) struct Fed {
    pub(crate) input: String,
    pub(crate) field: String,
    pub(crate) because: String,
}

impl Fed {
    fn new(data: &str, field: &FieldFacts) -> Fed {
        Fed {
            input: field.name.clone(),
            field: format!("{data}.{}", field.name),
            because: field.because.clone(),
        }
    }
}

/// A nested loss function with the outer values it captures.
struct NestedLoss {
    id: DraftId,
    captured: Vec<TensorRef>,
}

/// Which part of an update a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepKind {
    /// All of it.
    Whole,
    /// Loss and gradients, added to what earlier batches gave.
    Accumulate,
    /// Clipping and optimizer, from accumulated gradients.
    Update,
}

impl StepKind {
    fn name(self) -> &'static str {
        match self {
            StepKind::Whole => "step",
            StepKind::Accumulate => "accumulate",
            StepKind::Update => "update",
        }
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
    let n_batches = n_rows.div_ceil(settings.batch.unwrap_or(n_rows).max(1));
    n_batches.div_ceil(settings.accumulate.max(1)).max(1) as f64
}
