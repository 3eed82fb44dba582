//! Runs on disk: `save fit to "line.nnlm"` and `load("line.nnlm", into: fit)`. Paths start at the folder of the program.

use crate::diag::Diagnostic;
use crate::lower::Run;
use crate::session::execute::Execution;
use crate::session::output::Output;
use crate::source::Span;
use crate::train::{self, Ended, Flow, History, ModelFile, Signature, Trained};

impl Execution<'_, '_> {
    pub(super) fn save(&mut self, run: &str, path: &str, span: Span) -> Result<Flow, Diagnostic> {
        let (plan, trained) = self.trained(run, Some(span))?;
        let model = self.model_file(plan, trained);
        let path = self.path(path, span);
        if self.session.options.is_dry {
            return Ok(Flow::Continue);
        }
        train::save(&path, &model, span)?;
        Ok((self.sink)(Output::Saved {
            run: run.to_owned(),
            path,
        }))
    }

    /// Puts the model of a run that is over into the run directory, if there is one.
    pub(super) fn keep_model(&self, run: &Run, trained: &Trained) -> Result<(), Diagnostic> {
        match (&self.writer, trained.ended) {
            (Some(writer), Ended::Length | Ended::Early | Ended::Time) => {
                let model = self.model_file(run, trained);
                train::save(&writer.model_path(&run.name), &model, run.span)
            }
            (Some(_), Ended::Interrupted) | (None, _) => Ok(()),
        }
    }

    fn model_file(&self, plan: &Run, trained: &Trained) -> ModelFile {
        let mut data = self.compiled.data.iter();
        let data = data.find(|loaded| loaded.set.name == plan.data);
        ModelFile {
            run: plan.name.clone(),
            signature: self.signature(plan, trained),
            weights: trained.weights.clone(),
            fitted: data.map_or(vec![], |data| data.set.fitted.clone()),
            metrics: trained.history.last_values(),
            seed: plan.settings.seed,
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
