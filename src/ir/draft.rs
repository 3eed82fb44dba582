//! What lowering makes of a syntax tree: functions whose names, layers, records and static choices are resolved, and whose
//! shapes are not. Types appear only where the user wrote them, as patterns for the checker to match; axes and sizes are spoken
//! of in the user's words (`over: classes`).

use crate::arena::{Arena, Id};
use crate::ir::{Origin, OriginId, Role};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::tensor::{Distribution, Extreme, Factor, MatrixKind, Monoid};
use crate::types::{DType, Dim, Relation, Unifier};

/// Identity of a draft value within its function.
pub type DraftValue = Id<DraftNode>;
/// Identity of a draft function.
pub type DraftId = Id<DraftFunc>;
/// Identity of a spread variable, the `s` of `..s`.
pub type SpreadId = Id<Spread>;
/// Identity of the float type one signature leaves open.
pub type FloatId = Id<FloatVar>;

/// Any number of axes under one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread {
    /// As written, without the dots.
    pub name: String,
}

/// The float type that a signature without dtypes leaves to its caller.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct FloatVar {
    /// A type to fall back on before `f32`.
    pub default: Option<DType>,
}

/// The element type a pattern asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Elem {
    /// This one.
    Fixed(DType),
    /// A float type, one for the whole signature.
    Float(FloatId),
}

/// One entry of a pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisPattern {
    /// Any number of axes; an unnamed spread gets a variable of its own.
    Spread(SpreadId),
    /// Any size.
    Hole,
    /// This size, under this label.
    Axis(Option<String>, Dim),
}

/// A tensor type as a user wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The element type.
    pub elem: Elem,
    /// The axes.
    pub axes: Vec<AxisPattern>,
    /// Where it was written.
    pub span: Span,
}

/// An axis as a user speaks of it.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisRef {
    /// By place; negative counts from the last.
    Index(i64),
    /// By label or by the size it has; the size is known where the name is a symbol in scope.
    Named(String, Option<Dim>),
}

/// Several axes as a user speaks of them.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisSet {
    /// Every axis.
    All,
    /// These.
    These(Vec<AxisRef>),
    /// Every axis but these.
    AllBut(Vec<AxisRef>),
}

/// One entry of an index expression.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexSpec {
    /// As many whole axes as are needed.
    Ellipsis,
    /// One place, negative from the end; the axis goes away.
    At(Dim),
    /// A range; negative numbers count from the end, a missing side reaches to it.
    Range(Option<Dim>, Option<Dim>),
}

/// A size in a `reshape`.
#[derive(Clone, Debug, PartialEq)]
pub enum NewDim {
    /// This size.
    Size(Dim),
    /// Whatever is left over; written `-1` or `_`.
    Rest,
}

/// A letter or a group of letters on one side of a `rearrange`.
pub type LetterGroup = Vec<String>;

/// A parsed `rearrange` pattern: `"b s (n h) -> n b s h"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rearrange {
    /// The operand's axes.
    pub from: Vec<LetterGroup>,
    /// The result's axes.
    pub to: Vec<LetterGroup>,
    /// Sizes given by name.
    pub sizes: Vec<(String, Dim)>,
}

/// A parsed `einsum` pattern: `"b i j, b j k -> b i k"`.
#[derive(Clone, Debug, PartialEq)]
pub struct Einsum {
    /// Each operand's letters.
    pub operands: Vec<Vec<String>>,
    /// The result's letters.
    pub out: Vec<String>,
}

/// Windows as the language speaks of them; the size of those added up is that of their axis.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowSpec {
    /// How many places a window has, where that is not the size of an axis.
    pub size: Option<Dim>,
    /// Distance between windows.
    pub stride: Dim,
    /// Distance between places of a window.
    pub dilation: Dim,
}

/// A primitive with its static arguments, as the language speaks of it. Its form in ops is `ops`' business.
#[derive(Clone, Debug, PartialEq)]
pub enum Prim {
    /// A scalar function of every element.
    Scalar(Scalar),
    /// `cast(x, f64)`
    Cast(DType),
    /// `stop_gradient(x)`
    StopGradient,
    /// `sum`, `prod`, `min`, `max`, `any`, `all` over axes.
    Reduce(Monoid, AxisSet),
    /// `count(x, over:)`: how many elements a reduction folds, a number.
    Count(AxisSet),
    /// `argmax(x, over:)`, `argmin(x, over:)`
    ArgReduce(Extreme, AxisRef),
    /// `cumsum(x, over:)`
    CumSum(AxisRef),
    /// `sort(x, over:)`
    Sort(AxisRef),
    /// `argsort(x, over:)`
    ArgSort(AxisRef),
    /// `ranks(x, over:)`
    Ranks(AxisRef),
    /// `a @ b`
    MatMul,
    /// `x'`
    Transpose,
    /// `einsum("…", a, b)`
    Einsum(Einsum),
    /// `rearrange(x, "…", n: 3)`
    Rearrange(Rearrange),
    /// `permute(x, [1, 0])`
    Permute(Vec<AxisRef>),
    /// `reshape(x, [batch, _])`
    Reshape(Vec<NewDim>),
    /// `flatten(x, keep: batch)`
    Flatten(AxisSet),
    /// `squeeze(x, 1)`: an axis of size one goes away.
    Squeeze(AxisRef),
    /// `expand(x, axis: 1)`: a new axis of size one.
    Expand(i64),
    /// `broadcast(x, like: y)`; `along` names the axes of `y` that `x` lacks where names cannot tell.
    Broadcast(Option<AxisSet>),
    /// `x[…]`
    Index(Vec<IndexSpec>),
    /// `concat([a, b], axis:)`
    Concat(AxisRef),
    /// `stack([a, b], axis:)`: a new axis.
    Stack(i64),
    /// `split(x, parts:, axis:)`: that many results.
    Split(usize, AxisRef),
    /// `unstack(x, axis:)`: one result an index; the number comes from the pattern it is bound to.
    Unstack(usize, AxisRef),
    /// `reverse(x, axis:)`
    Reverse(AxisRef),
    /// `pad(x, before:, after:, axis:)`
    Pad(AxisRef, Dim, Dim),
    /// `windows(x, size:, axis:, stride:, dilation:)`
    Windows(AxisRef, WindowSpec),
    /// `overlap(x, axis:, stride:, dilation:, more:)`: windows added up; the axis is that of the places, the next one theirs.
    Overlap(AxisRef, WindowSpec, Dim),
    /// `take(x, indices, axis:)`
    Take(AxisRef),
    /// Whole numbers of one axis less than the second operand as rows with a 1 at their place; anything else as it is.
    OneHotLike,
    /// `fill(value, like:)`: the scalar everywhere.
    Fill,
    /// `indices(like:, axis:)`: each element's place along an axis, in the type of `like`.
    Indices(AxisRef),
    /// Random numbers in the type of the first operand; the others are seed and step.
    Random(Distribution, u64),
    /// `inverse(A)`
    Inverse,
    /// `solve(A, B, upper:, lower:)`
    Solve(MatrixKind),
    /// `qr(A)`, `cholesky(A)`, `eigh(A)`, `svd(A, full:)`, `lu(A)`
    Factor(Factor),
}

/// Why a value must match a pattern; decides how a mismatch is told.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// It is passed for a parameter.
    Argument {
        /// Whose.
        callee: String,
        /// Which.
        param: String,
    },
    /// It is what a definition returns.
    Result {
        /// Whose.
        callee: String,
    },
    /// A `let` says so.
    Let(String),
    /// It is a model's parameter, used again under this declaration.
    Param(String),
    /// It is a field of the data, fed to this input of the model.
    Field {
        /// The data block and field.
        field: String,
        /// What decides the field's shape.
        because: String,
        /// The model's input.
        input: String,
    },
    /// It is what a run minimises.
    Loss,
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// An input of the function; `None` takes the type of what is passed.
    Input(Role, Option<Pattern>),
    /// A number literal; adapts to the element type it meets.
    Number(f64),
    /// A list of numbers; adapts likewise.
    Array(Vec<usize>, Vec<f64>),
    /// Whole numbers of which a float cannot hold one; adapt likewise.
    Whole(Vec<usize>, Vec<i64>),
    /// Whole numbers that stay so, of type `i64`.
    Tokens(Vec<usize>, Vec<i64>),
    /// A truth value.
    Bool(bool),
    /// A dimension as a number; adapts likewise.
    Size(Dim),
    /// The operand, an integer scalar, as a number that adapts likewise.
    Adaptable,
    /// The first operand, an input that takes the type of the second.
    Like,
    /// Stands for a tensor of this type where only the type matters: `zeros()` for a parameter.
    Template(Pattern),
    /// A primitive.
    Prim(Prim),
    /// The operand, which must match; carries the pattern's type on.
    Ascribe(Pattern, Why),
    /// A function with a reverse rule of its own.
    Custom {
        /// What it computes.
        forward: DraftId,
        /// The rule: (operands…, results…, cotangents…) to cotangents.
        backward: DraftId,
    },
    /// All results of `func`, then the gradients of its first one.
    Grad {
        /// What to differentiate.
        func: DraftId,
        /// With respect to which inputs.
        wrt: Vec<usize>,
    },
    /// All results of `func`, then the pulled-back cotangents (the last operands).
    Vjp {
        /// What to differentiate.
        func: DraftId,
        /// With respect to which inputs.
        wrt: Vec<usize>,
    },
    /// `func` over and over along an axis of the operands behind the states: all new states along that axis. The operands are the
    /// first states, what is walked along, what `func` captures.
    Scan {
        /// One step.
        func: DraftId,
        /// How many states there are.
        n_states: usize,
        /// How many operands are walked along.
        n_each: usize,
        /// The axis.
        over: AxisRef,
        /// Whether it begins at the end.
        is_reversed: bool,
    },
    /// The `index`-th result of a node that has several.
    Part(usize),
    /// A `where` clause to hold here: checked at a use, taken for granted inside the definition. No value.
    Where(Relation, Dim, Dim, Trust),
    /// `?`: report the type wanted, and which of these bindings have it. The operands are their values.
    Hole(Vec<String>),
}

/// Whether a constraint is to be proven or may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The caller must satisfy it.
    Prove,
    /// The definition may rely on it.
    Assume,
    /// The caller must satisfy it, and leaves to its own callers what divides what, where that cannot be told of every size.
    Defer,
}

/// A node: what it computes from which values, and where that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct DraftNode {
    /// What it computes.
    pub kind: NodeKind,
    /// From which values.
    pub operands: Vec<DraftValue>,
    /// Where each operand was written, if that is known.
    pub places: Vec<Span>,
    /// Where it was written.
    pub origin: OriginId,
}

/// A function: nodes in order, of which some are inputs and some are results.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct DraftFunc {
    /// How dumps call it.
    pub name: String,
    /// The nodes; each reads earlier ones.
    pub nodes: Arena<DraftNode>,
    /// The inputs in the order they are passed.
    pub inputs: Vec<DraftValue>,
    /// The results, each with its name.
    pub results: Vec<(String, DraftValue)>,
    /// Whether the results are bound as globals under their names.
    pub exports: bool,
}

/// Everything lowering made, with the variables the checker has to solve for.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    /// Dimension symbols, some unknown.
    pub dims: Unifier,
    /// Spread variables.
    pub spreads: Arena<Spread>,
    /// Float types left open.
    pub floats: Arena<FloatVar>,
    /// Where nodes came from.
    pub origins: Arena<Origin>,
    /// The functions.
    pub funcs: Arena<DraftFunc>,
    /// Fields of the data: where each was declared, and what decides its shape.
    pub fields: Vec<(Span, String)>,
    /// Tensors that are there before anything runs, by name.
    pub globals: Vec<(String, DType, Vec<usize>)>,
    /// The element type of floats that nothing decides, if it is not `f32`.
    pub float: Option<DType>,
}

impl Draft {
    /// The element type of floats that nothing decides.
    pub fn default_float(&self) -> DType {
        self.float.unwrap_or(DType::F32)
    }
}
