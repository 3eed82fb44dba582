//! A definition with a reverse rule of its own: its forward and its rule as functions, the rule's cotangents under the types of what they belong to.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{DraftId, NodeKind, Why};
use crate::lower::arguments::Bound;
use crate::lower::scope::DefId;
use crate::lower::types::ParamKind;
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, codes};
use crate::source::Span;
use crate::syntax::ast::Def;

impl Lowerer<'_> {
    /// Calls a definition that has a reverse rule of its own.
    pub(crate) fn custom(
        &mut self,
        id: DefId,
        cx: Cx,
        bound: Vec<Bound>,
        span: Span,
    ) -> Lowering<Val> {
        let world = self.world;
        let def = world.defs[id].def();
        let operands = self.custom_operands(def, &bound)?;
        self.enter(id, &bound, span)?;
        let forward = self.custom_forward(def, &cx, &bound);
        let backward = forward
            .as_ref()
            .map_err(|reported| *reported)
            .and_then(|(_, result)| self.custom_backward(def, &cx, &bound, result));
        self.leave();
        let ((forward, result), backward) = (forward?, backward?);
        let n_results = result.leaves().len();
        let parts = self.parts(
            NodeKind::Custom { forward, backward },
            &operands,
            n_results,
            span,
        );
        Ok(result.with_leaves(&mut parts.leaves().into_iter()))
    }

    fn custom_operands(&mut self, def: &Def, bound: &[Bound]) -> Lowering<Vec<TensorRef>> {
        let tensors: Vec<&Bound> = bound
            .iter()
            .filter(|bound| is_tensor_param(def, &bound.name))
            .collect();
        tensors
            .into_iter()
            .map(|bound| self.to_tensor(&bound.value, bound.span))
            .collect()
    }

    /// Arguments of the same names that are inputs of the innermost function.
    fn custom_inputs(&mut self, def: &Def, bound: &[Bound]) -> Vec<Bound> {
        let input = |bound: &Bound| match is_tensor_param(def, &bound.name) {
            true => Bound {
                value: Val::Tensor(self.input(Role::Arg(bound.name.clone()), None, bound.span)),
                ..bound.clone()
            },
            false => bound.clone(),
        };
        bound.iter().map(input).collect()
    }

    fn custom_forward(&mut self, def: &Def, cx: &Cx, bound: &[Bound]) -> Lowering<(DraftId, Val)> {
        self.open(def.name.value.clone());
        let inputs = self.custom_inputs(def, bound);
        let result = self.inlined(def, cx, inputs);
        let span = def.name.span;
        let (func, _) = self.close_with("y", &result, span)?;
        Ok((func, result?))
    }

    /// `grad(inputs…, y, dy) { cotangents… }`
    fn custom_backward(
        &mut self,
        def: &Def,
        cx: &Cx,
        bound: &[Bound],
        result: &Val,
    ) -> Lowering<DraftId> {
        let rule = def
            .grad
            .as_ref()
            .expect("called for definitions with a rule");
        self.open(format!("{}'", def.name.value));
        let cotangents = self.custom_cotangents(def, cx, bound, result);
        let named = cotangents.as_ref().map(|cotangents| {
            cotangents
                .iter()
                .map(|dx| ("dx".to_string(), *dx))
                .collect()
        });
        let (func, captured) = self.close(named.unwrap_or_default());
        cotangents?;
        if captured.is_empty() {
            return Ok(func);
        }
        let report = Diagnostic::error(
            codes::MISPLACED,
            "a reverse rule can use its parameters only",
        );
        Err(self.report(
            report
                .label(rule.span, "uses a tensor from outside")
                .help("pass the tensor as an input of the function"),
        ))
    }

    fn custom_cotangents(
        &mut self,
        def: &Def,
        cx: &Cx,
        bound: &[Bound],
        result: &Val,
    ) -> Lowering<Vec<TensorRef>> {
        let rule = def
            .grad
            .as_ref()
            .expect("called for definitions with a rule");
        let inputs = self.custom_inputs(def, bound);
        let n_tensors = inputs
            .iter()
            .filter(|bound| is_tensor_param(def, &bound.name))
            .count();
        if rule.params.len() != n_tensors + 2 {
            let message = format!(
                "the reverse rule takes {} names: the inputs, the result, and its cotangent; found {}",
                n_tensors + 2,
                rule.params.len()
            );
            return Err(
                self.report(Diagnostic::error(codes::ARITY, message).label(rule.span, "this rule"))
            );
        }
        let mut inner = self.with_arguments(def, cx, inputs)?;
        let values: Vec<Val> = def
            .inputs
            .iter()
            .filter_map(|param| {
                inner
                    .env
                    .get(&param.name.value)
                    .cloned()
                    .filter(|_| is_tensor_param(def, &param.name.value))
            })
            .collect();
        let n_leaves = result.leaves().len();
        let mut fresh = |name: &str| {
            let leaves: Vec<Val> = (0..n_leaves)
                .map(|_| Val::Tensor(self.input(Role::Arg(name.to_string()), None, rule.span)))
                .collect();
            result.with_leaves(&mut leaves.into_iter())
        };
        let (y, dy) = (fresh("y"), fresh("dy"));
        for (name, value) in rule.params.iter().zip(values.into_iter().chain([y, dy])) {
            inner = inner.with(&name.value, value);
        }
        let value = self.body(&inner, &rule.body)?;
        self.typed_cotangents(def, &inner, value, rule.body.span)
    }

    /// A cotangent has the type of its input.
    fn typed_cotangents(
        &mut self,
        def: &Def,
        cx: &Cx,
        value: Val,
        span: Span,
    ) -> Lowering<Vec<TensorRef>> {
        let params: Vec<_> = def
            .inputs
            .iter()
            .filter(|param| is_tensor_param(def, &param.name.value))
            .collect();
        let parts = match value {
            Val::Tuple(parts) if params.len() != 1 => parts,
            single => vec![single],
        };
        self.same_number(params.len(), parts.len(), span)?;
        let mut cotangents = Vec::new();
        for (param, part) in params.into_iter().zip(parts) {
            let tree = self.type_tree(cx, &param.ty)?;
            let why = Why::Result {
                callee: format!("{}'s reverse rule", def.name.value),
            };
            let part = self.ascribe(&tree, part, &why, span)?;
            cotangents.push(self.to_tensor(&part, span)?);
        }
        Ok(cotangents)
    }
}

fn is_tensor_param(def: &Def, name: &str) -> bool {
    let param = def.inputs.iter().find(|param| param.name.value == name);
    param.is_some_and(|param| ParamKind::of(&param.ty) == ParamKind::Tensor)
}
