//! The same elements under another shape: the op, and the forms that lead to it: `reshape`, `flatten`, `squeeze`, `expand`.

use crate::ir::ValueId;
use crate::ir::draft::{AxisRef, AxisSet, NewDim};
use crate::ops::axis::{resolve_axes, resolve_gap};
use crate::ops::reduce::along;
use crate::ops::rules::Rule;
use crate::ops::{Builder, Description, OpError, codes};
use crate::types::{AxisType, Dim, Shape, TensorType, Unifier};

// Reshape -----------------------------------------------------------------------------------------------------------------

/// `reshape : T s → T t` where `Π s = Π t`
pub(super) fn infer_reshape(
    shape: &Shape,
    x: &TensorType,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    let unified = dims.unify(&x.shape.size(), &shape.size());
    unified.map_err(|clash| OpError::ReshapeSizes {
        from: clash.left,
        to: clash.right,
    })?;
    Ok(TensorType::new(x.dtype, shape.clone()))
}

/// `dx`: `dy` under the operand's shape.
pub(super) fn vjp_reshape(b: &mut Builder<'_>, x: ValueId, dy: ValueId) -> Rule {
    let shape = b.shape(x).clone();
    Ok(b.reshape(dy, shape)?)
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `reshape(x, [batch, _])`: one size may be left open, and is what remains.
pub(super) fn form_reshape(
    b: &mut Builder<'_>,
    sizes: &[NewDim],
    x: ValueId,
) -> Result<ValueId, OpError> {
    let written = |size: &NewDim| match size {
        NewDim::Size(dim) => Some(dim.clone()),
        NewDim::Rest => None,
    };
    let known = sizes
        .iter()
        .filter_map(written)
        .fold(Dim::int(1), |product, dim| &product * &dim);
    let n_open = sizes.iter().filter(|size| written(size).is_none()).count();
    let rest = match n_open {
        0 => Dim::int(1),
        1 => {
            let size = b.shape(x).size();
            quotient(b, "reshape", &size, &known)?
        }
        _ => return Err(OpError::SeveralRests),
    };
    let dims = sizes
        .iter()
        .map(|size| written(size).unwrap_or_else(|| rest.clone()));
    b.reshape(x, Shape::of(dims))
}

/// Rows of a batch stay apart as long as their axis stays where it is, before and after as many elements as before.
pub(super) fn doubt_reshape(b: &Builder<'_>, x: ValueId, y: ValueId) -> Option<Description> {
    let dims = &b.module.dims;
    let (from, to) = (
        dims.resolve_shape(b.shape(x)),
        dims.resolve_shape(b.shape(y)),
    );
    let rows = (0..from.rank()).find(|&axis| is_batch(b, from.dim(axis)))?;
    let before = |shape: &Shape, axis| Shape::of(shape.dims().take(axis).cloned()).size();
    let is_kept = |axis| to.dim(axis) == from.dim(rows) && before(&to, axis) == before(&from, rows);
    if (0..to.rank()).any(is_kept) {
        return None;
    }
    let mut doubt = Description::new(
        codes::MIXED_ROWS,
        "`reshape` mixes `batch` with another axis",
    );
    doubt.labels.push((0, "has an axis `batch`".into()));
    doubt
        .notes
        .push("the rows of the result are not the rows of the batch".into());
    doubt.help = Some(
        "keep `batch` where it is: `reshape(…, [batch, _])`; to move it, `rearrange` or `permute`"
            .into(),
    );
    Some(doubt)
}

/// The axis of rows is known by its name, which is also what a run calls it.
fn is_batch(b: &Builder<'_>, dim: &Dim) -> bool {
    let symbols = &b.module.dims.symbols;
    dim.as_sym()
        .is_some_and(|symbol| symbols[symbol].name == "batch")
}

/// `size / by`, which must be exact: as a polynomial, or because of a fact such as `heads divides d`. What depends on unknown sizes
/// stays open.
pub(super) fn quotient(
    b: &mut Builder<'_>,
    what: &'static str,
    size: &Dim,
    by: &Dim,
) -> Result<Dim, OpError> {
    let (size, by) = (b.module.dims.resolve(size), b.module.dims.resolve(by));
    if let Some(exact) = size.exact_div(&by) {
        return Ok(exact);
    }
    let rounded = size
        .floor_div(&by)
        .filter(|rounded| b.same(&(&by * rounded), &size));
    rounded.ok_or(OpError::NotDivisible {
        what,
        operand: 0,
        size,
        by,
    })
}

/// `flatten(x, keep: batch)`: the axes that are not kept, neighbours, become one; of none, a scalar's, too.
pub(super) fn form_flatten(
    b: &mut Builder<'_>,
    keep: &AxisSet,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let shape = b.shape(x).clone();
    let kept = resolve_axes(&b.module.dims, &shape, 0, keep)?;
    let merged: Vec<usize> = (0..shape.rank())
        .filter(|axis| !kept.contains(axis))
        .collect();
    let (first, last) = match merged.as_slice() {
        [] if shape.rank() > 0 => return Ok(x),
        [] => (0, 0),
        [first, .., last] => (*first, *last + 1),
        [only] => (*only, *only + 1),
    };
    if let Some(&between) = kept.iter().find(|axis| (first..last).contains(axis)) {
        return Err(OpError::Apart { between });
    }
    let size = Shape(shape.0[first..last].to_vec()).size();
    let mut axes = shape.0.clone();
    axes.splice(first..last, [AxisType::new(size)]);
    b.reshape(x, Shape(axes))
}

/// `squeeze(x, 1)`: an axis of size one goes away.
pub(super) fn form_squeeze(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    let size = b.shape(x).dim(axis).clone();
    let unified = b.module.dims.unify(&size, &Dim::int(1));
    unified.map_err(|clash| OpError::NotOne {
        axis,
        size: clash.left,
    })?;
    let shape = b.shape(x).without(&[axis]);
    b.reshape(x, shape)
}

/// `expand(x, axis: 1)`: a new axis of size one.
pub(super) fn form_expand(b: &mut Builder<'_>, at: i64, x: ValueId) -> Result<ValueId, OpError> {
    let at = resolve_gap(b.shape(x), 0, at)?;
    let mut shape = b.shape(x).clone();
    shape.0.insert(at, AxisType::new(Dim::int(1)));
    b.reshape(x, shape)
}
