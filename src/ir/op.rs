//! The operations engines run. An op's attributes are resolved: an axis is a place, a shape is written out. What an op means,
//! infers and differentiates to stands in one paragraph of `ops/`.

use crate::ir::FuncId;
use crate::scalar::Scalar;
use crate::tensor::{Contract, Distribution, Extreme, Factor, MatrixKind, Monoid, Tensor};
use crate::types::{DType, Dim, Shape};

/// A node kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    /// A constant. No operands.
    Const(Tensor),
    /// A dimension as a scalar of the given type. No operands.
    Size(Dim, DType),
    /// A scalar function of every element; operands broadcast by the one rule (a scalar, or the trailing axes).
    Map(Scalar),
    /// Elements converted: floats to integers toward zero, saturating; to `bool` as `x != 0`.
    Cast(DType),
    /// The operand, through which no gradient flows.
    StopGradient,
    /// Folds the elements along `axes`, which go away.
    Reduce(Monoid, Vec<usize>),
    /// Place of the first extreme element along an axis, which goes away; `i64`.
    ArgReduce(Extreme, usize),
    /// Sum of the elements up to each place along an axis.
    CumSum(usize),
    /// Elements in ascending order along an axis; NaN last.
    Sort(usize),
    /// The places that sort an axis, stable; `i64`.
    ArgSort(usize),
    /// Ranks from one along an axis; ties share their mean rank.
    Ranks(usize),
    /// A sum of products over letters, as `einsum` of two operands.
    Contract(Contract),
    /// Axes in another order: result axis `i` is operand axis `axes[i]`.
    Permute(Vec<usize>),
    /// The same elements under another shape of equal size.
    Reshape(Shape),
    /// Operand axis `i` becomes result axis `places[i]` (ascending), repeated along all others.
    Broadcast {
        /// The result's shape.
        shape: Shape,
        /// Where the operand's axes go.
        places: Vec<usize>,
    },
    /// Part of each axis.
    Slice(Vec<Range>),
    /// The reverse of `Slice`: a tensor of zeros of this shape with the operand at these ranges.
    Embed(Shape, Vec<Range>),
    /// Windows along an axis: it becomes two, the places a window may stand at and the places within it.
    Windows(Window),
    /// The reverse of `Windows`: windows that overlap, added up along an axis of this size.
    Overlap(Window, Dim),
    /// Operands one after the other along an axis.
    Concat(usize),
    /// The elements of an axis in reverse order.
    Reverse(usize),
    /// Rows of the first operand along an axis, chosen by the integers of the second, whose axes replace that axis.
    Gather(usize),
    /// The reverse of `Gather`: cotangents (first operand) added up at the chosen rows (second) of a tensor whose axis has this size.
    ScatterAdd(usize, Dim),
    /// `0, 1, 2, …` along one axis of a tensor of this type.
    Iota(Shape, DType, usize),
    /// Random numbers; a pure function of the operands (seed, step; `i64` scalars), the place and the element's index.
    Random {
        /// Which distribution.
        distribution: Distribution,
        /// The draw's own stream, a hash of where in the model it stands.
        place: u64,
        /// The result's shape.
        shape: Shape,
        /// The result's element type, a float.
        dtype: DType,
    },
    /// Inverse of square matrices in the last two axes.
    Inverse,
    /// `X` with `A X = B`, over the last two axes; `B` may be a vector.
    Solve(MatrixKind),
    /// A matrix in the last two axes as a product: its factors.
    Factor(Factor),
    /// A function over and over along an axis, its states from one step to the next.
    Scan(Scan),
    /// Calls a function.
    Call(FuncId),
    /// Calls `forward`, with a reverse rule of its own: `backward(operands…, results…, cotangents…)` gives the operands' cotangents.
    Custom {
        /// What it computes.
        forward: FuncId,
        /// Its reverse rule.
        backward: FuncId,
    },
    /// Runs `func` and differentiates its first result, a scalar, with respect to some inputs: all results, then the gradients.
    Grad {
        /// What to differentiate.
        func: FuncId,
        /// Which of its inputs.
        wrt: Vec<usize>,
    },
    /// Reverse product: runs `func` on the first operands, pulls back the cotangents given as the last ones (one a result): all
    /// results, then the cotangents of the inputs `wrt`.
    Vjp {
        /// What to differentiate.
        func: FuncId,
        /// Which of its inputs.
        wrt: Vec<usize>,
    },
}

impl Op {
    /// The functions it refers to.
    pub fn callees(&self) -> Vec<FuncId> {
        match self {
            Op::Call(func) | Op::Grad { func, .. } | Op::Vjp { func, .. } => vec![*func],
            Op::Scan(scan) => vec![scan.func],
            Op::Custom { forward, backward } => vec![*forward, *backward],
            Op::Const(_) | Op::Size(..) | Op::Map(_) | Op::Cast(_) | Op::StopGradient => vec![],
            Op::Reduce(..) | Op::ArgReduce(..) | Op::CumSum(_) | Op::Sort(_) => vec![],
            Op::ArgSort(_) | Op::Ranks(_) | Op::Contract(_) | Op::Permute(_) => vec![],
            Op::Reshape(_) | Op::Broadcast { .. } | Op::Slice(_) | Op::Embed(..) => vec![],
            Op::Windows(_) | Op::Overlap(..) => vec![],
            Op::Concat(_) | Op::Reverse(_) | Op::Gather(_) | Op::ScatterAdd(..) => vec![],
            Op::Iota(..) | Op::Random { .. } | Op::Inverse | Op::Solve(_) | Op::Factor(_) => vec![],
        }
    }

    /// Rewrites every dimension among the attributes.
    pub fn map_dims(&mut self, of: &impl Fn(&Dim) -> Dim) {
        match self {
            Op::Size(dim, _) | Op::ScatterAdd(_, dim) => *dim = of(dim),
            Op::Reshape(shape) | Op::Iota(shape, ..) | Op::Broadcast { shape, .. } => {
                *shape = shape.map_dims(of);
            }
            Op::Random { shape, .. } => *shape = shape.map_dims(of),
            Op::Slice(ranges) => ranges.iter_mut().for_each(|range| range.map_dims(of)),
            Op::Embed(shape, ranges) => {
                *shape = shape.map_dims(of);
                ranges.iter_mut().for_each(|range| range.map_dims(of));
            }
            Op::Windows(window) => window.map_dims(of),
            Op::Overlap(window, size) => {
                window.map_dims(of);
                *size = of(size);
            }
            Op::Const(_)
            | Op::Map(_)
            | Op::Cast(_)
            | Op::StopGradient
            | Op::Reduce(..)
            | Op::ArgReduce(..) => {}
            Op::CumSum(_)
            | Op::Sort(_)
            | Op::ArgSort(_)
            | Op::Ranks(_)
            | Op::Contract(_)
            | Op::Permute(_) => {}
            Op::Concat(_)
            | Op::Reverse(_)
            | Op::Gather(_)
            | Op::Inverse
            | Op::Solve(_)
            | Op::Factor(_) => {}
            Op::Scan(_) => {}
            Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => {}
        }
    }
}

/// `func` once for each place of the first axis of some operands. Operands and the inputs of `func` are states, then what is taken
/// place by place (with that axis for the operand, without it for `func`), then what is shared. `func` gives new states, then
/// outputs; the scan gives the last states, then the outputs of all places along a first axis of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Scan {
    /// What one step computes.
    pub func: FuncId,
    /// How many states there are.
    pub n_states: usize,
    /// How many operands are taken place by place, one at least.
    pub n_each: usize,
    /// Whether it begins at the last place.
    pub is_reversed: bool,
}

impl Range {
    /// `start..stop`, every place.
    pub fn new(start: Dim, stop: Dim) -> Range {
        Range {
            start,
            stop,
            step: 1,
        }
    }

    /// `0..size`
    pub fn whole(size: &Dim) -> Range {
        Range::new(Dim::int(0), size.clone())
    }

    /// How many places: `⌈(stop − start) / step⌉`.
    pub fn count(&self) -> Dim {
        let span = &self.stop - &self.start;
        span.ceil_div(&Dim::int(self.step)).unwrap_or(span)
    }

    fn map_dims(&mut self, of: &impl Fn(&Dim) -> Dim) {
        self.start = of(&self.start);
        self.stop = of(&self.stop);
    }
}

/// `start..stop` by `step` along one axis.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Range {
    /// The first place.
    pub start: Dim,
    /// Behind the last place.
    pub stop: Dim,
    /// Distance between places, at least one.
    pub step: i64,
}

/// Windows along one axis: `size` places each, `dilation` apart, the next window `stride` further on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// The axis.
    pub axis: usize,
    /// How many places a window has.
    pub size: Dim,
    /// Distance between windows, at least one.
    pub stride: Dim,
    /// Distance between places of a window, at least one.
    pub dilation: Dim,
}

impl Window {
    /// How far a window reaches from its first place to behind its last: `(size − 1) dilation + 1`.
    pub fn reach(&self) -> Dim {
        let one = Dim::int(1);
        &(&(&self.size - &one) * &self.dilation) + &one
    }

    /// How many windows an axis of `n` holds: `⌊(n − reach) / stride⌋ + 1`.
    pub fn count(&self, n: &Dim) -> Dim {
        let rest = n - &self.reach();
        &rest.floor_div(&self.stride).unwrap_or(rest) + &Dim::int(1)
    }

    /// The size of an axis that `count` windows just fill: `(count − 1) stride + reach`.
    pub fn span(&self, count: &Dim) -> Dim {
        &(&(count - &Dim::int(1)) * &self.stride) + &self.reach()
    }

    fn map_dims(&mut self, of: &impl Fn(&Dim) -> Dim) {
        self.size = of(&self.size);
        self.stride = of(&self.stride);
        self.dilation = of(&self.dilation);
    }
}
