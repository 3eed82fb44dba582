//! Random numbers as a pure function of seed, place, step and index: Philox4x32-10 (Salmon et al. 2011) in counter mode. Element `i`
//! depends on neither the length nor the other elements.

use crate::scalar::math::Float;
use crate::tensor::{Distribution, Element, Tensor};
use crate::types::DType;

/// Random numbers of type `dtype`, `f32` or `f64`. Uniform ones are multiples of 2⁻²⁴ or 2⁻⁵³ in `[0, 1)`; normal ones come by
/// Box and Muller's method.
pub fn random(
    distribution: Distribution,
    seed: i64,
    place: u64,
    step: i64,
    shape: &[usize],
    dtype: DType,
) -> Tensor {
    let source = Source::new(seed, place, step);
    match (dtype, distribution) {
        (DType::F32, Distribution::Uniform) => fill(&source, shape, |word| word.map(uniform32)),
        (DType::F32, Distribution::Normal) => fill(&source, shape, |[a, b, c, d]| {
            let ([w, x], [y, z]) = (
                box_muller(uniform32(a), uniform32(b)),
                box_muller(uniform32(c), uniform32(d)),
            );
            [w, x, y, z]
        }),
        (DType::F64, Distribution::Uniform) => fill(&source, shape, pair),
        (DType::F64, Distribution::Normal) => fill(&source, shape, |words| {
            let [u, v] = pair(words);
            box_muller(u, v)
        }),
        (DType::I64 | DType::I32 | DType::U8 | DType::Bool, _) => {
            unreachable!("checked: random numbers are floats")
        }
    }
}

fn fill<T: Element, const N: usize>(
    source: &Source,
    shape: &[usize],
    elements: impl Fn(Words) -> [T; N],
) -> Tensor {
    let len: usize = shape.iter().product();
    let mut out = Vec::with_capacity(len.next_multiple_of(N));
    out.extend((0..len.div_ceil(N) as u64).flat_map(|block| elements(source.block(block))));
    out.truncate(len);
    Tensor::from_vec(shape.to_vec(), out)
}

/// A multiple of 2⁻²⁴ in `[0, 1)`
fn uniform32(word: u32) -> f32 {
    (word >> 8) as f32 / (1u32 << 24) as f32
}

/// A multiple of 2⁻⁵³ in `[0, 1)`
fn uniform64(high: u32, low: u32) -> f64 {
    let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
    bits as f64 / (1u64 << 53) as f64
}

fn pair([a, b, c, d]: Words) -> [f64; 2] {
    [uniform64(a, b), uniform64(c, d)]
}

/// `r cos φ, r sin φ` with `r = √(−2 ln(1 − u))` and `φ = 2πv`: two normal numbers from two uniform ones
fn box_muller<T: Float>(u: T, v: T) -> [T; 2] {
    let r = (T::from_f64(-2.0) * (T::ONE - u).ln()).sqrt();
    v.turn().map(|side| r * side)
}

/// What one call of the generator gives.
type Words = [u32; 4];

/// The generator with seed, place and step fixed.
#[derive(Clone, Debug)]
struct Source {
    key: [u32; 2],
    step: [u32; 2],
}

impl Source {
    fn new(seed: i64, place: u64, step: i64) -> Source {
        Source {
            key: halves(finalise(finalise(seed as u64).wrapping_add(place))),
            step: halves(step as u64),
        }
    }

    fn block(&self, index: u64) -> Words {
        let [low, high] = halves(index);
        philox([low, high, self.step[0], self.step[1]], self.key)
    }
}

fn halves(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

/// Philox4x32 with ten rounds.
fn philox(counter: Words, key: [u32; 2]) -> Words {
    (0..10).fold(counter, |[a, b, c, d], round| {
        let k0 = key[0].wrapping_add(0x9E37_79B9u32.wrapping_mul(round));
        let k1 = key[1].wrapping_add(0xBB67_AE85u32.wrapping_mul(round));
        let [low0, high0] = halves(u64::from(a) * 0xD251_1F53);
        let [low1, high1] = halves(u64::from(c) * 0xCD9E_8D57);
        [high1 ^ b ^ k0, low1, high0 ^ d ^ k1, low0]
    })
}

/// Random words without end.
#[derive(Clone, Debug)]
pub struct Stream {
    source: Source,
    next: u64,
}

/// The words of `(seed, place, step)`, those that [`random`] draws from too.
pub fn stream(seed: i64, place: u64, step: i64) -> Stream {
    Stream {
        source: Source::new(seed, place, step),
        next: 0,
    }
}

impl Iterator for Stream {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let words = self.source.block(self.next / 4);
        let word = words[(self.next % 4) as usize];
        self.next += 1;
        Some(word)
    }
}

impl Stream {
    /// A number below `bound`, all equally likely (Lemire 2019): the high half of `word · bound`, unless the low half falls in the
    /// part that would favour some.
    pub fn below(&mut self, bound: u32) -> u32 {
        let favoured = bound.wrapping_neg() % bound;
        loop {
            let word = self.next().expect("a stream has no end");
            let [low, high] = halves(u64::from(word) * u64::from(bound));
            if low >= favoured {
                return high;
            }
        }
    }
}

/// The numbers below `n` in random order, all orders equally likely (Fisher and Yates). `n` is at most 2³².
pub fn permutation(seed: i64, place: u64, step: i64, n: usize) -> Vec<u32> {
    let mut words = stream(seed, place, step);
    let mut order: Vec<u32> = (0..n).map(|i| i as u32).collect();
    for last in (1..n).rev() {
        order.swap(last, words.below(last as u32 + 1) as usize);
    }
    order
}

/// A stable number for a path: FNV-1a, its bits mixed.
pub fn place_of(path: &str) -> u64 {
    let fnv = path.bytes().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    finalise(fnv)
}

/// The finaliser of SplitMix64: each bit of the result depends on every bit of `x`.
fn finalise(x: u64) -> u64 {
    let x = (x ^ x >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ x >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ x >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_known_answers() {
        let ones = u32::MAX;
        assert_eq!(
            philox([0; 4], [0; 2]),
            [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
        );
        assert_eq!(
            philox([ones; 4], [ones; 2]),
            [0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD]
        );
        let counter = [0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344];
        assert_eq!(
            philox(counter, [0xA4093822, 0x299F31D0]),
            [0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1]
        );
    }

    #[test]
    fn an_element_does_not_depend_on_the_length() {
        for dtype in [DType::F32, DType::F64] {
            for distribution in [Distribution::Uniform, Distribution::Normal] {
                let long = random(distribution, 1, 2, 3, &[1001], dtype).to_f64();
                for n in [0, 1, 2, 3, 31, 32, 33, 1000] {
                    assert_eq!(
                        random(distribution, 1, 2, 3, &[n], dtype).to_f64(),
                        long[..n]
                    );
                }
            }
        }
    }

    #[test]
    fn seed_place_and_step_each_change_everything() {
        let draw = |seed, place, step| {
            random(Distribution::Uniform, seed, place, step, &[8], DType::F64).to_f64()
        };
        let draws = [
            draw(1, 2, 3),
            draw(2, 2, 3),
            draw(1, 3, 3),
            draw(1, 2, 4),
            draw(2, 1, 3),
        ];
        for (i, x) in draws.iter().enumerate() {
            assert!(
                draws[..i]
                    .iter()
                    .all(|y| x.iter().zip(y).all(|(x, y)| x != y))
            );
        }
    }

    #[test]
    fn moments_are_those_of_the_distributions() {
        for dtype in [DType::F32, DType::F64] {
            let moments = |distribution, powers: [i32; 4]| {
                let x = random(distribution, 5, 6, 7, &[200_000], dtype).to_f64();
                powers.map(|power| x.iter().map(|x| x.powi(power)).sum::<f64>() / x.len() as f64)
            };
            let near = |found: [f64; 4], expected: [f64; 4]| {
                found
                    .iter()
                    .zip(expected)
                    .all(|(x, y)| (x - y).abs() < 0.05)
            };
            assert!(near(
                moments(Distribution::Uniform, [1, 2, 3, 4]),
                [0.5, 1.0 / 3.0, 0.25, 0.2]
            ));
            assert!(near(
                moments(Distribution::Normal, [1, 2, 3, 4]),
                [0.0, 1.0, 0.0, 3.0]
            ));
        }
        let x = random(Distribution::Uniform, 0, 0, 0, &[100_000], DType::F32).to_f64();
        assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
    }

    #[test]
    fn permutations_are_even() {
        let mut counts = [0; 24];
        for step in 0..24_000 {
            let order = permutation(3, 4, step, 4);
            let code = order.iter().fold((0, 4), |(code, n), &x| {
                let rank = order
                    .iter()
                    .take_while(|&&y| y != x)
                    .filter(|&&y| y < x)
                    .count() as u32;
                (code * n + x - rank, n - 1)
            });
            counts[code.0 as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (850..1150).contains(count)),
            "{counts:?}"
        );
        assert_eq!(permutation(0, 0, 0, 0), Vec::<u32>::new());
    }

    #[test]
    fn bounded_draws_stay_below_and_places_differ() {
        let mut words = stream(1, 2, 3);
        assert!(
            (1..100)
                .chain([1 << 31, u32::MAX])
                .all(|bound| words.below(bound) < bound)
        );
        assert_eq!(place_of(""), place_of(""));
        assert_ne!(place_of("a.w"), place_of("a.b"));
    }
}
