//! The actions of a program in order: runs are trained, tensors computed and bound, things shown and saved, assertions held against
//! what they claim.

use std::path::PathBuf;

use crate::diag::{Diagnostic, Diagnostics};
use crate::engine::{Engine, KernelTime, Profile};
use crate::ir::Role;
use crate::ir::draft::DraftId;
use crate::lower::{Action, Assert, Length, Metrics, Run, Show, best_name};
use crate::ops::codes::STOPPED;
use crate::session::compile::Compiled;
use crate::session::compute::compute;
use crate::session::output::{Output, Timed, View};
use crate::session::show::{Known, not_trained};
use crate::session::{Session, codes};
use crate::source::Span;
use crate::tensor::Tensor;
use crate::train::{self, Flow, Machine, Start, Trained, Writer};

/// Where outputs go; it may ask to stop.
pub type Sink<'a> = dyn FnMut(Output) -> Flow + 'a;

/// A program being executed.
pub(super) struct Execution<'a, 's> {
    pub(super) session: &'a mut Session,
    pub(super) compiled: &'a Compiled,
    pub(super) engine: &'a dyn Engine,
    /// The same for what need not be finished.
    pub(super) stoppable: &'a dyn Engine,
    pub(super) sink: &'a mut Sink<'s>,
    /// The test that the actions belong to, with its failures.
    pub(super) test: Option<(String, Diagnostics)>,
    /// The places of actions that were left undone, since the sink asked to stop.
    pub(super) undone: Vec<Span>,
    /// The run directory, where runs are kept.
    pub(super) writer: Option<Writer>,
}

impl Execution<'_, '_> {
    /// Says where the time went, if the engine has kept count.
    pub(super) fn tell_profile(&mut self) {
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

    /// Warns, once, where functions run slower than they could.
    pub(super) fn tell_hindrance(&mut self) {
        if let Some(why) = self.engine.hindrance() {
            let message = "this system gives no memory for native code: the interpreter runs";
            let report = Diagnostic::warning(codes::NO_NATIVE_CODE, message)
                .note(why)
                .help("results are the same up to rounding, and slower; `--engine interp` asks for it");
            (self.sink)(Output::Warning(report));
        }
    }

    pub(super) fn actions(&mut self) -> Result<Flow, Diagnostics> {
        let done = self.done();
        for (at, (action, is_done)) in self.compiled.actions.iter().zip(done).enumerate() {
            if is_done {
                continue;
            }
            match (self.action(action), &mut self.test) {
                (Ok(Flow::Continue), _) => {}
                (Ok(Flow::Stop), _) => return Ok(self.leave_undone(at + 1)),
                (Err(report), _) if report.code == STOPPED => return Ok(self.leave_undone(at)),
                // What follows from a failure is none of its own.
                (Err(report), Some((_, failures)))
                    if failures.has_errors() && is_unbound(&report) => {}
                (Err(report), Some((_, failures))) => failures.push(report),
                (Err(report), None) => return Err(report.into()),
            }
        }
        Ok(self.end_test())
    }

    /// Stops before an action.
    fn leave_undone(&mut self, first: usize) -> Flow {
        let undone = self.compiled.actions[first..].iter();
        self.undone = undone.filter_map(|action| self.place_of(action)).collect();
        Flow::Stop
    }

    /// A file that cannot be written is told before the training that it is to keep.
    pub(super) fn check_saves(&self) -> Result<(), Diagnostics> {
        let mut reports = Diagnostics::new();
        for (action, is_done) in self.compiled.actions.iter().zip(self.done()) {
            if let (Action::Save { path, span, .. } | Action::Draw { path, span, .. }, false) =
                (action, is_done)
            {
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
    pub(super) fn path(&self, path: &str, span: Span) -> PathBuf {
        self.session.sources.get(span.source).folder.join(path)
    }

    /// Which actions were done before: those written in texts that have been executed. An action without a place belongs to the next
    /// that has one.
    pub(super) fn done(&self) -> Vec<bool> {
        let mut source = None;
        let mut done: Vec<bool> = vec![];
        for action in self.compiled.actions.iter().rev() {
            source = self.place_of(action).map(|place| place.source).or(source);
            done.push(source.is_some_and(|source| self.session.committed.contains(&source)));
        }
        done.reverse();
        done
    }

    fn place_of(&self, action: &Action) -> Option<Span> {
        match action {
            Action::Train(run) => Some(self.compiled.runs[*run].span),
            Action::Compute(compute) => Some(compute.span),
            Action::Generate(task) => Some(task.span),
            Action::Show(show) => Some(show.span),
            Action::Assert(assert) => Some(assert.span),
            Action::Save { span, .. } | Action::Load { span, .. } => Some(*span),
            Action::Draw { span, .. } => Some(*span),
            Action::CrossValidate { span, .. } => Some(*span),
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
            Action::CrossValidate {
                run, folds, prefix, ..
            } => self.cross_validate(run, *folds, prefix),
            Action::Generate(task) => self.generate(task),
            Action::Show(show) => {
                let value = self.view(show)?;
                let (title, span) = (show.title.clone(), show.span);
                Ok((self.sink)(Output::Show { title, span, value }))
            }
            Action::Draw { show, path, span } => self.draw(show, path, *span),
            Action::Assert(assert) => self.assert(assert),
            Action::Save { run, path, span } => self.save(run, path, *span),
            Action::Load { run, path, span } => self.load(&self.compiled.runs[*run], path, *span),
            Action::Test(name) => {
                let flow = self.end_test();
                self.test = name.clone().map(|name| (name, Diagnostics::new()));
                Ok(flow)
            }
        }
    }

    /// The value of a `show`.
    pub(super) fn view(&self, show: &Show) -> Result<View, Diagnostic> {
        let Session {
            globals,
            runs,
            texts,
            ..
        } = &*self.session;
        let known = Known {
            globals,
            texts,
            runs,
            data: &self.compiled.data,
        };
        known.view(show)
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

    pub(super) fn with_machine<T>(&self, work: impl FnOnce(&Machine<'_>) -> T) -> T {
        let func = |id: DraftId| self.compiled.checked.func(id);
        work(&Machine {
            module: self.compiled.checked.module(),
            func: &func,
            engine: self.stoppable,
            globals: &self.session.globals,
            sources: &self.session.sources,
        })
    }

    fn train(&mut self, run: &Run) -> Result<Flow, Diagnostic> {
        let run = &match self.session.options.is_dry {
            true => dry(run),
            false => run.clone(),
        };
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
        let (sink, mut is_asked) = (&mut *self.sink, false);
        let mut sink = |event| {
            let flow = sink(Output::Event(event));
            is_asked |= flow == Flow::Stop;
            flow
        };
        let start = Start {
            weights: initial(run, &machine)?,
            writer: self.writer.as_mut(),
        };
        let trained = train::train(run, &machine, data, start, &mut sink);
        let trained = trained.map_err(|error| error.report())?;
        // A run may be over by the time that it is asked to stop: what comes after it is not begun.
        let flow = match is_asked {
            true => Flow::Stop,
            false => Flow::Continue,
        };
        self.keep_model(run, &trained)?;
        self.bind(run, trained);
        Ok(flow)
    }

    /// Makes a run's weights known by name.
    pub(super) fn bind(&mut self, run: &Run, trained: Trained) {
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

    pub(super) fn trained(
        &self,
        run: &str,
        span: Option<Span>,
    ) -> Result<&(Run, Trained), Diagnostic> {
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
            let limit = self.session.options.is_dry.then_some(1);
            train::evaluate(plan, Some(metrics), machine, &trained.weights, part, limit)
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
}

/// The weights that a run begins with, where they are another model's.
fn initial(run: &Run, machine: &Machine<'_>) -> Result<Vec<(Role, Tensor)>, Diagnostic> {
    let Some(from) = &run.settings.from else {
        return Ok(vec![]);
    };
    let own = train::first_weights(run, machine).map_err(|error| error.report())?;
    let folder = &machine.sources.get(from.span.source).folder;
    train::initial_weights(&folder.join(&from.file), &own, from)
}

/// A run of one update, evaluated on one batch.
fn dry(run: &Run) -> Run {
    let mut run = run.clone();
    run.settings.length = Length::Steps(1);
    run.settings.evaluate.batches = Some(1);
    run
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
