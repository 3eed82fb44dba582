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
    let places = places(indices, lanes.size)?;
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
    let places = places(indices, size)?;
    let shape = [&dy.shape[..axis], &[size], &dy.shape[behind..]].concat();
    Ok(
        each_number!(&dy.data, "scatter_add", v => Tensor::from_vec(shape, added(v, lanes, &places, size))),
    )
}

/// The indices as rows of an axis.
fn places(indices: &Tensor, size: usize) -> Result<Vec<usize>, OutOfRange> {
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
