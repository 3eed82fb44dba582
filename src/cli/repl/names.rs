//! `:vars`: everything the session knows by a name of the user's, a line each: what was declared, then what has a value.

use crate::cli::repl::info::head;
use crate::cli::screen::{Screen, one_line};
use crate::cli::show::glimpse;
use crate::session::Session;
use crate::syntax::ast::{Block, Field, Item, ItemKind};
use crate::syntax::print_item;

pub(crate) fn names(session: &Session, screen: Screen) -> String {
    let items = session.program().items.iter();
    let declared: String = items.filter_map(|item| declared(session, item)).collect();
    declared + &values(session, screen)
}

/// A declaration on one line; nothing of what is none, or has nothing to tell.
fn declared(session: &Session, item: &Item) -> Option<String> {
    let text = match &item.kind {
        ItemKind::Def(def) => head(def),
        ItemKind::Dim(_) | ItemKind::Type(_) => print_item(item),
        ItemKind::Data(block) => fields(block),
        ItemKind::Train(block) => {
            let name = &block.name.value;
            let has_run = session.trained(name).is_some();
            let done = if has_run { "trained" } else { "not trained" };
            format!("train {name}: {done}")
        }
        ItemKind::Use(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => return None,
    };
    let text = one_line(&text);
    Some(format!("{}\n", text.trim_end_matches(';')))
}

/// A data block by its fields.
fn fields(block: &Block<Field>) -> String {
    let names = block.fields.iter().map(|field| field.name.value.as_str());
    let names: Vec<&str> = names.collect();
    format!("data {}: {}", block.name.value, names.join(", "))
}

/// Names with their values at a glance, the last of a name alone.
fn values(session: &Session, screen: Screen) -> String {
    let variables = session.variables();
    let is_last = |at: usize| {
        let mut later = variables[at + 1..].iter();
        later.all(|(name, _)| *name != variables[at].0)
    };
    let values = variables.iter().enumerate().filter(|(at, _)| is_last(*at));
    let lines =
        values.filter_map(|(_, (name, value))| Some(glimpse(name, value.as_ref()?, screen)));
    lines.collect()
}
