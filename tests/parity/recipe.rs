//! Recipes for random functions: a list of numbers, read as steps. Any list is a function, so lists shrink freely.

use nnlc::ir::{Op, Range, ValueId};
use nnlc::ops::Builder;
use nnlc::scalar::Scalar;
use nnlc::tensor::{Contract, Monoid, Tensor};
use nnlc::types::{DType, Dim, Shape};
use proptest::prelude::*;

use crate::gradcheck::case::numbers;

/// Which steps a recipe may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    All,
    /// Scalar functions and conversions.
    Elementwise,
}

/// A random function.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    steps: Vec<[u8; 4]>,
    shape: Vec<usize>,
    dtype: DType,
    kinds: Steps,
}

/// The largest tensor that a step may make.
const MAX_LEN: usize = 1 << 18;

pub(super) fn recipes(kinds: Steps) -> impl Strategy<Value = Recipe> {
    let shapes = prop_oneof![
        4 => prop::collection::vec(1..6usize, 0..4),
        2 => prop::collection::vec(1..40usize, 1..3),
        1 => Just(vec![257, 130]),
        1 => Just(vec![64, 33, 8]),
        1 => Just(vec![3000]),
    ];
    let steps = prop::collection::vec(any::<[u8; 4]>(), 1..20);
    (steps, shapes).prop_map(move |(steps, shape)| Recipe {
        steps,
        shape,
        dtype: DType::F64,
        kinds,
    })
}

impl Recipe {
    pub(super) fn of(self, dtype: DType) -> Recipe {
        Recipe { dtype, ..self }
    }

    /// A tensor of the recipe's shape, and one that repeats along its leading axis.
    pub(super) fn inputs(&self) -> Vec<Tensor> {
        let trailing = &self.shape[self.shape.len().min(1)..];
        let tensor = |shape: &[usize], salt| numbers(shape, salt).cast(self.dtype);
        vec![tensor(&self.shape, 1), tensor(trailing, 2)]
    }

    /// Every value, the steps' in order.
    pub(super) fn body(&self, b: &mut Builder<'_>, inputs: &[ValueId]) -> Vec<ValueId> {
        let mut values = inputs.to_vec();
        for step in &self.steps {
            let x = values[usize::from(step[1]) % values.len()];
            let made = Making {
                b,
                values: &values,
                step: *step,
            }
            .make(self.kinds, x);
            let fits = |value: &ValueId| len(b, *value) <= MAX_LEN;
            values.extend(made.filter(fits));
        }
        values
    }
}

fn sizes(b: &Builder<'_>, x: ValueId) -> Vec<usize> {
    let dims = b.shape(x).dims();
    dims.map(|dim| dim.as_int().expect("a number") as usize)
        .collect()
}

fn len(b: &Builder<'_>, x: ValueId) -> usize {
    sizes(b, x).iter().product()
}

fn shape(sizes: &[usize]) -> Shape {
    Shape::of(sizes.iter().map(|&size| Dim::int(size as i64)))
}

/// One step.
struct Making<'a, 'm> {
    b: &'a mut Builder<'m>,
    values: &'a [ValueId],
    step: [u8; 4],
}

impl Making<'_, '_> {
    fn make(mut self, kinds: Steps, x: ValueId) -> Option<ValueId> {
        let n_kinds = match kinds {
            Steps::All => 15,
            Steps::Elementwise => 4,
        };
        match self.step[0] % n_kinds {
            0 => Some(self.unary(x)),
            1 => self.binary(x),
            2 => Some(self.choice(x)),
            3 => Some(self.conversion(x)),
            4 | 5 => self.fold(x),
            6 => Some(self.permuted(x)),
            7 => Some(self.reshaped(x)),
            8 => Some(self.repeated(x)),
            9 => self.part(x),
            10 => self.reversed(x),
            11 => self.product(x),
            12 => self.joined(x),
            13 => self.softmax(x),
            _ => self.rows(x),
        }
    }

    fn map(&mut self, f: Scalar, x: &[ValueId]) -> ValueId {
        self.b.map(f, x).expect("shapes fit")
    }

    /// A number that suits `x`.
    fn number(&mut self, x: ValueId, number: f64) -> ValueId {
        let dtype = self.b.dtype(x);
        self.b.number(number, dtype)
    }

    /// `f`, of something it is defined for and that is not too large.
    fn unary(&mut self, x: ValueId) -> ValueId {
        use Scalar::{
            Abs, Add, Atan, Cos, Erf, Exp, Expm1, Ln, Log1p, Neg, Sigmoid, Sin, Sqrt, Tanh,
        };
        let plain = [Neg, Abs, Sin, Cos, Atan, Tanh, Sigmoid, Erf];
        let bounded = [Exp, Expm1];
        let positive = [Sqrt, Ln, Log1p];
        let choice = usize::from(self.step[2]) % 13;
        match choice {
            0..8 => self.map(plain[choice], &[x]),
            8 | 9 => {
                let x = self.map(Tanh, &[x]);
                self.map(bounded[choice - 8], &[x])
            }
            _ => {
                let (size, half) = (self.map(Abs, &[x]), self.number(x, 0.5));
                let x = self.map(Add, &[size, half]);
                self.map(positive[choice - 10], &[x])
            }
        }
    }

    /// A value whose shape is that of `x`, or its trailing axes, or a number.
    fn partner(&mut self, x: ValueId) -> ValueId {
        let own = sizes(self.b, x);
        let dtype = self.b.dtype(x);
        let b = &*self.b;
        let fits = |y: &&ValueId| own.ends_with(&sizes(b, **y)) && b.dtype(**y) == dtype;
        let fitting: Vec<ValueId> = self.values.iter().filter(fits).copied().collect();
        match fitting.get(usize::from(self.step[2]) % (fitting.len() + 1)) {
            Some(y) => *y,
            None => self.number(x, 0.75),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the rest are plain")]
    fn binary(&mut self, x: ValueId) -> Option<ValueId> {
        use Scalar::{Add, Div, Max, Min, Mul, Pow, Sub};
        let y = self.partner(x);
        let f = [Add, Sub, Mul, Min, Max, Div, Pow][usize::from(self.step[3]) % 7];
        Some(match f {
            Mul => {
                let y = self.map(Scalar::Sin, &[y]);
                self.map(Mul, &[x, y])
            }
            Div => {
                let (wave, two) = (self.map(Scalar::Sin, &[y]), self.number(y, 2.0));
                let y = self.map(Add, &[wave, two]);
                self.map(Div, &[x, y])
            }
            Pow => {
                let (wave, two) = (self.map(Scalar::Sin, &[x]), self.number(x, 2.0));
                let (x, y) = (self.map(Add, &[wave, two]), self.map(Scalar::Tanh, &[y]));
                self.map(Pow, &[x, y])
            }
            f => self.map(f, &[x, y]),
        })
    }

    fn choice(&mut self, x: ValueId) -> ValueId {
        use Scalar::{And, Ge, Gt, Le, Lt, Ne, Not, Or, Select};
        let y = self.partner(x);
        let f = [Lt, Le, Gt, Ge, Ne][usize::from(self.step[3]) % 5];
        let first = self.map(f, &[x, y]);
        let bound = self.number(x, 1.25);
        let second = self.map(Gt, &[x, bound]);
        let condition = match self.step[3] % 3 {
            0 => self.map(And, &[first, second]),
            1 => self.map(Or, &[first, second]),
            _ => self.map(Not, &[first]),
        };
        let half = self.number(x, 0.5);
        let other = self.map(Scalar::Mul, &[x, half]);
        self.map(Select, &[condition, x, other])
    }

    /// There and back again.
    fn conversion(&mut self, x: ValueId) -> ValueId {
        let own = self.b.dtype(x);
        let between = [DType::F64, DType::I64, DType::I32, DType::Bool];
        let between = between[usize::from(self.step[2]) % 4];
        let there = self.b.cast(x, between).expect("everything converts");
        let back = self.b.cast(there, own).expect("everything converts");
        let half = self.number(x, 0.5);
        let part = self.map(Scalar::Mul, &[back, half]);
        self.map(Scalar::Add, &[x, part])
    }

    /// Axes by the bits of a number.
    fn axes(&self, rank: usize) -> Vec<usize> {
        (0..rank)
            .filter(|axis| self.step[2] >> axis & 1 == 1)
            .collect()
    }

    fn fold(&mut self, x: ValueId) -> Option<ValueId> {
        let own = sizes(self.b, x);
        let axes = self.axes(own.len());
        let count: usize = axes.iter().map(|&axis| own[axis]).product();
        let monoid = [Monoid::Sum, Monoid::Sum, Monoid::Max, Monoid::Min];
        let monoid = monoid[usize::from(self.step[3]) % 4];
        let folded = self.b.op1(Op::Reduce(monoid, axes), &[x]).ok()?;
        let scale = self.number(folded, 1.0 / count as f64);
        if monoid == Monoid::Sum {
            return Some(self.map(Scalar::Mul, &[folded, scale]));
        }
        Some(folded)
    }

    fn permuted(&mut self, x: ValueId) -> ValueId {
        let rank = self.b.shape(x).rank();
        let mut axes: Vec<usize> = (0..rank).collect();
        axes.rotate_left(usize::from(self.step[2]) % rank.max(1));
        if self.step[3] % 2 == 1 {
            axes.reverse();
        }
        self.b.permute(x, axes).expect("a permutation")
    }

    fn reshaped(&mut self, x: ValueId) -> ValueId {
        let len = len(self.b, x);
        let factor = (1..=len.min(7))
            .rev()
            .find(|factor| len.is_multiple_of(*factor));
        let factor = factor.unwrap_or(1);
        let to = match self.step[2] % 3 {
            0 => vec![len],
            1 => vec![len / factor, factor],
            _ => vec![factor, len / factor],
        };
        self.b.reshape(x, shape(&to)).expect("equal sizes")
    }

    fn repeated(&mut self, x: ValueId) -> ValueId {
        let mut to = sizes(self.b, x);
        let at = usize::from(self.step[2]) % (to.len() + 1);
        let places = (0..=to.len()).filter(|place| *place != at).collect();
        to.insert(at, usize::from(self.step[3]) % 4 + 1);
        let repeated = self.b.broadcast(x, shape(&to), places);
        repeated.expect("places ascend")
    }

    fn part(&mut self, x: ValueId) -> Option<ValueId> {
        let own = sizes(self.b, x);
        let axis = usize::from(self.step[2]) % own.len().max(1);
        let size = *own.get(axis)?;
        let mut ranges: Vec<Range> = own
            .iter()
            .map(|&size| Range::whole(&Dim::int(size as i64)))
            .collect();
        let start = usize::from(self.step[3]) % size.max(1);
        ranges[axis] = Range::new(Dim::int(start as i64), Dim::int(size as i64));
        self.b.op1(Op::Slice(ranges), &[x]).ok()
    }

    fn reversed(&mut self, x: ValueId) -> Option<ValueId> {
        let rank = self.b.shape(x).rank();
        let axis = usize::from(self.step[2]) % rank.max(1);
        (rank > 0).then(|| self.b.op1(Op::Reverse(axis), &[x]).expect("an axis"))
    }

    /// A product with a constant, or with itself.
    fn product(&mut self, x: ValueId) -> Option<ValueId> {
        let own = sizes(self.b, x);
        let last = *own.last()?;
        let n = usize::from(self.step[2]) % 20 + 1;
        let letters: Vec<u8> = (0..own.len() as u8).collect();
        let [rest @ .., summed] = &letters[..] else {
            return None;
        };
        let (new, out) = (letters.len() as u8, rest.to_vec());
        let with = |rhs: Vec<u8>, out: Vec<u8>| Contract {
            lhs: letters.clone(),
            rhs,
            out,
        };
        let weights = |shape: &[usize], dtype| {
            let wave = numbers(shape, 9).to_f64().into_iter().map(|x| x * 0.1);
            Tensor::from_vec::<f64>(shape.to_vec(), wave.collect()).cast(dtype)
        };
        let dtype = self.b.dtype(x);
        let (letters, y) = match self.step[3] % 4 {
            0 => (
                with(vec![*summed, new], [&out[..], &[new]].concat()),
                weights(&[last, n], dtype),
            ),
            1 => (
                with(vec![new, *summed], [&[new], &out[..]].concat()),
                weights(&[n, last], dtype),
            ),
            2 => (with(vec![*summed], out), weights(&[last], dtype)),
            _ => {
                let both = with(letters.clone(), out);
                return self.b.op1(Op::Contract(both), &[x, x]).ok();
            }
        };
        let y = self.b.constant(y);
        self.b.op1(Op::Contract(letters), &[x, y]).ok()
    }

    fn joined(&mut self, x: ValueId) -> Option<ValueId> {
        let rank = self.b.shape(x).rank();
        let axis = usize::from(self.step[2]) % rank.max(1);
        let y = self.map(Scalar::Sin, &[x]);
        (rank > 0).then(|| self.b.op1(Op::Concat(axis), &[x, y]).expect("equal shapes"))
    }

    fn softmax(&mut self, x: ValueId) -> Option<ValueId> {
        let own = sizes(self.b, x);
        let last = own.len().checked_sub(1)?;
        let places: Vec<usize> = (0..last).collect();
        let top = self.b.op1(Op::Reduce(Monoid::Max, vec![last]), &[x]).ok()?;
        let top = self.b.broadcast(top, shape(&own), places.clone()).ok()?;
        let below = self.map(Scalar::Sub, &[x, top]);
        let e = self.map(Scalar::Exp, &[below]);
        let sum = self.b.sum(e, vec![last]).ok()?;
        let sum = self.b.broadcast(sum, shape(&own), places).ok()?;
        Some(self.map(Scalar::Div, &[e, sum]))
    }

    fn rows(&mut self, x: ValueId) -> Option<ValueId> {
        let own = sizes(self.b, x);
        let size = *own.first()? as i64;
        let chosen = [self.step[2], self.step[3], self.step[2]].map(|i| i64::from(i) % size);
        let chosen = Tensor::from_vec(vec![3], chosen.to_vec());
        let chosen = self.b.constant(chosen);
        self.b.op1(Op::Gather(0), &[x, chosen]).ok()
    }
}
