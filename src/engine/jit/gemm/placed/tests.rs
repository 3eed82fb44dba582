//! Products by place against their definition, bit for bit.

use super::*;

/// A chain of fused multiply-adds in order of k, by definition.
fn naive(problem: &PlacedProblem, a: &[f32], b: &[f32]) -> Vec<f32> {
    let [m, distance] = problem.regular;
    let element = |i: usize, across: isize| {
        let pairs = problem.regular_depth.iter().zip(&problem.depth);
        pairs.fold(0.0f32, |sum, (&p, &q)| {
            a[i * distance + p as usize].mul_add(b[(q + across) as usize], sum)
        })
    };
    let across = || problem.across.iter().copied();
    match problem.side {
        Side::A => across()
            .flat_map(|across| (0..m).map(move |i| (i, across)))
            .map(|(i, across)| element(i, across))
            .collect(),
        Side::B => (0..m)
            .flat_map(|i| across().map(move |across| (i, across)))
            .map(|(i, across)| element(i, across))
            .collect(),
    }
}

fn numbers(n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 37 % 101) as f32 - 50.0) / 16.0)
        .collect()
}

/// On both sides.
fn check(problem: PlacedProblem, n_a: usize, n_b: usize) {
    let other = match problem.side {
        Side::A => Side::B,
        Side::B => Side::A,
    };
    for side in [problem.side, other] {
        let (regular_depth, depth) = (problem.regular_depth.clone(), problem.depth.clone());
        let problem = PlacedProblem {
            regular: problem.regular,
            regular_depth,
            depth,
            across: problem.across.clone(),
            side,
        };
        check_one(problem, n_a, n_b);
    }
}

fn check_one(problem: PlacedProblem, n_a: usize, n_b: usize) {
    let (a, b) = (numbers(n_a), numbers(n_b));
    let expected = naive(&problem, &a, &b);
    let plan = Placed::<f32>::new(problem);
    for n_workers in [1, 3] {
        let mut c = vec![f32::NAN; expected.len()];
        for worker in 0..n_workers {
            let part = plan.share(worker, n_workers);
            // SAFETY: operands are as large as the places tell.
            unsafe { plan.run(a.as_ptr(), b.as_ptr(), c.as_mut_ptr(), part) };
        }
        assert_eq!(c, expected);
    }
}

/// Windows of 3 by 3 over images of 3 channels, 13 by 17: columns by place, then rows by place.
#[test]
fn windows_of_images_are_products() {
    let (h, w, k, channels) = (13isize, 17isize, 3isize, 3isize);
    let taps = (0..channels)
        .flat_map(|c| (0..k).flat_map(move |p| (0..k).map(move |q| c * h * w + p * w + q)));
    let places = (0..h - 2).flat_map(|y| (0..w - 2).map(move |x| y * w + x));
    let (taps, places): (Vec<isize>, Vec<isize>) = (taps.collect(), places.collect());
    let len = (h * w * channels) as usize;
    let forward = PlacedProblem {
        regular: [20, 1],
        regular_depth: (0..27).map(|p| p * 20).collect(),
        depth: taps.clone(),
        side: Side::B,
        across: places.clone(),
    };
    check(forward, 27 * 20, len);
    let n = places.len() as isize;
    let weights = PlacedProblem {
        regular: [5, n as usize],
        regular_depth: (0..n).collect(),
        depth: places,
        across: taps,
        side: Side::A,
    };
    check(weights, 5 * n as usize, len);
}

/// Rows so short that a vector holds several, and windows that lie apart.
#[test]
fn windows_of_narrow_images_are_products() {
    for (w, stride) in [(3, 1), (4, 1), (5, 1), (8, 1), (7, 2), (9, 2), (9, 3)] {
        let (h, channels) = (11, 2);
        let steps = |len: isize| (0..=(len - 2) / stride).map(move |i| i * stride);
        let taps = (0..channels)
            .flat_map(|c| (0..2).flat_map(move |p| (0..2).map(move |q| (c * h + p) * w + q)));
        let problem = PlacedProblem {
            regular: [7, 1],
            regular_depth: (0..8).map(|p| p * 7).collect(),
            depth: taps.collect(),
            across: steps(h)
                .flat_map(|y| steps(w).map(move |x| y * w + x))
                .collect(),
            side: Side::B,
        };
        check(problem, 8 * 7, (h * w * channels) as usize);
    }
}

#[test]
fn long_and_broken_depths_are_walked_in_order() {
    let a_depth: Vec<isize> = (0..600)
        .map(|p| if p < 350 { p } else { 2000 - p })
        .collect();
    let problem = PlacedProblem {
        regular: [3, 2000],
        regular_depth: a_depth,
        depth: (0..600).map(|p| p * 7 % 601).collect(),
        across: (0..150).map(|j| j * 2).collect(),
        side: Side::B,
    };
    check(problem, 3 * 2000, 1000);
}
