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

/// Where equally large matrices lie among the elements of a tensor: neighbours in a row, or else in a column, are neighbours there.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrices {
    starts: Vec<usize>,
    rows: usize,
    columns: usize,
    row_stride: usize,
    column_stride: usize,
}

impl Matrices {
    /// Matrices of `[rows, columns]` at these starts and strides, if rows or columns are contiguous and do not overlap.
    pub(super) fn new(
        starts: Vec<usize>,
        [rows, columns]: [usize; 2],
        strides: [usize; 2],
    ) -> Option<Matrices> {
        let [mut row_stride, mut column_stride] = strides;
        if columns == 1 && row_stride != 1 {
            column_stride = 1;
        }
        if rows == 1 && column_stride != 1 {
            row_stride = 1;
        }
        if rows == 1 && column_stride == 1 {
            row_stride = columns;
        }
        if columns == 1 && row_stride == 1 {
            column_stride = rows;
        }
        let is_by_row = column_stride == 1 && row_stride >= columns;
        let is_by_column = row_stride == 1 && column_stride >= rows;
        (is_by_row || is_by_column || rows * columns == 0).then_some(Matrices {
            starts,
            rows,
            columns,
            row_stride,
            column_stride,
        })
    }

    fn view<'a, T>(&self, elements: &'a [T], start: usize) -> MatRef<'a, T> {
        let last = (self.rows - 1) * self.row_stride + (self.columns - 1) * self.column_stride;
        let elements = &elements[start..=start + last];
        if self.column_stride == 1 && self.row_stride >= self.columns {
            MatRef::from_row_major_slice_with_stride(
                elements,
                self.rows,
                self.columns,
                self.row_stride,
            )
        } else {
            MatRef::from_column_major_slice_with_stride(
                elements,
                self.rows,
                self.columns,
                self.column_stride,
            )
        }
    }
}

/// The products of the matrices `x` among `lhs` with the matrices `y` among `rhs`, one after the other in row-major order.
pub(super) fn products<T: Real>(lhs: &[T], x: &Matrices, rhs: &[T], y: &Matrices) -> Vec<T> {
    let (m, k, n) = (x.rows, x.columns, y.columns);
    let mut out = vec![<T as Number>::ZERO; x.starts.len() * m * n];
    if m * k * n == 0 {
        return out;
    }
    let mut jobs = Vec::new();
    for ((out, &i), &j) in out.chunks_exact_mut(m * n).zip(&x.starts).zip(&y.starts) {
        let out = MatMut::from_row_major_slice_mut(out, m, n);
        let job = Job {
            out,
            lhs: x.view(lhs, i),
            rhs: y.view(rhs, j),
        };
        job.split(&mut jobs);
    }
    if m * k * n * x.starts.len() < GRAIN {
        jobs.into_iter().for_each(Job::work);
    } else {
        threads::run(jobs, Job::work);
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
pub(super) fn wrapping_products<T: Number>(
    lhs: &[T],
    x: &Matrices,
    rhs: &[T],
    y: &Matrices,
) -> Vec<T> {
    let (m, k, n) = (x.rows, x.columns, y.columns);
    let mut out = vec![T::ZERO; x.starts.len() * m * n];
    if m * k * n == 0 {
        return out;
    }
    for ((out, &i), &j) in out.chunks_exact_mut(m * n).zip(&x.starts).zip(&y.starts) {
        for (row, out) in out.chunks_exact_mut(n).enumerate() {
            for inner in 0..k {
                let factor = lhs[i + row * x.row_stride + inner * x.column_stride];
                let terms = rhs[j + inner * y.row_stride..]
                    .iter()
                    .step_by(y.column_stride);
                out.iter_mut()
                    .zip(terms)
                    .for_each(|(sum, &term)| *sum = sum.plus(factor.times(term)));
            }
        }
    }
    out
}
