//! The codes of this room, `nnl::data::E0400` and up. A code stands for one kind of fault; its message carries the particulars.

use crate::diag::{Code, Stage};

const fn code(number: u16) -> Code {
    Code::new(Stage::Data, number)
}

/// The file does not exist.
pub const NOT_FOUND: Code = code(401);
/// The path names a folder, a pipe or a device.
pub const NOT_A_FILE: Code = code(402);
/// The system refused to open or to read the file.
pub const UNREADABLE: Code = code(403);
/// The file is of another format: compressed, a spreadsheet, UTF-16, …
pub const NOT_CSV: Code = code(404);
/// The file holds nothing.
pub const EMPTY_FILE: Code = code(405);
/// The file holds a header and no rows.
pub const NO_ROWS: Code = code(406);
/// The first line is a row of values.
pub const NO_HEADER: Code = code(407);
/// Two columns have the same name.
pub const DUPLICATE_HEADER: Code = code(408);
/// A column has no name.
pub const EMPTY_HEADER: Code = code(409);
/// A row has more or fewer cells than the header.
pub const RAGGED_ROW: Code = code(410);
/// A quote is opened and never closed.
pub const UNCLOSED_QUOTE: Code = code(411);
/// Text that is not UTF-8.
pub const NOT_UTF8: Code = code(412);
/// The file is separated by another character.
pub const WRONG_DELIMITER: Code = code(413);
/// There is no column of that name.
pub const UNKNOWN_COLUMN: Code = code(414);
/// A selection takes no column, or one twice.
pub const BAD_SELECTION: Code = code(415);
/// The separator is not one plain ASCII character.
pub const BAD_DELIMITER: Code = code(416);
/// A line is longer than any table's.
pub const LINE_TOO_LONG: Code = code(417);
/// More rows than row numbers.
pub const TOO_MANY_ROWS: Code = code(418);

/// A cell without a value, and nothing said about it.
pub const MISSING_VALUE: Code = code(420);
/// Text where a number is needed.
pub const NOT_A_NUMBER: Code = code(421);
/// A column of text reaches a tensor without being encoded.
pub const NOT_ENCODED: Code = code(422);
/// A value outside of a function's domain.
pub const OUT_OF_DOMAIN: Code = code(423);
/// A category that the train part never showed.
pub const UNSEEN_CATEGORY: Code = code(424);
/// One category only.
pub const ONE_CATEGORY: Code = code(425);
/// Other categories than the program declares.
pub const WRONG_CATEGORIES: Code = code(426);
/// Numbers with fractions where categories are needed.
pub const NOT_CATEGORICAL: Code = code(427);
/// Transforms in an order that means nothing.
pub const TRANSFORM_ORDER: Code = code(428);
/// A setting of a transform that means nothing.
pub const BAD_SETTING: Code = code(429);
/// A column without any value.
pub const NO_VALUES: Code = code(430);
/// A value too large for the element type.
pub const OVERFLOW: Code = code(431);
/// More categories than can be laid out in memory.
pub const TOO_MANY_CATEGORIES: Code = code(432);

/// Warning: a column holds one value only.
pub const CONSTANT_COLUMN: Code = Code::warning(Stage::Data, 435);
/// Warning: a part lacks a category.
pub const CATEGORY_ABSENT: Code = Code::warning(Stage::Data, 436);

/// Shares that do not sum to one.
pub const SHARES_SUM: Code = code(440);
/// A share or a part's name that means nothing.
pub const BAD_SHARE: Code = code(441);
/// A part would get no rows.
pub const EMPTY_PART: Code = code(442);
/// A number of folds, or a held one, that means nothing.
pub const BAD_FOLDS: Code = code(443);

/// Images that cannot be read, or do not fit together.
pub const BAD_IMAGES: Code = code(464);
/// A given part that the source does not hold.
pub const NO_SUCH_PART: Code = code(465);

/// A source or transform that a later version will know.
pub const NOT_SUPPORTED: Code = Code::unsupported(Stage::Data, 460);
/// A cell that is no date where one is needed.
pub const NO_DATE: Code = code(466);
/// Columns of different lengths in a table that stands in the program.
pub const UNEQUAL_COLUMNS: Code = code(461);
/// A column of cells of different kinds in a table that stands in the program.
pub const MIXED_CELLS: Code = code(462);
/// Random numbers, too few or too many of them.
pub const BAD_RANDOM: Code = code(463);

/// A file of tokens that is none, or of another kind than can be read.
pub const BAD_TOKENIZER: Code = code(468);
/// A line that is no JSON object, or a column of values of different kinds.
pub const BAD_JSON: Code = code(467);

/// An array that is none, or whose shape or elements serve for no rows.
pub const BAD_ARRAY: Code = code(469);

/// Windows on rows that do not follow each other, or that disagree.
pub const BAD_WINDOWS: Code = code(470);
/// A part with fewer rows than a window takes.
pub const SHORT_SERIES: Code = code(471);
/// Rows of tokens that are not made of one length.
pub const RAGGED_TOKENS: Code = code(472);
/// A row of more tokens than it is padded to.
pub const LONG_ROW: Code = code(473);

/// Images that do not fit into memory cannot be kept in a temporary file, or not be read back from it.
pub const TEMPORARY_FILE: Code = code(474);
