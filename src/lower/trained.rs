//! What a run is to later statements: its model, its history, its best evaluation, the parts of its data.

use crate::lower::arguments::Given;
use crate::lower::value::{Closure, Host, Val};
use crate::lower::{Lowerer, Lowering, Reported};
use crate::source::Span;
use crate::types::DType;

impl Lowerer<'_> {
    /// Applies a trained model to new inputs: its parameters are the run's.
    pub(crate) fn apply_trained(
        &mut self,
        run: &str,
        args: Vec<(Val, Span)>,
        span: Span,
    ) -> Lowering<Val> {
        let mut runs = self.runs.iter();
        let known = runs.find(|known| known.plan.name == run).ok_or(Reported)?;
        let (model, precision) = (known.model.clone(), known.plan.settings.precision);
        // Its weights have the run's element type, whatever they are applied to.
        let around = self.precision.replace(precision);
        let outer = self.model.prefix.replace(format!("{run}/"));
        let names = self.model.enter_root();
        let mut given = vec![];
        for (value, place) in args {
            let value = match &value {
                Val::Str(text) => self.encoded(run, text, place),
                _ => Ok(value),
            };
            given.extend(value.map(|value| Given::value(value, place)));
        }
        let result = self.apply(model, given, span, span);
        self.model.leave_root(names);
        self.model.prefix = outer;
        self.precision = around;
        result
    }

    /// `fit.best`: the epoch and step of the best evaluation, and its value. They are bound when the run is over.
    fn best_of(&mut self, run: &str) -> Val {
        let mut runs = self.runs.iter();
        let known = runs.find(|known| known.plan.name == run);
        let precision = known.map_or(DType::F32, |known| known.plan.settings.precision);
        let fields = [
            ("epoch", DType::I64),
            ("step", DType::I64),
            ("value", precision),
        ];
        let fields = fields.map(|(field, dtype)| {
            let name = best_name(run, field);
            if !self.draft.globals.iter().any(|(known, ..)| *known == name) {
                self.draft.globals.push((name.clone(), dtype, vec![]));
            }
            (field.to_owned(), Val::Global(name))
        });
        Val::Record(fields.to_vec())
    }

    /// `fit.model`, `fit.history`, `iris.val`, `iris.val.x`.
    pub(crate) fn host_member(
        &mut self,
        host: &Host,
        name: &crate::syntax::ast::Name,
    ) -> Lowering<Val> {
        match host {
            Host::Run(run) => match name.value.as_str() {
                "model" => Ok(Val::Closure(std::rc::Rc::new(Closure::Trained {
                    run: run.clone(),
                }))),
                "history" => Ok(Val::Host(Host::History(run.clone()))),
                "best" => Ok(self.best_of(run)),
                _ => Err(self.no_field("run", ["model", "history", "best"].into_iter(), name)),
            },
            Host::Data(data) => {
                let parts: Vec<String> = self
                    .data
                    .iter()
                    .find(|facts| facts.name == *data)
                    .map_or(vec![], |facts| {
                        facts.parts.iter().map(|(part, _)| part.clone()).collect()
                    });
                match parts.contains(&name.value) {
                    true => Ok(Val::Host(Host::Part(data.clone(), name.value.clone()))),
                    false => {
                        Err(self.no_field("data block", parts.iter().map(String::as_str), name))
                    }
                }
            }
            Host::Part(data, part) => {
                let Some(facts) = self.data.iter().find(|facts| facts.name == *data).cloned()
                else {
                    return Err(Reported);
                };
                match facts.fields.iter().any(|field| field.name == name.value) {
                    true => Ok(Val::Global(facts.global(part, &name.value))),
                    false => Err(self.no_field(
                        "part of the data",
                        facts.fields.iter().map(|field| field.name.as_str()),
                        name,
                    )),
                }
            }
            Host::Folds(metrics) => match metrics.iter().find(|(own, _)| *own == name.value) {
                Some((_, global)) => Ok(Val::Global(global.clone())),
                None => {
                    let names = metrics.iter().map(|(own, _)| own.as_str());
                    Err(self.no_field("run on its folds", names, name))
                }
            },
            Host::History(_) | Host::Plot(..) | Host::Text(_) => {
                Err(self.no_field("value", std::iter::empty(), name))
            }
        }
    }
}

/// The name under which a field of `fit.best` is bound.
pub fn best_name(run: &str, field: &str) -> String {
    format!("{run}/best.{field}")
}
