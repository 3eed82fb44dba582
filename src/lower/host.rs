//! What only the top level can call: `predict`, `load`, `evaluate`, `cross_validate`, `generate`.

use crate::diag::Diagnostic;
use crate::lower::arguments::Bound;
use crate::lower::facts::FieldFacts;
use crate::lower::plan::Action;
use crate::lower::value::{Host, Val};
use crate::lower::{Lowerer, Lowering, Reported, codes};
use crate::source::Span;

impl Lowerer<'_> {
    /// Primitives that only the top level can call.
    pub(crate) fn host_primitive(
        &mut self,
        name: &str,
        args: &[Bound],
        span: Span,
    ) -> Lowering<Val> {
        if self.generic {
            // A definition for its own sake knows no runs: what it does with one is told where it is called.
            return Err(Reported);
        }
        let frames = std::mem::take(&mut self.frames);
        let model = std::mem::take(&mut self.model);
        let result = match (frames.len(), name) {
            (1, "evaluate") => self.evaluate_call(args, span),
            (1, "cross_validate") => self.cross_validate(args, span),
            (1, "load") => self.load_call(args, span),
            (1, "draw_text") => self.generate(args, span),
            _ => {
                let report = Diagnostic::error(
                    codes::MISPLACED,
                    format!("`{name}` belongs at the top level"),
                );
                Err(self.report(
                    report
                        .label(span, "inside a function")
                        .help("write it in a `let` or `show` of its own"),
                ))
            }
        };
        self.frames = frames;
        self.model = model;
        result
    }

    /// `predict(fit, iris.val)`: the model's output for a part's fields, or for inputs given as they are.
    pub(crate) fn predict(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.run_argument(argument(args, "run"))?;
        let on = argument(args, "on");
        let lowered = self.runs.iter().find(|known| known.plan.name == run);
        let inputs = match (&on.value, lowered) {
            (Val::Host(Host::Part(data, part)), Some(lowered)) => {
                let global =
                    |input: &FieldFacts| Val::Global(format!("{data}.{part}.{}", input.name));
                lowered.inputs.iter().map(global).collect()
            }
            (Val::Tuple(inputs), _) => inputs.clone(),
            (input, _) => vec![input.clone()],
        };
        let given = inputs.into_iter().map(|input| (input, on.span)).collect();
        self.apply_trained(&run, given, span)
    }

    fn run_argument(&mut self, bound: &Bound) -> Lowering<String> {
        match &bound.value {
            Val::Host(Host::Run(run)) => Ok(run.clone()),
            other => Err(self.wrong_kind("the name of a `train` block", other, bound.span)),
        }
    }

    /// `load("iris.nnlm", into: fit)` is a run like `fit` with weights from a file.
    fn load_call(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.run_argument(argument(args, "into"))?;
        let path = argument(args, "path");
        let path = self.to_str(&path.value, path.span)?;
        let block = self.trains.iter().find(|block| block.name.value == run);
        let mut block = (**block.ok_or(Reported)?).clone();
        let scope = self.file.ok_or(Reported)?;
        self.n_unnamed += 1;
        block.name.value = format!("{run} from {path} ({})", self.n_unnamed);
        block.name.span = span;
        let name = block.name.value.clone();
        let cx = self.file_cx(scope);
        let index = self.lowered_run(&cx, &block)?;
        self.actions.push(Action::Load {
            run: index,
            path,
            span,
        });
        Ok(Val::Host(Host::Run(name)))
    }

    /// `evaluate(fit, on: iris.val, metrics: [accuracy])` is a record of metrics.
    fn evaluate_call(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.run_argument(argument(args, "run"))?;
        let (data, part) = match &argument(args, "on").value {
            Val::Host(Host::Part(data, part)) => (data.clone(), part.clone()),
            other => {
                return Err(self.wrong_kind(
                    "a part of the data such as `iris.val`",
                    other,
                    argument(args, "on").span,
                ));
            }
        };
        let lowered = self
            .runs
            .iter()
            .find(|known| known.plan.name == run)
            .cloned()
            .ok_or(Reported)?;
        if lowered.data.name != data {
            let message = format!(
                "`{run}` was trained on `{}`, not on `{data}`",
                lowered.data.name
            );
            return Err(self.report(
                Diagnostic::error(codes::TRAIN_SETTING, message).label(span, "evaluated here"),
            ));
        }
        let metrics = self.metric_values(argument(args, "metrics"))?;
        let metrics = self.metrics_func(&lowered, |_, _| Ok(metrics))?;
        self.n_unnamed += 1;
        let prefix = format!("evaluation{}", self.n_unnamed);
        let func = metrics.func;
        for (result, name) in self.draft.funcs[func]
            .results
            .iter_mut()
            .zip(&metrics.names)
        {
            result.0 = format!("{prefix}.{name}");
        }
        self.draft.funcs[func].exports = true;
        let fields = metrics
            .names
            .iter()
            .map(|name| (name.clone(), Val::Global(format!("{prefix}.{name}"))));
        let record = Val::Record(fields.collect());
        self.actions.push(Action::Evaluate {
            run,
            part,
            metrics,
            prefix,
        });
        Ok(record)
    }

    /// `cross_validate(fit)`: loss and metrics of a run on each fold, trained on the others.
    fn cross_validate(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = argument(args, "run");
        let (place, run) = (run.span, self.run_argument(run)?);
        let lowered = self.runs.iter().find(|known| known.plan.name == run);
        let (plan, data) = lowered
            .map(|known| (&known.plan, &known.data))
            .ok_or(Reported)?;
        let Some(folds) = data.folds else {
            let message = format!("`{}` is not split into folds", data.name);
            let report = Diagnostic::error(codes::TRAIN_SETTING, message);
            let report = report.label(place, format!("trained on `{}`", data.name));
            return Err(self.report(report.help("split it so: `split: folds(5)`")));
        };
        self.n_unnamed += 1;
        let prefix = format!("folds{}", self.n_unnamed);
        let metrics = plan
            .metrics
            .iter()
            .flat_map(|metrics| metrics.names.clone());
        let names = std::iter::once("loss".to_owned()).chain(metrics);
        let bound: Vec<(String, String)> = names
            .map(|name| (name.clone(), format!("{prefix}.{name}")))
            .collect();
        let precision = plan.settings.precision;
        for (_, global) in &bound {
            let global = (global.clone(), precision, vec![folds.0]);
            self.draft.globals.push(global);
        }
        self.actions.push(Action::CrossValidate {
            run,
            folds,
            prefix,
            span,
        });
        Ok(Val::Host(Host::Folds(bound)))
    }

    fn metric_values(&mut self, metrics: &Bound) -> Lowering<Vec<(String, Val, Span)>> {
        let items = match &metrics.value {
            Val::List(items) | Val::Tuple(items) => items.clone(),
            single => vec![single.clone()],
        };
        let mut named = Vec::new();
        for item in items {
            let name = match &item {
                Val::Def(def) => self.world.defs[*def].name().to_owned(),
                Val::Closure(closure) => match closure.as_ref() {
                    crate::lower::value::Closure::Settled { def, .. } => {
                        self.world.defs[*def].name().to_owned()
                    }
                    _ => format!("metric{}", named.len()),
                },
                other => {
                    return Err(self.wrong_kind(
                        "a metric, a function of output and target",
                        other,
                        metrics.span,
                    ));
                }
            };
            named.push((name, item, metrics.span));
        }
        Ok(named)
    }
}

/// An argument of a primitive.
pub(crate) fn argument<'a>(args: &'a [Bound], name: &str) -> &'a Bound {
    args.iter()
        .find(|bound| bound.name == name)
        .expect("the library declares what a primitive takes")
}
