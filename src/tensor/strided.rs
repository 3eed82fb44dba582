//! The walk over elements at regular distances that `permute`, `broadcast`, `slice`, `embed` and `reverse` are. Axes are merged
//! where they can be, so that the innermost runs are long; runs of neighbours are copied whole.

use crate::tensor::{Element, WindowSizes};

/// Elements at `start + Σ index[i] · strides[i]`, in row-major order of the index.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Walk {
    pub(crate) start: usize,
    pub(crate) sizes: Vec<usize>,
    pub(crate) strides: Vec<isize>,
}

/// The strides of a contiguous tensor.
pub(crate) fn row_major(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as isize;
    }
    strides
}

/// Walks over the elements of another walk: what `permute`, `broadcast`, `slice`, `reverse` and `reshape` mean.
impl Walk {
    /// Every element of a contiguous tensor, in order.
    pub(crate) fn over(shape: &[usize]) -> Walk {
        Walk {
            start: 0,
            sizes: shape.to_vec(),
            strides: row_major(shape),
        }
    }

    /// Axes in another order: axis `i` is this walk's axis `axes[i]`.
    pub(crate) fn permuted(&self, axes: &[usize]) -> Walk {
        Walk {
            start: self.start,
            sizes: axes.iter().map(|&axis| self.sizes[axis]).collect(),
            strides: axes.iter().map(|&axis| self.strides[axis]).collect(),
        }
    }

    /// Axis `i` becomes axis `places[i]` (ascending), repeated along all others.
    pub(crate) fn repeated(&self, shape: &[usize], places: &[usize]) -> Walk {
        let mut strides = vec![0; shape.len()];
        for (&place, &stride) in places.iter().zip(&self.strides) {
            strides[place] = stride;
        }
        Walk {
            start: self.start,
            sizes: shape.to_vec(),
            strides,
        }
    }

    /// Repeated along the axes of `shape` that lead, as the one broadcast rule has it.
    pub(crate) fn aligned(&self, shape: &[usize]) -> Walk {
        let leading = shape.len() - self.sizes.len();
        let places: Vec<usize> = (leading..shape.len()).collect();
        self.repeated(shape, &places)
    }

    /// Part of each axis: from `start`, before `stop`, by `step`, as `(start, stop, step)`.
    pub(crate) fn part(&self, ranges: &[(usize, usize, usize)]) -> Walk {
        let axes = || ranges.iter().zip(&self.strides);
        let skipped: isize = axes()
            .map(|(&(start, _, _), &stride)| start as isize * stride)
            .sum();
        let size = |&(start, stop, step): &(usize, usize, usize)| {
            stop.saturating_sub(start).div_ceil(step)
        };
        Walk {
            start: self.start.strict_add_signed(skipped),
            sizes: ranges.iter().map(size).collect(),
            strides: axes()
                .map(|(&(_, _, step), &stride)| stride * step as isize)
                .collect(),
        }
    }

    /// The elements of an axis in reverse order.
    pub(crate) fn reversed(&self, axis: usize) -> Walk {
        let mut walk = self.clone();
        let last = self.sizes[axis].saturating_sub(1) as isize;
        walk.start = self.start.strict_add_signed(last * self.strides[axis]);
        walk.strides[axis] = -self.strides[axis];
        walk
    }

    /// Windows along an axis: it becomes `count` places and, behind them, those of a window. Elements are met once a window.
    pub(crate) fn windowed(&self, count: usize, window: &WindowSizes) -> Walk {
        let mut walk = self.clone();
        let stride = self.strides[window.axis];
        walk.sizes[window.axis] = count;
        walk.strides[window.axis] = stride * window.stride as isize;
        walk.sizes.insert(window.axis + 1, window.size);
        let apart = stride * window.dilation as isize;
        walk.strides.insert(window.axis + 1, apart);
        walk
    }

    /// The same elements under another shape, where they lie regularly under that one too.
    pub(crate) fn reshaped(&self, shape: &[usize]) -> Option<Walk> {
        let merged = self.merged();
        let mut strides = vec![0; shape.len()];
        let mut axis = shape.len();
        for (&size, &stride) in merged.sizes.iter().zip(&merged.strides).rev() {
            let mut covered = 1;
            while covered < size {
                axis = axis.checked_sub(1)?;
                strides[axis] = stride * covered as isize;
                covered *= shape[axis];
            }
            if covered != size {
                return None;
            }
        }
        Some(Walk {
            start: self.start,
            sizes: shape.to_vec(),
            strides,
        })
    }

    /// Whether it meets neighbours in order, from the first element on.
    pub(crate) fn is_plain(&self) -> bool {
        let merged = self.merged();
        merged.start == 0 && matches!(merged.strides.as_slice(), [] | [1])
    }

    /// How many elements it meets.
    pub(crate) fn len(&self) -> usize {
        self.sizes.iter().product()
    }
}

impl Walk {
    /// The elements of `from` met on the walk.
    pub(super) fn read<T: Element>(&self, from: &[T]) -> Vec<T> {
        let len = self.sizes.iter().product();
        if len == 0 {
            return Vec::new();
        }
        let walk = self.merged();
        match walk.strides.as_slice() {
            &[.., 1, last] if last > 1 => walk.read_columns(from, len),
            [..] => walk.read_rows(from, len),
        }
    }

    fn read_rows<T: Element>(self, from: &[T], len: usize) -> Vec<T> {
        let mut out = Vec::with_capacity(len);
        let (outer, run) = self.split_run();
        outer.visit(&mut |start| read_run(from, start, run, &mut out));
        out
    }

    /// The last axis but one is contiguous in `from`, as in a transpose: read in tiles, which stay in the cache.
    fn read_columns<T: Element>(self, from: &[T], len: usize) -> Vec<T> {
        let mut out = vec![T::default(); len];
        let (outer, (n_columns, stride)) = self.split_run();
        let (outer, (n_rows, _)) = outer.split_run();
        let mut blocks = out.chunks_exact_mut(n_rows * n_columns);
        outer.visit(&mut |start| {
            if let Some(block) = blocks.next() {
                transpose(&from[start..], stride as usize, block, n_columns);
            }
        });
        out
    }

    /// Puts the elements of `from` into `to` at the places met on the walk.
    pub(super) fn write<T: Element>(&self, from: &[T], to: &mut [T]) {
        if from.is_empty() {
            return;
        }
        let (outer, run) = self.merged().split_run();
        let mut runs = from.chunks_exact(run.0);
        outer.visit(&mut |start| {
            if let Some(elements) = runs.next() {
                write_run(elements, start, run, to);
            }
        });
    }

    /// The same walk with as few axes as will do: axes of size one go, and an axis that continues the next one joins it.
    pub(crate) fn merged(&self) -> Walk {
        let mut merged = Walk {
            start: self.start,
            sizes: Vec::new(),
            strides: Vec::new(),
        };
        for (&size, &stride) in self.sizes.iter().zip(&self.strides) {
            merged.push(size, stride);
        }
        merged
    }

    fn push(&mut self, size: usize, stride: isize) {
        if size == 1 {
            return;
        }
        match (self.sizes.last_mut(), self.strides.last_mut()) {
            (Some(last_size), Some(last_stride)) if *last_stride == stride * size as isize => {
                (*last_size, *last_stride) = (*last_size * size, stride);
            }
            _ => {
                self.sizes.push(size);
                self.strides.push(stride);
            }
        }
    }

    /// The walk over the starts of its innermost runs, and a run's size and stride.
    fn split_run(mut self) -> (Walk, (usize, isize)) {
        let run = self.sizes.pop().zip(self.strides.pop());
        (self, run.unwrap_or((1, 1)))
    }

    /// Size and stride of a walk along one axis; a single place has size one.
    pub(super) fn single(&self) -> Option<(usize, usize)> {
        match (self.sizes.as_slice(), self.strides.as_slice()) {
            ([], []) => Some((1, 1)),
            (&[size], &[stride]) => Some((size, stride.unsigned_abs())),
            _ => None,
        }
    }

    /// All places in order.
    pub(crate) fn places(&self) -> Vec<usize> {
        let mut places = Vec::new();
        self.visit(&mut |place| places.push(place));
        places
    }

    /// Calls `f` with every place in order.
    fn visit(&self, f: &mut impl FnMut(usize)) {
        visit(self.start as isize, &self.sizes, &self.strides, f);
    }
}

fn visit(start: isize, sizes: &[usize], strides: &[isize], f: &mut impl FnMut(usize)) {
    match (sizes, strides) {
        ([size, sizes @ ..], [stride, strides @ ..]) => {
            for index in 0..*size as isize {
                visit(start + index * stride, sizes, strides, f);
            }
        }
        _ => f(start as usize),
    }
}

fn read_run<T: Copy>(from: &[T], start: usize, (size, stride): (usize, isize), out: &mut Vec<T>) {
    match stride {
        1 => out.extend_from_slice(&from[start..start + size]),
        0 => out.extend(std::iter::repeat_n(from[start], size)),
        2.. => out.extend(from[start..].iter().step_by(stride as usize).take(size)),
        ..0 => out.extend(
            from[..=start]
                .iter()
                .rev()
                .step_by(-stride as usize)
                .take(size),
        ),
    }
}

/// Rows and columns of a tile.
const TILE: usize = 16;

/// `to[r][c] = from[c · stride + r]`, where `to` has rows of `n_columns`
fn transpose<T: Copy>(from: &[T], stride: usize, to: &mut [T], n_columns: usize) {
    for (band_idx, band) in to.chunks_mut(TILE * n_columns).enumerate() {
        let n_rows = band.len() / n_columns;
        for first in (0..n_columns).step_by(TILE) {
            for column in first..n_columns.min(first + TILE) {
                let start = column * stride + band_idx * TILE;
                let places = band[column..].iter_mut().step_by(n_columns);
                places
                    .zip(&from[start..start + n_rows])
                    .for_each(|(place, &x)| *place = x);
            }
        }
    }
}

fn write_run<T: Copy>(elements: &[T], start: usize, (size, stride): (usize, isize), to: &mut [T]) {
    if stride == 1 {
        to[start..start + size].copy_from_slice(elements);
        return;
    }
    let places = to[start..].iter_mut().step_by(stride as usize);
    places.zip(elements).for_each(|(place, &x)| *place = x);
}
