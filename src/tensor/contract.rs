//! Sums of products over letters, brought to the form `batch × M × K` times `batch × K × N`. An operand whose letters can be read
//! as such a matrix at some distance between rows, or between columns, is not copied: a transpose is free.

use crate::tensor::layout::permute;
use crate::tensor::product::{Layout, Matrices, products, wrapping_products};
use crate::tensor::strided::{Walk, row_major};
use crate::tensor::{Contract, Data, Element, Letter, Tensor};

/// `result[out] = Σ lhs[lhs] · rhs[rhs]`. Operands have one element type, numbers; letters in common have one size; integers wrap.
/// The result has the same bytes for any number of threads.
pub fn contract(letters: &Contract, lhs: &Tensor, rhs: &Tensor) -> Tensor {
    if let Some([x, y]) = plain(letters, lhs, rhs) {
        return multiply(vec![x.rows, y.columns], (lhs, &[0], x), (rhs, &[0], y));
    }
    let groups = Groups::new(letters);
    if groups.wants_swap(&letters.out) {
        return contract(&swapped(letters), rhs, lhs);
    }
    let shape = groups.result_shape([(&letters.lhs, lhs), (&letters.rhs, rhs)]);
    let (lhs, i, x) = arrange(
        lhs,
        &letters.lhs,
        [&groups.batch, &groups.rows, &groups.summed],
    );
    let (rhs, j, y) = arrange(
        rhs,
        &letters.rhs,
        [&groups.batch, &groups.summed, &groups.columns],
    );
    let result = multiply(shape, (&lhs, &i, x), (&rhs, &j, y));
    permute(&result, &groups.places_of(&letters.out))
}

/// Two matrices, either of them transposed perhaps: by far the most frequent contraction, recognised without more ado.
fn plain(letters: &Contract, lhs: &Tensor, rhs: &Tensor) -> Option<[Layout; 2]> {
    let ([a, b], [c, d], [i, j]) = (&letters.lhs[..], &letters.rhs[..], &letters.out[..]) else {
        return None;
    };
    let x = match [a == i && b != j, b == i && a != j] {
        [true, _] => Layout::by_row(lhs.shape[0], lhs.shape[1]),
        [_, true] => Layout::by_column(lhs.shape[1], lhs.shape[0]),
        [false, false] => return None,
    };
    let y = match [d == j && c != i, c == j && d != i] {
        [true, _] => Layout::by_row(rhs.shape[0], rhs.shape[1]),
        [_, true] => Layout::by_column(rhs.shape[1], rhs.shape[0]),
        [false, false] => return None,
    };
    Some([x, y])
}

/// Matrices in a tensor: where each begins, and how it lies.
type Located<'a> = (&'a Tensor, &'a [usize], Layout);

/// The products in row-major order under this shape.
fn multiply(shape: Vec<usize>, lhs: Located<'_>, rhs: Located<'_>) -> Tensor {
    match lhs.0.data {
        Data::F32(_) => Tensor::from_vec(shape, products::<f32>(matrices(lhs), matrices(rhs))),
        Data::F64(_) => Tensor::from_vec(shape, products::<f64>(matrices(lhs), matrices(rhs))),
        Data::I64(_) => Tensor::from_vec(
            shape,
            wrapping_products::<i64>(matrices(lhs), matrices(rhs)),
        ),
        Data::I32(_) => Tensor::from_vec(
            shape,
            wrapping_products::<i32>(matrices(lhs), matrices(rhs)),
        ),
        Data::U8(_) => {
            Tensor::from_vec(shape, wrapping_products::<u8>(matrices(lhs), matrices(rhs)))
        }
        Data::Bool(_) => unreachable!("checked: a contraction takes numbers"),
    }
}

fn matrices<T: Element>((x, starts, layout): Located<'_>) -> Matrices<'_, T> {
    let elements = x
        .as_slice()
        .expect("checked: operands have one element type");
    Matrices {
        elements,
        starts,
        layout,
    }
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

/// An operand read as matrices over letters `[batch, rows, columns]`: as it is where that can be, else brought in that order. Also
/// where each matrix begins.
fn arrange(x: &Tensor, letters: &[Letter], groups: [&[Letter]; 3]) -> (Tensor, Vec<usize>, Layout) {
    if let Some((starts, layout)) = layout(&x.shape, letters, groups) {
        return (x.clone(), starts, layout);
    }
    let order = groups.concat();
    let axes = order
        .iter()
        .filter_map(|letter| letters.iter().position(|l| l == letter));
    let x = permute(x, &axes.collect::<Vec<_>>());
    let (starts, layout) = layout(&x.shape, &order, groups).expect("groups in order are matrices");
    (x, starts, layout)
}

/// The matrices over these letters, if rows and columns lie at equal distances and one of both side by side.
fn layout(
    shape: &[usize],
    letters: &[Letter],
    groups: [&[Letter]; 3],
) -> Option<(Vec<usize>, Layout)> {
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
    let layout = Layout::new([n_rows, n_columns], [row_stride, column_stride])?;
    Some((batch.places(), layout))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tensor::naive::{at, build, indices, numbered};
    use crate::tensor::{Distribution, Number, random, set_threads};
    use crate::types::DType;

    fn letters(text: &str) -> Contract {
        let (operands, out) = text.split_once("->").expect("an arrow");
        let (lhs, rhs) = operands.split_once(',').expect("a comma");
        Contract {
            lhs: lhs.bytes().collect(),
            rhs: rhs.bytes().collect(),
            out: out.bytes().collect(),
        }
    }

    /// The definition: a sum over all values of all letters.
    fn naive<T: Number>(c: &Contract, lhs: &Tensor, rhs: &Tensor) -> Tensor {
        let size = |letter: &Letter| {
            let in_lhs = c
                .lhs
                .iter()
                .position(|l| l == letter)
                .map(|axis| lhs.shape()[axis]);
            in_lhs
                .or(c
                    .rhs
                    .iter()
                    .position(|l| l == letter)
                    .map(|axis| rhs.shape()[axis]))
                .expect("occurs")
        };
        let summed: Vec<Letter> = c
            .lhs
            .iter()
            .copied()
            .filter(|l| !c.out.contains(l))
            .collect();
        let all = [&c.out[..], &summed].concat();
        let shape: Vec<usize> = c.out.iter().map(size).collect();
        let range: Vec<usize> = summed.iter().map(size).collect();
        build(&shape, |index| {
            indices(&range).iter().fold(T::ZERO, |sum, rest| {
                let values = [index, rest].concat();
                let value =
                    |letter: &Letter| values[all.iter().position(|l| l == letter).expect("occurs")];
                let x: T = at(lhs, &c.lhs.iter().map(value).collect::<Vec<_>>());
                let y: T = at(rhs, &c.rhs.iter().map(value).collect::<Vec<_>>());
                sum.plus(x.times(y))
            })
        })
    }

    /// Up to six letters, each in both operands and the result, or in two of the three; then all three in any order.
    fn contractions() -> impl Strategy<Value = (Contract, Vec<usize>)> {
        let kinds = prop::collection::vec(0..4u8, 0..6);
        let sizes = prop::collection::vec(prop_oneof![1 => Just(0), 15 => 1..5usize], 6);
        (kinds, sizes).prop_flat_map(|(kinds, sizes)| {
            let with = |lacks: u8| {
                let letters = kinds
                    .iter()
                    .enumerate()
                    .filter(move |(_, kind)| **kind != lacks);
                Just(
                    letters
                        .map(|(letter, _)| letter as Letter)
                        .collect::<Vec<_>>(),
                )
                .prop_shuffle()
            };
            let contract =
                (with(0), with(1), with(2)).prop_map(|(lhs, rhs, out)| Contract { lhs, rhs, out });
            (contract, Just(sizes))
        })
    }

    fn operand<T: Number>(letters: &[Letter], sizes: &[usize]) -> Tensor {
        numbered::<T>(
            &letters
                .iter()
                .map(|&letter| sizes[usize::from(letter)])
                .collect::<Vec<_>>(),
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        #[test]
        fn agrees_with_the_definition((c, sizes) in contractions()) {
            let (x, y) = (operand::<f32>(&c.lhs, &sizes), operand::<f32>(&c.rhs, &sizes));
            prop_assert_eq!(contract(&c, &x, &y), naive::<f32>(&c, &x, &y));
            let (x, y) = (operand::<i32>(&c.lhs, &sizes), operand::<i32>(&c.rhs, &sizes));
            prop_assert_eq!(contract(&c, &x, &y), naive::<i32>(&c, &x, &y));
        }
    }

    #[test]
    fn agrees_with_the_definition_on_usual_forms_and_odd_sizes() {
        let forms = [
            "ik,kj->ij",
            "ki,kj->ij",
            "ik,jk->ij",
            "ki,jk->ij",
            "ik,kj->ji",
            "ik,k->i",
            "k,kj->j",
            "i,j->ij",
            "k,k->",
            "bik,bkj->bij",
            "bihk,bjhk->bhij",
            "bhij,bjhk->bihk",
            "bik,kj->bij",
            "bik,bij->kj",
            "i,i->i",
            "ib,jb->bij",
        ];
        for form in forms {
            for [b, h, i, j, k] in [
                [1, 1, 1, 1, 1],
                [2, 3, 5, 7, 4],
                [3, 2, 17, 1, 33],
                [1, 2, 1, 19, 20],
                [5, 1, 33, 18, 40],
            ] {
                let c = letters(form);
                let size = |letter: &Letter| match letter {
                    b'b' => b,
                    b'h' => h,
                    b'i' => i,
                    b'j' => j,
                    _ => k,
                };
                let x = numbered::<f64>(&c.lhs.iter().map(size).collect::<Vec<_>>());
                let y = numbered::<f64>(&c.rhs.iter().map(size).collect::<Vec<_>>());
                assert_eq!(
                    contract(&c, &x, &y),
                    naive::<f64>(&c, &x, &y),
                    "{form} {b} {h} {i} {j} {k}"
                );
            }
        }
    }

    #[test]
    fn threads_change_no_byte() {
        let noise =
            |shape: &[usize], place| random(Distribution::Normal, 1, place, 0, shape, DType::F32);
        for (form, x, y) in [
            ("ik,kj->ij", [300, 400], [400, 200]),
            ("ki,kj->ij", [700, 64], [700, 512]),
            ("ik,jk->ij", [20, 900], [2000, 900]),
        ] {
            let (x, y) = (noise(&x, 1), noise(&y, 2));
            let with = |n: usize| {
                set_threads(n);
                contract(&letters(form), &x, &y)
            };
            let alone = with(1);
            assert!((2..5).all(|n| with(n) == alone), "{form}");
            set_threads(0);
        }
    }
}
