//! Definitions for their own sake: each is lowered once with its symbols standing for every size, so that its mistakes are told
//! where they are made, whether or not anything uses it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::diag::Diagnostics;
use crate::ir::Role;
use crate::ir::draft::{Draft, DraftId, Trust, Why};
use crate::lower::model_state::ModelState;
use crate::lower::scope::{DefId, World};
use crate::lower::types::{ParamKind, TypeTree};
use crate::lower::value::{Closure, ScopeId, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering};
use crate::source::{SourceMap, Spanned};
use crate::syntax::ast::{Def, DefKind, Expr, ExprKind, Param};
use crate::types::{Dim, SymKind};

/// The definitions of a file, lowered for their own sake.
pub struct Definitions {
    /// The functions, one a variant of a definition's static choices.
    pub draft: Draft,
    /// The variants to check, in order.
    pub roots: Vec<DraftId>,
}

/// One setting of a definition's static choices.
#[derive(Clone, Debug, PartialEq)]
struct Variant {
    training: bool,
    /// A boolean setting that is not at its default.
    flipped: Option<String>,
}

/// Lowers every definition of a file with rigid symbols. The first variant of each has all choices at their defaults; further
/// ones flip one choice each, so that both branches of every `if` are looked at.
pub fn lower_definitions(
    world: &World,
    sources: &SourceMap,
    scope: ScopeId,
) -> (Definitions, Diagnostics) {
    lower_definitions_of(world, sources, scope, &|_| true)
}

/// Lowers those definitions of a file that are wanted by name.
pub fn lower_definitions_of(
    world: &World,
    sources: &SourceMap,
    scope: ScopeId,
    is_wanted: &dyn Fn(&str) -> bool,
) -> (Definitions, Diagnostics) {
    let mut lowerer = Lowerer::new(world, sources, BTreeMap::new());
    lowerer.generic = true;
    let mut roots = Vec::new();
    for id in world.definitions(scope) {
        if !is_wanted(world.defs[id].name()) {
            continue;
        }
        for variant in variants(world.defs[id].def()) {
            match lowerer.definition(id, &variant) {
                Ok(root) => roots.push(root),
                Err(_) => break,
            }
        }
    }
    (
        Definitions {
            draft: lowerer.draft,
            roots,
        },
        lowerer.reports,
    )
}

fn variants(def: &Def) -> Vec<Variant> {
    let plain = Variant {
        training: true,
        flipped: None,
    };
    let settings = def
        .settings
        .iter()
        .flatten()
        .filter(|param| ParamKind::of(&param.ty) == ParamKind::Bool);
    let flipped = settings.map(|param| Variant {
        flipped: Some(param.name.value.clone()),
        ..plain.clone()
    });
    let mut all: Vec<Variant> = std::iter::once(plain.clone()).chain(flipped).collect();
    if matches!(def.kind, DefKind::Layer | DefKind::Model) {
        all.push(Variant {
            training: false,
            flipped: None,
        });
    }
    all
}

impl Lowerer<'_> {
    fn definition(&mut self, id: DefId, variant: &Variant) -> Lowering<DraftId> {
        let world = self.world;
        let def = world.defs[id].def();
        self.model = ModelState::new(variant.training);
        self.frames.clear();
        self.open(def.name.value.clone());
        self.stack.push(id);
        let results = self.defined(id, def, variant);
        self.stack.pop();
        let (func, _) = self.close(results.clone().unwrap_or_default());
        results.map(|_| func)
    }

    fn defined(
        &mut self,
        id: DefId,
        def: &Def,
        variant: &Variant,
    ) -> Lowering<Vec<(String, TensorRef)>> {
        let Some(body) = &def.body else {
            let cx = self.def_cx(id);
            self.primitive(&cx, def, vec![], def.name.span)?;
            return Ok(vec![]);
        };
        self.model.begin(id);
        let cx = self.def_cx(id);
        let cx = self.layer_cx(cx, def.kind, def.name.span)?;
        let sizes = def
            .inputs
            .iter()
            .filter(|param| ParamKind::of(&param.ty) == ParamKind::Dim);
        let settings = def.settings.iter().flatten().chain(sizes);
        let cx = self.generic_settings(cx, settings, variant)?;
        let cx = self.signature(&cx, def, SymKind::Rigid);
        self.constraints(&cx, def, Trust::Assume)?;
        let inner = self.generic_inputs(&cx, def)?;
        let mut value = self.body(&inner, body)?;
        if let Some(result) = &def.result {
            let tree = self.type_tree(&cx, result)?;
            let place = body.value.as_ref().map_or(body.span, |value| value.span);
            value = self.ascribe(
                &tree,
                value,
                &Why::Result {
                    callee: def.name.value.clone(),
                },
                place,
            )?;
        }
        if def.grad.is_some() {
            self.generic_rule(id, &cx, def)?;
        }
        self.results(value, def)
    }

    fn results(&mut self, value: Val, def: &Def) -> Lowering<Vec<(String, TensorRef)>> {
        let next = std::mem::take(&mut self.model.next);
        let states = next
            .into_iter()
            .map(|(role, tensor)| Ok((role.to_string(), tensor)));
        let mut results = Vec::new();
        for leaf in value.leaves() {
            match leaf {
                // A function may return what is no tensor; then there is nothing more to check.
                Val::Def(_) | Val::Closure(_) | Val::Layer(_) | Val::Sequence(_) => {}
                Val::Str(_) => {}
                leaf => results.push(("value".to_string(), self.to_tensor(&leaf, def.name.span)?)),
            }
        }
        results.extend(states.collect::<Lowering<Vec<_>>>()?);
        Ok(results)
    }

    /// The reverse rule, checked against the definition's own types.
    fn generic_rule(&mut self, id: DefId, cx: &Cx, def: &Def) -> Lowering<()> {
        let bound = def
            .inputs
            .iter()
            .map(|param| crate::lower::arguments::Bound {
                name: param.name.value.clone(),
                value: cx
                    .env
                    .get(&param.name.value)
                    .cloned()
                    .unwrap_or(Val::Poison),
                span: param.name.span,
            });
        let bound: Vec<_> = bound.collect();
        let inner = self.generic_inputs(cx, def)?;
        let bound = bound
            .into_iter()
            .map(|bound| crate::lower::arguments::Bound {
                value: inner.env.get(&bound.name).cloned().unwrap_or(bound.value),
                ..bound
            });
        self.stack.pop();
        let settings = self.def_cx(id);
        let result = self.custom(id, settings, bound.collect(), def.name.span);
        self.stack.push(id);
        result.map(|_| ())
    }

    fn generic_settings<'p>(
        &mut self,
        cx: Cx,
        settings: impl Iterator<Item = &'p Param>,
        variant: &Variant,
    ) -> Lowering<Cx> {
        let mut inner = cx;
        for param in settings {
            let value = self.stand_in(&inner, param, variant)?;
            inner = inner.with(&param.name.value, value);
        }
        Ok(inner)
    }

    fn generic_inputs(&mut self, cx: &Cx, def: &Def) -> Lowering<Cx> {
        let plain = Variant {
            training: true,
            flipped: None,
        };
        let mut inner = cx.clone();
        for param in &def.inputs {
            let value = match ParamKind::of(&param.ty) {
                ParamKind::Tensor => {
                    let tree = self.type_tree(&inner, &param.ty)?;
                    self.input_tree(&tree, param)
                }
                ParamKind::Dim => continue,
                _ => self.stand_in(&inner, param, &plain)?,
            };
            inner = inner.with(&param.name.value, value);
        }
        Ok(inner)
    }

    fn input_tree(&mut self, tree: &TypeTree, param: &Param) -> Val {
        match tree {
            TypeTree::Tensor(pattern) => {
                let role = Role::Arg(param.name.value.clone());
                Val::Tensor(self.input(role, Some(pattern.clone()), param.name.span))
            }
            TypeTree::Tuple(trees) => Val::Tuple(
                trees
                    .iter()
                    .map(|tree| self.input_tree(tree, param))
                    .collect(),
            ),
            TypeTree::Record(trees) => Val::Record(
                trees
                    .iter()
                    .map(|(name, tree)| (name.clone(), self.input_tree(tree, param)))
                    .collect(),
            ),
        }
    }

    /// What a parameter is while its definition is checked: every size for a `dim`, its default where it has one, and the most
    /// harmless thing of its kind otherwise.
    fn stand_in(&mut self, cx: &Cx, param: &Param, variant: &Variant) -> Lowering<Val> {
        let kind = ParamKind::of(&param.ty);
        let mut any_size = || {
            let (name, span) = (&param.name.value, param.name.span);
            let symbol = self.draft.dims.fresh(name, SymKind::Rigid, Some(span));
            Val::Dim(Dim::sym(symbol))
        };
        if kind == ParamKind::Dim {
            return Ok(any_size());
        }
        if let ParamKind::Sizes(n) = kind {
            return Ok(Val::List((0..n).map(|_| any_size()).collect()));
        }
        let value = match &param.default {
            Some(default) => self.read_default(cx, &param.ty, default)?,
            None => harmless(cx, kind, param),
        };
        let is_flipped = variant.flipped.as_deref() == Some(param.name.value.as_str());
        Ok(match value {
            Val::Bool(truth) if is_flipped => Val::Bool(!truth),
            other => other,
        })
    }
}

fn harmless(cx: &Cx, kind: ParamKind, param: &Param) -> Val {
    match kind {
        ParamKind::Int => Val::Number(1.0),
        ParamKind::Scalar | ParamKind::Schedule | ParamKind::Tensor | ParamKind::Any => {
            Val::Number(0.5)
        }
        ParamKind::Duration => Val::Number(100.0),
        ParamKind::Bool => Val::Bool(true),
        ParamKind::Str => Val::Str(String::new()),
        ParamKind::DType => Val::DType(crate::types::DType::F32),
        ParamKind::Axis | ParamKind::Axes => Val::Axes(crate::ir::draft::AxisSet::These(vec![
            crate::ir::draft::AxisRef::Index(-1),
        ])),
        ParamKind::Function => identity(cx, param),
        ParamKind::Dim
        | ParamKind::Dims
        | ParamKind::Sizes(_)
        | ParamKind::Choice
        | ParamKind::Values
        | ParamKind::Named
        | ParamKind::Series => Val::List(vec![]),
    }
}

/// `fn(x) => x`
fn identity(cx: &Cx, param: &Param) -> Val {
    let name = Spanned::new("x".to_string(), param.name.span);
    let body = Expr {
        span: param.name.span,
        kind: ExprKind::Path(vec![name.clone()]),
    };
    Val::Closure(Rc::new(Closure::Lambda {
        params: vec![name],
        body,
        cx: cx.clone(),
    }))
}
