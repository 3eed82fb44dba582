//! Batches: the order of an epoch as a pure function of its seed, name and number, so that a run that goes on after a break meets
//! the same rows; and rows of tensors.

use crate::tensor::{Tensor, gather, permutation, place_of};

/// The order in which epoch `epoch` of the run `train_name` visits `n` rows.
pub fn epoch_order(seed: u64, train_name: &str, epoch: u64, n: usize) -> Vec<u32> {
    let place = place_of(&format!("{train_name}/epoch"));
    permutation(seed.cast_signed(), place, epoch.cast_signed(), n)
}

/// Row numbers in batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batches {
    order: Vec<u32>,
    size: usize,
}

impl Batches {
    /// Batches of `size` rows in a given order, see [`epoch_order`]; the last may be shorter. A size of 0 counts as 1.
    pub fn new(order: Vec<u32>, size: usize) -> Batches {
        Batches {
            order,
            size: size.max(1),
        }
    }

    /// Batches of `size` of `n` rows in their own order.
    pub fn in_order(n: usize, size: usize) -> Batches {
        let n = u32::try_from(n).expect("a part has fewer than 2^32 rows");
        Batches::new((0..n).collect(), size)
    }

    /// The number of batches.
    pub fn len(&self) -> usize {
        self.order.len().div_ceil(self.size)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// The batches: slices of row numbers.
    pub fn iter(&self) -> std::slice::Chunks<'_, u32> {
        self.order.chunks(self.size)
    }
}

impl<'a> IntoIterator for &'a Batches {
    type Item = &'a [u32];
    type IntoIter = std::slice::Chunks<'a, u32>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Some rows of a tensor, along its first axis.
pub fn gather_rows(x: &Tensor, rows: &[u32]) -> Tensor {
    let indices: Vec<i64> = rows.iter().map(|&row| i64::from(row)).collect();
    let indices = Tensor::from_vec(vec![rows.len()], indices);
    gather(x, &indices, 0).expect("batches number the rows of their own part")
}
