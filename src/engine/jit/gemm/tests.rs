//! Every element against its chain, bit for bit, on every set of instructions this machine has.

use super::isa::{Element, Isa};
use super::{Problem, Product};
use std::fmt::Debug;

/// What the tests need of an element type.
trait Number: Element + Debug + PartialEq {
    fn from_i32(x: i32) -> Self;
    fn chain(fused: bool, a: Self, b: Self, c: Self) -> Self;
}

macro_rules! number {
    ($t:ty) => {
        impl Number for $t {
            fn from_i32(x: i32) -> $t {
                x as $t / 64.3
            }
            fn chain(fused: bool, a: $t, b: $t, c: $t) -> $t {
                if fused { a.mul_add(b, c) } else { a * b + c }
            }
        }
    };
}
number!(f32);
number!(f64);

/// Reproducible numbers around zero.
fn numbers<T: Number>(n: usize, mut seed: u32) -> Vec<T> {
    let mut next = || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        T::from_i32((seed >> 16) as i32 % 1000 - 500)
    };
    (0..n).map(|_| next()).collect()
}

/// A matrix with its strides and exactly as much memory as they reach.
struct Matrix<T> {
    data: Vec<T>,
    strides: [usize; 2],
}

impl<T: Number> Matrix<T> {
    fn new([rows, cols]: [usize; 2], strides: [usize; 2], seed: u32) -> Matrix<T> {
        let last = rows.saturating_sub(1) * strides[0] + cols.saturating_sub(1) * strides[1];
        Matrix {
            data: numbers(if rows * cols == 0 { 0 } else { last + 1 }, seed),
            strides,
        }
    }

    fn at(&self, i: usize, j: usize) -> T {
        self.data[i * self.strides[0] + j * self.strides[1]]
    }
}

/// Row by row, column by column, and neither.
fn layouts([rows, cols]: [usize; 2]) -> [[usize; 2]; 3] {
    [[cols + 3, 1], [1, rows + 1], [2 * cols + 1, 2]]
}

/// Shared among three workers by the plan, and among many by rows that match no tile.
fn shares<T: Element>(product: &Product<T>, m: usize, n: usize) -> Vec<Vec<Blocks>> {
    let by_plan = (0..3).map(|worker| product.share(worker, 3)).collect();
    let by_five = (0..m.div_ceil(5))
        .map(|i| (5 * i..m.min(5 * i + 5), 0..n))
        .collect();
    vec![vec![(0..m, 0..n)], by_plan, by_five]
}

type Blocks = (std::ops::Range<usize>, std::ops::Range<usize>);

fn check<T: Number>(isa: &'static Isa<T>, fused: bool, problem: Problem) {
    let Problem {
        m,
        n,
        k,
        c_row_stride,
        accumulate,
        ..
    } = problem;
    let a = Matrix::<T>::new([m, k], problem.a_strides, 1);
    let b = Matrix::<T>::new([k, n], problem.b_strides, 2);
    let before = Matrix::<T>::new([m, n], [c_row_stride, 1], 3);
    let mut expected = before.data.clone();
    for i in 0..m {
        for j in 0..n {
            let start = if accumulate {
                before.at(i, j)
            } else {
                T::from_i32(0)
            };
            expected[i * c_row_stride + j] =
                (0..k).fold(start, |c, p| T::chain(fused, a.at(i, p), b.at(p, j), c));
        }
    }
    let product = Product::on(isa, problem);
    let mut packed = vec![T::from_i32(7); product.packed_len()];
    for pieces in [
        0..product.n_packs() / 2,
        product.n_packs() / 2..product.n_packs(),
    ] {
        // SAFETY: the matrices are as planned.
        unsafe { product.pack(b.data.as_ptr(), packed.as_mut_ptr(), pieces) };
    }
    for share in shares(&product, m, n) {
        let mut c = before.data.clone();
        for (rows, cols) in share {
            let (a, b) = (a.data.as_ptr(), b.data.as_ptr());
            // SAFETY: the matrices are as planned.
            unsafe { product.run(a, b, packed.as_ptr(), c.as_mut_ptr(), rows, cols) };
        }
        assert!(c == expected, "{problem:?} with {} lanes", isa.lanes);
    }
}

fn check_sizes<T: Number>(sizes: &[[usize; 3]]) {
    let last = T::SETS.len() - 1;
    for (idx, (available, isa)) in T::SETS.iter().enumerate() {
        for &[m, k, n] in sizes.iter().filter(|_| available()) {
            for (idx_a, a_strides) in layouts([m, k]).into_iter().enumerate() {
                for (idx_b, b_strides) in layouts([k, n]).into_iter().enumerate() {
                    let accumulate = (idx_a + idx_b) % 2 == 1;
                    let c_row_stride = n + if accumulate { 0 } else { 5 };
                    let problem = Problem {
                        m,
                        n,
                        k,
                        a_strides,
                        b_strides,
                        c_row_stride,
                        accumulate,
                    };
                    check(isa, idx != last, problem);
                }
            }
        }
    }
}

const SMALL: [[usize; 3]; 17] = [
    [1, 1, 1],
    [1, 300, 70],
    [70, 300, 1],
    [32, 4, 16],
    [2, 3, 33],
    [13, 17, 31],
    [14, 16, 32],
    [15, 15, 63],
    [29, 0, 7],
    [0, 3, 5],
    [5, 3, 0],
    [37, 129, 65],
    [43, 260, 34],
    [100, 33, 77],
    [128, 256, 10],
    [3, 9, 1],
    [150, 33, 77],
];

#[test]
fn singles_are_chains() {
    check_sizes::<f32>(&SMALL);
}

#[test]
fn doubles_are_chains() {
    check_sizes::<f64>(&SMALL);
}

#[test]
fn blocks_of_columns_and_of_k_are_chains() {
    check_sizes::<f32>(&[[50, 530, 600], [145, 270, 530]]);
}

#[test]
fn only_the_same_right_operand_is_packed_alike() {
    let problem = Problem {
        m: 300,
        n: 512,
        k: 512,
        a_strides: [512, 1],
        b_strides: [512, 1],
        c_row_stride: 512,
        accumulate: false,
    };
    let plan = |problem| Product::<f32>::new(problem).ahead();
    let first = plan(problem);
    assert!(first.packs_like(&plan(Problem { m: 64, ..problem })));
    let transposed = Problem {
        b_strides: [1, 512],
        ..problem
    };
    let shorter = Problem { k: 300, ..problem };
    for other in [transposed, shorter] {
        assert!(!first.packs_like(&plan(other)));
    }
}
