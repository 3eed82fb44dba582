//! What operators give where both sides are known before anything runs; whole numbers stay exact.

use crate::lower::convert::{is_float, is_whole};
use crate::lower::value::Val;
use crate::scalar::Scalar;
use crate::syntax::ast::{self, BinaryOp};
use crate::types::Dim;

/// A whole number that no float holds is kept as one.
pub(crate) fn literal(number: &ast::Number) -> Val {
    match number.int {
        Some(int) if !is_float(int) => Val::Dim(Dim::int(int)),
        _ => Val::Number(number.value),
    }
}

/// What an operator gives where both sides are known now.
pub(crate) fn settled(op: BinaryOp, left: &Val, right: &Val) -> Option<Val> {
    match (left, right) {
        (Val::Number(a), Val::Number(b)) => {
            beyond_floats(op, *a, *b).or_else(|| settled_numbers(op, *a, *b))
        }
        (Val::Bool(a), Val::Bool(b)) => settled_bools(op, *a, *b),
        (Val::Str(a), Val::Str(b)) => match op {
            BinaryOp::Eq => Some(Val::Bool(a == b)),
            BinaryOp::Ne => Some(Val::Bool(a != b)),
            _ => None,
        },
        (Val::Str(_), other) | (other, Val::Str(_)) if other.is_settled() => match op {
            BinaryOp::Eq => Some(Val::Bool(false)),
            BinaryOp::Ne => Some(Val::Bool(true)),
            _ => None,
        },
        _ => settled_dims(op, &as_dim(left)?, &as_dim(right)?),
    }
}

fn settled_numbers(op: BinaryOp, a: f64, b: f64) -> Option<Val> {
    Some(match op {
        BinaryOp::Add => Val::Number(a + b),
        BinaryOp::Sub => Val::Number(a - b),
        BinaryOp::Mul => Val::Number(a * b),
        BinaryOp::Div => Val::Number(a / b),
        BinaryOp::Pow if is_whole(b) && (0.0..=64.0).contains(&b) => {
            Val::Number((0..b as u32).fold(1.0, |power, _| power * a))
        }
        BinaryOp::Eq => Val::Bool(a == b),
        BinaryOp::Ne => Val::Bool(a != b),
        BinaryOp::Lt => Val::Bool(a < b),
        BinaryOp::Le => Val::Bool(a <= b),
        BinaryOp::Gt => Val::Bool(a > b),
        BinaryOp::Ge => Val::Bool(a >= b),
        BinaryOp::Pow | BinaryOp::MatMul | BinaryOp::And | BinaryOp::Or => return None,
    })
}

fn settled_bools(op: BinaryOp, a: bool, b: bool) -> Option<Val> {
    match op {
        BinaryOp::And => Some(Val::Bool(a && b)),
        BinaryOp::Or => Some(Val::Bool(a || b)),
        BinaryOp::Eq => Some(Val::Bool(a == b)),
        BinaryOp::Ne => Some(Val::Bool(a != b)),
        _ => None,
    }
}

fn settled_dims(op: BinaryOp, a: &Dim, b: &Dim) -> Option<Val> {
    if let (Some(a), Some(b)) = (a.as_int(), b.as_int())
        && let Some(value) = settled_ints(op, a, b)
    {
        return Some(value);
    }
    match op {
        BinaryOp::Add => Some(Val::Dim(a + b)),
        BinaryOp::Sub => Some(Val::Dim(a - b)),
        BinaryOp::Mul => Some(Val::Dim(a * b)),
        BinaryOp::Div => Some(Val::Quotient(a.clone(), b.clone())),
        _ => settled_numbers(op, a.as_int()? as f64, b.as_int()? as f64),
    }
}

/// The whole number that comes out where floats cannot hold it.
fn beyond_floats(op: BinaryOp, a: f64, b: f64) -> Option<Val> {
    if !is_whole(a) || !is_whole(b) {
        return None;
    }
    let value = settled_ints(op, a as i64, b as i64)?;
    let is_lost = matches!(&value, Val::Dim(dim) if dim.as_int().is_some_and(|int| !is_float(int)));
    is_lost.then_some(value)
}

/// Whole numbers, exact as long as 64 bits hold them.
fn settled_ints(op: BinaryOp, a: i64, b: i64) -> Option<Val> {
    let int = |int: i64| Val::Dim(Dim::int(int));
    match op {
        BinaryOp::Add => a.checked_add(b).map(int),
        BinaryOp::Sub => a.checked_sub(b).map(int),
        BinaryOp::Mul => a.checked_mul(b).map(int),
        BinaryOp::Eq => Some(Val::Bool(a == b)),
        BinaryOp::Ne => Some(Val::Bool(a != b)),
        BinaryOp::Lt => Some(Val::Bool(a < b)),
        BinaryOp::Le => Some(Val::Bool(a <= b)),
        BinaryOp::Gt => Some(Val::Bool(a > b)),
        BinaryOp::Ge => Some(Val::Bool(a >= b)),
        _ => None,
    }
}

fn as_dim(value: &Val) -> Option<Dim> {
    match value {
        Val::Dim(dim) => Some(dim.clone()),
        Val::Number(number) if is_whole(*number) => Some(Dim::int(*number as i64)),
        _ => None,
    }
}

pub(crate) fn scalar_of(op: BinaryOp) -> Scalar {
    match op {
        BinaryOp::Add => Scalar::Add,
        BinaryOp::Sub => Scalar::Sub,
        BinaryOp::Mul | BinaryOp::MatMul => Scalar::Mul,
        BinaryOp::Div => Scalar::Div,
        BinaryOp::Pow => Scalar::Pow,
        BinaryOp::Eq => Scalar::Eq,
        BinaryOp::Ne => Scalar::Ne,
        BinaryOp::Lt => Scalar::Lt,
        BinaryOp::Le => Scalar::Le,
        BinaryOp::Gt => Scalar::Gt,
        BinaryOp::Ge => Scalar::Ge,
        BinaryOp::And => Scalar::And,
        BinaryOp::Or => Scalar::Or,
    }
}
