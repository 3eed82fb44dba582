//! `nnlc eval`: lines without a file. Named tensors come in as bindings; every `let`, and every value shown, goes out. Tests are run in
//! their places, as at the prompt; where one fails, so does the command in the end.

mod file;
mod request;
mod server;

use crate::cli::args::{Eval, Global};
use crate::cli::eval::file::load;
use crate::cli::program::{code, compile, session_with};
use crate::cli::repl::Repl;
use crate::cli::run::execute_heard;
use crate::cli::show::{json, labels::Labels, show};
use crate::cli::test::FAILED;
use crate::cli::{Done, Out, Stop, repl};
use crate::lower::Mode;
use crate::session::{Options, Output, Session, View};
use crate::syntax::ast::Program;
use crate::tensor::Tensor;

pub(crate) fn eval(args: &Eval, global: &Global, out: &mut Out<'_>) -> Done {
    let options = Options {
        dtype: args.dtype,
        ..Options::default()
    };
    let mut session = session_with(options, global, out)?;
    for given in &args.load {
        load(&mut session, given, out)?;
    }
    if args.server {
        return server::serve(&session, args.dtype, out);
    }
    let done = evaluate(args, &mut session, out);
    match done {
        // What went wrong has been told, and can be looked into at the prompt.
        Ok(()) | Err(Stop::Code(_)) if args.interactive => {
            repl::converse(Repl::new(session, global), None, out)
        }
        done => done,
    }
}

fn evaluate(args: &Eval, session: &mut Session, out: &mut Out<'_>) -> Done {
    let Some(program) = parsed(&args.expr, session, out)? else {
        return Ok(());
    };
    let (mut results, mut has_failed) = (vec![], false);
    let mut hear = |output: &Output| {
        has_failed |= matches!(output, Output::TestFailed { .. });
        if let Output::Show {
            value: View::Tensor(tensor),
            ..
        } = output
        {
            results.push((result_name(results.len()), tensor.clone()));
        }
    };
    let compiled = compile(session, program, Mode::Line, out)?;
    let labels = Labels::of(&compiled);
    execute_heard(session, compiled, &mut hear, out)?;
    let lets = lets(session);
    if args.save.is_none() || out.is_json {
        tell(&lets, &labels, out)?;
    }
    if let Some(path) = &args.save {
        file::save(path, tensors(&lets).chain(results).collect(), out)?;
    }
    match has_failed {
        true => Err(Stop::Code(FAILED)),
        false => Ok(()),
    }
}

/// The lines as one program, each whole in itself; nothing where there are none.
fn parsed(
    lines: &[String],
    session: &mut Session,
    out: &mut Out<'_>,
) -> Result<Option<Program>, Stop> {
    let mut whole: Option<Program> = None;
    for line in lines {
        let (program, reports) = session.load_line(line);
        out.reports(session.sources(), &reports)?;
        let program = program.ok_or_else(|| Stop::Code(code(&reports)))?;
        match &mut whole {
            Some(whole) => whole.items.extend(program.items),
            None => whole = Some(program),
        }
    }
    Ok(whole)
}

/// `result`, `result2`, …: what a shown value is called in a file.
fn result_name(n_before: usize) -> String {
    match n_before {
        0 => "result".into(),
        n => format!("result{}", n + 1),
    }
}

/// What `let`s have bound, the last of a name alone.
fn lets(session: &Session) -> Vec<(String, View)> {
    let variables = session.variables();
    let is_last =
        |at: usize, name: &str| variables[at + 1..].iter().all(|(later, _)| *later != name);
    let last = variables
        .iter()
        .enumerate()
        .filter(|(at, (name, _))| is_last(*at, name));
    let last = last.filter_map(|(_, (name, view))| Some(((*name).to_owned(), view.clone()?)));
    last.collect()
}

fn tell(lets: &[(String, View)], labels: &Labels, out: &mut Out<'_>) -> Done {
    for (name, view) in lets {
        if out.is_json {
            let mut line = json::show(name, view);
            line["event"] = "let".into();
            out.json(&line)?;
        } else {
            out.text(&show(name, &labels.plain(view), out.screen))?;
        }
    }
    Ok(())
}

/// The tensors among values; those inside records by `name.field`.
fn tensors(lets: &[(String, View)]) -> impl Iterator<Item = (String, Tensor)> {
    lets.iter().flat_map(|(name, view)| leaves(name, view))
}

fn leaves(name: &str, view: &View) -> Vec<(String, Tensor)> {
    match view {
        View::Tensor(tensor) => vec![(name.to_owned(), tensor.clone())],
        View::Record(fields) => {
            let fields = fields.iter();
            fields
                .flat_map(|(field, view)| leaves(&format!("{name}.{field}"), view))
                .collect()
        }
        View::Tuple(parts) => {
            let parts = parts.iter().enumerate();
            parts
                .flat_map(|(at, view)| leaves(&format!("{name}.{at}"), view))
                .collect()
        }
        View::Text(text) => {
            let number = text.parse::<f64>().ok();
            number
                .map(|number| (name.to_owned(), Tensor::scalar(number)))
                .into_iter()
                .collect()
        }
        View::Heatmap { matrix, .. } => vec![(name.to_owned(), matrix.clone())],
        View::Images { tensors, .. } => match tensors.as_slice() {
            [alone] => vec![(name.to_owned(), alone.clone())],
            several => {
                let named = several.iter().enumerate();
                named
                    .map(|(at, tensor)| (format!("{name}.{at}"), tensor.clone()))
                    .collect()
            }
        },
        View::Folds(metrics) => {
            let metrics = metrics.iter();
            let named =
                metrics.map(|(metric, values)| (format!("{name}.{metric}"), values.clone()));
            named.collect()
        }
        View::Plot { .. } | View::History { .. } | View::Run(_) | View::Data(_) => vec![],
        View::Drawn(_) => vec![],
    }
}
