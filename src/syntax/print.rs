//! The tree as canonical source: one statement a line, one field a line, two spaces a level, no bracket that is not needed. What is
//! printed reads back as the same tree, and prints the same again. Comments are not kept; docs are.

mod expr;
mod item;
mod types;

use super::ast::{Body, Expr, Pattern, Program, Stmt, StmtKind};

/// The canonical source of a program.
pub fn print(program: &Program) -> String {
    let mut printer = Printer::default();
    for doc in &program.docs {
        printer.line(&format!("//! {doc}"));
    }
    printer.items(&program.items);
    printer.text
}

/// Text under construction. Everything writes at its end; `indent` counts the levels that a new line begins with.
#[derive(Default)]
struct Printer {
    text: String,
    indent: usize,
}

impl Printer {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Begins a new line.
    fn newline(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
        self.text.push_str(&"  ".repeat(self.indent));
    }

    /// One whole line.
    fn line(&mut self, text: &str) {
        self.put(text.trim_end());
        self.newline();
    }

    fn docs(&mut self, docs: &[String]) {
        for doc in docs {
            self.line(&format!("/// {doc}"));
        }
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

    /// Braces around lines of their own, each begun by `put`.
    fn block<T>(&mut self, lines: impl IntoIterator<Item = T>, mut put: impl FnMut(&mut Self, T)) {
        let mut lines = lines.into_iter().peekable();
        if lines.peek().is_none() {
            return self.put("{}");
        }
        self.put("{");
        self.indent += 1;
        for line in lines {
            self.newline();
            put(self, line);
        }
        self.indent -= 1;
        self.newline();
        self.put("}");
    }

    /// A body in braces: on one line where it is a value alone.
    fn body(&mut self, body: &Body) {
        match &body.value {
            None if body.stmts.is_empty() => self.put("{}"),
            Some(value) if body.stmts.is_empty() => {
                self.put("{ ");
                self.expr(value);
                self.put(" }");
            }
            _ => self.tall_body(body),
        }
    }

    /// A body in braces, over several lines.
    fn tall_body(&mut self, body: &Body) {
        let stmts = body.stmts.iter().map(Line::Stmt);
        let lines = stmts.chain(body.value.as_deref().map(Line::Value));
        self.block(lines, |printer, line| match line {
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
