//! Runs on disk: `save fit to "line.nnlm"` and `load("line.nnlm", into: fit)`. Paths start at the folder of the program.

use std::path::Path;

use crate::diag::{Diagnostic, Diagnostics};
use crate::lower::Run;
use crate::session::codes;
use crate::session::execute::Execution;
use crate::session::model::Model;
use crate::session::output::Output;
use crate::session::recipe::recipe;
use crate::source::Span;
use crate::train::{self, Ended, Flow, History, ModelFile, Signature, Trained};

impl Execution<'_, '_> {
    pub(super) fn save(&mut self, run: &str, path: &str, span: Span) -> Result<Flow, Diagnostic> {
        let (plan, trained) = self.trained(run, Some(span))?;
        let (model, warning) = self.model_file(plan, trained);
        let path = self.path(path, span);
        if !self.session.options.writes() {
            return Ok(Flow::Continue);
        }
        train::save(&path, &model, span)?;
        warning.into_iter().for_each(|report| {
            (self.sink)(Output::Warning(report));
        });
        Ok((self.sink)(Output::Saved {
            run: run.to_owned(),
            path,
        }))
    }

    /// Puts the model of a run that is over into the run directory, if there is one.
    pub(super) fn keep_model(&self, run: &Run, trained: &Trained) -> Result<(), Diagnostic> {
        match (&self.writer, trained.ended) {
            (Some(writer), Ended::Length | Ended::Early | Ended::Time) => {
                let (model, _) = self.model_file(run, trained);
                train::save(&writer.model_path(&run.key()), &model, run.span)
            }
            (Some(_), Ended::Interrupted) | (None, _) => Ok(()),
        }
    }

    /// A run as a model with what it takes to compute it. Where that cannot be taken along it goes without, and a warning says so.
    fn model_file(&self, plan: &Run, trained: &Trained) -> (ModelFile, Option<Diagnostic>) {
        let mut data = self.compiled.data.iter();
        let data = data.find(|loaded| loaded.set.name == plan.data);
        let model = ModelFile {
            run: plan.name.clone(),
            signature: self.signature(plan, trained),
            weights: trained.weights.clone(),
            fitted: data.map_or(vec![], |data| data.set.fitted.clone()),
            metrics: trained.history.last_values(),
            seed: plan.settings.seed,
            recipe: None,
            globals: vec![],
            probe: vec![],
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        let Some((recipe, globals)) = recipe(self.session, self.compiled, &plan.name) else {
            return (model, None);
        };
        let with = ModelFile {
            recipe: Some(recipe),
            globals,
            ..model.clone()
        };
        let mut session = self.session.fresh();
        match Model::of(&mut session, Path::new(&model.run), with.clone(), plan.span) {
            (Some(opened), _) => {
                let probe = opened.probe().unwrap_or_default();
                (ModelFile { probe, ..with }, None)
            }
            (None, reports) => (model, Some(weights_alone(plan, &reports))),
        }
    }

    fn signature(&self, plan: &Run, trained: &Trained) -> Signature {
        let checked = &self.compiled.checked;
        // A run of an earlier line has other functions now: those of the same name.
        let now = self
            .compiled
            .runs
            .iter()
            .find(|run| run.name == plan.name)
            .unwrap_or(plan);
        Signature::of(
            &plan.model,
            &trained.weights,
            checked.module(),
            checked.func(now.forward),
        )
    }

    pub(super) fn load(&mut self, run: &Run, path: &str, span: Span) -> Result<Flow, Diagnostic> {
        let path = self.path(path, span);
        let weights = self
            .with_machine(|machine| train::first_weights(run, machine))
            .map_err(|error| error.report())?;
        let checked = &self.compiled.checked;
        let expected = Signature::of(
            &run.model,
            &weights,
            checked.module(),
            checked.func(run.forward),
        );
        let (model, warnings) = train::load(&path, Some(&expected), span)?;
        for warning in warnings.iter() {
            (self.sink)(Output::Warning(warning.clone()));
        }
        self.bind(run, loaded(run, model));
        Ok((self.sink)(Output::Loaded {
            run: run.name.clone(),
            path,
        }))
    }
}

fn weights_alone(plan: &Run, reports: &Diagnostics) -> Diagnostic {
    let message = format!("`{}` is saved without its definitions", plan.name);
    let report = Diagnostic::warning(codes::NO_RECIPE, message).label(plan.span, "this run");
    let first = reports.iter().next().map(|first| first.message.clone());
    let report = first.into_iter().fold(report, Diagnostic::note);
    report.help("a program can load it; `nnlc predict` and `nnlc serve` cannot: declare in the file what its run speaks of")
}

/// A loaded model as a run that is over.
fn loaded(run: &Run, model: ModelFile) -> Trained {
    Trained {
        run: run.name.clone(),
        weights: model.weights,
        opt_states: vec![],
        history: History::new(run.settings.length, 1),
        epochs: 0,
        steps: 0,
        best: None,
        restored: false,
        ended: Ended::Length,
    }
}
