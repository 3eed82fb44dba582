//! Batches: the order of an epoch as a pure function of its seed, name and number, so that a run that goes on after a break meets
//! the same rows; and rows of tensors.

use crate::tensor::{Tensor, gather, permutation, place_of};

/// The order in which epoch `epoch` of the run `train_name` visits `n` rows.
pub fn epoch_order(seed: u64, train_name: &str, epoch: u64, n: usize) -> Vec<u32> {
    let place = place_of(&format!("{train_name}/epoch"));
    permutation(seed.cast_signed(), place, epoch.cast_signed(), n)
}

/// The same number of rows, drawn so that `weights` say how often rows of each class come, as compared with each other; `classes` are
/// the rows of each. A class has its share of the places to within one; it fills them with all its rows as often as that goes, and
/// the rest with some of them, others in each epoch.
pub fn drawn_order(
    seed: u64,
    train_name: &str,
    epoch: u64,
    (classes, weights): (&[Vec<u32>], &[f64]),
) -> Vec<u32> {
    let n: usize = classes.iter().map(Vec::len).sum();
    let mut drawn = Vec::with_capacity(n);
    for ((class, rows), n_places) in classes.iter().enumerate().zip(places(classes, weights)) {
        let place = place_of(&format!("{train_name}/epoch/class {class}"));
        let order = permutation(seed.cast_signed(), place, epoch.cast_signed(), rows.len());
        let rows = order.into_iter().cycle().map(|at| rows[at as usize]);
        drawn.extend(rows.take(n_places));
    }
    let order = epoch_order(seed, train_name, epoch, drawn.len());
    order.into_iter().map(|at| drawn[at as usize]).collect()
}

/// How many places each class has of as many as there are rows. Rounding is carried from class to class, so that all are filled.
fn places(classes: &[Vec<u32>], weights: &[f64]) -> Vec<usize> {
    let n: usize = classes.iter().map(Vec::len).sum();
    let shares = classes.iter().zip(weights);
    let shares: Vec<f64> = shares
        .map(|(rows, weight)| rows.len() as f64 * weight)
        .collect();
    let all: f64 = shares.iter().sum();
    let (mut share, mut given) = (0.0, 0);
    let filled = shares.into_iter().map(|own| {
        share += own;
        let upto = (n as f64 * (share / all)).round() as usize;
        let places = upto.min(n) - given;
        given += places;
        places
    });
    filled.collect()
}

/// How many rows of so many numbers are looked at at once, at most `most`: what they take stays below 64 MiB or so.
pub fn rows_at_once(most: usize, width: usize) -> usize {
    const NUMBERS: usize = 1 << 24;
    most.min(NUMBERS / width.max(1)).max(1)
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
