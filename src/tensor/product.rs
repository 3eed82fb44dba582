//! Matrix products, many at a time. Large ones are cut in parts that depend on the sizes alone, so threads change no bytes. The
//! only place besides `linalg` that knows faer.

use faer::linalg::matmul::matmul;
use faer::traits::RealField;
use faer::{Accum, MatMut, MatRef, Par};

use crate::scalar::math::Float;
use crate::tensor::Number;
use crate::tensor::threads;

/// A float that faer works with.
pub(super) trait Real: Float + Number + RealField {}

impl Real for f32 {}
impl Real for f64 {}

/// How a matrix lies among the elements of a tensor: neighbours in a row, or else in a column, are neighbours there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Layout {
    pub(super) rows: usize,
    pub(super) columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl Layout {
    /// Row after row.
    pub(super) fn by_row(rows: usize, columns: usize) -> Layout {
        Layout {
            rows,
            columns,
            row_stride: columns,
            column_stride: 1,
        }
    }

    /// Column after column.
    pub(super) fn by_column(rows: usize, columns: usize) -> Layout {
        Layout {
            rows,
            columns,
            row_stride: 1,
            column_stride: rows,
        }
    }

    /// A matrix of `[rows, columns]` at these strides, if it is one of rows or of columns that do not overlap.
    pub(super) fn new(
        [rows, columns]: [usize; 2],
        [row_stride, column_stride]: [usize; 2],
    ) -> Option<Layout> {
        let is_by_row = columns == 1 || column_stride == 1;
        let is_by_column = rows == 1 || row_stride == 1;
        if rows * columns == 0 || (is_by_row && (rows == 1 || row_stride >= columns)) {
            let row_stride = row_stride.max(columns);
            return Some(Layout {
                row_stride,
                ..Layout::by_row(rows, columns)
            });
        }
        let column_stride = column_stride.max(rows);
        is_by_column.then_some(Layout {
            column_stride,
            ..Layout::by_column(rows, columns)
        })
    }

    /// The matrix that begins with the first of `elements`.
    fn view<'a, T>(&self, elements: &'a [T]) -> MatRef<'a, T> {
        let len = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride + 1;
        if self.column_stride == 1 {
            MatRef::from_row_major_slice_with_stride(
                &elements[..len],
                self.rows,
                self.columns,
                self.row_stride,
            )
        } else {
            MatRef::from_column_major_slice_with_stride(
                &elements[..len],
                self.rows,
                self.columns,
                self.column_stride,
            )
        }
    }
}

/// Equally large matrices among the elements of a tensor.
#[derive(Clone, Copy)]
pub(super) struct Matrices<'a, T> {
    pub(super) elements: &'a [T],
    /// Where each begins.
    pub(super) starts: &'a [usize],
    pub(super) layout: Layout,
}

impl<'a, T> Matrices<'a, T> {
    fn at(self, start: usize) -> MatRef<'a, T> {
        self.layout.view(&self.elements[start..])
    }
}

/// The products of the matrices `x` with the matrices `y`, one after the other in row-major order.
pub(super) fn products<T: Real>(x: Matrices<'_, T>, y: Matrices<'_, T>) -> Vec<T> {
    let (m, k, n) = (x.layout.rows, x.layout.columns, y.layout.columns);
    let mut out = vec![<T as Number>::ZERO; x.starts.len() * m * n];
    if m * k * n == 0 {
        return out;
    }
    let blocks = out.chunks_exact_mut(m * n).zip(x.starts).zip(y.starts);
    let jobs = blocks.map(|((out, &i), &j)| Job {
        out: MatMut::from_row_major_slice_mut(out, m, n),
        lhs: x.at(i),
        rhs: y.at(j),
    });
    if m * k * n * x.starts.len() < GRAIN {
        jobs.for_each(Job::work);
    } else {
        let mut parts = Vec::new();
        jobs.for_each(|job| job.split(&mut parts));
        threads::run(parts, Job::work);
    }
    out
}

/// Multiplications in a part that one thread does.
const GRAIN: usize = 1 << 23;

/// A product, or part of one.
struct Job<'a, T> {
    out: MatMut<'a, T>,
    lhs: MatRef<'a, T>,
    rhs: MatRef<'a, T>,
}

impl<'a, T: Real> Job<'a, T> {
    /// Halves the product by rows or columns until parts are small.
    fn split(self, jobs: &mut Vec<Job<'a, T>>) {
        let (m, k, n) = (self.out.nrows(), self.lhs.ncols(), self.out.ncols());
        if m * k * n <= GRAIN || m.max(n) < 64 {
            return jobs.push(self);
        }
        let half = (m.max(n) / 2).next_multiple_of(32);
        let (first, second) = if m >= n {
            self.split_rows(half)
        } else {
            self.split_columns(half)
        };
        first.split(jobs);
        second.split(jobs);
    }

    fn split_rows(self, at: usize) -> (Job<'a, T>, Job<'a, T>) {
        let (top, bottom) = self.out.split_at_row_mut(at);
        let (upper, lower) = self.lhs.split_at_row(at);
        let rhs = self.rhs;
        (
            Job {
                out: top,
                lhs: upper,
                rhs,
            },
            Job {
                out: bottom,
                lhs: lower,
                rhs,
            },
        )
    }

    fn split_columns(self, at: usize) -> (Job<'a, T>, Job<'a, T>) {
        let (left_out, right_out) = self.out.split_at_col_mut(at);
        let (left, right) = self.rhs.split_at_col(at);
        let lhs = self.lhs;
        (
            Job {
                out: left_out,
                lhs,
                rhs: left,
            },
            Job {
                out: right_out,
                lhs,
                rhs: right,
            },
        )
    }

    fn work(self) {
        matmul(
            self.out,
            Accum::Replace,
            self.lhs,
            self.rhs,
            <T as Number>::ONE,
            Par::Seq,
        );
    }
}

/// As [`products`], for integers.
pub(super) fn wrapping_products<T: Number>(x: Matrices<'_, T>, y: Matrices<'_, T>) -> Vec<T> {
    let (m, k, n) = (x.layout.rows, x.layout.columns, y.layout.columns);
    let mut out = vec![T::ZERO; x.starts.len() * m * n];
    if m * k * n == 0 {
        return out;
    }
    let blocks = out.chunks_exact_mut(m * n).zip(x.starts).zip(y.starts);
    for ((block, &i), &j) in blocks {
        for (row, sums) in block.chunks_exact_mut(n).enumerate() {
            for inner in 0..k {
                let factor =
                    x.elements[i + row * x.layout.row_stride + inner * x.layout.column_stride];
                let terms = &y.elements[j + inner * y.layout.row_stride..];
                let terms = terms.iter().step_by(y.layout.column_stride);
                sums.iter_mut()
                    .zip(terms)
                    .for_each(|(sum, &term)| *sum = sum.plus(factor.times(term)));
            }
        }
    }
    out
}
