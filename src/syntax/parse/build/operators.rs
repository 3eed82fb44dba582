//! How operators bind. The grammar gives a flat list; each [`Level`] gathers what binds tighter into one chain.

use crate::diag::Diagnostic;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};
use crate::syntax::codes;

use super::super::grammar::{Children, Node, Rule};
use super::Builder;

/// The levels of infix operators from loose to tight, `|>` above and prefixes, `^` and calls below them.
#[derive(Clone, Copy, PartialEq)]
enum Level {
    Or,
    And,
    Compare,
    Sum,
    Product,
}

impl Level {
    fn tighter(self) -> Option<Level> {
        match self {
            Level::Or => Some(Level::And),
            Level::And => Some(Level::Compare),
            Level::Compare => Some(Level::Sum),
            Level::Sum => Some(Level::Product),
            Level::Product => None,
        }
    }

    fn of(op: BinaryOp) -> Option<Level> {
        match op {
            BinaryOp::Or => Some(Level::Or),
            BinaryOp::And => Some(Level::And),
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge => Some(Level::Compare),
            BinaryOp::Add | BinaryOp::Sub => Some(Level::Sum),
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::MatMul => Some(Level::Product),
            BinaryOp::Pow => None,
        }
    }
}

/// A chain of one level: the operators and what follows each.
type Rest = Vec<(Spanned<BinaryOp>, Expr)>;

impl Builder<'_> {
    /// An expression: stages joined by `|>`, or one value.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Expr {
        let mut children = Children::of(node);
        self.scope(|builder| {
            let first = builder.level(&mut children, Level::Or);
            let mut stages = vec![first];
            while children.take_infix("|>").is_some() {
                let stage = builder.level(&mut children, Level::Or);
                stages.push(stage);
            }
            builder.pipe(stages)
        })
    }

    fn pipe(&mut self, mut stages: Vec<Expr>) -> Expr {
        if stages.len() == 1 {
            return stages.remove(0);
        }
        let span = stages[0].span.to(stages[stages.len() - 1].span);
        self.grown(span, span.at_start(), ExprKind::Pipe(stages))
    }

    /// `a op b op c` for the operators of one level.
    fn level(&mut self, children: &mut Children<'_>, level: Level) -> Expr {
        self.scope(|builder| {
            let first = builder.tighter(children, level);
            let mut rest: Rest = vec![];
            while let Some(op) = builder.infix(children, level) {
                rest.push((op, builder.tighter(children, level)));
            }
            builder.chain(first, rest)
        })
    }

    fn tighter(&mut self, children: &mut Children<'_>, level: Level) -> Expr {
        match level.tighter() {
            Some(tighter) => self.level(children, tighter),
            None => self.power(children),
        }
    }

    fn infix(&mut self, children: &mut Children<'_>, level: Level) -> Option<Spanned<BinaryOp>> {
        let belongs = |text: &str| binary_op(text).and_then(Level::of) == Some(level);
        let node = children.take_if(Rule::infix, belongs)?;
        Some(Spanned::new(binary_op(node.as_str())?, self.span(&node)))
    }

    fn chain(&mut self, first: Expr, rest: Rest) -> Expr {
        let Some((op, last)) = rest.last() else {
            return first;
        };
        let (span, place) = (first.span.to(last.span), op.span);
        self.grown(span, place, ExprKind::Chain(Box::new(first), rest))
    }

    /// `-a ^ -b ^ c` is `-(a ^ (-(b ^ c)))`: read from the left, built from the right.
    fn power(&mut self, children: &mut Children<'_>) -> Expr {
        self.scope(|builder| {
            let mut tower = vec![builder.prefixed(children, None)];
            while let Some(op) = children.take_infix("^") {
                let op = Spanned::new(BinaryOp::Pow, builder.span(&op));
                tower.push(builder.prefixed(children, Some(op)));
            }
            let mut value: Option<(Spanned<BinaryOp>, Expr)> = None;
            while let Some(storey) = tower.pop() {
                let powered = builder.chain(storey.base, value.take().into_iter().collect());
                let expr = builder.wrap(storey.prefixes, powered);
                match storey.op {
                    Some(op) => value = Some((op, expr)),
                    None => return expr,
                }
            }
            unreachable!("the first storey has no operator")
        })
    }

    fn prefixed(&mut self, children: &mut Children<'_>, op: Option<Spanned<BinaryOp>>) -> Storey {
        let mut prefixes = vec![];
        while let Some(prefix) = children.one(Rule::prefix) {
            prefixes.push((unary_op(prefix.as_str()), self.span(&prefix)));
        }
        Storey {
            op,
            prefixes,
            base: self.operand(children),
        }
    }

    fn wrap(&mut self, prefixes: Vec<(UnaryOp, Span)>, mut expr: Expr) -> Expr {
        for (op, place) in prefixes.into_iter().rev() {
            let span = place.to(expr.span);
            expr = self.grown(span, place, ExprKind::Unary(op, Box::new(expr)));
        }
        expr
    }
}

/// One operand of `^`: the operator before it, its prefixes, and what they stand before.
struct Storey {
    op: Option<Spanned<BinaryOp>>,
    prefixes: Vec<(UnaryOp, Span)>,
    base: Expr,
}

fn unary_op(text: &str) -> UnaryOp {
    match text {
        "-" => UnaryOp::Neg,
        _ => UnaryOp::Not,
    }
}

/// The operator a text stands for; none for `|>`.
fn binary_op(text: &str) -> Option<BinaryOp> {
    Some(match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "@" => BinaryOp::MatMul,
        "^" => BinaryOp::Pow,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "and" => BinaryOp::And,
        "or" => BinaryOp::Or,
        _ => return None,
    })
}
