//! Expressions, with brackets only where the grammar would read something else without them.

use crate::syntax::ast::{
    Arg, BinaryOp, Body, Expr, ExprKind, IndexItem, Name, Number, UnaryOp, Unit,
};

use super::Printer;
use super::layout::Token;

/// How tightly an expression holds together, from loose to tight.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    /// A function without a name reaches as far to the right as it can.
    Lambda,
    Pipe,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Product,
    Neg,
    Pow,
    Postfix,
}

impl Level {
    /// The next tighter one.
    fn tighter(self) -> Level {
        match self {
            Level::Lambda => Level::Pipe,
            Level::Pipe => Level::Or,
            Level::Or => Level::And,
            Level::And => Level::Not,
            Level::Not => Level::Compare,
            Level::Compare => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product => Level::Neg,
            Level::Neg => Level::Pow,
            Level::Pow | Level::Postfix => Level::Postfix,
        }
    }

    fn of_op(op: BinaryOp) -> Level {
        match op {
            BinaryOp::Or => Level::Or,
            BinaryOp::And => Level::And,
            BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge => Level::Compare,
            BinaryOp::Add | BinaryOp::Sub => Level::Sum,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::MatMul => Level::Product,
            BinaryOp::Pow => Level::Pow,
        }
    }

    fn of(expr: &Expr) -> Level {
        match &expr.kind {
            ExprKind::Lambda(..) => Level::Lambda,
            ExprKind::Pipe(_) => Level::Pipe,
            ExprKind::Chain(_, rest) => rest
                .first()
                .map_or(Level::Postfix, |(op, _)| Level::of_op(op.value)),
            ExprKind::Unary(UnaryOp::Not, _) => Level::Not,
            ExprKind::Unary(UnaryOp::Neg, _) => Level::Neg,
            ExprKind::Number(_)
            | ExprKind::Quantity(..)
            | ExprKind::Str(_)
            | ExprKind::Bool(_)
            | ExprKind::Hole
            | ExprKind::Path(_)
            | ExprKind::List(_)
            | ExprKind::Tuple(_)
            | ExprKind::Record(_)
            | ExprKind::Call(..)
            | ExprKind::Index(..)
            | ExprKind::Member(..)
            | ExprKind::Transpose(_)
            | ExprKind::If(..)
            | ExprKind::Repeat(..) => Level::Postfix,
        }
    }
}

impl Printer<'_> {
    pub(super) fn expr(&mut self, expr: &Expr) {
        self.upto(expr.span.start);
        let end = expr.span.end;
        match &expr.kind {
            ExprKind::Number(number) => self.literal(expr, || number_text(number)),
            ExprKind::Quantity(number, unit) => self.put(&quantity_text(number, *unit)),
            ExprKind::Str(text) => self.literal(expr, || quoted(text)),
            ExprKind::Bool(value) => self.put(&value.to_string()),
            ExprKind::Hole => self.put("?"),
            ExprKind::Path(names) => {
                self.joined(names, "::", |printer, name| printer.put(&name.value));
            }
            ExprKind::List(items) => self.list(items, end),
            ExprKind::Tuple(items) => self.listed(["(", "", ")"], items, end, Self::expr),
            ExprKind::Record(fields) => self.record(fields, end),
            ExprKind::Unary(op, operand) => self.unary(*op, operand),
            ExprKind::Chain(first, rest) => self.chain(Level::of(expr), first, rest),
            ExprKind::Pipe(stages) => self.pipe(stages),
            ExprKind::Call(base, args) => self.call(base, args, end),
            ExprKind::Index(base, items) => self.index(base, items, end),
            ExprKind::Member(base, name) => {
                self.base(base);
                self.put(&format!(".{}", name.value));
            }
            ExprKind::Transpose(base) => {
                self.base(base);
                self.put("'");
            }
            ExprKind::Lambda(params, value) => {
                self.put("fn(");
                self.joined(params, ", ", |printer, param| printer.put(&param.value));
                self.after(") => ", value);
            }
            ExprKind::If(condition, then, otherwise) => self.if_expr(condition, then, otherwise),
            ExprKind::Repeat(count, body) => {
                self.after("repeat ", count);
                self.put(" ");
                self.body(body);
            }
        }
    }

    /// An expression that must hold together at least this tightly.
    fn at_least(&mut self, level: Level, expr: &Expr) {
        if Level::of(expr) >= level {
            return self.expr(expr);
        }
        self.bracketed(expr);
    }

    /// Comments before the bracket stay there.
    fn bracketed(&mut self, expr: &Expr) {
        self.upto(expr.span.start);
        self.after("(", expr);
        self.put(")");
    }

    /// What a call, an index or a member is taken of.
    fn base(&mut self, base: &Expr) {
        let is_open = matches!(
            base.kind,
            ExprKind::Number(_) | ExprKind::Quantity(..) | ExprKind::If(..) | ExprKind::Repeat(..)
        );
        if !is_open {
            return self.at_least(Level::Postfix, base);
        }
        self.bracketed(base);
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) {
        match op {
            UnaryOp::Neg => {
                self.put("-");
                self.at_least(Level::Neg, operand);
            }
            UnaryOp::Not => {
                self.put("not ");
                self.at_least(Level::Not, operand);
            }
        }
    }

    /// Chains of one level are flat, so that one within another had brackets; the right side of `^` needs none.
    fn chain(
        &mut self,
        level: Level,
        first: &Expr,
        rest: &[(crate::source::Spanned<BinaryOp>, Expr)],
    ) {
        let right = if level == Level::Pow {
            Level::Neg
        } else {
            level.tighter()
        };
        self.group(|printer| {
            printer.at_least(level.tighter(), first);
            printer.deeper(|printer| {
                for (op, operand) in rest {
                    printer.upto(op.span.start);
                    printer.may_break(Token::Break(" "));
                    printer.put(&format!("{} ", op.value.symbol()));
                    printer.at_least(right, operand);
                }
            });
        });
    }

    /// The first stage may be a sum or the like; the grammar refuses operators in the others.
    fn pipe(&mut self, stages: &[Expr]) {
        let (first, others) = stages
            .split_first()
            .expect("a pipe has at least two stages");
        self.group(|printer| {
            printer.at_least(Level::Or, first);
            printer.deeper(|printer| {
                for stage in others {
                    printer.upto(stage.span.start);
                    printer.may_break(Token::Break(" "));
                    printer.put("|> ");
                    printer.at_least(Level::Postfix, stage);
                }
            });
        });
    }

    fn call(&mut self, base: &Expr, args: &[Arg], end: u32) {
        self.base(base);
        if let [arg] = args
            && has_brackets(&arg.value)
            && !self.has_comment(arg.value.span.start)
        {
            // Brackets that open together close together.
            self.put("(");
            self.arg(arg);
            self.upto(end);
            return self.put(")");
        }
        self.listed(["(", "", ")"], args, end, Self::arg);
    }

    fn arg(&mut self, arg: &Arg) {
        if let Some(name) = &arg.name {
            self.upto(name.span.start);
            self.put(&format!("{}: ", name.value));
        }
        self.expr(&arg.value);
    }

    fn index(&mut self, base: &Expr, items: &[IndexItem], end: u32) {
        self.base(base);
        self.listed(["[", "", "]"], items, end, |printer, item| match item {
            IndexItem::Ellipsis(_) => printer.put(".."),
            IndexItem::At(at) => printer.expr(at),
            IndexItem::Range(first, last, _) => {
                first.iter().for_each(|first| printer.expr(first));
                printer.put(":");
                last.iter().for_each(|last| printer.expr(last));
            }
        });
    }

    /// Single words fill lines; everything else that does not fit on one is one a line.
    fn list(&mut self, items: &[Expr], end: u32) {
        let are_words = items.iter().all(is_word);
        let between = match are_words {
            true => Token::Fill,
            false => Token::Break(" "),
        };
        self.separated(["[", "", "]"], between, items, end, Self::expr);
    }

    /// A literal as it was written, where that is known.
    fn literal(&mut self, expr: &Expr, text: impl FnOnce() -> String) {
        let text = self.written(expr.span).unwrap_or_else(text);
        self.put(&text);
    }

    fn record(&mut self, fields: &[(Name, Expr)], end: u32) {
        self.listed(["{", " ", "}"], fields, end, |printer, (name, value)| {
            printer.upto(name.span.start);
            printer.after(&format!("{}: ", name.value), value);
        });
    }

    fn if_expr(&mut self, condition: &Expr, then: &Body, otherwise: &Body) {
        self.after("if ", condition);
        self.put(" ");
        self.body(then);
        self.put(" else ");
        let ladder = otherwise.value.as_deref().map(|value| &value.kind);
        match ladder {
            // Its comments go to its condition: the place where a ladder goes on is no place of the text.
            Some(ExprKind::If(condition, then, last)) if otherwise.stmts.is_empty() => {
                self.if_expr(condition, then, last);
            }
            _ => self.body(otherwise),
        }
    }
}

/// Whether an expression begins and ends with brackets of its own.
fn has_brackets(expr: &Expr) -> bool {
    matches!(expr.kind, ExprKind::List(_) | ExprKind::Record(_))
}

fn is_word(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Number(_)
        | ExprKind::Quantity(..)
        | ExprKind::Str(_)
        | ExprKind::Bool(_)
        | ExprKind::Hole
        | ExprKind::Path(_) => true,
        ExprKind::Unary(_, operand) => matches!(operand.kind, ExprKind::Number(_)),
        ExprKind::List(_)
        | ExprKind::Tuple(_)
        | ExprKind::Record(_)
        | ExprKind::Chain(..)
        | ExprKind::Pipe(_)
        | ExprKind::Call(..)
        | ExprKind::Index(..)
        | ExprKind::Member(..)
        | ExprKind::Transpose(_)
        | ExprKind::Lambda(..)
        | ExprKind::If(..)
        | ExprKind::Repeat(..) => false,
    }
}

fn number_text(number: &Number) -> String {
    match number.int {
        Some(int) => int.to_string(),
        None if number.is_percent => format!("{}%", hundredfold(number.value)),
        None => format!("{:?}", number.value),
    }
}

/// `1 epoch`, `10 epochs`
fn quantity_text(number: &Number, unit: Unit) -> String {
    let name = match (number.int, unit) {
        (Some(1), Unit::Batches) => "batch",
        (Some(1), unit) if unit.is_counted() => unit.name().trim_end_matches('s'),
        _ => unit.name(),
    };
    format!("{} {name}", number_text(number))
}

/// A hundred times a number, exactly: its shortest decimal with the point moved.
fn hundredfold(value: f64) -> String {
    let text = value.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = format!("{fraction:0<2}");
    let (moved, left) = fraction.split_at(2);
    let whole = format!("{whole}{moved}");
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    };
    match left {
        "" => whole.to_owned(),
        left => format!("{whole}.{left}"),
    }
}

/// A string literal that reads as `text`.
pub fn quoted(text: &str) -> String {
    let mut literal = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => literal.push_str("\\\""),
            '\\' => literal.push_str("\\\\"),
            '\n' => literal.push_str("\\n"),
            '\t' => literal.push_str("\\t"),
            hidden if is_hidden(hidden) => {
                literal.push_str(&format!("\\u{{{:x}}}", u32::from(hidden)));
            }
            plain => literal.push(plain),
        }
    }
    literal.push('"');
    literal
}

/// Whether a character is better spelt out: nobody would see it.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{61c}')
}
