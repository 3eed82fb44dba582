//! Elements that move as they are: to their places in a result, or by number out of rows and back. Workers share a move so that every
//! element has one writer; sums go in the order of the numbers.

use std::ops::Range;

use crate::engine::flat::known;
use crate::engine::jit::chunks::Chunks;
use crate::engine::jit::graph::{Node, Value};
use crate::engine::jit::running::{Running, share};
use crate::ops::{self, EvalError, KernelClass};
use crate::scalar::math::Float;
use crate::tensor::{Walk, chosen_rows};
use crate::types::DType;

/// What moves where.
#[derive(Clone, Debug)]
pub(super) enum Move {
    /// Each operand to its places in the result; zeros where none goes.
    Place(Vec<Walk>),
    /// Rows of the first operand along an axis, chosen by the second.
    Gather(usize),
    /// Rows of the first operand, added up at the places along an axis that the second tells.
    ScatterAdd(usize),
    /// Each element added at its place in the result.
    Add(Walk),
}

/// The move that a node is, if it is one. `is_whole` says whether its first operand is all of a buffer, in order.
pub(super) fn moved(node: &Node, dtype: DType, is_whole: bool) -> Result<Option<Move>, EvalError> {
    Ok(match ops::kernel(&node.op) {
        KernelClass::Place => {
            let operands = node.operands.iter().map(|x| &x.walk.sizes[..]);
            let operands: Vec<&[usize]> = operands.collect();
            let places = ops::places(&node.op, &operands, &node.shape, &known)?;
            Some(Move::Place(places))
        }
        KernelClass::AddPlaces if dtype.is_float() => {
            let operands = [&node.operands[0].walk.sizes[..]];
            let places = ops::places(&node.op, &operands, &node.shape, &known)?;
            places.into_iter().next().map(Move::Add)
        }
        KernelClass::AddPlaces => None,
        KernelClass::Gather(axis) => is_whole.then_some(Move::Gather(axis)),
        KernelClass::ScatterAdd(axis) => {
            (is_whole && dtype.is_float()).then_some(Move::ScatterAdd(axis))
        }
        KernelClass::Map(_) | KernelClass::Convert(_) | KernelClass::Reduce(_) => None,
        KernelClass::View | KernelClass::Contract | KernelClass::Random => None,
        KernelClass::Scan | KernelClass::Extern | KernelClass::Call => None,
    })
}

/// Whether each row of a result takes its part of an operand, a whole buffer of `len` elements, from the same row of that.
pub(super) fn is_by_row(x: &Value, len: usize, place: &Walk, shape: &[usize]) -> bool {
    let (Some(&n_rows), Some(&size)) = (shape.first(), x.walk.sizes.first()) else {
        return false;
    };
    let width = shape.iter().skip(1).product::<usize>();
    let is_row = |walk: &Walk, width: usize| walk.strides[0] == width as isize;
    size == n_rows
        && place.start < width
        && is_row(place, width)
        && x.walk.is_plain()
        && len == x.walk.len()
        && is_row(&x.walk, len / n_rows)
}

impl Running<'_> {
    /// A worker's part of a move; false where a number chooses no row.
    pub(super) fn moves(&self, worker: usize, node: &Node, what: &Move, chunks: Chunks) -> bool {
        let rows = chunks.rows_of(&chunks.share(worker, self.n_workers));
        let dtype = node.types[0].0;
        match (what, dtype) {
            (Move::Place(places), _) => {
                match dtype.size() {
                    1 => self.place::<u8>(&rows, node, places),
                    4 => self.place::<u32>(&rows, node, places),
                    _ => self.place::<u64>(&rows, node, places),
                }
                true
            }
            (Move::Gather(axis), _) => match dtype.size() {
                1 => self.gather_rows::<u8>(worker, node, *axis),
                4 => self.gather_rows::<u32>(worker, node, *axis),
                _ => self.gather_rows::<u64>(worker, node, *axis),
            },
            (Move::Add(place), DType::F64) => {
                self.add_places::<f64>(worker, node, place);
                true
            }
            (Move::Add(place), _) => {
                self.add_places::<f32>(worker, node, place);
                true
            }
            (Move::ScatterAdd(axis), DType::F64) => self.add_rows::<f64>(worker, node, *axis),
            (Move::ScatterAdd(axis), _) => self.add_rows::<f32>(worker, node, *axis),
        }
    }

    /// Rows of the result, along its first axis.
    fn place<T: Copy>(&self, rows: &Range<usize>, node: &Node, places: &[Walk]) {
        let result = self.start::<T>(node.results[0]);
        let n_rows = node.shape.first().copied().unwrap_or(1);
        let len = node.shape.iter().product::<usize>();
        let width = len / n_rows.max(1);
        if places.iter().map(Walk::len).sum::<usize>() < len {
            let start = result.wrapping_add(rows.start * width);
            // SAFETY: the rows lie in the result and are this worker's; zero bits are zero in every type.
            unsafe { start.write_bytes(0, rows.len() * width) };
        }
        for (x, place) in node.operands.iter().zip(places) {
            let Some((first, count)) = within(place, width, rows) else {
                continue;
            };
            let from = part(&x.walk, first, count);
            let to = part(place, first, count);
            let source = self.start::<T>(x.base).wrapping_add(from.start);
            let target = result.wrapping_add(to.start);
            // SAFETY: walks stay within their buffers, and those places are in this worker's rows.
            unsafe { copy(source, target, &axes(&from, &to)) };
        }
    }

    fn gather_rows<T: Copy>(&self, worker: usize, node: &Node, axis: usize) -> bool {
        let sizes = &node.operands[0].walk.sizes;
        let Ok(rows) = chosen_rows(&self.operand(&node.operands[1]), sizes[axis]) else {
            return false;
        };
        let (outer, inner) = (product(&sizes[..axis]), product(&sizes[axis + 1..]));
        let from = self.start::<T>(node.operands[0].base);
        let to = self.start::<T>(node.results[0]);
        for at in share(rows.len(), worker, self.n_workers) {
            for block in 0..outer {
                let source = from.wrapping_add((block * sizes[axis] + rows[at]) * inner);
                let target = to.wrapping_add((block * rows.len() + at) * inner);
                // SAFETY: the row is one of the operand's, and its place in the result this worker's.
                unsafe { source.copy_to_nonoverlapping(target, inner) };
            }
        }
        true
    }

    /// Columns of the rows: each element of the result is summed by one worker, in order.
    fn add_rows<T: Float>(&self, worker: usize, node: &Node, axis: usize) -> bool {
        let Ok(rows) = chosen_rows(&self.operand(&node.operands[1]), node.shape[axis]) else {
            return false;
        };
        let (outer, size) = (product(&node.shape[..axis]), node.shape[axis]);
        let inner = product(&node.shape[axis + 1..]);
        let columns = share(inner, worker, self.n_workers);
        let (from, to) = (
            self.start::<T>(node.operands[0].base),
            self.start::<T>(node.results[0]),
        );
        let own = |start: *mut T, row: usize| {
            let start = start.wrapping_add(row * inner + columns.start);
            // SAFETY: the row is one of the buffer's, and these columns of the result are this worker's.
            unsafe { std::slice::from_raw_parts_mut(start, columns.len()) }
        };
        (0..outer * size).for_each(|row| own(to, row).fill(T::ZERO));
        for block in 0..outer {
            for (at, row) in rows.iter().enumerate() {
                let sums = own(to, block * size + row).iter_mut();
                let terms = own(from, block * rows.len() + at);
                sums.zip(terms).for_each(|(sum, x)| *sum = *sum + *x);
            }
        }
        true
    }
}

fn product(sizes: &[usize]) -> usize {
    sizes.iter().product()
}

/// Which places of a walk's first axis, first and how many, lie in some rows of `width` elements.
fn within(place: &Walk, width: usize, rows: &Range<usize>) -> Option<(usize, usize)> {
    if place.len() == 0 || rows.is_empty() {
        return None;
    }
    let (Some(&size), Some(&stride)) = (place.sizes.first(), place.strides.first()) else {
        return Some((0, 1));
    };
    let (start, step) = (place.start / width, stride.unsigned_abs() / width);
    let before = |row: usize| row.saturating_sub(start).div_ceil(step.max(1)).min(size);
    let (first, behind) = (before(rows.start), before(rows.end));
    (first < behind).then_some((first, behind - first))
}

/// Some places of a walk's first axis.
fn part(walk: &Walk, first: usize, count: usize) -> Walk {
    let mut part = walk.clone();
    if let (Some(size), Some(stride)) = (part.sizes.first_mut(), walk.strides.first()) {
        *size = count;
        part.start = part.start.strict_add_signed(first as isize * stride);
    }
    part
}

/// The axes of two walks over as many elements, each with both strides, as few as will do.
fn axes(from: &Walk, to: &Walk) -> Vec<(usize, isize, isize)> {
    let mut axes: Vec<(usize, isize, isize)> = vec![];
    let strides = from.strides.iter().zip(&to.strides);
    for (&size, (&s, &d)) in from
        .sizes
        .iter()
        .zip(strides)
        .filter(|(size, _)| **size != 1)
    {
        match axes.last_mut() {
            Some(last) if (last.1, last.2) == (s * size as isize, d * size as isize) => {
                *last = (last.0 * size, s, d);
            }
            _ => axes.push((size, s, d)),
        }
    }
    axes
}

/// # Safety
/// All places that the axes reach from `from` and `to` are valid, and overlap nowhere.
unsafe fn copy<T: Copy>(from: *const T, to: *mut T, axes: &[(usize, isize, isize)]) {
    // SAFETY: the caller's promise.
    unsafe {
        match axes {
            [] => *to = *from,
            &[(n, 1, 1)] => from.copy_to_nonoverlapping(to, n),
            &[(n, s, d)] => {
                for i in 0..n as isize {
                    *to.wrapping_offset(i * d) = *from.wrapping_offset(i * s);
                }
            }
            [(n, s, d), inner @ ..] => {
                for i in 0..*n as isize {
                    copy(
                        from.wrapping_offset(i * s),
                        to.wrapping_offset(i * d),
                        inner,
                    );
                }
            }
        }
    }
}
