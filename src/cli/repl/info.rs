//! What a name means: the signature, the docs and an example.

use std::rc::Rc;

use crate::cli::screen::{Screen, escaped};
use crate::cli::show::glimpse;
use crate::diag::did_you_mean;
use crate::session::Session;
use crate::syntax::ast::{Def, Item, ItemKind};
use crate::syntax::print_item;

/// Everything there is to say about a name.
pub(crate) fn info(session: &Session, name: &str) -> String {
    if let Some((head, docs)) = own(session, name) {
        return about(None, &head, docs);
    }
    if let Some(value) = value(session, name) {
        return value;
    }
    let found = session.library().named(name);
    let found: Vec<String> = found
        .map(|(module, def, docs)| about(Some(module), &head(def), docs))
        .collect();
    match found.is_empty() {
        true => unknown(session, name),
        false => found.join("\n"),
    }
}

/// The signature of a definition of this name, the user's before the library's.
pub(crate) fn signature(session: &Session, name: &str) -> Option<String> {
    let library = || session.library().named(name).next().map(|(_, def, _)| def);
    let mut items = session.program().items.iter();
    let own = items.find_map(|item| match &item.kind {
        ItemKind::Def(def) if def.name.value == name => Some(&**def),
        ItemKind::Def(_) | ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => None,
        ItemKind::Data(_) | ItemKind::Train(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    });
    Some(head(own.or_else(library)?))
}

/// What the user declared under a name, and its docs.
fn own<'s>(session: &'s Session, name: &str) -> Option<(String, &'s [String])> {
    let mut items = session.program().items.iter();
    items.find_map(|item| {
        let (own, text) = match &item.kind {
            ItemKind::Def(def) => (&def.name, head(def)),
            ItemKind::Dim(decl) => (&decl.name, print_item(item) + "\n"),
            ItemKind::Type(decl) => (&decl.name, print_item(item) + "\n"),
            ItemKind::Data(block) | ItemKind::Train(block) => {
                (&block.name, print_item(item) + "\n")
            }
            ItemKind::Use(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => return None,
        };
        (own.value == name).then_some((text, item.docs.as_slice()))
    })
}

/// A value of this name at a glance.
fn value(session: &Session, name: &str) -> Option<String> {
    let mut variables = session.variables().into_iter().rev();
    let (_, value) = variables.find(|(own, _)| *own == name)?;
    Some(glimpse(name, &value?, Screen::default()))
}

fn about(module: Option<&str>, head: &str, docs: &[String]) -> String {
    let mut text = head.to_owned();
    for doc in docs {
        let doc = doc.trim();
        let line = match doc.strip_prefix("@example") {
            Some(example) => format!("example: {}", example.trim()),
            None => doc.to_owned(),
        };
        text.push_str(format!("  {}", escaped(&line)).trim_end());
        text.push('\n');
    }
    let home = module.map(|module| format!("  from `{module}`\n"));
    text + &home.unwrap_or_default()
}

/// A definition without its body.
pub(super) fn head(def: &Def) -> String {
    let bare = Def {
        body: None,
        grad: None,
        ..def.clone()
    };
    let item = Item {
        docs: vec![],
        span: def.name.span,
        kind: ItemKind::Def(Rc::new(bare)),
    };
    format!("{}\n", print_item(&item))
}

fn unknown(session: &Session, name: &str) -> String {
    let modules: Vec<(&str, bool, Vec<&str>)> = session.library().modules().collect();
    if let Some((_, _, names)) = modules.iter().find(|(module, ..)| *module == name) {
        return format!("module `{name}`: {}\n", names.join(", "));
    }
    let names = modules
        .iter()
        .flat_map(|(_, _, names)| names.iter().copied());
    let name = escaped(name);
    match did_you_mean(&name, names) {
        Some(near) => format!("nothing is known of `{name}`; did you mean `{near}`?\n"),
        None => format!("nothing is known of `{name}`; `:vars` lists values, `?nn` a module\n"),
    }
}
