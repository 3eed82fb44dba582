//! Elementary functions of `f64` without a branch, so that a loop over an array computes several elements at once. Built from `+ − × ÷`
//! and bits alone, so the same bits on every machine; the forms are those of `single`, and `math` tells how exact they are.

/// Added and taken away again, rounds `|x| < 2⁵¹` to the nearest whole number: the sum has no place for fractions.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// `ln 2` in two parts; a small whole number times the first is exact.
const LN2: [f64; 2] = [6.931_471_803_691_238e-1, 1.908_214_929_270_587_7e-10];

/// `c[0] xⁿ + … + c[n]`
#[inline]
fn polynomial<const N: usize>(x: f64, coefficients: [f64; N]) -> f64 {
    let [highest, lower @ ..] = &coefficients[..] else {
        return 0.0;
    };
    lower.iter().fold(*highest, |sum, c| sum * x + c)
}

#[inline]
fn pick(condition: bool, yes: f64, no: f64) -> f64 {
    if condition { yes } else { no }
}

/// `2ⁿ` for `−1022 ≤ n ≤ 1023`
#[inline]
fn power_of_two(n: i64) -> f64 {
    f64::from_bits((n.wrapping_add(1023) as u64) << 52)
}

/// `x` kept between bounds; NaN stays.
#[inline]
fn bounded(x: f64, low: f64, high: f64) -> f64 {
    let x = pick(x < low, low, x);
    pick(x > high, high, x)
}

/// `(n, eʳ − 1)` with `x = n ln 2 + r` and `|r| ≤ ½ ln 2`
#[inline]
fn split(x: f64) -> (i64, f64) {
    let shifted = x * std::f64::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let (r, lost) = (x - n * LN2[0], n * LN2[1]);
    let r = r - lost;
    let tail = polynomial(
        r,
        [
            2.091_483_135_138_041e-9,
            2.510_541_919_201_633_7e-8,
            2.755_727_329_553_972_4e-7,
            2.755_725_491_348_67e-6,
            2.480_158_732_582_228_3e-5,
            1.984_126_987_520_507_7e-4,
            1.388_888_888_888_367e-3,
            8.333_333_333_326_025e-3,
            4.166_666_666_666_667e-2,
            0.166_666_666_666_666_7,
            0.5,
        ],
    );
    let whole = shifted
        .to_bits()
        .cast_signed()
        .wrapping_sub(ROUNDER.to_bits().cast_signed());
    (whole, tail * r * r + r)
}

/// `e^x = 2ⁿ eʳ`; the power in two factors, since it may lie outside the range of either normal numbers or all
#[inline]
pub(super) fn exp(x: f64) -> f64 {
    let (n, rest) = split(bounded(x, -746.0, 710.0));
    let half = n >> 1;
    (1.0 + rest) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// `e^x − 1 = 2ⁿ (eʳ − 1) + (2ⁿ − 1)`; far out, `e^x` is the same number
#[inline]
pub(super) fn expm1(x: f64) -> f64 {
    let (n, rest) = split(bounded(x, -60.0, 60.0));
    let power = power_of_two(n);
    let near = power * rest + (power - 1.0);
    pick(x > 50.0, exp(x), pick(x == 0.0, x, near))
}

/// `ln x = e ln 2 + ln(1 + f)` with `x = 2ᵉ (1 + f)`, `1 + f` between `√½` and `√2`, and `ln(1 + f) = 2 artanh s`, `s = f / (2 + f)`
#[inline]
pub(super) fn ln(x: f64) -> f64 {
    let is_tiny = x < f64::MIN_POSITIVE;
    let bits = pick(is_tiny, x * 18_014_398_509_481_984.0, x)
        .to_bits()
        .cast_signed();
    let above = bits.wrapping_sub(std::f64::consts::FRAC_1_SQRT_2.to_bits().cast_signed());
    let exponent = above >> 52;
    let f = f64::from_bits(bits.wrapping_sub(exponent << 52).cast_unsigned()) - 1.0;
    let e = whole(exponent) - pick(is_tiny, 54.0, 0.0);
    let s = f / (2.0 + f);
    let s2 = s * s;
    let tail = polynomial(
        s2,
        [
            0.130_872_361_966_596_2,
            0.132_687_147_923_480_96,
            0.153_862_418_819_385_95,
            0.181_817_956_000_607_93,
            0.222_222_223_920_890_08,
            0.285_714_285_708_019_54,
            0.400_000_000_000_008_8,
            0.666_666_666_666_666_6,
        ],
    );
    let half = 0.5 * f * f;
    let finite = e * LN2[0] - ((half - (s * (half + tail * s2) + e * LN2[1])) - f);
    let below = pick(x == 0.0, f64::NEG_INFINITY, f64::NAN);
    pick(x < f64::INFINITY, pick(x > 0.0, finite, below), x)
}

/// A small whole number as a float, without the conversion that few machines do to several at once.
#[inline]
fn whole(n: i64) -> f64 {
    f64::from_bits(
        n.wrapping_add(ROUNDER.to_bits().cast_signed())
            .cast_unsigned(),
    ) - ROUNDER
}

/// `ln(1 + x) = ln u + (x − (u − 1)) / u` with `u` the rounded `1 + x`: what rounding lost, to first order
#[inline]
pub(super) fn log1p(x: f64) -> f64 {
    let u = 1.0 + x;
    let lost = (x - (u - 1.0)) / u;
    let is_plain = u > 0.0 && u < f64::INFINITY;
    pick(x == 0.0, x, ln(u) + pick(is_plain, lost, 0.0))
}

/// `tanh x = 1 − 2 / (e²ˣ + 1)` for `x ≥ 0`, odd; near zero an odd polynomial
#[inline]
pub(super) fn tanh(x: f64) -> f64 {
    let size = x.abs();
    let far = 1.0 - 2.0 / (exp(2.0 * size) + 1.0);
    let x2 = x * x;
    let tail = polynomial(
        x2,
        [
            6.465_788_408_718_577e-6,
            -3.116_122_777_121_773e-5,
            9.253_580_052_436_035e-5,
            -2.375_729_695_417_925_5e-4,
            5.896_551_828_359_278e-4,
            -1.455_774_326_044_409_7e-3,
            3.592_121_613_250_894_3e-3,
            -8.863_235_092_362_764e-3,
            2.186_948_851_850_972_8e-2,
            -5.396_825_396_788_533e-2,
            0.133_333_333_333_330_3,
            -0.333_333_333_333_333_3,
        ],
    );
    let near = tail * x2 * x + x;
    pick(size < 0.625, near, far).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_the_range_are_exact() {
        assert_eq!(
            [exp(-750.0), exp(0.0), exp(710.0)],
            [0.0, 1.0, f64::INFINITY]
        );
        assert_eq!([expm1(f64::NEG_INFINITY), expm1(-0.0)], [-1.0, 0.0]);
        assert_eq!(
            [ln(0.0), ln(1.0), ln(f64::INFINITY)],
            [f64::NEG_INFINITY, 0.0, f64::INFINITY]
        );
        assert_eq!([log1p(-1.0), tanh(f64::INFINITY)], [f64::NEG_INFINITY, 1.0]);
        assert!(
            [exp(f64::NAN), ln(-1.0), ln(f64::NAN), tanh(f64::NAN)]
                .iter()
                .all(|y| y.is_nan())
        );
    }

    #[test]
    fn subnormal_numbers_keep_their_digits() {
        for x in [5e-324, 1e-310, 2.3e-308] {
            assert!((ln(x) - libm::log(x)).abs() <= 2e-13);
        }
        assert_eq!(exp(-745.0), libm::exp(-745.0));
    }

    #[test]
    fn signs_of_zero_are_kept() {
        for f in [expm1, log1p, tanh] {
            assert_eq!(f(-0.0).to_bits(), (-0.0f64).to_bits());
        }
    }
}
