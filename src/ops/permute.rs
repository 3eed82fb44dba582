//! Axes in another order: the op, and the forms that lead to it: `x'`, `permute`, and `rearrange` patterns, which also split and
//! merge axes.

use crate::ir::draft::{AxisRef, LetterGroup, Rearrange};
use crate::ir::{Op, ValueId};
use crate::ops::axis::resolve_each;
use crate::ops::contract::distinct;
use crate::ops::error::LetterFault;
use crate::ops::reduce::inverse;
use crate::ops::reshape::quotient;
use crate::ops::rules::Rule;
use crate::ops::{Builder, OpError};
use crate::types::{AxisType, Dim, Shape, TensorType};

// Permute -----------------------------------------------------------------------------------------------------------------

/// `permute : T s → T s∘axes`
pub(super) fn infer_permute(axes: &[usize], x: &TensorType) -> TensorType {
    let moved = axes.iter().map(|&axis| x.shape.0[axis].clone());
    TensorType::new(x.dtype, Shape(moved.collect()))
}

/// `dx`: `dy` with the axes put back.
pub(super) fn vjp_permute(b: &mut Builder<'_>, axes: &[usize], dy: ValueId) -> Rule {
    Ok(b.permute(dy, inverse(axes))?)
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `x'`: the last two axes swapped.
pub(super) fn form_transpose(b: &mut Builder<'_>, x: ValueId) -> Result<ValueId, OpError> {
    if b.shape(x).rank() < 2 {
        return Err(OpError::RankTooLow {
            what: "'",
            operand: 0,
            needs: 2,
        });
    }
    b.transpose(x)
}

/// `permute(x, [1, 0])`: result axis `i` is the `i`-th one named.
pub(super) fn form_permute(
    b: &mut Builder<'_>,
    axes: &[AxisRef],
    x: ValueId,
) -> Result<ValueId, OpError> {
    let order = resolve_each(&b.module.dims, b.shape(x), 0, axes)?;
    if order.len() != b.shape(x).rank() {
        return Err(OpError::Order { named: order.len() });
    }
    b.permute(x, order)
}

/// `rearrange(x, "b s (n h) -> n b s h", n: 3)`: split by the groups on the left, reorder, merge by the groups on the right. The
/// letter `1` stands for an axis of size one.
pub(super) fn form_rearrange(
    b: &mut Builder<'_>,
    pattern: &Rearrange,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let from = pattern.from.iter().map(letters).collect::<Vec<_>>();
    let to = pattern.to.iter().map(letters).collect::<Vec<_>>();
    let order = letter_order(&from.concat(), &to.concat())?;
    let split = split_sizes(b, &from, &pattern.sizes, x)?;
    let parts = b.reshape(x, Shape::of(split))?;
    let moved = b.permute(parts, order)?;
    let mut sizes = b.shape(moved).0.clone().into_iter();
    let merged = to.iter().map(|group| merge(group, &mut sizes));
    let merged = Shape(merged.collect());
    if moved == x && merged.rank() == b.shape(x).rank() {
        // Only the letters are new, and the operand is not to be relabelled itself.
        return b.op1(Op::Reshape(merged), &[x]);
    }
    b.reshape(moved, merged)
}

fn letters(group: &LetterGroup) -> Vec<String> {
    group
        .iter()
        .filter(|letter| *letter != "1")
        .cloned()
        .collect()
}

fn merge(group: &[String], sizes: &mut impl Iterator<Item = AxisType>) -> AxisType {
    let taken = sizes.take(group.len());
    let size = taken.fold(Dim::int(1), |product, axis| &product * &axis.dim);
    match group {
        [letter] => AxisType::lettered(letter, size),
        [..] => AxisType::new(size),
    }
}

/// For each letter on the right its place on the left; both sides have the same letters, each once.
fn letter_order(from: &[String], to: &[String]) -> Result<Vec<usize>, OpError> {
    let what = "rearrange";
    distinct(what, from)?;
    distinct(what, to)?;
    let fault = |letter: &String, fault: LetterFault| OpError::Letter {
        what,
        letter: letter.clone(),
        fault,
    };
    if let Some(dropped) = from.iter().find(|letter| !to.contains(letter)) {
        return Err(fault(dropped, LetterFault::Dropped));
    }
    let place = |letter: &String| from.iter().position(|known| known == letter);
    to.iter()
        .map(|letter| place(letter).ok_or_else(|| fault(letter, LetterFault::Unknown)))
        .collect()
}

/// The size of every letter on the left: given by name, or what remains of its axis.
fn split_sizes(
    b: &mut Builder<'_>,
    groups: &[LetterGroup],
    given: &[(String, Dim)],
    x: ValueId,
) -> Result<Vec<Dim>, OpError> {
    let shape = b.shape(x).clone();
    if shape.rank() != groups.len() {
        return Err(OpError::PatternRank {
            what: "rearrange",
            operand: 0,
            axes: groups.len(),
        });
    }
    let mut sizes = vec![];
    for (group, axis) in groups.iter().zip(&shape.0) {
        sizes.extend(split_axis(b, group, given, &axis.dim)?);
    }
    Ok(sizes)
}

fn split_axis(
    b: &mut Builder<'_>,
    group: &LetterGroup,
    given: &[(String, Dim)],
    size: &Dim,
) -> Result<Vec<Dim>, OpError> {
    let given = |letter: &String| {
        given
            .iter()
            .find(|(name, _)| name == letter)
            .map(|(_, dim)| dim.clone())
    };
    let mut sizes: Vec<Option<Dim>> = group.iter().map(given).collect();
    let known = sizes
        .iter()
        .flatten()
        .fold(Dim::int(1), |product, dim| &product * dim);
    let open: Vec<usize> = (0..sizes.len()).filter(|&at| sizes[at].is_none()).collect();
    match open.as_slice() {
        [] => fills(b, group, &known, size)?,
        [only] => sizes[*only] = Some(quotient(b, "rearrange", size, &known)?),
        [first, ..] => {
            return Err(OpError::Letter {
                what: "rearrange",
                letter: group[*first].clone(),
                fault: LetterFault::Unsized,
            });
        }
    }
    Ok(sizes.into_iter().flatten().collect())
}

fn fills(b: &mut Builder<'_>, group: &LetterGroup, known: &Dim, size: &Dim) -> Result<(), OpError> {
    b.module
        .dims
        .unify(size, known)
        .map_err(|clash| OpError::LetterSizes {
            letter: if group.is_empty() {
                "1".into()
            } else {
                group.join(" ")
            },
            left: (0, clash.left),
            right: (0, clash.right),
        })
}
