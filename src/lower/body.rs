//! Bodies: statements in order, then a value.

use crate::diag::Diagnostic;
use crate::ir::draft::Why;
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{self, Expr, Pattern, Stmt, StmtKind};
use crate::types::SymKind;

impl Lowerer<'_> {
    pub(crate) fn repeat(&mut self, cx: &Cx, times: &Expr, body: &ast::Body) -> Lowering<Val> {
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
                self.let_stmt(cx, &Pattern::Name(name.clone()), None, value)?;
                self.tap(cx, name)
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
