//! Layers: their parameters and states live under a path, which comes from the `let` that names a layer or from its place among
//! its siblings. The same path is the same parameter, so applying a layer twice shares its weights.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::ir::OriginId;
use crate::ir::Role;
use crate::ir::draft::{NodeKind, Pattern, Why};
use crate::lower::call::{Given, bind_all};
use crate::lower::scope::DefId;
use crate::lower::types::TypeTree;
use crate::lower::value::{Layer, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{self, DefKind, Expr};

/// How a parameter or state gets its first value, kept until the function that makes them is lowered.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) role: Role,
    pub(crate) pattern: Pattern,
    pub(crate) initialiser: Expr,
    pub(crate) cx: Cx,
    pub(crate) caller: Option<OriginId>,
}

/// The model that the function being lowered contains.
#[derive(Debug, Default)]
pub(crate) struct ModelState {
    /// Parameters and states in the order they were met.
    pub(crate) recipes: Vec<Recipe>,
    /// The inputs of the outermost function that stand for them.
    inputs: Vec<(Role, TensorRef)>,
    /// New values of states, in the order they were met.
    pub(crate) next: Vec<(Role, TensorRef)>,
    /// Whether this is the function that trains.
    pub(crate) training: bool,
    /// Parameters by path that must not be trained here but are given: a trained run's.
    pub(crate) prefix: Option<String>,
    path: Vec<String>,
    /// For each layer being inlined, how many siblings of a name it has had.
    siblings: Vec<BTreeMap<String, usize>>,
    layers: Vec<DefId>,
    /// Which role the states of the layer being inlined have.
    in_optimizer: bool,
}

impl ModelState {
    /// A model that has been given nothing yet.
    pub(crate) fn new(training: bool) -> ModelState {
        ModelState {
            training,
            siblings: vec![BTreeMap::new()],
            ..ModelState::default()
        }
    }

    /// The path of something called `name` in the layer being inlined.
    pub(crate) fn path_of(&self, name: &str) -> String {
        let parts = self.path.iter().map(String::as_str).chain([name]);
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".")
    }

    /// What a parameter or state is to the outermost function: itself, or that of a trained run.
    pub(crate) fn given(&self, role: &Role) -> Role {
        match (&self.prefix, role) {
            (Some(prefix), Role::Param(path) | Role::State(path)) => {
                Role::Global(format!("{prefix}{path}"))
            }
            _ => role.clone(),
        }
    }

    /// The input that stands for a parameter or state, if it has been met.
    pub(crate) fn input(&self, role: &Role) -> Option<TensorRef> {
        self.inputs
            .iter()
            .find(|(known, _)| known == role)
            .map(|(_, input)| *input)
    }

    /// The parameters met so far, by path, with the inputs that stand for them.
    pub(crate) fn params(&self) -> Vec<(String, TensorRef)> {
        let path = |role: &Role| match role {
            Role::Param(path) => Some(path.clone()),
            _ => None,
        };
        self.inputs
            .iter()
            .filter_map(|(role, input)| Some((path(role)?, *input)))
            .collect()
    }

    /// Begins the states of the optimizer of the parameter at `path`.
    pub(crate) fn enter_optimizer(&mut self, path: &str) {
        self.path.push(path.to_string());
        self.siblings.push(BTreeMap::new());
        self.in_optimizer = true;
    }

    /// Ends them.
    pub(crate) fn leave_optimizer(&mut self) {
        self.path.pop();
        self.siblings.pop();
        self.in_optimizer = false;
    }

    /// Begins a definition that is lowered for its own sake.
    pub(crate) fn begin(&mut self, def: DefId) {
        self.layers.push(def);
    }

    /// A name of its own for one more draw of random numbers in the layer being inlined.
    pub(crate) fn draw(&mut self) -> String {
        let Some(siblings) = self.siblings.last_mut() else {
            return self.path_of("draw");
        };
        let count = siblings.entry("draw[]".to_string()).or_insert(0);
        *count += 1;
        let name = format!("draw[{}]", *count - 1);
        self.path_of(&name)
    }

    /// Begins a room of its own for names: a branch, whose layers must not count among those of the other branch, or a statement.
    pub(crate) fn enter_room(&mut self, kind: &str) {
        let name = match self.siblings.last_mut() {
            Some(siblings) => {
                let count = siblings.entry(format!("{kind}[]")).or_insert(0);
                *count += 1;
                format!("{kind}[{}]", *count - 1)
            }
            None => kind.to_string(),
        };
        self.path.push(name);
        self.siblings.push(BTreeMap::new());
    }

    /// Ends it.
    pub(crate) fn leave_room(&mut self) {
        self.path.pop();
        self.siblings.pop();
    }

    /// Notes that a room was passed by, so that later ones of its kind keep their numbers.
    pub(crate) fn pass_room(&mut self, kind: &str) {
        self.enter_room(kind);
        self.leave_room();
    }

    /// Begins the names of a model of its own; gives back what stood there before.
    pub(crate) fn enter_root(&mut self) -> (Vec<String>, Vec<BTreeMap<String, usize>>) {
        let path = std::mem::take(&mut self.path);
        let siblings = std::mem::replace(&mut self.siblings, vec![BTreeMap::new()]);
        (path, siblings)
    }

    /// Puts back what [`Self::enter_root`] gave.
    pub(crate) fn leave_root(&mut self, outer: (Vec<String>, Vec<BTreeMap<String, usize>>)) {
        (self.path, self.siblings) = outer;
    }
}

impl Lowerer<'_> {
    /// Gives the layers inside a value the name of the `let` that binds it.
    pub(crate) fn name_layers(&mut self, value: &Val, name: &str) {
        match value {
            Val::Layer(layer) if layer.path.borrow().is_none() => {
                let path = self.sibling(name);
                *layer.path.borrow_mut() = Some(path);
            }
            Val::Sequence(layers) => {
                for (index, layer) in layers.iter().enumerate() {
                    self.name_layers(layer, &format!("{name}[{index}]"));
                }
            }
            _ => {}
        }
    }

    /// The path of the next sibling called `name`; a name met before gets a number.
    fn sibling(&mut self, name: &str) -> String {
        let Some(siblings) = self.model.siblings.last_mut() else {
            return name.to_string();
        };
        let count = siblings.entry(name.to_string()).or_insert(0);
        *count += 1;
        let name = if *count == 1 {
            name.to_string()
        } else {
            format!("{name}[{}]", *count - 1)
        };
        self.model.path_of(&name)
    }

    /// The path of a layer used where it was made: `Dense[0]`, `Dense[1]`.
    fn nameless(&mut self, kind: &str) -> String {
        let Some(siblings) = self.model.siblings.last_mut() else {
            return kind.to_string();
        };
        let count = siblings.entry(format!("{kind}[]")).or_insert(0);
        *count += 1;
        let name = format!("{kind}[{}]", *count - 1);
        self.model.path_of(&name)
    }

    /// Applies a layer, a model or an optimizer to its inputs.
    pub(crate) fn apply_layer(
        &mut self,
        layer: &Layer,
        given: Vec<Given<'_>>,
        span: Span,
    ) -> Lowering<Val> {
        let def = &self.world.defs[layer.def].def;
        let mut cx = self.def_cx(layer.def);
        cx.env = bind_all(cx.env, layer.settings.iter().cloned());
        let bound = self.bind(&cx, &def.name.value, &def.inputs, given, span)?;
        self.check_claims(layer.def, &bound);
        let path = self.layer_path(layer, def.kind, &def.name.value);
        let outer_path = std::mem::replace(&mut self.model.path, path);
        self.model.siblings.push(BTreeMap::new());
        self.model.layers.push(layer.def);
        let cx = self.layer_cx(cx, def.kind, span);
        let result = cx.and_then(|cx| self.inline(layer.def, cx, bound, span));
        self.model.layers.pop();
        self.model.siblings.pop();
        self.model.path = outer_path;
        self.mark(layer.def, &result.clone()?, span);
        result
    }

    /// A model is the root of its paths; an optimizer's states stand beside its parameter.
    fn layer_path(&mut self, layer: &Layer, kind: DefKind, name: &str) -> Vec<String> {
        if kind == DefKind::Optimizer || (kind == DefKind::Model && self.model.path.is_empty()) {
            return self.model.path.clone();
        }
        let known = layer.path.borrow().clone();
        let path = known.unwrap_or_else(|| self.nameless(name));
        *layer.path.borrow_mut() = Some(path.clone());
        vec![path]
    }

    /// What a layer's body sees beside its settings and inputs.
    pub(crate) fn layer_cx(&mut self, cx: Cx, kind: DefKind, span: Span) -> Lowering<Cx> {
        match kind {
            DefKind::Fn => Ok(cx),
            DefKind::Layer | DefKind::Model => {
                Ok(cx.with("training", Val::Bool(self.model.training)))
            }
            DefKind::Optimizer => self.optimizer_cx(cx.with("training", Val::Bool(true)), span),
        }
    }

    /// `step` is the number of the update, and a schedule among the settings is its value there.
    fn optimizer_cx(&mut self, cx: Cx, span: Span) -> Lowering<Cx> {
        let step = self.root_input(Role::Step, None, span);
        let step = Val::Tensor(self.emit(NodeKind::Adaptable, &[step], span));
        let mut inner = cx.with("step", step.clone());
        let settings: Vec<(String, Val)> = cx
            .env
            .iter()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect();
        for (name, value) in settings {
            if matches!(value, Val::Closure(_) | Val::Def(_)) {
                let now = self.apply(value, vec![Given::value(step.clone(), span)], span, span)?;
                inner = inner.with(name, now);
            }
        }
        Ok(inner)
    }

    /// `param name: type ~ initialiser;`
    pub(crate) fn param_stmt(
        &mut self,
        cx: &mut Cx,
        name: &ast::Name,
        ty: &ast::Type,
        init: Option<&Expr>,
        span: Span,
    ) -> Lowering<()> {
        let Some(init) = init else {
            let report = Diagnostic::error(
                codes::NO_INITIALISER,
                format!("parameter `{}` has no first value", name.value),
            );
            return Err(self.report(
                report
                    .label(span, "no initialiser")
                    .help("add one: `~ glorot()` for weights, `~ zeros()` for biases"),
            ));
        };
        let role = Role::Param(self.model.path_of(&name.value));
        self.declare(cx, name, ty, init, role)
    }

    /// `state name: type = initialiser;`
    pub(crate) fn state_stmt(
        &mut self,
        cx: &mut Cx,
        name: &ast::Name,
        ty: &ast::Type,
        init: &Expr,
    ) -> Lowering<()> {
        let role = self.state_role(&name.value);
        self.declare(cx, name, ty, init, role)
    }

    fn state_role(&self, name: &str) -> Role {
        let path = self.model.path_of(name);
        if self.model.in_optimizer {
            Role::OptState(path)
        } else {
            Role::State(path)
        }
    }

    fn declare(
        &mut self,
        cx: &mut Cx,
        name: &ast::Name,
        ty: &ast::Type,
        init: &Expr,
        role: Role,
    ) -> Lowering<()> {
        self.must_be_layer(cx, name)?;
        let pattern = self.plain_type(cx, ty)?;
        let input = match self.model.input(&self.model.given(&role)) {
            Some(input) => {
                let why = Why::Param(name.value.clone());
                self.emit(NodeKind::Ascribe(pattern, why), &[input], name.span)
            }
            None => self.first_use(cx, role, pattern, init, name.span),
        };
        *cx = cx.with(&name.value, Val::Tensor(input));
        Ok(())
    }

    /// Only the body of a layer, model or optimizer sees `training`.
    fn must_be_layer(&mut self, cx: &Cx, name: &ast::Name) -> Lowering<()> {
        if cx.env.get("training").is_some() {
            return Ok(());
        }
        let report = Diagnostic::error(
            codes::MISPLACED,
            "only a layer, model or optimizer can hold parameters and state",
        );
        let help = "make the `fn` a `layer`: `layer Name(settings)(inputs) -> type { … }`";
        Err(self.report(report.label(name.span, "held by a function").help(help)))
    }

    fn plain_type(&mut self, cx: &Cx, ty: &ast::Type) -> Lowering<Pattern> {
        match self.type_tree(cx, ty)? {
            TypeTree::Tensor(pattern) => Ok(pattern),
            TypeTree::Tuple(_) | TypeTree::Record(_) => {
                let report = Diagnostic::error(
                    codes::WRONG_KIND,
                    "parameters and states are single tensors",
                );
                Err(self.report(
                    report
                        .label(ty.span, "a structured type")
                        .help("declare one for each part"),
                ))
            }
        }
    }

    fn first_use(
        &mut self,
        cx: &Cx,
        role: Role,
        pattern: Pattern,
        init: &Expr,
        span: Span,
    ) -> TensorRef {
        let given = self.model.given(&role);
        let input = self.root_input(given.clone(), Some(pattern.clone()), span);
        let recipe = Recipe {
            role: role.clone(),
            pattern,
            initialiser: init.clone(),
            cx: cx.settled(),
            caller: self.caller,
        };
        self.model.recipes.push(recipe);
        self.model.inputs.push((given, input));
        input
    }

    /// `next name = value;` runs in training only.
    pub(crate) fn next_stmt(&mut self, cx: &Cx, name: &ast::Name, value: &Expr) -> Lowering<()> {
        let role = self.state_role(&name.value);
        if self.model.input(&self.model.given(&role)).is_none() {
            let report = Diagnostic::error(
                codes::UNKNOWN_NAME,
                format!("there is no state `{}` to give a next value", name.value),
            );
            return Err(
                self.report(
                    report
                        .label(name.span, "not a state of this layer")
                        .help(format!(
                            "declare it: `state {}: [n] = zeros();`",
                            name.value
                        )),
                ),
            );
        }
        if !self.model.training {
            return Ok(());
        }
        let tensor = self.eval_tensor(cx, value)?;
        self.model.next.retain(|(known, _)| *known != role);
        self.model.next.push((role, tensor));
        Ok(())
    }

    /// `layer.param`: a parameter of a layer that has been applied.
    pub(crate) fn layer_member(&mut self, layer: &Layer, name: &ast::Name) -> Lowering<Val> {
        let path = layer.path.borrow().clone().unwrap_or_default();
        let wanted = Role::Param(format!("{path}.{}", name.value));
        if let Some(input) = self.model.input(&self.model.given(&wanted)) {
            return Ok(Val::Tensor(input));
        }
        let prefix = format!("{path}.");
        let own: Vec<String> = self
            .model
            .params()
            .into_iter()
            .filter_map(|(path, _)| Some(path.strip_prefix(&prefix)?.to_string()))
            .collect();
        match own.is_empty() {
            true => Err(self.not_applied(&path, name)),
            false => Err(self.no_field("layer", own.iter().map(String::as_str), name)),
        }
    }

    fn not_applied(&mut self, path: &str, name: &ast::Name) -> Reported {
        let report = Diagnostic::error(
            codes::UNKNOWN_FIELD,
            format!("`{path}` has no parameter `{}` yet", name.value),
        );
        let report = report.label(name.span, "used before the layer is");
        self.report(
            report
                .help("a layer has parameters once it has been applied to an input: do that first"),
        )
    }

    /// Lowers the functions that give parameters and states their first values into the innermost frame, in the order met.
    pub(crate) fn first_values(
        &mut self,
        recipes: &[Recipe],
    ) -> Lowering<Vec<(String, TensorRef)>> {
        let mut results = Vec::new();
        for recipe in recipes {
            let outer = std::mem::replace(&mut self.caller, recipe.caller);
            let span = recipe.initialiser.span;
            self.model.path = vec![recipe.role.path().to_string()];
            self.model.siblings = vec![BTreeMap::new()];
            let template = self.emit(NodeKind::Template(recipe.pattern.clone()), &[], span);
            let value = self.first_value(recipe, template, span);
            self.caller = outer;
            results.push((recipe.role.to_string(), value?));
        }
        self.model.path.clear();
        Ok(results)
    }

    fn first_value(
        &mut self,
        recipe: &Recipe,
        template: TensorRef,
        span: Span,
    ) -> Lowering<TensorRef> {
        let initialiser = self.eval(&recipe.cx, &recipe.initialiser)?;
        let value = match initialiser {
            Val::Def(_) | Val::Closure(_) => self.initial(initialiser, template, span)?,
            // A number or tensor stands for itself.
            other => other,
        };
        let tensor = self.to_tensor(&value, span)?;
        let tensor = match value {
            Val::Number(_) => self.emit(
                NodeKind::Prim(crate::ir::draft::Prim::Fill),
                &[tensor, template],
                span,
            ),
            _ => tensor,
        };
        Ok(self.emit(
            NodeKind::Ascribe(
                recipe.pattern.clone(),
                Why::Param(recipe.role.path().to_string()),
            ),
            &[tensor],
            span,
        ))
    }
}
