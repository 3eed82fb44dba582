//! The plan of a product: which way B is read, and the blocks that keep panels in the caches.

use std::ops::Range;

use super::isa::{self, Element, Isa};

/// Bytes of a row of A in one block of k: a tile of 14 such rows takes half of a first-level cache.
const DEPTH_BYTES: usize = 1024;

/// The same where C has one row: then it is B that matters, read best in few long lines at a time.
const ROW_DEPTH_BYTES: usize = 256;

/// Bytes of a block of B: half of a second-level cache.
const BLOCK_BYTES: usize = 512 * 1024;

/// Bytes of a B that stays in a second-level cache without being packed, and in half of a first-level one.
const SMALL_BYTES: usize = 1024 * 1024;
const TINY_BYTES: usize = 16 * 1024;

/// Tiles of rows up to which packing B ahead costs more than it gains.
const FEW_TILES: usize = 10;

/// The same where panels are a cache line wide and rows of B farther apart than this: few of the lines that a panel touches then go
/// into the caches together, and each page holds few.
const FEW_FAR_TILES: usize = 4;
const FAR_BYTES: usize = 1024;

/// Bytes of a cache line.
const CACHE_LINE: usize = 64;

/// Rows whose elements at one step of k, a multiple of a page apart, still go into a first-level cache together.
const WAYS: usize = 8;

/// What to multiply: C\[m, n\] = A\[m, k\] · B\[k, n\]. Strides are in elements, from row to row and from column to column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem {
    /// Rows of A and C.
    pub(crate) m: usize,
    /// Columns of B and C.
    pub(crate) n: usize,
    /// Columns of A, rows of B.
    pub(crate) k: usize,
    /// Strides of A.
    pub(crate) a_strides: [usize; 2],
    /// Strides of B.
    pub(crate) b_strides: [usize; 2],
    /// From row to row of C; its columns are adjacent.
    pub(crate) c_row_stride: usize,
    /// C += A·B rather than C = A·B.
    pub(crate) accumulate: bool,
}

/// How a kernel meets B.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Feed {
    /// Where it lies.
    Direct,
    /// Panel by panel, packed on the stack of each `run`.
    Local,
    /// In the workspace that `pack` filled.
    Packed,
}

/// A planned product.
#[derive(Clone, Copy)]
pub(crate) struct Product<T: 'static> {
    pub(super) problem: Problem,
    pub(super) isa: &'static Isa<T>,
    pub(super) feed: Feed,
    /// Whether tiles of A are packed on the stack.
    pub(super) packs_a: bool,
    /// The problem is Cᵀ = Bᵀ·Aᵀ: the caller's A is our B, its rows our columns.
    pub(super) swapped: bool,
    /// Length of a block of k; the last is shorter.
    pub(super) depth: usize,
    /// Columns of a block of B.
    pub(super) block: usize,
}

impl<T: Element> Product<T> {
    /// Plans a product.
    pub(crate) fn new(problem: Problem) -> Product<T> {
        Product::on(isa::best(), problem)
    }

    /// Plans a product for one set of instructions.
    pub(super) fn on(isa: &'static Isa<T>, problem: Problem) -> Product<T> {
        let swapped = problem.n == 1 && problem.m > 1 && problem.c_row_stride == 1;
        let problem = if swapped {
            transposed(problem)
        } else {
            problem
        };
        let feed = feed::<T>(&problem, isa);
        let one_row = feed == Feed::Direct && problem.m == 1;
        let most = if one_row {
            ROW_DEPTH_BYTES
        } else {
            DEPTH_BYTES
        };
        let depth = even(problem.k, most / size_of::<T>());
        let block = BLOCK_BYTES / size_of::<T>() / depth.max(1);
        Product {
            problem,
            isa,
            feed,
            packs_a: feed == Feed::Packed && packs_a(&problem, isa),
            swapped,
            depth,
            block: block.next_multiple_of(isa.panel()),
        }
    }

    /// The same product for a B that is packed ahead, since many runs share it.
    pub(crate) fn ahead(&self) -> Product<T> {
        if self.swapped {
            return *self;
        }
        Product {
            feed: Feed::Packed,
            packs_a: self.problem.m > 1 && packs_a(&self.problem, self.isa),
            ..*self
        }
    }

    /// Elements of workspace that `pack` fills and `run` reads; none where B is read in place.
    pub(crate) fn packed_len(&self) -> usize {
        match self.feed {
            Feed::Packed => self.problem.k * self.panels() * self.isa.panel(),
            Feed::Direct | Feed::Local => 0,
        }
    }

    /// Whether what `pack` fills for one serves the other too, if their B is the same.
    pub(crate) fn packs_like(&self, other: &Product<T>) -> bool {
        let layout = |plan: &Product<T>| {
            let Problem {
                n, k, b_strides, ..
            } = plan.problem;
            (n, k, b_strides, plan.depth, plan.swapped)
        };
        let are_packed = self.feed == Feed::Packed && other.feed == Feed::Packed;
        are_packed && layout(self) == layout(other)
    }

    /// Pieces that `pack` may be given in any order, by any threads.
    pub(crate) fn n_packs(&self) -> usize {
        match self.feed {
            Feed::Packed => self.panels() * self.problem.k.div_ceil(self.depth.max(1)),
            Feed::Direct | Feed::Local => 0,
        }
    }

    /// The block of C that suits one worker of several: whole rows where there are enough, else whole panels of columns. Blocks
    /// of all workers together are C, some may be empty.
    pub(crate) fn share(&self, worker: usize, n_workers: usize) -> (Range<usize>, Range<usize>) {
        let Problem { m, n, .. } = self.problem;
        let (height, panel) = (self.isa.height(), self.isa.panel());
        let enough_rows = self.feed != Feed::Local && m >= 2 * height * n_workers;
        let enough_cols = n.div_ceil(panel) >= n_workers || m == 1;
        let (rows, cols) = if enough_rows || !enough_cols {
            (part(m, 1, worker, n_workers), 0..n)
        } else {
            (0..m, part(n, panel, worker, n_workers))
        };
        if self.swapped {
            (cols, rows)
        } else {
            (rows, cols)
        }
    }

    pub(super) fn panels(&self) -> usize {
        self.problem.n.div_ceil(self.isa.panel())
    }
}

/// Cᵀ = Bᵀ·Aᵀ, for one column of C with adjacent rows.
fn transposed(p: Problem) -> Problem {
    Problem {
        m: p.n,
        n: p.m,
        a_strides: [p.b_strides[1], p.b_strides[0]],
        b_strides: [p.a_strides[1], p.a_strides[0]],
        c_row_stride: p.m,
        ..p
    }
}

/// How to read B. Packing it ahead pays with many rows of C; a B that is not in place is else packed panel by panel.
fn feed<T>(p: &Problem, isa: &Isa<T>) -> Feed {
    let in_place = p.b_strides[1] == 1 || p.n == 1;
    let few_rows = p.m <= FEW_TILES * isa.height();
    if in_place && reads_direct(p, isa) {
        Feed::Direct
    } else if few_rows {
        Feed::Local
    } else {
        Feed::Packed
    }
}

/// Whether a B whose columns are adjacent is best left where it is. A panel of two cache lines or more uses what each row brings.
fn reads_direct<T>(p: &Problem, isa: &Isa<T>) -> bool {
    let bytes = p.k * p.n * size_of::<T>();
    let is_wide = isa.panel() * size_of::<T>() > CACHE_LINE;
    let is_far = p.b_strides[0] * size_of::<T>() > FAR_BYTES;
    let few_tiles = match is_far && !is_wide {
        true => FEW_FAR_TILES,
        false => FEW_TILES,
    };
    p.m <= few_tiles * isa.height() || bytes <= TINY_BYTES || (is_wide && bytes <= SMALL_BYTES)
}

/// Whether to pack tiles of A, which many panels share: where elements of a row are apart, or a tile has more rows than a cache set
/// has ways.
fn packs_a<T>(p: &Problem, isa: &Isa<T>) -> bool {
    p.n > 2 * isa.panel() && (p.a_strides[1] != 1 || isa.height() > WAYS)
}

/// The length of equal parts of `n` that are at most `most` long.
fn even(n: usize, most: usize) -> usize {
    n.div_ceil(n.div_ceil(most).max(1))
}

/// Part `i` of `count` of `0..n`, starting at a multiple of `step`.
fn part(n: usize, step: usize, i: usize, count: usize) -> Range<usize> {
    let steps = n.div_ceil(step);
    let at = |i: usize| (i * steps / count * step).min(n);
    at(i)..at(i + 1)
}
