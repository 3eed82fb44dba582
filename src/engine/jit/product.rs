//! Contractions as batches of matrix products. Letters that go together are one axis where their elements lie at one distance; a
//! transpose is a pair of strides.

use std::sync::Arc;

use crate::engine::jit::gemm::{Placed, PlacedProblem, Problem, Product};
use crate::engine::jit::graph::Value;
use crate::tensor::{Contract, Letter, Walk, row_major};
use crate::types::DType;

/// A batch of products of matrices.
pub(super) struct Matrices {
    pub(super) plan: Precision,
    /// Whether the operands have changed places.
    pub(super) is_swapped: bool,
    /// Where each product's matrices begin, in elements: left, right, result.
    pub(super) starts: Vec<[usize; 3]>,
    /// Rows and columns of a result.
    pub(super) rows: usize,
    pub(super) cols: usize,
    /// How many products an element sums.
    pub(super) depth: usize,
    /// Whether row `i` of the only product reads places `i·depth..(i + 1)·depth` of the left operand's buffer.
    pub(super) is_left_by_row: bool,
}

/// A plan for one element type.
#[derive(Clone)]
pub(super) enum Precision {
    F32(Product<f32>),
    F64(Product<f64>),
    /// Of a right operand that no strides tell of.
    PlacedF32(Arc<Placed<f32>>),
    PlacedF64(Arc<Placed<f64>>),
}

/// How workers share products.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProductShare {
    /// Rows of the only product.
    Rows,
    /// Whole products.
    Products,
    /// Blocks of the only product, which has few rows.
    Blocks,
}

/// Rows below which they are not worth sharing.
const FEW_ROWS: usize = 24;

impl Matrices {
    pub(super) fn share(&self) -> ProductShare {
        match self.starts.len() {
            1 if self.rows < FEW_ROWS || self.plan.is_placed() => ProductShare::Blocks,
            1 => ProductShare::Rows,
            _ => ProductShare::Products,
        }
    }
}

impl Precision {
    /// Bytes that the packed right operand takes, and how many pieces it is packed in.
    pub(super) fn packed(&self) -> (usize, usize) {
        match self {
            Precision::F32(plan) => (plan.packed_len() * size_of::<f32>(), plan.n_packs()),
            Precision::F64(plan) => (plan.packed_len() * size_of::<f64>(), plan.n_packs()),
            Precision::PlacedF32(_) | Precision::PlacedF64(_) => (0, 0),
        }
    }

    fn is_placed(&self) -> bool {
        match self {
            Precision::F32(_) | Precision::F64(_) => false,
            Precision::PlacedF32(_) | Precision::PlacedF64(_) => true,
        }
    }
}

/// How a contraction is written for a placed product: which operand comes first, and the result's letters, those of both operands
/// first, then those of the first, then those of the second.
pub(super) struct Order {
    pub(super) is_swapped: bool,
    pub(super) out: Vec<Letter>,
}

/// The order in which a contraction is a batch of placed products: one operand's own letters make up one axis.
pub(super) fn placed_order(letters: &Contract, [x, y]: [&Value; 2]) -> Option<Order> {
    let Contract { lhs, rhs, out } = letters;
    let sides = [(false, lhs, rhs, x), (true, rhs, lhs, y)];
    sides
        .into_iter()
        .find_map(|(is_swapped, own, other, value)| {
            let pick = |keeps: &dyn Fn(&Letter) -> bool| -> Vec<Letter> {
                out.iter().copied().filter(|letter| keeps(letter)).collect()
            };
            let rows = pick(&|letter| !other.contains(letter));
            axis((&value.walk, own), &rows)?;
            let both = pick(&|letter| own.contains(letter) && other.contains(letter));
            let cols = pick(&|letter| !own.contains(letter));
            Some(Order {
                is_swapped,
                out: [both, rows, cols].concat(),
            })
        })
}

/// The matrices of a contraction in that order.
pub(super) fn placed(letters: &Contract, [x, y]: [&Value; 2], dtype: DType) -> Option<Matrices> {
    let Contract { lhs, rhs, out } = letters;
    let pick = |from: &[Letter], keeps: &dyn Fn(&Letter) -> bool| -> Vec<Letter> {
        from.iter()
            .copied()
            .filter(|letter| keeps(letter))
            .collect()
    };
    let batch = pick(out, &|letter| lhs.contains(letter) && rhs.contains(letter));
    let rows = pick(out, &|letter| !rhs.contains(letter));
    let cols = pick(out, &|letter| !lhs.contains(letter));
    let summed = pick(lhs, &|letter| !out.contains(letter));
    let (m, a_row) = axis((&x.walk, lhs), &rows)?;
    let problem = PlacedProblem {
        rows: [m, a_row],
        a_depth: distances(&x.walk, lhs, &summed),
        b_depth: distances(&y.walk, rhs, &summed),
        b_across: distances(&y.walk, rhs, &cols),
    };
    let (n, depth) = (problem.b_across.len(), problem.a_depth.len());
    let starts =
        [(&x.walk, lhs), (&y.walk, rhs)].map(|(walk, own)| part(walk, own, &batch).places());
    let starts = starts[0].iter().zip(&starts[1]).enumerate();
    Some(Matrices {
        is_swapped: false,
        starts: starts.map(|(i, (&a, &b))| [a, b, i * m * n]).collect(),
        rows: m,
        cols: n,
        depth,
        is_left_by_row: false,
        plan: if dtype == DType::F64 {
            Precision::PlacedF64(Arc::new(Placed::new(problem)))
        } else {
            Precision::PlacedF32(Arc::new(Placed::new(problem)))
        },
    })
}

/// How far from the first each place of these letters lies.
fn distances(walk: &Walk, own: &[Letter], letters: &[Letter]) -> Vec<isize> {
    let from_first = Walk {
        start: 0,
        ..part(walk, own, letters)
    };
    // Distances backwards wrap around, and back again.
    let places = from_first.places().into_iter();
    places.map(usize::cast_signed).collect()
}

/// The matrices of a contraction of floats; nothing where letters do not make up regular axes.
pub(super) fn matrices(
    letters: &Contract,
    [x, y]: [&Value; 2],
    shape: &[usize],
    dtype: DType,
) -> Option<Matrices> {
    let plain = arrange(letters, [&x.walk, &y.walk], shape, dtype);
    plain.or_else(|| {
        let swapped = Contract {
            lhs: letters.rhs.clone(),
            rhs: letters.lhs.clone(),
            out: letters.out.clone(),
        };
        let found = arrange(&swapped, [&y.walk, &x.walk], shape, dtype)?;
        Some(Matrices {
            is_swapped: true,
            ..found
        })
    })
}

fn arrange(
    letters: &Contract,
    [x, y]: [&Walk; 2],
    shape: &[usize],
    dtype: DType,
) -> Option<Matrices> {
    let Contract { lhs, rhs, out } = letters;
    let pick = |from: &[Letter], keeps: &dyn Fn(&Letter) -> bool| -> Vec<Letter> {
        from.iter()
            .copied()
            .filter(|letter| keeps(letter))
            .collect()
    };
    let batch = pick(out, &|letter| lhs.contains(letter) && rhs.contains(letter));
    let rows = pick(out, &|letter| !rhs.contains(letter));
    let cols = pick(out, &|letter| !lhs.contains(letter));
    let result = Walk {
        start: 0,
        sizes: shape.to_vec(),
        strides: row_major(shape),
    };
    let (a, b, c) = ((x, lhs), (y, rhs), (&result, out));
    let [(m, a_row), (_, c_row)] = [axis(a, &rows)?, axis(c, &rows)?];
    let [(n, b_col), (_, c_col)] = [axis(b, &cols)?, axis(c, &cols)?];
    let summed = [lhs, rhs].into_iter().find_map(|order| {
        let summed = pick(order, &|letter| !out.contains(letter));
        Some((axis(a, &summed)?, axis(b, &summed)?))
    });
    let ((k, a_col), (_, b_row)) = summed?;
    if c_col != 1 && n > 1 {
        return None;
    }
    let problem = Problem {
        m,
        n,
        k,
        a_strides: [a_row, a_col],
        b_strides: [b_row, b_col],
        c_row_stride: if m == 1 { n } else { c_row },
        accumulate: false,
    };
    let places = [a, b, c].map(|(walk, own)| part(walk, own, &batch).places());
    let starts: Vec<[usize; 3]> = (0..places[0].len())
        .map(|i| std::array::from_fn(|operand| places[operand][i]))
        .collect();
    Some(Matrices {
        plan: if dtype == DType::F64 {
            Precision::F64(Product::new(problem))
        } else {
            Precision::F32(Product::new(problem))
        },
        is_swapped: false,
        rows: m,
        cols: n,
        depth: k,
        is_left_by_row: starts.len() == 1 && starts[0][0] == 0 && [a_row, a_col] == [k, 1],
        starts,
    })
}

/// The axes of these letters.
fn part(walk: &Walk, own: &[Letter], letters: &[Letter]) -> Walk {
    let axes = letters
        .iter()
        .filter_map(|letter| own.iter().position(|known| known == letter));
    walk.permuted(&axes.collect::<Vec<_>>())
}

/// The size and the distance of letters that make up one axis, forward.
fn axis((walk, own): (&Walk, &Vec<Letter>), letters: &[Letter]) -> Option<(usize, usize)> {
    let merged = part(walk, own, letters).merged();
    match (merged.sizes.as_slice(), merged.strides.as_slice()) {
        ([], []) => Some((1, 1)),
        (&[size], &[stride]) => Some((size, usize::try_from(stride).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the left operand, a whole buffer of these sizes under a permutation, is read row by row.
    fn is_left_by_row(lhs: &[Letter], sizes: &[usize], axes: &[usize]) -> bool {
        let letters = Contract {
            lhs: lhs.to_vec(),
            rhs: vec![9, 8],
            out: lhs
                .iter()
                .filter(|l| **l != 9)
                .copied()
                .chain([8])
                .collect(),
        };
        let x = Value {
            base: 0,
            walk: Walk::over(sizes).permuted(axes),
        };
        let [y, depth] = [4, *x.walk.sizes.last().expect("a matrix")];
        let y = Value {
            base: 1,
            walk: Walk::over(&[depth, y]),
        };
        let shape: Vec<usize> = x.walk.sizes[..lhs.len() - 1]
            .iter()
            .copied()
            .chain([4])
            .collect();
        let found = matrices(&letters, [&x, &y], &shape, DType::F32);
        found.expect("letters make up regular axes").is_left_by_row
    }

    #[test]
    fn rows_are_local_where_they_lie_one_after_the_other() {
        assert!(is_left_by_row(&[0, 9], &[6, 3], &[0, 1]));
        assert!(is_left_by_row(&[0, 1, 9], &[2, 3, 5], &[0, 1, 2]));
    }

    /// A square matrix has as many rows as its transpose: sizes alone do not tell.
    #[test]
    fn columns_are_not_local() {
        assert!(!is_left_by_row(&[0, 9], &[3, 6], &[1, 0]));
        assert!(!is_left_by_row(&[0, 9], &[6, 6], &[1, 0]));
    }
}
