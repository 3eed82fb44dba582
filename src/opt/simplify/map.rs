//! Identities of scalar functions. `c` below is a constant, the same in every element.

use crate::ir::{Inst, Op, ValueId};
use crate::ops::OpError;
use crate::opt::rewriter::Rewriter;
use crate::opt::simplify::{Found, filled, spread, uniform};
use crate::scalar::Scalar;
use crate::types::DType;

/// What an application of a scalar function comes to, before it is broadcast to the shape of the result.
enum Simpler {
    /// An operand, or an operand's operand.
    Is(ValueId),
    /// Another application.
    Map(Scalar, Vec<ValueId>),
    /// `x` by a number: `x · c`
    Times(ValueId, f64),
    /// `c / x`
    Over(f64, ValueId),
}

/// Something simpler of the same bits.
pub(super) fn simpler(r: &mut Rewriter<'_>, f: Scalar, inst: &Inst) -> Found {
    let simpler = find(r, f, &inst.operands);
    simpler.map(|simpler| emit(r, simpler, inst)).transpose()
}

fn emit(r: &mut Rewriter<'_>, simpler: Simpler, inst: &Inst) -> Result<ValueId, OpError> {
    let ty = r.b.ty(inst.results[0]).clone();
    let scalar = Default::default();
    let value = match simpler {
        Simpler::Is(value) => value,
        Simpler::Map(f, operands) => r.b.map(f, &operands)?,
        Simpler::Times(x, c) => {
            let c = filled(r, c, ty.dtype, &scalar)?;
            r.b.map(Scalar::Mul, &[x, c])?
        }
        Simpler::Over(c, x) => {
            let c = filled(r, c, ty.dtype, &scalar)?;
            r.b.map(Scalar::Div, &[c, x])?
        }
    };
    spread(r, value, &ty.shape)
}

fn find(r: &Rewriter<'_>, f: Scalar, x: &[ValueId]) -> Option<Simpler> {
    match f {
        Scalar::Neg | Scalar::Not => operand_of(r, f, x[0]).map(Simpler::Is),
        Scalar::Abs => magnitude(r, x[0]),
        Scalar::Add => sum(r, [x[0], x[1]]).or_else(|| sum(r, [x[1], x[0]])),
        Scalar::Sub => difference(r, x[0], x[1]),
        Scalar::Mul => product(r, [x[0], x[1]]).or_else(|| product(r, [x[1], x[0]])),
        Scalar::Div => quotient(r, x[0], x[1]),
        Scalar::Pow => power(r, x[0], x[1]),
        Scalar::Min | Scalar::Max => (x[0] == x[1]).then_some(Simpler::Is(x[0])),
        Scalar::And => conjunction(r, [x[0], x[1]], 1.0),
        Scalar::Or => conjunction(r, [x[0], x[1]], 0.0),
        Scalar::Select => choice(r, x),
        Scalar::Floor | Scalar::Ceil | Scalar::Round => whole(r, x[0]),
        Scalar::Sign | Scalar::Step | Scalar::Sqrt | Scalar::Exp | Scalar::Expm1 => None,
        Scalar::Ln | Scalar::Log1p | Scalar::Sin | Scalar::Cos | Scalar::Atan => None,
        Scalar::Tanh | Scalar::Sigmoid | Scalar::Erf | Scalar::IsNan | Scalar::IsFinite => None,
        Scalar::Rem | Scalar::Eq | Scalar::Ne | Scalar::Lt | Scalar::Le => None,
        Scalar::Gt | Scalar::Ge => None,
    }
}

/// `x` where the value is `f(x)`.
fn operand_of(r: &Rewriter<'_>, f: Scalar, value: ValueId) -> Option<ValueId> {
    let inst = r.definition(value)?;
    (inst.op == Op::Map(f)).then(|| inst.operands[0])
}

fn is(r: &Rewriter<'_>, value: ValueId, number: f64) -> bool {
    uniform(r, value).is_some_and(|c| c.to_bits() == number.to_bits())
}

/// `|−x| = |x|`, of floats, and `||x|| = |x|`
fn magnitude(r: &Rewriter<'_>, x: ValueId) -> Option<Simpler> {
    if operand_of(r, Scalar::Abs, x).is_some() {
        return Some(Simpler::Is(x));
    }
    let negated = operand_of(r, Scalar::Neg, x).filter(|_| r.b.dtype(x).is_float())?;
    Some(Simpler::Map(Scalar::Abs, vec![negated]))
}

/// `x + −0 = x`, of integers `x + 0 = x`, and `x + −y = x − y`
fn sum(r: &Rewriter<'_>, [x, y]: [ValueId; 2]) -> Option<Simpler> {
    let neutral = if r.b.dtype(x).is_float() { -0.0 } else { 0.0 };
    if is(r, y, neutral) {
        return Some(Simpler::Is(x));
    }
    operand_of(r, Scalar::Neg, y).map(|y| Simpler::Map(Scalar::Sub, vec![x, y]))
}

/// `x − 0 = x` and `x − −y = x + y`
fn difference(r: &Rewriter<'_>, x: ValueId, y: ValueId) -> Option<Simpler> {
    if is(r, y, 0.0) {
        return Some(Simpler::Is(x));
    }
    operand_of(r, Scalar::Neg, y).map(|y| Simpler::Map(Scalar::Add, vec![x, y]))
}

/// `x · 1 = x`, `x · −1 = −x`, `−x · c = x · −c` and `−x · −y = x · y`
fn product(r: &Rewriter<'_>, [x, y]: [ValueId; 2]) -> Option<Simpler> {
    if is(r, y, 1.0) {
        return Some(Simpler::Is(x));
    }
    if is(r, y, -1.0) {
        return Some(Simpler::Map(Scalar::Neg, vec![x]));
    }
    let negated = operand_of(r, Scalar::Neg, x)?;
    if let Some(y) = operand_of(r, Scalar::Neg, y) {
        return Some(Simpler::Map(Scalar::Mul, vec![negated, y]));
    }
    let c = uniform(r, y).filter(|_| r.b.dtype(x).is_float())?;
    Some(Simpler::Times(negated, -c))
}

/// `x / 1 = x`, `x / −1 = −x`, and `x / c = x · 1/c` where `c` is a power of two
fn quotient(r: &Rewriter<'_>, x: ValueId, y: ValueId) -> Option<Simpler> {
    let dtype = r.b.dtype(x);
    let c = uniform(r, y)?;
    if c == 1.0 {
        Some(Simpler::Is(x))
    } else if c == -1.0 && dtype.is_float() {
        Some(Simpler::Map(Scalar::Neg, vec![x]))
    } else {
        has_exact_inverse(c, dtype).then(|| Simpler::Times(x, 1.0 / c))
    }
}

/// Powers of two whose inverse is a normal number, too: product and quotient round the same real number.
fn has_exact_inverse(c: f64, dtype: DType) -> bool {
    let fits = match dtype {
        DType::F32 => ((c as f32).recip() as f64) * c == 1.0 && (c as f32).recip().is_normal(),
        DType::F64 => c.recip() * c == 1.0 && c.recip().is_normal(),
        DType::I64 | DType::I32 | DType::U8 | DType::Bool => false,
    };
    let mantissa = c.to_bits() & ((1 << 52) - 1);
    fits && mantissa == 0
}

/// `x¹ = x`, `x² = x x`, `x³ = x x x`, `x⁻¹ = 1 / x`, and `x^½ = √x` where `x` is not negative, nor `−0`
fn power(r: &Rewriter<'_>, x: ValueId, y: ValueId) -> Option<Simpler> {
    const DEPTH: usize = 8;
    let is_float = r.b.dtype(x).is_float();
    match uniform(r, y)? {
        1.0 => Some(Simpler::Is(x)),
        2.0 => Some(Simpler::Map(Scalar::Mul, vec![x, x])),
        -1.0 if is_float => Some(Simpler::Over(1.0, x)),
        0.5 if is_float && is_positive(r, x, DEPTH) => Some(Simpler::Map(Scalar::Sqrt, vec![x])),
        _ => None,
    }
}

/// Whether no element can have a minus sign, as far as the last few instructions tell.
fn is_positive(r: &Rewriter<'_>, x: ValueId, depth: usize) -> bool {
    let Some(inst) = r.definition(x).filter(|_| depth > 0) else {
        return false;
    };
    let all = || {
        let mut operands = inst.operands.iter();
        operands.all(|&x| is_positive(r, x, depth - 1))
    };
    if let Op::Map(f) = &inst.op {
        match f {
            Scalar::Abs | Scalar::Exp | Scalar::Sigmoid | Scalar::Step => true,
            Scalar::Mul if inst.operands[0] == inst.operands[1] => true,
            Scalar::Add | Scalar::Mul | Scalar::Div | Scalar::Min | Scalar::Max => all(),
            Scalar::Sqrt | Scalar::Floor | Scalar::Ceil | Scalar::Round => all(),
            Scalar::Neg | Scalar::Sign | Scalar::Expm1 | Scalar::Ln | Scalar::Log1p => false,
            Scalar::Sin | Scalar::Cos | Scalar::Atan | Scalar::Tanh | Scalar::Erf => false,
            Scalar::Not | Scalar::IsNan | Scalar::IsFinite | Scalar::Sub | Scalar::Rem => false,
            Scalar::Pow | Scalar::Eq | Scalar::Ne | Scalar::Lt | Scalar::Le => false,
            Scalar::Gt | Scalar::Ge | Scalar::And | Scalar::Or | Scalar::Select => false,
        }
    } else if let Op::Const(tensor) = &inst.op {
        let positive = |x: &f64| x.is_sign_positive();
        tensor.item().as_ref().is_some_and(positive)
    } else {
        let keeps = matches!(
            inst.op,
            Op::Reduce(crate::tensor::Monoid::Sum, _)
                | Op::Broadcast { .. }
                | Op::Reshape(_)
                | Op::Permute(_)
        );
        keeps && all()
    }
}

/// `x ∧ x = x`, `x ∧ true = x`; with `∨` for `∧` and `false` for `true` likewise
fn conjunction(r: &Rewriter<'_>, [x, y]: [ValueId; 2], neutral: f64) -> Option<Simpler> {
    if x == y || is(r, y, neutral) {
        Some(Simpler::Is(x))
    } else {
        is(r, x, neutral).then_some(Simpler::Is(y))
    }
}

/// `select(true, x, y) = x`, `select(false, x, y) = y`, `select(c, x, x) = x`, and `select(¬c, x, y) = select(c, y, x)`
fn choice(r: &Rewriter<'_>, x: &[ValueId]) -> Option<Simpler> {
    if x[1] == x[2] || is(r, x[0], 1.0) {
        return Some(Simpler::Is(x[1]));
    }
    if is(r, x[0], 0.0) {
        return Some(Simpler::Is(x[2]));
    }
    let condition = operand_of(r, Scalar::Not, x[0])?;
    Some(Simpler::Map(Scalar::Select, vec![condition, x[2], x[1]]))
}

/// What is rounded already stays as it is under any rounding.
fn whole(r: &Rewriter<'_>, x: ValueId) -> Option<Simpler> {
    let rounded = [Scalar::Floor, Scalar::Ceil, Scalar::Round].map(|f| operand_of(r, f, x));
    rounded
        .iter()
        .any(Option::is_some)
        .then_some(Simpler::Is(x))
}

/// A cast to the same type is none, and a cast of a cast that lost nothing is one cast.
pub(super) fn simpler_cast(r: &mut Rewriter<'_>, dtype: DType, x: ValueId) -> Found {
    if r.b.dtype(x) == dtype {
        return Ok(Some(x));
    }
    let Some(inst) = r.definition(x) else {
        return Ok(None);
    };
    let (Op::Cast(between), source) = (&inst.op, inst.operands.first()) else {
        return Ok(None);
    };
    let Some(&source) = source.filter(|&&source| passes(r.b.dtype(source), *between, dtype)) else {
        return Ok(None);
    };
    r.b.cast(source, dtype).map(Some)
}

/// Whether every number keeps its meaning on the way: from an integer to an integer it wraps, through a float it would saturate.
fn passes(from: DType, between: DType, to: DType) -> bool {
    let is_lossless = match from {
        DType::Bool => true,
        DType::U8 => between != DType::Bool,
        DType::I32 => matches!(between, DType::I32 | DType::I64 | DType::F64),
        DType::F32 => between.is_float(),
        DType::I64 | DType::F64 => between == from,
    };
    let is_alike = from == DType::Bool || from.is_float() == between.is_float() || to.is_float();
    is_lossless && is_alike
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::testing::*;

    /// What `f` of an input `[3]` and a constant comes to, as the last line that computes something.
    fn simplified(f: Scalar, c: f64) -> String {
        let program = program(|b| {
            let x = floats(b, &[3]);
            let c = b.number(c, DType::F64);
            vec![b.map(f, &[x, c]).expect("numbers")]
        });
        let shown = program.shown_after(&["simplify", "dce"]);
        let mut lines = shown.lines().rev().skip(1);
        lines.next().unwrap_or_default().trim().to_string()
    }

    #[test]
    fn neutral_numbers_go() {
        let is_gone = |f, c| simplified(f, c).starts_with("fn f");
        for (f, c) in [
            (Scalar::Add, -0.0),
            (Scalar::Sub, 0.0),
            (Scalar::Mul, 1.0),
            (Scalar::Div, 1.0),
            (Scalar::Pow, 1.0),
        ] {
            assert!(is_gone(f, c), "{f} {c}");
        }
        for (f, c) in [
            (Scalar::Add, 0.0),
            (Scalar::Sub, -0.0),
            (Scalar::Mul, 0.0),
            (Scalar::Pow, 0.0),
        ] {
            assert!(!is_gone(f, c), "{f} {c}");
        }
    }

    #[test]
    fn cheaper_functions_of_the_same_bits() {
        assert_eq!(simplified(Scalar::Pow, 2.0), "%1: f64[3] = mul %0, %0");
        assert_eq!(simplified(Scalar::Mul, -1.0), "%1: f64[3] = neg %0");
        assert_eq!(simplified(Scalar::Div, 4.0), "%2: f64[3] = mul %0, %1");
        assert_eq!(simplified(Scalar::Div, 3.0), "%2: f64[3] = div %0, %1");
        assert_eq!(simplified(Scalar::Pow, 0.5), "%2: f64[3] = pow %0, %1");
    }

    #[test]
    fn a_square_root_needs_what_cannot_be_negative() {
        let deviation = program(|b| {
            let x = floats(b, &[3]);
            let square = b.map(Scalar::Mul, &[x, x]).expect("numbers");
            let half = b.number(0.5, DType::F64);
            vec![b.map(Scalar::Pow, &[square, half]).expect("numbers")]
        });
        insta::assert_snapshot!(deviation.shown_after(&["simplify", "dce"]), @r#"
        fn f(%0: f64[3] = arg x0) -> (y: %2) {
          %1: f64[3] = mul %0, %0
          %2: f64[3] = sqrt %1
        }
        "#);
    }

    #[test]
    fn casts_of_casts_keep_what_wraps_and_what_saturates() {
        let chains = [
            [DType::F32, DType::F64, DType::I32],
            [DType::U8, DType::F32, DType::F64],
            [DType::I32, DType::I64, DType::U8],
            [DType::F64, DType::F32, DType::F64],
            [DType::I32, DType::F64, DType::U8],
            [DType::I64, DType::I32, DType::I64],
        ];
        let direct = chains.map(|[from, between, to]| passes(from, between, to));
        assert_eq!(direct, [true, true, true, false, false, false]);
    }
}
