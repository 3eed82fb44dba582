//! Rows by number: taking them, and adding up at them. The one place where a value of a program can be out of range.

use thiserror::Error;

use crate::tensor::element::{each_number, each_type};
use crate::tensor::reduce::Lanes;
use crate::tensor::{Data, Element, Number, Tensor};

/// An index that is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("index {index} is out of range for an axis of size {size}")]
pub struct OutOfRange {
    /// The index.
    pub index: i64,
    /// How many rows there are.
    pub size: usize,
    /// The flat place of the index among the indices.
    pub at: usize,
}

/// The rows of `x` along an axis chosen by `indices` (integers), whose axes replace that axis.
pub fn gather(x: &Tensor, indices: &Tensor, axis: usize) -> Result<Tensor, OutOfRange> {
    let lanes = Lanes::along(x, axis, axis + 1);
    let places = chosen_rows(indices, lanes.size)?;
    let shape = [&x.shape[..axis], &indices.shape, &x.shape[axis + 1..]].concat();
    Ok(each_type!(&x.data, v => Tensor::from_vec(shape, chosen(v, lanes, &places))))
}

/// Zeros with `size` rows along an axis, and each row of `dy` added at its index: the reverse of [`gather`]. The axes of `indices`
/// stand in `dy` where that axis stands in the result. Rows are added in their order.
pub fn scatter_add(
    dy: &Tensor,
    indices: &Tensor,
    axis: usize,
    size: usize,
) -> Result<Tensor, OutOfRange> {
    let behind = axis + indices.rank();
    let lanes = Lanes::along(dy, axis, behind);
    let places = chosen_rows(indices, size)?;
    let shape = [&dy.shape[..axis], &[size], &dy.shape[behind..]].concat();
    Ok(
        each_number!(&dy.data, "scatter_add", v => Tensor::from_vec(shape, added(v, lanes, &places, size))),
    )
}

/// The indices as rows of an axis of this size.
pub(crate) fn chosen_rows(indices: &Tensor, size: usize) -> Result<Vec<usize>, OutOfRange> {
    match &indices.data {
        Data::I64(v) => v
            .iter()
            .enumerate()
            .map(|(at, &index)| place(index, size, at))
            .collect(),
        Data::I32(v) => v
            .iter()
            .enumerate()
            .map(|(at, &index)| place(index.into(), size, at))
            .collect(),
        Data::U8(v) => v
            .iter()
            .enumerate()
            .map(|(at, &index)| place(index.into(), size, at))
            .collect(),
        Data::F32(_) | Data::F64(_) | Data::Bool(_) => {
            unreachable!("checked: indices are integers")
        }
    }
}

fn place(index: i64, size: usize, at: usize) -> Result<usize, OutOfRange> {
    usize::try_from(index)
        .ok()
        .filter(|&place| place < size)
        .ok_or(OutOfRange { index, size, at })
}

fn chosen<T: Element>(v: &[T], lanes: Lanes, places: &[usize]) -> Vec<T> {
    let Lanes { outer, size, inner } = lanes;
    let mut out = Vec::with_capacity(outer * places.len() * inner);
    for start in (0..outer).map(|o| o * size * inner) {
        if inner == 1 {
            out.extend(places.iter().map(|&place| v[start + place]));
            continue;
        }
        for &place in places {
            let row = start + place * inner;
            out.extend_from_slice(&v[row..row + inner]);
        }
    }
    out
}

fn added<T: Number>(v: &[T], lanes: Lanes, places: &[usize], size: usize) -> Vec<T> {
    let Lanes { outer, inner, .. } = lanes;
    let mut out = vec![T::ZERO; outer * size * inner];
    if out.is_empty() || v.is_empty() {
        return out;
    }
    let blocks = v.chunks_exact(places.len() * inner);
    for (block, out) in blocks.zip(out.chunks_exact_mut(size * inner)) {
        for (row, &place) in block.chunks_exact(inner).zip(places) {
            let sums = &mut out[place * inner..(place + 1) * inner];
            sums.iter_mut()
                .zip(row)
                .for_each(|(sum, &x)| *sum = sum.plus(x));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tensor::Monoid;
    use crate::tensor::layout::permute;
    use crate::tensor::naive::{at, build, indices, numbered, shapes_with_axis};
    use crate::tensor::reduce;

    proptest! {
        #[test]
        fn gather_reads_where_scatter_add_writes((shape, axis) in shapes_with_axis(), rows in prop::collection::vec(0..4usize, 0..3), seed in 0..9i64) {
            let x = numbered::<f64>(&shape);
            let size = shape[axis];
            let rows = if size == 0 { vec![0] } else { rows };
            let chosen = build::<i32>(&rows, |index| ((index.iter().sum::<usize>() as i64 * 3 + seed) % size.max(1) as i64) as i32);
            let y = gather(&x, &chosen, axis)?;
            let row = |index: &[usize]| at::<i32>(&chosen, &index[axis..axis + rows.len()]) as usize;
            let expected = build::<f64>(y.shape(), |index| at(&x, &[&index[..axis], &[row(index)], &index[axis + rows.len()..]].concat()));
            prop_assert_eq!(&y, &expected);

            let back = scatter_add(&y, &chosen, axis, size)?;
            let mut sums = numbered::<f64>(&shape).to_f64();
            sums.fill(0.0);
            for index in indices(y.shape()) {
                let target = [&index[..axis], &[row(&index)], &index[axis + rows.len()..]].concat();
                let flat = target.iter().zip(&shape).fold(0, |flat, (i, size)| flat * size + i);
                sums[flat] += at::<f64>(&y, &index);
            }
            prop_assert_eq!(back, Tensor::from_vec(shape, sums));
        }
    }

    #[test]
    fn an_index_out_of_range_is_named() {
        let x = numbered::<f32>(&[3, 2]);
        let bad = |indices: Vec<i64>| {
            gather(&x, &Tensor::from_vec(vec![2], indices), 0).expect_err("out of range")
        };
        assert_eq!(
            bad(vec![0, 3]),
            OutOfRange {
                index: 3,
                size: 3,
                at: 1
            }
        );
        assert_eq!(
            bad(vec![-1, 7]),
            OutOfRange {
                index: -1,
                size: 3,
                at: 0
            }
        );
        let places = Tensor::from_vec(vec![1], vec![9u8]);
        assert_eq!(
            scatter_add(&numbered::<f32>(&[1, 2]), &places, 0, 9),
            Err(OutOfRange {
                index: 9,
                size: 9,
                at: 0
            })
        );
    }

    #[test]
    fn a_scalar_index_takes_the_axis_away() {
        let x = numbered::<i64>(&[2, 3]);
        let y = gather(&x, &Tensor::scalar(2i64), 1);
        let last = reduce(Monoid::Sum, &permute(&x, &[0, 1]), &[]);
        assert_eq!(
            y.map(|y| y.to_f64()),
            Ok(vec![last.to_f64()[2], last.to_f64()[5]])
        );
    }
}
