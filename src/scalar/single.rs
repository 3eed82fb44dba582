//! Elementary functions of `f32` without a branch, so that a loop over an array computes several elements at once. Built from
//! `+ − × ÷` and bits alone, so the same bits on every machine; `math` tells how exact they are.

/// Added and taken away again, rounds `|x| < 2²²` to the nearest whole number: the sum has no place for fractions.
const ROUNDER: f32 = 12_582_912.0;

/// `ln 2` in two parts; a small whole number times the first is exact.
const LN2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];

/// `c[0] xⁿ + … + c[n]`
#[inline(always)]
fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
    let [highest, lower @ ..] = &coefficients[..] else {
        return 0.0;
    };
    lower.iter().fold(*highest, |sum, c| sum * x + c)
}

#[inline(always)]
fn pick(condition: bool, yes: f32, no: f32) -> f32 {
    if condition { yes } else { no }
}

/// `2ⁿ` for `−126 ≤ n ≤ 127`
#[inline(always)]
fn power_of_two(n: i32) -> f32 {
    f32::from_bits(((n + 127) as u32) << 23)
}

/// `(n, eʳ − 1)` with `x = n ln 2 + r` and `|r| ≤ ½ ln 2`
#[inline(always)]
fn split(x: f32) -> (i32, f32) {
    let shifted = x * std::f32::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = x - n * LN2[0] - n * LN2[1];
    let tail = polynomial(
        r,
        [
            1.987_569_1e-4,
            1.398_2e-3,
            8.333_452e-3,
            4.166_579_6e-2,
            0.166_666_65,
            0.5,
        ],
    );
    let whole = (shifted.to_bits() as i32).wrapping_sub(ROUNDER.to_bits() as i32);
    (whole, tail * r * r + r)
}

/// `e^x = 2ⁿ eʳ`; the power in two factors, since it may lie outside the range of either normal numbers or all
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    let (n, rest) = split(bounded(x, -104.0, 89.0));
    let half = n >> 1;
    (1.0 + rest) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
}

/// `x` kept between bounds; NaN stays.
#[inline(always)]
fn bounded(x: f32, low: f32, high: f32) -> f32 {
    let x = pick(x < low, low, x);
    pick(x > high, high, x)
}

/// `e^x − 1 = 2ⁿ (eʳ − 1) + (2ⁿ − 1)`; far out, `e^x` is the same number
#[inline(always)]
pub(super) fn expm1(x: f32) -> f32 {
    let (n, rest) = split(bounded(x, -30.0, 30.0));
    let power = power_of_two(n);
    let near = power * rest + (power - 1.0);
    pick(x > 25.0, exp(x), pick(x == 0.0, x, near))
}

/// `ln x = e ln 2 + ln(1 + f)` with `x = 2ᵉ (1 + f)` and `1 + f` between `√½` and `√2`
#[inline(always)]
pub(super) fn ln(x: f32) -> f32 {
    let is_tiny = x < f32::MIN_POSITIVE;
    let bits = pick(is_tiny, x * 8_388_608.0, x).to_bits() as i32;
    let above = bits.wrapping_sub(std::f32::consts::FRAC_1_SQRT_2.to_bits() as i32);
    let exponent = above >> 23;
    let f = f32::from_bits(bits.wrapping_sub(exponent << 23) as u32) - 1.0;
    let e = exponent as f32 - pick(is_tiny, 23.0, 0.0);
    let f2 = f * f;
    let tail = polynomial(
        f,
        [
            7.037_683_6e-2,
            -0.115_146_1,
            0.116_769_984,
            -0.124_201_41,
            0.142_493_23,
            -0.166_680_57,
            0.200_007_15,
            -0.249_999_94,
            0.333_333_3,
        ],
    );
    let y = (tail * f * f2 + e * LN2[1]) - 0.5 * f2;
    let finite = f + y + e * LN2[0];
    let below = pick(x == 0.0, f32::NEG_INFINITY, f32::NAN);
    pick(x < f32::INFINITY, pick(x > 0.0, finite, below), x)
}

/// `ln(1 + x) = ln u + (x − (u − 1)) / u` with `u` the rounded `1 + x`: what rounding lost, to first order
#[inline(always)]
pub(super) fn log1p(x: f32) -> f32 {
    let u = 1.0 + x;
    let lost = (x - (u - 1.0)) / u;
    let is_plain = u > 0.0 && u < f32::INFINITY;
    pick(x == 0.0, x, ln(u) + pick(is_plain, lost, 0.0))
}

/// `tanh x = 1 − 2 / (e²ˣ + 1)` for `x ≥ 0`, odd; near zero an odd polynomial
#[inline(always)]
pub(super) fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let far = 1.0 - 2.0 / (exp(2.0 * size) + 1.0);
    let x2 = x * x;
    let tail = polynomial(
        x2,
        [
            -5.704_988_7e-3,
            2.063_909e-2,
            -5.373_971_6e-2,
            0.133_314_42,
            -0.333_332_8,
        ],
    );
    let near = tail * x2 * x + x;
    pick(size < 0.625, near, far).copysign(x)
}

/// `erf x`: an odd polynomial near zero, `1 − e^−p(x)` beyond
#[inline(always)]
pub(super) fn erf(x: f32) -> f32 {
    let (size, x2) = (x.abs(), x * x);
    let t = bounded(size, 0.0, 4.0);
    let power = polynomial(
        t,
        [
            -1.728_534_7e-5,
            3.831_971_3e-4,
            -3.883_964_4e-3,
            2.425_462_2e-2,
            -0.106_777_88,
            -0.634_846_7,
            -0.128_717_51,
            0.0,
        ],
    );
    let far = 1.0 - exp(power - t);
    let tail = polynomial(
        x2,
        [
            -5.967_617e-4,
            4.991_194_2e-3,
            -2.676_813_5e-2,
            0.112_819_925,
            -0.376_125_34,
            0.128_379_17,
        ],
    );
    let near = tail * size + size;
    pick(size < 0.927_734_4, near, far).copysign(x)
}

/// `[cos 2πx, sin 2πx]` for `0 ≤ x ≤ 1`
#[inline(always)]
pub(super) fn turn(x: f32) -> [f32; 2] {
    let quarter = (4.0 * x + ROUNDER) - ROUNDER;
    let r = (x - 0.25 * quarter) * std::f32::consts::TAU;
    let r2 = r * r;
    let sine = polynomial(r2, [-1.951_529_6e-4, 8.332_161e-3, -0.166_666_55]) * r2 * r + r;
    let cosine = polynomial(r2, [2.443_315_7e-5, -1.388_731_6e-3, 4.166_664_6e-2]) * r2 * r2
        - 0.5 * r2
        + 1.0;
    let is_odd = quarter == 1.0 || quarter == 3.0;
    let (c, s) = (pick(is_odd, sine, cosine), pick(is_odd, cosine, sine));
    let c_flips = quarter == 1.0 || quarter == 2.0;
    let s_flips = quarter == 2.0 || quarter == 3.0;
    [pick(c_flips, -c, c), pick(s_flips, -s, s)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_of_zero_are_kept() {
        for f in [expm1, log1p, tanh, erf] {
            assert_eq!(f(-0.0).to_bits(), (-0.0f32).to_bits());
        }
    }

    #[test]
    fn a_turn_is_a_circle() {
        for i in 0..=1 << 16 {
            let x = i as f32 / 65536.0;
            let angle = std::f64::consts::TAU * f64::from(x);
            let [c, s] = turn(x).map(f64::from);
            assert!(
                (c - libm::cos(angle)).abs() < 1e-7 && (s - libm::sin(angle)).abs() < 1e-7,
                "{x}"
            );
        }
    }
}
