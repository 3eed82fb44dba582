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
    let draw = Draw::new(distribution, seed, place, step);
    let len: usize = shape.iter().product();
    match dtype {
        DType::F32 => Tensor::from_vec(shape.to_vec(), draw.all::<f32>(len)),
        DType::F64 => Tensor::from_vec(shape.to_vec(), draw.all::<f64>(len)),
        DType::I64 | DType::I32 | DType::U8 | DType::Bool => {
            unreachable!("checked: random numbers are floats")
        }
    }
}

/// Blocks computed side by side.
const LANES: usize = 16;

/// Something of each of so many blocks.
type Lanes<T> = [T; LANES];

/// Random numbers of one place at one step.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    distribution: Distribution,
    source: Source,
}

impl Draw {
    /// Parts of a draw begin at multiples of this.
    pub(crate) const GROUP: usize = 4 * LANES;

    pub(crate) fn new(distribution: Distribution, seed: i64, place: u64, step: i64) -> Draw {
        Draw {
            distribution,
            source: Source::new(seed, place, step),
        }
    }

    fn all<T: Drawn>(&self, len: usize) -> Vec<T> {
        let mut out = vec![T::default(); len];
        self.fill(0, &mut out);
        out
    }

    /// The numbers from `first` on, a multiple of [`Draw::GROUP`], in the widest instructions there are.
    pub(crate) fn fill<T: Drawn>(&self, first: usize, out: &mut [T]) {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || T::fill(self, first, out),
        );
    }
}

/// An element type that is drawn.
pub(crate) trait Drawn: Element {
    /// See [`Draw::fill`].
    fn fill(draw: &Draw, first: usize, out: &mut [Self]);
}

impl Drawn for f32 {
    #[inline(always)]
    fn fill(draw: &Draw, first: usize, out: &mut [f32]) {
        match draw.distribution {
            Distribution::Uniform => fill(&draw.source, first, out, |words| words.map(singles)),
            Distribution::Normal => fill(&draw.source, first, out, |words| {
                let [a, b, c, d] = words.map(singles);
                let ([w, x], [y, z]) = (box_muller(a, b), box_muller(c, d));
                [w, x, y, z]
            }),
        }
    }
}

impl Drawn for f64 {
    #[inline(always)]
    fn fill(draw: &Draw, first: usize, out: &mut [f64]) {
        match draw.distribution {
            Distribution::Uniform => fill(&draw.source, first, out, doubles),
            Distribution::Normal => fill(&draw.source, first, out, |words| {
                let [a, b] = doubles(words);
                box_muller(a, b)
            }),
        }
    }
}

/// Element `i` is number `i mod N` of block `i / N`.
#[inline(always)]
fn fill<T: Element, const N: usize>(
    source: &Source,
    first: usize,
    out: &mut [T],
    elements: impl Fn([Lanes<u32>; 4]) -> [Lanes<T>; N],
) {
    for (group, out) in out.chunks_mut(LANES * N).enumerate() {
        let found = elements(source.blocks((first / N + group * LANES) as u64));
        for (lane, block) in out.chunks_mut(N).enumerate() {
            block
                .iter_mut()
                .zip(&found)
                .for_each(|(x, lanes)| *x = lanes[lane]);
        }
    }
}

/// Multiples of 2⁻²⁴ in `[0, 1)`
#[inline(always)]
fn singles(words: Lanes<u32>) -> Lanes<f32> {
    words.map(|word| (word >> 8) as i32 as f32 / (1u32 << 24) as f32)
}

/// Multiples of 2⁻⁵³ in `[0, 1)`
#[inline(always)]
fn doubles([a, b, c, d]: [Lanes<u32>; 4]) -> [Lanes<f64>; 2] {
    let double = |high: u32, low: u32| {
        let bits = (u64::from(high) << 32 | u64::from(low)) >> 11;
        bits as f64 / (1u64 << 53) as f64
    };
    [(a, b), (c, d)].map(|(high, low)| std::array::from_fn(|lane| double(high[lane], low[lane])))
}

/// `r cos 2πv, r sin 2πv` with `r = √(−2 ln(1 − u))`: two normal numbers from two uniform ones
#[inline(always)]
fn box_muller<T: Float>(u: Lanes<T>, v: Lanes<T>) -> [Lanes<T>; 2] {
    let mut found = [u, v];
    let [first, second] = &mut found;
    for (u, v) in first.iter_mut().zip(second) {
        let r = (T::from_f64(-2.0) * (T::ONE - *u).ln()).sqrt();
        let [cosine, sine] = v.turn();
        (*u, *v) = (r * cosine, r * sine);
    }
    found
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
        self.blocks::<1>(index).map(|[word]| word)
    }

    /// Consecutive blocks: the first words of all, the second words, and so on.
    #[inline(always)]
    fn blocks<const L: usize>(&self, first: u64) -> [[u32; L]; 4] {
        let index: [_; L] = std::array::from_fn(|lane| halves(first + lane as u64));
        let [low, high] = [0, 1].map(|half| index.map(|index| index[half]));
        let [step_low, step_high] = self.step.map(|half| [half; L]);
        philox([low, high, step_low, step_high], self.key)
    }
}

#[inline(always)]
fn halves(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

/// Philox4x32 with ten rounds, of several counters side by side.
#[inline(always)]
fn philox<const L: usize>(
    [mut a, mut b, mut c, mut d]: [[u32; L]; 4],
    key: [u32; 2],
) -> [[u32; L]; 4] {
    for round in 0..10 {
        let k0 = key[0].wrapping_add(0x9E37_79B9u32.wrapping_mul(round));
        let k1 = key[1].wrapping_add(0xBB67_AE85u32.wrapping_mul(round));
        let lanes = a.iter_mut().zip(&mut b).zip(c.iter_mut().zip(&mut d));
        for ((a, b), (c, d)) in lanes {
            let [low0, high0] = halves(u64::from(*a) * 0xD251_1F53);
            let [low1, high1] = halves(u64::from(*c) * 0xCD9E_8D57);
            (*a, *b) = (high1 ^ *b ^ k0, low1);
            (*c, *d) = (high0 ^ *d ^ k1, low0);
        }
    }
    [a, b, c, d]
}

/// Random words without end.
#[derive(Clone, Debug)]
pub struct Stream {
    source: Source,
    block: Words,
    next: u64,
}

/// The words of `(seed, place, step)`, those that [`random`] draws from too.
pub fn stream(seed: i64, place: u64, step: i64) -> Stream {
    Stream {
        source: Source::new(seed, place, step),
        block: [0; 4],
        next: 0,
    }
}

impl Iterator for Stream {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let place = self.next % 4;
        if place == 0 {
            self.block = self.source.block(self.next / 4);
        }
        let word = self.block[place as usize];
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
        let philox =
            |counter: Words, key| super::philox(counter.map(|word| [word]), key).map(|[word]| word);
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
    fn a_stream_has_the_words_of_the_elements() {
        let uniform = random(Distribution::Uniform, 1, 2, 3, &[99], DType::F32).to_f64();
        let words = stream(1, 2, 3).map(|word| f64::from(word >> 8) / f64::from(1 << 24));
        assert!(words.take(99).eq(uniform));
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
