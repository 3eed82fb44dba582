//! The derivative of every scalar function, as an expression over the same functions: so it can be differentiated again. Each is
//! finite wherever its function is smooth, also where a piece of the textbook formula is not.

use std::f64::consts::FRAC_2_SQRT_PI;

use crate::scalar::{Algebra, Scalar};

/// A partial derivative; the values that need no multiplication are told apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Partial<V> {
    /// Nothing flows.
    Zero,
    /// The cotangent flows as it is.
    One,
    /// The cotangent flows negated.
    MinusOne,
    /// The cotangent flows times this.
    Is(V),
}

impl Scalar {
    /// `∂f/∂args[which]` at `args`, where `y = f(args)`.
    pub fn derivative<A: Algebra>(
        self,
        a: &mut A,
        args: &[A::V],
        y: &A::V,
        which: usize,
    ) -> Partial<A::V> {
        use Partial::{Is, MinusOne, One, Zero};
        let x = &args[0];
        match (self, which) {
            (Scalar::Neg, _) => MinusOne,
            (Scalar::Abs, _) => Is(a.sign(x)),
            (Scalar::Sqrt, _) => Is(sqrt(a, y)),
            (Scalar::Exp, _) => Is(y.clone()),
            // Not y + 1, which loses all digits where the function tends to −1.
            (Scalar::Expm1, _) => Is(a.exp(x)),
            (Scalar::Ln, _) => Is(reciprocal(a, x)),
            (Scalar::Log1p, _) => Is(log1p(a, x)),
            (Scalar::Sin, _) => Is(a.cos(x)),
            (Scalar::Cos, _) => Is(cos(a, x)),
            (Scalar::Atan, _) => Is(atan(a, x)),
            (Scalar::Tanh, _) => Is(tanh(a, y)),
            (Scalar::Sigmoid, _) => Is(sigmoid(a, y)),
            (Scalar::Erf, _) => Is(erf(a, x)),
            (Scalar::Add, _) | (Scalar::Sub, 0) | (Scalar::Rem, 0) => One,
            (Scalar::Sub, _) => MinusOne,
            (Scalar::Mul, 0) => Is(args[1].clone()),
            (Scalar::Mul, _) => Is(x.clone()),
            (Scalar::Div, 0) => Is(reciprocal(a, &args[1])),
            (Scalar::Div, _) => Is(div_by(a, y, &args[1])),
            (Scalar::Rem, _) => Is(rem_by(a, x, &args[1])),
            (Scalar::Pow, 0) => Is(pow_base(a, x, &args[1])),
            (Scalar::Pow, _) => Is(pow_exponent(a, x, y)),
            (Scalar::Min, _) => Is(chosen(a, &args[which], &args[1 - which])),
            (Scalar::Max, _) => Is(chosen(a, &args[1 - which], &args[which])),
            (Scalar::Select, 1) => Is(mask(a, x, [1.0, 0.0])),
            (Scalar::Select, 2) => Is(mask(a, x, [0.0, 1.0])),
            (
                Scalar::Select
                | Scalar::Sign
                | Scalar::Step
                | Scalar::Floor
                | Scalar::Ceil
                | Scalar::Round
                | Scalar::Not
                | Scalar::IsNan
                | Scalar::IsFinite
                | Scalar::Eq
                | Scalar::Ne
                | Scalar::Lt
                | Scalar::Le
                | Scalar::Gt
                | Scalar::Ge
                | Scalar::And
                | Scalar::Or,
                _,
            ) => Zero,
        }
    }
}

/// `d√x = ½ / y`
fn sqrt<A: Algebra>(a: &mut A, y: &A::V) -> A::V {
    let half = a.lit(0.5);
    a.div(&half, y)
}

/// `1 / x`: `d ln x`, and `∂(x / y)/∂x` at `y`
fn reciprocal<A: Algebra>(a: &mut A, x: &A::V) -> A::V {
    let one = a.lit(1.0);
    a.div(&one, x)
}

/// `d ln(1 + x) = 1 / (1 + x)`
fn log1p<A: Algebra>(a: &mut A, x: &A::V) -> A::V {
    let one = a.lit(1.0);
    let sum = a.add(&one, x);
    a.div(&one, &sum)
}

/// `d cos x = −sin x`
fn cos<A: Algebra>(a: &mut A, x: &A::V) -> A::V {
    let sine = a.sin(x);
    a.neg(&sine)
}

/// `d atan x = 1 / (1 + x²)`
fn atan<A: Algebra>(a: &mut A, x: &A::V) -> A::V {
    let x2 = a.mul(x, x);
    log1p(a, &x2)
}

/// `d tanh x = 1 − y²`
fn tanh<A: Algebra>(a: &mut A, y: &A::V) -> A::V {
    let one = a.lit(1.0);
    let y2 = a.mul(y, y);
    a.sub(&one, &y2)
}

/// `d σ(x) = y (1 − y)`
fn sigmoid<A: Algebra>(a: &mut A, y: &A::V) -> A::V {
    let one = a.lit(1.0);
    let rest = a.sub(&one, y);
    a.mul(y, &rest)
}

/// `d erf x = 2/√π · e^−x²`
fn erf<A: Algebra>(a: &mut A, x: &A::V) -> A::V {
    let x2 = a.mul(x, x);
    let minus_x2 = a.neg(&x2);
    let bell = a.exp(&minus_x2);
    let scale = a.lit(FRAC_2_SQRT_PI);
    a.mul(&scale, &bell)
}

/// `∂(x / y)/∂y = −z / y`, where `z` is the quotient
fn div_by<A: Algebra>(a: &mut A, z: &A::V, y: &A::V) -> A::V {
    let ratio = a.div(z, y);
    a.neg(&ratio)
}

/// `∂(x mod y)/∂y = −⌊x / y⌋`
fn rem_by<A: Algebra>(a: &mut A, x: &A::V, y: &A::V) -> A::V {
    let ratio = a.div(x, y);
    let whole = a.floor(&ratio);
    a.neg(&whole)
}

/// `∂xⁿ/∂x = n xᵐ⁻¹` with `m = n`, but 1 where `n = 0`: there the factor `n` makes it zero, and `x⁻¹` would make `0 · ∞` of it.
fn pow_base<A: Algebra>(a: &mut A, x: &A::V, n: &A::V) -> A::V {
    let (zero, one) = (a.lit(0.0), a.lit(1.0));
    let is_constant = a.equal(n, &zero);
    let m = a.select(&is_constant, &one, n);
    let lower = a.sub(&m, &one);
    let power = a.pow(x, &lower);
    a.mul(n, &power)
}

/// `∂xⁿ/∂n = y ln x`, and 0 where `x = 0`
fn pow_exponent<A: Algebra>(a: &mut A, x: &A::V, y: &A::V) -> A::V {
    let (zero, one) = (a.lit(0.0), a.lit(1.0));
    let is_zero = a.equal(x, &zero);
    let base = a.select(&is_zero, &one, x);
    let log = a.ln(&base);
    a.mul(y, &log)
}

/// 1 where `first < second`, ½ where they are equal, else 0: the share of `first` in the smaller, of `second` in the larger
fn chosen<A: Algebra>(a: &mut A, first: &A::V, second: &A::V) -> A::V {
    let (zero, half, one) = (a.lit(0.0), a.lit(0.5), a.lit(1.0));
    let is_tie = a.equal(first, second);
    let otherwise = a.select(&is_tie, &half, &zero);
    let is_less = a.less(first, second);
    a.select(&is_less, &one, &otherwise)
}

/// `then[0]` where `c`, else `then[1]`
fn mask<A: Algebra>(a: &mut A, c: &A::V, then: [f64; 2]) -> A::V {
    let (yes, no) = (a.lit(then[0]), a.lit(then[1]));
    a.select(c, &yes, &no)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::numbers::Numbers;
    use crate::scalar::{Accepts, ResultKind};

    /// Expressions as a list, each with its value: what `grad` will make of the rules.
    #[derive(Default)]
    struct Graph(Vec<(f64, Made)>);

    /// By which function of which others.
    type Made = Option<(Scalar, Vec<usize>)>;

    impl Graph {
        fn push(&mut self, value: f64, made: Made) -> usize {
            self.0.push((value, made));
            self.0.len() - 1
        }

        /// `∂of/∂by`, as another expression; none where nothing depends on `by`.
        fn derivative(&mut self, of: usize, by: usize) -> Option<usize> {
            if of == by {
                return Some(self.lit(1.0));
            }
            let (f, args) = self.0[of].1.clone()?;
            let mut sum = None;
            for which in 0..args.len() {
                let Some(inner) = self.derivative(args[which], by) else {
                    continue;
                };
                let term = match f.derivative(self, &args, &of, which) {
                    Partial::Zero => continue,
                    Partial::One => inner,
                    Partial::MinusOne => self.neg(&inner),
                    Partial::Is(outer) => self.mul(&outer, &inner),
                };
                sum = Some(sum.map_or(term, |sum| self.add(&sum, &term)));
            }
            sum
        }

        /// The value of `∂of/∂by`, and the expression.
        fn slope(&mut self, of: Option<usize>, by: usize) -> (f64, Option<usize>) {
            let slope = of.and_then(|of| self.derivative(of, by));
            (slope.map_or(0.0, |slope| self.0[slope].0), slope)
        }
    }

    impl Algebra for Graph {
        type V = usize;

        fn lit(&mut self, x: f64) -> usize {
            self.push(x, None)
        }

        fn apply(&mut self, f: Scalar, args: &[usize]) -> usize {
            let values: Vec<f64> = args.iter().map(|&arg| self.0[arg].0).collect();
            let value = Numbers.apply(f, &values);
            self.push(value, Some((f, args.to_vec())))
        }
    }

    /// First and second derivatives by operand `i`, then `j`, where those are wanted.
    fn derivatives(f: Scalar, at: &[f64], i: usize, j: usize) -> [f64; 2] {
        let mut graph = Graph::default();
        let args: Vec<usize> = at.iter().map(|&x| graph.lit(x)).collect();
        let y = graph.apply(f, &args);
        let (first, slope) = graph.slope(Some(y), args[i]);
        let (second, _) = graph.slope(slope, args[j]);
        [first, second]
    }

    fn central(f: impl Fn(&[f64]) -> f64, at: &[f64], i: usize) -> f64 {
        let h = 1e-5;
        let moved = |by: f64| {
            let mut at = at.to_vec();
            at[i] += by;
            f(&at)
        };
        (moved(h) - moved(-h)) / (2.0 * h)
    }

    fn samples(f: Scalar) -> Vec<Vec<f64>> {
        let all = [-3.3, -1.7, -0.6, -0.2, 0.3, 0.9, 1.4, 2.7];
        let lowest = match f.name() {
            "sqrt" | "ln" | "pow" => 0.0,
            "log1p" => -1.0,
            _ => f64::NEG_INFINITY,
        };
        let firsts: Vec<f64> = all.into_iter().filter(|&x| x > lowest).collect();
        match f.arity() {
            1 => firsts.iter().map(|&x| vec![x]).collect(),
            2 => {
                let pairs = firsts.iter().flat_map(|&x| all.map(|y| vec![x, y]));
                pairs.filter(|pair| is_smooth(f, pair)).collect()
            }
            _ => [0.0, 1.0]
                .iter()
                .flat_map(|&c| all.map(|x| vec![c, x, 1.5 - x]))
                .collect(),
        }
    }

    fn is_smooth(f: Scalar, at: &[f64]) -> bool {
        let ratio = at[0] / at[1];
        let is_between_jumps = (ratio - ratio.round()).abs() > 1e-3;
        at[0] != at[1] && (f != Scalar::Rem || is_between_jumps)
    }

    #[test]
    fn derivatives_agree_with_central_differences_twice() {
        let is_differentiable = |f: &Scalar| {
            f.result() == ResultKind::Same && f.accepts().iter().any(|a| *a != Accepts::Bool)
        };
        for f in Scalar::ALL.into_iter().filter(is_differentiable) {
            let operands = if f == Scalar::Select {
                1..3
            } else {
                0..f.arity()
            };
            for at in samples(f) {
                for (i, j) in operands
                    .clone()
                    .flat_map(|i| operands.clone().map(move |j| (i, j)))
                {
                    let [first, second] = derivatives(f, &at, i, j);
                    let numeric = central(|at| Numbers.apply(f, at), &at, i);
                    assert!(
                        (first - numeric).abs() <= 1e-6 * (1.0 + numeric.abs()),
                        "{f} {at:?} by {i}: {first}, not {numeric}"
                    );
                    let numeric = central(|at| derivatives(f, at, i, j)[0], &at, j);
                    assert!(
                        (second - numeric).abs() <= 1e-6 * (1.0 + numeric.abs()),
                        "{f} {at:?} by {i} and {j}: {second}, not {numeric}"
                    );
                }
            }
        }
    }

    #[test]
    fn powers_are_smooth_at_zero_and_below() {
        let by_base = |x: f64, n: f64| derivatives(Scalar::Pow, &[x, n], 0, 0);
        assert_eq!(by_base(0.0, 0.0), [0.0, 0.0]);
        assert_eq!(by_base(0.0, 1.0), [1.0, 0.0]);
        assert_eq!(by_base(0.0, 2.0), [0.0, 2.0]);
        assert_eq!(by_base(0.0, 3.0), [0.0, 0.0]);
        assert_eq!(by_base(-2.0, 3.0), [12.0, -12.0]);
        assert_eq!(by_base(-2.0, 2.0), [-4.0, 2.0]);
        assert_eq!(derivatives(Scalar::Pow, &[0.0, 2.0], 1, 1), [0.0, 0.0]);
    }

    #[test]
    fn nothing_is_lost_far_out() {
        for f in [
            Scalar::Tanh,
            Scalar::Sigmoid,
            Scalar::Erf,
            Scalar::Atan,
            Scalar::Expm1,
        ] {
            for x in [-1e200, -800.0, -40.0, 40.0, 700.0] {
                let found = derivatives(f, &[x], 0, 0);
                assert!(found.iter().all(|d| !d.is_nan()), "{f} at {x}: {found:?}");
            }
        }
    }

    #[test]
    fn ties_are_shared() {
        assert_eq!(derivatives(Scalar::Min, &[2.0, 2.0], 0, 0)[0], 0.5);
        assert_eq!(derivatives(Scalar::Max, &[2.0, 2.0], 1, 1)[0], 0.5);
        assert_eq!(derivatives(Scalar::Max, &[1.0, 2.0], 1, 1)[0], 1.0);
        assert_eq!(derivatives(Scalar::Max, &[1.0, 2.0], 0, 0)[0], 0.0);
    }
}
