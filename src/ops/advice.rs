//! What to try when shapes do not fit: the smallest edit that would make them. Each function states one such edit and when it
//! helps. Knows no operations by name and no places.

use crate::diag::did_you_mean;
use crate::types::{Dim, Shape, Symbols};

fn dims(shape: &Shape) -> Vec<&Dim> {
    shape.dims().collect()
}

fn is_one(dim: &Dim) -> bool {
    *dim == Dim::int(1)
}

/// The place of an axis of size one without which `long` has the sizes of `short`.
fn spare_axis(long: &Shape, short: &Shape) -> Option<usize> {
    (0..long.rank())
        .find(|&axis| is_one(long.dim(axis)) && dims(&long.without(&[axis])) == dims(short))
}

/// What stretching axes of size one, as other languages do, would have made of these shapes, if it had made anything.
pub(super) fn stretched(left: &Shape, right: &Shape, symbols: &Symbols) -> Option<String> {
    let rank = left.rank().max(right.rank());
    let one = Dim::int(1);
    let axes: Option<Vec<Dim>> = (1..=rank)
        .rev()
        .map(|from_end| {
            let at = |shape: &Shape| {
                shape
                    .rank()
                    .checked_sub(from_end)
                    .map(|axis| shape.dim(axis).clone())
            };
            match (
                at(left).unwrap_or(one.clone()),
                at(right).unwrap_or(one.clone()),
            ) {
                (a, b) if a == b || is_one(&b) => Some(a),
                (a, b) if is_one(&a) => Some(b),
                _ => None,
            }
        })
        .collect();
    let shape = Shape::of(axes?);
    let shown = shape.display(symbols).to_string();
    let is_table = rank == 2 && shape.dim(0) == shape.dim(1);
    Some(if is_table {
        format!("expanding both would compare every row with every other row, {shown}")
    } else {
        format!("size 1 never stretches; stretching it would give {shown}")
    })
}

/// An edit after which an elementwise operation fits: drop an axis of size one, turn one side around, or place it by name.
pub(super) fn equal_shapes(left: &Shape, right: &Shape, symbols: &Symbols) -> Option<String> {
    let (long, short) = if left.rank() >= right.rank() {
        (left, right)
    } else {
        (right, left)
    };
    if let Some(axis) = spare_axis(long, short) {
        return Some(format!("drop the axis: `squeeze(…, {axis})`"));
    }
    let turned: Vec<&Dim> = dims(right).into_iter().rev().collect();
    if left.rank() == 2 && dims(left) == turned {
        return Some("transpose one side: `…'`".into());
    }
    if long.rank() > short.rank() && subsequence(&dims(short), &dims(long)) {
        let like = long.display(symbols);
        return Some(format!(
            "place the axes by name: `broadcast(…, like: …)` with the {like} side"
        ));
    }
    if left.rank() == right.rank() {
        return stretch_by_hand(left, right);
    }
    (long.size() == short.size() && short.rank() > 0).then(|| {
        format!(
            "the sizes agree: `reshape` one side to {}",
            short.display(symbols)
        )
    })
}

/// Where the only difference are axes of size one, these may be dropped and the rest placed by name.
fn stretch_by_hand(left: &Shape, right: &Shape) -> Option<String> {
    let pairs = || left.dims().zip(right.dims());
    let fits =
        |one_side: fn((&Dim, &Dim)) -> bool| pairs().all(|(a, b)| a == b || one_side((a, b)));
    let narrow = if fits(|(a, _)| is_one(a)) {
        left
    } else if fits(|(_, b)| is_one(b)) {
        right
    } else {
        return None;
    };
    let axis = narrow.dims().position(is_one)?;
    Some(format!(
        "drop the axis and place the others by name: `broadcast(squeeze(…, {axis}), like: …)`"
    ))
}

fn subsequence(short: &[&Dim], long: &[&Dim]) -> bool {
    let mut rest = long.iter();
    short.iter().all(|dim| rest.any(|other| other == dim))
}

/// An edit after which a matrix product fits: transpose a side, flatten the left one, or give the right one the size that arrives.
pub(super) fn inner_sizes(left: &Shape, right: &Shape, symbols: &Symbols) -> Option<String> {
    let (a, b) = (dims(left), dims(right));
    let inner = a.last()?;
    let [b_rows, b_cols] = b[b.len().saturating_sub(2)..] else {
        return None;
    };
    if b_cols == *inner {
        return Some("transpose the right side: `… @ …'`".into());
    }
    if a.len() >= 2 && a[a.len() - 2] == b_rows {
        return Some("transpose the left side: `…' @ …`".into());
    }
    let flat = left.0[1..]
        .iter()
        .fold(Dim::int(1), |size, axis| &size * &axis.dim);
    if a.len() > 2 && flat == *b_rows {
        let keep = a[0].display(symbols);
        return Some(format!(
            "flatten the left side first: `flatten(…, keep: {keep})`"
        ));
    }
    let fitting = Shape::of([(*inner).clone(), b_cols.clone()]);
    let (size, fitting) = (inner.display(symbols), fitting.display(symbols));
    (b.len() == 2)
        .then(|| format!("{size} is the size that arrives: make the right side {fitting}"))
}

/// The axis whose name or size is spelt nearly like this.
pub(super) fn axis_name(name: &str, shape: &Shape, symbols: &Symbols) -> Option<String> {
    let sizes: Vec<String> = shape
        .dims()
        .map(|dim| dim.display(symbols).to_string())
        .collect();
    let names = shape.0.iter().filter_map(|axis| axis.name());
    let near = did_you_mean(name, names.chain(sizes.iter().map(String::as_str)))?;
    Some(format!("did you mean `{near}`?"))
}
