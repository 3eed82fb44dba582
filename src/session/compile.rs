//! A program through the stages that come before anything runs.

use std::collections::BTreeSet;

use crate::arena::Id;
use crate::check::{Checked, check};
use crate::data::Fault;
use crate::diag::{Diagnostic, Diagnostics};
use crate::grad::expand;
use crate::ir::draft::DraftId;
use crate::ir::{FuncId, Module, OriginId, Role};
use crate::lint::codes::UNUSED_FIELD;
use crate::lint::lint;
use crate::lower::{
    Action, DataFacts, Generate, Memory, Mode, Run, Scope, Show, Surroundings, World,
    lower_definitions_of, lower_script,
};
use crate::opt::{Note, Passes, optimise};
use crate::session::axes::{AxisNames, axis_names, metric_names};
use crate::session::data::{Loaded, read_all, solved};
use crate::session::extend::{extended, touched};
use crate::session::pictures::check_images;
use crate::session::step::{Step, Watch};
use crate::session::{PROMPT, Session};
use crate::source::{SourceId, SourceMap};
use crate::stepwise::{Places, Sequence, stepwise};
use crate::syntax::ast::Program;
use crate::tensor::Tensor;

/// What a function of a window of tokens was divided into.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    /// The tokens that a window begins anew with.
    pub(crate) first: FuncId,
    /// One more token.
    pub(crate) next: FuncId,
}

/// A program ready to run.
#[derive(Debug)]
pub struct Compiled {
    /// All functions, checked, flat and optimized.
    pub(crate) checked: Checked,
    /// The runs in the order they are declared.
    pub(crate) runs: Vec<Run>,
    /// What to do, in order.
    pub(crate) actions: Vec<Action>,
    /// What the passes did that a user may want to know.
    pub(crate) notes: Vec<Note>,
    /// The names of the axes of what is bound.
    pub(crate) axes: AxisNames,
    /// The names of the axes of each run's metrics.
    pub(crate) metric_axes: Vec<AxisNames>,
    /// The data, read.
    pub(crate) data: Vec<Loaded>,
    /// Functions that draw texts, with their steps from one token to the next.
    pub(crate) steps: Vec<(DraftId, Steps)>,
    /// What is left to later lines once it is done.
    pub(crate) left: Memory,
    /// The program so far, and the texts it is made of.
    pub(crate) program: Program,
    pub(crate) texts: Vec<SourceId>,
}

impl Compiled {
    /// The names of the tensors that functions read by name.
    fn globals_read(&self) -> BTreeSet<&str> {
        let funcs = self.module().funcs.iter();
        let roles = funcs.flat_map(|(_, func)| func.inputs.iter().map(|input| &input.role));
        roles
            .filter_map(|role| match role {
                Role::Global(name) => Some(name.as_str()),
                Role::Arg(_) | Role::Param(_) | Role::State(_) | Role::OptState(_) => None,
                Role::Field(_) | Role::Gradient(_) | Role::Step | Role::Seed => None,
            })
            .collect()
    }

    /// The steps of a function that draws a text, if it has any.
    pub(crate) fn steps_of(&self, draft: DraftId) -> Option<Steps> {
        let mut steps = self.steps.iter();
        steps
            .find(|(own, _)| *own == draft)
            .map(|(_, steps)| *steps)
    }

    /// All functions, for dumps.
    pub fn module(&self) -> &Module {
        self.checked.module()
    }

    /// The runs in the order they are declared.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// What the passes did that a user may want to know.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What is to be done, in order.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// What is shown, in order.
    pub fn shows(&self) -> impl Iterator<Item = &Show> {
        self.actions.iter().filter_map(|action| match action {
            Action::Show(show) => Some(show),
            Action::Train(_) | Action::Compute(_) | Action::Evaluate { .. } => None,
            Action::Generate(_) | Action::CrossValidate { .. } | Action::Draw { .. } => None,
            Action::Assert(_) | Action::Save { .. } | Action::Load { .. } | Action::Test(_) => None,
        })
    }

    /// The function that a draft function became.
    pub fn func(&self, draft: DraftId) -> FuncId {
        self.checked.func(draft)
    }

    /// Rows in a whole batch of a run.
    pub fn batch_of(&self, run: &Run) -> u64 {
        let data = self.data.iter().find(|loaded| loaded.set.name == run.data);
        let train = data.and_then(|loaded| loaded.set.part("train"));
        let n_rows = train.map_or(1, |part| part.rows.len() as u64);
        run.settings.batch.map_or(n_rows, |batch| batch.min(n_rows))
    }

    /// The place of what an origin stands for, where the user wrote it if anywhere: `iris.nnl:12:5`.
    pub fn place(&self, origin: OriginId, sources: &SourceMap) -> String {
        let origins = &self.module().origins;
        let calls = std::iter::successors(Some(origin), |&origin| origins[origin].caller);
        let spans = calls.map(|origin| origins[origin].span);
        let user = spans.clone().find(|span| sources.is_user(*span));
        let span = user.unwrap_or(origins[origin].span);
        let (line, column) = sources.line_column(span);
        format!("{}:{line}:{column}", sources.get(span.source).name)
    }

    /// The fields of the data by their global names: those that are there as they are, and of images and windows, which take memory
    /// once all of them are asked for, those that are.
    pub(crate) fn data_globals(&self) -> Result<Vec<(String, Tensor)>, Diagnostic> {
        let mut asked = self.globals_read();
        asked.extend(seen(&self.actions).flat_map(|show| show.value.tensors()));
        let of_set = |loaded: &Loaded| {
            let fields = loaded.set.globals();
            let wanted = fields.filter(|(name, rows)| rows.is_tensor() || asked.contains(&**name));
            let whole = wanted.map(|(name, rows)| Ok((name, rows.tensor()?.clone())));
            let whole = whole.collect::<Result<Vec<(String, Tensor)>, Fault>>();
            whole.map_err(|fault| fault.at(loaded.place()))
        };
        let all = self.data.iter().map(of_set);
        let all = all.collect::<Result<Vec<_>, Diagnostic>>()?;
        Ok(all.into_iter().flatten().collect())
    }

    /// The names of the axes of what is bound.
    pub fn axes(&self) -> &AxisNames {
        &self.axes
    }

    /// The categories of what a run learns to give: of its fields that the model does not take.
    pub fn target_categories(&self, run: &str) -> Vec<Vec<String>> {
        let Some(run) = self.runs.iter().find(|own| own.name == run) else {
            return vec![];
        };
        let data = self.data.iter().find(|loaded| loaded.set.name == run.data);
        let fields = data.into_iter().flat_map(|loaded| &loaded.set.schema);
        let targets = fields.filter(|field| run.targets.contains(&field.name));
        targets
            .filter_map(|field| field.categories.clone())
            .collect()
    }

    /// The categories of each field that has some.
    pub fn categories(&self) -> impl Iterator<Item = &Vec<String>> {
        let fields = self.data.iter().flat_map(|loaded| &loaded.set.schema);
        fields.filter_map(|field| field.categories.as_ref())
    }
}

impl Session {
    /// Takes a program, together with what has been executed before, through all stages up to the first that reports an error.
    pub fn compile(&self, program: Program, mode: Mode) -> (Option<Compiled>, Diagnostics) {
        self.compile_watched(program, mode, &mut |_| {})
    }

    /// The same, with a look at what each step makes.
    pub fn compile_watched(
        &self,
        program: Program,
        mode: Mode,
        watch: &mut Watch<'_>,
    ) -> (Option<Compiled>, Diagnostics) {
        let mut reports = Diagnostics::new();
        let texts = texts(&program);
        let own = program.clone();
        let program = extended(&self.program, program);
        let mut world = self.library.clone();
        let scope = world.add(&program, &mut reports);
        if !reports.has_errors() {
            let touched = touched(&program, &own, &self.sources);
            self.check_definitions(&world, scope, &touched, &mut reports);
        }
        let compiled = match reports.has_errors() {
            true => None,
            false => {
                self.compile_script(&world, scope, (program, texts), mode, &mut reports, watch)
            }
        };
        if let Some(compiled) = &compiled {
            let data = facts(&compiled.data);
            let found = lint(&own, &world, scope, &data, &self.sources);
            let is_early = |report: &&Diagnostic| report.code == UNUSED_FIELD && self.is_line(&own);
            found
                .iter()
                .filter(|report| !is_early(report))
                .for_each(|report| reports.push(report.clone()));
        }
        (compiled, reports)
    }

    /// Whether a program is a line at the prompt: what it does not use, a later line may.
    fn is_line(&self, program: &Program) -> bool {
        let mut items = program.items.iter();
        items.any(|item| self.sources.get(item.span.source).name == PROMPT)
    }

    /// Definitions for their own sake, so that mistakes are told where they are made; those that a line leaves as they were have
    /// been checked before.
    fn check_definitions(
        &self,
        world: &World,
        scope: Id<Scope>,
        touched: &BTreeSet<String>,
        reports: &mut Diagnostics,
    ) {
        let is_touched = |name: &str| touched.contains(name);
        let (definitions, found) = lower_definitions_of(world, &self.sources, scope, &is_touched);
        let has_errors = found.has_errors();
        reports.append(found);
        if !has_errors {
            reports.append(check(definitions.draft, &definitions.roots, &self.sources).1);
        }
    }

    pub(super) fn compile_script(
        &self,
        world: &World,
        scope: Id<Scope>,
        (program, texts): (Program, Vec<SourceId>),
        mode: Mode,
        reports: &mut Diagnostics,
        watch: &mut Watch<'_>,
    ) -> Option<Compiled> {
        let how = (self.options.dtype, self.options.room());
        let (data, found) = read_all(&program, &self.sources, &self.data, how);
        reports.append(found);
        let solved = solved(&program, &data, reports);
        if reports.has_errors() {
            return None;
        }
        let around = Surroundings {
            globals: self.surrounding(&data),
            data: facts(&data),
            solved,
            known: self.memory.clone(),
            given: self.given.clone(),
            float: self.options.dtype,
            presents: false,
        };
        let program = (program, texts);
        let compiled = self.compile_in(around, (world, scope), program, mode, reports, watch);
        compiled.map(|compiled| Compiled { data, ..compiled })
    }

    /// A program among data that is described, not read.
    pub(super) fn compile_in(
        &self,
        around: Surroundings,
        (world, scope): (&World, Id<Scope>),
        (program, texts): (Program, Vec<SourceId>),
        mode: Mode,
        reports: &mut Diagnostics,
        watch: &mut Watch<'_>,
    ) -> Option<Compiled> {
        let (script, found) = lower_script(world, &self.sources, scope, &program, around, mode);
        reports.append(found);
        if reports.has_errors() {
            return None;
        }
        watch(Step::Lowered(&script.draft));
        let (checked, found) = check(script.draft, &script.roots, &self.sources);
        reports.append(found);
        let mut checked = checked?;
        reports.append(check_images(&checked, &script.actions));
        if reports.has_errors() {
            return None;
        }
        watch(Step::Checked(checked.module()));
        let mut axes = self.axes.clone();
        axes.extend(axis_names(&checked, &script.actions));
        let metrics = script.runs.iter();
        let metric_axes = metrics.map(|run| metric_names(&checked, run)).collect();
        if let Err(error) = checked.rewrite(expand) {
            let place = program.items.first().map(|item| item.span);
            reports.push(error.report(checked.module(), &self.sources, place));
            return None;
        }
        watch(Step::Differentiated(checked.module()));
        let roots = checked.module().roots();
        let passes = &self.options.passes;
        let notes = checked.rewrite(|module| optimise(module, &roots, passes));
        let steps = steps(&mut checked, &script.actions, passes);
        watch(Step::Optimized(checked.module()));
        Some(Compiled {
            axes,
            metric_axes,
            steps,
            checked,
            notes,
            runs: script.runs,
            actions: script.actions,
            left: script.left,
            data: vec![],
            program,
            texts,
        })
    }

    /// Tensors that are there before anything runs: those of the session, and fields of the data.
    fn surrounding(&self, data: &[Loaded]) -> Vec<(String, crate::types::DType, Vec<usize>)> {
        let own = self.globals.iter();
        let own = own.map(|(name, tensor)| (name.clone(), tensor.dtype(), tensor.shape().to_vec()));
        let fields = data.iter().flat_map(|loaded| loaded.set.globals());
        own.chain(fields.map(|(name, rows)| (name, rows.dtype(), rows.shape())))
            .collect()
    }
}

/// What actions show, on the screen or in a file.
pub(super) fn seen(actions: &[Action]) -> impl Iterator<Item = &Show> {
    actions.iter().filter_map(|action| match action {
        Action::Show(show) | Action::Draw { show, .. } => Some(show),
        Action::Train(_) | Action::Compute(_) | Action::Evaluate { .. } => None,
        Action::Generate(_) | Action::CrossValidate { .. } => None,
        Action::Assert(_) | Action::Save { .. } | Action::Load { .. } | Action::Test(_) => None,
    })
}

/// Of the functions that draw texts, those that can be gone through token by token. Without passes whole windows are.
fn steps(checked: &mut Checked, actions: &[Action], passes: &Passes) -> Vec<(DraftId, Steps)> {
    if *passes != Passes::All {
        return vec![];
    }
    let tasks = actions.iter().filter_map(|action| match action {
        Action::Generate(task) => Some(task),
        Action::Train(_) | Action::Compute(_) | Action::Evaluate { .. } | Action::Show(_) => None,
        Action::Assert(_) | Action::Save { .. } | Action::Load { .. } | Action::Test(_) => None,
        Action::CrossValidate { .. } | Action::Draw { .. } => None,
    });
    let steps = tasks.filter_map(|task| {
        let whole = Sequence {
            func: checked.func(task.func),
            sequence: Role::Global(Generate::tokens(&task.name)),
            place: Role::Global(Generate::place(&task.name)),
        };
        let steps = checked.rewrite(|module| steps_of(module, &whole, task, passes))?;
        Some((task.func, steps))
    });
    steps.collect()
}

fn steps_of(
    module: &mut Module,
    whole: &Sequence,
    task: &Generate,
    passes: &Passes,
) -> Option<Steps> {
    let n_first = task.kept();
    let first = stepwise(module, whole, Places::First(n_first.try_into().ok()?))?;
    let next = stepwise(module, whole, Places::Next)?;
    optimise(module, &[first, next], passes);
    Some(Steps { first, next })
}

fn facts(data: &[Loaded]) -> Vec<DataFacts> {
    data.iter().map(|loaded| loaded.set.facts()).collect()
}

/// The texts that a program is made of.
pub(super) fn texts(program: &Program) -> Vec<SourceId> {
    let texts: BTreeSet<SourceId> = program.items.iter().map(|item| item.span.source).collect();
    texts.into_iter().collect()
}
