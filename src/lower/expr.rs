//! Expressions and bodies: each evaluates to a lowering-time value, emitting nodes for what is computed at run time.

use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::draft::{IndexSpec, NodeKind, Prim, Why};
use crate::lower::call::Given;
use crate::lower::convert::{is_float, is_whole};
use crate::lower::scope::Global;
use crate::lower::value::{Closure, Host, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::scalar::Scalar;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{
    self, BinaryOp, Expr, ExprKind, IndexItem, Pattern, Stmt, StmtKind, UnaryOp,
};
use crate::types::{Dim, SymKind};

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

    fn path(&mut self, cx: &Cx, path: &[ast::Name], span: Span) -> Lowering<Val> {
        match path {
            [name] => self.name(cx, name),
            [module, name] => self.qualified(cx, module, name),
            _ => Err(self.report(
                Diagnostic::error(codes::UNKNOWN_NAME, "a path has one module and one name")
                    .label(span, "longer than that"),
            )),
        }
    }

    fn name(&mut self, cx: &Cx, name: &ast::Name) -> Lowering<Val> {
        match cx.env.get(&name.value) {
            Some(Val::Poison) => return Err(Reported),
            Some(value) => return Ok(value.clone()),
            None => {}
        }
        match self
            .world
            .find(cx.scope, &name.value)
            .map(|entry| entry.global.clone())
        {
            Some(global) => self.global(cx, global, name),
            None => Err(self.unknown_name(cx, name)),
        }
    }

    fn qualified(&mut self, cx: &Cx, module: &ast::Name, name: &ast::Name) -> Lowering<Val> {
        let imported = self
            .world
            .find(cx.scope, &module.value)
            .map(|entry| entry.global.clone());
        let home = match imported {
            Some(Global::Module(home)) => Some(home),
            _ => self.world.module(&module.value),
        };
        match home
            .and_then(|home| self.world.find_in(home, &name.value))
            .map(|entry| entry.global.clone())
        {
            Some(global) => self.global(cx, global, name),
            None => {
                let message = format!("module `{}` has no `{}`", module.value, name.value);
                Err(self.report(
                    Diagnostic::error(codes::UNKNOWN_NAME, message).label(name.span, "not there"),
                ))
            }
        }
    }

    fn global(&mut self, cx: &Cx, global: Global, name: &ast::Name) -> Lowering<Val> {
        match global {
            Global::Def(def) => Ok(Val::Def(def)),
            Global::Dim(decl) => Ok(Val::Dim(self.file_dim(cx, &decl)?)),
            Global::Data(block) => Ok(Val::Host(Host::Data(block.name.value.clone()))),
            Global::Train(block) => Ok(Val::Host(Host::Run(block.name.value.clone()))),
            Global::Type(_) | Global::Module(_) => {
                let report =
                    Diagnostic::error(codes::WRONG_KIND, format!("`{}` is no value", name.value));
                Err(self
                    .report(report.label(name.span, "a type or module; a value is wanted here")))
            }
        }
    }

    fn unknown_name(&mut self, cx: &Cx, name: &ast::Name) -> Reported {
        let report = Diagnostic::error(
            codes::UNKNOWN_NAME,
            format!("nothing here is called `{}`", name.value),
        );
        let report = report.label(name.span, "not found");
        let local = cx.env.iter().map(|(name, _)| name);
        let near = did_you_mean(&name.value, local.chain(self.world.visible(cx.scope)))
            .map(str::to_string);
        let home = self
            .world
            .home_of(&name.value)
            .map(|(home, _)| home.to_string());
        let help = match (home, near) {
            (Some(home), _) => {
                format!("it lives in the library: add `use {home}::{};`", name.value)
            }
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("define it before its use: `let {} = …;`", name.value),
        };
        self.report(report.help(help))
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
            Val::Def(def) => self.world.defs[*def].def.settings.is_none(),
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

    fn repeat(&mut self, cx: &Cx, times: &Expr, body: &ast::Body) -> Lowering<Val> {
        let value = self.eval(cx, times)?;
        let n = match (&value, self.generic) {
            // The number of a setting's own definition: one stands for all.
            (Val::Dim(dim), true) if dim.as_int().is_none() => 1,
            _ => self.to_int(&value, times.span)?,
        };
        if n < 0 {
            let report = Diagnostic::error(codes::WRONG_KIND, format!("cannot repeat {n} times"));
            return Err(self.report(report.label(times.span, "a count is never negative")));
        }
        let mut layers = Vec::new();
        for _ in 0..n {
            self.check_budget(times.span)?;
            self.n_nodes += 1;
            layers.push(self.body(cx, body)?);
        }
        Ok(Val::Sequence(layers))
    }

    /// Statements, then the value.
    pub(crate) fn body(&mut self, cx: &Cx, body: &ast::Body) -> Lowering<Val> {
        let mut cx = cx.clone();
        let mut failed = false;
        for stmt in &body.stmts {
            failed |= self.statement(&mut cx, stmt).is_err();
        }
        match &body.value {
            _ if failed => Err(Reported),
            Some(value) => self.eval(&cx, value),
            None => {
                let report =
                    Diagnostic::error(codes::MISPLACED, "expected a value at the end of this body");
                Err(self.report(
                    report
                        .label(body.span, "ends in a statement")
                        .help("leave out the `;` after the last expression"),
                ))
            }
        }
    }

    fn statement(&mut self, cx: &mut Cx, stmt: &Stmt) -> Lowering<()> {
        match &stmt.kind {
            StmtKind::Let(pattern, ty, value) => self.let_stmt(cx, pattern, ty.as_ref(), value),
            StmtKind::Param(name, ty, init) => {
                self.param_stmt(cx, name, ty, init.as_ref(), stmt.span)
            }
            StmtKind::State(name, ty, init) => self.state_stmt(cx, name, ty, init),
            StmtKind::Next(name, value) => self.next_stmt(cx, name, value),
            StmtKind::Tap(name, value) => {
                self.let_stmt(cx, &Pattern::Name(name.clone()), None, value)
            }
            StmtKind::Assert(_) | StmtKind::Show(_) | StmtKind::Save(..) | StmtKind::Expr(_) => {
                let report = Diagnostic::error(
                    codes::MISPLACED,
                    "a definition computes and does nothing else",
                );
                Err(self.report(
                    report
                        .label(stmt.span, "not allowed here")
                        .help("move it to the top level or into a `test`"),
                ))
            }
        }
    }

    /// `let pattern: type = value;` A name whose value is wrong stays bound, so that its uses are not reported too.
    pub(crate) fn let_stmt(
        &mut self,
        cx: &mut Cx,
        pattern: &Pattern,
        ty: Option<&ast::Type>,
        value: &Expr,
    ) -> Lowering<()> {
        let result = self.let_value(cx, pattern, ty, value);
        let (value, outcome) = match result {
            Ok(value) => (value, Ok(())),
            Err(reported) => (Val::Poison, Err(reported)),
        };
        match pattern {
            Pattern::Name(name) => {
                self.name_layers(&value, &name.value);
                *cx = cx.with(&name.value, value);
                outcome
            }
            Pattern::Tuple(names) => outcome.and(self.let_tuple(cx, names, value)),
        }
    }

    fn let_value(
        &mut self,
        cx: &mut Cx,
        pattern: &Pattern,
        ty: Option<&ast::Type>,
        value: &Expr,
    ) -> Lowering<Val> {
        let n_names = match pattern {
            Pattern::Name(_) => None,
            Pattern::Tuple(names) => Some(names.len()),
        };
        let result = self.with_arity(n_names, |this| this.eval(cx, value))?;
        let Some(ty) = ty else { return Ok(result) };
        self.introduce(cx, ty, SymKind::Unknown);
        let tree = self.type_tree(cx, ty)?;
        let name = match pattern {
            Pattern::Name(name) => name.value.clone(),
            Pattern::Tuple(_) => "this".to_string(),
        };
        self.ascribe(&tree, result, &Why::Let(name), value.span)
    }

    fn let_tuple(&mut self, cx: &mut Cx, names: &[ast::Name], value: Val) -> Lowering<()> {
        let parts = match value {
            Val::Tuple(parts) | Val::Sequence(parts) if parts.len() == names.len() => parts,
            Val::Poison => vec![Val::Poison; names.len()],
            other => {
                let parts = vec![Val::Poison; names.len()];
                let span = names[0].span.to(names[names.len() - 1].span);
                self.wrong_arity(names.len(), &other, span);
                parts
            }
        };
        for (name, part) in names.iter().zip(parts) {
            self.name_layers(&part, &name.value);
            *cx = cx.with(&name.value, part);
        }
        Ok(())
    }

    fn wrong_arity(&mut self, wanted: usize, found: &Val, span: Span) -> Reported {
        let found = match found {
            Val::Tuple(parts) | Val::Sequence(parts) => format!("a tuple of {}", parts.len()),
            other => other.kind().to_string(),
        };
        let report = Diagnostic::error(
            codes::ARITY,
            format!("expected a tuple of {wanted}, found {found}"),
        );
        self.report(report.label(span, format!("{wanted} names")))
    }
}

/// A whole number that no float holds is kept as one.
fn literal(number: &ast::Number) -> Val {
    match number.int {
        Some(int) if !is_float(int) => Val::Dim(Dim::int(int)),
        _ => Val::Number(number.value),
    }
}

/// What an operator gives where both sides are known now.
fn settled(op: BinaryOp, left: &Val, right: &Val) -> Option<Val> {
    match (left, right) {
        (Val::Number(a), Val::Number(b)) => {
            beyond_floats(op, *a, *b).or_else(|| settled_numbers(op, *a, *b))
        }
        (Val::Bool(a), Val::Bool(b)) => settled_bools(op, *a, *b),
        (Val::Str(a), Val::Str(b)) => match op {
            BinaryOp::Eq => Some(Val::Bool(a == b)),
            BinaryOp::Ne => Some(Val::Bool(a != b)),
            _ => None,
        },
        _ => settled_dims(op, &as_dim(left)?, &as_dim(right)?),
    }
}

fn settled_numbers(op: BinaryOp, a: f64, b: f64) -> Option<Val> {
    Some(match op {
        BinaryOp::Add => Val::Number(a + b),
        BinaryOp::Sub => Val::Number(a - b),
        BinaryOp::Mul => Val::Number(a * b),
        BinaryOp::Div => Val::Number(a / b),
        BinaryOp::Pow if is_whole(b) && (0.0..=64.0).contains(&b) => {
            Val::Number((0..b as u32).fold(1.0, |power, _| power * a))
        }
        BinaryOp::Eq => Val::Bool(a == b),
        BinaryOp::Ne => Val::Bool(a != b),
        BinaryOp::Lt => Val::Bool(a < b),
        BinaryOp::Le => Val::Bool(a <= b),
        BinaryOp::Gt => Val::Bool(a > b),
        BinaryOp::Ge => Val::Bool(a >= b),
        BinaryOp::Pow | BinaryOp::MatMul | BinaryOp::And | BinaryOp::Or => return None,
    })
}

fn settled_bools(op: BinaryOp, a: bool, b: bool) -> Option<Val> {
    match op {
        BinaryOp::And => Some(Val::Bool(a && b)),
        BinaryOp::Or => Some(Val::Bool(a || b)),
        BinaryOp::Eq => Some(Val::Bool(a == b)),
        BinaryOp::Ne => Some(Val::Bool(a != b)),
        _ => None,
    }
}

fn settled_dims(op: BinaryOp, a: &Dim, b: &Dim) -> Option<Val> {
    if let (Some(a), Some(b)) = (a.as_int(), b.as_int())
        && let Some(value) = settled_ints(op, a, b)
    {
        return Some(value);
    }
    match op {
        BinaryOp::Add => Some(Val::Dim(a + b)),
        BinaryOp::Sub => Some(Val::Dim(a - b)),
        BinaryOp::Mul => Some(Val::Dim(a * b)),
        BinaryOp::Div => Some(Val::Quotient(a.clone(), b.clone())),
        _ => settled_numbers(op, a.as_int()? as f64, b.as_int()? as f64),
    }
}

/// The whole number that comes out where floats cannot hold it.
fn beyond_floats(op: BinaryOp, a: f64, b: f64) -> Option<Val> {
    if !is_whole(a) || !is_whole(b) {
        return None;
    }
    let value = settled_ints(op, a as i64, b as i64)?;
    let is_lost = matches!(&value, Val::Dim(dim) if dim.as_int().is_some_and(|int| !is_float(int)));
    is_lost.then_some(value)
}

/// Whole numbers, exact as long as 64 bits hold them.
fn settled_ints(op: BinaryOp, a: i64, b: i64) -> Option<Val> {
    let int = |int: i64| Val::Dim(Dim::int(int));
    match op {
        BinaryOp::Add => a.checked_add(b).map(int),
        BinaryOp::Sub => a.checked_sub(b).map(int),
        BinaryOp::Mul => a.checked_mul(b).map(int),
        BinaryOp::Eq => Some(Val::Bool(a == b)),
        BinaryOp::Ne => Some(Val::Bool(a != b)),
        BinaryOp::Lt => Some(Val::Bool(a < b)),
        BinaryOp::Le => Some(Val::Bool(a <= b)),
        BinaryOp::Gt => Some(Val::Bool(a > b)),
        BinaryOp::Ge => Some(Val::Bool(a >= b)),
        _ => None,
    }
}

fn as_dim(value: &Val) -> Option<Dim> {
    match value {
        Val::Dim(dim) => Some(dim.clone()),
        Val::Number(number) if is_whole(*number) => Some(Dim::int(*number as i64)),
        _ => None,
    }
}

fn scalar_of(op: BinaryOp) -> Scalar {
    match op {
        BinaryOp::Add => Scalar::Add,
        BinaryOp::Sub => Scalar::Sub,
        BinaryOp::Mul | BinaryOp::MatMul => Scalar::Mul,
        BinaryOp::Div => Scalar::Div,
        BinaryOp::Pow => Scalar::Pow,
        BinaryOp::Eq => Scalar::Eq,
        BinaryOp::Ne => Scalar::Ne,
        BinaryOp::Lt => Scalar::Lt,
        BinaryOp::Le => Scalar::Le,
        BinaryOp::Gt => Scalar::Gt,
        BinaryOp::Ge => Scalar::Ge,
        BinaryOp::And => Scalar::And,
        BinaryOp::Or => Scalar::Or,
    }
}
