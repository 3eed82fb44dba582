//! Epoch orders and batches.

use proptest::prelude::*;

use super::*;
use crate::tensor::Tensor;

proptest! {
    #[test]
    fn an_epoch_visits_every_row_once(seed: u64, epoch in 0..1000_u64, n in 0..200_usize) {
        let mut order = epoch_order(seed, "fit", epoch, n);
        order.sort_unstable();
        prop_assert_eq!(order, (0..).take(n).collect::<Vec<u32>>());
    }

    #[test]
    fn batches_hold_every_row_in_order(n in 0..100_usize, size in 1..20_usize) {
        let batches = Batches::in_order(n, size);
        prop_assert_eq!(batches.iter().count(), batches.len());
        prop_assert_eq!(batches.iter().flatten().copied().collect::<Vec<u32>>(), (0..).take(n).collect::<Vec<u32>>());
        prop_assert!(batches.iter().rev().skip(1).all(|batch| batch.len() == size));
    }
}

#[test]
fn epochs_runs_and_seeds_differ() {
    let orders = [
        epoch_order(1, "fit", 0, 50),
        epoch_order(1, "fit", 1, 50),
        epoch_order(1, "other", 0, 50),
        epoch_order(2, "fit", 0, 50),
    ];
    for (at, order) in orders.iter().enumerate() {
        assert!(!orders[..at].contains(order));
    }
    assert_eq!(orders[0], epoch_order(1, "fit", 0, 50));
}

#[test]
fn rows_are_gathered_along_the_first_axis() {
    let x = Tensor::from_vec(vec![3, 2], vec![1_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(
        gather_rows(&x, &[2, 0]),
        Tensor::from_vec(vec![2, 2], vec![5_f32, 6.0, 1.0, 2.0])
    );
    let y = Tensor::from_vec(vec![3], vec![7_i64, 8, 9]);
    assert_eq!(
        gather_rows(&y, &[1]),
        Tensor::from_vec(vec![1], vec![8_i64])
    );
}
