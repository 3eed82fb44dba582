//! Sums of products: the contraction of two tensors, and the forms that lead to it: matrix products and `einsum` patterns.

use crate::ir::draft::Einsum;
use crate::ir::{Op, ValueId};
use crate::ops::error::{ElemKind, LetterFault};
use crate::ops::rules::{Flows, Types, needs_elem, one_dtype, operand_count};
use crate::ops::{Builder, OpError};
use crate::tensor::{Contract, Letter, letter_name};
use crate::types::{AxisType, Shape, TensorType, Unifier};

// Contract ----------------------------------------------------------------------------------------------------------------

/// `y[out] = Σ a[lhs] b[rhs]`: a letter has one size wherever it stands, and the result has the sizes of its letters.
pub(super) fn infer_contract(
    contract: &Contract,
    operands: Types<'_>,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    operand_count("einsum", operands, 2)?;
    one_dtype("einsum", operands, 0..2)?;
    needs_elem("einsum", 0, operands[0], ElemKind::Number)?;
    let mut axes: Vec<(Letter, usize, AxisType)> = vec![];
    for (operand, letters) in [&contract.lhs, &contract.rhs].into_iter().enumerate() {
        let shape = &operands[operand].shape;
        pattern_rank(operand, shape, letters.len())?;
        for (&letter, axis) in letters.iter().zip(&shape.0) {
            match axes.iter_mut().find(|(known, ..)| *known == letter) {
                Some((_, first, known)) => meet(dims, letter, (*first, known), (operand, axis))?,
                None => axes.push((letter, operand, axis.clone())),
            }
        }
    }
    let of = |letter: &Letter| axes.iter().find(|(known, ..)| known == letter);
    let out = contract.out.iter().filter_map(of);
    let shape = Shape(out.map(|(.., axis)| axis.clone()).collect());
    Ok(TensorType::new(operands[0].dtype, shape))
}

fn pattern_rank(operand: usize, shape: &Shape, axes: usize) -> Result<(), OpError> {
    let error = OpError::PatternRank {
        what: "einsum",
        operand,
        axes,
    };
    (shape.rank() == axes).then_some(()).ok_or(error)
}

fn meet(
    dims: &mut Unifier,
    letter: Letter,
    (first, known): (usize, &mut AxisType),
    (second, axis): (usize, &AxisType),
) -> Result<(), OpError> {
    known.label = known.joint_label(axis);
    dims.unify(&known.dim, &axis.dim)
        .map_err(|clash| OpError::LetterSizes {
            letter: letter_name(letter),
            left: (first, clash.left),
            right: (second, clash.right),
        })
}

/// `da[lhs] = Σ dy[out] b[rhs]` and `db[rhs] = Σ dy[out] a[lhs]`: a letter that one operand alone has stands in the result, so
/// both are contractions again.
pub(super) fn vjp_contract(
    b: &mut Builder<'_>,
    contract: &Contract,
    operands: &[ValueId],
    dy: ValueId,
) -> Flows {
    let Contract { lhs, rhs, out } = contract;
    let mut pull = |letters: &Vec<Letter>, other: &Vec<Letter>, value: ValueId| {
        let back = Contract {
            lhs: out.clone(),
            rhs: other.clone(),
            out: letters.clone(),
        };
        b.op1(Op::Contract(back), &[dy, value])
    };
    let left = pull(lhs, rhs, operands[1])?;
    let right = pull(rhs, lhs, operands[0])?;
    Ok(vec![Some(left), Some(right)])
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `a @ b`: `[…, m, k] @ […, k, n]`, where a vector is a row on the left and a column on the right, and axes before the matrices
/// are equal or on one side only.
pub(super) fn form_matmul(
    b: &mut Builder<'_>,
    left: ValueId,
    right: ValueId,
) -> Result<ValueId, OpError> {
    let contract = matmul_letters(b, left, right)?;
    let (left, right) = (b.countable(left)?, b.countable(right)?);
    b.op1(Op::Contract(contract), &[left, right])
}

const ROW: Letter = 0;
const INNER: Letter = 1;
const COL: Letter = 2;
const BATCH: Letter = 3;

fn matmul_letters(b: &mut Builder<'_>, left: ValueId, right: ValueId) -> Result<Contract, OpError> {
    let shapes = [b.shape(left).clone(), b.shape(right).clone()];
    if let Some(operand) = shapes.iter().position(|shape| shape.rank() == 0) {
        return Err(OpError::RankTooLow {
            what: "@",
            operand,
            needs: 1,
        });
    }
    let [l, r] = &shapes;
    let inner = [l.dim(l.rank() - 1), r.dim(r.rank().saturating_sub(2))];
    b.module
        .dims
        .unify(inner[0], inner[1])
        .map_err(|clash| OpError::InnerSizes {
            left: clash.left,
            right: clash.right,
        })?;
    let batches = [
        &l.0[..l.rank().saturating_sub(2)],
        &r.0[..r.rank().saturating_sub(2)],
    ];
    let fits =
        batches[0].is_empty() || batches[1].is_empty() || same_axes(b, batches[0], batches[1]);
    if !fits {
        return Err(OpError::BatchAxes { what: "@" });
    }
    let n_batch = batches[0].len().max(batches[1].len());
    let letters =
        |count: usize| (0..count).map(|axis| BATCH + u8::try_from(axis).unwrap_or(u8::MAX - BATCH));
    let row = (l.rank() > 1).then_some(ROW);
    let col = (r.rank() > 1).then_some(COL);
    Ok(Contract {
        lhs: letters(batches[0].len())
            .chain(row)
            .chain([INNER])
            .collect(),
        rhs: letters(batches[1].len())
            .chain([INNER])
            .chain(col)
            .collect(),
        out: letters(n_batch).chain(row).chain(col).collect(),
    })
}

/// Whether axes are as many, and each as large as its counterpart.
pub(super) fn same_axes(b: &mut Builder<'_>, left: &[AxisType], right: &[AxisType]) -> bool {
    left.len() == right.len() && left.iter().zip(right).all(|(l, r)| b.same(&l.dim, &r.dim))
}

/// `einsum("b i j, b j k -> b i k", a, b)`: operands are taken in pairs from the left. A letter is summed as soon as neither the
/// result nor a later operand has it.
pub(super) fn form_einsum(
    b: &mut Builder<'_>,
    pattern: &Einsum,
    operands: &[ValueId],
) -> Result<ValueId, OpError> {
    check_pattern(b, pattern, operands)?;
    let mut waiting = operands
        .iter()
        .copied()
        .zip(pattern.operands.iter().cloned());
    let Some((first, letters)) = waiting.next() else {
        return Err(OpError::PatternOperands {
            pattern: 0,
            given: 0,
        });
    };
    let mut rest: Vec<(ValueId, Vec<String>)> = waiting.collect();
    let mut done = (b.countable(first)?, letters);
    while !rest.is_empty() {
        let next = rest.remove(0);
        done = contract_pair(b, pattern, done, next, &rest)?;
    }
    let (value, letters) = sum_but(b, done, |letter| pattern.out.contains(letter))?;
    let order = pattern
        .out
        .iter()
        .filter_map(|letter| place(&letters, letter));
    let order: Vec<usize> = order.collect();
    // An operand is not to be relabelled itself.
    let value = if value == first {
        b.op1(Op::Permute(order), &[value])?
    } else {
        b.permute(value, order)?
    };
    relabel(b, value, &pattern.out);
    Ok(value)
}

type Lettered = (ValueId, Vec<String>);

fn place(letters: &[String], letter: &String) -> Option<usize> {
    letters.iter().position(|known| known == letter)
}

fn contract_pair(
    b: &mut Builder<'_>,
    pattern: &Einsum,
    left: Lettered,
    (right, right_letters): Lettered,
    rest: &[Lettered],
) -> Result<Lettered, OpError> {
    let right = (b.countable(right)?, right_letters);
    let is_needed = |letter: &String| {
        pattern.out.contains(letter) || rest.iter().any(|(_, letters)| letters.contains(letter))
    };
    let left = sum_but(b, left.clone(), |letter| {
        is_needed(letter) || right.1.contains(letter)
    })?;
    let right = sum_but(b, right, |letter| {
        is_needed(letter) || left.1.contains(letter)
    })?;
    let mut names: Vec<&String> = left.1.iter().collect();
    names.extend(right.1.iter().filter(|letter| !left.1.contains(letter)));
    let kept: Vec<String> = if rest.is_empty() {
        pattern.out.clone()
    } else {
        names
            .iter()
            .filter(|letter| is_needed(letter))
            .map(|&letter| letter.clone())
            .collect()
    };
    let number = |letters: &[String]| {
        let places = letters
            .iter()
            .filter_map(|letter| names.iter().position(|&known| known == letter));
        places
            .filter_map(|place| Letter::try_from(place).ok())
            .collect()
    };
    let contract = Contract {
        lhs: number(&left.1),
        rhs: number(&right.1),
        out: number(&kept),
    };
    let value = b.op1(Op::Contract(contract), &[left.0, right.0])?;
    Ok((value, kept))
}

/// Sums the axes whose letters are not to be kept.
fn sum_but(
    b: &mut Builder<'_>,
    (value, letters): Lettered,
    keep: impl Fn(&String) -> bool,
) -> Result<Lettered, OpError> {
    let axes = letters
        .iter()
        .enumerate()
        .filter(|(_, letter)| !keep(letter));
    let value = b.sum(value, axes.map(|(axis, _)| axis).collect())?;
    Ok((
        value,
        letters.into_iter().filter(|letter| keep(letter)).collect(),
    ))
}

/// Gives each axis its letter to be found by.
fn relabel(b: &mut Builder<'_>, value: ValueId, letters: &[String]) {
    let axes = &mut b.func.values[value].ty.shape.0;
    for (axis, letter) in axes.iter_mut().zip(letters) {
        *axis = AxisType::lettered(letter, axis.dim.clone());
    }
}

fn check_pattern(
    b: &mut Builder<'_>,
    pattern: &Einsum,
    operands: &[ValueId],
) -> Result<(), OpError> {
    if pattern.operands.len() != operands.len() {
        return Err(OpError::PatternOperands {
            pattern: pattern.operands.len(),
            given: operands.len(),
        });
    }
    let mut known: Vec<(&String, usize, AxisType)> = vec![];
    for (operand, (&value, letters)) in operands.iter().zip(&pattern.operands).enumerate() {
        pattern_rank(operand, b.shape(value), letters.len())?;
        distinct("einsum", letters)?;
        let shape = b.shape(value).clone();
        for (letter, axis) in letters.iter().zip(&shape.0) {
            match known.iter().find(|(known, ..)| *known == letter) {
                Some((_, first, size)) => {
                    let unified = b.module.dims.unify(&size.dim, &axis.dim);
                    unified.map_err(|clash| OpError::LetterSizes {
                        letter: letter.clone(),
                        left: (*first, clash.left),
                        right: (operand, clash.right),
                    })?;
                }
                None => known.push((letter, operand, axis.clone())),
            }
        }
    }
    distinct("einsum", &pattern.out)?;
    let unknown = pattern
        .out
        .iter()
        .find(|out| !known.iter().any(|(letter, ..)| letter == out));
    unknown.map_or(Ok(()), |letter| {
        Err(OpError::Letter {
            what: "einsum",
            letter: letter.clone(),
            fault: LetterFault::Unknown,
        })
    })
}

/// Each letter stands once.
pub(super) fn distinct(what: &'static str, letters: &[String]) -> Result<(), OpError> {
    let repeated = (1..letters.len()).find(|&at| letters[..at].contains(&letters[at]));
    repeated.map_or(Ok(()), |at| {
        Err(OpError::Letter {
            what,
            letter: letters[at].clone(),
            fault: LetterFault::Repeated,
        })
    })
}
