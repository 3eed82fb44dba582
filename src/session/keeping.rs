//! Runs kept on disk: which folder they are kept in, and what is written down of them before they begin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::data::Fault;
use crate::diag::Diagnostic;
use crate::lower::{Action, Length, Run};
use crate::session::compile::Compiled;
use crate::session::data::Loaded;
use crate::session::execute::Execution;
use crate::session::output::Output;
use crate::session::{EngineKind, codes};
use crate::source::{Source, SourceMap, Span};
use crate::syntax::ast::{Block, Field, ItemKind, Program, StmtKind};
use crate::syntax::{print, print_expr};
use crate::train::{Beginning, DataMark, Manifest, PartMark, RunMark, Status, Writer};

/// What the command line says of keeping runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keep {
    /// `--run-dir`, or the folder of `--resume`: the folder of all runs, in place of the program's.
    pub folder: Option<PathBuf>,
    /// `--resume`: whether the runs in it go on.
    pub resumes: bool,
    /// `--force`: whether they go on although something has changed.
    pub forces: bool,
    /// `--overwrite`: whether runs that are there are given up.
    pub overwrites: bool,
}

impl Execution<'_, '_> {
    /// Takes the run directory, if there is to be one, and tells of it.
    pub(super) fn begin_keeping(&mut self) -> Result<(), Diagnostic> {
        self.writer = self.take_run_dir()?;
        if let Some(writer) = &self.writer {
            let folder = writer.folder().to_path_buf();
            (self.sink)(Output::Keeping { folder });
        }
        Ok(())
    }

    /// Takes the run directory that the runs ahead are kept in, if they are.
    fn take_run_dir(&self) -> Result<Option<Writer>, Diagnostic> {
        if !self.session.options.keeps() {
            return Ok(None);
        }
        let runs = self.runs_ahead();
        let Some(folder) = self.run_dir(&runs)? else {
            return Ok(None);
        };
        let options = &self.session.options;
        let keep = &options.keep;
        let beginning = match keep.resumes {
            true => Beginning::Resumed {
                forces: keep.forces,
            },
            false => Beginning::New {
                overwrites: keep.overwrites,
            },
        };
        let now = Manifest {
            engine: engine(options.engine).to_owned(),
            sets: options.sets.clone(),
            seed: options.seed,
            ..manifest(self.compiled, &runs, &self.session.sources)?
        };
        let text = runs
            .first()
            .map_or("", |run| &*source_of(run, &self.session.sources).text);
        let writer = Writer::take(&folder, now, text, beginning);
        let span = runs.iter().find_map(place);
        let labelled = |report: Diagnostic| match span {
            Some(span) if keep.folder.is_none() => report.label(span, "kept here"),
            Some(_) | None => report,
        };
        writer.map(Some).map_err(labelled)
    }

    /// The runs that are trained, in order; of the same one on the same fold there is one only.
    fn runs_ahead(&self) -> Vec<Run> {
        let ahead = self.compiled.actions.iter().zip(self.done());
        let ahead = ahead.filter(|(_, is_done)| !is_done);
        let mut runs: Vec<Run> = vec![];
        for run in ahead.flat_map(|(action, _)| self.runs_of(action)) {
            if !runs.iter().any(|own| own.key() == run.key()) {
                runs.push(run);
            }
        }
        runs
    }

    /// The runs that an action trains.
    fn runs_of(&self, action: &Action) -> Vec<Run> {
        match action {
            Action::Train(run) => vec![self.compiled.runs[*run].clone()],
            Action::CrossValidate { run, folds, .. } => self.runs_on(run, *folds),
            Action::Compute(_) | Action::Evaluate { .. } | Action::Generate(_) => vec![],
            Action::Show(_) | Action::Assert(_) | Action::Save { .. } => vec![],
            Action::Draw { .. } | Action::Load { .. } | Action::Test(_) => vec![],
        }
    }

    /// The folder of the command line, or the one that the runs name.
    fn run_dir(&self, runs: &[Run]) -> Result<Option<PathBuf>, Diagnostic> {
        if runs.is_empty() {
            return Ok(None);
        }
        if let Some(folder) = &self.session.options.keep.folder {
            return Ok(Some(folder.clone()));
        }
        let mut found: Option<(PathBuf, Span)> = None;
        for run in runs {
            let Some(rule) = &run.settings.checkpoint else {
                continue;
            };
            let default = format!("runs/{}", run.name);
            let path = self.path(rule.dir.as_ref().unwrap_or(&default), rule.span);
            match &found {
                Some((other, span)) if *other != path => {
                    return Err(two_folders((&path, rule.span), (other, *span)));
                }
                Some(_) | None => found = Some((path, rule.span)),
            }
        }
        Ok(found.map(|(path, _)| path))
    }
}

fn place(run: &Run) -> Option<Span> {
    Some(run.settings.checkpoint.as_ref()?.span)
}

fn two_folders((path, span): (&Path, Span), (other, earlier): (&Path, Span)) -> Diagnostic {
    let report = Diagnostic::error(
        codes::TWO_RUN_DIRS,
        "the runs of a program are kept in one folder",
    );
    let report = report
        .label(span, format!("`{}` here", path.display()))
        .label(earlier, format!("`{}` here", other.display()));
    report.help("name the same `dir`: each run has files of its own in it")
}

fn engine(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Jit => "jit",
        EngineKind::Interpreter | EngineKind::Trap => "interp",
    }
}

/// The text that declares a run.
fn source_of<'a>(run: &Run, sources: &'a SourceMap) -> &'a Source {
    sources.get(run.span.source)
}

/// What the runs are made of.
fn manifest(
    compiled: &Compiled,
    runs: &[Run],
    sources: &SourceMap,
) -> Result<Manifest, Diagnostic> {
    let canonical = canonical(&compiled.program);
    let is_read = |loaded: &&Loaded| runs.iter().any(|run| run.data == loaded.set.name);
    let read = compiled.data.iter().filter(is_read);
    let data = read.map(data_mark).collect::<Result<_, Diagnostic>>()?;
    let mark = |run: &Run| RunMark {
        name: run.key(),
        model: run.model.clone(),
        data: run.data.clone(),
        settings: settings(run, &compiled.program),
        parameters: 0,
        status: Status::Waiting,
        epochs: 0,
        steps: 0,
        seconds: 0.0,
        checkpoints: vec![],
    };
    Ok(Manifest {
        path: runs
            .first()
            .map_or(String::new(), |run| source_of(run, sources).name.clone()),
        program: blake3::hash(canonical.as_bytes()).to_hex().to_string(),
        canonical,
        data,
        runs: runs.iter().map(mark).collect(),
        ..Manifest::new()
    })
}

/// Fields of a run that decide how long a process trains and what it keeps, not what comes out.
const WITHOUT_BEARING: [&str; 2] = ["checkpoint", "max_time"];

/// The program without what has no bearing on the numbers of its runs.
fn canonical(program: &Program) -> String {
    let mut program = program.clone();
    program.items.retain(|item| has_bearing(&item.kind));
    for item in &mut program.items {
        if let ItemKind::Train(block) = &mut item.kind {
            let has_bearing = |field: &Field| !WITHOUT_BEARING.contains(&&*field.name.value);
            Rc::make_mut(block).fields.retain(has_bearing);
        }
    }
    let text = print(&program);
    let lines = text.lines().filter(|line| {
        let line = line.trim_start();
        !line.is_empty() && !line.starts_with("///") && !line.starts_with("//!")
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// What is shown and tested comes after the runs.
fn has_bearing(item: &ItemKind) -> bool {
    match item {
        ItemKind::Test(_) => false,
        ItemKind::Stmt(stmt) => !matches!(stmt.kind, StmtKind::Show(_)),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => true,
        ItemKind::Data(_) | ItemKind::Train(_) => true,
    }
}

fn data_mark(loaded: &Loaded) -> Result<DataMark, Diagnostic> {
    let parts = loaded.set.parts.iter().map(|part| {
        Ok(PartMark {
            name: part.name.clone(),
            rows: part.rows.len() as u64,
            blake3: part.fingerprint()?,
        })
    });
    let parts = parts.collect::<Result<_, Fault>>();
    Ok(DataMark {
        name: loaded.set.name.clone(),
        parts: parts.map_err(|fault| fault.at(loaded.place()))?,
    })
}

/// The fields of a `train` block as written, and those settings that have another value where they are not.
fn settings(run: &Run, program: &Program) -> BTreeMap<String, String> {
    let own = &run.settings;
    let batch = own
        .batch
        .map_or("all".to_owned(), |batch| batch.to_string());
    let (unit, length) = match own.length {
        Length::Epochs(epochs) => ("epochs", epochs),
        Length::Steps(steps) => ("steps", steps),
    };
    let resolved = [
        (unit, length.to_string()),
        ("batch", batch),
        ("seed", own.seed.to_string()),
        ("accumulate", own.accumulate.to_string()),
        ("precision", own.precision.to_string()),
    ];
    // What the command line has set has no text in the program.
    let text = |field: &Field| (field.name.value.clone(), print_expr(&field.value));
    let block = program
        .items
        .iter()
        .find_map(|item| train_block(&item.kind, &run.name));
    let written = block.into_iter().flat_map(|block| &block.fields).map(text);
    let resolved = resolved.map(|(name, value)| (name.to_owned(), value));
    written.chain(resolved).collect()
}

fn train_block<'a>(item: &'a ItemKind, run: &str) -> Option<&'a Block<Field>> {
    match item {
        ItemKind::Train(block) if block.name.value == run => Some(&**block),
        ItemKind::Train(_) | ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => None,
        ItemKind::Def(_) | ItemKind::Data(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    }
}
