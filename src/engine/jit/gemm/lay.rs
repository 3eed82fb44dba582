//! Laying out: lines of a panel, or of A, from wherever their elements are. Neighbours in memory that go into one vector of a line are
//! loaded under a mask and blended with those beside them, so that every vector is stored once and whole: stores under a mask cost
//! some machines ten others, and stores that straddle cache lines two.

use std::ops::Range;

use super::simd::Simd;

/// Elements at one distance: so many from one place of the operand to neighbouring places of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) from: isize,
    pub(super) step: isize,
    pub(super) to: usize,
    pub(super) len: usize,
}

impl Run {
    /// Whether it is more than two elements that are no neighbours; two are the last of one row and the first of the next, say.
    fn is_apart(&self) -> bool {
        self.step != 1 && self.len > 2
    }

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
    /// What a line is made of.
    pub(super) layout: &'a Layout,
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

/// What a line is made of, in order of the line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Neighbours, cut where vectors of the line end.
    Pieces(Vec<Piece>),
    /// Elements that are not all neighbours.
    Runs(Vec<Run>),
}

impl Layout {
    /// That of a line with an element from each place, for vectors of so many lanes.
    pub(super) fn of(places: &[isize], n_lanes: usize) -> Layout {
        let runs = runs(places);
        if runs.iter().any(Run::is_apart) {
            return Layout::Runs(runs);
        }
        let neighbours = runs.into_iter().flat_map(Run::of_neighbours);
        Layout::Pieces(neighbours.flat_map(|run| cut(run, n_lanes)).collect())
    }
}

/// Neighbours that go into lanes of one vector of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// The first of them.
    from: isize,
    /// Where in the line the vector begins.
    to: usize,
    lanes: Range<usize>,
}

fn cut(run: Run, n_lanes: usize) -> impl Iterator<Item = Piece> {
    let end = run.to + run.len;
    let first = run.to / n_lanes * n_lanes;
    (first..end).step_by(n_lanes).map(move |to| {
        let lanes = run.to.max(to) - to..end.min(to + n_lanes) - to;
        Piece {
            from: run.from + (to + lanes.start - run.to) as isize,
            to,
            lanes,
        }
    })
}

/// The layer of an instruction set. Lines have room for whole vectors.
#[inline(always)]
pub(super) unsafe fn lay<S: Simd>(job: &Lay<'_, S::T>) {
    // SAFETY: the caller vouches for what places and runs tell of, for the room, and for the instructions.
    unsafe {
        match job.layout {
            Layout::Pieces(pieces) => lay_pieces::<S>(job, pieces),
            Layout::Runs(runs) => runs.iter().for_each(|run| lay_run::<S>(job, *run)),
        }
    }
}

#[inline(always)]
unsafe fn lay_pieces<S: Simd>(job: &Lay<'_, S::T>, pieces: &[Piece]) {
    let mut rest = pieces;
    while let [piece, others @ ..] = rest {
        // SAFETY: as for `lay`.
        rest = unsafe {
            match others {
                [other, others @ ..] if other.to == piece.to && piece.lanes.start == 0 => {
                    lay_two::<S>(job, [piece, other]);
                    others
                }
                _ => {
                    lay_one::<S>(job, piece);
                    others
                }
            }
        }
    }
}

/// A vector of each line, or lanes of one that holds those before them.
#[inline(always)]
unsafe fn lay_one<S: Simd>(job: &Lay<'_, S::T>, piece: &Piece) {
    let (is_whole, is_first) = (piece.lanes.len() == S::LANES, piece.lanes.start == 0);
    // SAFETY: as for `lay`.
    unsafe {
        for_lines(job, piece.to, |from, to| {
            let from = from.wrapping_offset(piece.from);
            let v = match () {
                () if is_whole => S::load(from),
                () if is_first => S::load_masked(from, S::mask(piece.lanes.end)),
                () => S::load_lanes(S::load(to), from, piece.lanes.clone()),
            };
            S::store(to, v);
        });
    }
}

/// A vector of each line, of two pieces.
#[inline(always)]
unsafe fn lay_two<S: Simd>(job: &Lay<'_, S::T>, [one, other]: [&Piece; 2]) {
    // SAFETY: as for `lay`.
    unsafe {
        for_lines(job, one.to, |from, to| {
            let v = S::load_masked(from.wrapping_offset(one.from), S::mask(one.lanes.end));
            let from = from.wrapping_offset(other.from);
            S::store(to, S::load_lanes(v, from, other.lanes.clone()));
        });
    }
}

/// A run, neighbours or not.
#[inline(always)]
unsafe fn lay_run<S: Simd>(job: &Lay<'_, S::T>, run: Run) {
    for at in (0..run.len).step_by(S::LANES) {
        let n = S::LANES.min(run.len - at);
        let start = run.from + at as isize * run.step;
        // SAFETY: as for `lay`.
        unsafe {
            let mask = S::mask(n);
            for_lines(job, run.to + at, |from, to| {
                let from = from.wrapping_offset(start);
                match run.step {
                    1 => S::store_masked(to, S::load_masked(from, mask), mask),
                    2 => S::store_masked(to, S::load_every_other(from, n), mask),
                    step => (0..n).for_each(|i| *to.add(i) = *from.offset(i as isize * step)),
                }
            });
        }
    }
}

/// Calls with where each line is from, and with where its elements from `to` on go.
#[inline(always)]
fn for_lines<T>(job: &Lay<'_, T>, to: usize, mut each: impl FnMut(*const T, *mut T)) {
    for (line, &place) in job.places.iter().enumerate() {
        let from = job.from.wrapping_offset(place);
        each(from, job.to.wrapping_add(line * job.line + to));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_cut_where_vectors_end() {
        let run = Run {
            from: 100,
            step: 1,
            to: 6,
            len: 12,
        };
        let found: Vec<_> = cut(run, 8).map(|p| (p.from, p.to, p.lanes)).collect();
        assert_eq!(found, [(100, 0, 6..8), (102, 8, 0..8), (110, 16, 0..2)]);
    }
}
