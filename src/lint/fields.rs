//! Fields of the data that are prepared for nothing: a run reads the data, and neither its model, its loss nor a metric reads the
//! field. A word of the same name anywhere counts as use, so that nothing in use is warned of.

use std::collections::BTreeSet;

use crate::diag::{Diagnostic, Diagnostics};
use crate::lint::codes;
use crate::lint::visit::{of_item, within};
use crate::lower::{DataFacts, FieldFacts};
use crate::syntax::ast::{Arg, Expr, ExprKind, Field, Item, ItemKind, Program};

/// Warns of each field that nothing uses, in data that is trained on.
pub(super) fn unused(program: &Program, data: &[DataFacts], reports: &mut Diagnostics) {
    for facts in data.iter().filter(|facts| is_trained_on(program, facts)) {
        let mut used = Uses::default();
        program.items.iter().for_each(|item| used.item(item, facts));
        if used.whole {
            continue;
        }
        let fields = facts.fields.iter();
        for field in fields.filter(|field| !used.words.contains(&field.name)) {
            reports.push(warning(facts, field));
        }
    }
}

fn is_trained_on(program: &Program, facts: &DataFacts) -> bool {
    let mut items = program.items.iter();
    items.any(|item| match &item.kind {
        ItemKind::Train(block) => block.fields.iter().any(|field| names(field, facts)),
        _ => false,
    })
}

/// `data: iris`
fn names(field: &Field, facts: &DataFacts) -> bool {
    field.name.value == "data" && is_name(&field.value, &facts.name)
}

fn is_name(expr: &Expr, wanted: &str) -> bool {
    matches!(&expr.kind, ExprKind::Path(path) if matches!(path.as_slice(), [name] if name.value == wanted))
}

/// What a program speaks of.
#[derive(Default)]
struct Uses {
    words: BTreeSet<String>,
    /// Whether the data is handed to something that may read all of it.
    whole: bool,
}

impl Uses {
    fn item(&mut self, item: &Item, facts: &DataFacts) {
        match &item.kind {
            ItemKind::Data(block) if block.name.value == facts.name => {
                let is_own =
                    |field: &&Field| facts.fields.iter().any(|own| own.name == field.name.value);
                let others = block.fields.iter().filter(|field| !is_own(field));
                others.for_each(|field| self.expr(&field.value, facts));
            }
            ItemKind::Train(block) => {
                let others = block.fields.iter().filter(|field| !names(field, facts));
                others.for_each(|field| self.expr(&field.value, facts));
            }
            ItemKind::Def(def) => {
                let inputs = def.inputs.iter().map(|param| param.name.value.clone());
                self.words.extend(inputs);
                self.exprs(item, facts);
            }
            ItemKind::Data(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => self.exprs(item, facts),
            ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => {}
        }
    }

    fn exprs(&mut self, item: &Item, facts: &DataFacts) {
        of_item(item)
            .into_iter()
            .for_each(|expr| self.expr(expr, facts));
    }

    fn expr(&mut self, expr: &Expr, facts: &DataFacts) {
        match &expr.kind {
            _ if is_name(expr, &facts.name) => self.whole = true,
            ExprKind::Path(path) => self
                .words
                .extend(path.last().map(|name| name.value.clone())),
            ExprKind::Member(operand, name) => {
                self.words.insert(name.value.clone());
                if !is_part(operand, facts) {
                    self.expr(operand, facts);
                }
            }
            ExprKind::Call(callee, args) => {
                self.expr(callee, facts);
                let read = args.iter().filter(|arg| !is_evaluated_on(arg, facts));
                read.for_each(|arg| self.expr(&arg.value, facts));
            }
            _ => within(expr)
                .into_iter()
                .for_each(|expr| self.expr(expr, facts)),
        }
    }
}

/// `iris.val`
fn is_part(expr: &Expr, facts: &DataFacts) -> bool {
    matches!(&expr.kind, ExprKind::Member(data, _) if is_name(data, &facts.name))
}

/// `on: iris.val` names rows and not fields.
fn is_evaluated_on(arg: &Arg, facts: &DataFacts) -> bool {
    arg.name.as_ref().is_some_and(|name| name.value == "on") && is_part(&arg.value, facts)
}

fn warning(facts: &DataFacts, field: &FieldFacts) -> Diagnostic {
    let message = format!(
        "nothing uses field `{}` of data `{}`",
        field.name, facts.name
    );
    let report = Diagnostic::warning(codes::UNUSED_FIELD, message);
    let report = report.label(field.span, "read and prepared for nothing");
    report.help("leave it out, or name it in a model's inputs, a loss or a metric")
}
