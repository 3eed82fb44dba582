//! Items: declarations, definitions and the statements of the top level.

use std::rc::Rc;

use crate::diag::Diagnostic;
use crate::source::Spanned;
use crate::syntax::ast::{
    Block, Body, Def, DefKind, DimDecl, Field, GradRule, Item, ItemKind, Param, Test, TypeDecl,
    Use, UseName,
};
use crate::syntax::codes;

use super::super::grammar::{Children, Node, Rule};
use super::{Builder, literal};

impl Builder<'_, '_> {
    pub(in super::super) fn item(&mut self, node: Node<'_>) -> Item {
        let mut children = Children::of(node);
        let docs = self.docs(&mut children);
        let form = children.must();
        let span = self.span(&form);
        Item {
            docs,
            span,
            kind: self.item_kind(form),
        }
    }

    fn item_kind(&mut self, node: Node<'_>) -> ItemKind {
        let rule = node.as_rule();
        match rule {
            Rule::use_decl => ItemKind::Use(self.use_decl(Children::of(node))),
            Rule::dim_decl => ItemKind::Dim(self.dim_decl(Children::of(node))),
            Rule::type_decl => ItemKind::Type(self.type_decl(Children::of(node))),
            Rule::def => ItemKind::Def(Rc::new(self.def(Children::of(node)))),
            Rule::data_decl => ItemKind::Data(Rc::new(self.fields_decl(Children::of(node)))),
            Rule::train_decl => ItemKind::Train(Rc::new(self.fields_decl(Children::of(node)))),
            Rule::test_decl => ItemKind::Test(Rc::new(self.test(Children::of(node)))),
            _ => ItemKind::Stmt(Rc::new(self.stmt_form(node))),
        }
    }

    fn use_decl(&mut self, mut children: Children<'_>) -> Use {
        let module = self.name(&children.must());
        let names = match children.rule() {
            Some(Rule::use_group) => Children::of(children.must())
                .map(|name| self.use_name(name))
                .collect(),
            Some(Rule::use_name) => vec![self.use_name(children.must())],
            _ => vec![],
        };
        Use { module, names }
    }

    fn use_name(&mut self, node: Node<'_>) -> UseName {
        let mut children = Children::of(node);
        let name = self.name(&children.must());
        let alias = children.one(Rule::ident).map(|alias| self.name(&alias));
        UseName { name, alias }
    }

    fn dim_decl(&mut self, mut children: Children<'_>) -> DimDecl {
        let name = self.name(&children.must());
        let value = children.one(Rule::dim_expr).map(|value| self.dim(value));
        DimDecl { name, value }
    }

    fn type_decl(&mut self, mut children: Children<'_>) -> TypeDecl {
        let name = self.name(&children.must());
        let params = children.one(Rule::type_params);
        let params = params.map_or(vec![], |params| self.names(&mut Children::of(params)));
        TypeDecl {
            name,
            params,
            ty: self.ty(children.must()),
        }
    }

    fn fields_decl(&mut self, mut children: Children<'_>) -> Block<Field> {
        let name = self.name(&children.must());
        let fields = Children::of(children.must())
            .map(|field| self.field(field))
            .collect();
        Block { name, fields }
    }

    /// Reads a part of a broken item for its errors alone.
    pub(in super::super) fn part(&mut self, children: Children<'_>) {
        for node in children {
            match node.as_rule() {
                Rule::def_head => drop(self.def_head(node)),
                Rule::field => drop(self.field(node)),
                Rule::stmt => drop(self.stmt(node)),
                Rule::expr => drop(self.expr(node)),
                _ => {}
            }
        }
    }

    fn field(&mut self, node: Node<'_>) -> Field {
        let mut children = Children::of(node);
        let docs = self.docs(&mut children);
        let name = self.name(&children.must());
        Field {
            docs,
            name,
            value: self.expr(children.must()),
        }
    }

    fn test(&mut self, mut children: Children<'_>) -> Test {
        let name = children.must();
        let name = Spanned::new(literal::string(name.as_str()), self.span(&name));
        Test {
            name,
            body: self.block(children.must()),
        }
    }

    fn def(&mut self, mut children: Children<'_>) -> Def {
        let mut def = self.def_head(children.must());
        def.body = children.one(Rule::body).map(|body| self.body(body));
        def.grad = children
            .one(Rule::grad_rule)
            .map(|rule| self.grad_rule(rule));
        if def.kind != DefKind::Fn && def.body.is_none() {
            self.report(missing_body(&def));
        }
        if let Some(rule) = def.grad.as_ref().filter(|_| def.kind != DefKind::Fn) {
            self.report(misplaced_grad(&def, rule));
        }
        def
    }

    fn def_head(&mut self, node: Node<'_>) -> Def {
        let mut children = Children::of(node);
        let kind = def_kind(children.must().as_str());
        let name = self.name(&children.must());
        let first = self.params(children.must());
        let second = children.one(Rule::params).map(|params| self.params(params));
        let (settings, inputs) = match second {
            Some(inputs) => (Some(first), inputs),
            None => (None, first),
        };
        let result = children.one(Rule::r#type).map(|ty| self.ty(ty));
        let constraints = children.one(Rule::where_clause);
        let constraints = constraints.map_or(vec![], |clause| {
            Children::of(clause)
                .map(|constraint| self.constraint(constraint))
                .collect()
        });
        let def = Def {
            kind,
            name,
            settings,
            inputs,
            result,
            constraints,
            body: None,
            grad: None,
        };
        self.check_signature(&def);
        def
    }

    /// What two parameter lists and a result are for differs by kind; the grammar takes any.
    fn check_signature(&mut self, def: &Def) {
        let (name, kind) = (&def.name, kind_name(def.kind));
        let wants_settings = matches!(def.kind, DefKind::Layer | DefKind::Optimizer);
        if wants_settings && def.settings.is_none() {
            let report = bad_signature(
                def,
                format!("{kind} has two parameter lists: settings, then inputs"),
            );
            self.report(report.help(format!(
                "write `{}()(…)` where there are no settings",
                name.value
            )));
        }
        if def.kind != DefKind::Fn && def.result.is_none() {
            let report = bad_signature(def, format!("{kind} says the type of its result"));
            self.report(report.help("write `-> type` behind the parameters"));
        }
    }

    fn params(&mut self, node: Node<'_>) -> Vec<Param> {
        Children::of(node).map(|param| self.param(param)).collect()
    }

    fn param(&mut self, node: Node<'_>) -> Param {
        let mut children = Children::of(node);
        let docs = self.docs(&mut children);
        let (name, ty) = (self.name(&children.must()), self.ty(children.must()));
        let default = children.one(Rule::expr).map(|default| self.expr(default));
        Param {
            docs,
            name,
            ty,
            default,
        }
    }

    fn body(&mut self, node: Node<'_>) -> Body {
        let form = Children::of(node).must();
        if form.as_rule() == Rule::block {
            return self.block(form);
        }
        let value = self.expr(form);
        self.value_body(value)
    }

    fn grad_rule(&mut self, node: Node<'_>) -> GradRule {
        let span = self.span(&node);
        let mut children = Children::of(node);
        let params = self.names(&mut Children::of(children.must()));
        GradRule {
            params,
            body: self.body(children.must()),
            span,
        }
    }
}

fn def_kind(keyword: &str) -> DefKind {
    match keyword {
        "layer" => DefKind::Layer,
        "model" => DefKind::Model,
        "optimizer" => DefKind::Optimizer,
        _ => DefKind::Fn,
    }
}

fn kind_name(kind: DefKind) -> &'static str {
    match kind {
        DefKind::Fn => "a function",
        DefKind::Layer => "a layer",
        DefKind::Model => "a model",
        DefKind::Optimizer => "an optimizer",
    }
}

fn bad_signature(def: &Def, message: String) -> Diagnostic {
    Diagnostic::error(codes::BAD_SIGNATURE, message).label(def.name.span, "declared here")
}

fn missing_body(def: &Def) -> Diagnostic {
    bad_signature(def, format!("{} has a body", kind_name(def.kind)))
        .help("write `{ … }` instead of `;`")
}

fn misplaced_grad(def: &Def, rule: &GradRule) -> Diagnostic {
    let message = format!(
        "{} cannot have a gradient rule of its own",
        kind_name(def.kind)
    );
    Diagnostic::error(codes::BAD_SIGNATURE, message)
        .label(rule.span, "only a `fn` can")
        .help("move what the rule is for into a `fn`")
}
