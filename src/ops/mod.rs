//! One paragraph an op: shape rule, meaning, gradient, kernel class. A family of ops shares a file; this one asks the family,
//! in one flat match a question, so that a new op breaks the build in every place that must know it. Ops know no spans and no
//! engine.
//!
//! [`infer`] gives the types of results, [`eval`] the results, [`vjp`] the gradient as IR, [`kernel`] the class an op belongs to
//! for a code generator. [`form()`] turns a primitive of the language, which speaks of axes by name, into ops, whose attributes are
//! resolved.

mod advice;
mod along;
mod axis;
mod broadcast;
mod build;
pub mod codes;
mod concat;
mod constant;
mod contract;
mod control;
mod describe;
mod error;
mod factor;
mod form;
mod gather;
mod linalg;
mod map;
mod order;
mod permute;
mod random;
mod reduce;
mod reshape;
mod rules;
mod scan;
mod slice;
#[cfg(test)]
mod tests;
mod verify;
mod window;

pub use along::{AtPlaces, at_places};
pub use axis::{resolve_axes, resolve_axis, resolve_each, resolve_gap};
pub use build::Builder;
pub use error::{Description, ElemKind, EvalError, LetterFault, NotDifferentiable, OpError};
pub use form::{agreeing_operands, decides_type, doubt, form, gives_number, index_operand};
pub use scan::{from_front, to_front};
pub use verify::{verify, verify_funcs};

use crate::ir::{Module, Op, Scan, ValueId};
use crate::ops::rules::{Fault, Flows, operand_count};
use crate::scalar::Scalar;
use crate::tensor::{self, Draw, Monoid, Tensor, Walk};
use crate::types::{DType, Dim, TensorType};

/// The types of an op's results.
pub fn infer(
    op: &Op,
    operands: &[&TensorType],
    module: &mut Module,
) -> Result<Vec<TensorType>, OpError> {
    if let Some((what, expected)) = fixed_arity(op) {
        operand_count(what, operands, expected)?;
    }
    let (x, dims) = (operands, &mut module.dims);
    let one = |ty: TensorType| Ok(vec![ty]);
    match op {
        Op::Const(tensor) => one(constant::infer_const(tensor)),
        Op::Size(_, dtype) => one(constant::infer_size(*dtype)),
        Op::Map(f) => one(map::infer_map(*f, x, dims)?),
        Op::Cast(dtype) => one(map::infer_cast(*dtype, x[0])),
        Op::StopGradient => one(x[0].clone()),
        Op::Reduce(monoid, axes) => one(reduce::infer_reduce(*monoid, axes, x[0])?),
        Op::ArgReduce(_, axis) => one(reduce::infer_arg_reduce(*axis, x[0])),
        Op::CumSum(_) => one(order::infer_cumsum(x[0])?),
        Op::Sort(_) => one(order::infer_sort(x[0])),
        Op::ArgSort(_) => one(order::infer_argsort(x[0])),
        Op::Ranks(_) => one(order::infer_ranks(x[0])),
        Op::Contract(letters) => one(contract::infer_contract(letters, x, dims)?),
        Op::Permute(axes) => one(permute::infer_permute(axes, x[0])),
        Op::Reshape(shape) => one(reshape::infer_reshape(shape, x[0], dims)?),
        Op::Broadcast { shape, places } => {
            one(broadcast::infer_broadcast(shape, places, x[0], dims)?)
        }
        Op::Slice(ranges) => one(slice::infer_slice(ranges, x[0], dims)?),
        Op::Embed(shape, ranges) => one(slice::infer_embed(shape, ranges, x[0], dims)?),
        Op::Windows(window) => one(window::infer_windows(window, x[0], dims)?),
        Op::Overlap(window, size) => one(window::infer_overlap(window, size, x[0], dims)?),
        Op::Concat(axis) => one(concat::infer_concat(*axis, x, dims)?),
        Op::Reverse(_) => one(concat::infer_reverse(x[0])),
        Op::Gather(axis) => one(gather::infer_gather(*axis, x[0], x[1])?),
        Op::ScatterAdd(axis, n) => one(gather::infer_scatter_add(*axis, n, x[0], x[1], dims)?),
        Op::Iota(shape, dtype, _) => one(constant::infer_iota(shape, *dtype)),
        Op::Random {
            distribution,
            place: _,
            shape,
            dtype,
        } => one(random::infer_random(*distribution, shape, *dtype, x)?),
        Op::Inverse => one(linalg::infer_inverse(x[0], dims)?),
        Op::Solve(_) => one(linalg::infer_solve(x, dims)?),
        Op::Factor(kind) => factor::infer_factor(*kind, x[0], dims),
        Op::Scan(scan) => scan::infer_scan(*scan, x, module),
        Op::Call(func) => control::infer_call(*func, x, module),
        Op::Custom { forward, backward } => control::infer_custom(*forward, *backward, x, module),
        Op::Grad { func, wrt } => control::infer_grad(*func, wrt, x, module),
        Op::Vjp { func, wrt } => control::infer_vjp(*func, wrt, x, module),
    }
}

/// How an op is written and how many operands it takes, where that is the same for every attribute.
fn fixed_arity(op: &Op) -> Option<(&'static str, usize)> {
    match op {
        Op::Const(_) => Some(("const", 0)),
        Op::Size(..) => Some(("size", 0)),
        Op::Iota(..) => Some(("indices", 0)),
        Op::Cast(_) => Some(("cast", 1)),
        Op::StopGradient => Some(("stop_gradient", 1)),
        Op::Reduce(monoid, _) => Some((monoid.name(), 1)),
        Op::ArgReduce(extreme, _) => Some((extreme.name(), 1)),
        Op::CumSum(_) => Some(("cumsum", 1)),
        Op::Sort(_) => Some(("sort", 1)),
        Op::ArgSort(_) => Some(("argsort", 1)),
        Op::Ranks(_) => Some(("ranks", 1)),
        Op::Permute(_) => Some(("permute", 1)),
        Op::Reshape(_) => Some(("reshape", 1)),
        Op::Broadcast { .. } => Some(("broadcast", 1)),
        Op::Slice(_) => Some(("slice", 1)),
        Op::Embed(..) => Some(("embed", 1)),
        Op::Windows(_) => Some(("windows", 1)),
        Op::Overlap(..) => Some(("overlap", 1)),
        Op::Reverse(_) => Some(("reverse", 1)),
        Op::Inverse => Some(("inverse", 1)),
        Op::Factor(kind) => Some((kind.name(), 1)),
        Op::Contract(_) => Some(("einsum", 2)),
        Op::Gather(_) => Some(("take", 2)),
        Op::ScatterAdd(..) => Some(("scatter_add", 2)),
        Op::Solve(_) => Some(("solve", 2)),
        Op::Random { distribution, .. } => Some((distribution.name(), 2)),
        Op::Map(f) => Some((map::spelling(*f), f.arity())),
        Op::Concat(_) | Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => None,
        Op::Scan(_) => None,
    }
}

/// The results of an op. `results` are their element types and sizes, `sizes` tells what a dimension is. Total after the check, up
/// to what depends on the numbers themselves. An operand that nobody else holds may be written over.
pub fn eval(
    op: &Op,
    mut operands: Vec<Tensor>,
    results: &[(DType, Vec<usize>)],
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Vec<Tensor>, EvalError> {
    let shape = results.first().map_or(&[][..], |(_, shape)| shape);
    if let Op::Map(f) = op {
        return Ok(vec![tensor::map(*f, operands, shape)]);
    }
    if let Op::Reshape(_) | Op::StopGradient = op {
        let x = operands.remove(0);
        return Ok(vec![x.with_shape(shape.to_vec())]);
    }
    let x = operands.as_slice();
    let one = |tensor: Tensor| Ok(vec![tensor]);
    match op {
        Op::Const(tensor) => one(tensor.clone()),
        Op::Size(dim, dtype) => one(constant::eval_size(sizes(dim), *dtype)),
        Op::Map(_) | Op::Reshape(_) | Op::StopGradient => unreachable!("evaluated above, in place"),
        Op::Cast(dtype) => one(x[0].cast(*dtype)),
        Op::Reduce(monoid, axes) => one(tensor::reduce(*monoid, &x[0], axes)),
        Op::ArgReduce(extreme, axis) => one(tensor::arg_reduce(*extreme, &x[0], *axis)),
        Op::CumSum(axis) => one(tensor::cumsum(&x[0], *axis)),
        Op::Sort(axis) => one(tensor::sort(&x[0], *axis)),
        Op::ArgSort(axis) => one(tensor::argsort(&x[0], *axis)),
        Op::Ranks(axis) => one(tensor::ranks(&x[0], *axis)),
        Op::Contract(letters) => one(tensor::contract(letters, &x[0], &x[1])),
        Op::Permute(axes) => one(tensor::permute(&x[0], axes)),
        Op::Broadcast { shape: _, places } => one(tensor::broadcast(&x[0], shape, places)),
        Op::Slice(ranges) => one(slice::eval_slice(ranges, &x[0], sizes)?),
        Op::Embed(_, ranges) => one(slice::eval_embed(ranges, &x[0], shape, sizes)?),
        Op::Windows(window) => one(window::eval_windows(window, &x[0], sizes)?),
        Op::Overlap(window, n) => one(window::eval_overlap(window, &x[0], n, sizes)?),
        Op::Concat(axis) => one(tensor::concat(x, *axis)),
        Op::Reverse(axis) => one(tensor::reverse(&x[0], *axis)),
        Op::Gather(axis) => one(gather::eval_gather(&x[0], &x[1], *axis)?),
        Op::ScatterAdd(axis, n) => one(gather::eval_scatter_add(&x[0], &x[1], *axis, sizes(n))?),
        Op::Iota(_, dtype, axis) => one(tensor::iota(shape, *dtype, *axis)),
        Op::Random {
            distribution,
            place,
            shape: _,
            dtype,
        } => one(random::eval_random(*distribution, *place, x, shape, *dtype)),
        Op::Inverse => one(linalg::eval_inverse(&x[0])?),
        Op::Solve(kind) => one(linalg::eval_solve(*kind, &x[0], &x[1])?),
        Op::Factor(kind) => factor::eval_factor(*kind, &x[0]),
        Op::Scan(_) => unreachable!("engines run the steps of a scan themselves"),
        Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => {
            unreachable!("expanded: only flat functions run")
        }
    }
}

/// The cotangents of an op's operands from those of its results, as IR: `None` where nothing flows. A cotangent has the element type
/// of its operand, and its shape, up to leading axes that the op repeated it along.
pub fn vjp(
    b: &mut Builder<'_>,
    op: &Op,
    operands: &[ValueId],
    results: &[ValueId],
    cotangents: &[Option<ValueId>],
) -> Result<Vec<Option<ValueId>>, NotDifferentiable> {
    match pull_back(b, op, operands, results, cotangents) {
        Ok(flows) => Ok(flows),
        Err(Fault::NotDifferentiable(why)) => Err(why),
        Err(Fault::Misfit(error)) => {
            unreachable!("a gradient's ops fit by construction: {error:?}")
        }
    }
}

fn pull_back(
    b: &mut Builder<'_>,
    op: &Op,
    x: &[ValueId],
    results: &[ValueId],
    cotangents: &[Option<ValueId>],
) -> Flows {
    let none = Ok(vec![None; x.len()]);
    let Some(dy) = cotangents.iter().flatten().copied().next() else {
        return none;
    };
    let y = results[0];
    let one = |dx: ValueId| Ok(vec![Some(dx)]);
    let first = |dx: ValueId| Ok(vec![Some(dx), None]);
    match op {
        Op::Const(_) | Op::Size(..) | Op::Iota(..) | Op::Random { .. } => none,
        Op::StopGradient | Op::ArgReduce(..) | Op::ArgSort(_) => none,
        Op::Map(f) => map::vjp_map(b, *f, x, y, dy),
        Op::Cast(_) => one(map::vjp_cast(b, x[0], dy)?),
        Op::Reduce(monoid, axes) => one(reduce::vjp_reduce(b, *monoid, axes, [x[0], y], dy)?),
        Op::CumSum(axis) => one(order::vjp_cumsum(b, *axis, dy)?),
        Op::Sort(axis) => one(order::vjp_sort(b, *axis, x[0], dy)?),
        Op::Ranks(_) => one(order::vjp_ranks()?),
        Op::Contract(letters) => contract::vjp_contract(b, letters, x, dy),
        Op::Permute(axes) => one(permute::vjp_permute(b, axes, dy)?),
        Op::Reshape(_) => one(reshape::vjp_reshape(b, x[0], dy)?),
        Op::Broadcast { shape: _, places } => one(broadcast::vjp_broadcast(b, places, dy)?),
        Op::Slice(ranges) => one(slice::vjp_slice(b, ranges, x[0], dy)?),
        Op::Embed(_, ranges) => one(slice::vjp_embed(b, ranges, dy)?),
        Op::Windows(window) => one(window::vjp_windows(b, window, x[0], dy)?),
        Op::Overlap(window, _) => one(window::vjp_overlap(b, window, dy)?),
        Op::Concat(axis) => concat::vjp_concat(b, *axis, x, dy),
        Op::Reverse(axis) => one(concat::vjp_reverse(b, *axis, dy)?),
        Op::Gather(axis) => first(gather::vjp_gather(b, *axis, x[0], x[1], dy)?),
        Op::ScatterAdd(axis, _) => first(gather::vjp_scatter_add(b, *axis, x[1], dy)?),
        Op::Inverse => one(linalg::vjp_inverse(b, y, dy)?),
        Op::Solve(kind) => linalg::vjp_solve(b, *kind, [x[0], x[1]], y, dy),
        Op::Factor(kind) => one(factor::vjp_factor(b, *kind, results, cotangents)?),
        Op::Custom {
            forward: _,
            backward,
        } => control::vjp_custom(b, *backward, x, results, cotangents),
        Op::Scan(scan) => scan::vjp_scan(b, *scan, x, results, cotangents),
        Op::Call(_) | Op::Grad { .. } | Op::Vjp { .. } => {
            unreachable!(
                "calls are inlined and gradients expanded, innermost first, before a function is differentiated"
            )
        }
    }
}

/// Whether a change of an operand may reach a result through an op. What does not carry, no gradient passes, and none is asked of.
pub fn carries(op: &Op) -> bool {
    match op {
        Op::Const(_) | Op::Size(..) | Op::Iota(..) | Op::Random { .. } => false,
        Op::StopGradient | Op::ArgReduce(..) | Op::ArgSort(_) => false,
        Op::Map(_) | Op::Cast(_) | Op::Reduce(..) | Op::CumSum(_) | Op::Sort(_) | Op::Ranks(_) => {
            true
        }
        Op::Contract(_) | Op::Permute(_) | Op::Reshape(_) | Op::Broadcast { .. } => true,
        Op::Slice(_) | Op::Embed(..) | Op::Windows(_) | Op::Overlap(..) => true,
        Op::Concat(_) | Op::Reverse(_) => true,
        Op::Gather(_) | Op::ScatterAdd(..) | Op::Inverse | Op::Solve(_) | Op::Factor(_) => true,
        Op::Scan(_) | Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => true,
    }
}

/// How a code generator may treat an op.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KernelClass {
    /// Each element of the result from the elements at its place.
    Map(Scalar),
    /// Each element converted.
    Convert(DType),
    /// A fold along axes.
    Reduce(Monoid),
    /// Each element of the result is an element of the operand, at a place that follows from its own.
    View,
    /// Sums of products.
    Contract,
    /// Random numbers.
    Random,
    /// Each operand's elements at their places in the result; zeros where none goes.
    Place,
    /// Rows of the first operand along this axis, chosen by the second.
    Gather(usize),
    /// Rows of the first operand, added up at the places along this axis that the second tells.
    ScatterAdd(usize),
    /// Each element of the operand added at its place in the result, where others may go too.
    AddPlaces,
    /// Whatever [`eval`] says.
    Extern,
    /// A function over and over: see [`scan_of`].
    Scan,
    /// Another function.
    Call,
}

/// What an op of class [`KernelClass::Scan`] runs over and over; nothing for other classes.
pub fn scan_of(op: &Op) -> Option<Scan> {
    if let Op::Scan(scan) = op {
        Some(*scan)
    } else {
        None
    }
}

/// Where a view's elements lie, given where its operand's do; nothing if they do not lie regularly. Not for other classes than
/// [`KernelClass::View`].
pub(crate) fn view(
    op: &Op,
    x: &Walk,
    shape: &[usize],
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Option<Walk>, EvalError> {
    match op {
        Op::StopGradient => Ok(Some(x.clone())),
        Op::Permute(axes) => Ok(Some(x.permuted(axes))),
        Op::Reshape(_) => Ok(x.reshaped(shape)),
        Op::Broadcast { shape: _, places } => Ok(Some(x.repeated(shape, places))),
        Op::Slice(ranges) => Ok(Some(x.part(&slice::places(ranges, &x.sizes, sizes)?))),
        Op::Windows(window) => Ok(Some(window::view_windows(window, x, sizes)?)),
        Op::Reverse(axis) => Ok(Some(x.reversed(*axis))),
        Op::Const(_) | Op::Size(..) | Op::Iota(..) | Op::Random { .. } => Ok(None),
        Op::Map(_) | Op::Cast(_) | Op::Reduce(..) | Op::ArgReduce(..) | Op::CumSum(_) => Ok(None),
        Op::Sort(_) | Op::ArgSort(_) | Op::Ranks(_) | Op::Contract(_) | Op::Embed(..) => Ok(None),
        Op::Overlap(..) | Op::Concat(_) | Op::Gather(_) | Op::ScatterAdd(..) => Ok(None),
        Op::Inverse | Op::Solve(_) | Op::Factor(_) => Ok(None),
        Op::Scan(_) | Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => {
            Ok(None)
        }
    }
}

/// The draw of an op of class [`KernelClass::Random`] for these operands.
pub(crate) fn draw(op: &Op, operands: &[Tensor]) -> Option<Draw> {
    let Op::Random {
        distribution,
        place,
        ..
    } = op
    else {
        return None;
    };
    let [seed, step] = random::seed_and_step(operands);
    Some(Draw::new(*distribution, seed, *place, step))
}

/// Where the elements of operands of these shapes go in a result of that shape. For [`KernelClass::Place`] and
/// [`KernelClass::AddPlaces`] alone.
pub(crate) fn places(
    op: &Op,
    operands: &[&[usize]],
    shape: &[usize],
    sizes: &dyn Fn(&Dim) -> usize,
) -> Result<Vec<Walk>, EvalError> {
    let whole = Walk::over(shape);
    if let Op::Concat(axis) = op {
        return Ok(concat::places(*axis, operands, &whole));
    }
    if let Op::Overlap(window, _) = op {
        return Ok(vec![window::places(window, &whole, sizes)?]);
    }
    let Op::Embed(_, ranges) = op else {
        unreachable!("asked of ops that place their operands")
    };
    Ok(vec![whole.part(&slice::places(ranges, shape, sizes)?)])
}

/// The class of an op.
pub fn kernel(op: &Op) -> KernelClass {
    match op {
        Op::Map(f) => KernelClass::Map(*f),
        Op::Cast(dtype) => KernelClass::Convert(*dtype),
        Op::Reduce(monoid, _) => KernelClass::Reduce(*monoid),
        Op::Contract(_) => KernelClass::Contract,
        Op::Random { .. } => KernelClass::Random,
        Op::StopGradient | Op::Permute(_) | Op::Reshape(_) | Op::Broadcast { .. } => {
            KernelClass::View
        }
        Op::Slice(_) | Op::Windows(_) | Op::Reverse(_) => KernelClass::View,
        Op::Const(_) | Op::Size(..) | Op::Iota(..) => KernelClass::Extern,
        Op::ArgReduce(..) | Op::CumSum(_) | Op::Sort(_) | Op::ArgSort(_) | Op::Ranks(_) => {
            KernelClass::Extern
        }
        Op::Embed(..) | Op::Concat(_) => KernelClass::Place,
        Op::Gather(axis) => KernelClass::Gather(*axis),
        Op::ScatterAdd(axis, _) => KernelClass::ScatterAdd(*axis),
        Op::Overlap(..) => KernelClass::AddPlaces,
        Op::Inverse | Op::Solve(_) | Op::Factor(_) => KernelClass::Extern,
        Op::Scan(_) => KernelClass::Scan,
        Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => KernelClass::Call,
    }
}
