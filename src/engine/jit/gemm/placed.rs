//! Products whose right operand lies at places that no strides tell: windows of an image, say. Element (p, j) of B is at
//! `depth[p] + across[j]`, so that a convolution packs its panels straight from the image, a block at a time, and no matrix of all
//! windows is ever in memory. Rows of A and of C lie at one distance; along k, A is read in runs of one distance.
//!
//! Each element of C is the same chain over ascending k as that of [`super::Product`].

use std::cell::RefCell;
use std::ops::Range;

use super::isa::{self, Element, Isa};
use super::pack::Slice;
use super::run::for_tiles;
use super::tile::Tile;

/// Elements of a block of k.
const DEPTH: usize = 256;

/// Panels of B that are packed before A goes past them.
const PANELS: usize = 4;

/// Below this many neighbours a loop copies as fast as a call.
const FEW: usize = 8;

/// Neighbours: so many elements from one place of the operand to one place of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Run {
    from: isize,
    to: usize,
    len: usize,
}

/// A block of k: where A begins, and the distance along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steps {
    first: usize,
    len: usize,
    a_start: isize,
    a_stride: isize,
}

/// A planned product.
pub(crate) struct Placed<T: 'static> {
    isa: &'static Isa<T>,
    m: usize,
    n: usize,
    a_row: usize,
    steps: Vec<Steps>,
    depth: Vec<isize>,
    across: Vec<isize>,
    /// Whether neighbours are longer along k than across.
    by_lines: bool,
}

/// What to multiply: C\[m, n\] = A\[m, k\] · B\[k, n\], C row by row without gaps. Places are in elements.
pub(crate) struct PlacedProblem {
    /// Rows of A and C, and their distance in A.
    pub(crate) rows: [usize; 2],
    /// Where the columns of A lie.
    pub(crate) a_depth: Vec<isize>,
    /// Where the rows of B lie.
    pub(crate) b_depth: Vec<isize>,
    /// Where the columns of B lie.
    pub(crate) b_across: Vec<isize>,
}

/// Room of a thread, aligned to lines of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line(#[expect(dead_code, reason = "bytes to write to")] [u8; 64]);

thread_local! {
    static ROOM: RefCell<Vec<Line>> = const { RefCell::new(vec![]) };
}

impl<T: Element> Placed<T> {
    /// Plans a product.
    pub(crate) fn new(problem: PlacedProblem) -> Placed<T> {
        let PlacedProblem {
            rows: [m, a_row],
            a_depth,
            b_depth,
            b_across,
        } = problem;
        Placed {
            isa: isa::best(),
            m,
            n: b_across.len(),
            a_row,
            steps: steps(&a_depth),
            by_lines: n_runs(&b_depth) * b_across.len() < n_runs(&b_across) * b_depth.len(),
            depth: b_depth,
            across: b_across,
        }
    }

    /// The columns that suit one worker of several: whole panels.
    pub(crate) fn share(&self, worker: usize, n_workers: usize) -> Range<usize> {
        let panel = self.isa.panel();
        let panels = self.n.div_ceil(panel);
        let at = |worker: usize| (worker * panels / n_workers * panel).min(self.n);
        at(worker)..at(worker + 1)
    }

    /// Computes a block of C.
    ///
    /// # Safety
    /// The pointers are to A, B and C as planned; `cols` starts at a multiple of the panel's width, as blocks from `share` do; C
    /// overlaps nothing else, and nobody else touches the block meanwhile.
    pub(crate) unsafe fn run(&self, a: *const T, b: *const T, c: *mut T, cols: Range<usize>) {
        ROOM.with_borrow_mut(|room| {
            let panel = self.isa.panel();
            let (packed, lines) = (PANELS * DEPTH * panel, DEPTH * panel);
            let bytes = (packed + lines) * size_of::<T>();
            room.resize(bytes.div_ceil(64), Line([0; 64]));
            let packed_at: *mut T = room.as_mut_ptr().cast();
            let block = Block {
                a,
                b,
                c,
                packed: packed_at,
                lines: packed_at.wrapping_add(packed),
            };
            let mut runs = vec![];
            let mut at = cols.start;
            while at < cols.end {
                let end = cols.end.min(at + PANELS * panel);
                for steps in &self.steps {
                    // SAFETY: the caller vouches for the operands; the room holds the panels of a block.
                    unsafe { self.block(&block, *steps, at..end, &mut runs) };
                }
                at = end;
            }
        });
    }

    /// Some columns of C, by one block of k.
    unsafe fn block(
        &self,
        block: &Block<T>,
        steps: Steps,
        cols: Range<usize>,
        runs: &mut Vec<Run>,
    ) {
        let panel = self.isa.panel();
        // SAFETY: as for `run`.
        unsafe {
            for (place, j) in cols.clone().step_by(panel).enumerate() {
                let to = block.packed.add(place * DEPTH * panel);
                let width = panel.min(cols.end - j);
                match self.by_lines {
                    true => self.pack_lines(block, steps, j..j + width, to, runs),
                    false => self.pack_rows(block, steps, j..j + width, to, runs),
                }
            }
            for_tiles(0..self.m, self.isa.height(), |i, height| {
                let tile = Tile {
                    k: steps.len,
                    a: block
                        .a
                        .wrapping_offset(steps.a_start)
                        .wrapping_add(i * self.a_row),
                    // A distance backwards wraps around, as does the pointer that it is added to.
                    a_strides: [self.a_row, steps.a_stride.cast_unsigned()],
                    b: block.packed,
                    b_stride: panel,
                    c: block.c.add(i * self.n),
                    c_stride: self.n,
                    width: 0,
                    fresh: steps.first == 0,
                };
                self.panels(tile, height, cols.clone());
            });
        }
    }

    /// A tile of rows against the packed panels.
    unsafe fn panels(&self, tile: Tile<T>, height: usize, cols: Range<usize>) {
        let panel = self.isa.panel();
        let row = &self.isa.rows[height - 1];
        for (place, j) in cols.clone().step_by(panel).enumerate() {
            let width = panel.min(cols.end - j);
            let kernel = match width {
                _ if width == panel => row.full,
                _ if width > self.isa.lanes => row.edge,
                _ => row.narrow,
            };
            // SAFETY: the caller vouches for the tile; the set was detected.
            unsafe {
                let tile = Tile {
                    b: tile.b.add(place * DEPTH * panel),
                    c: tile.c.add(j),
                    width,
                    ..tile
                };
                kernel(&tile);
            }
        }
    }

    /// Packs a panel row by row: neighbours across.
    unsafe fn pack_rows(
        &self,
        block: &Block<T>,
        steps: Steps,
        cols: Range<usize>,
        to: *mut T,
        runs: &mut Vec<Run>,
    ) {
        let panel = self.isa.panel();
        neighbours(&self.across[cols], runs);
        let depth = &self.depth[steps.first..][..steps.len];
        for (p, &place) in depth.iter().enumerate() {
            // SAFETY: as for `run`; a panel has room for each block of k.
            unsafe { copy(block.b.offset(place), to.add(p * panel), runs) };
        }
    }

    /// Packs a panel column by column, neighbours along k, and turns it.
    unsafe fn pack_lines(
        &self,
        block: &Block<T>,
        steps: Steps,
        cols: Range<usize>,
        to: *mut T,
        runs: &mut Vec<Run>,
    ) {
        neighbours(&self.depth[steps.first..][..steps.len], runs);
        let width = cols.len();
        for (j, &place) in self.across[cols].iter().enumerate() {
            // SAFETY: as for `run`; there is a line for each column of a panel.
            unsafe { copy(block.b.offset(place), block.lines.add(j * DEPTH), runs) };
        }
        let slice = Slice {
            from: block.lines.cast_const(),
            k_stride: 1,
            across: DEPTH,
            depth: steps.len,
            width,
        };
        // SAFETY: the lines have been written, the panel has room.
        unsafe { (self.isa.pack)(slice, to, self.isa.panel()) };
    }
}

/// Operands, and room for packing.
struct Block<T> {
    a: *const T,
    b: *const T,
    c: *mut T,
    packed: *mut T,
    lines: *mut T,
}

#[inline(always)]
unsafe fn copy<T: Copy>(from: *const T, to: *mut T, runs: &[Run]) {
    for run in runs {
        // SAFETY: the caller vouches for what the runs tell of.
        unsafe {
            let (from, to) = (from.offset(run.from), to.add(run.to));
            if run.len < FEW {
                for i in 0..run.len {
                    *to.add(i) = *from.add(i);
                }
            } else {
                std::ptr::copy_nonoverlapping(from, to, run.len);
            }
        }
    }
}

/// Places in runs of neighbours.
fn neighbours(places: &[isize], runs: &mut Vec<Run>) {
    runs.clear();
    for (to, &from) in places.iter().enumerate() {
        match runs.last_mut() {
            Some(run) if run.from + run.len as isize == from => run.len += 1,
            _ => runs.push(Run { from, to, len: 1 }),
        }
    }
}

/// How many runs of neighbours there are; at least one.
fn n_runs(places: &[isize]) -> usize {
    let breaks = places.windows(2).filter(|pair| pair[0] + 1 != pair[1]);
    breaks.count() + 1
}

/// Places in blocks of one distance, none longer than [`DEPTH`].
fn steps(places: &[isize]) -> Vec<Steps> {
    let mut found: Vec<Steps> = vec![];
    for (at, &place) in places.iter().enumerate() {
        match found.last_mut() {
            Some(steps) if steps.len == 1 => {
                (steps.len, steps.a_stride) = (2, place - steps.a_start);
            }
            Some(steps)
                if steps.len < DEPTH
                    && place == steps.a_start + steps.len as isize * steps.a_stride =>
            {
                steps.len += 1;
            }
            _ => found.push(Steps {
                first: at,
                len: 1,
                a_start: place,
                a_stride: 0,
            }),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A chain of fused multiply-adds in order of k, by definition.
    fn naive(problem: &PlacedProblem, a: &[f32], b: &[f32]) -> Vec<f32> {
        let [m, a_row] = problem.rows;
        let mut c = vec![];
        for i in 0..m {
            for &across in &problem.b_across {
                let pairs = problem.a_depth.iter().zip(&problem.b_depth);
                c.push(pairs.fold(0.0f32, |sum, (&p, &q)| {
                    a[i * a_row + p as usize].mul_add(b[(q + across) as usize], sum)
                }));
            }
        }
        c
    }

    fn numbers(n: usize) -> Vec<f32> {
        (0..n)
            .map(|i| ((i * 37 % 101) as f32 - 50.0) / 16.0)
            .collect()
    }

    fn check(problem: PlacedProblem, n_a: usize, n_b: usize) {
        let (a, b) = (numbers(n_a), numbers(n_b));
        let expected = naive(&problem, &a, &b);
        let plan = Placed::<f32>::new(problem);
        for n_workers in [1, 3] {
            let mut c = vec![f32::NAN; expected.len()];
            for worker in 0..n_workers {
                let cols = plan.share(worker, n_workers);
                // SAFETY: operands are as large as the places tell.
                unsafe { plan.run(a.as_ptr(), b.as_ptr(), c.as_mut_ptr(), cols) };
            }
            assert_eq!(c, expected);
        }
    }

    /// Windows of 3 by 3 over images of 3 channels, 13 by 17: columns by place, then rows by place.
    #[test]
    fn windows_of_images_are_products() {
        let (h, w, k, channels) = (13isize, 17isize, 3isize, 3isize);
        let taps = (0..channels)
            .flat_map(|c| (0..k).flat_map(move |p| (0..k).map(move |q| c * h * w + p * w + q)));
        let places = (0..h - 2).flat_map(|y| (0..w - 2).map(move |x| y * w + x));
        let (taps, places): (Vec<isize>, Vec<isize>) = (taps.collect(), places.collect());
        let len = (h * w * channels) as usize;
        let forward = PlacedProblem {
            rows: [20, 1],
            a_depth: (0..27).map(|p| p * 20).collect(),
            b_depth: taps.clone(),
            b_across: places.clone(),
        };
        check(forward, 27 * 20, len);
        let n = places.len() as isize;
        let weights = PlacedProblem {
            rows: [5, n as usize],
            a_depth: (0..n).collect(),
            b_depth: places,
            b_across: taps,
        };
        check(weights, 5 * n as usize, len);
    }

    #[test]
    fn long_and_broken_depths_are_walked_in_order() {
        let a_depth: Vec<isize> = (0..600)
            .map(|p| if p < 350 { p } else { 2000 - p })
            .collect();
        let problem = PlacedProblem {
            rows: [3, 2000],
            a_depth,
            b_depth: (0..600).map(|p| p * 7 % 601).collect(),
            b_across: (0..150).map(|j| j * 2).collect(),
        };
        check(problem, 3 * 2000, 1000);
    }
}
