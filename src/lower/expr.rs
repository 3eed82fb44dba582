//! Expressions: each evaluates to a lowering-time value, emitting nodes for what is computed at run time.

use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::draft::{IndexSpec, NodeKind, Prim};
use crate::lower::arguments::Given;
use crate::lower::settled::{literal, scalar_of, settled};
use crate::lower::value::{Closure, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::scalar::Scalar;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, BinaryOp, Expr, ExprKind, IndexItem, UnaryOp};

/// How deep evaluation may nest before it grows the stack.
const RED_ZONE: usize = 128 * 1024;
const STACK_CHUNK: usize = 4 * 1024 * 1024;

impl Lowerer<'_> {
    /// The value of an expression.
    pub(crate) fn eval(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Val> {
        stacker::maybe_grow(RED_ZONE, STACK_CHUNK, || self.eval_inner(cx, expr))
    }

    fn eval_inner(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Val> {
        match &expr.kind {
            ExprKind::Number(number) => Ok(literal(number)),
            ExprKind::Quantity(number, unit) => Ok(Val::Quantity(number.value, *unit)),
            ExprKind::Str(text) => Ok(Val::Str(text.clone())),
            ExprKind::Bool(truth) => Ok(Val::Bool(*truth)),
            ExprKind::Hole => Ok(self.hole(cx, expr.span)),
            ExprKind::Path(path) => self.path(cx, path, expr.span),
            ExprKind::List(items) => Ok(Val::List(self.eval_all(cx, items)?)),
            ExprKind::Tuple(items) => Ok(Val::Tuple(self.eval_all(cx, items)?)),
            ExprKind::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.value.clone(), self.eval(cx, value)?)));
                Ok(Val::Record(fields.collect::<Lowering<_>>()?))
            }
            ExprKind::Unary(op, operand) => self.unary(cx, *op, operand, expr.span),
            ExprKind::Chain(first, rest) => self.chain(cx, first, rest),
            ExprKind::Pipe(stages) => self.pipe(cx, stages),
            ExprKind::Call(callee, args) => self.call_expr(cx, callee, args, expr.span),
            ExprKind::Index(operand, items) => self.index(cx, operand, items, expr.span),
            ExprKind::Member(operand, name) => self.member(cx, operand, name),
            ExprKind::Transpose(operand) => {
                let value = self.eval(cx, operand)?;
                self.prim(Prim::Transpose, &[(value, operand.span)], expr.span)
            }
            ExprKind::Lambda(params, body) => Ok(self.lambda(cx, params, body)),
            ExprKind::If(condition, then, otherwise) => self.branch(cx, condition, then, otherwise),
            ExprKind::Repeat(times, body) => self.repeat(cx, times, body),
        }
    }

    /// The branch that is taken. Layers made in a branch are named within it, so that training and evaluation, which may take
    /// different ones, agree on every other name.
    fn branch(
        &mut self,
        cx: &Cx,
        condition: &Expr,
        then: &ast::Body,
        otherwise: &ast::Body,
    ) -> Lowering<Val> {
        let value = self.eval(cx, condition)?;
        let (taken, name, other) = match self.to_bool(&value, condition.span)? {
            true => (then, "then", "else"),
            false => (otherwise, "else", "then"),
        };
        self.model.pass_room(other);
        self.model.enter_room(name);
        let result = self.body(cx, taken);
        self.model.leave_room();
        result
    }

    /// A hole with the tensors in scope, for the checker to say which of them fit.
    fn hole(&mut self, cx: &Cx, span: Span) -> Val {
        let in_scope = cx.env.iter().filter_map(|(name, value)| match value {
            Val::Tensor(tensor) => Some((name.to_string(), *tensor)),
            _ => None,
        });
        let (names, values): (Vec<_>, Vec<_>) = in_scope.unzip();
        Val::Tensor(self.emit(NodeKind::Hole(names), &values, span))
    }

    fn eval_all(&mut self, cx: &Cx, items: &[Expr]) -> Lowering<Vec<Val>> {
        items.iter().map(|item| self.eval(cx, item)).collect()
    }

    /// The value of an expression as a tensor.
    pub(crate) fn eval_tensor(
        &mut self,
        cx: &Cx,
        expr: &Expr,
    ) -> Lowering<crate::lower::value::TensorRef> {
        let value = self.eval(cx, expr)?;
        self.to_tensor(&value, expr.span)
    }

    fn lambda(&mut self, cx: &Cx, params: &[ast::Name], body: &Expr) -> Val {
        Val::Closure(std::rc::Rc::new(Closure::Lambda {
            params: params.to_vec(),
            body: body.clone(),
            cx: cx.clone(),
        }))
    }

    fn unary(&mut self, cx: &Cx, op: UnaryOp, operand: &Expr, span: Span) -> Lowering<Val> {
        let value = self.eval(cx, operand)?;
        match (op, &value) {
            (UnaryOp::Neg, Val::Number(number)) => Ok(Val::Number(-number)),
            (UnaryOp::Neg, Val::Dim(dim)) => Ok(Val::Dim(-dim)),
            (UnaryOp::Not, Val::Bool(truth)) => Ok(Val::Bool(!truth)),
            (UnaryOp::Neg, _) => self.scalar_op(Scalar::Neg, &[(value, operand.span)], span),
            (UnaryOp::Not, _) => self.scalar_op(Scalar::Not, &[(value, operand.span)], span),
        }
    }

    /// Operators of one precedence level, from the left.
    fn chain(
        &mut self,
        cx: &Cx,
        first: &Expr,
        rest: &[(Spanned<BinaryOp>, Expr)],
    ) -> Lowering<Val> {
        let mut left = self.eval(cx, first)?;
        let mut span = first.span;
        for (op, operand) in rest {
            let right = self.eval(cx, operand)?;
            let whole = span.to(operand.span);
            left = self.binary(op, (left, span), (right, operand.span), whole)?;
            span = whole;
        }
        Ok(left)
    }

    fn binary(
        &mut self,
        op: &Spanned<BinaryOp>,
        left: (Val, Span),
        right: (Val, Span),
        whole: Span,
    ) -> Lowering<Val> {
        if let Some(known) = settled(op.value, &left.0, &right.0) {
            return Ok(known);
        }
        if op.value == BinaryOp::MatMul {
            return self.prim(Prim::MatMul, &[left, right], whole);
        }
        self.scalar_op(scalar_of(op.value), &[left, right], whole)
    }

    /// A scalar function of tensors.
    pub(crate) fn scalar_op(
        &mut self,
        scalar: Scalar,
        operands: &[(Val, Span)],
        span: Span,
    ) -> Lowering<Val> {
        self.prim(Prim::Scalar(scalar), operands, span)
    }

    /// A primitive of values written at these places.
    fn prim(&mut self, prim: Prim, operands: &[(Val, Span)], span: Span) -> Lowering<Val> {
        let mut tensors = Vec::new();
        for (value, place) in operands {
            tensors.push(self.to_tensor(value, *place)?);
        }
        let places = operands.iter().map(|(_, place)| *place).collect();
        Ok(Val::Tensor(self.emit_at(
            NodeKind::Prim(prim),
            &tensors,
            places,
            span,
        )))
    }

    /// `x |> f(a)` is `f(x, a)` for a function and `f(a)(x)` for a layer or curried function.
    fn pipe(&mut self, cx: &Cx, stages: &[Expr]) -> Lowering<Val> {
        let (first, rest) = stages
            .split_first()
            .expect("the parser makes pipes of at least two stages");
        let mut value = self.eval(cx, first)?;
        let mut span = first.span;
        for stage in rest {
            value = self.stage(cx, (value, span), stage)?;
            span = span.to(stage.span);
        }
        Ok(value)
    }

    fn stage(&mut self, cx: &Cx, input: (Val, Span), stage: &Expr) -> Lowering<Val> {
        if let ExprKind::Call(callee, args) = &stage.kind {
            let function = self.eval(cx, callee)?;
            if self.takes_all_at_once(&function) {
                let piped = Given::value(input.0, input.1);
                let given = std::iter::once(piped)
                    .chain(args.iter().map(|arg| Given::expr(cx, arg)))
                    .collect();
                return self.apply(function, given, stage.span, callee.span);
            }
            let settled = self.apply(
                function,
                args.iter().map(|arg| Given::expr(cx, arg)).collect(),
                stage.span,
                callee.span,
            )?;
            return self.apply(
                settled,
                vec![Given::value(input.0, input.1)],
                stage.span,
                callee.span,
            );
        }
        let function = self.eval(cx, stage)?;
        self.apply(
            function,
            vec![Given::value(input.0, input.1)],
            stage.span,
            stage.span,
        )
    }

    fn takes_all_at_once(&self, function: &Val) -> bool {
        match function {
            Val::Def(def) => self.world.defs[*def].def().settings.is_none(),
            Val::Closure(_) | Val::Layer(_) | Val::Sequence(_) => true,
            _ => false,
        }
    }

    fn call_expr(
        &mut self,
        cx: &Cx,
        callee: &Expr,
        args: &[ast::Arg],
        span: Span,
    ) -> Lowering<Val> {
        let function = self.eval(cx, callee)?;
        self.apply(
            function,
            args.iter().map(|arg| Given::expr(cx, arg)).collect(),
            span,
            callee.span,
        )
    }

    fn index(&mut self, cx: &Cx, operand: &Expr, items: &[IndexItem], span: Span) -> Lowering<Val> {
        match (self.eval(cx, operand)?, items) {
            (Val::Tuple(parts) | Val::Sequence(parts), [IndexItem::At(place)]) => {
                self.pick(cx, &parts, place)
            }
            (Val::Host(host), _) => {
                Err(self.wrong_kind("a tensor", &Val::Host(host), operand.span))
            }
            (value, _) => {
                let specs = items
                    .iter()
                    .map(|item| self.index_spec(cx, item))
                    .collect::<Lowering<_>>()?;
                self.prim(Prim::Index(specs), &[(value, operand.span)], span)
            }
        }
    }

    fn pick(&mut self, cx: &Cx, parts: &[Val], place: &Expr) -> Lowering<Val> {
        let value = self.eval(cx, place)?;
        let index = self.to_int(&value, place.span)?;
        let found = usize::try_from(index)
            .ok()
            .and_then(|index| parts.get(index))
            .cloned();
        let report = || {
            Diagnostic::error(
                codes::ARITY,
                format!("there is no component {index}: there are {}", parts.len()),
            )
        };
        found.ok_or_else(|| self.report(report().label(place.span, "counted from 0")))
    }

    fn index_spec(&mut self, cx: &Cx, item: &IndexItem) -> Lowering<IndexSpec> {
        let mut size = |expr: &Expr| {
            let value = self.eval(cx, expr)?;
            self.to_dim(&value, expr.span)
        };
        Ok(match item {
            IndexItem::Ellipsis(_) => IndexSpec::Ellipsis,
            IndexItem::At(place) => IndexSpec::At(size(place)?),
            IndexItem::Range(start, stop, _) => IndexSpec::Range(
                start.as_ref().map(&mut size).transpose()?,
                stop.as_ref().map(&mut size).transpose()?,
            ),
        })
    }

    fn member(&mut self, cx: &Cx, operand: &Expr, name: &ast::Name) -> Lowering<Val> {
        let value = self.eval(cx, operand)?;
        match &value {
            Val::Record(fields) => match fields.iter().find(|(field, _)| *field == name.value) {
                Some((_, value)) => Ok(value.clone()),
                None => Err(self.no_field(
                    "record",
                    fields.iter().map(|(field, _)| field.as_str()),
                    name,
                )),
            },
            Val::Layer(layer) => self.layer_member(layer, name),
            Val::Host(host) => self.host_member(host, name),
            _ => Err(self.wrong_kind("a record or layer, which has fields", &value, operand.span)),
        }
    }

    /// A field that a value does not have.
    pub(crate) fn no_field<'a>(
        &mut self,
        what: &str,
        fields: impl Iterator<Item = &'a str>,
        name: &ast::Name,
    ) -> Reported {
        let fields: Vec<&str> = fields.collect();
        let report = Diagnostic::error(
            codes::UNKNOWN_FIELD,
            format!("this {what} has no field `{}`", name.value),
        );
        let report = report.label(name.span, "no such field");
        let help = match did_you_mean(&name.value, fields.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if fields.is_empty() => "it has no fields".to_string(),
            None => format!("it has `{}`", fields.join("`, `")),
        };
        self.report(report.help(help))
    }
}
