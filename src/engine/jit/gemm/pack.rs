//! Packing: a strided slice of a matrix as a panel that a kernel walks straight through.

use super::simd::{Block, Simd};

/// A slice of `depth` steps along k and `width` elements across.
#[derive(Clone, Copy)]
pub(super) struct Slice<T> {
    /// Its first element.
    pub(super) from: *const T,
    /// Stride along k; one that leads back is its two's complement.
    pub(super) k_stride: usize,
    /// Stride across.
    pub(super) across: usize,
    /// Steps along k.
    pub(super) depth: usize,
    /// Elements across that exist.
    pub(super) width: usize,
}

/// Packs a slice: to\[p · panel + j\] = slice\[p, j\], zero for `width` ≤ j < `panel`. `panel` is a multiple of the lanes.
pub(super) type Packer<T> = unsafe fn(Slice<T>, *mut T, usize);

/// The packer of an instruction set.
#[inline(always)]
pub(super) unsafe fn pack<S: Simd>(slice: Slice<S::T>, to: *mut S::T, panel: usize) {
    // SAFETY: the caller vouches for the slice, for `depth · panel` elements at `to`, and for the instructions.
    unsafe {
        for j in (0..panel).step_by(S::LANES) {
            let to = to.add(j);
            if j >= slice.width {
                // Loads masked out altogether may still stumble over memory that is not there.
                clear::<S>(slice.depth, to, panel);
                continue;
            }
            let from = slice.from.add(j * slice.across);
            let width = (slice.width - j).min(S::LANES);
            let part = Slice {
                from,
                width,
                ..slice
            };
            if slice.across == 1 {
                copy::<S>(part, to, panel);
            } else if slice.k_stride == 1 {
                transpose::<S>(part, to, panel);
            } else {
                gather::<S>(part, to, panel);
            }
        }
    }
}

#[inline(always)]
unsafe fn clear<S: Simd>(depth: usize, to: *mut S::T, panel: usize) {
    for p in 0..depth {
        // SAFETY: as for `pack`.
        unsafe { S::store(to.add(p * panel), S::zero()) };
    }
}

#[inline(always)]
unsafe fn copy<S: Simd>(part: Slice<S::T>, to: *mut S::T, panel: usize) {
    // SAFETY: as for `pack`.
    unsafe {
        let mask = S::mask(part.width);
        for p in 0..part.depth {
            let from = part.from.wrapping_add(p.wrapping_mul(part.k_stride));
            let v = S::load_masked(from, mask);
            S::store(to.add(p * panel), v);
        }
    }
}

#[inline(always)]
unsafe fn transpose<S: Simd>(part: Slice<S::T>, to: *mut S::T, panel: usize) {
    for p in (0..part.depth).step_by(S::LANES) {
        // SAFETY: as for `pack`.
        unsafe {
            S::transpose(Block {
                src: part.from.add(p),
                src_stride: part.across,
                lines: part.width,
                len: (part.depth - p).min(S::LANES),
                dst: to.add(p * panel),
                dst_stride: panel,
            });
        }
    }
}

#[inline(always)]
unsafe fn gather<S: Simd>(part: Slice<S::T>, to: *mut S::T, panel: usize) {
    // SAFETY: as for `pack`.
    unsafe {
        for p in 0..part.depth {
            let from = part.from.wrapping_add(p.wrapping_mul(part.k_stride));
            let to = to.add(p * panel);
            S::store(to, S::zero());
            for j in 0..part.width {
                *to.add(j) = *from.add(j * part.across);
            }
        }
    }
}
