//! The actions of a program in order: runs are trained, tensors computed and bound, things shown and saved, assertions held against
//! what they claim.

use std::path::PathBuf;

use crate::diag::{Diagnostic, Diagnostics};
use crate::engine::{Engine, KernelTime, Profile};
use crate::ir::draft::DraftId;
use crate::lower::{Action, Assert, Metrics, Run, best_name};
use crate::session::compile::Compiled;
use crate::session::compute::compute;
use crate::session::output::{Output, Timed};
use crate::session::show::{Known, not_trained};
use crate::session::{Session, codes};
use crate::source::{SourceId, Span};
use crate::tensor::Tensor;
use crate::train::{self, Ended, Flow, History, Machine, ModelFile, Signature, Trained};

/// Where outputs go; it may ask to stop.
pub type Sink<'a> = dyn FnMut(Output) -> Flow + 'a;

impl Session {
    /// Does what a program says, as far as it has not been done before, and takes the program into the session. Says whether the sink
    /// asked to stop on the way. After an error the session is as it was, but for tensors that were bound before it.
    pub fn execute(
        &mut self,
        compiled: Compiled,
        sink: &mut Sink<'_>,
    ) -> Result<Flow, Diagnostics> {
        for (name, tensor) in compiled.data.iter().flat_map(|loaded| loaded.set.globals()) {
            self.globals.insert(name, tensor.clone());
        }
        let engine = self.options.engine.engine(self.options.profiles);
        let mut execution = Execution {
            session: self,
            compiled: &compiled,
            engine: &*engine,
            sink,
            test: None,
        };
        execution.check_saves()?;
        let flow = execution.actions()?;
        execution.tell_profile();
        let Compiled {
            data,
            program,
            texts,
            ..
        } = compiled;
        self.data = data;
        self.program = program;
        self.committed.extend(texts);
        Ok(flow)
    }
}

/// A program being executed.
struct Execution<'a, 's> {
    session: &'a mut Session,
    compiled: &'a Compiled,
    engine: &'a dyn Engine,
    sink: &'a mut Sink<'s>,
    /// The test that the actions belong to, with its failures.
    test: Option<(String, Diagnostics)>,
}

impl Execution<'_, '_> {
    /// Says where the time went, if the engine has kept count.
    fn tell_profile(&mut self) {
        let Some(Profile { kernels, calls }) = self.engine.profile() else {
            return;
        };
        let sources = &self.session.sources;
        let place = |origin| self.compiled.place(origin, sources);
        let timed = |time: KernelTime| Timed {
            place: time.origin.map(place),
            time,
        };
        let kernels = kernels.into_iter().map(timed).collect();
        (self.sink)(Output::Profile { kernels, calls });
    }

    fn actions(&mut self) -> Result<Flow, Diagnostics> {
        let done = self.done();
        for (action, is_done) in self.compiled.actions.iter().zip(done) {
            if is_done {
                continue;
            }
            match (self.action(action), &mut self.test) {
                (Ok(Flow::Continue), _) => {}
                (Ok(Flow::Stop), _) => return Ok(Flow::Stop),
                // What follows from a failure is none of its own.
                (Err(report), Some((_, failures)))
                    if failures.has_errors() && is_unbound(&report) => {}
                (Err(report), Some((_, failures))) => failures.push(report),
                (Err(report), None) => return Err(report.into()),
            }
        }
        Ok(self.end_test())
    }

    /// A file that cannot be written is told before the training that it is to keep.
    fn check_saves(&self) -> Result<(), Diagnostics> {
        let mut reports = Diagnostics::new();
        for (action, is_done) in self.compiled.actions.iter().zip(self.done()) {
            if let (Action::Save { path, span, .. }, false) = (action, is_done) {
                let checked = train::check_place(&self.path(path, *span), *span);
                checked
                    .err()
                    .into_iter()
                    .for_each(|report| reports.push(report));
            }
        }
        match reports.is_empty() {
            true => Ok(()),
            false => Err(reports),
        }
    }

    /// A path as written at `span`: it starts at the folder of its file.
    fn path(&self, path: &str, span: Span) -> PathBuf {
        self.session.sources.get(span.source).folder.join(path)
    }

    /// Which actions were done before: those written in texts that have been executed. An action without a place belongs to the next
    /// that has one.
    fn done(&self) -> Vec<bool> {
        let mut source = None;
        let mut done: Vec<bool> = vec![];
        for action in self.compiled.actions.iter().rev() {
            source = self.source_of(action).or(source);
            done.push(source.is_some_and(|source| self.session.committed.contains(&source)));
        }
        done.reverse();
        done
    }

    fn source_of(&self, action: &Action) -> Option<SourceId> {
        match action {
            Action::Train(run) | Action::Load { run, .. } => {
                Some(self.compiled.runs[*run].span.source)
            }
            Action::Compute(compute) => Some(compute.span.source),
            Action::Show(show) => Some(show.span.source),
            Action::Assert(assert) => Some(assert.span.source),
            Action::Save { span, .. } => Some(span.source),
            Action::Evaluate { .. } | Action::Test(_) => None,
        }
    }

    fn action(&mut self, action: &Action) -> Result<Flow, Diagnostic> {
        match action {
            Action::Train(run) => self.train(&self.compiled.runs[*run]),
            Action::Compute(task) => {
                let seed = self.session.options.seed.unwrap_or(0);
                let values = self.with_machine(|machine| compute(machine, task, seed))?;
                self.session.globals.extend(values);
                Ok(Flow::Continue)
            }
            Action::Evaluate {
                run,
                part,
                metrics,
                prefix,
            } => self.evaluate(run, part, metrics, prefix),
            Action::Show(show) => {
                let Session { globals, runs, .. } = &*self.session;
                let value = Known {
                    globals,
                    runs,
                    data: &self.compiled.data,
                }
                .view(show)?;
                let (title, span) = (show.title.clone(), show.span);
                Ok((self.sink)(Output::Show { title, span, value }))
            }
            Action::Assert(assert) => self.assert(assert),
            Action::Save { run, path, span } => self.save(run, path, *span),
            Action::Load { run, path, span } => self.load(&self.compiled.runs[*run], path, *span),
            Action::Test(name) => {
                let flow = self.end_test();
                self.test = Some((name.clone(), Diagnostics::new()));
                Ok(flow)
            }
        }
    }

    /// Tells how the test went that ends here.
    fn end_test(&mut self) -> Flow {
        match self.test.take() {
            None => Flow::Continue,
            Some((name, failures)) if failures.is_empty() => {
                (self.sink)(Output::TestPassed { name })
            }
            Some((name, failures)) => (self.sink)(Output::TestFailed { name, failures }),
        }
    }

    fn with_machine<T>(&self, work: impl FnOnce(&Machine<'_>) -> T) -> T {
        let func = |id: DraftId| self.compiled.checked.func(id);
        work(&Machine {
            module: self.compiled.checked.module(),
            func: &func,
            engine: self.engine,
            globals: &self.session.globals,
            sources: &self.session.sources,
        })
    }

    fn train(&mut self, run: &Run) -> Result<Flow, Diagnostic> {
        let data = self
            .compiled
            .data
            .iter()
            .find(|loaded| loaded.set.name == run.data);
        let data = &data.ok_or_else(|| not_trained(&run.name, run.span))?.set;
        let checked = &self.compiled.checked;
        let func = |id: DraftId| checked.func(id);
        let Session {
            globals, sources, ..
        } = &*self.session;
        let machine = Machine {
            module: checked.module(),
            func: &func,
            engine: self.engine,
            globals,
            sources,
        };
        let sink = &mut *self.sink;
        let trained = train::train(run, &machine, data, &mut |event| sink(Output::Event(event)));
        let trained = trained.map_err(|error| error.report())?;
        let flow = match trained.ended {
            Ended::Interrupted => Flow::Stop,
            Ended::Length | Ended::Early => Flow::Continue,
        };
        self.bind(run, trained);
        Ok(flow)
    }

    /// Makes a run's weights known by name.
    fn bind(&mut self, run: &Run, trained: Trained) {
        let named = trained
            .weights
            .iter()
            .map(|(role, tensor)| (format!("{}/{}", run.name, role.path()), tensor.clone()));
        let precision = run.settings.precision;
        let best = trained.best().into_iter().flat_map(|best| {
            let name = |field| best_name(&run.name, field);
            [
                (name("epoch"), Tensor::scalar(best.epoch as i64)),
                (name("step"), Tensor::scalar(best.step as i64)),
                (name("value"), Tensor::scalar(best.value).cast(precision)),
            ]
        });
        self.session.globals.extend(named.chain(best));
        self.session
            .runs
            .retain(|(other, _)| other.name != run.name);
        self.session.runs.push((run.clone(), trained));
    }

    fn trained(&self, run: &str, span: Option<Span>) -> Result<&(Run, Trained), Diagnostic> {
        let found = self.session.runs.iter().find(|(plan, _)| plan.name == run);
        let declared = self
            .compiled
            .runs
            .iter()
            .find(|plan| plan.name == run)
            .map(|plan| plan.span);
        let missing = || match span.or(declared) {
            Some(span) => not_trained(run, span),
            None => Diagnostic::error(codes::NOT_TRAINED, format!("`{run}` has not been trained")),
        };
        found.ok_or_else(missing)
    }

    fn evaluate(
        &mut self,
        run: &str,
        part: &str,
        metrics: &Metrics,
        prefix: &str,
    ) -> Result<Flow, Diagnostic> {
        let (_, trained) = self.trained(run, None)?;
        let plan = self.compiled.runs.iter().find(|plan| plan.name == run);
        let plan =
            plan.ok_or_else(|| Diagnostic::error(codes::NOT_TRAINED, format!("`{run}` is gone")))?;
        let data = self
            .compiled
            .data
            .iter()
            .find(|loaded| loaded.set.name == plan.data);
        let part = data.and_then(|data| data.set.part(part));
        let part = part.ok_or_else(|| not_trained(run, plan.span))?;
        let found = self.with_machine(|machine| {
            train::evaluate(plan, Some(metrics), machine, &trained.weights, part)
        });
        let found = found.map_err(|error| error.report())?;
        let values = found
            .metrics
            .into_iter()
            .map(|(name, value)| (format!("{prefix}.{name}"), value));
        self.session.globals.extend(values);
        Ok(Flow::Continue)
    }

    /// Outside a test, an assertion that does not hold ends the program.
    fn assert(&mut self, assert: &Assert) -> Result<Flow, Diagnostic> {
        let truth = self
            .session
            .globals
            .get(&assert.truth)
            .and_then(Tensor::item);
        match truth {
            Some(truth) if truth != 0.0 => Ok(Flow::Continue),
            Some(_) => Err(self.does_not_hold(assert)),
            None => {
                let report = Diagnostic::error(
                    train::codes::UNBOUND,
                    format!("`{}` was not computed", assert.text),
                );
                Err(report.label(assert.span, "asserted here"))
            }
        }
    }

    fn does_not_hold(&self, assert: &Assert) -> Diagnostic {
        let message = format!(
            "`{}` does not hold",
            assert.text.split_whitespace().collect::<Vec<_>>().join(" ")
        );
        let report =
            Diagnostic::error(codes::ASSERTION, message).label(assert.span, "asserted here");
        let sides = assert
            .sides
            .iter()
            .filter_map(|(text, name)| Some((text, self.session.globals.get(name)?)));
        sides.fold(report, |report, (text, tensor)| {
            report.note(format!("`{text}` is {}", shown(tensor)))
        })
    }

    fn save(&mut self, run: &str, path: &str, span: Span) -> Result<Flow, Diagnostic> {
        let (plan, trained) = self.trained(run, Some(span))?;
        let data = self
            .compiled
            .data
            .iter()
            .find(|loaded| loaded.set.name == plan.data);
        let model = ModelFile {
            run: run.to_owned(),
            signature: self.signature(plan, trained),
            weights: trained.weights.clone(),
            fitted: data.map_or(vec![], |data| data.set.fitted.clone()),
            metrics: trained.history.last_values(),
            seed: plan.settings.seed,
        };
        let path = self.path(path, span);
        train::save(&path, &model, span)?;
        Ok((self.sink)(Output::Saved {
            run: run.to_owned(),
            path,
        }))
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

    fn load(&mut self, run: &Run, path: &str, span: Span) -> Result<Flow, Diagnostic> {
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

fn is_unbound(report: &Diagnostic) -> bool {
    report.code == train::codes::UNBOUND
}

/// A tensor in a note: its elements as far as they fit.
fn shown(tensor: &Tensor) -> String {
    const SHOWN: usize = 8;
    let numbers = tensor.to_f64();
    let first: Vec<String> = numbers.iter().take(SHOWN).map(f64::to_string).collect();
    match (tensor.rank(), numbers.len()) {
        (0, _) => first.join(""),
        (_, n) if n > SHOWN => format!(
            "{}{:?} [{}, …]",
            tensor.dtype(),
            tensor.shape(),
            first.join(", ")
        ),
        (_, _) => format!("[{}]", first.join(", ")),
    }
}
