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

impl Builder<'_, '_> {
    /// An expression: stages joined by `|>`, or one value.
    pub(super) fn expr(&mut self, node: Node<'_>) -> Expr {
        let mut children = Children::of(node);
        let outside = self.loose.take();
        let expr = self.scope(|builder| {
            let mut stages = vec![builder.level(&mut children, Level::Or)];
            while children.take_infix("|>").is_some() {
                builder.loose = None;
                let stage = builder.level(&mut children, Level::Or);
                builder.check_stage(stages[0].span, stage.span);
                stages.push(stage);
            }
            builder.pipe(stages)
        });
        self.loose = outside;
        expr
    }

    /// `x |> f @ w` reads as `x |> (f @ w)` to the grammar and as `(x |> f) @ w` to most people, so it is neither.
    fn check_stage(&mut self, first: Span, stage: Span) {
        let Some(op) = self.loose.take() else {
            return;
        };
        let sign = self.written(op).unwrap_or_default();
        let pipe = self.written(Span {
            end: op.start,
            ..first
        });
        let right = self.written(Span {
            start: op.end,
            ..stage
        });
        let help = match (pipe, right) {
            (Some(pipe), Some(right)) => {
                format!("bracket what belongs together: `({pipe}) {sign} {right}`")
            }
            _ => format!("bracket what belongs together: `(… |> …) {sign} …`"),
        };
        let report = Diagnostic::error(
            codes::LOOSE_PIPE,
            format!("`{sign}` in a stage of `|>`, outside brackets"),
        )
        .label(
            op,
            "binds tighter than `|>`, and belongs to the stage alone",
        );
        self.report(report.help(help));
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
                builder.loose = Some(op.span);
                rest.push((op, builder.tighter(children, level)));
            }
            if level == Level::Compare && rest.len() > 1 {
                builder.report_chained(&first, &rest);
            }
            builder.chain(first, rest)
        })
    }

    fn tighter(&mut self, children: &mut Children<'_>, level: Level) -> Expr {
        match level {
            Level::Or => self.level(children, Level::And),
            Level::And => self.negation(children),
            Level::Compare => self.level(children, Level::Sum),
            Level::Sum => self.level(children, Level::Product),
            Level::Product => self.power(children),
        }
    }

    /// `not a == b` is `not (a == b)`.
    fn negation(&mut self, children: &mut Children<'_>) -> Expr {
        self.scope(|builder| {
            let mut prefixes = vec![];
            while let Some(not) = children.take_if(Rule::prefix, |text| text == "not") {
                prefixes.push((UnaryOp::Not, builder.span(&not)));
            }
            let compared = builder.level(children, Level::Compare);
            builder.wrap(prefixes, compared)
        })
    }

    fn report_chained(&mut self, first: &Expr, rest: &Rest) {
        let (left, right) = (&rest[0], &rest[1]);
        let texts = [first.span, left.1.span, right.1.span].map(|span| self.written(span));
        let (left, right) = (&left.0, &right.0);
        let help = match texts {
            [Some(a), Some(b), Some(c)] => {
                let (left, right) = (left.value.symbol(), right.value.symbol());
                format!("write `{a} {left} {b} and {b} {right} {c}`")
            }
            _ => "compare twice, and join the two with `and`".to_owned(),
        };
        let report = Diagnostic::error(codes::CHAINED_COMPARISON, "comparisons do not chain")
            .label(right.span, "a second comparison")
            .label(left.span, "its left side is the result of this one");
        self.report(report.help(help));
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
                builder.loose = Some(op.span);
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
            let span = self.span(&prefix);
            if prefix.as_str() == "not" {
                self.report(loose_not(span));
            }
            prefixes.push((UnaryOp::Neg, span));
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

fn loose_not(span: Span) -> Diagnostic {
    Diagnostic::error(
        codes::LOOSE_NOT,
        "`not` behind an operator that binds tighter",
    )
    .label(
        span,
        "`not` reaches over comparisons: `not a == b` is `not (a == b)`",
    )
    .help("bracket it: `(not …)`")
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
