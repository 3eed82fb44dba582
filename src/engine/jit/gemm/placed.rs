//! Products of an operand whose elements lie at places that no strides tell: windows of an image, say. Step p of k lies `depth[p]` from
//! the first, element j across it `across[j]`, so that a convolution lays out what it needs straight from the image, a block at a
//! time, and no matrix of all windows is ever in memory. The other operand is regular: its elements across k lie at one distance,
//! along k in runs of one distance.
//!
//! Where neighbours in memory are neighbours across k, the placed operand is laid out as panels of B; where they are neighbours
//! along k, as rows of A, and the regular one is B. So elements are copied, never turned around one by one. Each element of C is the
//! same chain over ascending k as that of [`super::Product`].

use std::cell::RefCell;
use std::ops::Range;

use super::isa::{self, Element, Isa};
use super::lay::{Lay, Layout, Run, runs};
use super::line::Line;
use super::pack::Slice;
use super::run::for_tiles;
use super::tile::Tile;

/// Elements of a block of k.
const DEPTH: usize = 256;

/// Rows of A up to which a placed operand on the other side is read where it lies, if its neighbours are at least so many.
const FEW_ROWS: usize = 2;
const FEW_NEIGHBOURS: usize = 6;

/// From one laid row of A to the next: rows one multiple of a page apart would meet in the same lines of the cache.
const LINE: usize = DEPTH + 32;

/// Panels of B that are laid out before A goes past them: of the placed operand, and of the regular one.
const PANELS: [usize; 2] = [4, 8];

/// A block of k: where the regular operand begins, and the distance along it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Steps {
    first: usize,
    len: usize,
    start: isize,
    stride: isize,
}

/// A planned product.
pub(crate) struct Placed<T: 'static> {
    isa: &'static Isa<T>,
    /// Elements of the regular operand across k, and their distance.
    regular: [usize; 2],
    steps: Vec<Steps>,
    depth: Vec<isize>,
    across: Vec<isize>,
    /// Of the placed operand: of each panel across, or of each of the blocks of k.
    layouts: Vec<Layout>,
    side: Side,
    /// Whether the placed operand is read where it lies.
    is_direct: bool,
}

/// Which operand of C = A·B the placed one is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Its elements across k are rows of C.
    A,
    /// Its elements across k are columns of C.
    B,
}

/// What to multiply; C lies row by row without gaps. Places are in elements.
pub(crate) struct PlacedProblem {
    /// Elements of the regular operand across k, and their distance.
    pub(crate) regular: [usize; 2],
    /// Where steps of k lie in the regular operand.
    pub(crate) regular_depth: Vec<isize>,
    /// Where steps of k lie in the placed operand.
    pub(crate) depth: Vec<isize>,
    /// Where elements across k lie in the placed operand.
    pub(crate) across: Vec<isize>,
    /// Which operand the placed one is.
    pub(crate) side: Side,
}

/// Room of a thread, aligned to lines of the cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct CacheLine(#[expect(dead_code, reason = "bytes to write to")] [u8; 64]);

thread_local! {
    static ROOM: RefCell<Vec<CacheLine>> = const { RefCell::new(vec![]) };
}

impl Side {
    /// The better side for places like these: the one on which neighbours in memory make up longer runs.
    pub(crate) fn of(depth: &[isize], across: &[isize]) -> Side {
        match n_runs(depth) * across.len() < n_runs(across) * depth.len() {
            true => Side::A,
            false => Side::B,
        }
    }
}

impl<T: Element> Placed<T> {
    /// Plans a product.
    pub(crate) fn new(problem: PlacedProblem) -> Placed<T> {
        let neighbours = problem.across.len() / n_runs(&problem.across);
        let is_direct = problem.regular[0] <= FEW_ROWS && neighbours >= FEW_NEIGHBOURS;
        let isa = isa::best();
        let steps = steps(&problem.regular_depth);
        Placed {
            is_direct: problem.side == Side::B && is_direct,
            layouts: layouts(&problem, &steps, isa),
            isa,
            regular: problem.regular,
            steps,
            depth: problem.depth,
            across: problem.across,
            side: problem.side,
        }
    }

    /// All of the placed operand's elements across k.
    pub(crate) fn whole(&self) -> Range<usize> {
        0..self.across.len()
    }

    /// Those that suit one worker of several: whole panels, or whole tiles.
    pub(crate) fn share(&self, worker: usize, n_workers: usize) -> Range<usize> {
        let unit = match self.side {
            Side::A => self.isa.height(),
            Side::B => self.isa.panel(),
        };
        let units = self.across.len().div_ceil(unit);
        let at = |worker: usize| (worker * units / n_workers * unit).min(self.across.len());
        at(worker)..at(worker + 1)
    }

    /// Computes the part of C that belongs to some of the placed operand's elements across k.
    ///
    /// # Safety
    /// The pointers are to the regular operand, the placed one and C as planned; `part` starts where a part from `share` does; C
    /// overlaps nothing else, and nobody else touches the part meanwhile.
    pub(crate) unsafe fn run(
        &self,
        regular: *const T,
        placed: *const T,
        c: *mut T,
        part: Range<usize>,
    ) {
        if part.is_empty() {
            return;
        }
        if self.is_direct {
            // SAFETY: the caller vouches for the operands.
            unsafe { self.run_lines([regular, placed], c, part) };
            return;
        }
        ROOM.with_borrow_mut(|room| {
            let panels = PANELS[0].max(PANELS[1]) * DEPTH * self.isa.panel();
            let lines = self.isa.height() * LINE;
            let bytes = (panels + lines) * size_of::<T>();
            room.resize(bytes.div_ceil(64), CacheLine([0; 64]));
            let panels_at: *mut T = room.as_mut_ptr().cast();
            let block = Block {
                regular,
                placed,
                c,
                panels: panels_at,
                lines: panels_at.wrapping_add(panels),
            };
            // SAFETY: the caller vouches for the operands; the room holds what a block lays out.
            unsafe {
                match self.side {
                    Side::A => self.run_rows(&block, part),
                    Side::B => self.run_cols(&block, part),
                }
            }
        });
    }

    /// Some columns of C, of few rows: the placed operand where it lies.
    unsafe fn run_lines(&self, [regular, placed]: [*const T; 2], c: *mut T, part: Range<usize>) {
        let (n, [m, distance]) = (self.across.len(), self.regular);
        let across: Vec<Run> = runs(&self.across[part.clone()]);
        let across: Vec<Run> = across.into_iter().flat_map(Run::of_neighbours).collect();
        for row in 0..m {
            for steps in &self.steps {
                let line = Line {
                    a: regular
                        .wrapping_offset(steps.start)
                        .wrapping_add(row * distance),
                    a_stride: steps.stride,
                    b: placed,
                    depth: &self.depth[steps.first..][..steps.len],
                    across: &across,
                    c: c.wrapping_add(row * n + part.start),
                    fresh: steps.first == 0,
                };
                // SAFETY: the caller vouches for the operands; the set was detected.
                unsafe { (self.isa.line)(&line) };
            }
        }
    }

    /// Some columns of C: panels of the placed operand.
    unsafe fn run_cols(&self, block: &Block<T>, part: Range<usize>) {
        let (panel, n) = (self.isa.panel(), self.across.len());
        let [m, distance] = self.regular;
        for cols in blocks(part, PANELS[0] * panel) {
            for steps in &self.steps {
                // SAFETY: as for `run`.
                unsafe {
                    for (place, cols) in blocks(cols.clone(), panel).enumerate() {
                        self.lay_panel(block, steps, cols, place);
                    }
                    for_tiles(0..m, self.isa.height(), |i, height| {
                        let start = block.regular.wrapping_offset(steps.start);
                        let tile = Tile {
                            k: steps.len,
                            a: start.wrapping_add(i * distance),
                            // A distance backwards wraps around, as does the pointer that it is added to.
                            a_strides: [distance, steps.stride.cast_unsigned()],
                            b: block.panels,
                            b_stride: panel,
                            c: block.c.add(i * n),
                            c_stride: n,
                            width: 0,
                            fresh: steps.first == 0,
                        };
                        self.panels(tile, height, cols.clone());
                    });
                }
            }
        }
    }

    /// Some rows of C: lines of the placed operand against panels of the regular one.
    unsafe fn run_rows(&self, block: &Block<T>, part: Range<usize>) {
        let (panel, [n, _]) = (self.isa.panel(), self.regular);
        for cols in blocks(0..n, PANELS[1] * panel) {
            for (steps, layout) in self.steps.iter().zip(&self.layouts) {
                // SAFETY: as for `run`.
                unsafe {
                    for (place, cols) in blocks(cols.clone(), panel).enumerate() {
                        self.pack_panel(block, steps, cols, place);
                    }
                    for_tiles(part.clone(), self.isa.height(), |i, height| {
                        (self.isa.lay)(&Lay {
                            from: block.placed,
                            places: &self.across[i..i + height],
                            layout,
                            to: block.lines,
                            line: LINE,
                        });
                        let tile = Tile {
                            k: steps.len,
                            a: block.lines.cast_const(),
                            a_strides: [LINE, 1],
                            b: block.panels,
                            b_stride: panel,
                            c: block.c.add(i * n),
                            c_stride: n,
                            width: 0,
                            fresh: steps.first == 0,
                        };
                        self.panels(tile, height, cols.clone());
                    });
                }
            }
        }
    }

    /// A tile of rows against the panels laid out.
    unsafe fn panels(&self, tile: Tile<T>, height: usize, cols: Range<usize>) {
        let panel = self.isa.panel();
        let row = &self.isa.rows[height - 1];
        for (place, cols) in blocks(cols, panel).enumerate() {
            let width = cols.len();
            let kernel = match width {
                _ if width == panel => row.full,
                _ if width > self.isa.lanes => row.edge,
                _ => row.narrow,
            };
            // SAFETY: the caller vouches for the tile; the set was detected.
            unsafe {
                let tile = Tile {
                    b: tile.b.add(place * DEPTH * panel),
                    c: tile.c.add(cols.start),
                    width,
                    ..tile
                };
                kernel(&tile);
            }
        }
    }

    /// Lays out a panel of the placed operand, row by row.
    unsafe fn lay_panel(&self, block: &Block<T>, steps: &Steps, cols: Range<usize>, place: usize) {
        let panel = self.isa.panel();
        let job = Lay {
            from: block.placed,
            places: &self.depth[steps.first..][..steps.len],
            layout: &self.layouts[cols.start / panel],
            to: block.panels.wrapping_add(place * DEPTH * panel),
            line: panel,
        };
        // SAFETY: the places are the operand's, and a panel has room for each block of k.
        unsafe { (self.isa.lay)(&job) };
    }

    /// Packs a panel of the regular operand.
    unsafe fn pack_panel(&self, block: &Block<T>, steps: &Steps, cols: Range<usize>, place: usize) {
        let (panel, [_, distance]) = (self.isa.panel(), self.regular);
        let start = block.regular.wrapping_offset(steps.start);
        let slice = Slice {
            from: start.wrapping_add(cols.start * distance),
            // A distance backwards wraps around, as does the pointer that it is added to.
            k_stride: steps.stride.cast_unsigned(),
            across: distance,
            depth: steps.len,
            width: cols.len(),
        };
        // SAFETY: the slice is within the operand, a panel has room for each block of k.
        unsafe { (self.isa.pack)(slice, block.panels.add(place * DEPTH * panel), panel) };
    }
}

/// Operands, and room for what is laid out of them.
struct Block<T> {
    regular: *const T,
    placed: *const T,
    c: *mut T,
    panels: *mut T,
    lines: *mut T,
}

/// How lines of the placed operand are laid out: those of its panels, or its rows by blocks of k.
fn layouts<T>(problem: &PlacedProblem, steps: &[Steps], isa: &Isa<T>) -> Vec<Layout> {
    let of = |places: &[isize]| Layout::of(places, isa.lanes);
    match problem.side {
        Side::A => {
            let blocks = steps
                .iter()
                .map(|steps| &problem.depth[steps.first..][..steps.len]);
            blocks.map(of).collect()
        }
        Side::B => problem.across.chunks(isa.panel()).map(of).collect(),
    }
}

/// A range in blocks of this length; the last may be shorter.
fn blocks(range: Range<usize>, len: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range.step_by(len).map(move |at| at..end.min(at + len))
}

/// How many runs of neighbours there are; at least one.
fn n_runs(places: &[isize]) -> usize {
    let breaks = places.windows(2).filter(|pair| pair[0] + 1 != pair[1]);
    breaks.count() + 1
}

/// Places in blocks of one distance, none longer than [`DEPTH`], those of a longer stretch equally long.
fn steps(places: &[isize]) -> Vec<Steps> {
    let mut found: Vec<Steps> = vec![];
    let mut at = 0;
    while at < places.len() {
        let rest = &places[at..];
        let stride = rest.get(1).map_or(0, |second| second - rest[0]);
        let regular = rest
            .windows(2)
            .take_while(|pair| pair[1] - pair[0] == stride);
        let stretch = regular.count() + 1;
        let len = stretch.div_ceil(stretch.div_ceil(DEPTH));
        for part in blocks(at..at + stretch, len) {
            found.push(Steps {
                first: part.start,
                len: part.len(),
                start: places[part.start],
                stride,
            });
        }
        at += stretch;
    }
    found
}

#[cfg(test)]
mod tests;
