//! Expressions: what stands between operators, and what follows it. How operators bind is `operators`' matter.

use crate::source::Span;
use crate::syntax::ast::{Arg, Body, Expr, ExprKind, IndexItem, Name};

use super::super::grammar::{Children, Node, Rule};
use super::{Builder, literal};

impl Builder<'_, '_> {
    /// A primary with its calls, indices and members.
    pub(super) fn operand(&mut self, children: &mut Children<'_>) -> Expr {
        self.scope(|builder| {
            let mut expr = builder.primary(children);
            while let Some(node) = children.take_postfix() {
                expr = builder.postfix(expr, node);
            }
            expr
        })
    }

    fn postfix(&mut self, base: Expr, node: Node<'_>) -> Expr {
        let (place, rule) = (self.span(&node), node.as_rule());
        let span = base.span.to(place);
        let base = Box::new(base);
        let mut children = Children::of(node);
        let kind = match rule {
            Rule::call => ExprKind::Call(base, children.map(|arg| self.arg(arg)).collect()),
            Rule::index => {
                ExprKind::Index(base, children.map(|item| self.index_item(item)).collect())
            }
            Rule::member => ExprKind::Member(base, self.name(&children.must())),
            _ => ExprKind::Transpose(base),
        };
        self.grown(span, place, kind)
    }

    fn arg(&mut self, node: Node<'_>) -> Arg {
        let mut children = Children::of(node);
        let name = children.one(Rule::word).map(|name| self.name(&name));
        Arg {
            name,
            value: self.expr(children.must()),
        }
    }

    fn index_item(&mut self, node: Node<'_>) -> IndexItem {
        let span = self.span(&node);
        let mut children = Children::of(node);
        if children.one(Rule::ellipsis).is_some() {
            return IndexItem::Ellipsis(span);
        }
        let first = children.one(Rule::expr).map(|first| self.expr(first));
        match (children.one(Rule::range), first) {
            (None, Some(at)) => IndexItem::At(at),
            (_, first) => {
                let last = children.one(Rule::expr).map(|last| self.expr(last));
                IndexItem::Range(first, last, span)
            }
        }
    }

    fn primary(&mut self, children: &mut Children<'_>) -> Expr {
        let node = children.must();
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::number => return self.quantity(&node, children),
            Rule::string => ExprKind::Str(literal::string(node.as_str())),
            Rule::boolean => ExprKind::Bool(node.as_str() == "true"),
            Rule::hole => ExprKind::Hole,
            Rule::path => ExprKind::Path(Children::of(node).map(|name| self.name(&name)).collect()),
            Rule::group => return self.group(span, node),
            Rule::if_expr => return self.if_expr(span, node),
            rule => {
                let kind = self.nested(rule, Children::of(node));
                return self.grown(span, span.at_start(), kind);
            }
        };
        Expr { span, kind }
    }

    /// A primary with expressions in it.
    fn nested(&mut self, rule: Rule, mut children: Children<'_>) -> ExprKind {
        match rule {
            Rule::list => ExprKind::List(children.map(|item| self.expr(item)).collect()),
            Rule::record => {
                ExprKind::Record(children.map(|field| self.record_field(field)).collect())
            }
            Rule::lambda => {
                let params = self.names(&mut children);
                ExprKind::Lambda(params, Box::new(self.expr(children.must())))
            }
            Rule::repeat_expr => {
                let count = Box::new(self.expr(children.must()));
                ExprKind::Repeat(count, self.block(children.must()))
            }
            other => unreachable!("no primary: {other:?}"),
        }
    }

    fn quantity(&mut self, node: &Node<'_>, children: &mut Children<'_>) -> Expr {
        let span = self.span(node);
        let number = self.number(node);
        match children.one(Rule::unit) {
            None => Expr {
                span,
                kind: ExprKind::Number(number),
            },
            Some(unit) => {
                let span = span.to(self.span(&unit));
                Expr {
                    span,
                    kind: ExprKind::Quantity(number, literal::unit(unit.as_str())),
                }
            }
        }
    }

    fn record_field(&mut self, node: Node<'_>) -> (Name, Expr) {
        let mut children = Children::of(node);
        (self.name(&children.must()), self.expr(children.must()))
    }

    /// Brackets around one expression leave no trace but in its span, which takes them in.
    fn group(&mut self, span: Span, node: Node<'_>) -> Expr {
        let mut parts: Vec<Expr> = Children::of(node).map(|part| self.expr(part)).collect();
        match parts.len() {
            1 => Expr {
                span,
                ..parts.remove(0)
            },
            _ => self.grown(span, span.at_start(), ExprKind::Tuple(parts)),
        }
    }

    /// A ladder is built from its last `else` up.
    fn if_expr(&mut self, span: Span, node: Node<'_>) -> Expr {
        let mut children = Children::of(node);
        let mut arms: Vec<(Span, Expr, Body)> = vec![];
        while let Some(condition) = children.one(Rule::expr) {
            let condition = self.expr(condition);
            let block = self.block(children.must());
            arms.push((condition.span, condition, block));
            if children.rule() == Some(Rule::block) {
                break;
            }
        }
        let mut otherwise = self.block(children.must());
        let first = arms.remove(0);
        for (at, condition, then) in arms.into_iter().rev() {
            let span = Span {
                end: span.end,
                ..at
            };
            let kind = ExprKind::If(Box::new(condition), then, otherwise);
            let ladder = self.grown(span, at, kind);
            otherwise = self.value_body(ladder);
        }
        self.grown(
            span,
            span.at_start(),
            ExprKind::If(Box::new(first.1), first.2, otherwise),
        )
    }

    /// One more level of tree, unless that is one too many.
    pub(super) fn grown(&mut self, span: Span, place: Span, kind: ExprKind) -> Expr {
        match self.grow(place) {
            true => Expr { span, kind },
            false => self.refused(span),
        }
    }
}
