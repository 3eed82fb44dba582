//! Random numbers as a pure function of seed, place, step and index: Philox4x32-10 (Salmon et al. 2011) in counter mode. Element `i`
//! depends on neither the length nor the other elements.

use std::f64::consts::TAU;

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
    let angle = T::from_f64(TAU) * v;
    [r * angle.cos(), r * angle.sin()]
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
