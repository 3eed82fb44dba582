//! Derivatives as functions of the language: `grad`, `value_and_grad`, `vjp`, `jvp`. Each becomes a node over a nested function;
//! `grad` the transform expands it after the check.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{DraftId, NodeKind, Prim};
use crate::lower::arguments::Given;
use crate::lower::value::{Derivative, TensorRef, Val};
use crate::lower::{Lowerer, Lowering, Reported, codes};
use crate::source::Span;

/// A nested function with what it must be given.
struct Nested {
    pub(crate) func: DraftId,
    /// The arguments, then what it captured.
    pub(crate) operands: Vec<TensorRef>,
    pub(crate) n_arguments: usize,
    /// The arguments as tuples and records.
    pub(crate) point: Val,
    /// The shape of its result as tuples and records.
    pub(crate) result: Val,
}

impl Lowerer<'_> {
    /// Applies `grad(f)` or one of its relatives.
    pub(crate) fn derivative(
        &mut self,
        kind: Derivative,
        of: &Val,
        args: Vec<(Val, Span)>,
        span: Span,
        made: Span,
    ) -> Lowering<Val> {
        let is_linearised = matches!(kind, Derivative::Jvp | Derivative::Vjp);
        if args.len() < 1 + usize::from(is_linearised) {
            let name = if is_linearised {
                "the function and its tangent or cotangent take"
            } else {
                "a derivative takes"
            };
            let report = Diagnostic::error(
                codes::ARGUMENTS,
                format!(
                    "{name} at least {} arguments",
                    1 + usize::from(is_linearised)
                ),
            );
            return Err(self.report(report.label(span, "called here").label(made, "made here")));
        }
        match kind {
            Derivative::Grad => Ok(self.gradient(of, args, span)?.1),
            Derivative::ValueAndGrad => {
                let (value, gradient) = self.gradient(of, args, span)?;
                Ok(Val::Tuple(vec![value, gradient]))
            }
            Derivative::Vjp => self.pull_back(of, args, span),
            Derivative::Jvp => self.push_forward(of, args, span),
        }
    }

    /// Value and gradients: that of the one argument, or a tuple with one for each.
    fn gradient(&mut self, of: &Val, args: Vec<(Val, Span)>, span: Span) -> Lowering<(Val, Val)> {
        let nested = self.nested(of, args, span)?;
        let wrt: Vec<usize> = (0..nested.n_arguments).collect();
        let kind = NodeKind::Grad {
            func: nested.func,
            wrt,
        };
        let Val::Tuple(mut parts) =
            self.parts(kind, &nested.operands, 1 + nested.n_arguments, span)
        else {
            return Err(Reported);
        };
        let mut gradients = parts.split_off(1).into_iter();
        Ok((parts.remove(0), nested.point.with_leaves(&mut gradients)))
    }

    /// `vjp(f)(x, …, dy)` is `(f(x), dx)`.
    fn pull_back(&mut self, of: &Val, mut args: Vec<(Val, Span)>, span: Span) -> Lowering<Val> {
        let cotangent = args.pop().ok_or(Reported)?;
        let nested = self.nested(of, args, span)?;
        let cotangents = self.leaf_tensors(&cotangent.0, cotangent.1)?;
        self.same_number(nested.result.leaves().len(), cotangents.len(), cotangent.1)?;
        let n_results = cotangents.len();
        let mut parts = self.vjp_node(&nested, cotangents, span).into_iter();
        let results: Vec<Val> = parts.by_ref().take(n_results).collect();
        let value = nested.result.with_leaves(&mut results.into_iter());
        Ok(Val::Tuple(vec![
            value,
            nested.point.with_leaves(&mut parts),
        ]))
    }

    fn vjp_node(&mut self, nested: &Nested, cotangents: Vec<TensorRef>, span: Span) -> Vec<Val> {
        let n_parts = cotangents.len() + nested.n_arguments;
        let kind = NodeKind::Vjp {
            func: nested.func,
            wrt: (0..nested.n_arguments).collect(),
        };
        let operands: Vec<TensorRef> = nested.operands.iter().copied().chain(cotangents).collect();
        match self.parts(kind, &operands, n_parts, span) {
            Val::Tuple(parts) => parts,
            _ => vec![],
        }
    }

    /// `jvp(f)(x, …, dx)` is `(f(x), dy)`. The pull-back is linear in its cotangent `u`; pulling `dx` back through it gives the
    /// push-forward, so that no op needs a forward rule (Townsend 2017).
    fn push_forward(&mut self, of: &Val, mut args: Vec<(Val, Span)>, span: Span) -> Lowering<Val> {
        let tangent = args.pop().ok_or(Reported)?;
        let value = self.apply(
            of.clone(),
            args.iter()
                .map(|(value, span)| Given::value(value.clone(), *span))
                .collect(),
            span,
            span,
        )?;
        let mut zeros = Vec::new();
        for leaf in value.leaves() {
            let like = self.to_tensor(&leaf, span)?;
            let zero = self.emit(NodeKind::Number(0.0), &[], span);
            zeros.push(self.emit(NodeKind::Prim(Prim::Fill), &[zero, like], span));
        }
        self.open("pull back");
        let inputs: Vec<TensorRef> = (0..zeros.len())
            .map(|index| self.input(Role::Arg(format!("u{index}")), None, span))
            .collect();
        let nested = self.nested(of, args, span)?;
        let pulled = self
            .vjp_node(&nested, inputs.clone(), span)
            .split_off(inputs.len());
        let pulled = pulled
            .iter()
            .map(|part| Ok(("dx".to_string(), self.to_tensor(part, span)?)))
            .collect::<Lowering<Vec<_>>>()?;
        let n_pulled = pulled.len();
        let (func, captured) = self.close(pulled);
        let tangents = self.leaf_tensors(&tangent.0, tangent.1)?;
        self.same_number(n_pulled, tangents.len(), tangent.1)?;
        let n_arguments = zeros.len();
        let operands = zeros.into_iter().chain(captured).collect();
        let outer = Nested {
            func,
            operands,
            n_arguments,
            point: Val::Poison,
            result: Val::Poison,
        };
        let mut pushed = self
            .vjp_node(&outer, tangents, span)
            .split_off(n_pulled)
            .into_iter();
        let dy = value.with_leaves(&mut pushed);
        Ok(Val::Tuple(vec![value, dy]))
    }

    pub(crate) fn same_number(&mut self, wanted: usize, found: usize, span: Span) -> Lowering<()> {
        if wanted == found {
            return Ok(());
        }
        let report = Diagnostic::error(
            codes::ARITY,
            format!("expected {wanted} tensors to go with the function's, found {found}"),
        );
        Err(self.report(report.label(span, format!("{found} here"))))
    }

    pub(crate) fn leaf_tensors(&mut self, value: &Val, span: Span) -> Lowering<Vec<TensorRef>> {
        value
            .leaves()
            .iter()
            .map(|leaf| self.to_tensor(leaf, span))
            .collect()
    }

    /// The function as a function of its own, of the tensors among its arguments; functions and choices it keeps.
    fn nested(&mut self, of: &Val, args: Vec<(Val, Span)>, span: Span) -> Lowering<Nested> {
        let mut operands = Vec::new();
        for (value, span) in args.iter().filter(|(value, _)| is_differentiable(value)) {
            operands.extend(self.leaf_tensors(value, *span)?);
        }
        let n_arguments = operands.len();
        self.open("differentiated");
        let mut inputs = (0..n_arguments)
            .map(|index| Val::Tensor(self.input(Role::Arg(format!("x{index}")), None, span)))
            .collect::<Vec<_>>()
            .into_iter();
        let given = args
            .iter()
            .map(|(value, span)| match is_differentiable(value) {
                true => Given::value(value.with_leaves(&mut inputs), *span),
                false => Given::value(value.clone(), *span),
            });
        let result = self.apply(of.clone(), given.collect(), span, span);
        let (func, captured) = self.close_with("value", &result, span)?;
        operands.extend(captured);
        let mut point: Vec<Val> = args
            .into_iter()
            .map(|(value, _)| value)
            .filter(is_differentiable)
            .collect();
        let point = if point.len() == 1 {
            point.remove(0)
        } else {
            Val::Tuple(point)
        };
        Ok(Nested {
            func,
            operands,
            n_arguments,
            point,
            result: result?,
        })
    }
}

/// Whether an argument is something to differentiate with respect to.
fn is_differentiable(value: &Val) -> bool {
    matches!(
        value,
        Val::Tensor(_)
            | Val::Global(_)
            | Val::Number(_)
            | Val::Dim(_)
            | Val::Quotient(..)
            | Val::List(_)
            | Val::Tuple(_)
            | Val::Record(_)
    )
}
