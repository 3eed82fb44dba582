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
pub use crate::lower::codes::{NEVER_RECORDED, TRAIN_SETTING};

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

/// A run directory that another process is writing.
pub const RUN_DIR_TAKEN: Code = file(720);
/// A run directory that holds an earlier run, where one is to begin.
pub const RUN_DIR_HOLDS: Code = file(721);
/// A folder that is no run directory.
pub const NO_RUN_DIR: Code = file(722);
/// A run directory whose manifest cannot be read.
pub const RUN_DIR_DAMAGED: Code = file(723);
/// A run that cannot go on as it began: its program, its data or nnlc is another.
pub const RUN_CHANGED: Code = file(724);
/// A checkpoint that is damaged or gone, and no older one is whole.
pub const CHECKPOINT_DAMAGED: Code = file(725);
/// Warning: the newest checkpoint is damaged; an older one is taken.
pub const OLDER_CHECKPOINT: Code = Code::warning(Stage::File, 726);
/// Warning: a checkpoint could not be written; the run goes on, and so does its last one.
pub const NOT_KEPT: Code = Code::warning(Stage::File, 727);
