//! What a kernel needs of a vector instruction set, and the portable set that compilers vectorise themselves.

use std::ops::Range;

/// A vector of `LANES` elements. Methods are unsafe because the machine must have the instructions: a caller is inlined into a
/// function compiled for them, chosen after detection.
pub(super) trait Simd {
    /// One element.
    type T: Copy;
    /// A vector of them.
    type V: Copy;
    /// Which leading lanes take part in a masked access.
    type M: Copy;
    /// Elements in a vector.
    const LANES: usize;

    /// The mask of the first `n` lanes; all where `n` exceeds them.
    unsafe fn mask(n: usize) -> Self::M;
    /// All lanes zero.
    unsafe fn zero() -> Self::V;
    /// All lanes `x`.
    unsafe fn splat(x: Self::T) -> Self::V;
    /// `LANES` elements from memory, at any alignment.
    unsafe fn load(from: *const Self::T) -> Self::V;
    /// The masked lanes from memory; the others are zero and their memory is not touched.
    unsafe fn load_masked(from: *const Self::T, mask: Self::M) -> Self::V;
    /// `LANES` elements to memory, at any alignment.
    unsafe fn store(to: *mut Self::T, v: Self::V);
    /// The masked lanes to memory; the memory of the others is not touched.
    unsafe fn store_masked(to: *mut Self::T, v: Self::V, mask: Self::M);
    /// a·b + c, rounded once where the set can.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// The first, third, … of `2 n - 1` elements, 0 < `n` ≤ `LANES` of them; the other lanes hold anything.
    #[inline(always)]
    unsafe fn load_every_other(from: *const Self::T, n: usize) -> Self::V {
        // SAFETY: the caller vouches for the elements; no set has more lanes than there is room for.
        unsafe {
            let mut room = [*from; 16];
            for (i, element) in room.iter_mut().enumerate().take(n) {
                *element = *from.add(2 * i);
            }
            Self::load(room.as_ptr())
        }
    }

    /// `v` with `lanes` from memory, the first of them at `from`; no other memory is touched.
    #[inline(always)]
    unsafe fn load_lanes(v: Self::V, from: *const Self::T, lanes: Range<usize>) -> Self::V {
        // SAFETY: the caller vouches for the elements and the instructions; no set has more lanes than there is room for.
        unsafe {
            let mut room = [*from; 16];
            Self::store(room.as_mut_ptr(), v);
            std::ptr::copy_nonoverlapping(from, room.as_mut_ptr().add(lanes.start), lanes.len());
            Self::load(room.as_ptr())
        }
    }

    /// Turns 0 < `lines` ≤ `LANES` lines of `len` ≤ `LANES` adjacent elements, `src_stride` apart, into `len` lines of `LANES`
    /// elements, `dst_stride` apart: dst\[p, i\] = src\[i, p\], and anything for i ≥ `lines`.
    #[inline(always)]
    unsafe fn transpose(block: Block<Self::T>) {
        // SAFETY: the caller vouches for the block and for the instructions.
        unsafe {
            let zero = Self::zero();
            for p in 0..block.len {
                let to = block.dst.add(p * block.dst_stride);
                Self::store(to, zero);
                for i in 0..block.lines {
                    *to.add(i) = *block.src.add(i * block.src_stride + p);
                }
            }
        }
    }
}

/// A block to transpose.
#[derive(Clone, Copy)]
pub(super) struct Block<T> {
    /// Where the lines start.
    pub(super) src: *const T,
    /// From one line to the next.
    pub(super) src_stride: usize,
    /// Lines that exist.
    pub(super) lines: usize,
    /// Elements of a line.
    pub(super) len: usize,
    /// Where the result starts.
    pub(super) dst: *mut T,
    /// From one line of the result to the next.
    pub(super) dst_stride: usize,
}

/// Vectors of four for machines with no kernel of their own: a multiplication, then an addition.
pub(super) struct Portable<T>(std::marker::PhantomData<T>);

macro_rules! portable {
    ($t:ty) => {
        impl Simd for Portable<$t> {
            type T = $t;
            type V = [$t; 4];
            type M = usize;
            const LANES: usize = 4;

            #[inline(always)]
            unsafe fn mask(n: usize) -> usize {
                n.min(4)
            }
            #[inline(always)]
            unsafe fn zero() -> [$t; 4] {
                [0.0; 4]
            }
            #[inline(always)]
            unsafe fn splat(x: $t) -> [$t; 4] {
                [x; 4]
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> [$t; 4] {
                // SAFETY: the caller vouches for four elements.
                unsafe { from.cast::<[$t; 4]>().read_unaligned() }
            }
            #[inline(always)]
            unsafe fn load_masked(from: *const $t, mask: usize) -> [$t; 4] {
                let mut v = [0.0; 4];
                // SAFETY: the caller vouches for `mask` ≤ 4 elements.
                unsafe { std::ptr::copy_nonoverlapping(from, v.as_mut_ptr(), mask) };
                v
            }
            #[inline(always)]
            unsafe fn store(to: *mut $t, v: [$t; 4]) {
                // SAFETY: the caller vouches for four elements.
                unsafe { to.cast::<[$t; 4]>().write_unaligned(v) }
            }
            #[inline(always)]
            unsafe fn store_masked(to: *mut $t, v: [$t; 4], mask: usize) {
                // SAFETY: the caller vouches for `mask` ≤ 4 elements.
                unsafe { std::ptr::copy_nonoverlapping(v.as_ptr(), to, mask) };
            }
            #[inline(always)]
            unsafe fn fma(a: [$t; 4], b: [$t; 4], c: [$t; 4]) -> [$t; 4] {
                [
                    a[0] * b[0] + c[0],
                    a[1] * b[1] + c[1],
                    a[2] * b[2] + c[2],
                    a[3] * b[3] + c[3],
                ]
            }
        }
    };
}

portable!(f32);
portable!(f64);
