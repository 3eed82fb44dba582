//! A program through the stages that come before anything runs.

use std::collections::BTreeSet;

use crate::arena::Id;
use crate::check::{Checked, check};
use crate::diag::Diagnostics;
use crate::grad::expand;
use crate::ir::draft::DraftId;
use crate::ir::{FuncId, Module, OriginId};
use crate::lint::lint;
use crate::lower::{
    Action, DataFacts, Mode, Run, Scope, Show, Surroundings, World, lower_definitions, lower_script,
};
use crate::opt::{Note, optimise};
use crate::session::Session;
use crate::session::axes::{AxisNames, axis_names};
use crate::session::data::{Loaded, read_all, solved};
use crate::session::step::{Step, Watch};
use crate::source::{SourceId, SourceMap};
use crate::syntax::ast::{Item, ItemKind, Program};

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
    /// The data, read.
    pub(crate) data: Vec<Loaded>,
    /// The program so far, and the texts it is made of.
    pub(crate) program: Program,
    pub(crate) texts: Vec<SourceId>,
}

impl Compiled {
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

    /// The names of the axes of what is bound.
    pub fn axes(&self) -> &AxisNames {
        &self.axes
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
            self.check_definitions(&world, scope, &mut reports);
        }
        let compiled = match reports.has_errors() {
            true => None,
            false => {
                self.compile_script(&world, scope, (program, texts), mode, &mut reports, watch)
            }
        };
        if let Some(compiled) = &compiled {
            let data = facts(&compiled.data);
            reports.append(lint(&own, &world, scope, &data, &self.sources));
        }
        (compiled, reports)
    }

    /// Definitions for their own sake, so that mistakes are told where they are made.
    fn check_definitions(&self, world: &World, scope: Id<Scope>, reports: &mut Diagnostics) {
        let (definitions, found) = lower_definitions(world, &self.sources, scope);
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
        let (data, found) = read_all(&program, &self.sources, &self.data, self.options.dtype);
        reports.append(found);
        let solved = solved(&program, &data, reports);
        if reports.has_errors() {
            return None;
        }
        let around = Surroundings {
            globals: self.surrounding(&data),
            data: facts(&data),
            solved,
        };
        let (script, found) = lower_script(world, &self.sources, scope, &program, around, mode);
        reports.append(found);
        if reports.has_errors() {
            return None;
        }
        watch(Step::Lowered(&script.draft));
        let (checked, found) = check(script.draft, &script.roots, &self.sources);
        reports.append(found);
        let mut checked = checked?;
        watch(Step::Checked(checked.module()));
        let axes = axis_names(&checked, &script.actions);
        if let Err(error) = checked.rewrite(expand) {
            let place = program.items.first().map(|item| item.span);
            reports.push(error.report(checked.module(), &self.sources, place));
            return None;
        }
        watch(Step::Differentiated(checked.module()));
        let roots = checked.module().roots();
        let notes = checked.rewrite(|module| optimise(module, &roots, &self.options.passes));
        watch(Step::Optimized(checked.module()));
        Some(Compiled {
            axes,
            checked,
            notes,
            runs: script.runs,
            actions: script.actions,
            data,
            program,
            texts,
        })
    }

    /// Tensors that are there before anything runs: those of the session, and fields of the data.
    fn surrounding(&self, data: &[Loaded]) -> Vec<(String, crate::types::DType, Vec<usize>)> {
        let of = |name: String, tensor: &crate::tensor::Tensor| {
            (name, tensor.dtype(), tensor.shape().to_vec())
        };
        let own = self
            .globals
            .iter()
            .map(|(name, tensor)| of(name.clone(), tensor));
        let fields = data.iter().flat_map(|loaded| loaded.set.globals());
        own.chain(fields.map(|(name, tensor)| of(name, tensor)))
            .collect()
    }
}

fn facts(data: &[Loaded]) -> Vec<DataFacts> {
    data.iter().map(|loaded| loaded.set.facts()).collect()
}

/// The texts that a program is made of.
fn texts(program: &Program) -> Vec<SourceId> {
    let texts: BTreeSet<SourceId> = program.items.iter().map(|item| item.span.source).collect();
    texts.into_iter().collect()
}

/// A program and what follows it. A declaration takes the place of an earlier one of the same name.
fn extended(program: &Program, more: Program) -> Program {
    let replaced: Vec<&str> = more.items.iter().filter_map(declared).collect();
    let is_kept = |item: &&Item| declared(item).is_none_or(|name| !replaced.contains(&name));
    let kept: Vec<Item> = program.items.iter().filter(is_kept).cloned().collect();
    Program {
        items: kept.into_iter().chain(more.items).collect(),
        ..more
    }
}

/// The name an item declares; statements declare none, since a later `let` is another value.
fn declared(item: &Item) -> Option<&str> {
    match &item.kind {
        ItemKind::Dim(decl) => Some(&decl.name.value),
        ItemKind::Type(decl) => Some(&decl.name.value),
        ItemKind::Def(def) => Some(&def.name.value),
        ItemKind::Data(block) | ItemKind::Train(block) => Some(&block.name.value),
        ItemKind::Use(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    }
}
