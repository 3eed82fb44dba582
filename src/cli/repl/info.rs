//! What a name means: the signature, the docs and an example.

use crate::cli::screen::escaped;
use crate::diag::did_you_mean;
use crate::session::Session;
use crate::syntax::ast::{Def, Item, ItemKind, Program};
use crate::syntax::print;

/// Everything there is to say about a name.
pub(crate) fn info(session: &Session, name: &str) -> String {
    let own = own(session, name);
    if let Some((def, docs)) = own {
        return about(None, def, docs);
    }
    let found = session.library().named(name);
    let found: Vec<String> = found
        .map(|(module, def, docs)| about(Some(module), def, docs))
        .collect();
    match found.is_empty() {
        true => unknown(session, name),
        false => found.join("\n"),
    }
}

/// The signature of a definition of this name, the user's before the library's.
pub(crate) fn signature(session: &Session, name: &str) -> Option<String> {
    let library = || session.library().named(name).next().map(|(_, def, _)| def);
    let def = own(session, name).map(|(def, _)| def).or_else(library)?;
    Some(head(def))
}

fn own<'s>(session: &'s Session, name: &str) -> Option<(&'s Def, &'s [String])> {
    let mut items = session.program().items.iter();
    items.find_map(|item| match &item.kind {
        ItemKind::Def(def) if def.name.value == name => Some((&**def, item.docs.as_slice())),
        ItemKind::Def(_) | ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => None,
        ItemKind::Data(_) | ItemKind::Train(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    })
}

fn about(module: Option<&str>, def: &Def, docs: &[String]) -> String {
    let mut text = head(def);
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
fn head(def: &Def) -> String {
    let bare = Def {
        body: None,
        grad: None,
        ..def.clone()
    };
    let item = Item {
        docs: vec![],
        span: def.name.span,
        kind: ItemKind::Def(Box::new(bare)),
    };
    let program = Program {
        docs: vec![],
        items: vec![item],
        comments: vec![],
    };
    format!("{}\n", print(&program).trim_end())
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
