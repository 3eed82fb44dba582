//! Parameters and states: declared, found again at a second use, given first and next values.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{NodeKind, Pattern, Why};
use crate::lower::model_state::Recipe;
use crate::lower::types::TypeTree;
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, codes};
use crate::source::Span;
use crate::syntax::ast::{self, Expr};
use std::collections::BTreeMap;

impl Lowerer<'_> {
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

    pub(crate) fn first_use(
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
