//! What a name can mean while lowering: tensors being computed, and everything that is settled before anything runs: numbers,
//! sizes, functions, layers, records.

use std::cell::RefCell;
use std::rc::Rc;

use crate::arena::Id;
use crate::chart::Drawing;
use crate::ir::draft::{AxisSet, DraftValue};
use crate::lower::Cx;
use crate::lower::plan::ImageLayout;
use crate::lower::scope::DefId;
use crate::source::Span;
use crate::syntax::ast::{self, Unit};
use crate::types::{DType, Dim};

/// A draft value and the frame of the function it belongs to; a deeper function that uses it captures it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct TensorRef {
    pub(crate) depth: usize,
    pub(crate) value: DraftValue,
}

/// A value at lowering time.
#[derive(Clone, Debug)]
pub(crate) enum Val {
    /// Computed when the program runs.
    Tensor(TensorRef),
    /// A tensor bound at the top level, or a field of a part of the data, by name.
    Global(String),
    /// A number known now.
    Number(f64),
    /// A size; a number once the checker has solved for it.
    Dim(Dim),
    /// A quotient of sizes: exact where a size is wanted, a number otherwise.
    Quotient(Dim, Dim),
    Bool(bool),
    Str(String),
    Quantity(f64, Unit),
    DType(DType),
    /// Axes as the user spoke of them, passed on to a primitive.
    Axes(AxisSet),
    /// `[a, b]`; a tensor where one is wanted.
    List(Vec<Val>),
    Tuple(Vec<Val>),
    Record(Vec<(String, Val)>),
    /// A definition that has not been given its settings.
    Def(DefId),
    /// A function ready to be applied.
    Closure(Rc<Closure>),
    /// A layer with its settings.
    Layer(Rc<Layer>),
    /// What `repeat` makes: applied one after the other.
    Sequence(Vec<Val>),
    /// A thing only the top level can use: a run, a part of the data, a plot.
    Host(Host),
    /// A matrix to be seen in shades, and what stands beside its rows and above its columns.
    Heatmap(Box<Val>, Rc<[Vec<String>; 2]>),
    /// Tensors of images to be seen beneath each other, and how.
    Images(Vec<Val>, ImageLayout),
    /// Lines or points.
    Drawing(Rc<Drawing<Val>>),
    /// Stands for what was wrong and has been reported.
    Poison,
}

/// A function with what it remembers.
#[derive(Debug)]
pub(crate) enum Closure {
    /// `fn(a, b) => body`
    Lambda {
        params: Vec<ast::Name>,
        body: ast::Expr,
        cx: Cx,
    },
    /// A curried definition with its settings.
    Settled {
        def: DefId,
        settings: Vec<(String, Val)>,
    },
    /// `grad(f)` and its relatives.
    Derivative {
        kind: Derivative,
        of: Val,
        span: Span,
    },
    /// A trained model, to be applied to new inputs.
    Trained { run: String },
}

/// Which derivative a [`Closure::Derivative`] takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Derivative {
    Grad,
    ValueAndGrad,
    Jvp,
    Vjp,
}

/// A layer with its settings. Its parameters live under its path, which it gets from the `let` that binds it or at its first
/// use; applying it twice uses them twice.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) def: DefId,
    pub(crate) settings: Vec<(String, Val)>,
    pub(crate) path: RefCell<Option<String>>,
}

/// Values of the top level.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Host {
    /// A `train` block or a loaded model, by name.
    Run(String),
    /// The losses and metrics of a run.
    History(String),
    /// A `data` block, by name.
    Data(String),
    /// A part of a `data` block.
    Part(String, String),
    /// Curves of a run's history.
    Plot(String, Vec<String>),
    /// A text that is drawn from a model, by name.
    Text(String),
    /// What a run came to on each fold: metrics, and the names they are bound to.
    Folds(Vec<(String, String)>),
}

/// Identity of a file's scope.
pub type ScopeId = Id<crate::lower::scope::Scope>;

/// Local names, innermost first; sharing tails makes closures cheap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env(Option<Rc<Binding>>);

#[derive(Debug)]
struct Binding {
    name: String,
    value: Val,
    outer: Env,
    /// Whether this value and all further out are settled.
    is_settled: bool,
}

impl Env {
    /// This environment with one more name.
    pub(crate) fn with(&self, name: impl Into<String>, value: Val) -> Env {
        Env(Some(Rc::new(Binding {
            name: name.into(),
            is_settled: self.is_settled() && value.is_settled(),
            value,
            outer: self.clone(),
        })))
    }

    /// Whether nothing in it is computed at run time.
    fn is_settled(&self) -> bool {
        self.0.as_ref().is_none_or(|binding| binding.is_settled)
    }

    /// This environment without what is computed at run time. The outer part where nothing is stays shared.
    pub(crate) fn settled(&self) -> Env {
        let mut kept = vec![];
        let mut rest = self;
        while let (false, Some(binding)) = (rest.is_settled(), &rest.0) {
            if binding.value.is_settled() {
                kept.push(binding);
            }
            rest = &binding.outer;
        }
        kept.into_iter().rev().fold(rest.clone(), |env, binding| {
            env.with(&*binding.name, binding.value.clone())
        })
    }

    /// What a name means here.
    pub(crate) fn get(&self, name: &str) -> Option<&Val> {
        self.iter()
            .find(|(bound, _)| *bound == name)
            .map(|(_, value)| value)
    }

    /// Every name with its meaning, innermost first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Val)> {
        let first = self.0.as_deref();
        let chain = std::iter::successors(first, |binding| binding.outer.0.as_deref());
        chain.map(|binding| (binding.name.as_str(), &binding.value))
    }
}

/// One by one: a long chain of names would overflow the stack.
impl Drop for Env {
    fn drop(&mut self) {
        let mut next = self.0.take();
        while let Some(Ok(mut binding)) = next.map(Rc::try_unwrap) {
            next = binding.outer.0.take();
        }
    }
}

impl Val {
    /// What kind of thing this is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Val::Tensor(_) | Val::Global(_) => "a tensor",
            Val::Number(_) => "a number",
            Val::Dim(_) | Val::Quotient(..) => "a dimension",
            Val::Bool(_) => "a truth value",
            Val::Str(_) => "a string",
            Val::Quantity(..) => "a quantity with a unit",
            Val::DType(_) => "an element type",
            Val::Axes(_) => "an axis",
            Val::List(_) => "a list",
            Val::Tuple(_) => "a tuple",
            Val::Record(_) => "a record",
            Val::Def(_) | Val::Closure(_) => "a function",
            Val::Layer(_) | Val::Sequence(_) => "a layer",
            Val::Host(host) => host.kind(),
            Val::Heatmap(..) => "a heat map",
            Val::Images(..) => "images",
            Val::Drawing(_) => "a plot",
            Val::Poison => "something already reported",
        }
    }

    /// Whether nothing in it is computed at run time.
    pub(crate) fn is_settled(&self) -> bool {
        match self {
            Val::Tensor(_) => false,
            Val::List(items) | Val::Tuple(items) | Val::Sequence(items) | Val::Images(items, _) => {
                items.iter().all(Val::is_settled)
            }
            Val::Layer(layer) => layer.settings.iter().all(|(_, value)| value.is_settled()),
            Val::Closure(closure) => match closure.as_ref() {
                Closure::Settled { settings, .. } => {
                    settings.iter().all(|(_, value)| value.is_settled())
                }
                Closure::Lambda { .. } | Closure::Derivative { .. } | Closure::Trained { .. } => {
                    true
                }
            },
            Val::Record(fields) => fields.iter().all(|(_, value)| value.is_settled()),
            Val::Heatmap(matrix, _) => matrix.is_settled(),
            Val::Drawing(drawing) => drawing.numbers().all(Val::is_settled),
            _ => true,
        }
    }

    /// A size that is known as the number it is, for places that want no more than that.
    pub(crate) fn into_number(self) -> Val {
        match self {
            Val::Dim(dim) => match dim.as_int() {
                Some(int) => Val::Number(int as f64),
                None => Val::Dim(dim),
            },
            other => other,
        }
    }

    /// The tensors inside tuples and records, in order.
    pub(crate) fn leaves(&self) -> Vec<Val> {
        match self {
            Val::Tuple(items) | Val::Images(items, _) => {
                items.iter().flat_map(Val::leaves).collect()
            }
            Val::Record(fields) => fields
                .iter()
                .flat_map(|(_, value)| value.leaves())
                .collect(),
            Val::Heatmap(matrix, _) => matrix.leaves(),
            Val::Drawing(drawing) => drawing.numbers().flat_map(Val::leaves).collect(),
            other => vec![other.clone()],
        }
    }

    /// The same tuples and records with their leaves, in order, replaced.
    pub(crate) fn with_leaves(&self, leaves: &mut impl Iterator<Item = Val>) -> Val {
        match self {
            Val::Tuple(items) => {
                Val::Tuple(items.iter().map(|item| item.with_leaves(leaves)).collect())
            }
            Val::Record(fields) => Val::Record(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), value.with_leaves(leaves)))
                    .collect(),
            ),
            Val::Heatmap(matrix, labels) => {
                Val::Heatmap(Box::new(matrix.with_leaves(leaves)), labels.clone())
            }
            Val::Images(items, layout) => {
                let items = items.iter().map(|item| item.with_leaves(leaves));
                Val::Images(items.collect(), *layout)
            }
            Val::Drawing(drawing) => {
                let drawing = drawing.map(|tensor| Some(tensor.with_leaves(leaves)));
                drawing.map_or(Val::Poison, |drawing| Val::Drawing(Rc::new(drawing)))
            }
            _ => leaves.next().unwrap_or(Val::Poison),
        }
    }
}

impl Host {
    fn kind(&self) -> &'static str {
        match self {
            Host::Run(_) => "a trained run",
            Host::History(_) => "a run's history",
            Host::Data(_) => "a data block",
            Host::Part(..) => "a part of the data",
            Host::Plot(..) => "a plot",
            Host::Text(_) => "a text drawn from a model",
            Host::Folds(_) => "what a run came to on each fold",
        }
    }
}
