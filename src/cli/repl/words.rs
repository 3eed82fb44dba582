//! The words that can be completed at the prompt, with what is said of them. Lists are made anew after each line.

use std::collections::BTreeMap;

use crate::cli::repl::commands::COMMANDS;
use crate::cli::repl::info::head;
use crate::cli::screen::{Screen, one_line};
use crate::cli::show::glimpse;
use crate::session::Session;
use crate::syntax::ast::{Def, ItemKind};
use crate::syntax::{keywords, print_item};

/// A word, and what is said of it: a type or a signature, if there is one.
type Word = (String, String);

/// What the library declares, which is read once.
#[derive(Default)]
pub(crate) struct Library(Vec<Module>);

struct Module {
    name: String,
    /// Whether its names can be used without a `use`.
    is_seen: bool,
    words: Vec<Word>,
}

impl Library {
    /// Its names with what is said of each.
    pub(crate) fn of(session: &Session) -> Library {
        Library::told(session, |name| said_of(session, name))
    }

    /// Its names alone.
    pub(crate) fn names(session: &Session) -> Library {
        Library::told(session, |name| (name.to_owned(), String::new()))
    }

    fn told(session: &Session, word: impl Fn(&str) -> Word) -> Library {
        let modules = session.library().modules();
        let modules = modules.map(|(name, is_seen, words)| Module {
            name: name.to_owned(),
            is_seen,
            words: words.into_iter().map(&word).collect(),
        });
        Library(modules.collect())
    }
}

fn said_of(session: &Session, name: &str) -> Word {
    let def = session.library().named(name).next().map(|(_, def, _)| def);
    (name.to_owned(), def.map(signature).unwrap_or_default())
}

/// `(A: [..s, n, n]) -> [..s]`
fn signature(def: &Def) -> String {
    let text = one_line(&head(def));
    let name = format!(" {}", def.name.value);
    let after = text
        .split_once(&name)
        .map_or(text.as_str(), |(_, rest)| rest);
    after.trim_end_matches(';').to_owned()
}

/// What can follow.
#[derive(Default)]
pub(crate) struct Words {
    /// Names, and what they are.
    names: BTreeMap<String, String>,
    /// What can follow a name and a `.` or `::`.
    members: BTreeMap<String, Vec<Word>>,
}

impl Words {
    pub(crate) fn of(session: &Session, library: &Library) -> Words {
        let mut words = Words::default();
        keywords().for_each(|word| words.add(word, "keyword"));
        for module in &library.0 {
            words.add(&module.name, "module");
            let seen = module.words.iter().filter(|_| module.is_seen);
            seen.for_each(|(name, what)| words.add(name, what));
            words
                .members
                .insert(module.name.clone(), module.words.clone());
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
                ItemKind::Dim(decl) => self.add(&decl.name.value, &one_line(&print_item(item))),
                ItemKind::Type(decl) => self.add(&decl.name.value, &one_line(&print_item(item))),
                ItemKind::Def(def) => self.add(&def.name.value, &signature(def)),
                ItemKind::Data(block) => self.add(&block.name.value, "data"),
                ItemKind::Train(block) => {
                    self.add(&block.name.value, "run");
                    let members = ["model", "history", "best"];
                    let members = members.map(|name| (name.to_owned(), String::new()));
                    self.members
                        .insert(block.name.value.clone(), members.to_vec());
                }
                ItemKind::Use(import) => {
                    for name in &import.names {
                        let known = name.alias.as_ref().unwrap_or(&name.name);
                        let (_, what) = said_of(session, &name.name.value);
                        self.add(&known.value, &what);
                    }
                }
                ItemKind::Test(_) | ItemKind::Stmt(_) => {}
            }
        }
    }

    /// Values by name; `iris.train.x` is what can follow `iris.` and `iris.train.`.
    fn bound(&mut self, session: &Session) {
        for (name, value) in session.variables() {
            let line = value.map(|value| glimpse(name, &value, Screen::default()));
            let what = line.as_ref().and_then(|line| line.strip_prefix(name));
            let what = what.map_or("a value", |what| what.trim_start_matches(':').trim());
            self.add(name, what);
        }
        for path in session
            .global_names()
            .filter(|name| !name.contains(['/', '#']))
        {
            for (at, _) in path.match_indices('.') {
                self.member(session, path, at);
            }
        }
    }

    /// What stands behind the `.` at a place of a path.
    fn member(&mut self, session: &Session, path: &str, at: usize) {
        let rest = &path[at + 1..];
        let name = rest.split('.').next().unwrap_or(rest);
        let tensor = session.global(path).filter(|_| name == rest);
        let what = tensor.map(|tensor| format!("{}{:?}", tensor.dtype(), tensor.shape()));
        let members = self.members.entry(path[..at].to_owned()).or_default();
        if members.iter().all(|(own, _)| own != name) {
            members.push((name.to_owned(), what.unwrap_or_default()));
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
                    chosen(
                        members.map(|(name, what)| (name.as_str(), what.clone())),
                        word,
                    ),
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
