//! The `@example` lines of docs, each group of them a small program of its own: it sees what the definition's file sees, and whatever
//! the library declares under a free name.

use std::path::Path;

use crate::diag::Diagnostics;
use crate::lower::{Mode, World};
use crate::session::Session;
use crate::syntax::ast::Program;
use crate::syntax::parse_line;
use crate::train::Flow;

/// An example of a definition.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    /// The module of the library it stands in; none for the user's own.
    pub module: Option<String>,
    /// The definition.
    pub definition: String,
    /// Its text.
    pub text: String,
}

/// How an example went.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It ran, and every assertion in it holds.
    Holds,
    /// It did not.
    Fails(Diagnostics),
}

impl Session {
    /// Runs the examples of a program, or without one those of the library, in order, telling of each. Stops when asked to.
    pub fn examples(
        &mut self,
        program: Option<&Program>,
        tell: &mut dyn FnMut(&Example, Verdict) -> Flow,
    ) -> Diagnostics {
        let mut reports = Diagnostics::new();
        let mut world = self.library.clone();
        let own = program.map(|program| world.add(program, &mut reports));
        if reports.has_errors() {
            return reports;
        }
        for found in world.documented() {
            if found.module.is_none() != own.is_some() {
                continue;
            }
            for text in texts(&found.docs) {
                let example = Example {
                    module: found.module.clone(),
                    definition: found.name.clone(),
                    text,
                };
                let verdict = self.example(&mut world, found.scope, &example);
                match tell(&example, verdict) {
                    Flow::Continue => {}
                    Flow::Stop => return reports,
                }
            }
        }
        reports
    }

    fn example(
        &mut self,
        world: &mut World,
        home: crate::lower::ScopeId,
        example: &Example,
    ) -> Verdict {
        let name = format!("<example of {}>", example.definition);
        let id = self.sources.add_file(Path::new(&name), &example.text);
        let (program, mut reports) = parse_line(&self.sources, id);
        let Some(program) = program else {
            return Verdict::Fails(reports);
        };
        let scope = world.add_beside(home, &program, &mut reports);
        let compiled = self.compile_script(
            world,
            scope,
            (program, vec![]),
            Mode::Run,
            &mut reports,
            &mut |_| {},
        );
        let Some(compiled) = compiled else {
            return Verdict::Fails(reports);
        };
        let mut scratch = self.scratch();
        match scratch.execute(compiled, &mut |_| Flow::Continue) {
            Ok(_) => Verdict::Holds,
            Err(found) => Verdict::Fails(found),
        }
    }

    /// A session that knows the same texts and nothing else.
    pub(super) fn scratch(&self) -> Session {
        Session {
            options: self.options.clone(),
            sources: self.sources.clone(),
            library: World::default(),
            program: Program {
                docs: vec![],
                items: vec![],
                comments: vec![],
            },
            committed: vec![],
            data: vec![],
            globals: Default::default(),
            texts: Default::default(),
            runs: vec![],
            memory: Default::default(),
            axes: Default::default(),
            given: vec![],
            stop: self.stop,
        }
    }
}

/// The examples of a doc comment: `@example` lines, those that follow one another together.
fn texts(docs: &[String]) -> Vec<String> {
    let mut groups: Vec<Vec<String>> = vec![];
    let mut is_within = false;
    for line in docs {
        let text = line
            .trim()
            .strip_prefix("@example")
            .map(|text| text.trim().to_owned());
        match (text, groups.last_mut()) {
            (Some(text), Some(group)) if is_within => group.push(statement(text)),
            (Some(text), _) => groups.push(vec![statement(text)]),
            (None, _) => {}
        }
        is_within = line.trim().starts_with("@example");
    }
    groups.into_iter().map(|group| group.join("\n")).collect()
}

/// A line of an example, with the `;` it may leave out.
fn statement(text: String) -> String {
    if text.ends_with([';', '}']) {
        text
    } else {
        format!("{text};")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_follow_one_another_are_one_example() {
        let docs = [
            "What it does.",
            "",
            "@example let a = 1",
            "@example assert a == 1;",
            "",
            "@example f(2)",
        ];
        let docs: Vec<String> = docs.iter().map(|line| format!(" {line}")).collect();
        assert_eq!(texts(&docs), ["let a = 1;\nassert a == 1;", "f(2);"]);
    }
}
