//! Modules and functions in SSA form over tensors. Every value has a type; a function owns its values and refers to nothing
//! outside it but other functions. Knows no source text beyond the origin ids that lead to spans.

use std::fmt;

use crate::arena::{Arena, Id};
use crate::ir::op::Op;
use crate::source::Span;
use crate::types::{TensorType, Unifier};

/// Identity of a value within its function.
pub type ValueId = Id<Value>;
/// Identity of a function within its module.
pub type FuncId = Id<Func>;
/// Identity of an origin within its module.
pub type OriginId = Id<Origin>;

/// Where something was written, and from where that place was called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Origin {
    /// The place itself.
    pub span: Span,
    /// The call that led there, when it lies inside a definition.
    pub caller: Option<OriginId>,
    /// What is called there, where it is a call.
    pub called: Option<Called>,
}

/// A call of a definition, by places.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Called {
    /// The definition's name, where it is declared.
    pub name: Span,
    /// The first argument, as it was written: in brackets, or before a `|>`.
    pub operand: Option<Span>,
}

/// An SSA value.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Its type.
    pub ty: TensorType,
    /// Where it came from.
    pub origin: OriginId,
}

/// One operation: operands in, results out.
#[derive(Clone, Debug, PartialEq)]
pub struct Inst {
    /// What it does.
    pub op: Op,
    /// What it reads.
    pub operands: Vec<ValueId>,
    /// What it defines.
    pub results: Vec<ValueId>,
}

/// What an input of a function stands for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// An argument, or a value captured by a nested function.
    Arg(String),
    /// A trained parameter, by path.
    Param(String),
    /// A model's running state, by path.
    State(String),
    /// A state of the optimizer, by path.
    OptState(String),
    /// The sum of a parameter's gradients, by path.
    Gradient(String),
    /// A field of the data, by name.
    Field(String),
    /// A value bound at the top level, by name.
    Global(String),
    /// The number of the current update, from one; an `i64` scalar.
    Step,
    /// The seed of the run; an `i64` scalar.
    Seed,
}

/// An input of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    /// What it stands for.
    pub role: Role,
    /// Its value.
    pub value: ValueId,
}

/// A function: inputs, instructions in order, results.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Func {
    /// How dumps call it.
    pub name: String,
    /// Every value.
    pub values: Arena<Value>,
    /// The inputs in order.
    pub inputs: Vec<Input>,
    /// The instructions; each reads inputs or results of earlier ones.
    pub body: Vec<Inst>,
    /// The results in order, each with the name a dump shows.
    pub results: Vec<(String, ValueId)>,
    /// Whether it only serves another function, as what that calls or differentiates.
    pub is_nested: bool,
}

/// All functions of a program with the symbols their types speak of.
#[derive(Clone, Debug, Default)]
pub struct Module {
    /// Dimension symbols; unknowns are solved.
    pub dims: Unifier,
    /// Where values came from.
    pub origins: Arena<Origin>,
    /// The functions.
    pub funcs: Arena<Func>,
}

impl Module {
    /// The functions that stand for themselves: neither nested nor referred to by another.
    pub fn roots(&self) -> Vec<FuncId> {
        let bodies = self.funcs.iter().flat_map(|(_, func)| &func.body);
        let served: Vec<FuncId> = bodies.flat_map(|inst| inst.op.callees()).collect();
        let stands = |id: &FuncId| !self.funcs[*id].is_nested && !served.contains(id);
        self.funcs.ids().filter(stands).collect()
    }
}

impl Role {
    /// The path or name of what the input stands for.
    pub fn path(&self) -> &str {
        match self {
            Role::Arg(name) | Role::Field(name) | Role::Global(name) => name,
            Role::Param(path) | Role::State(path) | Role::OptState(path) | Role::Gradient(path) => {
                path
            }
            Role::Step => "step",
            Role::Seed => "seed",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Role::Arg(_) => "arg ",
            Role::Param(_) => "param ",
            Role::State(_) => "state ",
            Role::OptState(_) => "optimizer state ",
            Role::Gradient(_) => "gradient ",
            Role::Field(_) => "field ",
            Role::Global(_) => "global ",
            Role::Step | Role::Seed => "",
        };
        write!(f, "{kind}{}", self.path())
    }
}

impl Func {
    /// A function without inputs, instructions or results.
    pub fn new(name: impl Into<String>) -> Func {
        Func {
            name: name.into(),
            ..Func::default()
        }
    }

    /// The type of a value.
    pub fn ty(&self, value: ValueId) -> &TensorType {
        &self.values[value].ty
    }
}
