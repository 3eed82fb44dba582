//! `nnlc fmt`: programs in canonical form. The printer knows no comments: those between items are put back where they stood, and an
//! item with comments inside stays as it was written.

use std::path::{Path, PathBuf};

use crate::cli::args::Global;
use crate::cli::program::{load, session};
use crate::cli::{Done, FILE, Out, Stop};
use crate::session::Session;
use crate::source::Spanned;
use crate::syntax::ast::{Item, Program};
use crate::syntax::print;

/// What an unformatted file comes to under `--check`.
const UNFORMATTED: u8 = 1;

pub(crate) fn fmt(paths: &[PathBuf], is_check: bool, global: &Global, out: &mut Out<'_>) -> Done {
    let mut end = Ok(());
    for path in paths {
        match one(path, is_check, global, out) {
            Ok(()) => {}
            // The other files are looked at all the same.
            Err(Stop::Code(code)) => end = Err(Stop::Code(code)),
            Err(error) => return Err(error),
        }
    }
    end
}

fn one(path: &Path, is_check: bool, global: &Global, out: &mut Out<'_>) -> Done {
    let mut session = session(global, out)?;
    let program = load(&mut session, path, out)?;
    let Some(item) = program.items.first() else {
        return Ok(());
    };
    let before = session.sources().get(item.span.source).text.to_string();
    let after = formatted(&program, &before);
    let shown = path.display();
    match (before == after, is_check) {
        (true, _) => Ok(()),
        (false, true) => {
            out.text(&format!(
                "{shown}: not in canonical form; `nnlc fmt {shown}` mends it\n"
            ))?;
            Err(Stop::Code(UNFORMATTED))
        }
        (false, false) => rewritten(&mut session, path, &program, &after, out),
    }
}

/// Writes what means the same as the program, and nothing else.
fn rewritten(
    session: &mut Session,
    path: &Path,
    program: &Program,
    text: &str,
    out: &mut Out<'_>,
) -> Done {
    let (again, _) = session.load_text(path, text);
    let is_same = again.is_some_and(|again| {
        print(&again) == print(program) && again.comments.len() == program.comments.len()
    });
    let shown = path.display();
    if !is_same {
        out.note(&format!(
            "{shown}: left alone, since formatting would change it; please report this\n"
        ))?;
        return Err(Stop::Code(crate::cli::BUG));
    }
    if let Err(error) = std::fs::write(path, text) {
        out.note(&format!("cannot write `{shown}`: {error}\n"))?;
        return Err(Stop::Code(FILE));
    }
    Ok(())
}

/// The canonical text of a program, its comments where they stood.
fn formatted(program: &Program, text: &str) -> String {
    let docs = Program {
        items: vec![],
        ..program.clone()
    };
    let mut made = print(&docs);
    let mut comments = program.comments.iter().peekable();
    let mut end = docs_end(text);
    for item in &program.items {
        let start = item_start(item, text);
        let mut at = end;
        while let Some(comment) = comments.next_if(|comment| (comment.span.start as usize) < start)
        {
            at = put_comment(&mut made, text, at, comment);
        }
        gap(&mut made, &text[at..start]);
        let stop = item.span.end as usize;
        let mut has_comments = false;
        while comments
            .next_if(|comment| (comment.span.end as usize) <= stop)
            .is_some()
        {
            has_comments = true;
        }
        made.push_str(
            match has_comments {
                true => text[start..stop].trim_end().to_owned(),
                false => print_one(item),
            }
            .as_str(),
        );
        made.push('\n');
        end = stop;
    }
    for comment in comments {
        end = put_comment(&mut made, text, end, comment);
    }
    made
}

/// A comment behind something on its line stays there; another has lines of its own.
fn put_comment(made: &mut String, text: &str, at: usize, comment: &Spanned<String>) -> usize {
    let start = comment.span.start as usize;
    let between = &text[at..start];
    let is_behind = !between.contains('\n') && !made.is_empty();
    if is_behind {
        made.truncate(made.trim_end().len());
        made.push(' ');
    } else {
        gap(made, between);
    }
    made.push_str(text[start..comment.span.end as usize].trim_end());
    made.push('\n');
    comment.span.end as usize
}

/// Empty lines become one.
fn gap(made: &mut String, between: &str) {
    if between.matches('\n').count() > 1 && !made.is_empty() && !made.ends_with("\n\n") {
        made.push('\n');
    }
}

/// Where an item begins, its docs included.
fn item_start(item: &Item, text: &str) -> usize {
    let mut start = item.span.start as usize;
    for _ in &item.docs {
        let before = text[..start].trim_end();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        if before[line..].trim_start().starts_with("///") {
            start = line;
        }
    }
    start
}

/// Where the `//!` lines at the top end.
fn docs_end(text: &str) -> usize {
    let lines = text.split_inclusive('\n');
    let docs = lines.take_while(|line| line.trim_start().starts_with("//!"));
    let end = docs.map(str::len).sum();
    text[..end].trim_end().len()
}

fn print_one(item: &Item) -> String {
    let program = Program {
        docs: vec![],
        items: vec![item.clone()],
        comments: vec![],
    };
    print(&program).trim().to_owned()
}
