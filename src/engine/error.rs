//! What can go wrong while a function runs, and the words for it. The place in the source is the caller's, by the origin.

use crate::engine::memory::in_words;
use crate::ir::{OriginId, Role};
use crate::ops::{Description, EvalError, codes};
use crate::types::DType;

/// An error at run time.
#[derive(Clone, Debug, PartialEq)]
pub struct RunError {
    /// What is wrong.
    pub fault: RunFault,
    /// Where the value that could not be computed came from, if it is about one.
    pub origin: Option<OriginId>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum RunFault {
    /// An op cannot give its result for these numbers.
    Eval(EvalError),
    /// Another number of tensors than the function has inputs.
    Inputs {
        /// How many inputs there are.
        expected: usize,
        /// How many tensors.
        found: usize,
    },
    /// A tensor that its input has no room for.
    Input {
        /// Which input.
        role: Role,
        /// The input's type, as a user writes it.
        expected: String,
        /// The tensor's element type.
        dtype: DType,
        /// The tensor's sizes.
        shape: Vec<usize>,
        /// What the symbols of the type are by the other tensors, as a user writes it.
        known: Vec<(String, i64)>,
    },
    /// A size that no input tells, or that comes out negative.
    Size {
        /// The size, as a user writes it.
        dim: String,
        /// What it comes out as, if anything.
        value: Option<i64>,
    },
    /// A value that is not finite, made of finite ones.
    NotFinite {
        /// What the op is called.
        op: String,
        /// `not a number` or `infinite`.
        what: &'static str,
        /// Each operand: its type, and between what its elements lie.
        operands: Vec<String>,
    },
    /// Values that no memory holds.
    Memory {
        /// The bytes that are needed at once.
        needed: u64,
        /// The bytes that are free.
        room: u64,
    },
    /// It was asked to end.
    Stopped,
    /// More memory than the program allows.
    Budget {
        /// The fewest bytes that will do.
        needed: u64,
        /// The bytes that are allowed.
        budget: u64,
    },
}

impl RunError {
    /// Whether it is the first operand, a matrix, that is at fault.
    pub fn is_of_matrix(&self) -> bool {
        self.eval_error().is_some_and(EvalError::is_of_matrix)
    }

    /// The op that met a singular matrix, if that is the error.
    pub fn singular_in(&self) -> Option<&'static str> {
        self.eval_error()?.singular_in()
    }

    /// The error in words, where a singular matrix means that columns depend on each other of the one that `name` was given.
    pub fn describe_dependence(&self, name: &str) -> Option<Description> {
        self.eval_error()?.describe_dependence(name)
    }

    fn eval_error(&self) -> Option<&EvalError> {
        match &self.fault {
            RunFault::Eval(error) => Some(error),
            RunFault::Inputs { .. } | RunFault::Input { .. } => None,
            RunFault::Size { .. } | RunFault::Memory { .. } => None,
            RunFault::NotFinite { .. } | RunFault::Budget { .. } | RunFault::Stopped => None,
        }
    }

    /// The error in words.
    pub fn describe(&self) -> Description {
        match &self.fault {
            RunFault::Eval(error) => error.describe(),
            RunFault::Inputs { expected, found } => {
                let message = format!("{expected} tensors expected, {found} given");
                Description::new(codes::SIZES, message)
            }
            RunFault::Input {
                role,
                expected,
                dtype,
                shape,
                known,
            } => {
                let message = format!("{role}: expected {expected}, found {dtype}{shape:?}");
                let known = known.iter().map(|(name, size)| format!("{name} is {size}"));
                let known: Vec<String> = known.collect();
                let note = (!known.is_empty()).then(|| known.join(", "));
                Description::new(codes::SIZES, message).note(note)
            }
            RunFault::Size { dim, value } => {
                let message = match value {
                    Some(value) => format!("size {dim} comes out as {value}"),
                    None => format!("size {dim} does not follow from the data"),
                };
                Description::new(codes::SIZES, message)
            }
            RunFault::NotFinite { op, what, operands } => {
                let message = format!("`{op}` gives what is {what}");
                let ranges = format!("made of {}", operands.join(" and "));
                Description::new(codes::TRAPPED, message).note(Some(ranges))
            }
            RunFault::Stopped => Description::new(codes::STOPPED, "it was asked to end"),
            RunFault::Memory { needed, room } => {
                let (needed, room) = (in_words(*needed), in_words(*room));
                let message = format!("this needs {needed} of memory, and {room} is free");
                let help = "make a size smaller: of a layer, of a tensor, or of the `batch`";
                Description::new(codes::MEMORY, message).help(help.to_string())
            }
            RunFault::Budget { needed, budget } => {
                let (needed, budget) = (in_words(*needed), in_words(*budget));
                let message =
                    format!("a step needs {needed} of memory, and its budget is {budget}");
                let note = "values that can be computed again are not kept already";
                let help = "raise the `budget`, or make the `batch` smaller";
                let said = Description::new(codes::MEMORY, message).note(note.to_owned());
                said.help(help.to_owned())
            }
        }
    }
}

impl From<RunFault> for RunError {
    fn from(fault: RunFault) -> RunError {
        RunError {
            fault,
            origin: None,
        }
    }
}
