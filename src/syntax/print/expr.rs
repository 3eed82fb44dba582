//! Expressions, with brackets only where the grammar would read something else without them.

use crate::syntax::ast::{
    Arg, BinaryOp, Body, Expr, ExprKind, IndexItem, Name, Number, UnaryOp, Unit,
};

use super::Printer;

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

impl Printer {
    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Number(number) => self.put(&number_text(number)),
            ExprKind::Quantity(number, unit) => self.put(&quantity_text(number, *unit)),
            ExprKind::Str(text) => self.put(&quoted(text)),
            ExprKind::Bool(value) => self.put(&value.to_string()),
            ExprKind::Hole => self.put("?"),
            ExprKind::Path(names) => {
                self.joined(names, "::", |printer, name| printer.put(&name.value));
            }
            ExprKind::List(items) => self.listed("[", items, "]"),
            ExprKind::Tuple(items) => self.listed("(", items, ")"),
            ExprKind::Record(fields) => self.record(fields),
            ExprKind::Unary(op, operand) => self.unary(*op, operand),
            ExprKind::Chain(first, rest) => self.chain(Level::of(expr), first, rest),
            ExprKind::Pipe(stages) => self.pipe(stages),
            ExprKind::Call(base, args) => self.call(base, args),
            ExprKind::Index(base, items) => self.index(base, items),
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
        self.after("(", base);
        self.put(")");
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
        self.at_least(level.tighter(), first);
        let right = if level == Level::Pow {
            Level::Neg
        } else {
            level.tighter()
        };
        for (op, operand) in rest {
            self.put(&format!(" {} ", op.value.symbol()));
            self.at_least(right, operand);
        }
    }

    /// The first stage may be a sum or the like; the grammar refuses operators in the others.
    fn pipe(&mut self, stages: &[Expr]) {
        let (first, others) = stages
            .split_first()
            .expect("a pipe has at least two stages");
        self.at_least(Level::Or, first);
        for stage in others {
            self.put(" |> ");
            self.at_least(Level::Postfix, stage);
        }
    }

    fn call(&mut self, base: &Expr, args: &[Arg]) {
        self.base(base);
        self.put("(");
        self.joined(args, ", ", |printer, arg| {
            if let Some(name) = &arg.name {
                printer.put(&format!("{}: ", name.value));
            }
            printer.expr(&arg.value);
        });
        self.put(")");
    }

    fn index(&mut self, base: &Expr, items: &[IndexItem]) {
        self.base(base);
        self.put("[");
        self.joined(items, ", ", |printer, item| match item {
            IndexItem::Ellipsis(_) => printer.put(".."),
            IndexItem::At(at) => printer.expr(at),
            IndexItem::Range(first, last, _) => {
                first.iter().for_each(|first| printer.expr(first));
                printer.put(":");
                last.iter().for_each(|last| printer.expr(last));
            }
        });
        self.put("]");
    }

    fn listed(&mut self, open: &str, items: &[Expr], close: &str) {
        self.put(open);
        self.joined(items, ", ", Self::expr);
        self.put(close);
    }

    fn record(&mut self, fields: &[(Name, Expr)]) {
        self.put("{ ");
        self.joined(fields, ", ", |printer, (name, value)| {
            printer.after(&format!("{}: ", name.value), value);
        });
        self.put(" }");
    }

    fn if_expr(&mut self, condition: &Expr, then: &Body, otherwise: &Body) {
        self.after("if ", condition);
        self.put(" ");
        self.body(then);
        self.put(" else ");
        match otherwise.value.as_deref() {
            Some(ladder)
                if otherwise.stmts.is_empty() && matches!(ladder.kind, ExprKind::If(..)) =>
            {
                self.expr(ladder);
            }
            _ => self.body(otherwise),
        }
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
        (Some(1), Unit::Epochs | Unit::Steps | Unit::Samples) => unit.name().trim_end_matches('s'),
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
pub(super) fn quoted(text: &str) -> String {
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
