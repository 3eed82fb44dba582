//! Convolutions and poolings of images large enough for native code to take them apart, and odd in every way: values and gradients
//! under both engines, and with other numbers of threads.

use super::programs::{near, shown};

/// What is done to images `X` of 6 channels and kernels `K`, and the kernels' sizes.
const WORKS: [(&str, &str); 19] = [
    ("conv2d(X, K)", "3, 3, 6, 4"),
    ("conv2d(X, K, padding: same)", "3, 3, 6, 4"),
    ("conv2d(X, K, stride: 2)", "3, 3, 6, 4"),
    (
        "conv2d(X, K, stride: [2, 1], padding: [1, 2])",
        "3, 5, 6, 4",
    ),
    ("conv2d(X, K, padding: same, dilation: 2)", "3, 3, 6, 20"),
    ("conv2d(X, K, padding: 2)", "5, 5, 6, 33"),
    ("conv2d(X, K, stride: 3)", "2, 2, 6, 5"),
    ("conv2d(X, K)", "1, 1, 6, 7"),
    ("conv2d(X, K, padding: same, groups: 6)", "3, 3, 1, 6"),
    ("conv2d(X, K, stride: 2, groups: 6)", "3, 3, 1, 12"),
    ("conv2d(X, K, padding: 1, groups: 2)", "3, 3, 3, 4"),
    ("conv2d(X, K, padding: 1, border: reflect)", "3, 3, 6, 4"),
    (
        "conv_transpose2d(X, K, stride: 2, padding: 1)",
        "4, 4, 6, 3",
    ),
    ("conv_transpose2d(X, K, stride: 1)", "3, 2, 6, 3"),
    ("max_pool(X * sum(K))", "1, 1, 1, 1"),
    (
        "max_pool(X * sum(K), size: 3, stride: 2, padding: 1)",
        "1, 1, 1, 1",
    ),
    ("avg_pool(X * sum(K), size: [2, 3])", "1, 1, 1, 1"),
    ("avg_pool(X * sum(K), size: 3, stride: 1)", "1, 1, 1, 1"),
    ("max_pool(relu(conv2d(X, K)))", "2, 3, 6, 5"),
];

/// Waves, so that no two elements are alike and a mistake has nowhere to hide.
const HEAD: &str = "use nn::{conv2d, conv_transpose2d, max_pool, avg_pool, relu};
fn wave(a: dim, b: dim, c: dim, d: dim, speed: f32 = 1.1) {
  let at = template([a, b, c, d]);
  let place = indices(like: at, axis: 0) * 5.3 + indices(like: at, axis: 1) * 2.9
    + indices(like: at, axis: 2) * 1.7 + indices(like: at, axis: 3) * 0.6;
  sin(place * speed)
}
";

fn program([h, w]: [usize; 2]) -> String {
    let part = |(n, (work, sizes)): (usize, &(&str, &str))| {
        let of = |x: &str, k: &str| work.replace('X', x).replace('K', k);
        let own = format!("k{n}");
        let [value, image, kernel] = [of("x", &own), of("v", &own), of("x", "v")];
        format!(
            "let {own} = wave({sizes}, speed: 2.3);
show {value};
show grad(fn(v) => sum({image} ^ 2))(x);
show grad(fn(v) => sum({kernel} ^ 2))({own});
"
        )
    };
    let parts: String = WORKS.iter().enumerate().map(part).collect();
    format!("{HEAD}let x = wave(3, 6, {h}, {w});\n{parts}")
}

#[test]
fn images_agree() {
    let folder = tempfile::tempdir().expect("a folder");
    for [h, w] in [[16, 20], [13, 17]] {
        let path = folder.path().join(format!("images_{h}_{w}.nnl"));
        std::fs::write(&path, program([h, w])).expect("it is written");
        let expected = shown(&path, "interp", "1");
        let found = shown(&path, "jit", "1");
        assert_eq!(found, shown(&path, "jit", "2"), "threads");
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                near(found, expected),
                "{}: {found} {expected}",
                found["title"]
            );
        }
    }
}
