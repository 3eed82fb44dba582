//! Sums of products over letters, brought to the form `batch × M × K` times `batch × K × N`. An operand whose letters can be read
//! as such a matrix at some distance between rows, or between columns, is not copied: a transpose is free.

use crate::tensor::layout::permute;
use crate::tensor::product::{Matrices, products, wrapping_products};
use crate::tensor::strided::{Walk, row_major};
use crate::tensor::{Contract, Data, Element, Letter, Tensor};

/// `result[out] = Σ lhs[lhs] · rhs[rhs]`. Operands have one element type, numbers; letters in common have one size; integers wrap.
/// The result has the same bytes for any number of threads.
pub fn contract(letters: &Contract, lhs: &Tensor, rhs: &Tensor) -> Tensor {
    let groups = Groups::new(letters);
    if groups.wants_swap(&letters.out) {
        return contract(&swapped(letters), rhs, lhs);
    }
    let shape = groups.result_shape([(&letters.lhs, lhs), (&letters.rhs, rhs)]);
    let (lhs, x) = arrange(
        lhs,
        &letters.lhs,
        [&groups.batch, &groups.rows, &groups.summed],
    );
    let (rhs, y) = arrange(
        rhs,
        &letters.rhs,
        [&groups.batch, &groups.summed, &groups.columns],
    );
    let result = match &lhs.data {
        Data::F32(v) => Tensor::from_vec(shape, products(v, &x, typed(&rhs), &y)),
        Data::F64(v) => Tensor::from_vec(shape, products(v, &x, typed(&rhs), &y)),
        Data::I64(v) => Tensor::from_vec(shape, wrapping_products(v, &x, typed(&rhs), &y)),
        Data::I32(v) => Tensor::from_vec(shape, wrapping_products(v, &x, typed(&rhs), &y)),
        Data::U8(v) => Tensor::from_vec(shape, wrapping_products(v, &x, typed(&rhs), &y)),
        Data::Bool(_) => unreachable!("checked: a contraction takes numbers"),
    };
    permute(&result, &groups.places_of(&letters.out))
}

fn typed<T: Element>(x: &Tensor) -> &[T] {
    x.as_slice()
        .expect("checked: operands have one element type")
}

fn swapped(letters: &Contract) -> Contract {
    Contract {
        lhs: letters.rhs.clone(),
        rhs: letters.lhs.clone(),
        out: letters.out.clone(),
    }
}

/// The letters by what they do.
struct Groups {
    /// In both operands and the result.
    batch: Vec<Letter>,
    /// In the left operand and the result.
    rows: Vec<Letter>,
    /// In the right operand and the result.
    columns: Vec<Letter>,
    /// In both operands only.
    summed: Vec<Letter>,
}

impl Groups {
    fn new(letters: &Contract) -> Groups {
        let Contract { lhs, rhs, out } = letters;
        let pick = |from: &[Letter], keeps: &dyn Fn(&Letter) -> bool| {
            from.iter()
                .copied()
                .filter(|letter| keeps(letter))
                .collect()
        };
        Groups {
            batch: pick(out, &|letter| lhs.contains(letter) && rhs.contains(letter)),
            rows: pick(out, &|letter| !rhs.contains(letter)),
            columns: pick(out, &|letter| !lhs.contains(letter)),
            summed: pick(lhs, &|letter| !out.contains(letter)),
        }
    }

    /// Whether the result comes in the right order if the operands change places.
    fn wants_swap(&self, out: &[Letter]) -> bool {
        let is_in_place = [&self.batch[..], &self.rows, &self.columns].concat() == out;
        !is_in_place && [&self.batch[..], &self.columns, &self.rows].concat() == out
    }

    /// The letters of the result as it is computed.
    fn computed(&self) -> Vec<Letter> {
        [&self.batch[..], &self.rows, &self.columns].concat()
    }

    fn result_shape(&self, operands: [(&Vec<Letter>, &Tensor); 2]) -> Vec<usize> {
        let size = |letter: &Letter| {
            let axis_of = |(letters, x): (&Vec<Letter>, &Tensor)| {
                let axis = letters.iter().position(|l| l == letter)?;
                Some(x.shape[axis])
            };
            operands.into_iter().find_map(axis_of)
        };
        let sizes = self.computed();
        let sizes = sizes
            .iter()
            .map(|letter| size(letter).expect("checked: every letter occurs in an operand"));
        sizes.collect()
    }

    /// Where the letters of `out` stand in the result as it is computed.
    fn places_of(&self, out: &[Letter]) -> Vec<usize> {
        let computed = self.computed();
        out.iter()
            .filter_map(|letter| computed.iter().position(|l| l == letter))
            .collect()
    }
}

/// An operand read as matrices over letters `[batch, rows, columns]`: as it is where that can be, else brought in that order.
fn arrange(x: &Tensor, letters: &[Letter], groups: [&[Letter]; 3]) -> (Tensor, Matrices) {
    if let Some(matrices) = matrices(&x.shape, letters, groups) {
        return (x.clone(), matrices);
    }
    let order = groups.concat();
    let axes: Vec<usize> = order
        .iter()
        .filter_map(|letter| letters.iter().position(|l| l == letter))
        .collect();
    let x = permute(x, &axes);
    let matrices = matrices(&x.shape, &order, groups).expect("groups in order are matrices");
    (x, matrices)
}

/// The matrices over these letters, if rows and columns lie at equal distances and one of both side by side.
fn matrices(shape: &[usize], letters: &[Letter], groups: [&[Letter]; 3]) -> Option<Matrices> {
    let strides = row_major(shape);
    let walk = |group: &[Letter]| {
        let axes = group
            .iter()
            .filter_map(|letter| letters.iter().position(|l| l == letter));
        let (sizes, strides) = axes.map(|axis| (shape[axis], strides[axis])).unzip();
        Walk {
            start: 0,
            sizes,
            strides,
        }
    };
    let [batch, rows, columns] = groups.map(walk);
    let (n_rows, row_stride) = rows.merged().single()?;
    let (n_columns, column_stride) = columns.merged().single()?;
    Matrices::new(
        batch.places(),
        [n_rows, n_columns],
        [row_stride, column_stride],
    )
}
