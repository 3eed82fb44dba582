//! A saved model, opened: its definitions go through the same stages as any program, and its weights are held against what these
//! declare. From then on it turns rows of cells into predictions. What is in the file can do nothing else: text that says more than a
//! model's definitions is refused, no file is read but the one that is opened, and no statement runs.

mod exam;
mod present;
mod probe;
mod rows;

use std::collections::BTreeMap;
use std::path::Path;

use crate::data::FittedField;
use crate::diag::{Diagnostic, Diagnostics};
use crate::engine::Engine;
use crate::ir::draft::DraftId;
use crate::lower::{Mode, Run, Surroundings};
use crate::session::compile::{Compiled, texts};
use crate::session::{Session, codes};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{Item, ItemKind, Program, StmtKind};
use crate::syntax::{is_name, parse};
use crate::tensor::Tensor;
use crate::train::{self, History, Machine, ModelFile, Recipe};

pub use exam::{Answers, Exam};
pub use present::{Column, Values};
pub use rows::Rows;

/// A saved model, ready to be asked.
pub struct Model {
    file: ModelFile,
    compiled: Compiled,
    engine: Box<dyn Engine>,
    sources: SourceMap,
    globals: BTreeMap<String, Tensor>,
    /// Where the model was named, for the places of reports.
    span: Span,
}

impl Model {
    /// Opens a file. What it reports is about the file where it has no better place: `span`.
    pub fn open(session: &mut Session, path: &Path, span: Span) -> (Option<Model>, Diagnostics) {
        let (file, mut reports) = match train::load(path, None, span) {
            Ok(loaded) => loaded,
            Err(report) => return (None, report.into()),
        };
        let (model, found) = Model::of(session, path, file, span);
        reports.append(found);
        if let Some(report) = model.as_ref().and_then(|model| model.other_values(path)) {
            reports.push(report);
        }
        (model.filter(|_| !reports.has_errors()), reports)
    }

    /// A model that has been read.
    pub(super) fn of(
        session: &mut Session,
        path: &Path,
        file: ModelFile,
        span: Span,
    ) -> (Option<Model>, Diagnostics) {
        let Some(recipe) = &file.recipe else {
            return (None, weights_alone(path, span).into());
        };
        let (compiled, mut reports) = compiled(session, path, recipe, &file, span);
        let Some(compiled) = compiled.filter(|_| !reports.has_errors()) else {
            return (None, of_other_version(reports, &file));
        };
        let model = Model {
            globals: file.globals.iter().cloned().collect(),
            engine: session.options.engine.engine(false),
            sources: session.sources.clone(),
            compiled,
            file,
            span,
        };
        if let Some(report) = model.misfit(path) {
            reports.push(report);
        }
        ((!reports.has_errors()).then_some(model), reports)
    }

    /// What was read from the file.
    pub fn file(&self) -> &ModelFile {
        &self.file
    }

    /// How it is computed.
    pub fn recipe(&self) -> &Recipe {
        let recipe = self.file.recipe.as_ref();
        recipe.expect("opened: a model without a recipe is refused")
    }

    /// The run that it was trained by.
    pub fn run(&self) -> &Run {
        &self.compiled.runs[0]
    }

    /// The fields that it takes, with their transforms.
    pub fn inputs(&self) -> Vec<&FittedField> {
        let is_input = |field: &&FittedField| !self.run().targets.contains(&field.name);
        self.file.fitted.iter().filter(is_input).collect()
    }

    /// The field that it predicts, if there is one alone.
    pub fn target(&self) -> Option<&FittedField> {
        let [target] = self.run().targets.as_slice() else {
            return None;
        };
        self.file.fitted.iter().find(|field| field.name == *target)
    }

    /// Where it was named.
    pub fn span(&self) -> Span {
        self.span
    }

    /// The names of the axes of one of its metrics, as far as they have some.
    pub fn metric_axes(&self, name: &str) -> Vec<Option<String>> {
        let axes = self.compiled.metric_axes.first();
        axes.and_then(|axes| axes.get(name))
            .cloned()
            .unwrap_or_default()
    }

    /// The texts that places of reports lie in.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The learning rate at no more than `most` records of what the run recorded, over the run's own time; nothing where the
    /// optimizer has none.
    pub fn rates(
        &self,
        history: &History,
        most: usize,
    ) -> Result<Option<Vec<(f64, f64)>>, Diagnostic> {
        let found = self.with_machine(|machine| train::rates(self.run(), machine, history, most));
        found.map_err(|error| error.report())
    }

    /// What the definitions declare and the weights are not.
    fn misfit(&self, path: &Path) -> Option<Diagnostic> {
        let (run, module) = (self.run(), self.compiled.module());
        let found = &self.file.signature;
        let declared = found.declared(run, module, self.compiled.func(run.init));
        let differences = declared.differences(found);
        (!differences.is_empty()).then(|| train::misfit(path, &declared, differences, self.span))
    }

    fn with_machine<T>(&self, work: impl FnOnce(&Machine<'_>) -> T) -> T {
        let func = |id: DraftId| self.compiled.func(id);
        work(&Machine {
            module: self.compiled.module(),
            func: &func,
            engine: &*self.engine,
            globals: &self.globals,
            sources: &self.sources,
        })
    }
}

/// The definitions of a recipe through all stages.
fn compiled(
    session: &mut Session,
    path: &Path,
    recipe: &Recipe,
    file: &ModelFile,
    span: Span,
) -> (Option<Compiled>, Diagnostics) {
    let id = session.sources.add_file(path, &recipe.text);
    let (program, mut reports) = parse(&session.sources, id);
    let Some(program) = program.filter(|_| !reports.has_errors()) else {
        return (None, reports);
    };
    let around = match surroundings(path, recipe, &program, file, span) {
        Ok(around) => around,
        Err(report) => return (None, report.into()),
    };
    let mut world = session.library.clone();
    let scope = world.add(&program, &mut reports);
    if reports.has_errors() {
        return (None, reports);
    }
    let program = (program.clone(), texts(&program));
    let place = (&world, scope);
    let compiled = session.compile_in(around, place, program, Mode::Run, &mut reports, &mut |_| {});
    let mut errors = Diagnostics::new();
    let is_error = |report: &&Diagnostic| report.severity == crate::diag::Severity::Error;
    let found = reports.iter().filter(is_error);
    found.for_each(|report| errors.push(report.clone()));
    (compiled, errors)
}

/// What the definitions stand in, if they are nothing but definitions.
fn surroundings(
    path: &Path,
    recipe: &Recipe,
    program: &Program,
    file: &ModelFile,
    span: Span,
) -> Result<Surroundings, Diagnostic> {
    let runs = program.items.iter().filter(|item| is_run(item)).count();
    let other = program.items.iter().find(|item| !is_definition(item));
    if let Some(other) = other {
        let report = bad_recipe(path, "its text says more than a model's definitions");
        return Err(report.label(other.span, "this is no definition"));
    }
    if runs != 1 {
        let report = bad_recipe(
            path,
            &format!("its text has {runs} runs, and one is needed"),
        );
        return Err(report.label(span, "opened here"));
    }
    let report = || bad_recipe(path, "its data has types that the language lacks");
    let facts = recipe.data.facts(span);
    let float = recipe.float.as_ref().map(|float| float.parse()).transpose();
    let (facts, float) = (facts.ok_or_else(report)?, float.map_err(|_| report())?);
    let typed = file.globals.iter();
    let typed = typed.map(|(name, tensor)| (name.clone(), tensor.dtype(), tensor.shape().to_vec()));
    let names = file.globals.iter().map(|(name, _)| name);
    Ok(Surroundings {
        data: vec![facts],
        globals: typed.collect(),
        solved: recipe.sizes.clone(),
        given: names.filter(|name| is_name(name)).cloned().collect(),
        float,
        presents: true,
        ..Surroundings::default()
    })
}

fn is_run(item: &Item) -> bool {
    matches!(item.kind, ItemKind::Train(_))
}

/// Whether an item only declares. A `let` that a run speaks of is lowered with it, and never computed.
fn is_definition(item: &Item) -> bool {
    match &item.kind {
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => true,
        ItemKind::Data(_) | ItemKind::Train(_) => true,
        ItemKind::Stmt(stmt) => matches!(stmt.kind, StmtKind::Let(..)),
        ItemKind::Test(_) => false,
    }
}

/// Definitions that this version does not take, though the one that saved them did.
fn of_other_version(reports: Diagnostics, file: &ModelFile) -> Diagnostics {
    let version = &file.version;
    let mut all = Diagnostics::new();
    for report in reports.iter() {
        let report = report.clone();
        all.push(report.note(format!(
            "in the definitions that nnlc {version} saved with the model"
        )));
    }
    all
}

fn bad_recipe(path: &Path, why: &str) -> Diagnostic {
    let message = format!("`{}` cannot be computed: {why}", path.display());
    Diagnostic::error(codes::BAD_RECIPE, message)
        .help("save it again with `save … to` in its program")
}

fn weights_alone(path: &Path, span: Span) -> Diagnostic {
    let message = format!(
        "`{}` holds weights, and no definitions to compute them with",
        path.display()
    );
    let report = Diagnostic::error(codes::WEIGHTS_ALONE, message).label(span, "opened here");
    report.help("load it in its program and save it again: `let m = load(\"…\", into: fit); save m to \"…\";`")
}
