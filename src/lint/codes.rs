//! The codes of the lints, one line each.

use crate::diag::{Code, Stage};

const fn code(number: u16) -> Code {
    Code::warning(Stage::Lint, number)
}

/// A parameter of a definition that its body does not read.
pub const UNREAD_PARAM: Code = code(802);
/// A `let`, `param` or `state` inside a body that nothing reads.
pub const UNREAD_LET: Code = code(803);
/// A field of the data that nothing uses.
pub const UNUSED_FIELD: Code = code(804);
/// A size that occurs once, next to one that occurs often.
pub const NEAR_TWIN: Code = code(805);
