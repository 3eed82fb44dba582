//! The syntax tree: what was written, with its places. Knows no names' meanings and no shapes.
//!
//! Chains of one precedence level (`a + b - c`, `x |> f |> g`) are flat lists, so that a long sum is no deeper than a short one.

use std::rc::Rc;

use crate::source::{Span, Spanned};
use crate::types::{DType, Relation};

/// A name as written.
pub type Name = Spanned<String>;

/// One file, or one line at the prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// `//!` lines, without the marker.
    pub docs: Vec<String>,
    /// Declarations and statements in order.
    pub items: Vec<Item>,
    /// Plain comments in order, for the formatter.
    pub comments: Vec<Spanned<String>>,
}

/// A declaration or statement with the `///` lines before it.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The doc lines, without the marker.
    pub docs: Vec<String>,
    /// The whole item, docs excluded.
    pub span: Span,
    /// What it is.
    pub kind: ItemKind,
}

/// What an item is. Programs share what is large, so that one grows by a line without a copy of the lines before.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `use nn::{Dense, relu};`
    Use(Use),
    /// `dim seq = 64;`
    Dim(DimDecl),
    /// `type Pair[n] = { a: [n], b: [n] };`
    Type(TypeDecl),
    /// `fn`, `layer`, `model` or `optimizer`.
    Def(Rc<Def>),
    /// `data iris { … }`
    Data(Rc<Block<Field>>),
    /// `train fit { … }`
    Train(Rc<Block<Field>>),
    /// `test "…" { … }`
    Test(Rc<Test>),
    /// A statement at the top level.
    Stmt(Rc<Stmt>),
}

/// `use path::{a, b};`, `use path::name as other;` or `use path;`
#[derive(Clone, Debug, PartialEq)]
pub struct Use {
    /// The module, `nn` in `nn::{Dense}`.
    pub module: Name,
    /// What to bring into scope; empty brings the module itself.
    pub names: Vec<UseName>,
}

/// One imported name.
#[derive(Clone, Debug, PartialEq)]
pub struct UseName {
    /// The name in its module.
    pub name: Name,
    /// What to call it here.
    pub alias: Option<Name>,
}

/// A file-wide dimension; without a value it is solved from the data.
#[derive(Clone, Debug, PartialEq)]
pub struct DimDecl {
    /// Its name.
    pub name: Name,
    /// Its size.
    pub value: Option<DimExpr>,
}

/// A named type with dimension parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDecl {
    /// Its name.
    pub name: Name,
    /// Its dimension parameters.
    pub params: Vec<Name>,
    /// What it stands for.
    pub ty: Type,
}

/// What a definition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefKind {
    /// A pure function. With two parameter lists it is curried: `glorot()(like)`.
    Fn,
    /// Settings first, then inputs; may hold parameters and state.
    Layer,
    /// A layer that can be trained.
    Model,
    /// A layer over one parameter and its gradient.
    Optimizer,
}

/// A function, layer, model or optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Def {
    /// Which of them.
    pub kind: DefKind,
    /// Its name.
    pub name: Name,
    /// The first parameter list where there are two.
    pub settings: Option<Vec<Param>>,
    /// The last parameter list.
    pub inputs: Vec<Param>,
    /// The declared result.
    pub result: Option<Type>,
    /// The `where` clause.
    pub constraints: Vec<Constraint>,
    /// The body; `= expr;` is a block without statements. `None` declares a primitive, which only the library may do.
    pub body: Option<Body>,
    /// A reverse rule of its own.
    pub grad: Option<GradRule>,
}

/// `name: type = default`
#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    /// `///` lines before it.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// What it is when not given.
    pub default: Option<Expr>,
}

/// `heads divides d`; `a >= b` is stored as `b <= a`.
#[derive(Clone, Debug, PartialEq)]
pub struct Constraint {
    /// The relation.
    pub relation: Relation,
    /// Its left side.
    pub left: DimExpr,
    /// Its right side.
    pub right: DimExpr,
    /// The whole clause.
    pub span: Span,
}

/// `grad(x, y, dy) { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct GradRule {
    /// Names for the inputs, the result and its cotangent.
    pub params: Vec<Name>,
    /// The cotangents of the inputs.
    pub body: Body,
    /// The whole rule.
    pub span: Span,
}

/// Statements, then the value.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The statements in order.
    pub stmts: Vec<Stmt>,
    /// The value, if there is one.
    pub value: Option<Box<Expr>>,
    /// From brace to brace.
    pub span: Span,
}

/// A named list in braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Block<T> {
    /// The declared name.
    pub name: Name,
    /// What stands between the braces.
    pub fields: Vec<T>,
}

/// `name: value`
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// `///` lines before it.
    pub docs: Vec<String>,
    /// Its name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// `test "what holds" { … }`
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What holds.
    pub name: Spanned<String>,
    /// The statements.
    pub body: Body,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Type {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: TypeKind,
}

/// The forms of a type.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    /// `f64[batch, 4]`; without a dtype the signature's float type.
    Tensor(Option<DType>, Vec<AxisExpr>),
    /// `dim`, `bool`, `f32`, `schedule`, or a declared type with its dimensions.
    Named(Name, Vec<DimExpr>),
    /// `same or valid or dims[2]`: words, and what else may be given; each is named.
    Choice(Vec<Type>),
    /// `{ h: [n], c: [n] }`
    Record(Vec<(Name, Type)>),
    /// `([n], [m])`
    Tuple(Vec<Type>),
    /// `fn([n]) -> []`
    Fn(Vec<Type>, Box<Type>),
}

/// One entry of a tensor type.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisExpr {
    /// `..s`, or `..` alone
    Spread(Option<Name>, Span),
    /// `?` or `_`: whatever size arrives
    Hole(Span),
    /// `h: 28`, or a size alone
    Axis(Option<Name>, DimExpr),
}

/// A size as written in a type.
#[derive(Clone, Debug, PartialEq)]
pub struct DimExpr {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: DimExprKind,
}

/// The forms of a size.
#[derive(Clone, Debug, PartialEq)]
pub enum DimExprKind {
    /// A number.
    Int(i64),
    /// A symbol.
    Name(String),
    /// Terms joined by `+ - * /`, applied from the left.
    Chain(Box<DimExpr>, Vec<(BinaryOp, DimExpr)>),
    /// `floor_div`, `ceil_div`, `min` or `max` of two sizes.
    Call(Name, Box<(DimExpr, DimExpr)>),
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    /// `///` lines before it.
    pub docs: Vec<String>,
    /// Where.
    pub span: Span,
    /// What.
    pub kind: StmtKind,
}

/// The forms of a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `let (a, b): type = value;`
    Let(Pattern, Option<Type>, Expr),
    /// `param w: [n, m] ~ init;`
    Param(Name, Type, Option<Expr>),
    /// `state mu: [c] = zeros();`
    State(Name, Type, Expr),
    /// `next mu = value;`
    Next(Name, Expr),
    /// `tap name = value;`
    Tap(Name, Expr),
    /// `assert condition;`
    Assert(Expr),
    /// `show value;`
    Show(Expr),
    /// `save value to path;`
    Save(Expr, Expr),
    /// An expression for its own sake; only the prompt has a use for it.
    Expr(Expr),
}

/// What a `let` binds.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// One name.
    Name(Name),
    /// One name a component.
    Tuple(Vec<Name>),
}

impl Pattern {
    /// The names that it binds.
    pub fn names(&self) -> &[Name] {
        match self {
            Pattern::Name(name) => std::slice::from_ref(name),
            Pattern::Tuple(names) => names,
        }
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// Where.
    pub span: Span,
    /// What.
    pub kind: ExprKind,
}

/// The forms of an expression.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// `3`, `0.5`, `80%` (which is 0.8)
    Number(Number),
    /// `10 epochs`
    Quantity(Number, Unit),
    /// `"text"`, unescaped
    Str(String),
    /// `true`, `false`
    Bool(bool),
    /// `?`: the checker says what is wanted
    Hole,
    /// `name` or `module::name`
    Path(Vec<Name>),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `(a, b)`
    Tuple(Vec<Expr>),
    /// `{ a: x, b: y }`
    Record(Vec<(Name, Expr)>),
    /// `-x`, `not x`
    Unary(UnaryOp, Box<Expr>),
    /// Operators of one precedence level, applied from the left; `^` and comparisons are chains of one.
    Chain(Box<Expr>, Vec<(Spanned<BinaryOp>, Expr)>),
    /// `x |> f |> g`; at least two stages
    Pipe(Vec<Expr>),
    /// `f(a, name: b)`
    Call(Box<Expr>, Vec<Arg>),
    /// `x[0, 2:5, ..]`
    Index(Box<Expr>, Vec<IndexItem>),
    /// `x.field`
    Member(Box<Expr>, Name),
    /// `x'`
    Transpose(Box<Expr>),
    /// `fn(a, b) => value`
    Lambda(Vec<Name>, Box<Expr>),
    /// `if condition { … } else { … }`; an `else if` is a body whose value is the next `if`
    If(Box<Expr>, Body, Body),
    /// `repeat n { … }`
    Repeat(Box<Expr>, Body),
}

/// A number literal.
#[derive(Clone, Debug, PartialEq)]
pub struct Number {
    /// Its value; a percentage is divided by a hundred.
    pub value: f64,
    /// Its exact value where it is a whole number without point or exponent that fits.
    pub int: Option<i64>,
    /// Whether it was written with `%`.
    pub is_percent: bool,
}

/// The unit of a typed literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Passes over the data.
    Epochs,
    /// Updates.
    Steps,
    /// Rows.
    Samples,
    /// Groups of rows.
    Batches,
    /// Seconds.
    Seconds,
    /// Minutes.
    Minutes,
    /// Hours.
    Hours,
    /// Degrees.
    Degrees,
    /// Pixels.
    Pixels,
    /// 2^20 bytes.
    Mebibytes,
    /// 2^30 bytes.
    Gibibytes,
}

/// A prefix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOp {
    /// `-`
    Neg,
    /// `not`
    Not,
}

/// An infix operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `@`
    MatMul,
    /// `^`
    Pow,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `and`
    And,
    /// `or`
    Or,
}

/// An argument, by place or by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Arg {
    /// The name it was given by.
    pub name: Option<Name>,
    /// Its value.
    pub value: Expr,
}

/// One entry of an index.
#[derive(Clone, Debug, PartialEq)]
pub enum IndexItem {
    /// `..`: all axes not spoken of
    Ellipsis(Span),
    /// `i`: the axis goes away
    At(Expr),
    /// `a:b`, either of which may be missing
    Range(Option<Expr>, Option<Expr>, Span),
}

impl BinaryOp {
    /// The operator as written.
    pub fn symbol(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::MatMul => "@",
            BinaryOp::Pow => "^",
            BinaryOp::Eq => "==",
            BinaryOp::Ne => "!=",
            BinaryOp::Lt => "<",
            BinaryOp::Le => "<=",
            BinaryOp::Gt => ">",
            BinaryOp::Ge => ">=",
            BinaryOp::And => "and",
            BinaryOp::Or => "or",
        }
    }
}

impl Unit {
    /// How many seconds one is, if it is a time.
    pub fn seconds(self) -> Option<f64> {
        match self {
            Unit::Seconds => Some(1.0),
            Unit::Minutes => Some(60.0),
            Unit::Hours => Some(3600.0),
            Unit::Epochs | Unit::Steps | Unit::Samples | Unit::Batches => None,
            Unit::Degrees | Unit::Pixels | Unit::Mebibytes | Unit::Gibibytes => None,
        }
    }

    /// Whether its name is a plural, of which one has none.
    pub fn is_counted(self) -> bool {
        match self {
            Unit::Epochs | Unit::Steps | Unit::Samples | Unit::Batches => true,
            Unit::Seconds | Unit::Minutes | Unit::Hours => true,
            Unit::Degrees | Unit::Pixels | Unit::Mebibytes | Unit::Gibibytes => false,
        }
    }

    /// The unit as written.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Epochs => "epochs",
            Unit::Steps => "steps",
            Unit::Samples => "samples",
            Unit::Degrees => "deg",
            Unit::Pixels => "px",
            Unit::Mebibytes => "MiB",
            Unit::Batches => "batches",
            Unit::Seconds => "seconds",
            Unit::Minutes => "minutes",
            Unit::Hours => "hours",
            Unit::Gibibytes => "GiB",
        }
    }
}
