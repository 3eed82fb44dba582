//! What the program knows of a shown tensor besides its elements: the names of its axes, and the categories they may stand for.

use std::collections::BTreeMap;

use crate::lower::{Action, Shown};
use crate::session::{Compiled, View};
use crate::source::Span;
use crate::tensor::Tensor;

/// What is known of one tensor.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Label {
    /// The names of its axes, as far as they have some.
    pub(crate) axes: Vec<Option<String>>,
    /// Lists of categories that an axis of the same size may stand for.
    pub(crate) categories: Vec<Vec<String>>,
}

impl Label {
    /// The names along an axis, where exactly one list of categories has its size.
    pub(crate) fn entries(&self, size: usize) -> Option<&[String]> {
        let mut fitting = self.categories.iter().filter(|names| names.len() == size);
        fitting
            .next()
            .filter(|_| fitting.next().is_none())
            .map(Vec::as_slice)
    }
}

/// A value to show, each tensor with its label.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Labelled<'a> {
    /// A tensor and what is known of it.
    Tensor(&'a Tensor, Label),
    /// Parts without names.
    Tuple(Vec<Labelled<'a>>),
    /// Parts by name.
    Record(Vec<(&'a str, Labelled<'a>)>),
    /// What is no tensor.
    Other(&'a View),
}

/// What is known of everything that a program shows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels {
    shown: BTreeMap<Span, Shown>,
    axes: BTreeMap<String, Vec<Option<String>>>,
    categories: Vec<Vec<String>>,
    /// What metrics of a run are called before the last `.`, with the categories that the run learns.
    learnt: BTreeMap<String, Vec<Vec<String>>>,
}

impl Labels {
    /// What a program knows.
    pub(crate) fn of(compiled: &Compiled) -> Labels {
        let mut categories: Vec<Vec<String>> = vec![];
        for names in compiled.categories() {
            if !categories.contains(names) {
                categories.push(names.clone());
            }
        }
        let shown = compiled.shows().map(|show| (show.span, show.value.clone()));
        Labels {
            shown: shown.collect(),
            axes: compiled.axes().clone(),
            categories,
            learnt: learnt(compiled),
        }
    }

    /// A value shown at `span`, with labels.
    pub(crate) fn label<'a>(&self, span: Span, view: &'a View) -> Labelled<'a> {
        self.walk(view, self.shown.get(&span))
    }

    /// A value by itself, with labels.
    pub(crate) fn plain<'a>(&self, view: &'a View) -> Labelled<'a> {
        self.walk(view, None)
    }

    fn walk<'a>(&self, view: &'a View, shown: Option<&Shown>) -> Labelled<'a> {
        match view {
            View::Tensor(tensor) => Labelled::Tensor(tensor, self.of_tensor(shown)),
            View::Tuple(parts) => {
                let shown = |at: usize| match shown {
                    Some(Shown::Tuple(parts)) => parts.get(at),
                    Some(_) | None => None,
                };
                Labelled::Tuple(
                    parts
                        .iter()
                        .enumerate()
                        .map(|(at, part)| self.walk(part, shown(at)))
                        .collect(),
                )
            }
            View::Record(fields) => {
                let shown = |at: usize| match shown {
                    Some(Shown::Record(fields)) => fields.get(at).map(|(_, field)| field),
                    Some(_) | None => None,
                };
                let fields = fields.iter().enumerate();
                let fields =
                    fields.map(|(at, (name, field))| (name.as_str(), self.walk(field, shown(at))));
                Labelled::Record(fields.collect())
            }
            View::Text(_)
            | View::Drawn(_)
            | View::Heatmap { .. }
            | View::Images { .. }
            | View::Plot { .. }
            | View::History { .. }
            | View::Folds(_)
            | View::Run(_)
            | View::Data(_) => Labelled::Other(view),
        }
    }

    fn of_tensor(&self, shown: Option<&Shown>) -> Label {
        let axes = match shown {
            Some(Shown::Tensor(name)) => self.axes.get(name).cloned().unwrap_or_default(),
            Some(_) | None => vec![],
        };
        Label {
            axes,
            categories: self.categories_of(shown).clone(),
        }
    }

    /// Metrics speak of what their run learns; anything else may speak of all there is.
    fn categories_of(&self, shown: Option<&Shown>) -> &Vec<Vec<String>> {
        let learnt = match shown {
            Some(Shown::Tensor(name)) => {
                let home = name.rsplit_once('.').map(|(home, _)| home);
                home.and_then(|home| self.learnt.get(home))
            }
            Some(_) | None => None,
        };
        learnt.unwrap_or(&self.categories)
    }
}

/// The categories that stand along the axes of metrics.
fn learnt(compiled: &Compiled) -> BTreeMap<String, Vec<Vec<String>>> {
    let actions = compiled.actions().iter();
    let found = actions.filter_map(|action| match action {
        Action::Evaluate { run, prefix, .. } => {
            Some((prefix.clone(), compiled.target_categories(run)))
        }
        Action::Train(_) | Action::Compute(_) | Action::Show(_) | Action::Assert(_) => None,
        Action::Save { .. } | Action::Load { .. } | Action::Generate(_) | Action::Test(_) => None,
        Action::CrossValidate { .. } | Action::Draw { .. } => None,
    });
    found.filter(|(_, lists)| !lists.is_empty()).collect()
}
