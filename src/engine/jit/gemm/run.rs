//! Walking a planned product: packing B, and the blocks of C.

use std::mem::MaybeUninit;
use std::ops::Range;

use super::isa::{self, Element};
use super::pack::Slice;
use super::plan::{Feed, Problem, Product};
use super::tile::Tile;

/// Elements of the widest panel of one block of k, and of the highest packed tile of A.
const SCRATCH: usize = 256 * 32;

/// A cache line of uninitialised elements, so that no vector of a panel straddles two.
#[repr(align(64))]
struct Scratch<T>([MaybeUninit<T>; SCRATCH]);

/// A block of C to compute.
#[derive(Clone)]
struct Job<T> {
    a: *const T,
    b: *const T,
    c: *mut T,
    rows: Range<usize>,
    cols: Range<usize>,
}

impl<T: Element> Product<T> {
    /// Packs some of the `n_packs` pieces of B into the workspace.
    ///
    /// # Safety
    /// `b` points to B as planned and `packed` to `packed_len` elements; nobody else touches these pieces meanwhile.
    pub(crate) unsafe fn pack(&self, b: *const T, packed: *mut T, pieces: Range<usize>) {
        let Problem {
            n, k, b_strides, ..
        } = self.problem;
        let (panel, panels) = (self.isa.panel(), self.panels());
        for piece in pieces {
            let (p, j) = (piece / panels * self.depth, piece % panels * panel);
            let slice = Slice {
                from: b.wrapping_add(p * b_strides[0] + j * b_strides[1]),
                k_stride: b_strides[0],
                across: b_strides[1],
                depth: self.depth.min(k - p),
                width: panel.min(n - j),
            };
            // SAFETY: the piece lies within B and within the workspace, for which the caller vouches.
            unsafe { (self.isa.pack)(slice, packed.add(self.packed_at(p, j)), panel) };
        }
    }

    /// Computes a block of C. Where B is packed, `cols` starts at a multiple of the panel's width, as blocks from `share` do.
    ///
    /// # Safety
    /// The pointers are to A, B and C as planned, `packed` to the workspace that `pack` has filled; the block lies within C, C
    /// overlaps nothing else, and nobody else touches the block meanwhile.
    pub(crate) unsafe fn run(
        &self,
        a: *const T,
        b: *const T,
        packed: *const T,
        c: *mut T,
        rows: Range<usize>,
        cols: Range<usize>,
    ) {
        let (a, b, rows, cols) = if self.swapped {
            (b, a, cols, rows)
        } else {
            (a, b, rows, cols)
        };
        if rows.is_empty() || cols.is_empty() {
            return;
        }
        debug_assert!(rows.end <= self.problem.m && cols.end <= self.problem.n);
        debug_assert!(self.feed != Feed::Packed || cols.start.is_multiple_of(self.isa.panel()));
        let job = Job {
            a,
            b: if self.feed == Feed::Packed { packed } else { b },
            c,
            rows,
            cols,
        };
        // SAFETY: the caller vouches for the memory.
        unsafe {
            match (self.feed, self.packs_a) {
                (Feed::Direct, _) if self.problem.m == 1 => self.run_row(&job),
                (Feed::Local, _) => self.run_local(&job),
                (_, true) => self.run_packed(&job),
                (_, false) => self.run_direct(&job, None),
            }
        }
    }

    /// B read where it is, or packed in the workspace; A read in place or packed tile by tile into `scratch`.
    #[inline(always)]
    unsafe fn run_direct(&self, job: &Job<T>, scratch: Option<*mut T>) {
        // SAFETY: as for `run`.
        unsafe {
            for_blocks(0..self.problem.k, self.depth, |p, depth| {
                for_blocks(job.cols.clone(), self.block, |j, width| {
                    for_tiles(job.rows.clone(), self.isa.height(), |i, height| {
                        let mut tile = self.tile(job, p, i, depth);
                        if let Some(scratch) = scratch {
                            self.pack_a(&mut tile, height, scratch);
                        }
                        self.run_panels(job, tile, height, p, j..j + width);
                    });
                });
            });
        }
    }

    /// One row, in wide tiles as far as they go.
    unsafe fn run_row(&self, job: &Job<T>) {
        let wide = isa::WIDE * self.isa.lanes;
        let [b_k, b_col] = self.problem.b_strides;
        // SAFETY: as for `run`.
        unsafe {
            for_blocks(0..self.problem.k, self.depth, |p, depth| {
                let row = self.tile(job, p, 0, depth);
                for_blocks(job.cols.clone(), wide, |j, width| {
                    if width < wide {
                        return self.run_panels(job, row, 1, p, j..j + width);
                    }
                    let mut tile = row;
                    tile.b = job.b.wrapping_add(p * b_k + j * b_col);
                    tile.b_stride = b_k;
                    tile.c = tile.c.add(j);
                    (self.isa.wide)(&tile);
                });
            });
        }
    }

    #[inline(never)]
    unsafe fn run_packed(&self, job: &Job<T>) {
        let mut scratch = MaybeUninit::<Scratch<T>>::uninit();
        // SAFETY: as for `run`; a tile of A fits the scratch.
        unsafe { self.run_direct(job, Some(scratch.as_mut_ptr().cast())) }
    }

    /// Panels of B packed one by one; few rows use each.
    #[inline(never)]
    unsafe fn run_local(&self, job: &Job<T>) {
        let mut scratch = MaybeUninit::<Scratch<T>>::uninit();
        let scratch: *mut T = scratch.as_mut_ptr().cast();
        let panel = self.isa.panel();
        let [b_k, b_col] = self.problem.b_strides;
        // SAFETY: as for `run`; a panel fits the scratch.
        unsafe {
            for_blocks(0..self.problem.k, self.depth, |p, depth| {
                for_blocks(job.cols.clone(), panel, |j, width| {
                    let slice = Slice {
                        from: job.b.wrapping_add(p * b_k + j * b_col),
                        k_stride: b_k,
                        across: b_col,
                        depth,
                        width,
                    };
                    (self.isa.pack)(slice, scratch, panel);
                    for_tiles(job.rows.clone(), self.isa.height(), |i, height| {
                        let mut tile = self.tile(job, p, i, depth);
                        (tile.b, tile.b_stride) = (scratch, panel);
                        tile.c = tile.c.add(j);
                        self.run_kernel(&mut tile, height, width);
                    });
                });
            });
        }
    }

    /// A tile at row `i` of C and step `p` of k, its column yet to be chosen.
    unsafe fn tile(&self, job: &Job<T>, p: usize, i: usize, depth: usize) -> Tile<T> {
        let Problem {
            a_strides,
            c_row_stride,
            accumulate,
            ..
        } = self.problem;
        Tile {
            k: depth,
            a: job.a.wrapping_add(i * a_strides[0] + p * a_strides[1]),
            a_strides,
            b: job.b,
            b_stride: self.isa.panel(),
            c: job.c.wrapping_add(i * c_row_stride),
            c_stride: c_row_stride,
            width: 0,
            fresh: p == 0 && !accumulate,
        }
    }

    unsafe fn pack_a(&self, tile: &mut Tile<T>, height: usize, scratch: *mut T) {
        let width = self.isa.height().next_multiple_of(self.isa.lanes);
        let slice = Slice {
            from: tile.a,
            k_stride: tile.a_strides[1],
            across: tile.a_strides[0],
            depth: tile.k,
            width: height,
        };
        // SAFETY: the tile is within A, and a packed one fits the scratch.
        unsafe { (self.isa.pack)(slice, scratch, width) };
        (tile.a, tile.a_strides) = (scratch, [1, width]);
    }

    /// One tile of rows against the panels of a block of columns.
    #[inline(always)]
    unsafe fn run_panels(
        &self,
        job: &Job<T>,
        tile: Tile<T>,
        height: usize,
        p: usize,
        cols: Range<usize>,
    ) {
        // SAFETY: as for `run`.
        unsafe {
            let [b_k, b_col] = self.problem.b_strides;
            for_blocks(cols, self.isa.panel(), |j, width| {
                let mut tile = tile;
                tile.c = tile.c.add(j);
                if self.feed == Feed::Packed {
                    tile.b = job.b.add(self.packed_at(p, j));
                } else {
                    tile.b = job.b.wrapping_add(p * b_k + j * b_col);
                    tile.b_stride = b_k;
                }
                self.run_kernel(&mut tile, height, width);
            });
        }
    }

    #[inline(always)]
    unsafe fn run_kernel(&self, tile: &mut Tile<T>, height: usize, width: usize) {
        let row = &self.isa.rows[height - 1];
        tile.width = width;
        let kernel = if width == self.isa.panel() {
            row.full
        } else if width > self.isa.lanes {
            row.edge
        } else {
            row.narrow
        };
        // SAFETY: the caller vouches for the tile; the set was detected.
        unsafe { kernel(tile) }
    }

    /// Where the panel of column `j` starts in the workspace, for the block of k at `p`.
    fn packed_at(&self, p: usize, j: usize) -> usize {
        let depth = self.depth.min(self.problem.k - p);
        p * self.panels() * self.isa.panel() + j * depth
    }
}

/// Calls with the start and the length of each block of a range; once with none for an empty range, so that k = 0 clears C.
#[inline(always)]
fn for_blocks(range: Range<usize>, length: usize, mut each: impl FnMut(usize, usize)) {
    let mut at = range.start;
    loop {
        let len = length.min(range.end - at);
        each(at, len);
        at += len;
        if at >= range.end {
            return;
        }
    }
}

/// Splits rows into tiles of equal height, give or take one: a full tile and a sliver would waste registers.
#[inline(always)]
pub(super) fn for_tiles(rows: Range<usize>, highest: usize, mut each: impl FnMut(usize, usize)) {
    let tiles = rows.len().div_ceil(highest);
    let (height, higher) = (rows.len() / tiles, rows.len() % tiles);
    let mut at = rows.start;
    for tile in 0..tiles {
        let height = height + usize::from(tile < higher);
        each(at, height);
        at += height;
    }
}
