//! The codes lowering reports, one line each.

use crate::diag::{Code, Stage};

/// A name that nothing declares.
pub const UNKNOWN_NAME: Code = Code::new(Stage::Name, 51);
/// A module that the library lacks.
pub const UNKNOWN_MODULE: Code = Code::new(Stage::Name, 52);
/// A name declared twice.
pub const DUPLICATE: Code = Code::new(Stage::Name, 53);
/// A call with too many, too few or unknown arguments.
pub const ARGUMENTS: Code = Code::new(Stage::Name, 54);
/// A value of another kind than the place wants.
pub const WRONG_KIND: Code = Code::new(Stage::Name, 55);
/// A definition that needs itself.
pub const RECURSION: Code = Code::new(Stage::Name, 56);
/// A field that a block or value does not have.
pub const UNKNOWN_FIELD: Code = Code::new(Stage::Name, 57);
/// A field that a block needs.
pub const MISSING_FIELD: Code = Code::new(Stage::Name, 58);
/// A dimension that no type or setting introduces.
pub const UNKNOWN_DIM: Code = Code::new(Stage::Name, 59);
/// An `einsum` or `rearrange` pattern that cannot be read.
pub const PATTERN: Code = Code::new(Stage::Name, 60);
/// A statement that this place does not allow.
pub const MISPLACED: Code = Code::new(Stage::Name, 61);
/// A choice that must be settled before anything runs.
pub const NOT_STATIC: Code = Code::new(Stage::Name, 62);
/// A program that would grow without bounds.
pub const TOO_LARGE: Code = Code::new(Stage::Name, 63);
/// A tuple bound to another number of names.
pub const ARITY: Code = Code::new(Stage::Name, 64);
/// A type that nothing declares.
pub const UNKNOWN_TYPE: Code = Code::new(Stage::Name, 65);
/// A character that a model was never shown.
pub const UNKNOWN_CHARACTER: Code = Code::new(Stage::Link, 215);
/// A definition without a body outside the library.
pub const NO_BODY: Code = Code::new(Stage::Name, 66);
/// A parameter without an initialiser.
pub const NO_INITIALISER: Code = Code::new(Stage::Name, 67);
/// A picture that is saved under a name whose ending is none of `.png` and `.svg`.
pub const NO_FORMAT: Code = Code::new(Stage::File, 735);
/// A train block whose settings contradict one another.
pub const TRAIN_SETTING: Code = Code::new(Stage::Train, 501);
/// A value that early stopping watches and nothing records.
pub const NEVER_RECORDED: Code = Code::new(Stage::Train, 510);
/// A value that is another thing than the docs say a parameter takes.
pub const NOT_AS_CLAIMED: Code = Code::warning(Stage::Lint, 801);
/// A model input that no field of the data feeds.
pub const NO_FIELD: Code = Code::new(Stage::Link, 201);
