//! Packing: a strided slice of a matrix as a panel that a kernel walks straight through; and lines laid out from wherever their
//! elements are.

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

/// Elements at one distance: so many from one place of the operand to neighbouring places of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) from: isize,
    pub(super) step: isize,
    pub(super) to: usize,
    pub(super) len: usize,
}

impl Run {
    /// The same places in runs of neighbours.
    pub(super) fn of_neighbours(self) -> impl Iterator<Item = Run> {
        let (count, len) = match self.step {
            1 => (1, self.len),
            _ => (self.len, 1),
        };
        (0..count).map(move |at| Run {
            from: self.from + at as isize * self.step,
            step: 1,
            to: self.to + at,
            len,
        })
    }
}

/// Lines to lay out: line `i` is made of the same runs as all, from `places[i]` on.
pub(super) struct Lay<'a, T> {
    /// What places and runs are told from.
    pub(super) from: *const T,
    /// Where each line begins.
    pub(super) places: &'a [isize],
    /// What a line is made of, in order of the line.
    pub(super) runs: &'a [Run],
    /// Where the first line goes.
    pub(super) to: *mut T,
    /// From one line to the next.
    pub(super) line: usize,
}

/// Lays out lines.
pub(super) type Layer<T> = unsafe fn(&Lay<'_, T>);

/// Places in runs of one distance.
pub(super) fn runs(places: &[isize]) -> Vec<Run> {
    let mut runs: Vec<Run> = vec![];
    for (to, &from) in places.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.len == 1 => (run.step, run.len) = (from - run.from, 2),
            Some(run) if run.from + run.len as isize * run.step == from => run.len += 1,
            _ => runs.push(Run {
                from,
                step: 1,
                to,
                len: 1,
            }),
        }
    }
    runs
}

/// The layer of an instruction set.
#[inline(always)]
pub(super) unsafe fn lay<S: Simd>(job: &Lay<'_, S::T>) {
    for run in job.runs {
        let mut at = 0;
        while at < run.len {
            let n = S::LANES.min(run.len - at);
            let from = job.from.wrapping_offset(run.from + at as isize * run.step);
            let to = job.to.wrapping_add(run.to + at);
            // SAFETY: the caller vouches for what places and runs tell of, and for the instructions.
            unsafe {
                match run.step {
                    1 => lay_neighbours::<S>(job, from, to, n),
                    2 => lay_every_other::<S>(job, from, to, n),
                    step => lay_apart::<S>(job, [from, to.cast_const()], n, step),
                }
            }
            at += n;
        }
    }
}

/// At most a vector of each line.
#[inline(always)]
unsafe fn lay_neighbours<S: Simd>(job: &Lay<'_, S::T>, from: *const S::T, to: *mut S::T, n: usize) {
    // SAFETY: as for `lay`.
    unsafe {
        let mask = S::mask(n);
        for (line, &place) in job.places.iter().enumerate() {
            let v = S::load_masked(from.wrapping_offset(place), mask);
            S::store_masked(to.wrapping_add(line * job.line), v, mask);
        }
    }
}

#[inline(always)]
unsafe fn lay_every_other<S: Simd>(
    job: &Lay<'_, S::T>,
    from: *const S::T,
    to: *mut S::T,
    n: usize,
) {
    // SAFETY: as for `lay`.
    unsafe {
        let mask = S::mask(n);
        for (line, &place) in job.places.iter().enumerate() {
            let v = S::load_every_other(from.wrapping_offset(place), n);
            S::store_masked(to.wrapping_add(line * job.line), v, mask);
        }
    }
}

#[inline(always)]
unsafe fn lay_apart<S: Simd>(
    job: &Lay<'_, S::T>,
    [from, to]: [*const S::T; 2],
    n: usize,
    step: isize,
) {
    for (line, &place) in job.places.iter().enumerate() {
        let from = from.wrapping_offset(place);
        let to = to.cast_mut().wrapping_add(line * job.line);
        for i in 0..n {
            // SAFETY: as for `lay`.
            unsafe { *to.add(i) = *from.offset(i as isize * step) };
        }
    }
}

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
