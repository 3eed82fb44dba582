//! The words that can be completed at the prompt, with what is said of them. Lists are made anew after each line.

use std::collections::BTreeMap;

use crate::cli::repl::commands::COMMANDS;
use crate::session::Session;
use crate::syntax::ast::ItemKind;
use crate::syntax::keywords;

/// What can follow.
#[derive(Default)]
pub(crate) struct Words {
    /// Names, and what they are.
    names: BTreeMap<String, String>,
    /// What can follow a name and a `.` or `::`.
    members: BTreeMap<String, Vec<String>>,
}

impl Words {
    pub(crate) fn of(session: &Session) -> Words {
        let mut words = Words::default();
        keywords().for_each(|word| words.add(word, "keyword"));
        for (module, is_seen, names) in session.library().modules() {
            words.add(module, "module");
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            if is_seen {
                names.iter().for_each(|name| words.add(name, module));
            }
            words.members.insert(module.to_owned(), names);
        }
        words.declared(session);
        words.bound(session);
        words
    }

    fn add(&mut self, name: &str, what: &str) {
        self.names.insert(name.to_owned(), what.to_owned());
    }

    fn declared(&mut self, session: &Session) {
        for item in &session.program().items {
            match &item.kind {
                ItemKind::Dim(decl) => self.add(&decl.name.value, "dimension"),
                ItemKind::Type(decl) => self.add(&decl.name.value, "type"),
                ItemKind::Def(def) => self.add(&def.name.value, "definition"),
                ItemKind::Data(block) => self.add(&block.name.value, "data"),
                ItemKind::Train(block) => {
                    self.add(&block.name.value, "run");
                    let members = ["model", "history", "best"].map(str::to_owned);
                    self.members
                        .insert(block.name.value.clone(), members.to_vec());
                }
                ItemKind::Use(import) => {
                    let names = import.names.iter();
                    let names = names.map(|name| name.alias.as_ref().unwrap_or(&name.name));
                    names.for_each(|name| self.add(&name.value, &import.module.value));
                }
                ItemKind::Test(_) | ItemKind::Stmt(_) => {}
            }
        }
    }

    /// Values by name; `iris.train.x` is what can follow `iris.` and `iris.train.`.
    fn bound(&mut self, session: &Session) {
        for (name, _) in session.variables() {
            self.add(name, "value");
        }
        for name in session
            .global_names()
            .filter(|name| !name.contains(['/', '#']))
        {
            for (at, _) in name.match_indices('.') {
                let rest = &name[at + 1..];
                let member = rest.split('.').next().unwrap_or(rest).to_owned();
                let members = self.members.entry(name[..at].to_owned()).or_default();
                if !members.contains(&member) {
                    members.push(member);
                }
            }
        }
    }

    /// What a text before the cursor can be continued with: where the word begins, and the words with what they are.
    pub(crate) fn after(&self, text: &str) -> (usize, Vec<(String, String)>) {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        let start = text.trim_end_matches(is_part).len();
        let (before, word) = text.split_at(start);
        if before.trim_start() == ":" {
            let commands = COMMANDS.iter();
            let commands =
                commands.map(|(_, name, takes, what)| (*name, format!("{takes} {what}")));
            return (start, chosen(commands, word));
        }
        let owner = before
            .strip_suffix('.')
            .or_else(|| before.strip_suffix("::"));
        let list = owner.or_else(|| group(before));
        match list {
            Some(owner) => {
                let path = owner
                    .trim_end_matches(|c: char| is_part(c) || c == '.')
                    .len();
                let members = self.members.get(&owner[path..]).into_iter().flatten();
                (
                    start,
                    chosen(members.map(|name| (name.as_str(), String::new())), word),
                )
            }
            None => {
                let names = self.names.iter();
                (
                    start,
                    chosen(
                        names.map(|(name, what)| (name.as_str(), what.clone())),
                        word,
                    ),
                )
            }
        }
    }
}

/// The module of `use nn::{Dense, `.
fn group(before: &str) -> Option<&str> {
    let (owner, listed) = before.rsplit_once("::{")?;
    (before.trim_start().starts_with("use ") && !listed.contains('}')).then_some(owner)
}

fn chosen<'w>(
    words: impl Iterator<Item = (&'w str, String)>,
    begun: &str,
) -> Vec<(String, String)> {
    let words = words.filter(|(word, _)| word.starts_with(begun));
    words.map(|(word, what)| (word.to_owned(), what)).collect()
}
