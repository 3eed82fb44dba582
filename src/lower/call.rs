//! Application: arguments are matched with parameters, evaluated as each parameter's kind asks, and the definition's body is
//! inlined with a fresh signature.

use std::rc::Rc;

use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::draft::{AxisSet, NewDim, NodeKind, Trust, Why};
use crate::lower::scope::DefId;
use crate::lower::types::{ParamKind, TypeTree};
use crate::lower::value::{Closure, Env, Layer, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{self, Def, DefKind, Expr, ExprKind, Param, Unit};
use crate::types::{Dim, SymKind};

/// An argument: still an expression, because the parameter decides how it is read, or a value already.
#[derive(Clone)]
pub(crate) struct Given<'a> {
    name: Option<&'a ast::Name>,
    what: What<'a>,
    span: Span,
}

#[derive(Clone)]
enum What<'a> {
    Expr(&'a Cx, &'a Expr),
    Value(Val),
}

impl<'a> Given<'a> {
    /// An argument as written.
    pub(crate) fn expr(cx: &'a Cx, arg: &'a ast::Arg) -> Given<'a> {
        Given {
            name: arg.name.as_ref(),
            what: What::Expr(cx, &arg.value),
            span: arg.value.span,
        }
    }

    /// A value passed by place.
    pub(crate) fn value(value: Val, span: Span) -> Given<'static> {
        Given {
            name: None,
            what: What::Value(value),
            span,
        }
    }
}

/// An argument that found its parameter.
#[derive(Clone, Debug)]
pub(crate) struct Bound {
    pub(crate) name: String,
    pub(crate) value: Val,
    pub(crate) span: Span,
}

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
        let def = &world.defs[id].def;
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
        let def = &self.world.defs[id].def;
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
        let def = &self.world.defs[id].def;
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

    /// Evaluates a definition's body for these arguments.
    pub(crate) fn inline(
        &mut self,
        id: DefId,
        cx: Cx,
        bound: Vec<Bound>,
        span: Span,
    ) -> Lowering<Val> {
        let def = &self.world.defs[id].def;
        self.enter(id, span)?;
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
            values.push((
                bound.name.clone(),
                self.typed_argument(&inner, def, param.copied(), bound)?,
            ));
        }
        self.constraints(&inner, def, Trust::Prove)?;
        inner.env = values
            .into_iter()
            .fold(inner.env, |env, (name, value)| env.with(name, value));
        Ok(inner)
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
    pub(crate) fn enter(&mut self, id: DefId, span: Span) -> Lowering<()> {
        self.check_budget(span)?;
        if let Some(at) = self.stack.iter().position(|entered| *entered == id) {
            let path = self.stack[at..]
                .iter()
                .chain([&id])
                .map(|id| self.world.defs[*id].def.name.value.clone());
            let path: Vec<String> = path.collect();
            return Err(self.recursion(&path, span));
        }
        self.stack.push(id);
        self.caller = Some(self.origin(span));
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

    /// Matches arguments with parameters, by place, then by name, then by default.
    pub(crate) fn bind(
        &mut self,
        cx: &Cx,
        callee: &str,
        params: &[Param],
        given: Vec<Given<'_>>,
        span: Span,
    ) -> Lowering<Vec<Bound>> {
        let (mut by_place, mut by_name): (Vec<_>, Vec<_>) =
            given.into_iter().partition(|given| given.name.is_none());
        by_place.reverse();
        let n_given = by_place.len();
        let mut bound: Vec<Bound> = Vec::new();
        let mut env = cx.env.clone();
        for param in params {
            let argument = self.argument(
                callee,
                param,
                &mut by_place,
                &mut by_name,
                &Cx {
                    env: env.clone(),
                    ..cx.clone()
                },
                span,
            )?;
            env = env.with(&argument.name, argument.value.clone());
            bound.push(argument);
        }
        if !by_place.is_empty() {
            return Err(self.argument_count(&format!("`{callee}`"), params.len(), n_given, span));
        }
        match by_name.first() {
            Some(unknown) => Err(self.unknown_argument(callee, params, unknown)),
            None => Ok(bound),
        }
    }

    fn argument<'a>(
        &mut self,
        callee: &str,
        param: &Param,
        by_place: &mut Vec<Given<'a>>,
        by_name: &mut Vec<Given<'a>>,
        cx: &Cx,
        span: Span,
    ) -> Lowering<Bound> {
        let kind = ParamKind::of(&param.ty);
        let name = param.name.value.clone();
        if matches!(kind, ParamKind::Values | ParamKind::Named) {
            let value = self.remaining(kind, by_place, by_name)?;
            return Ok(Bound { name, value, span });
        }
        let named = by_name
            .iter()
            .position(|given| given.name.is_some_and(|given| given.value == name));
        let given = named
            .map(|at| by_name.remove(at))
            .or_else(|| by_place.pop());
        match (given, &param.default) {
            (Some(given), _) => Ok(Bound {
                name,
                value: self.read(kind, &given)?,
                span: given.span,
            }),
            (None, Some(default)) => {
                let given = Given {
                    name: None,
                    what: What::Expr(cx, default),
                    span: default.span,
                };
                Ok(Bound {
                    name,
                    value: self.read(kind, &given)?,
                    span,
                })
            }
            (None, None) => Err(self.missing_argument(callee, param, span)),
        }
    }

    fn remaining(
        &mut self,
        kind: ParamKind,
        by_place: &mut Vec<Given<'_>>,
        by_name: &mut Vec<Given<'_>>,
    ) -> Lowering<Val> {
        if kind == ParamKind::Values {
            let values = by_place.drain(..).rev().map(|given| self.evaluate(&given));
            return Ok(Val::Tuple(values.collect::<Lowering<_>>()?));
        }
        let mut fields = Vec::new();
        for given in by_name.drain(..) {
            let name = given
                .name
                .map(|name| name.value.clone())
                .unwrap_or_default();
            fields.push((name, self.evaluate(&given)?));
        }
        Ok(Val::Record(fields))
    }

    /// A parameter's default, read as its kind asks.
    pub(crate) fn read_default(
        &mut self,
        cx: &Cx,
        kind: ParamKind,
        default: &Expr,
    ) -> Lowering<Val> {
        self.read(
            kind,
            &Given {
                name: None,
                what: What::Expr(cx, default),
                span: default.span,
            },
        )
    }

    /// Reads an argument as its parameter's kind asks.
    fn read(&mut self, kind: ParamKind, given: &Given<'_>) -> Lowering<Val> {
        match kind {
            ParamKind::Axis | ParamKind::Axes => self.read_axes(kind, given),
            ParamKind::DType => self.read_dtype(given),
            ParamKind::Dims => self.read_dims(given),
            ParamKind::Series => self.read_series(given),
            _ => {
                let value = self.evaluate(given)?;
                self.conform(kind, value, given.span)
            }
        }
    }

    fn conform(&mut self, kind: ParamKind, value: Val, span: Span) -> Lowering<Val> {
        match kind {
            ParamKind::Dim => Ok(Val::Dim(self.to_dim(&value, span)?)),
            ParamKind::Int => Ok(Val::Number(self.to_int(&value, span)? as f64)),
            ParamKind::Bool => Ok(Val::Bool(self.to_bool(&value, span)?)),
            ParamKind::Str => Ok(Val::Str(self.to_str(&value, span)?)),
            ParamKind::Scalar => self.scalar_argument(value, span),
            ParamKind::Duration => Ok(Val::Number(self.to_steps(&value, span)?)),
            ParamKind::Function => match value {
                Val::Def(_) | Val::Closure(_) | Val::Layer(_) | Val::Sequence(_) => Ok(value),
                other => Err(self.wrong_kind("a function or layer", &other, span)),
            },
            ParamKind::Tensor | ParamKind::Schedule | ParamKind::Any => Ok(value),
            ParamKind::Values
            | ParamKind::Named
            | ParamKind::Axis
            | ParamKind::Axes
            | ParamKind::DType
            | ParamKind::Dims
            | ParamKind::Series => Ok(value),
        }
    }

    fn scalar_argument(&mut self, value: Val, span: Span) -> Lowering<Val> {
        match value {
            Val::Number(_) | Val::Dim(_) | Val::Quotient(..) => Ok(value),
            other => Ok(Val::Tensor(self.to_tensor(&other, span)?)),
        }
    }

    /// A duration in steps: a bare number is one already, epochs are counted in the steps of the run's data.
    fn to_steps(&mut self, value: &Val, span: Span) -> Lowering<f64> {
        match (value, self.steps_per_epoch) {
            (Val::Number(steps) | Val::Quantity(steps, Unit::Steps), _) => Ok(*steps),
            (Val::Quantity(epochs, Unit::Epochs), Some(per_epoch)) => Ok(epochs * per_epoch),
            (Val::Quantity(_, Unit::Epochs), None) => {
                let report = Diagnostic::error(
                    codes::NOT_STATIC,
                    "epochs have no length outside a `train` block",
                );
                Err(self.report(
                    report
                        .label(span, "given in epochs")
                        .help("give it in steps: `500 steps`"),
                ))
            }
            (other, _) => {
                Err(self.wrong_kind("a duration such as `10 epochs` or `500 steps`", other, span))
            }
        }
    }

    fn read_axes(&mut self, kind: ParamKind, given: &Given<'_>) -> Lowering<Val> {
        match &given.what {
            What::Value(value @ Val::Axes(_)) => Ok(value.clone()),
            What::Value(Val::Number(number)) => Ok(Val::Axes(AxisSet::These(vec![
                crate::ir::draft::AxisRef::Index(*number as i64),
            ]))),
            What::Value(other) => Err(self.wrong_kind("an axis", other, given.span)),
            What::Expr(cx, expr) if kind == ParamKind::Axes => {
                Ok(Val::Axes(self.to_axes(cx, expr)?))
            }
            What::Expr(cx, expr) => Ok(Val::Axes(AxisSet::These(vec![self.to_axis(cx, expr)?]))),
        }
    }

    fn read_dtype(&mut self, given: &Given<'_>) -> Lowering<Val> {
        let value = match &given.what {
            What::Value(value) => value.clone(),
            What::Expr(
                _,
                Expr {
                    kind: ExprKind::Path(path),
                    ..
                },
            ) if path.len() == 1 => match path[0].value.parse() {
                Ok(dtype) => Val::DType(dtype),
                Err(()) => Val::Str(path[0].value.clone()),
            },
            What::Expr(cx, expr) => self.eval(cx, expr)?,
        };
        match value {
            Val::DType(_) => Ok(value),
            other => Err(self.wrong_kind(
                "an element type: f32, f64, i64, i32, u8 or bool",
                &other,
                given.span,
            )),
        }
    }

    fn read_dims(&mut self, given: &Given<'_>) -> Lowering<Val> {
        let What::Expr(
            cx,
            Expr {
                kind: ExprKind::List(items),
                ..
            },
        ) = &given.what
        else {
            let value = self.evaluate(given)?;
            return match value {
                Val::List(_) => Ok(value),
                other => {
                    Err(self.wrong_kind("a list of sizes such as `[batch, 4]`", &other, given.span))
                }
            };
        };
        let sizes = items.iter().map(|item| match &item.kind {
            ExprKind::Hole => Ok(Val::Poison),
            _ => Ok(Val::Dim(self.size_expr(cx, item)?)),
        });
        Ok(Val::List(sizes.collect::<Lowering<_>>()?))
    }

    fn read_series(&mut self, given: &Given<'_>) -> Lowering<Val> {
        let What::Expr(_, expr) = &given.what else {
            return Err(Reported);
        };
        let items = match &expr.kind {
            ExprKind::List(items) => items.iter().collect(),
            _ => vec![*expr],
        };
        let names = items
            .into_iter()
            .map(|item| Ok(Val::Str(self.dotted(item)?)));
        Ok(Val::List(names.collect::<Lowering<_>>()?))
    }

    /// A size as an expression; unlike elsewhere, `min` and `max` of sizes are sizes here.
    fn size_expr(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Dim> {
        if let ExprKind::Call(callee, args) = &expr.kind
            && let ExprKind::Path(path) = &callee.kind
            && let ([name], [a, b]) = (path.as_slice(), args.as_slice())
        {
            let (a, b) = (self.size_expr(cx, &a.value)?, self.size_expr(cx, &b.value)?);
            return self.dim_call(name, &a, &b);
        }
        let value = self.eval(cx, expr)?;
        self.to_dim(&value, expr.span)
    }

    /// A name with dots and numbers, as written: `val.loss`, `body[0].w`.
    pub(crate) fn dotted(&mut self, expr: &Expr) -> Lowering<String> {
        match &expr.kind {
            ExprKind::Path(path) if path.len() == 1 => Ok(path[0].value.clone()),
            ExprKind::Member(operand, name) => {
                Ok(format!("{}.{}", self.dotted(operand)?, name.value))
            }
            ExprKind::Index(operand, items) => match items.as_slice() {
                [
                    ast::IndexItem::At(Expr {
                        kind: ExprKind::Number(number),
                        ..
                    }),
                ] if number.int.is_some() => Ok(format!(
                    "{}[{}]",
                    self.dotted(operand)?,
                    number.int.unwrap_or_default()
                )),
                _ => Err(self.not_dotted(expr.span)),
            },
            _ => Err(self.not_dotted(expr.span)),
        }
    }

    fn not_dotted(&mut self, span: Span) -> Reported {
        let report = Diagnostic::error(
            codes::WRONG_KIND,
            "expected a name such as `val.loss` or `body[0].w`",
        );
        self.report(report.label(span, "found an expression"))
    }

    /// Sizes read by [`Self::read_dims`]; the hole stands for what is left over.
    pub(crate) fn new_dims(value: &Val) -> Vec<NewDim> {
        let Val::List(items) = value else {
            return vec![];
        };
        let size = |item: &Val| match item {
            Val::Dim(dim) if dim.as_int() == Some(-1) => NewDim::Rest,
            Val::Dim(dim) => NewDim::Size(dim.clone()),
            _ => NewDim::Rest,
        };
        items.iter().map(size).collect()
    }

    pub(crate) fn argument_count(
        &mut self,
        callee: &str,
        wanted: usize,
        found: usize,
        span: Span,
    ) -> Reported {
        let plural = if wanted == 1 { "" } else { "s" };
        let message = format!("{callee} takes {wanted} argument{plural}, found {found}");
        self.report(Diagnostic::error(codes::ARGUMENTS, message).label(span, "called here"))
    }

    fn unknown_argument(
        &mut self,
        callee: &str,
        params: &[Param],
        unknown: &Given<'_>,
    ) -> Reported {
        let name = unknown.name.expect("only named arguments are left over");
        let report = Diagnostic::error(
            codes::ARGUMENTS,
            format!("`{callee}` has no parameter `{}`", name.value),
        );
        let names: Vec<&str> = params
            .iter()
            .map(|param| param.name.value.as_str())
            .collect();
        let help = match did_you_mean(&name.value, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "it takes none".to_string(),
            None => format!("it takes `{}`", names.join("`, `")),
        };
        self.report(
            report
                .label(name.span, "not one of its parameters")
                .help(help),
        )
    }

    fn missing_argument(&mut self, callee: &str, param: &Param, span: Span) -> Reported {
        let name = &param.name.value;
        let report = Diagnostic::error(codes::ARGUMENTS, format!("`{callee}` needs `{name}`"));
        let report = report.label(span, format!("`{name}` is not given"));
        let report = if self.sources.is_user(param.name.span) {
            report.label(param.name.span, "declared here")
        } else {
            report
        };
        self.report(report.help(format!(
            "add `{name}: {}`",
            example_of(ParamKind::of(&param.ty))
        )))
    }
}

/// What an argument of this kind looks like, for help texts.
fn example_of(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Dim | ParamKind::Int => "16",
        ParamKind::Dims => "[batch, 4]",
        ParamKind::Bool => "true",
        ParamKind::Str => "\"…\"",
        ParamKind::DType => "f64",
        ParamKind::Axis | ParamKind::Axes => "-1",
        ParamKind::Duration => "500 steps",
        ParamKind::Scalar | ParamKind::Schedule => "0.1",
        ParamKind::Function => "relu",
        ParamKind::Series => "[train.loss, val.loss]",
        ParamKind::Tensor | ParamKind::Any | ParamKind::Values | ParamKind::Named => "…",
    }
}

/// The environment with these names bound, for callers that build one by hand.
pub(crate) fn bind_all(env: Env, values: impl IntoIterator<Item = (String, Val)>) -> Env {
    values
        .into_iter()
        .fold(env, |env, (name, value)| env.with(name, value))
}
