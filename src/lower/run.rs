//! A `train` block to the functions of a run: first values, one update, evaluation, prediction.

use crate::ir::Role;
use crate::ir::draft::{AxisPattern, DraftId, Elem, NodeKind, Pattern, Why};
use crate::lower::arguments::Given;
use crate::lower::claims::Presented;
use crate::lower::facts::{DataFacts, FieldFacts};
use crate::lower::model_state::{ModelState, Recipe};
use crate::lower::plan::Run;
use crate::lower::run_fields::Recipes;
use crate::lower::scope::DefId;
use crate::lower::step::{Step, StepKind};
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering};
use crate::syntax::ast::{Block, Field};
use crate::types::Dim;

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
        let accumulation = self.accumulation(&recipes, &inputs)?;
        let (eval, out, presented) = self.eval_func(&recipes, &inputs, &block.name.value)?;
        self.add_untrained(&mut step.recipes);
        let forward = self.forward_func(&recipes, &inputs)?;
        let init = self.init_func(&step.recipes, &block.name.value)?;
        let paths = |wanted: fn(&Role) -> bool| paths(&step.recipes, wanted);
        let (name, span) = (block.name.value.clone(), block.name.span);
        let outputs = (0..out.leaves().len()).map(|index| format!("{name}/out{index}"));
        let plan = Run {
            outputs: outputs.collect(),
            targets: targets(&recipes.data, &inputs),
            name,
            span,
            data: recipes.data.name.clone(),
            model: self.model_name(&recipes.model),
            loss_span: recipes.loss.span,
            settings: recipes.settings.clone(),
            params: paths(|role| matches!(role, Role::Param(_))),
            states: paths(|role| matches!(role, Role::State(_))),
            opt_states: paths(|role| matches!(role, Role::OptState(_))),
            averages: averages(&recipes, &step),
            trained: step.trained.clone(),
            init,
            step: step.func,
            accumulation,
            eval,
            forward,
            metrics: None,
            gives: presented.is,
            link: None,
            rate: None,
            sampling: None,
            fold: None,
        };
        let mut run = LoweredRun {
            plan,
            model: recipes.model.clone(),
            batch: recipes.batch.clone(),
            out,
            data: recipes.data.clone(),
            inputs,
        };
        run.plan.sampling = self.sampling(&recipes)?;
        if !recipes.metrics.is_empty() {
            run.plan.metrics = Some(self.metrics_of(&run, &recipes)?);
        }
        if let (true, Some(link)) = (self.presents, presented.link) {
            run.plan.link = Some(self.link_func(&run, link)?);
        }
        run.plan.rate = self.rate_func(&recipes)?;
        self.watched_is_recorded(&run.plan)?;
        Ok(run)
    }

    /// The halves of an update whose gradients come from several batches.
    fn accumulation(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
    ) -> Lowering<Option<(DraftId, DraftId)>> {
        if recipes.settings.accumulate == 1 {
            return Ok(None);
        }
        let gradients = self.step_func(recipes, inputs, StepKind::Accumulate)?;
        let update = self.step_func(recipes, inputs, StepKind::Update)?;
        Ok(Some((gradients.func, update.func)))
    }

    /// What only evaluation reads keeps its first value.
    fn add_untrained(&mut self, recipes: &mut Vec<Recipe>) {
        for recipe in std::mem::take(&mut self.model.recipes) {
            if !recipes.iter().any(|known| known.role == recipe.role) {
                recipes.push(recipe);
            }
        }
    }

    fn model_name(&self, model: &Val) -> String {
        match model {
            Val::Def(def) => self.world.defs[*def].name().to_owned(),
            Val::Layer(layer) => self.world.defs[layer.def].name().to_owned(),
            _ => "model".into(),
        }
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

    pub(crate) fn field_input(&mut self, field: &FieldFacts, batch: &Dim) -> TensorRef {
        let pattern = Self::field_pattern(field, batch);
        let known = (field.span, field.because.clone());
        if !self.draft.fields.contains(&known) {
            self.draft.fields.push(known);
        }
        self.root_input(Role::Field(field.name.clone()), Some(pattern), field.span)
    }

    /// Begins the outermost function of a run.
    pub(crate) fn begin_func(&mut self, name: String, training: bool) {
        self.frames.clear();
        self.model = ModelState::new(training);
        self.open(name);
    }

    /// The model's result for the data's fields.
    pub(crate) fn model_result(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
    ) -> Lowering<Val> {
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
    pub(crate) fn loss(&mut self, recipes: &Recipes<'_>, out: &Val) -> Lowering<TensorRef> {
        let fields = recipes.data.fields.iter();
        let cx = self.with_fields(&recipes.cx, fields, &recipes.batch, out);
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

    pub(crate) fn with_fields<'f>(
        &mut self,
        cx: &Cx,
        fields: impl Iterator<Item = &'f FieldFacts>,
        batch: &Dim,
        out: &Val,
    ) -> Cx {
        let mut inner = cx.with("out", out.clone());
        for field in fields {
            let tensor = self.field_input(field, batch);
            inner = inner.with(&field.name, Val::Tensor(tensor));
        }
        inner
    }

    /// The function from the number of an update to its learning rate: the setting `lr` of the optimizer.
    fn rate_func(&mut self, recipes: &Recipes<'_>) -> Lowering<Option<DraftId>> {
        let (Val::Layer(optimizer), span) = &recipes.optimizer else {
            return Ok(None);
        };
        let rate = optimizer.settings.iter().find(|(name, _)| name == "lr");
        let Some((_, rate)) = rate else {
            return Ok(None);
        };
        self.begin_func("rate".into(), false);
        let step = self.root_input(Role::Step, None, *span);
        let step = Val::Tensor(self.emit(NodeKind::Adaptable, &[step], *span));
        let rate = match rate {
            Val::Closure(_) | Val::Def(_) => {
                self.apply(rate.clone(), vec![Given::value(step, *span)], *span, *span)?
            }
            constant => constant.clone(),
        };
        let rate = self.to_tensor(&rate, *span)?;
        let (func, _) = self.close(vec![("rate".into(), rate)]);
        self.roots.push(func);
        Ok(Some(func))
    }

    fn eval_func(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
        name: &str,
    ) -> Lowering<(DraftId, Val, Presented)> {
        self.begin_func("evaluate".into(), false);
        let out = self.model_result(recipes, inputs)?;
        let (loss, presented) = self.presented(&out, |this| this.loss(recipes, &out))?;
        let mut results = vec![(format!("{name}/loss"), loss)];
        for (index, leaf) in out.leaves().iter().enumerate() {
            results.push((
                format!("{name}/out{index}"),
                self.to_tensor(leaf, recipes.model_span)?,
            ));
        }
        let (func, _) = self.close(results);
        self.export(func);
        Ok((func, out, presented))
    }

    /// The function from the model's only output to what the loss takes it for.
    fn link_func(&mut self, run: &LoweredRun, link: DefId) -> Lowering<DraftId> {
        self.begin_func("link".into(), false);
        let (role, span) = (
            Role::Global(run.plan.outputs[0].clone()),
            run.plan.loss_span,
        );
        let out = Val::Tensor(self.root_input(role, None, span));
        let given = vec![Given::value(out, span)];
        let linked = self.apply(Val::Def(link), given, span, span)?;
        let linked = self.to_tensor(&linked, span)?;
        let (func, _) = self.close(vec![("link".into(), linked)]);
        self.roots.push(func);
        Ok(func)
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
}

/// Each trained parameter with the state of the optimizer that holds its average: the one called `average`.
fn averages(recipes: &Recipes<'_>, step: &Step) -> Vec<(String, String)> {
    if recipes.average.is_none() {
        return vec![];
    }
    let pair = |path: &String| (path.clone(), format!("{path}.average"));
    let is_kept = |(_, average): &(String, String)| {
        let role = Role::OptState(average.clone());
        step.recipes.iter().any(|recipe| recipe.role == role)
    };
    step.trained.iter().map(pair).filter(is_kept).collect()
}

/// Where the values of some roles stand.
fn paths(recipes: &[Recipe], wanted: fn(&Role) -> bool) -> Vec<String> {
    let roles = recipes.iter().map(|recipe| &recipe.role);
    roles
        .filter(|role| wanted(role))
        .map(|role| role.path().to_string())
        .collect()
}

/// The fields that are no inputs of the model.
fn targets(data: &DataFacts, inputs: &[FieldFacts]) -> Vec<String> {
    let is_input = |field: &FieldFacts| inputs.iter().any(|input| input.name == field.name);
    let fields = data.fields.iter().filter(|field| !is_input(field));
    fields.map(|field| field.name.clone()).collect()
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
