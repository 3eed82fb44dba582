//! Windows along an axis, windows that overlap added up, and the forms that lead to them: `windows`, `overlap`, and `pad`, which
//! makes room for windows. Convolution and pooling are these and what exists already: a sum of products, a fold.

use crate::ir::draft::{AxisRef, WindowSpec};
use crate::ir::{Op, Range, ValueId, Window};
use crate::ops::error::ElemKind;
use crate::ops::reduce::along;
use crate::ops::rules::{Rule, needs_elem};
use crate::ops::{Builder, EvalError, OpError};
use crate::tensor::{self, Tensor, Walk, WindowSizes};
use crate::types::{AxisType, Dim, Relation, TensorType, Unifier};

// Windows -----------------------------------------------------------------------------------------------------------------

/// `windows : T [a…, n, b…] → T [a…, c, k, b…]` where `c = ⌊(n − (k − 1) dilation − 1) / stride⌋ + 1`, at least 1
pub(super) fn infer_windows(
    window: &Window,
    x: &TensorType,
    dims: &Unifier,
) -> Result<TensorType, OpError> {
    let n = dims.resolve(x.shape.dim(window.axis));
    fits(dims, window, &n)?;
    let count = dims.resolve(&window.count(&n));
    let mut ty = x.clone();
    ty.shape.0[window.axis].dim = count;
    let within = AxisType::new(window.size.clone());
    ty.shape.0.insert(window.axis + 1, within);
    Ok(ty)
}

/// Distances are positive, and one window fits at least, as far as that can be told.
fn fits(dims: &Unifier, window: &Window, n: &Dim) -> Result<(), OpError> {
    let distances = [
        ("size", &window.size),
        ("stride", &window.stride),
        ("dilation", &window.dilation),
    ];
    let is_none = |value: &Dim| dims.decide(Relation::AtMost, &Dim::int(1), value) == Some(false);
    if let Some((what, value)) = distances.into_iter().find(|(_, value)| is_none(value)) {
        let value = dims.resolve(value);
        return Err(OpError::Distance { what, value });
    }
    let fits = dims.decide(Relation::AtMost, &window.reach(), n) != Some(false);
    let error = || OpError::Window {
        axis: window.axis,
        size: n.clone(),
        window: dims.resolve(&window.size),
        dilation: dims.resolve(&window.dilation),
    };
    fits.then_some(()).ok_or_else(error)
}

/// Windows as numbers, and how many an axis of `n` holds.
fn numbers(
    window: &Window,
    n: usize,
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<(WindowSizes, usize), EvalError> {
    let (axis, window) = (
        window.axis,
        WindowSizes {
            axis: window.axis,
            size: sizes(&window.size),
            stride: sizes(&window.stride),
            dilation: sizes(&window.dilation),
        },
    );
    let error = EvalError::Window {
        axis,
        size: n,
        window,
    };
    let count = window.count(n).ok_or(error)?;
    Ok((window, count))
}

/// `y[…, p, j, …] = x[…, p · stride + j · dilation, …]`
pub(super) fn eval_windows(
    window: &Window,
    x: &Tensor,
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Tensor, EvalError> {
    let (window, count) = numbers(window, x.shape()[window.axis], sizes)?;
    Ok(tensor::windows(x, count, &window))
}

/// Where the elements lie: those that windows share, several times.
pub(super) fn view_windows(
    window: &Window,
    x: &Walk,
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Walk, EvalError> {
    let (window, count) = numbers(window, x.sizes[window.axis], sizes)?;
    Ok(x.windowed(count, &window))
}

/// `dx`: what flows to each window, added up.
pub(super) fn vjp_windows(b: &mut Builder<'_>, window: &Window, x: ValueId, dy: ValueId) -> Rule {
    let n = b.shape(x).dim(window.axis).clone();
    Ok(b.op1(Op::Overlap(window.clone(), n), &[dy])?)
}

// Overlap -----------------------------------------------------------------------------------------------------------------

/// `overlap : T [a…, c, k, b…] → T [a…, n, b…]`, the reverse of `windows`
pub(super) fn infer_overlap(
    window: &Window,
    n: &Dim,
    x: &TensorType,
    dims: &mut Unifier,
) -> Result<TensorType, OpError> {
    needs_elem("overlap", 0, x, ElemKind::Number)?;
    let axis = window.axis;
    if x.shape.rank() < axis + 2 {
        return Err(OpError::RankTooLow {
            what: "overlap",
            operand: 0,
            needs: axis + 2,
        });
    }
    fits(dims, window, &dims.resolve(n))?;
    let meets = [(axis, window.count(n)), (axis + 1, window.size.clone())];
    for (axis, size) in meets {
        dims.unify(x.shape.dim(axis), &size)
            .map_err(|clash| OpError::ReshapeSizes {
                from: clash.left,
                to: clash.right,
            })?;
    }
    let mut ty = x.clone();
    ty.shape.0.remove(axis + 1);
    ty.shape.0[axis].dim = n.clone();
    Ok(ty)
}

/// `y[…, i, …] = Σ x[…, p, j, …]` over `p · stride + j · dilation = i`
pub(super) fn eval_overlap(
    window: &Window,
    x: &Tensor,
    n: &Dim,
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Tensor, EvalError> {
    let n = sizes(n);
    let (window, _) = numbers(window, n, sizes)?;
    Ok(tensor::overlap(x, n, &window))
}

/// Where each element is added in a result that `whole` walks over.
pub(super) fn places(
    window: &Window,
    whole: &Walk,
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Walk, EvalError> {
    view_windows(window, whole, sizes)
}

/// `dx`: the windows of `dy`.
pub(super) fn vjp_overlap(b: &mut Builder<'_>, window: &Window, dy: ValueId) -> Rule {
    Ok(b.op1(Op::Windows(window.clone()), &[dy])?)
}

// Forms -------------------------------------------------------------------------------------------------------------------

/// `windows(x, size:, axis:, stride:, dilation:)`
pub(super) fn form_windows(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    spec: &WindowSpec,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    let size = spec.size.clone().unwrap_or_else(|| Dim::int(1));
    b.op1(Op::Windows(window(axis, size, spec)), &[x])
}

/// `overlap(x, axis:, stride:, dilation:, more:)`: an axis that the windows fill, and `more` places behind them.
pub(super) fn form_overlap(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    spec: &WindowSpec,
    more: &Dim,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    let shape = b.shape(x);
    if shape.rank() < axis + 2 {
        return Err(OpError::RankTooLow {
            what: "overlap",
            operand: 0,
            needs: axis + 2,
        });
    }
    let window = window(axis, shape.dim(axis + 1).clone(), spec);
    let n = window.span(shape.dim(axis));
    let filled = b.op1(Op::Overlap(window, n), &[x])?;
    padded(b, axis, [&Dim::int(0), more], filled)
}

fn window(axis: usize, size: Dim, spec: &WindowSpec) -> Window {
    Window {
        axis,
        size,
        stride: spec.stride.clone(),
        dilation: spec.dilation.clone(),
    }
}

/// `pad(x, before:, after:, axis:)`: zeros on both sides of an axis.
pub(super) fn form_pad(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    [before, after]: [&Dim; 2],
    x: ValueId,
) -> Result<ValueId, OpError> {
    let axis = along(b, axis, x)?;
    padded(b, axis, [before, after], x)
}

fn padded(
    b: &mut Builder<'_>,
    axis: usize,
    [before, after]: [&Dim; 2],
    x: ValueId,
) -> Result<ValueId, OpError> {
    for (what, value) in [("before", before), ("after", after)] {
        if b.module.dims.decide(Relation::AtMost, &Dim::int(0), value) == Some(false) {
            let value = b.module.dims.resolve(value);
            return Err(OpError::Distance { what, value });
        }
    }
    let mut shape = b.shape(x).clone();
    let mut ranges: Vec<Range> = shape.dims().map(Range::whole).collect();
    let stop = before + shape.dim(axis);
    ranges[axis] = Range::new(before.clone(), stop.clone());
    shape.0[axis].dim = &stop + after;
    if shape.dim(axis) == b.shape(x).dim(axis) {
        return Ok(x);
    }
    b.op1(Op::Embed(shape, ranges), &[x])
}
