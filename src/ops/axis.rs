//! Which axis a user means: by place, by label, or by size. A size is compared first as it is written, since inside a signature
//! a symbol such as `classes` names an axis before anyone knows its size, and then as it is known.

use crate::ir::draft::{AxisRef, AxisSet};
use crate::ops::OpError;
use crate::types::{AxisType, Dim, Shape, Unifier};

/// The place of an axis of an operand of this shape.
pub fn resolve_axis(
    dims: &Unifier,
    shape: &Shape,
    operand: usize,
    axis: &AxisRef,
) -> Result<usize, OpError> {
    let missing = || OpError::NoAxis {
        operand,
        axis: axis.clone(),
    };
    let places = match axis {
        AxisRef::Index(index) => return from_end(*index, shape.rank()).ok_or_else(missing),
        AxisRef::Named(name, size) => named(dims, shape, name, size.as_ref()),
    };
    match places.as_slice() {
        [] => Err(missing()),
        [place] => Ok(*place),
        [..] => Err(OpError::AmbiguousAxis {
            operand,
            axis: axis.clone(),
            places,
        }),
    }
}

/// The places of a set of axes of an operand of this shape, in ascending order.
pub fn resolve_axes(
    dims: &Unifier,
    shape: &Shape,
    operand: usize,
    set: &AxisSet,
) -> Result<Vec<usize>, OpError> {
    let each = |axes: &[AxisRef]| resolve_each(dims, shape, operand, axes);
    match set {
        AxisSet::All => Ok((0..shape.rank()).collect()),
        AxisSet::These(axes) => {
            let mut places = each(axes)?;
            places.sort_unstable();
            Ok(places)
        }
        AxisSet::AllBut(axes) => {
            let kept = each(axes)?;
            Ok((0..shape.rank())
                .filter(|place| !kept.contains(place))
                .collect())
        }
    }
}

/// The places of axes in the order they are named, each named once.
pub fn resolve_each(
    dims: &Unifier,
    shape: &Shape,
    operand: usize,
    axes: &[AxisRef],
) -> Result<Vec<usize>, OpError> {
    let mut places = Vec::with_capacity(axes.len());
    for axis in axes {
        let place = resolve_axis(dims, shape, operand, axis)?;
        if places.contains(&place) {
            return Err(OpError::RepeatedAxis {
                operand,
                axis: place,
            });
        }
        places.push(place);
    }
    Ok(places)
}

/// Where a new axis goes: `0..=rank`, or from `-1` for the last.
pub fn resolve_gap(shape: &Shape, operand: usize, index: i64) -> Result<usize, OpError> {
    from_end(index, shape.rank() + 1).ok_or(OpError::NoAxis {
        operand,
        axis: AxisRef::Index(index),
    })
}

/// `index` among `len` places; negative from the end.
fn from_end(index: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    let place = if index < 0 { index + len } else { index };
    (0..len)
        .contains(&place)
        .then(|| usize::try_from(place).ok())?
}

/// The axes a name may mean: those so labelled; else those of the size it stands for, as written, or as known; else those whose
/// size is a symbol of that name.
fn named(dims: &Unifier, shape: &Shape, name: &str, size: Option<&Dim>) -> Vec<usize> {
    let which = |means: &dyn Fn(&AxisType) -> bool| -> Vec<usize> {
        let axes = shape.0.iter().enumerate().filter(|(_, axis)| means(axis));
        axes.map(|(place, _)| place).collect()
    };
    let labelled = which(&|axis| axis.name() == Some(name));
    if !labelled.is_empty() {
        return labelled;
    }
    let Some(size) = size else {
        return which(&|axis| {
            let symbol = axis.dim.as_sym();
            symbol.is_some_and(|symbol| dims.symbols[symbol].name == name)
        });
    };
    let written = which(&|axis| axis.dim == *size);
    if !written.is_empty() {
        return written;
    }
    let known = dims.resolve(size);
    which(&|axis| dims.resolve(&axis.dim) == known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SymKind;

    fn named(name: &str, dim: &Dim) -> AxisRef {
        AxisRef::Named(name.into(), Some(dim.clone()))
    }

    #[test]
    fn a_size_as_written_wins_over_a_size_as_known() {
        let mut dims = Unifier::new();
        let a = Dim::sym(dims.fresh("a", SymKind::Unknown, None));
        let b = Dim::sym(dims.fresh("b", SymKind::Unknown, None));
        let shape = Shape::of([a.clone(), b.clone()]);
        assert_eq!(dims.unify(&a, &b), Ok(()));
        assert_eq!(resolve_axis(&dims, &shape, 0, &named("b", &b)), Ok(1));
        let three = resolve_axis(&dims, &shape, 0, &named("three", &Dim::int(3)));
        assert!(matches!(three, Err(OpError::NoAxis { .. })));
    }

    #[test]
    fn places_count_from_either_end() {
        let (dims, shape) = (Unifier::new(), Shape::of([Dim::int(2), Dim::int(2)]));
        let at = |index| resolve_axis(&dims, &shape, 0, &AxisRef::Index(index)).ok();
        assert_eq!(
            (at(1), at(-1), at(-2), at(2), at(-3)),
            (Some(1), Some(1), Some(0), None, None)
        );
        assert_eq!(resolve_gap(&shape, 0, -1), Ok(2));
        let two = resolve_axis(&dims, &shape, 0, &named("n", &Dim::int(2)));
        assert!(matches!(two, Err(OpError::AmbiguousAxis { .. })));
    }
}
