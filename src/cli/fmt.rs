//! `nnlc fmt`: programs in canonical form. What is written is read again first: a text that would mean another thing, or lose a
//! comment, is not written.

use std::io::Read;
use std::path::Path;

use similar::TextDiff;

use crate::cli::args::{Fmt, Global};
use crate::cli::program::{load, session, told};
use crate::cli::{Done, FILE, Out, Stop};
use crate::session::Session;
use crate::syntax::ast::Program;
use crate::syntax::{format, print};
use crate::tensor::write_text;

/// What an unformatted file comes to under `--check` and `--diff`.
const UNFORMATTED: u8 = 1;

pub(crate) fn fmt(args: &Fmt, global: &Global, out: &mut Out<'_>) -> Done {
    let mut end = Ok(());
    for path in &args.files {
        match one(path, args, global, out) {
            Ok(()) => {}
            // The other files are looked at all the same.
            Err(Stop::Code(code)) => end = Err(Stop::Code(code)),
            Err(error) => return Err(error),
        }
    }
    end
}

fn one(path: &Path, args: &Fmt, global: &Global, out: &mut Out<'_>) -> Done {
    let is_stdin = path.as_os_str() == "-";
    let mut session = session(global, out)?;
    let program = match is_stdin {
        true => typed(&mut session, out)?,
        false => load(&mut session, path, out)?,
    };
    let source = session.sources().newest().expect("it has been read");
    let before = source.text.to_string();
    let after = format(&program, &before);
    if !is_same(&mut session, path, &program, &after) {
        let shown = path.display();
        out.note(&format!(
            "{shown}: left alone, since formatting would change it; please report this\n"
        ))?;
        return Err(Stop::Code(crate::cli::BUG));
    }
    match (args.check || args.diff, is_stdin) {
        (true, _) => compared(path, args, &before, &after, out),
        (false, true) => Ok(out.text(&after)?),
        (false, false) if before == after => Ok(()),
        (false, false) => rewritten(path, &after, out),
    }
}

/// The program on standard input.
fn typed(session: &mut Session, out: &mut Out<'_>) -> Done<Program> {
    let mut bytes = vec![];
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    let Ok(text) = String::from_utf8(bytes) else {
        out.note("nnlc: standard input is no UTF-8\n")?;
        return Err(Stop::Code(FILE));
    };
    let (program, reports) = session.load_text(Path::new("<stdin>"), &text);
    told(session, program, &reports, out)
}

/// Whether a text reads as this program, comments included.
fn is_same(session: &mut Session, path: &Path, program: &Program, text: &str) -> bool {
    let comments = |program: &Program| -> Vec<String> {
        let comments = program.comments.iter();
        comments
            .map(|comment| comment.value.trim().to_owned())
            .collect()
    };
    let (again, _) = session.load_text(path, text);
    again.is_some_and(|again| {
        print(&again) == print(program) && comments(&again) == comments(program)
    })
}

/// Tells whether something would change, and with `--diff` what.
fn compared(path: &Path, args: &Fmt, before: &str, after: &str, out: &mut Out<'_>) -> Done {
    if before == after {
        return Ok(());
    }
    let shown = path.display().to_string();
    if args.diff {
        let diff = TextDiff::from_lines(before, after);
        let mut diff = diff.unified_diff();
        let diff = diff.header(&shown, &format!("{shown} (canonical)"));
        out.text(&crate::cli::screen::escaped_text(&diff.to_string()))?;
    } else {
        out.text(&format!(
            "{shown}: not in canonical form; `nnlc fmt {shown}` mends it\n"
        ))?;
    }
    Err(Stop::Code(UNFORMATTED))
}

fn rewritten(path: &Path, text: &str, out: &mut Out<'_>) -> Done {
    if let Err(error) = write_text(path, text) {
        let shown = path.display();
        out.note(&format!("cannot write `{shown}`: {error}\n"))?;
        return Err(Stop::Code(FILE));
    }
    Ok(())
}
