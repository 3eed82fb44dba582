//! Elements added up where they meet: windows that overlap. Workers share the first axis of the result, so that every element has one
//! writer, and its terms come in one order.

use crate::engine::jit::graph::Node;
use crate::engine::jit::running::{Running, share};
use crate::scalar::math::Float;
use crate::tensor::Walk;

/// An axis of an operand: its size, and how far apart its elements lie in the operand and in the result.
type Axis = (usize, isize, isize);

impl Running<'_> {
    /// A worker's part of a result of zeros to which each element of the operand is added at its place.
    pub(super) fn add_places<T: Float>(&self, worker: usize, node: &Node, place: &Walk) {
        let x = &node.operands[0];
        let (from, to) = (self.start::<T>(x.base), self.start::<T>(node.results[0]));
        let n_rows = node.shape.first().copied().unwrap_or(1);
        let width = node.shape.iter().product::<usize>() / n_rows.max(1);
        let is_by_row = place.sizes.first() == Some(&n_rows)
            && place.strides.first() == Some(&(width as isize));
        let rows = match is_by_row {
            true => share(n_rows, worker, self.n_workers),
            false if worker == 0 => 0..1,
            false => return,
        };
        let (width, skip) = match is_by_row {
            true => (width, 1),
            false => (n_rows * width, 0),
        };
        let axes = axes(&x.walk, place, skip);
        for row in rows {
            let behind = x
                .walk
                .strides
                .first()
                .map_or(0, |stride| row as isize * stride);
            let source = from.wrapping_add(x.walk.start).wrapping_offset(behind);
            let target = to.wrapping_add(row * width);
            // SAFETY: the row is this worker's, and walks stay within their buffers.
            unsafe {
                std::slice::from_raw_parts_mut(target, width).fill(T::ZERO);
                add(source, target.wrapping_add(place.start), &axes);
            }
        }
    }
}

/// The axes behind the first `skip`, the longer of the last two innermost.
fn axes(from: &Walk, to: &Walk, skip: usize) -> Vec<Axis> {
    let strides = from.strides.iter().zip(&to.strides);
    let all = from.sizes.iter().zip(strides).skip(skip);
    let mut axes: Vec<Axis> = all.map(|(&size, (&s, &d))| (size, s, d)).collect();
    axes.retain(|axis| axis.0 != 1);
    if let [.., outer, inner] = &mut axes[..]
        && outer.0 > inner.0
    {
        std::mem::swap(outer, inner);
    }
    axes
}

/// # Safety
/// All places that the axes reach from `from` and `to` are valid, and nobody else touches those of `to` meanwhile.
unsafe fn add<T: Float>(from: *const T, to: *mut T, axes: &[Axis]) {
    // SAFETY: the caller's promise.
    unsafe {
        match axes {
            [] => *to = *to + *from,
            &[(n, 1, 1)] => {
                let terms = std::slice::from_raw_parts(from, n);
                let sums = std::slice::from_raw_parts_mut(to, n);
                sums.iter_mut()
                    .zip(terms)
                    .for_each(|(sum, x)| *sum = *sum + *x);
            }
            &[(n, s, d)] => {
                for i in 0..n as isize {
                    let to = to.wrapping_offset(i * d);
                    *to = *to + *from.wrapping_offset(i * s);
                }
            }
            [(n, s, d), inner @ ..] => {
                for i in 0..*n as isize {
                    add(
                        from.wrapping_offset(i * s),
                        to.wrapping_offset(i * d),
                        inner,
                    );
                }
            }
        }
    }
}
