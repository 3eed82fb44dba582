//! Items: declarations, definitions and the statements of the top level.

use crate::syntax::ast::{
    Block, Body, Def, DefKind, DimDecl, Expr, Field, Item, ItemKind, Param, Test, TypeDecl, Use,
    UseName,
};

use super::Printer;
use super::expr::quoted;

impl Printer {
    /// Items one under the other; what has docs or braces stands apart.
    pub(super) fn items(&mut self, items: &[Item]) {
        let mut stood_apart = !self.text.is_empty();
        for item in items {
            let stands_apart = is_tall(item);
            if !self.text.is_empty() && (stands_apart || stood_apart) {
                self.newline();
            }
            self.docs(&item.docs);
            self.item(&item.kind);
            self.newline();
            stood_apart = stands_apart;
        }
    }

    fn item(&mut self, kind: &ItemKind) {
        match kind {
            ItemKind::Use(declared) => self.use_decl(declared),
            ItemKind::Dim(declared) => self.dim_decl(declared),
            ItemKind::Type(declared) => self.type_decl(declared),
            ItemKind::Def(def) => self.def(def),
            ItemKind::Data(block) => self.fields("data", block),
            ItemKind::Train(block) => self.fields("train", block),
            ItemKind::Test(test) => self.test(test),
            ItemKind::Stmt(stmt) => self.stmt(stmt),
        }
    }

    fn use_decl(&mut self, declared: &Use) {
        self.put(&format!("use {}", declared.module.value));
        match declared.names.as_slice() {
            [] => {}
            [name] => {
                self.put("::");
                self.use_name(name);
            }
            names => {
                self.put("::{");
                self.joined(names, ", ", Self::use_name);
                self.put("}");
            }
        }
        self.put(";");
    }

    fn use_name(&mut self, name: &UseName) {
        self.put(&name.name.value);
        if let Some(alias) = &name.alias {
            self.put(&format!(" as {}", alias.value));
        }
    }

    fn dim_decl(&mut self, declared: &DimDecl) {
        self.put(&format!("dim {}", declared.name.value));
        if let Some(value) = &declared.value {
            self.put(" = ");
            self.dim(value);
        }
        self.put(";");
    }

    fn type_decl(&mut self, declared: &TypeDecl) {
        self.put(&format!("type {}", declared.name.value));
        if !declared.params.is_empty() {
            self.put("[");
            self.joined(&declared.params, ", ", |printer, param| {
                printer.put(&param.value);
            });
            self.put("]");
        }
        self.put(" = ");
        self.ty(&declared.ty);
        self.put(";");
    }

    fn fields(&mut self, keyword: &str, block: &Block<Field>) {
        self.put(&format!("{keyword} {} ", block.name.value));
        self.block(&block.fields, |printer, field| {
            printer.docs(&field.docs);
            printer.after(&format!("{}: ", field.name.value), &field.value);
            printer.put(",");
        });
    }

    fn test(&mut self, test: &Test) {
        self.put(&format!("test {} ", quoted(&test.name.value)));
        self.tall_body(&test.body);
    }

    fn def(&mut self, def: &Def) {
        self.put(&format!("{} {}", keyword(def.kind), def.name.value));
        if let Some(settings) = &def.settings {
            self.params(settings);
        }
        self.params(&def.inputs);
        if let Some(result) = &def.result {
            self.put(" -> ");
            self.ty(result);
        }
        if !def.constraints.is_empty() {
            self.put(" where ");
            self.joined(&def.constraints, ", ", Self::constraint);
        }
        self.def_body(def);
    }

    fn def_body(&mut self, def: &Def) {
        let Some(body) = &def.body else {
            return self.put(";");
        };
        if let Some(value) = short_body(def, body) {
            self.after(" = ", value);
            return self.put(";");
        }
        self.put(" ");
        self.tall_body(body);
        if let Some(rule) = &def.grad {
            self.put(" grad(");
            self.joined(&rule.params, ", ", |printer, param| {
                printer.put(&param.value);
            });
            self.put(") ");
            self.tall_body(&rule.body);
        }
    }

    /// Parameters on one line, or one a line where any has docs.
    fn params(&mut self, params: &[Param]) {
        if params.iter().all(|param| param.docs.is_empty()) {
            self.put("(");
            self.joined(params, ", ", Self::param);
            return self.put(")");
        }
        self.put("(");
        self.indent += 1;
        for param in params {
            self.newline();
            self.docs(&param.docs);
            self.param(param);
            self.put(",");
        }
        self.indent -= 1;
        self.newline();
        self.put(")");
    }

    fn param(&mut self, param: &Param) {
        self.put(&format!("{}: ", param.name.value));
        self.ty(&param.ty);
        if let Some(default) = &param.default {
            self.after(" = ", default);
        }
    }
}

fn keyword(kind: DefKind) -> &'static str {
    match kind {
        DefKind::Fn => "fn",
        DefKind::Layer => "layer",
        DefKind::Model => "model",
        DefKind::Optimizer => "optimizer",
    }
}

/// The value of a function that has nothing else.
fn short_body<'p>(def: &Def, body: &'p Body) -> Option<&'p Expr> {
    let is_short = def.kind == DefKind::Fn && def.grad.is_none() && body.stmts.is_empty();
    body.value.as_deref().filter(|_| is_short)
}

/// Whether an item stands apart from its neighbours.
fn is_tall(item: &Item) -> bool {
    let has_braces = match &item.kind {
        ItemKind::Def(def) => def
            .body
            .as_ref()
            .is_some_and(|body| short_body(def, body).is_none()),
        ItemKind::Data(_) | ItemKind::Train(_) | ItemKind::Test(_) => true,
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Stmt(_) => false,
    };
    has_braces || !item.docs.is_empty()
}
