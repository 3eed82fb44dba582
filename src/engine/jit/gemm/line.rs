//! Rows of C of a placed operand that is not laid out first: where few rows of A use what is read, laying it out costs more than the
//! products.

use super::lay::Run;
use super::simd::Simd;

/// Vectors in flight.
const FLIGHT: usize = 4;

/// One row of C, by one block of k: `c[j] (+)= Σ a[p] b[depth[p] + across[j]]`.
pub(super) struct Line<'a, T> {
    /// The first element of A, and the distance along k.
    pub(super) a: *const T,
    pub(super) a_stride: isize,
    /// What the places of B are told from.
    pub(super) b: *const T,
    /// Where the rows of B lie.
    pub(super) depth: &'a [isize],
    /// Where the columns of B lie, neighbours together.
    pub(super) across: &'a [Run],
    /// The first element of the row.
    pub(super) c: *mut T,
    /// Whether C starts from zero rather than from what it holds.
    pub(super) fresh: bool,
}

/// Computes a row.
pub(super) type LineKernel<T> = unsafe fn(&Line<'_, T>);

/// The kernel of an instruction set.
#[inline(always)]
pub(super) unsafe fn line<S: Simd>(t: &Line<'_, S::T>) {
    for run in t.across {
        let b = t.b.wrapping_offset(run.from);
        let c = t.c.wrapping_add(run.to);
        let mut at = 0;
        // SAFETY: the caller vouches for the places and for the instructions.
        unsafe {
            while run.len - at >= FLIGHT * S::LANES {
                vectors::<S, FLIGHT>(t, b.wrapping_add(at), c.wrapping_add(at), S::mask(S::LANES));
                at += FLIGHT * S::LANES;
            }
            while at < run.len {
                let rest = S::mask((run.len - at).min(S::LANES));
                vectors::<S, 1>(t, b.wrapping_add(at), c.wrapping_add(at), rest);
                at += S::LANES;
            }
        }
    }
}

/// Some vectors of neighbours; the mask is for one alone.
#[inline(always)]
unsafe fn vectors<S: Simd, const V: usize>(
    t: &Line<'_, S::T>,
    b: *const S::T,
    c: *mut S::T,
    mask: S::M,
) {
    // SAFETY: as for `line`.
    unsafe {
        let mut acc = [S::zero(); V];
        if !t.fresh {
            for (v, acc) in acc.iter_mut().enumerate() {
                *acc = load::<S, V>(c, v, mask);
            }
        }
        let mut a = t.a;
        for &place in t.depth {
            let x = S::splat(*a);
            let b = b.wrapping_offset(place);
            for (v, acc) in acc.iter_mut().enumerate() {
                *acc = S::fma(x, load::<S, V>(b, v, mask), *acc);
            }
            a = a.wrapping_offset(t.a_stride);
        }
        for (v, acc) in acc.iter().enumerate() {
            match V {
                1 => S::store_masked(c, *acc, mask),
                _ => S::store(c.wrapping_add(v * S::LANES), *acc),
            }
        }
    }
}

#[inline(always)]
unsafe fn load<S: Simd, const V: usize>(from: *const S::T, v: usize, mask: S::M) -> S::V {
    // SAFETY: as for `line`.
    unsafe {
        match V {
            1 => S::load_masked(from, mask),
            _ => S::load(from.wrapping_add(v * S::LANES)),
        }
    }
}
