//! Cross-validation: a run is trained anew for each fold of its data, as if the program held out that one. Each has a session of its
//! own, so that nothing of one fold, transforms and sizes included, is known to another.

use std::rc::Rc;

use crate::diag::{Diagnostic, Diagnostics, Severity};
use crate::lower::{Mode, Run};
use crate::session::Session;
use crate::session::compile::Compiled;
use crate::session::execute::Execution;
use crate::session::overrides::put;
use crate::session::recipe::alone;
use crate::session::show::not_trained;
use crate::source::{Span, Spanned};
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Number, Program};
use crate::tensor::Tensor;
use crate::train::{self, Flow};

/// What a run came to on a fold, by metric.
type Scores = Vec<(String, f64)>;

impl Execution<'_, '_> {
    /// The runs of a cross-validation beside the one that is trained already.
    pub(super) fn runs_on(&self, run: &str, (n_folds, own): (usize, usize)) -> Vec<Run> {
        let plan = self.compiled.runs.iter().find(|plan| plan.name == run);
        let fold = |held: usize| {
            plan.map(|plan| Run {
                fold: Some(held),
                ..plan.clone()
            })
        };
        let others = (0..n_folds).filter(|held| *held != own);
        others.filter_map(fold).collect()
    }

    /// Trains a run for each fold, and binds what it comes to.
    pub(super) fn cross_validate(
        &mut self,
        run: &str,
        folds: (usize, usize),
        prefix: &str,
    ) -> Result<Flow, Diagnostic> {
        let (plan, _) = self.trained(run, None)?;
        let plan = plan.clone();
        let mut all = vec![];
        for held in 0..folds.0 {
            let scores = match held == folds.1 {
                true => Some(self.held_out_scores(run)?),
                false => self
                    .fold(&plan, held)
                    .map_err(|reports| in_fold(reports, held, folds.0, plan.span))?,
            };
            match scores {
                Some(scores) => all.push(scores),
                None => return Ok(Flow::Stop),
            }
        }
        let precision = plan.settings.precision;
        let names = all.first().into_iter().flatten().map(|(name, _)| name);
        for (at, name) in names.enumerate() {
            let values: Vec<f64> = all.iter().map(|scores| scores[at].1).collect();
            let values = Tensor::from_vec(vec![values.len()], values).cast(precision);
            let name = format!("{prefix}.{name}");
            self.session.globals.insert(name, values);
        }
        Ok(Flow::Continue)
    }

    /// Trains a run without one fold; nothing where it was asked to stop.
    fn fold(&mut self, plan: &Run, held: usize) -> Result<Option<Scores>, Diagnostics> {
        let mut session = self.session.fresh();
        let (compiled, reports) = holding_out(&session, &self.compiled.program, plan, held);
        let compiled = compiled.ok_or(reports)?;
        session.globals.extend(compiled.data_globals()?);
        let mut execution = Execution {
            session: &mut session,
            compiled: &compiled,
            engine: self.engine,
            stoppable: self.stoppable,
            sink: &mut *self.sink,
            test: None,
            undone: vec![],
            writer: self.writer.take(),
        };
        let flow = execution.actions();
        let scores = match flow {
            Ok(Flow::Continue) => Ok(Some(execution.held_out_scores(&plan.name)?)),
            Ok(Flow::Stop) => Ok(None),
            Err(reports) => Err(reports),
        };
        self.writer = execution.writer.take();
        scores
    }

    /// The loss of a trained run on the fold held out, and its metrics that are a number.
    fn held_out_scores(&self, run: &str) -> Result<Scores, Diagnostic> {
        let (plan, trained) = self.trained(run, None)?;
        let data = self
            .compiled
            .data
            .iter()
            .find(|loaded| loaded.set.name == plan.data);
        let part = data.and_then(|data| data.set.part("val"));
        let part = part.ok_or_else(|| not_trained(run, plan.span))?;
        let found = self.with_machine(|machine| {
            let limit = self.session.options.is_dry.then_some(1);
            let metrics = plan.metrics.as_ref();
            train::evaluate(plan, metrics, machine, &trained.weights, part, limit)
        });
        let found = found.map_err(|error| error.report())?;
        let metrics = found
            .metrics
            .into_iter()
            .filter(|(_, value)| value.rank() == 0);
        let metrics = metrics.filter_map(|(name, value)| Some((name, value.item()?)));
        Ok(std::iter::once(("loss".to_owned(), found.loss))
            .chain(metrics)
            .collect())
    }
}

/// What a run is made of, its data holding out one fold.
fn holding_out(
    session: &Session,
    program: &Program,
    plan: &Run,
    held: usize,
) -> (Option<Compiled>, Diagnostics) {
    let mut program = alone(session, program, plan);
    for item in &mut program.items {
        if let ItemKind::Data(block) = &mut item.kind
            && block.name.value == plan.data
        {
            let span = block.name.span;
            let name = |name: &str| Spanned::new(name.to_owned(), span);
            put(
                &mut Rc::make_mut(block).fields,
                &name("split"),
                &[name("held")],
                number(held, span),
            );
        }
    }
    let (compiled, reports) = session.compile(program, Mode::Run);
    let compiled = compiled.map(|mut compiled| {
        compiled
            .runs
            .iter_mut()
            .for_each(|run| run.fold = Some(held));
        compiled
    });
    (compiled, reports)
}

fn number(number: usize, span: Span) -> Expr {
    let number = Number {
        value: number as f64,
        int: i64::try_from(number).ok(),
        is_percent: false,
    };
    Expr {
        kind: ExprKind::Number(number),
        span,
    }
}

/// The first error of a fold, with which one it is.
fn in_fold(reports: Diagnostics, held: usize, n_folds: usize, span: Span) -> Diagnostic {
    let mut errors = reports
        .iter()
        .filter(|report| report.severity == Severity::Error);
    let first = errors.next().cloned();
    let report = first.unwrap_or_else(|| not_trained("the run", span));
    report.note(format!(
        "while fold {held} of {n_folds}, counted from 0, was held out"
    ))
}
