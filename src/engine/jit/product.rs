//! Contractions as batches of matrix products. Letters that go together are one axis where their elements lie at one distance; a
//! transpose is a pair of strides.

use std::sync::Arc;

use crate::engine::jit::gemm::{Placed, PlacedProblem, Problem, Product, Side};
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
    /// How many rows are worth sharing.
    pub(super) few_rows: usize,
    /// Whether row `i` of the only product reads places `i·depth..(i + 1)·depth` of the left operand's buffer.
    pub(super) is_left_by_row: bool,
    /// How far below and above its start a product reads the right operand, where that is known.
    pub(super) span: Option<[isize; 2]>,
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

/// The same where workers need not wait for one another between rows.
const FEW_ROWS_OF_ROUND: usize = 4;

impl Matrices {
    /// A product that is computed over and over, with the same right operand if that `is_kept`.
    pub(super) fn repeat(&mut self, is_kept: bool) {
        self.few_rows = FEW_ROWS_OF_ROUND;
        if is_kept && self.rows > 1 {
            self.plan = match &self.plan {
                Precision::F32(plan) => Precision::F32(plan.ahead()),
                Precision::F64(plan) => Precision::F64(plan.ahead()),
                Precision::PlacedF32(_) | Precision::PlacedF64(_) => return,
            };
        }
    }

    /// Whether its right operands, packed, are those of another, which lie in the same buffer.
    pub(super) fn packs_like(&self, other: &Matrices) -> bool {
        let is_alike = match (&self.plan, &other.plan) {
            (Precision::F32(own), Precision::F32(other)) => own.packs_like(other),
            (Precision::F64(own), Precision::F64(other)) => own.packs_like(other),
            (_, _) => false,
        };
        let right = |starts: &[usize; 3]| starts[1];
        is_alike
            && self
                .starts
                .iter()
                .map(right)
                .eq(other.starts.iter().map(right))
    }

    pub(super) fn share(&self) -> ProductShare {
        match self.starts.len() {
            1 if self.rows < self.few_rows || self.plan.is_placed() => ProductShare::Blocks,
            1 => ProductShare::Rows,
            _ => ProductShare::Products,
        }
    }

    /// Whether the right operand's elements lie at places that no strides tell.
    pub(super) fn is_placed(&self) -> bool {
        self.plan.is_placed()
    }

    /// Whether each product reads its own part of the right operand, of `len` elements in as many parts as there are products.
    pub(super) fn is_right_by_product(&self, len: usize) -> bool {
        let (Some([lowest, highest]), n) = (self.span, self.starts.len()) else {
            return false;
        };
        let is_own = |(i, [_, start, _]): (usize, &[usize; 3])| {
            let own = i * (len / n)..(i + 1) * (len / n);
            let reads = |offset: isize| {
                start
                    .checked_add_signed(offset)
                    .is_some_and(|at| own.contains(&at))
            };
            reads(lowest) && reads(highest)
        };
        len.is_multiple_of(n) && self.starts.iter().enumerate().all(is_own)
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

/// How a contraction is written for a placed product: the regular operand comes first, and of the result's letters those of the
/// batch, then the rows', then the columns'.
pub(super) struct Order {
    pub(super) is_swapped: bool,
    pub(super) out: Vec<Letter>,
}

/// Columns from which on each place of the batch is worth products of its own.
const ENOUGH_COLS: usize = 16;

/// Bytes of a regular operand that is read again for each place of the batch.
const SMALL_BYTES: usize = 512 * 1024;

/// The order in which a contraction is a batch of placed products: one operand's own letters make up one axis.
pub(super) fn placed_order(letters: &Contract, [x, y]: [&Value; 2]) -> Option<Order> {
    let Contract { lhs, rhs, out } = letters;
    let sides = [(false, (lhs, x), (rhs, y)), (true, (rhs, y), (lhs, x))];
    sides
        .into_iter()
        .find_map(|(is_swapped, (own, regular), (other, placed))| {
            let pick = |from: &[Letter], keeps: &dyn Fn(&Letter) -> bool| -> Vec<Letter> {
                from.iter().copied().filter(|l| keeps(l)).collect()
            };
            let mine = pick(out, &|letter| !other.contains(letter));
            axis((&regular.walk, own), &mine)?;
            let both = pick(out, &|letter| {
                own.contains(letter) && other.contains(letter)
            });
            let theirs = pick(out, &|letter| !own.contains(letter));
            let summed = pick(own, &|letter| !out.contains(letter));
            let distances = |letters: &[Letter]| distances(&placed.walk, other, letters);
            let out = match Side::of(&distances(&summed), &distances(&theirs)) {
                Side::A => [both, theirs, mine].concat(),
                Side::B if is_by_place(letters, &mine, regular, (other, placed)) => out.clone(),
                Side::B => [both, mine, theirs].concat(),
            };
            Some(Order { is_swapped, out })
        })
}

/// Whether the result is one product for each place of the letters in front of the regular operand's, and is better computed so
/// than put in order afterwards: products are wide, and what all of them read is small.
fn is_by_place(
    letters: &Contract,
    mine: &[Letter],
    regular: &Value,
    (other, placed): (&[Letter], &Value),
) -> bool {
    let out = &letters.out;
    let Some(first) = mine.first().and_then(|letter| place(out, *letter)) else {
        return false;
    };
    let Some(cols) = out[first..].strip_prefix(mine) else {
        return false;
    };
    let is_shared = |letter: &Letter| letters.lhs.contains(letter) && letters.rhs.contains(letter);
    if cols.iter().any(is_shared) {
        return false;
    }
    let n: usize = part(&placed.walk, other, cols).sizes.iter().product();
    let is_wide = n >= ENOUGH_COLS && n * 4 >= n.next_multiple_of(ENOUGH_COLS) * 3;
    is_wide && regular.walk.len() * size_of::<f32>() <= SMALL_BYTES
}

fn place(of: &[Letter], letter: Letter) -> Option<usize> {
    of.iter().position(|known| *known == letter)
}

/// The matrices of a contraction in that order.
pub(super) fn placed(
    letters: &Contract,
    [x, y]: [&Value; 2],
    shape: &[usize],
    dtype: DType,
) -> Option<Matrices> {
    let Contract { lhs, rhs, out } = letters;
    let is_mine = |letter: &Letter| !rhs.contains(letter);
    let is_theirs = |letter: &Letter| !lhs.contains(letter);
    let side = match out.last().is_some_and(is_mine) && out.iter().any(is_theirs) {
        true => Side::A,
        false => Side::B,
    };
    let is_row = |letter: &Letter| match side {
        Side::A => is_theirs(letter),
        Side::B if out.iter().any(is_mine) => is_mine(letter),
        Side::B => is_theirs(letter),
    };
    let n_batch = out.iter().take_while(|letter| !is_row(letter)).count();
    let (batch, rest) = out.split_at(n_batch);
    let pick = |from: &[Letter], keeps: &dyn Fn(&Letter) -> bool| -> Vec<Letter> {
        from.iter().copied().filter(|l| keeps(l)).collect()
    };
    let mine = pick(rest, &is_mine);
    let theirs = pick(rest, &is_theirs);
    let summed = pick(lhs, &|letter| !out.contains(letter));
    let regular = axis((&x.walk, lhs), &mine)?;
    let problem = PlacedProblem {
        regular: [regular.0, regular.1],
        regular_depth: distances(&x.walk, lhs, &summed),
        depth: distances(&y.walk, rhs, &summed),
        across: distances(&y.walk, rhs, &theirs),
        side,
    };
    let depth = problem.depth.len();
    let span = span(&problem.depth, &problem.across);
    let (rows, cols) = match side {
        Side::A => (problem.across.len(), regular.0),
        Side::B => (regular.0, problem.across.len()),
    };
    let sizes = &shape[..n_batch];
    let starts =
        [(&x.walk, lhs), (&y.walk, rhs)].map(|(walk, own)| starts((walk, own), batch, sizes));
    let starts = starts[0].iter().zip(&starts[1]).enumerate();
    Some(Matrices {
        is_swapped: false,
        starts: starts
            .map(|(i, (&a, &b))| [a, b, i * rows * cols])
            .collect(),
        rows,
        cols,
        depth,
        few_rows: FEW_ROWS,
        is_left_by_row: false,
        span,
        plan: if dtype == DType::F64 {
            Precision::PlacedF64(Arc::new(Placed::new(problem)))
        } else {
            Precision::PlacedF32(Arc::new(Placed::new(problem)))
        },
    })
}

/// The lowest and the highest sum of a place of one kind and one of the other.
fn span(depth: &[isize], across: &[isize]) -> Option<[isize; 2]> {
    let lowest = depth.iter().min()? + across.iter().min()?;
    let highest = depth.iter().max()? + across.iter().max()?;
    Some([lowest, highest])
}

/// Where each place of the batch begins in an operand, which may lack some of its letters.
fn starts((walk, own): (&Walk, &[Letter]), batch: &[Letter], sizes: &[usize]) -> Vec<usize> {
    let stride = |letter: &Letter| place(own, *letter).map_or(0, |at| walk.strides[at]);
    let walk = Walk {
        start: walk.start,
        sizes: sizes.to_vec(),
        strides: batch.iter().map(stride).collect(),
    };
    walk.places()
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
        span: None,
        few_rows: FEW_ROWS,
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
