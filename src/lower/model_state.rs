//! The model that a function contains: what is known of its weights, and where in it lowering stands.

use crate::ir::OriginId;
use crate::ir::Role;
use crate::ir::draft::Pattern;
use crate::lower::Cx;
use crate::lower::inspect::Tapped;
use crate::lower::scope::DefId;
use crate::lower::value::TensorRef;
use crate::syntax::ast::Expr;
use std::collections::BTreeMap;

/// How a parameter or state gets its first value, kept until the function that makes them is lowered.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    pub(crate) role: Role,
    pub(crate) pattern: Pattern,
    pub(crate) initialiser: Expr,
    pub(crate) cx: Cx,
    pub(crate) caller: Option<OriginId>,
}

/// The model that the function being lowered contains.
#[derive(Debug, Default)]
pub(crate) struct ModelState {
    /// Parameters and states in the order they were met.
    pub(crate) recipes: Vec<Recipe>,
    /// The inputs of the outermost function that stand for them.
    pub(crate) inputs: Vec<(Role, TensorRef)>,
    /// New values of states, in the order they were met.
    pub(crate) next: Vec<(Role, TensorRef)>,
    /// Whether this is the function that trains.
    pub(crate) training: bool,
    /// Parameters by path that must not be trained here but are given: a trained run's.
    pub(crate) prefix: Option<String>,
    pub(crate) path: Vec<String>,
    /// For each layer being inlined, how many siblings of a name it has had.
    pub(crate) siblings: Vec<BTreeMap<String, usize>>,
    pub(crate) layers: Vec<DefId>,
    /// Which role the states of the layer being inlined have.
    pub(crate) in_optimizer: bool,
    /// The values of taps by path, where somebody asks for them.
    pub(crate) tapped: Option<Tapped>,
}

impl ModelState {
    /// A model that has been given nothing yet.
    pub(crate) fn new(training: bool) -> ModelState {
        ModelState {
            training,
            siblings: vec![BTreeMap::new()],
            ..ModelState::default()
        }
    }

    /// The path of something called `name` in the layer being inlined.
    pub(crate) fn path_of(&self, name: &str) -> String {
        let parts = self.path.iter().map(String::as_str).chain([name]);
        parts
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(".")
    }

    /// What a parameter or state is to the outermost function: itself, or that of a trained run.
    pub(crate) fn given(&self, role: &Role) -> Role {
        match (&self.prefix, role) {
            (Some(prefix), Role::Param(path) | Role::State(path)) => {
                Role::Global(format!("{prefix}{path}"))
            }
            _ => role.clone(),
        }
    }

    /// The input that stands for a parameter or state, if it has been met.
    pub(crate) fn input(&self, role: &Role) -> Option<TensorRef> {
        self.inputs
            .iter()
            .find(|(known, _)| known == role)
            .map(|(_, input)| *input)
    }

    /// The parameters met so far, by path, with the inputs that stand for them.
    pub(crate) fn params(&self) -> Vec<(String, TensorRef)> {
        let path = |role: &Role| match role {
            Role::Param(path) => Some(path.clone()),
            _ => None,
        };
        self.inputs
            .iter()
            .filter_map(|(role, input)| Some((path(role)?, *input)))
            .collect()
    }

    /// Begins the states of the optimizer of the parameter at `path`.
    pub(crate) fn enter_optimizer(&mut self, path: &str) {
        self.path.push(path.to_string());
        self.siblings.push(BTreeMap::new());
        self.in_optimizer = true;
    }

    /// Ends them.
    pub(crate) fn leave_optimizer(&mut self) {
        self.path.pop();
        self.siblings.pop();
        self.in_optimizer = false;
    }

    /// Begins a definition that is lowered for its own sake.
    pub(crate) fn begin(&mut self, def: DefId) {
        self.layers.push(def);
    }

    /// A name of its own for one more draw of random numbers in the layer being inlined.
    pub(crate) fn draw(&mut self) -> String {
        let Some(siblings) = self.siblings.last_mut() else {
            return self.path_of("draw");
        };
        let count = siblings.entry("draw[]".to_string()).or_insert(0);
        *count += 1;
        let name = format!("draw[{}]", *count - 1);
        self.path_of(&name)
    }

    /// Begins a room of its own for names: a branch, whose layers must not count among those of the other branch, or a statement.
    pub(crate) fn enter_room(&mut self, kind: &str) {
        let name = match self.siblings.last_mut() {
            Some(siblings) => {
                let count = siblings.entry(format!("{kind}[]")).or_insert(0);
                *count += 1;
                format!("{kind}[{}]", *count - 1)
            }
            None => kind.to_string(),
        };
        self.path.push(name);
        self.siblings.push(BTreeMap::new());
    }

    /// Ends it.
    pub(crate) fn leave_room(&mut self) {
        self.path.pop();
        self.siblings.pop();
    }

    /// Notes that a room was passed by, so that later ones of its kind keep their numbers.
    pub(crate) fn pass_room(&mut self, kind: &str) {
        self.enter_room(kind);
        self.leave_room();
    }

    /// Begins the names of a model of its own; gives back what stood there before.
    pub(crate) fn enter_root(&mut self) -> (Vec<String>, Vec<BTreeMap<String, usize>>) {
        let path = std::mem::take(&mut self.path);
        let siblings = std::mem::replace(&mut self.siblings, vec![BTreeMap::new()]);
        (path, siblings)
    }

    /// Puts back what [`Self::enter_root`] gave.
    pub(crate) fn leave_root(&mut self, outer: (Vec<String>, Vec<BTreeMap<String, usize>>)) {
        (self.path, self.siblings) = outer;
    }
}
