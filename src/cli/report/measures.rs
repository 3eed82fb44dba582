//! What a report measures of scores and answers: confusion, the curves of a threshold that moves, residuals.

/// How often each class was taken for which: `[actual][predicted]`.
pub(super) fn confusion(actual: &[usize], predicted: &[usize], n_classes: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; n_classes]; n_classes];
    for (&actual, &predicted) in actual.iter().zip(predicted) {
        counts[actual][predicted] += 1;
    }
    counts
}

/// What a threshold that falls from the highest score to the lowest tells apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Threshold {
    /// False positive rate and true positive rate.
    pub(super) roc: Vec<(f64, f64)>,
    /// Recall and precision.
    pub(super) pr: Vec<(f64, f64)>,
    /// The area under the first, by trapezoids: the chance that a positive row scores higher than a negative one.
    pub(super) auc: f64,
    /// The mean of the precisions, each weighted by the recall it adds.
    pub(super) average_precision: f64,
}

/// The curves of one class against all others; nothing where either side has no rows. Rows of equal score are told apart by no
/// threshold.
pub(super) fn threshold(scores: &[f64], is_positive: &[bool]) -> Option<Threshold> {
    let n_positive = is_positive.iter().filter(|is| **is).count();
    let n_negative = is_positive.len() - n_positive;
    if n_positive == 0 || n_negative == 0 || scores.iter().any(|score| score.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut found = Threshold {
        roc: vec![(0.0, 0.0)],
        ..Threshold::default()
    };
    let (mut hits, mut misses) = (0, 0);
    for (at, &row) in order.iter().enumerate() {
        match is_positive[row] {
            true => hits += 1,
            false => misses += 1,
        }
        let is_tied = order
            .get(at + 1)
            .is_some_and(|&next| scores[next] == scores[row]);
        if !is_tied {
            found.step(hits, misses, n_positive, n_negative);
        }
    }
    Some(found)
}

impl Threshold {
    /// The threshold has fallen below some more rows.
    fn step(&mut self, hits: usize, misses: usize, n_positive: usize, n_negative: usize) {
        let (recall, fall_out) = (
            hits as f64 / n_positive as f64,
            misses as f64 / n_negative as f64,
        );
        let precision = hits as f64 / (hits + misses) as f64;
        let (x, y) = self.roc.last().copied().unwrap_or_default();
        self.auc += (fall_out - x) * (recall + y) / 2.0;
        self.average_precision += (recall - y) * precision;
        self.roc.push((fall_out, recall));
        self.pr.push((recall, precision));
    }
}

/// Numbers in so many equal bins: the middle of each, and how many there are.
pub(super) fn histogram(numbers: &[f64], n_bins: usize) -> Vec<(f64, f64)> {
    let finite = || {
        numbers
            .iter()
            .copied()
            .filter(|x| !x.is_nan() && !x.is_infinite())
    };
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| {
        (low.min(x), high.max(x))
    });
    if low > high {
        return vec![];
    }
    let width = if high > low {
        (high - low) / n_bins as f64
    } else {
        1.0
    };
    let mut counts = vec![0u32; n_bins];
    for x in finite() {
        let bin = ((x - low) / width) as usize;
        counts[bin.min(n_bins - 1)] += 1;
    }
    let middle = |at: usize| low + (at as f64 + 0.5) * width;
    counts
        .iter()
        .enumerate()
        .map(|(at, count)| (middle(at), f64::from(*count)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_order_has_area_one_and_a_reversed_one_none() {
        let truth = [true, true, false, false];
        let good = threshold(&[0.9, 0.8, 0.2, 0.1], &truth).expect("both classes are there");
        assert_eq!((good.auc, good.average_precision), (1.0, 1.0));
        let bad = threshold(&[0.1, 0.2, 0.8, 0.9], &truth).expect("both classes are there");
        assert_eq!(bad.auc, 0.0);
        let tied = threshold(&[0.5; 4], &truth).expect("both classes are there");
        assert_eq!(
            (tied.auc, tied.average_precision, tied.roc.len()),
            (0.5, 0.5, 2)
        );
        assert_eq!(threshold(&[0.5, 0.1], &[true, true]), None);
    }

    #[test]
    fn average_precision_as_its_formula_has_it() {
        // By hand: precisions 1, 1/2, 2/3 at recalls 1/2, 1/2, 1.
        let found = threshold(&[0.9, 0.8, 0.7, 0.1], &[true, false, true, false]).expect("both");
        assert!((found.average_precision - (0.5 + 0.5 * 2.0 / 3.0)).abs() < 1e-12);
        assert!((found.auc - 0.75).abs() < 1e-12);
    }

    #[test]
    fn every_number_is_in_one_bin() {
        let bins = histogram(&[0.0, 0.1, 0.9, 1.0, f64::NAN], 2);
        assert_eq!(bins, [(0.25, 2.0), (0.75, 2.0)]);
        assert_eq!(
            histogram(&[3.0], 3).iter().map(|bin| bin.1).sum::<f64>(),
            1.0
        );
        assert_eq!(histogram(&[], 3), []);
    }
}
