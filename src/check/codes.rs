//! The codes the checker reports beside those of the ops, one line each.

use crate::diag::{Code, Stage};

/// An argument of another shape than its parameter.
pub const ARGUMENT_SHAPE: Code = Code::new(Stage::Shape, 160);
/// An argument of another element type than its parameter.
pub const ARGUMENT_DTYPE: Code = Code::new(Stage::Shape, 161);
/// A definition that returns another shape than it declares.
pub const RESULT_SHAPE: Code = Code::new(Stage::Shape, 162);
/// A `let` whose value has another type than it declares.
pub const LET_TYPE: Code = Code::new(Stage::Shape, 163);
/// A parameter used under two different types.
pub const PARAM_TYPE: Code = Code::new(Stage::Shape, 164);
/// A `where` clause that does not hold.
pub const WHERE: Code = Code::new(Stage::Shape, 165);
/// A size that nothing decides.
pub const UNDECIDED: Code = Code::new(Stage::Shape, 166);
/// A size that is negative or beyond all memory.
pub const IMPOSSIBLE: Code = Code::new(Stage::Shape, 167);
/// A hole.
pub const HOLE: Code = Code::new(Stage::Shape, 168);
/// Two sizes that had to be equal once everything was known.
pub const UNEQUAL: Code = Code::new(Stage::Shape, 169);
/// A loss that is no scalar.
pub const LOSS: Code = Code::new(Stage::Shape, 170);
/// A field of the data that does not fit the model's input.
pub const FIELD: Code = Code::new(Stage::Link, 202);
/// Model and data that disagree on a size.
pub const DISAGREE: Code = Code::new(Stage::Link, 203);
