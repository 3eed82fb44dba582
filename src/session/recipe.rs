//! What is saved with a model so that it can be computed without its program: see [`Recipe`].

use std::collections::BTreeSet;
use std::path::Path;
use std::rc::Rc;

use crate::data::Dataset;
use crate::diag::Diagnostics;
use crate::ir::Role;
use crate::lower::Run;
use crate::session::Session;
use crate::session::compile::Compiled;
use crate::session::data::Loaded;
use crate::session::model::Model;
use crate::stdlib;
use crate::syntax::ast::{Block, Expr, ExprKind, Field, Item, ItemKind, Program, StmtKind};
use crate::syntax::print;
use crate::tensor::Tensor;
use crate::train::{DataShape, Entry, ModelFile, Recipe, Signature};

/// What is known of a run before it is trained, of all that is needed to open it as a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    run: String,
    recipe: Recipe,
    /// The tensors of the top level that it reads.
    globals: Vec<String>,
}

impl Session {
    /// The recipes of a program's runs, for [`Session::opened`] once it is executed.
    pub fn kept(&self, compiled: &Compiled) -> Vec<Kept> {
        let runs = compiled.runs.iter();
        runs.filter_map(|run| kept(self, compiled, &run.name))
            .collect()
    }

    /// A trained run as the model that it would be saved as; nothing where it was not trained.
    pub fn opened(&self, kept: &Kept) -> (Option<Model>, Diagnostics) {
        let found = self.runs.iter().find(|(plan, _)| plan.name == kept.run);
        let Some((plan, trained)) = found else {
            return (None, Diagnostics::new());
        };
        let entries = |is_wanted: fn(&Role) -> bool| {
            let own = trained.weights.iter().filter(|(role, _)| is_wanted(role));
            own.map(|(role, tensor)| Entry::of(role.path(), tensor))
                .collect()
        };
        let file = ModelFile {
            run: kept.run.clone(),
            signature: Signature {
                model: plan.model.clone(),
                params: entries(|role| matches!(role, Role::Param(_))),
                states: entries(|role| matches!(role, Role::State(_))),
                inputs: vec![],
                outputs: vec![],
            },
            weights: trained.weights.clone(),
            fitted: self
                .dataset(&plan.data)
                .map_or(vec![], |data| data.fitted.clone()),
            metrics: trained.history.last_values(),
            seed: plan.settings.seed,
            recipe: Some(kept.recipe.clone()),
            globals: tensors(self, &kept.globals),
            probe: vec![],
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        Model::of(&mut self.fresh(), Path::new(&kept.run), file, plan.span)
    }

    /// A data block that has been read, by name.
    pub fn dataset(&self, name: &str) -> Option<&Dataset> {
        let found = self.data.iter().find(|loaded| loaded.set.name == name);
        found.map(|loaded| &loaded.set)
    }
}

/// The recipe of a run, and the tensors of the top level that it reads.
pub(super) fn recipe(
    session: &Session,
    compiled: &Compiled,
    run: &str,
) -> Option<(Recipe, Vec<(String, Tensor)>)> {
    let kept = kept(session, compiled, run)?;
    let globals = tensors(session, &kept.globals);
    Some((kept.recipe, globals))
}

fn tensors(session: &Session, names: &[String]) -> Vec<(String, Tensor)> {
    let found = names.iter();
    let found = found.filter_map(|name| Some((name.clone(), session.global(name)?.clone())));
    found.collect()
}

fn kept(session: &Session, compiled: &Compiled, run: &str) -> Option<Kept> {
    let run = compiled.runs.iter().find(|plan| plan.name == run)?;
    let mut data = compiled.data.iter();
    let data = data.find(|loaded| loaded.set.name == run.data)?;
    let sizes = compiled.data.iter().flat_map(|loaded| loaded.set.sizes());
    let recipe = Recipe {
        text: print(&definitions(session, &compiled.program, run)),
        data: DataShape::of(&data.set.facts()),
        sizes: sizes.collect(),
        library: stdlib::fingerprint(),
        float: session.options.dtype.map(|dtype| dtype.to_string()),
        reading: data.set.reading.clone(),
    };
    Some(Kept {
        run: run.name.clone(),
        recipe,
        globals: globals(compiled, run, data),
    })
}

/// A program of nothing but what a run's model is made of.
fn definitions(session: &Session, program: &Program, run: &Run) -> Program {
    let mut program = alone(session, program, run);
    program.items = program.items.iter().map(essential).collect();
    program
}

/// A program of nothing but what a run is made of.
pub(super) fn alone(session: &Session, program: &Program, run: &Run) -> Program {
    let wanted = wanted(session, program, run);
    let items = program.items.iter().enumerate();
    let items = items.filter(|(at, item)| is_part(item, run) || wanted.contains(at));
    Program {
        docs: vec![],
        items: items.map(|(_, item)| item.clone()).collect(),
        comments: vec![],
    }
}

/// Whether an item is a declaration that a run may need, whatever it says.
fn is_part(item: &Item, run: &Run) -> bool {
    match &item.kind {
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => true,
        ItemKind::Data(block) => block.name.value == run.data,
        ItemKind::Train(block) => block.name.value == run.name,
        ItemKind::Test(_) | ItemKind::Stmt(_) => false,
    }
}

/// The places of the `let`s that a run speaks of, and of those that these speak of.
fn wanted(session: &Session, program: &Program, run: &Run) -> BTreeSet<usize> {
    let words = |item: &Item| -> BTreeSet<String> {
        let text = session.sources.text(item.span);
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.map(str::to_owned).collect()
    };
    let is_run =
        |item: &&Item| matches!(&item.kind, ItemKind::Train(block) if block.name.value == run.name);
    let mut spoken: BTreeSet<String> = program
        .items
        .iter()
        .filter(is_run)
        .flat_map(words)
        .collect();
    let mut wanted = BTreeSet::new();
    // A `let` speaks of earlier ones only.
    for (at, item) in program.items.iter().enumerate().rev() {
        if let Some(names) = bound(item)
            && names.iter().any(|name| spoken.contains(name))
        {
            wanted.insert(at);
            spoken.extend(words(item));
        }
    }
    wanted
}

/// The names that a `let` binds.
fn bound(item: &Item) -> Option<Vec<String>> {
    let ItemKind::Stmt(stmt) = &item.kind else {
        return None;
    };
    let StmtKind::Let(pattern, ..) = &stmt.kind else {
        return None;
    };
    let names = pattern.names().iter();
    Some(names.map(|name| name.value.clone()).collect())
}

/// Fields of a run that decide how it is trained and kept, and of which a trained model knows nothing.
const OF_TRAINING: [&str; 3] = ["checkpoint", "class_weights", "sampling"];

/// An item without what makes no difference to a model: the rows of a table that stands in it, where and when its run is kept.
fn essential(item: &Item) -> Item {
    let kind = match &item.kind {
        ItemKind::Data(block) => ItemKind::Data(Rc::new(with(block, |field| {
            field.name.value != "source" || !is_table(&field.value)
        }))),
        ItemKind::Train(block) => ItemKind::Train(Rc::new(with(block, |field| {
            !OF_TRAINING.contains(&&*field.name.value)
        }))),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => {
            return item.clone();
        }
        ItemKind::Test(_) | ItemKind::Stmt(_) => return item.clone(),
    };
    Item {
        kind,
        ..item.clone()
    }
}

/// A block with some of its fields.
fn with(block: &Block<Field>, is_kept: impl Fn(&Field) -> bool) -> Block<Field> {
    let fields = block.fields.iter().filter(|field| is_kept(field));
    Block {
        name: block.name.clone(),
        fields: fields.cloned().collect(),
    }
}

fn is_table(expr: &Expr) -> bool {
    let ExprKind::Call(callee, _) = &expr.kind else {
        return false;
    };
    matches!(&callee.kind, ExprKind::Path(path) if path.len() == 1 && path[0].value == "table")
}

/// The tensors of the top level that the functions of a run read, its own outputs and fields of its data left out.
fn globals(compiled: &Compiled, run: &Run, data: &Loaded) -> Vec<String> {
    let metrics = run.metrics.as_ref().map(|metrics| metrics.func);
    let funcs = [run.eval, run.forward].into_iter().chain(metrics);
    let bodies = funcs.map(|func| &compiled.module().funcs[compiled.func(func)]);
    let inputs = bodies.flat_map(|func| &func.inputs);
    let names: BTreeSet<&str> = inputs
        .filter_map(|input| match &input.role {
            Role::Global(name) => Some(name.as_str()),
            Role::Arg(_) | Role::Param(_) | Role::State(_) | Role::OptState(_) => None,
            Role::Gradient(_) | Role::Field(_) | Role::Step | Role::Seed => None,
        })
        .collect();
    let is_field = |name: &str| name.starts_with(&format!("{}.", data.set.name));
    let is_own = |name: &str| run.outputs.iter().any(|own| own == name);
    let named = names
        .into_iter()
        .filter(|name| !is_field(name) && !is_own(name));
    named.map(str::to_owned).collect()
}
