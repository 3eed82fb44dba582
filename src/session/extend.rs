//! A program and what follows it at the prompt: whatever is declared or imported anew takes the place of what had its name, and
//! what speaks of it has to be checked again.

use std::collections::BTreeSet;

use crate::source::SourceMap;
use crate::syntax::ast::{Item, ItemKind, Program, Use, UseName};

/// A program and what follows it.
pub(super) fn extended(program: &Program, more: Program) -> Program {
    let taken: Vec<&str> = more.items.iter().flat_map(names).collect();
    let kept: Vec<Item> = program
        .items
        .iter()
        .filter_map(|item| without(item, &taken))
        .collect();
    Program {
        items: kept.into_iter().chain(more.items).collect(),
        ..more
    }
}

/// The names an item declares or imports; statements declare none, since a later `let` is another value.
fn names(item: &Item) -> Vec<&str> {
    match &item.kind {
        ItemKind::Dim(decl) => vec![&decl.name.value],
        ItemKind::Type(decl) => vec![&decl.name.value],
        ItemKind::Def(def) => vec![&def.name.value],
        ItemKind::Data(block) | ItemKind::Train(block) => vec![&block.name.value],
        ItemKind::Use(import) if import.names.is_empty() => vec![&import.module.value],
        ItemKind::Use(import) => import.names.iter().map(bound).collect(),
        ItemKind::Test(_) | ItemKind::Stmt(_) => vec![],
    }
}

/// The name by which an import is known.
fn bound(import: &UseName) -> &str {
    let name = import.alias.as_ref().unwrap_or(&import.name);
    &name.value
}

/// An item without the names that are taken; nothing, where no name is left of it.
fn without(item: &Item, taken: &[&str]) -> Option<Item> {
    let own = names(item);
    let left = own.iter().filter(|name| !taken.contains(name)).count();
    match &item.kind {
        ItemKind::Use(import) if left > 0 && left < own.len() => {
            let names = import.names.iter();
            let names = names.filter(|name| !taken.contains(&bound(name)));
            let import = Use {
                names: names.cloned().collect(),
                ..import.clone()
            };
            Some(Item {
                kind: ItemKind::Use(import),
                ..item.clone()
            })
        }
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => {
            (left > 0).then(|| item.clone())
        }
        ItemKind::Data(_) | ItemKind::Train(_) => (left > 0).then(|| item.clone()),
        ItemKind::Test(_) | ItemKind::Stmt(_) => Some(item.clone()),
    }
}

/// The declarations of a program that its newest part declares, or that speak of what it declares.
pub(super) fn touched(program: &Program, new: &Program, sources: &SourceMap) -> BTreeSet<String> {
    let mut touched: BTreeSet<String> = new
        .items
        .iter()
        .flat_map(names)
        .map(str::to_owned)
        .collect();
    let is_declaration = |item: &&Item| !names(item).is_empty();
    let mut rest: Vec<&Item> = program.items.iter().filter(is_declaration).collect();
    loop {
        let n_before = touched.len();
        rest.retain(|item| !follow(item, &mut touched, sources));
        if touched.len() == n_before {
            return touched;
        }
    }
}

/// Touches a declaration that speaks of something touched.
fn follow(item: &Item, touched: &mut BTreeSet<String>, sources: &SourceMap) -> bool {
    let text = sources.text(item.span);
    let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_touched = words.any(|word| touched.contains(word));
    if is_touched {
        touched.extend(names(item).into_iter().map(str::to_owned));
    }
    is_touched
}
