//! Primitives: the library declares their signatures without a body (`prim.nnl`); here each finds its meaning.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{
    AxisPattern, AxisRef, AxisSet, NewDim, NodeKind, Pattern, Prim, WindowSpec,
};
use crate::lower::arguments::Bound;
use crate::lower::inline::called;
use crate::lower::value::{Closure, Derivative, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, codes, strings};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::Def;
use crate::tensor::{Distribution, Extreme, Factor, MatrixKind, Monoid, place_of};
use crate::types::Dim;

/// An operand and where it was written.
type Placed = (TensorRef, Span);

/// The arguments of a primitive, by name.
pub(crate) struct Args<'a> {
    pub(crate) bound: &'a [Bound],
}

impl Args<'_> {
    fn get(&self, name: &str) -> &Bound {
        self.bound
            .iter()
            .find(|bound| bound.name == name)
            .expect("the library declares what a primitive takes")
    }

    fn axes(&self, name: &str) -> AxisSet {
        match &self.get(name).value {
            Val::Axes(axes) => axes.clone(),
            _ => AxisSet::All,
        }
    }

    pub(crate) fn axis(&self, name: &str) -> AxisRef {
        match self.axes(name) {
            AxisSet::These(axes) if axes.len() == 1 => axes[0].clone(),
            AxisSet::These(_) | AxisSet::All | AxisSet::AllBut(_) => AxisRef::Index(-1),
        }
    }

    fn is(&self, name: &str) -> bool {
        matches!(self.get(name).value, Val::Bool(true))
    }

    pub(crate) fn int(&self, name: &str) -> i64 {
        match self.get(name).value {
            Val::Number(number) => number as i64,
            _ => 0,
        }
    }
}

impl Lowerer<'_> {
    /// Calls a definition without a body.
    pub(crate) fn primitive(
        &mut self,
        cx: &Cx,
        def: &Def,
        bound: Vec<Bound>,
        span: Span,
    ) -> Lowering<Val> {
        if !self.world.is_library(cx.scope) {
            let report =
                Diagnostic::error(codes::NO_BODY, format!("`{}` has no body", def.name.value));
            return Err(self.report(
                report
                    .label(def.name.span, "declared here")
                    .help("write one: `= expression;` or `{ … }`"),
            ));
        }
        let outer = self.called.replace(called(def, &bound));
        let value = self.called_primitive(&def.name.value, &Args { bound: &bound }, span);
        self.called = outer;
        value
    }

    fn called_primitive(&mut self, name: &str, args: &Args<'_>, span: Span) -> Lowering<Val> {
        match self.structural(name, args, span)? {
            Some(value) => Ok(value),
            None => self.tensor_primitive(name, args, span),
        }
    }

    /// Primitives that work on lowering-time structure.
    fn structural(&mut self, name: &str, args: &Args<'_>, span: Span) -> Lowering<Option<Val>> {
        let derivative = |kind| {
            let of = args.get("f").value.clone();
            Ok(Some(Val::Closure(std::rc::Rc::new(Closure::Derivative {
                kind,
                of,
                span,
            }))))
        };
        match name {
            "grad" => derivative(Derivative::Grad),
            "value_and_grad" => derivative(Derivative::ValueAndGrad),
            "jvp" => derivative(Derivative::Jvp),
            "vjp" => derivative(Derivative::Vjp),
            "each" => self.each(args, span).map(Some),
            "total" => self.total(args, span).map(Some),
            "template" => Ok(Some(self.template(args, span))),
            "predict" => self.predict(args.bound, span).map(Some),
            "evaluate" | "cross_validate" | "load" | "draw_text" => {
                self.host_primitive(name, args.bound, span).map(Some)
            }
            "scan" => self.scan(args.bound, span).map(Some),
            "inspect" => self.inspect(args.bound, span).map(Some),
            "heatmap" => self.heatmap(args.bound, span).map(Some),
            "plot" => self.plot(args.bound).map(Some),
            "scatter" => self.scatter(args.bound).map(Some),
            "labels" => self.labels(args.bound).map(Some),
            "images" => self.images(args.bound).map(Some),
            "cholesky" => self.factors(Factor::Cholesky, args, span).map(Some),
            "qr" => self.factors(Factor::Qr, args, span).map(Some),
            "lu" => self.factors(Factor::Lu, args, span).map(Some),
            "eigh" => self.factors(Factor::Eigh, args, span).map(Some),
            "svd" if args.is("full") => self.factors(Factor::FullSvd, args, span).map(Some),
            "svd" => self.factors(Factor::Svd, args, span).map(Some),
            "split" | "unstack" => self.several(name, args, span).map(Some),
            _ => Ok(None),
        }
    }

    /// `template(sizes)`: stands for a tensor of this shape where only the type matters.
    fn template(&mut self, args: &Args<'_>, span: Span) -> Val {
        let axes = Self::new_dims(&args.get("sizes").value)
            .into_iter()
            .map(|size| match size {
                NewDim::Size(dim) => AxisPattern::Axis(None, dim),
                NewDim::Rest => AxisPattern::Hole,
            });
        let elem = self.open_float();
        let pattern = Pattern {
            elem,
            axes: axes.collect(),
            span,
        };
        Val::Tensor(self.emit(NodeKind::Template(pattern), &[], span))
    }

    /// `each(members, f)`: the function of every component.
    fn each(&mut self, args: &Args<'_>, span: Span) -> Lowering<Val> {
        let function = args.get("f").value.clone();
        let components = args.get("members").value.leaves();
        let mapped = components.into_iter().map(|component| {
            let given = vec![crate::lower::arguments::Given::value(component, span)];
            self.apply(function.clone(), given, span, span)
        });
        Ok(Val::Tuple(mapped.collect::<Lowering<_>>()?))
    }

    /// `total(members)`: the sum of all components.
    fn total(&mut self, args: &Args<'_>, span: Span) -> Lowering<Val> {
        let mut components = args.get("members").value.leaves().into_iter();
        let first = components.next().unwrap_or(Val::Number(0.0));
        components.try_fold(first, |sum, next| {
            self.scalar_op(Scalar::Add, &[(sum, span), (next, span)], span)
        })
    }

    pub(crate) fn operand(&mut self, args: &Args<'_>, name: &str) -> Lowering<Placed> {
        let bound = args.get(name);
        Ok((self.to_tensor(&bound.value, bound.span)?, bound.span))
    }

    fn operands(&mut self, args: &Args<'_>, name: &str) -> Lowering<Vec<Placed>> {
        let bound = args.get(name).clone();
        let items = match bound.value {
            Val::Tuple(items) | Val::List(items) => items,
            single => vec![single],
        };
        let placed = |item: &Val| Ok((self.to_tensor(item, bound.span)?, bound.span));
        items.iter().map(placed).collect()
    }

    /// Primitives with one tensor as result.
    fn tensor_primitive(&mut self, name: &str, args: &Args<'_>, span: Span) -> Lowering<Val> {
        let (prim, operands) = match self.reduction(name, args)? {
            Some(found) => found,
            None => match self.layout(name, args, span)? {
                Some(found) => found,
                None => self.arithmetic(name, args, span)?,
            },
        };
        let (operands, places): (Vec<_>, Vec<_>) = operands.into_iter().unzip();
        Ok(Val::Tensor(self.emit_at(
            NodeKind::Prim(prim),
            &operands,
            places,
            span,
        )))
    }

    fn reduction(&mut self, name: &str, args: &Args<'_>) -> Lowering<Option<(Prim, Vec<Placed>)>> {
        let reduce = |monoid| Prim::Reduce(monoid, args.axes("over"));
        let prim = match name {
            "sum" => reduce(Monoid::Sum),
            "prod" => reduce(Monoid::Prod),
            "min" => reduce(Monoid::Min),
            "max" => reduce(Monoid::Max),
            "any" => reduce(Monoid::Any),
            "all" => reduce(Monoid::All),
            "count" => Prim::Count(args.axes("over")),
            "argmax" => Prim::ArgReduce(Extreme::Max, args.axis("over")),
            "argmin" => Prim::ArgReduce(Extreme::Min, args.axis("over")),
            "cumsum" => Prim::CumSum(args.axis("over")),
            "sort" => Prim::Sort(args.axis("over")),
            "argsort" => Prim::ArgSort(args.axis("over")),
            "ranks" => Prim::Ranks(args.axis("over")),
            _ => return Ok(None),
        };
        Ok(Some((prim, vec![self.operand(args, "x")?])))
    }

    fn layout(
        &mut self,
        name: &str,
        args: &Args<'_>,
        span: Span,
    ) -> Lowering<Option<(Prim, Vec<Placed>)>> {
        let prim = match name {
            "permute" => match args.axes("axes") {
                AxisSet::These(axes) => Prim::Permute(axes),
                AxisSet::All | AxisSet::AllBut(_) => Prim::Permute(vec![]),
            },
            "reshape" => Prim::Reshape(Self::new_dims(&args.get("to").value)),
            "flatten" => Prim::Flatten(args.axes("keep")),
            "squeeze" => Prim::Squeeze(args.axis("axis")),
            "expand" => Prim::Expand(args.int("axis")),
            "reverse" => Prim::Reverse(args.axis("axis")),
            "rearrange" => self.rearrange(args, span)?,
            "cast" => match args.get("to").value {
                Val::DType(dtype) => Prim::Cast(dtype),
                _ => return Ok(None),
            },
            "stop_gradient" => Prim::StopGradient,
            "concat" => {
                return Ok(Some((
                    Prim::Concat(args.axis("axis")),
                    self.operands(args, "parts")?,
                )));
            }
            "stack" => {
                return Ok(Some((
                    Prim::Stack(args.int("axis")),
                    self.operands(args, "parts")?,
                )));
            }
            "broadcast" => {
                return self.pair(
                    args,
                    "x",
                    "like",
                    Prim::Broadcast(given_axes(args.axes("along"))),
                );
            }
            "pad" => {
                let (before, after) = (self.size(args, "before")?, self.size(args, "after")?);
                Prim::Pad(args.axis("axis"), before, after)
            }
            "windows" => {
                let size = self.size(args, "size")?;
                let spec = self.window(args, Some(size))?;
                Prim::Windows(args.axis("axis"), spec)
            }
            "overlap" => {
                let (spec, more) = (self.window(args, None)?, self.size(args, "more")?);
                Prim::Overlap(args.axis("axis"), spec, more)
            }
            "take" => return self.pair(args, "x", "indices", Prim::Take(args.axis("axis"))),
            "fill" => return self.pair(args, "value", "like", Prim::Fill),
            "indices" => {
                return Ok(Some((
                    Prim::Indices(args.axis("axis")),
                    vec![self.operand(args, "like")?],
                )));
            }
            "random_uniform" => return self.random(args, Distribution::Uniform, span),
            "random_normal" => return self.random(args, Distribution::Normal, span),
            _ => return Ok(None),
        };
        Ok(Some((prim, vec![self.operand(args, "x")?])))
    }

    /// An argument that is a size.
    fn size(&mut self, args: &Args<'_>, name: &str) -> Lowering<Dim> {
        let bound = args.get(name);
        self.to_dim(&bound.value, bound.span)
    }

    fn window(&mut self, args: &Args<'_>, size: Option<Dim>) -> Lowering<WindowSpec> {
        Ok(WindowSpec {
            size,
            stride: self.size(args, "stride")?,
            dilation: self.size(args, "dilation")?,
        })
    }

    fn pair(
        &mut self,
        args: &Args<'_>,
        first: &str,
        second: &str,
        prim: Prim,
    ) -> Lowering<Option<(Prim, Vec<Placed>)>> {
        Ok(Some((
            prim,
            vec![self.operand(args, first)?, self.operand(args, second)?],
        )))
    }

    fn random(
        &mut self,
        args: &Args<'_>,
        distribution: Distribution,
        span: Span,
    ) -> Lowering<Option<(Prim, Vec<Placed>)>> {
        let like = self.operand(args, "like")?;
        let seed = (self.root_input(Role::Seed, None, span), span);
        let step = (self.root_input(Role::Step, None, span), span);
        let place = place_of(&self.model.draw());
        Ok(Some((
            Prim::Random(distribution, place),
            vec![like, seed, step],
        )))
    }

    fn rearrange(&mut self, args: &Args<'_>, span: Span) -> Lowering<Prim> {
        let text = self.to_str(&args.get("pattern").value, span)?;
        let mut sizes = Vec::new();
        if let Val::Record(fields) = &args.get("sizes").value {
            for (name, value) in fields {
                sizes.push((name.clone(), self.to_dim(value, span)?));
            }
        }
        let place = args.get("pattern").span;
        strings::rearrange(&text, sizes)
            .map(Prim::Rearrange)
            .map_err(|problem| self.bad_pattern("rearrange", problem, place))
    }

    fn einsum(&mut self, args: &Args<'_>, span: Span) -> Lowering<(Prim, Vec<Placed>)> {
        let text = self.to_str(&args.get("pattern").value, span)?;
        let operands = self.operands(args, "operands")?;
        let place = args.get("pattern").span;
        let pattern = strings::einsum(&text, operands.len());
        let pattern = pattern.map_err(|problem| self.bad_pattern("einsum", problem, place))?;
        Ok((Prim::Einsum(pattern), operands))
    }

    /// Reports what is wrong inside a pattern, at its place inside the string.
    fn bad_pattern(
        &mut self,
        name: &str,
        problem: strings::Problem,
        place: Span,
    ) -> crate::lower::Reported {
        // The string's opening quote stands before the pattern.
        let start = place.start + 1 + u32::try_from(problem.at).unwrap_or(0);
        let end = (start + u32::try_from(problem.len.max(1)).unwrap_or(1)).min(place.end);
        let span = Span {
            start: start.min(end),
            end,
            ..place
        };
        let report = Diagnostic::error(codes::PATTERN, format!("`{name}`: {}", problem.message));
        self.report(report.label(span, problem.label).help(problem.help))
    }

    fn arithmetic(
        &mut self,
        name: &str,
        args: &Args<'_>,
        span: Span,
    ) -> Lowering<(Prim, Vec<Placed>)> {
        match name {
            "einsum" => self.einsum(args, span),
            "inverse" => Ok((Prim::Inverse, vec![self.operand(args, "A")?])),
            "solve" => {
                let kind = match () {
                    () if args.is("upper") => MatrixKind::Upper,
                    () if args.is("lower") => MatrixKind::Lower,
                    () if args.is("spd") => MatrixKind::Spd,
                    () => MatrixKind::General,
                };
                Ok((
                    Prim::Solve(kind),
                    vec![self.operand(args, "A")?, self.operand(args, "B")?],
                ))
            }
            _ => {
                let scalar = scalar_named(name).ok_or_else(|| self.not_a_primitive(name, span))?;
                let operands = args
                    .bound
                    .iter()
                    .map(|bound| Ok((self.to_tensor(&bound.value, bound.span)?, bound.span)));
                Ok((Prim::Scalar(scalar), operands.collect::<Lowering<_>>()?))
            }
        }
    }

    fn not_a_primitive(&mut self, name: &str, span: Span) -> crate::lower::Reported {
        let report = Diagnostic::error(
            codes::NO_BODY,
            format!("`{name}` has no body and is no primitive"),
        );
        self.report(report.label(span, "called here"))
    }
}

/// `along: []` stands for not given.
fn given_axes(axes: AxisSet) -> Option<AxisSet> {
    (axes != AxisSet::These(vec![])).then_some(axes)
}

/// The scalar function a library name stands for.
fn scalar_named(name: &str) -> Option<Scalar> {
    match name {
        "minimum" => Some(Scalar::Min),
        "maximum" => Some(Scalar::Max),
        "min" | "max" => None,
        _ => Scalar::from_name(name),
    }
}
