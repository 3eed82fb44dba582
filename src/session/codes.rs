//! The codes of the session itself, one a line; the numbers are stable.

use crate::diag::{Code, Stage};

/// A program file that does not exist.
pub const NO_PROGRAM: Code = Code::new(Stage::File, 701);
/// A path that names a folder, a pipe or a device.
pub const NOT_A_FILE: Code = Code::new(Stage::File, 702);
/// A program file that the system refuses to read.
pub const UNREADABLE: Code = Code::new(Stage::File, 703);
/// A program file that is longer than any program.
pub const TOO_LARGE: Code = Code::new(Stage::File, 704);

/// `--set` that names nothing of the program.
pub const UNKNOWN_SETTING: Code = Code::new(Stage::Name, 70);
/// `--set` that cannot be read.
pub const BAD_SETTING: Code = Code::new(Stage::Name, 71);

/// Two fields of the data decide one dimension differently.
pub const SIZES_DIFFER: Code = Code::new(Stage::Link, 210);
/// A field of the data decides a dimension that the program does not declare.
pub const UNDECLARED_SIZE: Code = Code::new(Stage::Link, 211);

/// A curve that a run did not record.
pub const UNKNOWN_CURVE: Code = Code::new(Stage::Train, 520);
/// Something is asked of a run that was not trained.
pub const NOT_TRAINED: Code = Code::new(Stage::Train, 521);

/// The system gives no memory for native code: the interpreter computes instead, with the same results up to rounding, and slower.
pub const NO_NATIVE_CODE: Code = Code::new(Stage::Num, 630);
/// A model whose chances are no numbers.
pub const NO_CHANCES: Code = Code::new(Stage::Num, 621);
/// Images to be seen, of sizes that are none of images.
pub const NOT_IMAGES: Code = Code::new(Stage::Shape, 175);
/// Numbers to be drawn that make up no points, or other points than their groups.
pub const NOT_DRAWN: Code = Code::new(Stage::Shape, 179);
/// An assertion that does not hold.
pub const ASSERTION: Code = Code::new(Stage::Num, 620);
/// Two runs of one program that are to be kept in two folders.
pub const TWO_RUN_DIRS: Code = Code::new(Stage::Train, 522);

/// Warning: a model is saved without what it takes to compute it outside its program.
pub const NO_RECIPE: Code = Code::warning(Stage::File, 717);
/// A saved model that holds weights and no definitions.
pub const WEIGHTS_ALONE: Code = Code::new(Stage::File, 718);
/// A saved model that this version computes other values of.
pub const OTHER_VALUES: Code = Code::new(Stage::File, 728);
/// A saved model whose text is no description of a model.
pub const BAD_RECIPE: Code = Code::new(Stage::File, 719);
