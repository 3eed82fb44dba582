//! Items: declarations, definitions and the statements of the top level.

use crate::syntax::ast::{
    Block, Body, Def, DefKind, DimDecl, Expr, Field, Item, ItemKind, Param, Test, TypeDecl, Use,
    UseName,
};

use super::Printer;
use super::expr::quoted;
use super::layout::Token;

impl Printer<'_> {
    /// Items one under the other, with the empty lines of the text; without that, what has docs or braces stands apart.
    pub(super) fn items(&mut self, items: &[Item]) {
        let mut stood_apart = true;
        for item in items {
            let stands_apart = is_tall(item);
            let start = self.item_start(item);
            self.upto_line(start);
            self.newline();
            if self.source.is_some() {
                self.gap(start as usize);
            } else if !self.tokens.is_empty() && (stands_apart || stood_apart) {
                self.tokens.push(Token::Hard);
            }
            self.docs(&item.docs);
            self.item(item);
            stood_apart = stands_apart;
        }
    }

    fn item(&mut self, item: &Item) {
        self.upto(item.span.start);
        let end = item.span.end;
        match &item.kind {
            ItemKind::Use(declared) => self.use_decl(declared),
            ItemKind::Dim(declared) => self.dim_decl(declared),
            ItemKind::Type(declared) => self.type_decl(declared),
            ItemKind::Def(def) => self.def(def),
            ItemKind::Data(block) => self.fields("data", block, end),
            ItemKind::Train(block) => self.fields("train", block, end),
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
                let end = names.last().map_or(0, |name| name.name.span.end);
                self.put("::");
                self.separated(["{", "", "}"], Token::Fill, names, end, Self::use_name);
            }
        }
        self.put(";");
    }

    fn use_name(&mut self, name: &UseName) {
        self.upto(name.name.span.start);
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

    fn fields(&mut self, keyword: &str, block: &Block<Field>, end: u32) {
        self.put(&format!("{keyword} {} ", block.name.value));
        let fields = block.fields.iter();
        let start = |field: &Field| self.docs_start(field.name.span.start, &field.docs);
        let fields: Vec<(u32, &Field)> = fields.map(|field| (start(field), field)).collect();
        self.block(fields, end, |printer, field| {
            printer.docs(&field.docs);
            printer.upto(field.name.span.start);
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
            self.put(" =");
            self.group(|printer| {
                printer.deeper(|printer| {
                    printer.may_break(Token::Break(" "));
                    printer.expr(value);
                });
                printer.put(";");
            });
            return;
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

    /// Parameters on one line, or one a line where they do not fit or any has docs.
    fn params(&mut self, params: &[Param]) {
        let end = params.last().map_or(0, |param| param.name.span.end);
        self.listed(["(", "", ")"], params, end, |printer, param| {
            let start = printer.docs_start(param.name.span.start, &param.docs);
            printer.upto(start);
            if !param.docs.is_empty() {
                printer.newline();
            }
            printer.docs(&param.docs);
            printer.upto(param.name.span.start);
            printer.param(param);
        });
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
