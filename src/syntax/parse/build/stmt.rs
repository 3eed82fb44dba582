//! Statements and blocks.

use crate::source::Span;
use crate::syntax::ast::{Body, Expr, ExprKind, Pattern, Stmt, StmtKind};

use super::super::grammar::{Children, Node, Rule};
use super::Builder;

impl Builder<'_, '_> {
    pub(super) fn stmt(&mut self, node: Node<'_>) -> Stmt {
        let mut children = Children::of(node);
        let docs = self.docs(&mut children);
        let form = children.must();
        Stmt {
            docs,
            ..self.stmt_form(form)
        }
    }

    /// A statement without its docs.
    pub(super) fn stmt_form(&mut self, node: Node<'_>) -> Stmt {
        let span = self.span(&node);
        let kind = self.stmt_kind(node);
        Stmt {
            docs: vec![],
            span,
            kind,
        }
    }

    fn stmt_kind(&mut self, node: Node<'_>) -> StmtKind {
        let rule = node.as_rule();
        let mut children = Children::of(node);
        match rule {
            Rule::let_stmt => {
                let pattern = self.pattern(children.must());
                let ty = children.one(Rule::r#type).map(|ty| self.ty(ty));
                StmtKind::Let(pattern, ty, self.expr(children.must()))
            }
            Rule::param_stmt => {
                let (name, ty) = (self.name(&children.must()), self.ty(children.must()));
                let init = children.one(Rule::expr).map(|init| self.expr(init));
                StmtKind::Param(name, ty, init)
            }
            Rule::state_stmt => {
                let (name, ty) = (self.name(&children.must()), self.ty(children.must()));
                StmtKind::State(name, ty, self.expr(children.must()))
            }
            Rule::tap_stmt => {
                StmtKind::Tap(self.name(&children.must()), self.expr(children.must()))
            }
            Rule::next_stmt => {
                StmtKind::Next(self.name(&children.must()), self.expr(children.must()))
            }
            Rule::assert_stmt => StmtKind::Assert(self.expr(children.must())),
            Rule::show_stmt => StmtKind::Show(self.expr(children.must())),
            Rule::save_stmt => {
                StmtKind::Save(self.expr(children.must()), self.expr(children.must()))
            }
            Rule::expr_stmt => StmtKind::Expr(self.expr(children.must())),
            other => unreachable!("no statement: {other:?}"),
        }
    }

    fn pattern(&mut self, node: Node<'_>) -> Pattern {
        let mut names = self.names(&mut Children::of(node));
        match names.len() {
            1 => Pattern::Name(names.remove(0)),
            _ => Pattern::Tuple(names),
        }
    }

    pub(super) fn block(&mut self, node: Node<'_>) -> Body {
        let span = self.span(&node);
        let mut children = Children::of(node);
        let mut stmts = vec![];
        while let Some(stmt) = children.one(Rule::stmt) {
            stmts.push(self.stmt(stmt));
        }
        let value = children
            .one(Rule::expr)
            .map(|value| Box::new(self.expr(value)));
        Body { stmts, value, span }
    }

    /// A block that is nothing but a value.
    pub(super) fn value_body(&self, value: Expr) -> Body {
        let span = value.span;
        Body {
            stmts: vec![],
            value: Some(Box::new(value)),
            span,
        }
    }

    /// What stands in for an expression that was refused.
    pub(super) fn refused(&self, span: Span) -> Expr {
        Expr {
            span,
            kind: ExprKind::Hole,
        }
    }
}
