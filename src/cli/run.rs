//! `nnlc run`: does what a program says, and tells what comes of it.

mod records;

use std::io;
use std::path::Path;

use crate::cli::args::{EngineChoice, Global, KeepArgs, Record};
use crate::cli::bar::Bar;
use crate::cli::profile;
use crate::cli::program::{code, compile, load, session_with};
use crate::cli::progress::Progress;
use crate::cli::screen::{escaped, one_line};
use crate::cli::show::labels::Labels;
use crate::cli::show::{json, show};
use crate::cli::test::verdict;
use crate::cli::{Done, INTERRUPTED, Out, Stop, interrupt};
use crate::engine::Call;
use crate::lower::Mode;
use crate::session::{Compiled, Keep, Options, Output, Session, Timed, View};
use crate::source::{SourceMap, Span};
use crate::train::{Event, Flow, Manifest, RunDir};

use records::Records;

/// What is wanted besides what a program says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    /// Where runs are kept.
    pub(crate) keep: &'a KeepArgs,
    /// One batch of everything, nothing written.
    pub(crate) is_dry: bool,
    /// An end at the first value that is not finite.
    pub(crate) traps: bool,
    /// A table of where the time went.
    pub(crate) profiles: bool,
    /// Where the calls of native code are written to.
    pub(crate) trace: Option<&'a Path>,
    /// What is left for others to look at.
    pub(crate) record: &'a Record,
}

pub(crate) fn run(path: &Path, wanted: Wanted<'_>, global: &Global, out: &mut Out<'_>) -> Done {
    let keep = wanted.keep;
    let options = Options {
        is_dry: wanted.is_dry,
        profiles: wanted.profiles || wanted.trace.is_some(),
        keep: Keep {
            folder: keep.resume.clone().or_else(|| keep.run_dir.clone()),
            resumes: keep.resume.is_some(),
            forces: keep.force,
            overwrites: keep.overwrite,
        },
        ..Options::default()
    };
    let global = &match &keep.resume {
        Some(folder) => as_begun(folder, global, out)?,
        None => global.clone(),
    };
    let mut session = session_with(options, global, out)?;
    if wanted.traps {
        session.trap();
    }
    let program = load(&mut session, path, out)?;
    let compiled = compile(&session, program, Mode::Run, out)?;
    explain(&compiled, session.sources(), global, out)?;
    let is_named = |run: &crate::lower::Run| run.settings.checkpoint.is_some();
    let is_kept = session.keeps_in_folder() || compiled.runs().iter().any(is_named);
    let mut records = Records::new(wanted.record, is_kept, &session, &compiled, out)?;
    let mut profile = None;
    let mut hear = |output: &Output| {
        records.hear(output);
        if let Output::Profile { kernels, calls } = output {
            profile = Some((kernels.clone(), calls.clone()));
        }
    };
    let resumption = format!("nnlc run {}", path.display());
    let done = execute_told(&mut session, compiled, &resumption, &mut hear, out);
    if let Some((kernels, calls)) = profile {
        tell_profile(&kernels, &calls, wanted, out)?;
    }
    // What was trained until an interruption is worth a look as well.
    if matches!(done, Ok(()) | Err(Stop::Code(INTERRUPTED))) {
        records.end(&session, path, out)?;
    }
    done
}

/// The command line that runs began with, settings of this one added.
fn as_begun(folder: &Path, global: &Global, out: &mut Out<'_>) -> Done<Global> {
    let opened = match RunDir::open(folder) {
        Ok(opened) => opened,
        Err(report) => {
            let reports = report.into();
            out.reports(&SourceMap::new(), &reports)?;
            return Err(Stop::Code(code(&reports)));
        }
    };
    let Manifest {
        sets, seed, engine, ..
    } = opened.manifest;
    Ok(Global {
        set: sets.into_iter().chain(global.set.clone()).collect(),
        seed: global.seed.or(seed),
        engine: match engine.as_str() {
            "interp" => EngineChoice::Interp,
            _ => global.engine,
        },
        ..global.clone()
    })
}

fn tell_profile(kernels: &[Timed], calls: &[Call], wanted: Wanted<'_>, out: &mut Out<'_>) -> Done {
    if let Some(path) = wanted.trace {
        profile::write(path, &profile::trace(kernels, calls))?;
    }
    match (wanted.profiles, out.is_json) {
        (false, _) => {}
        (true, true) => {
            for kernel in kernels {
                out.json(&profile::as_json(kernel))?;
            }
        }
        (true, false) => {
            let lines = profile::table(kernels, out.screen);
            out.text(&format!("\n{}\n", lines.join("\n")))?;
        }
    }
    Ok(())
}

/// Does what a program says and tells of it; what went wrong is told, and what it comes to is the end.
pub(crate) fn execute(session: &mut Session, compiled: Compiled, out: &mut Out<'_>) -> Done {
    execute_heard(session, compiled, &mut |_| {}, out)
}

/// The same, with an ear for each output.
pub(crate) fn execute_heard(
    session: &mut Session,
    compiled: Compiled,
    hear: &mut dyn FnMut(&Output),
    out: &mut Out<'_>,
) -> Done {
    execute_told(session, compiled, "nnlc run FILE", hear, out)
}

/// The same; `again` is the command line that goes on with what was stopped, a run directory added.
fn execute_told(
    session: &mut Session,
    compiled: Compiled,
    again: &str,
    hear: &mut dyn FnMut(&Output),
    out: &mut Out<'_>,
) -> Done {
    interrupt::listen();
    let mut teller = Teller {
        labels: Labels::of(&compiled),
        sources: session.sources().clone(),
        progress: Progress::default(),
        bar: Bar::new(!out.is_quiet && !out.is_json, out.screen),
        has_shown: false,
        is_writing: false,
        kept: None,
        failure: Ok(()),
        out,
    };
    let result = session.execute(compiled, &mut |output| {
        hear(&output);
        teller.tell(output)
    });
    let kept = teller.kept.take();
    teller.failure?;
    if teller.is_writing {
        // A text that was not drawn to its end.
        teller.out.text("\n")?;
    }
    match result {
        Ok(Flow::Continue) => Ok(()),
        Ok(Flow::Stop) => {
            out.note(&match kept {
                Some(folder) => format!("interrupted; to go on: {again} --resume {folder}\n"),
                None => "interrupted\n".to_owned(),
            })?;
            Err(Stop::Code(INTERRUPTED))
        }
        Err(reports) => {
            out.reports(session.sources(), &reports)?;
            Err(Stop::Code(code(&reports)))
        }
    }
}

/// Says what the optimizer did, if asked to: where, and what.
fn explain(compiled: &Compiled, sources: &SourceMap, global: &Global, out: &mut Out<'_>) -> Done {
    if !global.explain_passes {
        return Ok(());
    }
    for note in compiled.notes() {
        let place = compiled.place(note.origin, sources);
        out.note(&format!(
            "{}: {place}: {}\n",
            note.pass,
            one_line(&note.text)
        ))?;
    }
    Ok(())
}

/// Says what a program gives while it runs.
struct Teller<'o, 'w> {
    labels: Labels,
    sources: SourceMap,
    progress: Progress,
    bar: Bar,
    /// Whether something was written that an empty line should follow.
    has_shown: bool,
    /// Whether a text is being written as it is drawn.
    is_writing: bool,
    /// The folder that runs are kept in.
    kept: Option<String>,
    /// The first failure to write, after which nothing is.
    failure: io::Result<()>,
    out: &'o mut Out<'w>,
}

impl Teller<'_, '_> {
    fn tell(&mut self, output: Output) -> Flow {
        self.failure = self.write(output);
        match self.failure.is_err() || interrupt::is_asked() {
            true => Flow::Stop,
            false => Flow::Continue,
        }
    }

    fn write(&mut self, output: Output) -> io::Result<()> {
        match output {
            Output::Event(event) => self.event(&event),
            Output::Show { title, span, value } => self.show(&title, span, &value),
            Output::Writing {
                title: Some(title),
                text,
            } => self.writing(&title, &text),
            Output::Writing { title: None, .. } => Ok(()),
            Output::Keeping { folder } => {
                let shown = folder.display().to_string();
                let line = serde_json::json!({ "event": "keeping", "folder": shown });
                let text = format!("kept in {}", one_line(&shown));
                self.kept = Some(shown);
                self.line(&text, &line)
            }
            Output::Saved { run, path } => {
                let line = serde_json::json!({ "event": "saved", "run": run, "path": path.display().to_string() });
                self.line(&format!("saved {run} to {}", path.display()), &line)
            }
            Output::Drawn { title, path } => {
                let title = one_line(&title);
                let line = serde_json::json!({ "event": "drawn", "title": title, "path": path.display().to_string() });
                self.line(&format!("drew {title} into {}", path.display()), &line)
            }
            Output::Loaded { run, path } => {
                let line = serde_json::json!({ "event": "loaded", "run": run, "path": path.display().to_string() });
                self.line(&format!("loaded {run} from {}", path.display()), &line)
            }
            Output::Warning(report) => self.out.reports(&self.sources, &report.into()),
            Output::TestPassed { name } => verdict("test", &name, None, &self.sources, self.out),
            Output::TestFailed { name, failures } => {
                verdict("test", &name, Some(&failures), &self.sources, self.out)
            }
            // A profile is told in the end.
            Output::Profile { .. } => Ok(()),
        }
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        if let Event::Warning(report) = event {
            let reports = (**report).clone().into();
            return self.bar.above(|| self.out.reports(&self.sources, &reports));
        }
        if self.out.is_json {
            return json::event(event).map_or(Ok(()), |line| self.out.json(&line));
        }
        let end = self.bar.hears(event);
        if let Event::Step { .. } = event {
            return Ok(());
        }
        let lines = self.progress.lines(event);
        if self.out.is_quiet || lines.is_empty() && end.is_none() {
            return Ok(());
        }
        self.has_shown = true;
        self.bar.above(|| self.out.text(&lines))?;
        end.map_or(Ok(()), |end| self.out.note(&end))
    }

    fn show(&mut self, title: &str, span: Span, value: &View) -> io::Result<()> {
        let title = one_line(title);
        if self.out.is_json {
            return self.out.json(&json::show(&title, value));
        }
        if std::mem::take(&mut self.is_writing) && matches!(value, View::Drawn(_)) {
            return self.out.text("\n");
        }
        let text = show(&title, &self.labels.label(span, value), self.out.screen);
        self.apart(&text)
    }

    /// A text as it grows: its title before the first piece, lines indented as those of other values are.
    fn writing(&mut self, title: &str, text: &str) -> io::Result<()> {
        if self.out.is_json || text.is_empty() {
            return Ok(());
        }
        if !std::mem::replace(&mut self.is_writing, true) {
            let title = self.out.screen.paint(&one_line(title), 1);
            self.apart(&format!("{title}\n  "))?;
        }
        let lines: Vec<String> = text.split('\n').map(escaped).collect();
        self.out.text(&lines.join("\n  "))
    }

    /// Text set apart from what came before, if it or that is more than a line.
    fn apart(&mut self, text: &str) -> io::Result<()> {
        let gap = if self.has_shown { "\n" } else { "" };
        self.has_shown = true;
        self.out.text(&format!("{gap}{text}"))
    }

    fn line(&mut self, text: &str, json: &serde_json::Value) -> io::Result<()> {
        match (self.out.is_json, self.out.is_quiet) {
            (true, _) => self.out.json(json),
            (false, true) => Ok(()),
            (false, false) => self.apart(&format!("{text}\n")),
        }
    }
}
