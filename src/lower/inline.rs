//! A definition's body in place of a call: a fresh signature, its constraints, arguments and result under their declared types.

use crate::diag::Diagnostic;
use crate::ir::draft::{NodeKind, Prim, Trust, Why};
use crate::ir::{Called, Origin};
use crate::lower::arguments::Bound;
use crate::lower::scope::DefId;
use crate::lower::types::{ParamKind, TypeTree};
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{Def, Param};
use crate::types::SymKind;

impl Lowerer<'_> {
    /// Evaluates a definition's body for these arguments.
    pub(crate) fn inline(
        &mut self,
        id: DefId,
        cx: Cx,
        bound: Vec<Bound>,
        span: Span,
    ) -> Lowering<Val> {
        let def = self.world.defs[id].def();
        self.enter(id, &bound, span)?;
        let result = self.inlined(def, &cx, bound);
        self.leave();
        result
    }

    pub(crate) fn inlined(&mut self, def: &Def, cx: &Cx, bound: Vec<Bound>) -> Lowering<Val> {
        let cx = self.with_arguments(def, cx, bound)?;
        let body = def.body.as_ref().expect("primitives are not inlined");
        let value = self.body(&cx, body)?;
        let Some(result) = &def.result else {
            return Ok(value);
        };
        let tree = self.type_tree(&cx, result)?;
        let place = body.value.as_ref().map_or(body.span, |value| value.span);
        self.ascribe(
            &tree,
            value,
            &Why::Result {
                callee: def.name.value.clone(),
            },
            place,
        )
    }

    /// The environment of a body: a fresh signature, its constraints, the arguments under their declared types.
    pub(crate) fn with_arguments(&mut self, def: &Def, cx: &Cx, bound: Vec<Bound>) -> Lowering<Cx> {
        let mut inner = cx.clone();
        for bound in bound
            .iter()
            .filter(|bound| !matches!(bound.value, Val::Tensor(_) | Val::Record(_) | Val::Tuple(_)))
        {
            inner.env = inner.env.with(&bound.name, bound.value.clone());
        }
        inner = self.signature(&inner, def, SymKind::Unknown);
        let params: Vec<&Param> = def.inputs.iter().collect();
        let mut values = Vec::new();
        for bound in bound {
            let param = params.iter().find(|param| param.name.value == bound.name);
            let bound = self.as_classes(param.copied(), bound, &values)?;
            values.push((
                bound.name.clone(),
                self.typed_argument(&inner, def, param.copied(), bound)?,
            ));
        }
        // A definition for its own sake leaves to its uses what it cannot tell of every size.
        let trust = if self.generic {
            Trust::Defer
        } else {
            Trust::Prove
        };
        self.constraints(&inner, def, trust)?;
        inner.env = values
            .into_iter()
            .fold(inner.env, |env, (name, value)| env.with(name, value));
        Ok(inner)
    }

    /// Where the docs of a parameter say `@or classes of logits`, the numbers of classes may stand for rows with a 1 at their place.
    fn as_classes(
        &mut self,
        param: Option<&Param>,
        bound: Bound,
        before: &[(String, Val)],
    ) -> Lowering<Bound> {
        let docs = param.map_or(&[][..], |param| &param.docs);
        let like = docs
            .iter()
            .find_map(|line| line.trim().strip_prefix("@or classes of "));
        let like = like.and_then(|name| before.iter().find(|(own, _)| own == name.trim()));
        let (Some((_, Val::Tensor(like))), Val::Tensor(_) | Val::Global(_)) = (like, &bound.value)
        else {
            return Ok(bound);
        };
        let own = self.to_tensor(&bound.value, bound.span)?;
        let kind = NodeKind::Prim(Prim::OneHotLike);
        let value = Val::Tensor(self.emit(kind, &[own, *like], bound.span));
        Ok(Bound { value, ..bound })
    }

    fn typed_argument(
        &mut self,
        cx: &Cx,
        def: &Def,
        param: Option<&Param>,
        bound: Bound,
    ) -> Lowering<Val> {
        let Some(param) = param.filter(|param| ParamKind::of(&param.ty) == ParamKind::Tensor)
        else {
            return Ok(bound.value);
        };
        let tree = self.type_tree(cx, &param.ty)?;
        let why = self.argument_why(def, &param.name.value);
        // The argument stands in the caller's text.
        let inside = self.caller;
        self.caller = inside.and_then(|call| self.draft.origins[call].caller);
        let value = self.ascribe(&tree, bound.value, &why, bound.span);
        self.caller = inside;
        value
    }

    /// What feeds a model directly is a field of the data; anything else is an argument.
    fn argument_why(&self, def: &Def, param: &str) -> Why {
        let fed = self
            .fed
            .iter()
            .find(|fed| fed.input == param && self.stack.len() == 1);
        match fed {
            Some(fed) => Why::Field {
                field: fed.field.clone(),
                because: fed.because.clone(),
                input: param.to_string(),
            },
            None => Why::Argument {
                callee: def.name.value.clone(),
                param: param.to_string(),
            },
        }
    }

    /// The `where` clause of a definition.
    pub(crate) fn constraints(&mut self, cx: &Cx, def: &Def, trust: Trust) -> Lowering<()> {
        for constraint in &def.constraints {
            let (left, right) = self.constraint_dims(cx, constraint)?;
            self.emit(
                NodeKind::Where(constraint.relation, left, right, trust),
                &[],
                constraint.span,
            );
        }
        Ok(())
    }

    /// Notes that a definition is being inlined for a call at `span`.
    pub(crate) fn enter(&mut self, id: DefId, bound: &[Bound], span: Span) -> Lowering<()> {
        self.check_budget(span)?;
        if let Some(at) = self.stack.iter().position(|entered| *entered == id) {
            let path = self.stack[at..]
                .iter()
                .chain([&id])
                .map(|id| self.world.defs[*id].name().to_owned());
            let path: Vec<String> = path.collect();
            return Err(self.recursion(&path, span));
        }
        self.stack.push(id);
        let origin = Origin {
            span,
            caller: self.caller,
            called: Some(called(self.world.defs[id].def(), bound)),
        };
        self.caller = Some(self.draft.origins.push(origin));
        Ok(())
    }

    /// Undoes [`Self::enter`].
    pub(crate) fn leave(&mut self) {
        self.stack.pop();
        self.caller = self.caller.and_then(|call| self.draft.origins[call].caller);
    }

    /// Gives a value a declared type, part by part.
    pub(crate) fn ascribe(
        &mut self,
        tree: &TypeTree,
        value: Val,
        why: &Why,
        span: Span,
    ) -> Lowering<Val> {
        match (tree, value) {
            (_, Val::Poison) => Err(Reported),
            (TypeTree::Tensor(pattern), value @ (Val::Def(_) | Val::Closure(_))) => {
                // An initialiser where a tensor is declared: applied to a template of that type.
                let template = self.emit(NodeKind::Template(pattern.clone()), &[], span);
                let made = self.initial(value, template, span)?;
                self.ascribe(tree, made, why, span)
            }
            (TypeTree::Tensor(pattern), value) => {
                let tensor = self.to_tensor(&value, span)?;
                Ok(Val::Tensor(self.emit(
                    NodeKind::Ascribe(pattern.clone(), why.clone()),
                    &[tensor],
                    span,
                )))
            }
            (TypeTree::Tuple(trees), Val::Tuple(values)) if trees.len() == values.len() => {
                let parts = trees
                    .iter()
                    .zip(values)
                    .map(|(tree, value)| self.ascribe(tree, value, why, span));
                Ok(Val::Tuple(parts.collect::<Lowering<_>>()?))
            }
            (TypeTree::Record(trees), Val::Record(mut values)) => {
                let mut fields = Vec::new();
                for (name, tree) in trees {
                    let at = values.iter().position(|(field, _)| field == name);
                    let Some(at) = at else {
                        return Err(self.missing_part(name, span));
                    };
                    fields.push((
                        name.clone(),
                        self.ascribe(tree, values.remove(at).1, why, span)?,
                    ));
                }
                Ok(Val::Record(fields))
            }
            (TypeTree::Tuple(trees), value) => {
                Err(self.wrong_kind(&format!("a tuple of {}", trees.len()), &value, span))
            }
            (TypeTree::Record(_), value) => Err(self.wrong_kind("a record", &value, span)),
        }
    }

    fn missing_part(&mut self, name: &str, span: Span) -> Reported {
        let report = Diagnostic::error(
            codes::MISSING_FIELD,
            format!("the record lacks the field `{name}`"),
        );
        self.report(
            report
                .label(span, "this record")
                .help(format!("add it: `{{ {name}: … }}`")),
        )
    }
}

/// A call of a definition with these arguments, by places.
pub(crate) fn called(def: &Def, bound: &[Bound]) -> Called {
    Called {
        name: def.name.span,
        operand: bound.first().map(|bound| bound.span),
    }
}
