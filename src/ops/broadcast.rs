//! Repetition along new axes: the op, and the form that finds by name where the axes of one tensor lie in another.

use crate::ir::ValueId;
use crate::ir::draft::AxisSet;
use crate::ops::axis::resolve_axes;
use crate::ops::rules::Rule;
use crate::ops::{Builder, OpError};
use crate::types::{AxisType, Shape, TensorType, Unifier};

// Broadcast ---------------------------------------------------------------------------------------------------------------

/// `broadcast : T s → T t` where `t[places[i]] = s[i]`
pub(super) fn infer_broadcast(
    shape: &Shape,
    places: &[usize],
    x: &TensorType,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    for (axis, (dim, &place)) in x.shape.dims().zip(places).enumerate() {
        dims.unify(dim, shape.dim(place))
            .map_err(|_| OpError::Unplaced { axis })?;
    }
    Ok(TensorType::new(x.dtype, shape.clone()))
}

/// `dx = Σ dy` over the axes that are new.
pub(super) fn vjp_broadcast(b: &mut Builder<'_>, places: &[usize], dy: ValueId) -> Rule {
    let new = (0..b.shape(dy).rank()).filter(|axis| !places.contains(axis));
    let new = new.collect();
    Ok(b.sum(dy, new)?)
}

// Form --------------------------------------------------------------------------------------------------------------------

/// `broadcast(x, like: y)`: each axis of `x` lies along an axis of `y`, in the same order; `along` names the others.
pub(super) fn form_broadcast(
    b: &mut Builder<'_>,
    along: Option<&AxisSet>,
    x: ValueId,
    like: ValueId,
) -> Result<ValueId, OpError> {
    let (from, to) = (b.shape(x).clone(), b.shape(like).clone());
    let places = match along {
        Some(along) => places_beside(b, along, &from, &to)?,
        None => places_by_name(&b.module.dims, &from, &to)?,
    };
    b.broadcast(x, to, places)
}

fn places_beside(
    b: &mut Builder<'_>,
    along: &AxisSet,
    from: &Shape,
    to: &Shape,
) -> Result<Vec<usize>, OpError> {
    let new = resolve_axes(&b.module.dims, to, 1, along)?;
    let places: Vec<usize> = (0..to.rank()).filter(|axis| !new.contains(axis)).collect();
    if places.len() != from.rank() {
        return Err(OpError::AlongCount { along: new.len() });
    }
    let misfit = (0..places.len()).find(|&axis| !b.same(from.dim(axis), to.dim(places[axis])));
    misfit.map_or(Ok(places), |axis| Err(OpError::Unplaced { axis }))
}

/// The one way to lay the axes of `from` in order along axes of `to` that they fit best.
fn places_by_name(dims: &Unifier, from: &Shape, to: &Shape) -> Result<Vec<usize>, OpError> {
    let mut candidates = vec![];
    for (axis, of) in from.0.iter().enumerate() {
        let places = best_places(dims, of, to);
        if places.is_empty() {
            return Err(OpError::Unplaced { axis });
        }
        candidates.push(places);
    }
    let unclear = || {
        candidates
            .iter()
            .position(|places| places.len() > 1)
            .unwrap_or(0)
    };
    // Leftmost and rightmost embeddings agree where there is only one.
    match (leftmost(&candidates), rightmost(&candidates)) {
        (Some(left), Some(right)) if left == right => Ok(left),
        _ => Err(OpError::PlacedTwice { axis: unclear() }),
    }
}

/// How well an axis fits another.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The sizes are known to be equal.
    Size,
    /// The sizes are written alike.
    Written,
    /// The names are equal.
    Name,
}

fn fit(dims: &Unifier, axis: &AxisType, other: &AxisType) -> Option<Fit> {
    let same_size = dims.resolve(&axis.dim) == dims.resolve(&other.dim);
    if axis.contradicts(other) || !same_size {
        None
    } else if axis.name().is_some() && axis.name() == other.name() {
        Some(Fit::Name)
    } else if axis.dim == other.dim && axis.dim.as_int().is_none() {
        Some(Fit::Written)
    } else {
        Some(Fit::Size)
    }
}

fn best_places(dims: &Unifier, axis: &AxisType, to: &Shape) -> Vec<usize> {
    let fits: Vec<Option<Fit>> = to.0.iter().map(|other| fit(dims, axis, other)).collect();
    let best = fits.iter().flatten().max().copied();
    let places = (0..fits.len()).filter(|&place| fits[place].is_some() && fits[place] == best);
    places.collect()
}

fn leftmost(candidates: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut next = 0;
    let mut chosen = vec![];
    for places in candidates {
        let place = *places.iter().find(|&&place| place >= next)?;
        chosen.push(place);
        next = place + 1;
    }
    Some(chosen)
}

fn rightmost(candidates: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut bound = usize::MAX;
    let mut chosen = vec![];
    for places in candidates.iter().rev() {
        bound = *places.iter().rev().find(|&&place| place < bound)?;
        chosen.push(bound);
    }
    chosen.reverse();
    Some(chosen)
}
