//! What a program asks of its data: the `data name { … }` block as plain structs. `read` fills them in; the rest of this room
//! reads them. Every piece keeps its span, so that each error has its place. Nothing here has seen a file.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::augment::Augment;
use crate::data::days::DayOrder;
use crate::data::mixup::Mixup;
use crate::source::{Span, Spanned};
use crate::tokens::Bpe;

/// A `data name { … }` block.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSpec {
    /// What the program calls it.
    pub name: Spanned<String>,
    /// Where the rows come from.
    pub source: SourceSpec,
    /// Which cells count as missing, and what then.
    pub missing: MissingSpec,
    /// The fields in order of declaration: `x`, `y`, …
    pub fields: Vec<FieldSpec>,
    /// How rows are divided into parts.
    pub split: SplitSpec,
    /// What is done to the images of a training batch, by field.
    pub augment: Vec<AugmentSpec>,
    /// The whole block.
    pub span: Span,
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum SourceSpec {
    /// `csv("data/iris.csv")`
    Csv(CsvSpec),
    /// `table({ a: [0, 1], y: ["no", "yes"] })`
    Inline(InlineSpec),
    /// `random(rows: 128, normal: 4, classes: 3)`
    Random(RandomSpec),
    /// `text("input.txt")`: one row a character or a word.
    Text(TextSpec),
    /// `lines("names.txt")`: one row a line.
    Lines(TextSpec),
    /// `jsonl("reviews.jsonl")`: one row an object, one a line.
    Jsonl(TextSpec),
    /// `idx("data/mnist")`: columns `images` and `labels`, and the given part `test` where the folder holds it.
    Idx(FolderSpec),
    /// `cifar("cifar-10-batches-bin")`: the same columns, and `coarse` of CIFAR-100.
    Cifar(FolderSpec),
    /// `images("photos/")`: columns `images` and `labels`.
    Images(ImagesSpec),
    /// `npy("x.npy", labels: "y.npy")`: columns `images`, or `x0`, `x1`, …, and `labels`.
    Npy(NpySpec),
}

/// NumPy arrays: one of rows, one of their labels.
#[derive(Clone, Debug, PartialEq)]
pub struct NpySpec {
    /// Images, or columns of numbers.
    pub rows: NpyFiles,
    /// A number a row.
    pub labels: Option<NpyFiles>,
    /// Which axis of images is that of the channels, where the program says so.
    pub channels: Option<Channels>,
}

/// The file of an array, and that of the part `test` where it is held apart; the paths are relative to the program's folder.
#[derive(Clone, Debug, PartialEq)]
pub struct NpyFiles {
    /// The rows that parts share.
    pub train: Spanned<String>,
    /// The rows of the given part `test`.
    pub test: Option<Spanned<String>>,
}

/// Where images have their channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channels {
    /// `[n, c, h, w]`
    First,
    /// `[n, h, w, c]`
    Last,
}

/// A folder of files.
#[derive(Clone, Debug, PartialEq)]
pub struct FolderSpec {
    /// The path, relative to the program's folder.
    pub path: Spanned<String>,
}

/// A folder with a folder of images for each class.
#[derive(Clone, Debug, PartialEq)]
pub struct ImagesSpec {
    /// The path, relative to the program's folder.
    pub path: Spanned<String>,
    /// Whether colours become shades of gray.
    pub gray: bool,
    /// The height and width that all are brought to.
    pub size: Option<[u32; 2]>,
}

/// `x: [shift(max: 2 px), rotate(max: 10 deg)]`: what is done to a field in training.
#[derive(Clone, Debug, PartialEq)]
pub struct AugmentSpec {
    /// The field.
    pub field: Spanned<String>,
    /// What is done to its images, in order.
    pub changes: Vec<Spanned<Augment>>,
    /// `mixup(alpha: 0.2)`: how finished rows are mixed, in all fields; once a block.
    pub mixups: Vec<Spanned<Mixup>>,
}

/// A file of text.
#[derive(Clone, Debug, PartialEq)]
pub struct TextSpec {
    /// The path, relative to the program's folder.
    pub path: Spanned<String>,
}

/// A file of separated values with a header row.
#[derive(Clone, Debug, PartialEq)]
pub struct CsvSpec {
    /// The path, relative to the program's folder.
    pub path: Spanned<String>,
    /// The separator, `,` when the program names none; one ASCII byte.
    pub delimiter: Option<Spanned<char>>,
}

/// A table that stands in the program.
#[derive(Clone, Debug, PartialEq)]
pub struct InlineSpec {
    /// Its columns in order.
    pub columns: Vec<InlineColumn>,
    /// The whole source.
    pub span: Span,
}

/// One column of a table in the program.
#[derive(Clone, Debug, PartialEq)]
pub struct InlineColumn {
    /// Its name.
    pub name: Spanned<String>,
    /// Its cells, one a row.
    pub cells: Vec<Spanned<InlineCell>>,
    /// The list of cells.
    pub span: Span,
}

/// A cell of a table in the program.
#[derive(Clone, Debug, PartialEq)]
pub enum InlineCell {
    /// `true`
    Bool(bool),
    /// `3`
    Int(i64),
    /// `0.5`, or a calculation
    Float(f64),
    /// `"yes"`
    Text(String),
}

/// Numbers drawn at random, a pure function of the seed: columns `x0`, `x1`, … of standard normal numbers, `u0`, `u1`, … uniform
/// on `[0, 1)`, and `class`, all classes equally likely.
#[derive(Clone, Debug, PartialEq)]
pub struct RandomSpec {
    /// The number of rows.
    pub rows: Spanned<usize>,
    /// The number of columns `x`.
    pub normal: usize,
    /// The number of columns `u`.
    pub uniform: usize,
    /// The number of classes, where there is a column `class`.
    pub classes: Option<Spanned<usize>>,
    /// The seed.
    pub seed: u64,
    /// The whole source.
    pub span: Span,
}

/// Which cells count as missing, and what becomes of their rows. Filling in is a transform, see [`TransformSpec::Impute`].
#[derive(Clone, Debug, PartialEq, Default)]
pub struct MissingSpec {
    /// The texts that mean "no value", compared after trimming; `None` stands for [`MissingSpec::DEFAULT_TOKENS`].
    pub tokens: Option<Vec<Spanned<String>>>,
    /// What a missing cell does to its row when no transform fills it.
    pub policy: MissingPolicy,
}

impl MissingSpec {
    /// What counts as missing unless the program says otherwise. `-` and `None` are left out: both are values in real files,
    /// and a cell that is no number is reported anyway.
    pub const DEFAULT_TOKENS: [&'static str; 11] = [
        "", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "?",
    ];

    /// The texts that mean "no value".
    pub fn tokens(&self) -> Vec<&str> {
        match &self.tokens {
            Some(tokens) => tokens.iter().map(|token| token.value.trim()).collect(),
            None => MissingSpec::DEFAULT_TOKENS.to_vec(),
        }
    }
}

/// What a missing cell does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissingPolicy {
    /// It is an error that names its line; the default, so that nothing is lost in silence.
    #[default]
    Error,
    /// `missing: drop`: its row is left out.
    DropRows,
}

/// One field: `x: [a, b] |> standardize`.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSpec {
    /// The field's name.
    pub name: Spanned<String>,
    /// The columns it takes.
    pub select: Columns,
    /// What is done to them, in order.
    pub transforms: Vec<Spanned<TransformSpec>>,
    /// How rows are cut into windows behind them; all fields are, or none.
    pub windows: Option<Spanned<WindowSpec>>,
    /// How rows of tokens come to be of one length.
    pub padded: Option<Spanned<PadSpec>>,
    /// The whole right side.
    pub span: Span,
}

/// `windows(64, shift: 1)`: runs of rows that follow each other, `[batch, 64, ..row]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSpec {
    /// Rows in a window.
    pub length: usize,
    /// How many rows behind the window's start it begins.
    pub shift: usize,
    /// How many rows lie between the starts of windows; as many as a window has where the program does not say.
    pub stride: usize,
}

/// `padded(16, shift: 1)` or `mask(16, shift: 1)`: rows of tokens as rows of one length, zeros behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PadSpec {
    /// Places in a row.
    pub length: usize,
    /// The token that stands first.
    pub shift: usize,
    /// Whether it only tells where tokens are, 1 and 0.
    pub is_mask: bool,
    /// How many tokens a row may have: as many as a field of the block reaches.
    pub reach: usize,
    /// Whether longer rows are cut rather than refused.
    pub cuts: bool,
}

/// The columns of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Columns {
    /// One column by name: a row is a scalar, the field `[batch]`.
    One(Spanned<String>),
    /// Several: a row is a vector, the field `[batch, k]`, in the order written; a pattern counts as several.
    Many(Vec<Selector>),
}

/// One entry of a list of columns.
#[derive(Clone, Debug, PartialEq)]
pub enum Selector {
    /// A column by name.
    Name(Spanned<String>),
    /// `columns("pixel_*")`: every column whose name matches, in file order; `*` is any text, `?` any one character.
    Glob(Spanned<String>),
    /// `first..last`: these two and what stands between them in the file.
    Range {
        /// The leftmost column.
        first: Spanned<String>,
        /// The rightmost column, included.
        last: Spanned<String>,
    },
    /// `columns(except: [species])`: every column but these, in file order; without names, every column.
    Except {
        /// The columns left out.
        names: Vec<Spanned<String>>,
        /// The whole selector.
        span: Span,
    },
}

/// One transform as the program writes it; fitting it on the train part makes a `Fitted`.
#[derive(Clone, Debug, PartialEq)]
pub enum TransformSpec {
    /// `standardize`: `(x − mean) / sd` by column, `sd` of the population; a constant column becomes 0.
    Standardize,
    /// `normalize(low, high)`: `low + (x − min) / (max − min) · (high − low)` by column; `[0, 1]` when not said.
    Normalize {
        /// What the smallest value becomes.
        low: f64,
        /// What the largest value becomes.
        high: f64,
    },
    /// `scale(by: 1 / 255)`: `x · by`.
    Scale {
        /// The factor, neither 0 nor infinite.
        by: f64,
    },
    /// `log`: the natural logarithm, of positive values.
    Log,
    /// `log1p`: `ln(1 + x)`, of values above −1.
    Log1p,
    /// `clip(low, high)`: values outside are moved to the nearer bound.
    Clip {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// `impute(median)`: missing cells get a value.
    Impute(Fill),
    /// `one_hot(…)`: category → vector with a 1 at the category's place; several columns are laid side by side.
    OneHot {
        /// Which categories there are.
        classes: Classes,
        /// `size: n`: the dimension symbol that the number of categories decides, for the link with a model.
        size: Option<Spanned<String>>,
        /// What a category becomes that the train part never showed.
        unknown: Unknown,
    },
    /// `label(…)`: category → its index, `i64`.
    Label {
        /// Which categories there are.
        classes: Classes,
        /// `size: n`: the dimension symbol that the number of categories decides.
        size: Option<Spanned<String>>,
    },
    /// `flatten`: an image as a line of numbers, channel by channel, row by row.
    Flatten,
    /// `days`, `days(order: mdy)`: a date as days since the beginning of 1970.
    Days {
        /// The order of day and month where both are numbers before the year.
        order: Option<DayOrder>,
    },
    /// `binary(positive: "malignant")`: 1 for that category, 0 for every other.
    Binary {
        /// The category that becomes 1.
        positive: Spanned<String>,
    },
    /// `chars(size: vocab)`: character → its place in the train part's vocabulary, `i64`.
    Chars {
        /// `size: vocab`: the dimension symbol that the number of characters decides.
        size: Option<Spanned<String>>,
        /// `unknown: "?"`: the character that stands for those the train part never showed.
        unknown: Option<char>,
    },
    /// `words(size: vocab)`: word → its place among the train part's, the most frequent first, `i64`.
    Words {
        /// `size: vocab`: the dimension symbol that the number of words decides.
        size: Option<Spanned<String>>,
        /// `most: 5000`: how many of them are told apart.
        most: Option<usize>,
        /// `unknown: "?"`: what stands for the others.
        unknown: String,
    },
    /// `bpe(512, size: vocab)`: byte-pair encoding, `i64`.
    Bpe {
        /// `size: vocab`: the dimension symbol that the number of tokens decides.
        size: Option<Spanned<String>>,
        /// Where the pairs come from.
        pairs: Pairs,
    },
    /// `ends("\n")`: a text at both ends of each row.
    Ends(String),
}

/// Where the pairs of byte-pair encoding come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Pairs {
    /// `bpe(512)`: the train part's, up to so many tokens.
    Learnt(usize),
    /// `bpe(from: "tokenizer.json")`, not read yet.
    File(Spanned<String>),
    /// As a file has them.
    Read(Arc<Bpe>),
}

impl TransformSpec {
    /// The name in the language.
    pub fn name(&self) -> &'static str {
        match self {
            TransformSpec::Standardize => "standardize",
            TransformSpec::Normalize { .. } => "normalize",
            TransformSpec::Scale { .. } => "scale",
            TransformSpec::Log => "log",
            TransformSpec::Log1p => "log1p",
            TransformSpec::Clip { .. } => "clip",
            TransformSpec::Impute(_) => "impute",
            TransformSpec::OneHot { .. } => "one_hot",
            TransformSpec::Label { .. } => "label",
            TransformSpec::Flatten => "flatten",
            TransformSpec::Days { .. } => "days",
            TransformSpec::Binary { .. } => "binary",
            TransformSpec::Chars { .. } => "chars",
            TransformSpec::Words { .. } => "words",
            TransformSpec::Bpe { .. } => "bpe",
            TransformSpec::Ends(_) => "ends",
        }
    }

    /// Whether it learns from the numbers of the train part.
    pub(crate) fn learns_from_numbers(&self) -> bool {
        match self {
            TransformSpec::Standardize | TransformSpec::Normalize { .. } => true,
            TransformSpec::Scale { .. }
            | TransformSpec::Log
            | TransformSpec::Log1p
            | TransformSpec::Clip { .. }
            | TransformSpec::Impute(_)
            | TransformSpec::OneHot { .. }
            | TransformSpec::Label { .. }
            | TransformSpec::Flatten
            | TransformSpec::Days { .. }
            | TransformSpec::Binary { .. }
            | TransformSpec::Chars { .. }
            | TransformSpec::Words { .. }
            | TransformSpec::Bpe { .. }
            | TransformSpec::Ends(_) => false,
        }
    }
}

/// What `impute` puts into a missing cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Fill {
    /// The mean of the column's values.
    Mean,
    /// The median of the column's values, the mean of the middle two when their number is even.
    Median,
    /// The most frequent value; of equally frequent ones the first in category order.
    Mode,
    /// This number.
    Number(f64),
    /// This category.
    Text(String),
}

/// Where the categories of `one_hot` and `label` come from.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum Classes {
    /// The train part's values: in order of size when all are integers, `false` before `true`, else in order of text.
    #[default]
    Found,
    /// `classes: 10`: the integers `0..n`, or exactly as many names as are found.
    Count(Spanned<usize>),
    /// `classes: ["no", "yes"]`: these, in this order.
    Named(Vec<Spanned<String>>),
}

/// What becomes of a category that the train part never showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unknown {
    /// An error that names it; the default.
    #[default]
    Error,
    /// `unknown: zero`: a row of zeros.
    Zero,
}

/// How rows are divided into parts.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitSpec {
    /// The parts.
    pub parts: PartsSpec,
    /// `test: given`: parts that the source holds apart; the others share the rest.
    pub given: Vec<Spanned<String>>,
    /// By what rows are assigned.
    pub by: SplitBy,
    /// Seed of the shuffle.
    pub seed: u64,
    /// The `split:` entry, or the block's name where there is none.
    pub span: Span,
}

/// The parts of a split.
#[derive(Clone, Debug, PartialEq)]
pub enum PartsSpec {
    /// No split: one part called `all`, on which the transforms are fitted as well.
    Whole,
    /// `train: 80%, val: 20%`: shares in order, summing to one; one of them is called `train`.
    Shares(Vec<ShareSpec>),
    /// `folds(k: 5, held: 0)`: `k` equal parts; the held one is called `val`, the others together `train`.
    Folds {
        /// How many.
        k: Spanned<usize>,
        /// Which one is held out, counted from 0.
        held: Spanned<usize>,
    },
}

impl PartsSpec {
    /// How many folds there are, and which is held out.
    pub(crate) fn folds(&self) -> Option<(usize, usize)> {
        match self {
            PartsSpec::Folds { k, held } => Some((k.value, held.value)),
            PartsSpec::Whole | PartsSpec::Shares(_) => None,
        }
    }
}

/// One share of a split.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareSpec {
    /// The part's name.
    pub name: Spanned<String>,
    /// Its share of the rows, within (0, 1].
    pub share: Spanned<f64>,
}

/// By what rows are assigned to parts.
#[derive(Clone, Debug, PartialEq, Default)]
pub enum SplitBy {
    /// A seeded shuffle.
    #[default]
    Shuffle,
    /// The order of the file: the first part gets the first rows.
    Order,
    /// Each category of this column is shared out in proportion, shuffled.
    Stratify(Spanned<String>),
    /// Rows that agree in this column stay together.
    Group(Spanned<String>),
}
