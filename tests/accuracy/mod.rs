//! How far scalar functions are from the exact result. The table at the head of `src/scalar/math.rs` states it for each function and
//! element type, in units in the last place; these tests read that table and hold the functions to it.

use nnlc::scalar::math::Float;

const STATED: &str = include_str!("../../src/scalar/math.rs");
const REFERENCE: &str = include_str!("reference.txt");

/// The functions of a table, of both element types.
macro_rules! functions {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*, "pow"];

        fn apply<T: Float>(name: &str, x: &[T]) -> T {
            match (name, x) {
                $((stringify!($name), &[x]) => x.$name(),)*
                ("pow", &[x, y]) => x.pow(y),
                _ => panic!("no function `{name}` of {} numbers", x.len()),
            }
        }
    };
}

functions!(exp expm1 ln log1p sin cos atan tanh sigmoid erf sqrt);

/// What the table says of a function: of `f32` and of `f64`.
fn stated(name: &str) -> [f64; 2] {
    let row = format!("//! | `{name}` | ");
    let line = STATED.lines().find_map(|line| line.strip_prefix(&row));
    let line = line.unwrap_or_else(|| panic!("the table has no row of `{name}`"));
    let cells: Vec<&str> = line.trim_end_matches(" |").split(" | ").collect();
    let [single, double] = cells[..] else {
        panic!("a row holds two limits: {line}")
    };
    [single, double].map(|cell| cell.parse().expect("a number"))
}

/// The spacing of `f32` about a number.
fn spacing(x: f64) -> f64 {
    let size = (x as f32).abs().clamp(f32::MIN_POSITIVE, f32::MAX);
    let below = f32::from_bits(size.to_bits() - 1);
    f64::from(size) - f64::from(below)
}

/// The distance of a single from the exact result, in units in its last place.
fn ulps(found: f32, exact: f64) -> f64 {
    match found.to_bits() == (exact as f32).to_bits() || (found.is_nan() && exact.is_nan()) {
        true => 0.0,
        false => (f64::from(found) - exact).abs() / spacing(exact),
    }
}

/// Numbers of all sizes and both signs, and those where functions change their way.
fn singles() -> impl Iterator<Item = f32> {
    let all = (0..=f32::INFINITY.to_bits())
        .step_by(6007)
        .map(f32::from_bits);
    let special = [f32::NAN, f32::MAX, 1.0, 0.625, 0.927_734_4, 25.0, 88.0];
    let near_one = (-2000..2000).map(|i| 1.0 + i as f32 * 2e-4);
    all.chain(special).chain(near_one).flat_map(|x| [x, -x])
}

/// The largest distance of a function of `f32`, and where. Its own version of `f64` is the exact one: that is nearer by far.
fn worst_single(name: &str) -> (f64, Vec<f32>) {
    let arguments: Box<dyn Iterator<Item = Vec<f32>>> = match name {
        "pow" => Box::new((1..4000).map(|i| {
            let i = i as f32;
            vec![i * 0.013, (i * 0.77) % 40.0 - 20.0]
        })),
        "sin" | "cos" => Box::new(singles().filter(|x| x.abs() <= 1e6).map(|x| vec![x])),
        _ => Box::new(singles().map(|x| vec![x])),
    };
    let distance = |x: Vec<f32>| {
        let exact: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
        (ulps(apply(name, &x), apply(name, &exact)), x)
    };
    arguments
        .map(distance)
        .max_by(|x, y| x.0.total_cmp(&y.0))
        .expect("there are arguments")
}

#[test]
fn singles_are_as_near_as_stated() {
    for name in NAMES {
        let (found, at) = worst_single(name);
        let [stated, _] = stated(name);
        assert!(
            found <= stated,
            "{name} {at:?}: {found} units, {stated} are stated"
        );
        assert!(
            stated <= found + 0.5,
            "{name}: {stated} are stated, {found} found"
        );
    }
}

#[test]
fn doubles_are_as_near_as_stated() {
    for name in NAMES {
        let cases = REFERENCE
            .lines()
            .filter_map(|line| line.strip_prefix(&format!("{name} ")));
        let number = |bits: &str| f64::from_bits(u64::from_str_radix(bits, 16).expect("bits"));
        let distance = |line: &str| {
            let numbers: Vec<f64> = line.split(' ').map(number).collect();
            let (x, exact) = numbers.split_at(numbers.len() - 2);
            let size = exact[0].abs().max(f64::MIN_POSITIVE);
            let spacing = size - f64::from_bits(size.to_bits() - 1);
            (((apply(name, x) - exact[0]) - exact[1]) / spacing).abs()
        };
        let found = cases
            .map(distance)
            .reduce(f64::max)
            .expect("there are cases");
        let [_, stated] = stated(name);
        assert!(
            found <= stated,
            "{name}: {found} units, {stated} are stated"
        );
        assert!(
            stated <= found + 0.5,
            "{name}: {stated} are stated, {found} found"
        );
    }
}
