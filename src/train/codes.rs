//! The codes of training and of saved models, one a line; the numbers are stable.

use crate::diag::{Code, Stage};

const fn file(number: u16) -> Code {
    Code::new(Stage::File, number)
}

/// A loss that is not a number, or infinite.
pub const DIVERGED: Code = Code::new(Stage::Num, 610);
/// A weight that is not a number, or infinite, at the end of a run.
pub const WEIGHTS_NOT_FINITE: Code = Code::new(Stage::Num, 611);
/// A function needs a value that nothing has computed.
pub const UNBOUND: Code = Code::new(Stage::Num, 612);
pub use crate::lower::codes::NEVER_RECORDED;

/// A saved model that does not exist.
pub const NO_MODEL: Code = file(710);
/// A file that cannot be read.
pub const UNREADABLE: Code = file(711);
/// A file that cannot be written.
pub const UNWRITABLE: Code = file(712);
/// A file that is no saved model.
pub const NOT_A_MODEL: Code = file(713);
/// A saved model that a newer version wrote.
pub const NEWER: Code = file(714);
/// A saved model that does not fit the program's.
pub const MISFIT: Code = file(715);
/// Warning: a saved model with a weight that is not a number, or infinite.
pub const NOT_FINITE: Code = Code::warning(Stage::File, 716);
