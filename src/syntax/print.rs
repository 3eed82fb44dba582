//! The tree as canonical source: one statement a line, one field a line, two spaces a level, no bracket that is not needed, lines
//! broken where they would be too long. What is printed reads back as the same tree, and prints the same again. Docs are kept;
//! comments, empty lines and the spelling of literals are where the text is at hand.

mod comments;
mod expr;
mod item;
mod layout;
mod types;

use super::ast::{Body, Expr, Item, Pattern, Program, Stmt, StmtKind};
use comments::Source;
use layout::{Token, lay_out};

pub use expr::quoted;

/// The canonical source of a program, without comments.
pub fn print(program: &Program) -> String {
    printed(program, None)
}

/// The canonical source of one item, without its docs.
pub fn print_item(item: &Item) -> String {
    let bare = Item {
        docs: vec![],
        ..item.clone()
    };
    let alone = Program {
        docs: vec![],
        items: vec![bare],
        comments: vec![],
    };
    let text = printed(&alone, None);
    text.trim_end().to_owned()
}

/// The canonical source of a program that was read from `text`, with the comments of that.
pub fn format(program: &Program, text: &str) -> String {
    let comments = program.comments.as_slice();
    printed(program, Some(Source { text, comments }))
}

/// An expression as canonical source, on one line.
pub fn print_expr(expr: &Expr) -> String {
    let mut printer = Printer {
        tokens: vec![],
        is_fresh: true,
        source: None,
    };
    printer.expr(expr);
    let text = lay_out(&printer.tokens);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn printed(program: &Program, source: Option<Source<'_>>) -> String {
    let mut printer = Printer {
        tokens: vec![],
        is_fresh: true,
        source,
    };
    printer.doc_lines("//!", &program.docs);
    printer.items(&program.items);
    printer.upto(u32::MAX);
    printer.newline();
    lay_out(&printer.tokens)
}

/// A page under construction. Everything writes at its end.
struct Printer<'t> {
    tokens: Vec<Token>,
    /// Whether nothing has been written since a line ended.
    is_fresh: bool,
    source: Option<Source<'t>>,
}

impl Printer<'_> {
    fn put(&mut self, text: &str) {
        self.tokens.push(Token::Text(text.to_owned()));
        self.is_fresh = false;
    }

    /// Begins a new line, if something stands on this one. A place to break just before becomes its end.
    fn newline(&mut self) {
        if self.is_fresh {
            return;
        }
        let is_seen = |token: &Token| token.is_break() || token.is_word();
        match self.tokens.iter().rposition(is_seen) {
            Some(at) if self.tokens[at].is_break() => self.tokens[at] = Token::Hard,
            Some(_) | None => self.tokens.push(Token::Hard),
        }
        self.is_fresh = true;
    }

    /// A place where the group around may be broken.
    fn may_break(&mut self, place: Token) {
        if !self.is_fresh {
            self.tokens.push(place);
        }
    }

    /// What `put` writes stays on one line where it fits.
    fn group(&mut self, put: impl FnOnce(&mut Self)) {
        self.tokens.push(Token::Open);
        put(self);
        self.tokens.push(Token::Close);
    }

    /// The lines that `put` begins stand one level deeper.
    fn deeper(&mut self, put: impl FnOnce(&mut Self)) {
        self.tokens.push(Token::Indent);
        put(self);
        self.tokens.push(Token::Dedent);
    }

    fn docs(&mut self, docs: &[String]) {
        self.doc_lines("///", docs);
    }

    fn doc_lines(&mut self, mark: &str, docs: &[String]) {
        for doc in docs {
            self.put(format!("{mark} {doc}").trim_end());
            self.newline();
        }
    }

    /// A list between brackets, whose text ends at `end`: on one line, or one part a line.
    fn listed<T>(
        &mut self,
        [open, blank, close]: [&'static str; 3],
        parts: impl IntoIterator<Item = T>,
        end: u32,
        put: impl FnMut(&mut Self, T),
    ) {
        self.separated([open, blank, close], Token::Break(" "), parts, end, put);
    }

    /// The same with the breaks that are named; `blank` stands inside the brackets on one line.
    fn separated<T>(
        &mut self,
        [open, blank, close]: [&'static str; 3],
        between: Token,
        parts: impl IntoIterator<Item = T>,
        end: u32,
        mut put: impl FnMut(&mut Self, T),
    ) {
        let mut parts = parts.into_iter().peekable();
        self.put(open);
        if parts.peek().is_none() {
            self.upto(end);
            return self.put(close);
        }
        self.group(|printer| {
            printer.deeper(|printer| {
                printer.may_break(Token::Break(blank));
                for (index, part) in parts.enumerate() {
                    if index > 0 {
                        printer.put(",");
                        printer.may_break(between.clone());
                    }
                    put(printer, part);
                }
                printer.tokens.push(Token::IfBroken(","));
                printer.upto(end);
            });
            printer.may_break(Token::Break(blank));
            printer.put(close);
        });
    }

    /// Writes `parts` with `separator` between them.
    fn joined<T>(
        &mut self,
        parts: impl IntoIterator<Item = T>,
        separator: &str,
        mut put: impl FnMut(&mut Self, T),
    ) {
        for (index, part) in parts.into_iter().enumerate() {
            if index > 0 {
                self.put(separator);
            }
            put(self, part);
        }
    }

    /// Braces around lines of their own, each of which begins at its place in the text; the text ends at `end`.
    fn block<T>(
        &mut self,
        lines: impl IntoIterator<Item = (u32, T)>,
        end: u32,
        mut put: impl FnMut(&mut Self, T),
    ) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_none() && !self.has_comment(end) {
            return self.put("{}");
        }
        self.put("{");
        self.deeper(|printer| {
            for (start, line) in lines {
                printer.upto_line(start);
                printer.newline();
                printer.gap(start as usize);
                put(printer, line);
            }
            printer.upto(end);
        });
        self.newline();
        self.put("}");
    }

    /// A body in braces: on one line where it is a value alone.
    fn body(&mut self, body: &Body) {
        let Some(value) = body.value.as_deref().filter(|_| body.stmts.is_empty()) else {
            return self.tall_body(body);
        };
        self.put("{");
        self.group(|printer| {
            printer.deeper(|printer| {
                printer.may_break(Token::Break(" "));
                printer.expr(value);
                printer.upto(body.span.end);
            });
            printer.may_break(Token::Break(" "));
            printer.put("}");
        });
    }

    /// A body in braces, over several lines.
    fn tall_body(&mut self, body: &Body) {
        let mut lines: Vec<(u32, Line<'_>)> = vec![];
        for stmt in &body.stmts {
            let start = self.docs_start(stmt.span.start, &stmt.docs);
            lines.push((start, Line::Stmt(stmt)));
        }
        let value = body.value.as_deref();
        lines.extend(value.map(|value| (value.span.start, Line::Value(value))));
        self.block(lines, body.span.end, |printer, line| match line {
            Line::Stmt(stmt) => printer.stmt(stmt),
            Line::Value(value) => printer.expr(value),
        });
    }

    fn stmt(&mut self, stmt: &Stmt) {
        self.docs(&stmt.docs);
        self.stmt_kind(&stmt.kind);
        self.put(";");
    }

    fn stmt_kind(&mut self, kind: &StmtKind) {
        match kind {
            StmtKind::Let(pattern, ty, value) => {
                self.put("let ");
                self.pattern(pattern);
                if let Some(ty) = ty {
                    self.put(": ");
                    self.ty(ty);
                }
                self.after(" = ", value);
            }
            StmtKind::Param(name, ty, init) => {
                self.put(&format!("param {}: ", name.value));
                self.ty(ty);
                if let Some(init) = init {
                    self.after(" ~ ", init);
                }
            }
            StmtKind::State(name, ty, value) => {
                self.put(&format!("state {}: ", name.value));
                self.ty(ty);
                self.after(" = ", value);
            }
            StmtKind::Next(name, value) => self.after(&format!("next {} = ", name.value), value),
            StmtKind::Tap(name, value) => self.after(&format!("tap {} = ", name.value), value),
            StmtKind::Assert(value) => self.after("assert ", value),
            StmtKind::Show(value) => self.after("show ", value),
            StmtKind::Save(value, path) => {
                self.after("save ", value);
                self.after(" to ", path);
            }
            StmtKind::Expr(value) => self.expr(value),
        }
    }

    fn after(&mut self, prefix: &str, value: &Expr) {
        self.put(prefix);
        self.expr(value);
    }

    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Name(name) => self.put(&name.value),
            Pattern::Tuple(names) => {
                self.put("(");
                self.joined(names, ", ", |printer, name| printer.put(&name.value));
                self.put(")");
            }
        }
    }
}

/// A line of a body.
enum Line<'p> {
    Stmt(&'p Stmt),
    Value(&'p Expr),
}
