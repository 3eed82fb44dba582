//! The one kernel: a tile of C, held in registers while k runs.

use super::simd::Simd;

/// A tile of C and what goes into it.
#[derive(Clone, Copy)]
pub(super) struct Tile<T> {
    /// Terms to add to every element.
    pub(super) k: usize,
    /// First row of A.
    pub(super) a: *const T,
    /// Strides of A along rows and along k.
    pub(super) a_strides: [usize; 2],
    /// First row of B; its columns are adjacent.
    pub(super) b: *const T,
    /// Stride of B along k.
    pub(super) b_stride: usize,
    /// First element of C; its columns are adjacent.
    pub(super) c: *mut T,
    /// Stride of C along rows.
    pub(super) c_stride: usize,
    /// Columns that exist.
    pub(super) width: usize,
    /// Whether C starts from zero rather than from what it holds.
    pub(super) fresh: bool,
}

/// Computes a tile; the number of rows and the most columns are the kernel's own.
pub(super) type Kernel<T> = unsafe fn(&Tile<T>);

/// C\[H, V vectors\] (+)= A\[H, k\] · B\[k, V vectors\]. With `EDGE`, columns past `width` are neither read nor written.
#[inline(always)]
pub(super) unsafe fn tile<S: Simd, const H: usize, const V: usize, const EDGE: bool>(
    t: &Tile<S::T>,
) {
    // SAFETY: the caller vouches for the tile's memory and for the instructions of `S`.
    unsafe {
        let masks: [S::M; V] =
            std::array::from_fn(|v| S::mask(t.width.saturating_sub(v * S::LANES)));
        let mut acc = [[S::zero(); V]; H];
        if !t.fresh {
            for (i, row) in acc.iter_mut().enumerate() {
                *row = load::<S, V, EDGE>(t.c.add(i * t.c_stride), &masks);
            }
        }
        let (mut a, mut b) = (t.a, t.b);
        let [a_row, a_k] = t.a_strides;
        for _ in 0..t.k {
            let y = load::<S, V, EDGE>(b, &masks);
            for (i, row) in acc.iter_mut().enumerate() {
                let x = S::splat(*a.add(i * a_row));
                for v in 0..V {
                    row[v] = S::fma(x, y[v], row[v]);
                }
            }
            a = a.wrapping_add(a_k);
            b = b.wrapping_add(t.b_stride);
        }
        for (i, row) in acc.iter().enumerate() {
            store::<S, V, EDGE>(t.c.add(i * t.c_stride), row, &masks);
        }
    }
}

#[inline(always)]
unsafe fn load<S: Simd, const V: usize, const EDGE: bool>(
    from: *const S::T,
    masks: &[S::M; V],
) -> [S::V; V] {
    // SAFETY: the caller vouches for the columns under the masks, or for all without `EDGE`.
    unsafe {
        let mut row = [S::zero(); V];
        for v in 0..V {
            let at = from.wrapping_add(v * S::LANES);
            row[v] = if EDGE {
                S::load_masked(at, masks[v])
            } else {
                S::load(at)
            };
        }
        row
    }
}

#[inline(always)]
unsafe fn store<S: Simd, const V: usize, const EDGE: bool>(
    to: *mut S::T,
    row: &[S::V; V],
    masks: &[S::M; V],
) {
    // SAFETY: the caller vouches for the columns under the masks, or for all without `EDGE`.
    unsafe {
        for v in 0..V {
            let at = to.wrapping_add(v * S::LANES);
            if EDGE {
                S::store_masked(at, row[v], masks[v]);
            } else {
                S::store(at, row[v]);
            }
        }
    }
}
