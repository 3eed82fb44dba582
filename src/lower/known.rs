//! What the earlier lines of a session have left: statements that are done and need not be lowered again, and the names they bound.
//! A statement whose values live in one draft only is not among them; it is lowered again with each line, which computes nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::lower::pictures::tensor_names;
use crate::lower::statement::{shown_host, spelt};
use crate::lower::value::{Env, Host, Val};
use crate::lower::{Lowerer, Shown};
use crate::source::Span;

/// Items that are done, by place.
pub type Memory = BTreeMap<Span, Known>;

/// An item that is done: what it bound, and how many statements and values without a name there were behind it.
#[derive(Clone, Debug)]
pub struct Known {
    pub(crate) names: Vec<(String, Val)>,
    pub(crate) n_statements: usize,
    pub(crate) n_unnamed: usize,
}

impl Known {
    /// The names it bound with their values, as far as these can be shown.
    pub fn names(&self) -> impl Iterator<Item = (&str, Option<Shown>)> {
        let names = self.names.iter();
        names.map(|(name, value)| (name.as_str(), shown(value)))
    }
}

impl Lowerer<'_> {
    /// Takes over what a done item left.
    pub(crate) fn recall(&mut self, env: &Env, known: &Known) -> Env {
        self.n_statements = known.n_statements;
        self.n_unnamed = known.n_unnamed;
        let names = known.names.iter();
        names.fold(env.clone(), |env, (name, value)| {
            env.with(name, value.clone())
        })
    }

    /// What an item has left between two environments, if that outlives this draft.
    pub(crate) fn left(&self, before: &Env, after: &Env) -> Option<Known> {
        let n_new = after.iter().count().checked_sub(before.iter().count())?;
        let mut names: Vec<(String, Val)> = after
            .iter()
            .take(n_new)
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        names.reverse();
        let lasts = names.iter().all(|(_, value)| self.lasts(value));
        lasts.then_some(Known {
            names,
            n_statements: self.n_statements,
            n_unnamed: self.n_unnamed,
        })
    }

    /// Whether a value means the same in another draft.
    fn lasts(&self, value: &Val) -> bool {
        match value {
            Val::Global(_) | Val::Number(_) | Val::Bool(_) | Val::Str(_) => true,
            Val::Quantity(..) | Val::DType(_) => true,
            Val::Dim(dim) => dim.as_int().is_some(),
            Val::List(items) | Val::Tuple(items) | Val::Images(items, _) => {
                items.iter().all(|item| self.lasts(item))
            }
            Val::Record(fields) => fields.iter().all(|(_, field)| self.lasts(field)),
            Val::Host(Host::Run(run) | Host::History(run) | Host::Plot(run, _)) => {
                self.trains.iter().any(|block| block.name.value == *run)
            }
            Val::Host(Host::Data(_) | Host::Part(..) | Host::Text(_) | Host::Folds(_)) => true,
            Val::Heatmap(matrix, _) => self.lasts(matrix),
            Val::Drawing(drawing) => drawing.numbers().all(|tensor| self.lasts(tensor)),
            _ => false,
        }
    }
}

/// The tensors that done items have bound.
pub(crate) fn bound(memory: &Memory) -> BTreeSet<String> {
    let values = memory.values().flat_map(|known| &known.names);
    let leaves = values.flat_map(|(_, value)| value.leaves());
    let names = leaves.filter_map(|leaf| match leaf {
        Val::Global(name) => Some(name),
        _ => None,
    });
    names.collect()
}

/// What is seen of a value that lasts.
fn shown(value: &Val) -> Option<Shown> {
    Some(match value {
        Val::Global(name) => Shown::Tensor(name.clone()),
        Val::Number(number) => Shown::Text(spelt(*number)),
        Val::Bool(truth) => Shown::Text(truth.to_string()),
        Val::Str(text) => Shown::Text(text.clone()),
        Val::Quantity(number, unit) => Shown::Text(format!("{number} {}", unit.name())),
        Val::Dim(dim) => Shown::Text(dim.as_int()?.to_string()),
        Val::DType(dtype) => Shown::Text(dtype.to_string()),
        Val::List(items) | Val::Tuple(items) => {
            Shown::Tuple(items.iter().map(shown).collect::<Option<_>>()?)
        }
        Val::Record(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, field)| Some((name.clone(), shown(field)?)));
            Shown::Record(fields.collect::<Option<_>>()?)
        }
        Val::Host(host) => shown_host(host),
        Val::Heatmap(matrix, labels) => {
            let Shown::Tensor(tensor) = shown(matrix)? else {
                return None;
            };
            let [rows, cols] = labels.as_ref().clone();
            Shown::Heatmap { tensor, rows, cols }
        }
        Val::Drawing(drawing) => Shown::Drawing(drawing.map(|tensor| match shown(tensor)? {
            Shown::Tensor(name) => Some(name),
            _ => None,
        })?),
        Val::Images(items, layout) => {
            let items = items.iter().map(shown).collect::<Option<_>>()?;
            Shown::Images(tensor_names(items)?, *layout)
        }
        _ => return None,
    })
}
