//! The codes of everything the parser reports, in one list. A number, once given, keeps its meaning.

use crate::diag::{Code, Stage};

const fn code(number: u16) -> Code {
    Code::new(Stage::Parse, number)
}

/// Something else was expected here.
pub const UNEXPECTED: Code = code(1);
/// A statement does not end in `;`.
pub const MISSING_SEMICOLON: Code = code(2);
/// Two fields, arguments or items without a `,` between them.
pub const MISSING_COMMA: Code = code(3);
/// A bracket is not closed.
pub const UNCLOSED_BRACKET: Code = code(4);
/// A bracket closes nothing.
pub const STRAY_BRACKET: Code = code(5);
/// A string does not end on its line.
pub const UNCLOSED_STRING: Code = code(6);
/// A `/*` without its `*/`.
pub const UNCLOSED_COMMENT: Code = code(7);
/// A string escape that the language does not have.
pub const BAD_ESCAPE: Code = code(8);
/// A number that cannot be read or held.
pub const BAD_NUMBER: Code = code(9);
/// A character that has no meaning outside strings and comments.
pub const BAD_CHARACTER: Code = code(10);
/// A reserved word where a name is wanted.
pub const RESERVED_WORD: Code = code(11);
/// `=` where `:` is wanted, or the other way round.
pub const COLON_OR_EQUALS: Code = code(12);
/// `->` where `=>` is wanted, or the other way round.
pub const WRONG_ARROW: Code = code(13);
/// A word or operator of another language.
pub const FOREIGN: Code = code(14);
/// `a < b < c`.
pub const CHAINED_COMPARISON: Code = code(15);
/// An operator among the stages of `|>`, outside brackets.
pub const LOOSE_PIPE: Code = code(16);
/// `not` behind an operator that binds tighter.
pub const LOOSE_NOT: Code = code(17);
/// Nested deeper than the compiler follows.
pub const TOO_DEEP: Code = code(18);
/// One item longer than the compiler takes.
pub const TOO_LONG: Code = code(19);
/// A `layer` or `optimizer` without its two parameter lists, or a definition without a result.
pub const BAD_SIGNATURE: Code = code(20);
/// A value inside a block that nothing uses.
pub const UNUSED_VALUE: Code = code(21);
/// An `if` without `else`.
pub const MISSING_ELSE: Code = code(22);
/// A doc comment with nothing behind it to document.
pub const DANGLING_DOC: Code = code(23);
/// A function that sizes do not have.
pub const BAD_SIZE_FUNCTION: Code = code(24);
/// Text that is not UTF-8.
pub const NOT_UTF8: Code = code(25);
/// A character that a reader cannot see or will take for another.
pub const CONFUSABLE: Code = Code::warning(Stage::Parse, 26);
/// A program in which nothing stands.
pub const EMPTY: Code = code(28);
/// More errors than are shown.
pub const MANY_ERRORS: Code = code(27);
