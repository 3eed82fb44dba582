//! Layers: their parameters and states live under a path, which comes from the `let` that names a layer or from its place among
//! its siblings. The same path is the same parameter, so applying a layer twice shares its weights.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{NodeKind, Pattern};
use crate::lower::plan::Plateau;
use crate::lower::value::{Layer, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::lower::{arguments::Given, call::bind_all};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::{self, DefKind, Expr, ExprKind};

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
        let def = self.world.defs[layer.def].def();
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
        self.scaled_lr(inner, span)
    }

    /// The learning rate times the factor that the run changes, where it does.
    fn scaled_lr(&mut self, cx: Cx, span: Span) -> Lowering<Cx> {
        let lr = cx.env.get("lr").cloned();
        let (Some(lr), true) = (lr, self.scales_lr && self.model.in_optimizer) else {
            return Ok(cx);
        };
        let role = Role::OptState(Plateau::FACTOR.to_owned());
        let factor = match self.model.input(&role) {
            Some(factor) => factor,
            None => self.lr_factor(&cx, role, span),
        };
        let factor = Val::Tensor(self.emit(NodeKind::Adaptable, &[factor], span));
        let scaled = self.scalar_op(Scalar::Mul, &[(lr, span), (factor, span)], span)?;
        Ok(cx.with("lr", scaled))
    }

    fn lr_factor(&mut self, cx: &Cx, role: Role, span: Span) -> TensorRef {
        let pattern = Pattern {
            elem: self.open_float(),
            axes: vec![],
            span,
        };
        let one = Expr {
            span,
            kind: ExprKind::Number(ast::Number {
                value: 1.0,
                int: None,
                is_percent: false,
            }),
        };
        self.first_use(cx, role, pattern, &one, span)
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
}
