//! Application: of functions, layers, sequences of layers, derivatives and trained models. Settings come first where a definition has
//! two lists of parameters.

use crate::lower::arguments::{Given, What};
use std::rc::Rc;

use crate::diag::Diagnostic;
use crate::lower::scope::DefId;
use crate::lower::types::ParamKind;
use crate::lower::value::{Closure, Env, Layer, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{DefKind, Param};

impl Lowerer<'_> {
    /// Applies a function or layer to arguments.
    pub(crate) fn apply(
        &mut self,
        function: Val,
        given: Vec<Given<'_>>,
        span: Span,
        callee: Span,
    ) -> Lowering<Val> {
        match function {
            Val::Def(def) => self.apply_def(def, given, span),
            Val::Closure(closure) => self.apply_closure(&closure, given, span),
            Val::Layer(layer) => self.apply_layer(&layer, given, span),
            Val::Sequence(layers) => self.apply_sequence(&layers, given, span, callee),
            Val::Poison => Err(Reported),
            other => {
                let report = Diagnostic::error(
                    codes::WRONG_KIND,
                    format!("expected a function or layer, found {}", other.kind()),
                );
                Err(self.report(report.label(callee, format!("this is {}", other.kind()))))
            }
        }
    }

    fn apply_sequence(
        &mut self,
        layers: &[Val],
        mut given: Vec<Given<'_>>,
        span: Span,
        callee: Span,
    ) -> Lowering<Val> {
        for layer in layers {
            let value = self.apply(layer.clone(), given, span, callee)?;
            given = vec![Given::value(value, span)];
        }
        match given.pop().map(|last| last.what) {
            Some(What::Value(value)) => Ok(value),
            Some(What::Expr(cx, expr)) => self.eval(cx, expr),
            None => Err(self.argument_count("this sequence of layers", 1, 0, span)),
        }
    }

    /// The first list a definition takes: its settings, if it has them; then it wants to be applied again.
    fn apply_def(&mut self, id: DefId, given: Vec<Given<'_>>, span: Span) -> Lowering<Val> {
        let world = self.world;
        let def = world.defs[id].def();
        match (&def.settings, def.kind) {
            (None, DefKind::Fn) => self.call(id, vec![], given, span),
            (None, DefKind::Layer | DefKind::Model | DefKind::Optimizer) => {
                let layer = Layer {
                    def: id,
                    settings: vec![],
                    path: Default::default(),
                };
                self.apply_layer(&layer, given, span)
            }
            // `x |> LayerNorm` and `zeros` without brackets: all settings at their defaults.
            (Some(settings), _) if self.are_inputs(settings, &given) => {
                let settled = self.settle(id, settings, vec![], span)?;
                self.apply(settled, given, span, span)
            }
            (Some(settings), _) => self.settle(id, settings, given, span),
        }
    }

    /// Whether what is given must be meant for the second list: tensors, where no setting that must be given takes one.
    fn are_inputs(&self, settings: &[Param], given: &[Given<'_>]) -> bool {
        let takes_tensor = |kind| {
            matches!(
                kind,
                ParamKind::Tensor | ParamKind::Any | ParamKind::Scalar | ParamKind::Schedule
            )
        };
        let is_tensor = |given: &Given<'_>| {
            matches!(
                &given.what,
                What::Value(Val::Tensor(_) | Val::List(_) | Val::Tuple(_))
            )
        };
        let wants_one =
            |param: &Param| param.default.is_none() && takes_tensor(ParamKind::of(&param.ty));
        !given.is_empty() && given.iter().all(is_tensor) && !settings.iter().any(wants_one)
    }

    fn settle(
        &mut self,
        id: DefId,
        settings: &[Param],
        given: Vec<Given<'_>>,
        span: Span,
    ) -> Lowering<Val> {
        let def = self.world.defs[id].def();
        let cx = self.def_cx(id);
        let bound = self.bind(&cx, &def.name.value, settings, given, span)?;
        let settings = bound
            .into_iter()
            .map(|bound| (bound.name, bound.value))
            .collect();
        Ok(match def.kind {
            DefKind::Fn => Val::Closure(Rc::new(Closure::Settled { def: id, settings })),
            DefKind::Layer | DefKind::Model | DefKind::Optimizer => Val::Layer(Rc::new(Layer {
                def: id,
                settings,
                path: Default::default(),
            })),
        })
    }

    /// The empty environment of the file a definition stands in.
    pub(crate) fn def_cx(&mut self, id: DefId) -> Cx {
        let scope = self.world.defs[id].scope;
        self.file_cx(scope)
    }

    fn apply_closure(
        &mut self,
        closure: &Closure,
        given: Vec<Given<'_>>,
        span: Span,
    ) -> Lowering<Val> {
        match closure {
            Closure::Settled { def, settings } => self.call(*def, settings.clone(), given, span),
            Closure::Lambda { params, body, cx } => {
                if params.len() != given.len() {
                    return Err(self.argument_count(
                        "this function",
                        params.len(),
                        given.len(),
                        span,
                    ));
                }
                let mut inner = cx.clone();
                for (param, given) in params.iter().zip(given) {
                    let value = self.evaluate(&given)?;
                    inner = inner.with(&param.value, value);
                }
                self.eval(&inner, body)
            }
            Closure::Derivative {
                kind,
                of,
                span: made,
            } => {
                let args = given
                    .iter()
                    .map(|given| Ok((self.evaluate(given)?, given.span)))
                    .collect::<Lowering<Vec<_>>>()?;
                self.derivative(*kind, of, args, span, *made)
            }
            Closure::Trained { run } => {
                let args = given
                    .iter()
                    .map(|given| Ok((self.evaluate(given)?, given.span)))
                    .collect::<Lowering<Vec<_>>>()?;
                self.apply_trained(run, args, span)
            }
        }
    }

    /// The argument's value, read as any expression is.
    pub(crate) fn evaluate(&mut self, given: &Given<'_>) -> Lowering<Val> {
        match &given.what {
            What::Expr(cx, expr) => self.eval(cx, expr),
            What::Value(value) => Ok(value.clone()),
        }
    }

    /// Calls a function: inlines its body.
    fn call(
        &mut self,
        id: DefId,
        settings: Vec<(String, Val)>,
        given: Vec<Given<'_>>,
        span: Span,
    ) -> Lowering<Val> {
        let def = self.world.defs[id].def();
        let mut cx = self.def_cx(id);
        cx.env = settings
            .into_iter()
            .fold(cx.env, |env, (name, value)| env.with(name, value));
        let bound = self.bind(&cx, &def.name.value, &def.inputs, given, span)?;
        self.check_claims(id, &bound);
        let result = match (&def.body, &def.grad) {
            (None, _) => self.primitive(&cx, def, bound, span),
            (Some(_), Some(_)) => self.custom(id, cx, bound, span),
            (Some(_), None) => self.inline(id, cx, bound, span),
        }?;
        self.mark(id, &result, span);
        Ok(result)
    }

    /// An initialiser's value for a template; bare `zeros` means `zeros()`.
    pub(crate) fn initial(
        &mut self,
        initialiser: Val,
        template: crate::lower::value::TensorRef,
        span: Span,
    ) -> Lowering<Val> {
        self.apply(
            initialiser,
            vec![Given::value(Val::Tensor(template), span)],
            span,
            span,
        )
    }
}

/// The environment with these names bound, for callers that build one by hand.
pub(crate) fn bind_all(env: Env, values: impl IntoIterator<Item = (String, Val)>) -> Env {
    values
        .into_iter()
        .fold(env, |env, (name, value)| env.with(name, value))
}
