//! Which pairs to join: those that stand most often together in a text, one after the other (Sennrich, Haddow and Birch 2016).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use crate::tokens::Bpe;
use crate::tokens::bpe::{Saved, join, letter_of};

/// The fewest tokens: one a byte.
const BYTES: usize = 256;

/// A tokenizer of at most so many tokens, 256 at least, from pieces of text and how often each occurs. Pairs that stand together
/// once only are left apart; of equally frequent ones those of smaller numbers come first.
pub fn train(counts: &BTreeMap<&str, u64>, most: usize) -> Bpe {
    let mut learner = Learner::new(counts);
    let mut merges = vec![];
    while BYTES + merges.len() < most {
        let Some(pair) = learner.most_frequent() else {
            break;
        };
        learner.join(pair, (BYTES + merges.len()) as u32);
        merges.push(pair);
    }
    written(&merges)
}

fn written(merges: &[[u32; 2]]) -> Bpe {
    let mut vocabulary: Vec<String> = (0..=255).map(|byte| letter_of(byte).to_string()).collect();
    let mut pairs = vec![];
    for pair in merges {
        let pair = pair.map(|id| vocabulary[id as usize].clone());
        vocabulary.push(pair.concat());
        pairs.push(pair);
    }
    let saved = Saved {
        vocabulary,
        merges: pairs,
        special: vec![],
    };
    Bpe::try_from(saved).expect("pairs are of bytes and of earlier pairs")
}

/// Pieces as far as they are joined, and the pairs in them.
struct Learner {
    pieces: Vec<(Vec<u32>, u64)>,
    counts: HashMap<[u32; 2], u64>,
    /// The pieces that a pair has stood in.
    places: HashMap<[u32; 2], BTreeSet<usize>>,
    /// Pairs by how often they stand somewhere, some of them as they were before.
    queue: BinaryHeap<(u64, Reverse<[u32; 2]>)>,
}

impl Learner {
    fn new(counts: &BTreeMap<&str, u64>) -> Learner {
        let ids = |piece: &str| piece.bytes().map(u32::from).collect();
        let mut learner = Learner {
            pieces: counts.iter().map(|(piece, n)| (ids(piece), *n)).collect(),
            counts: HashMap::new(),
            places: HashMap::new(),
            queue: BinaryHeap::new(),
        };
        let all: BTreeSet<usize> = (0..learner.pieces.len()).collect();
        let changed = all.iter().flat_map(|piece| learner.enter(*piece)).collect();
        learner.line_up(&changed);
        learner
    }

    /// The pair that stands most often together, more than once.
    fn most_frequent(&mut self) -> Option<[u32; 2]> {
        loop {
            let (count, Reverse(pair)) = self.queue.pop()?;
            if count < 2 {
                return None;
            }
            if self.counts.get(&pair) == Some(&count) {
                return Some(pair);
            }
        }
    }

    fn join(&mut self, pair: [u32; 2], whole: u32) {
        let mut changed = BTreeSet::new();
        for piece in self.places.remove(&pair).unwrap_or_default() {
            changed.extend(self.leave(piece));
            join(&mut self.pieces[piece].0, |own| *own == pair, whole);
            changed.extend(self.enter(piece));
        }
        self.line_up(&changed);
    }

    /// Counts the pairs of a piece.
    fn enter(&mut self, piece: usize) -> Vec<[u32; 2]> {
        let (ids, n) = &self.pieces[piece];
        let pairs: Vec<[u32; 2]> = ids.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        for pair in &pairs {
            *self.counts.entry(*pair).or_default() += n;
            self.places.entry(*pair).or_default().insert(piece);
        }
        pairs
    }

    /// Counts the pairs of a piece no more.
    fn leave(&mut self, piece: usize) -> Vec<[u32; 2]> {
        let (ids, n) = &self.pieces[piece];
        let pairs: Vec<[u32; 2]> = ids.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        for pair in &pairs {
            *self.counts.entry(*pair).or_default() -= n;
        }
        pairs
    }

    fn line_up(&mut self, changed: &BTreeSet<[u32; 2]>) {
        for pair in changed {
            let count = self.counts.get(pair).copied().unwrap_or(0);
            self.queue.push((count, Reverse(*pair)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_pair_is_joined_first() {
        let counts = BTreeMap::from([("low", 5), ("lower", 2), ("newest", 6), ("widest", 3)]);
        let own = train(&counts, 260);
        let token = |id| String::from_utf8(own.bytes(id).expect("a token")).expect("letters");
        assert_eq!(
            (256..own.len()).map(token).collect::<Vec<_>>(),
            ["es", "est", "lo", "low"]
        );
        assert_eq!(own.encode("lowest"), [259, 257]);
    }

    #[test]
    fn every_text_comes_back() {
        let text = "καὶ ἰδοὺ 日本語 日本 🐋🐋 \u{0}\r\n  x";
        let mut counts = BTreeMap::new();
        crate::tokens::pieces(text).for_each(|piece| *counts.entry(piece).or_default() += 3);
        let own = train(&counts, 300);
        let bytes = own
            .encode(text)
            .into_iter()
            .flat_map(|id| own.bytes(id as usize).expect("a token"));
        assert_eq!(String::from_utf8(bytes.collect()).expect("whole"), text);
        assert_eq!(Bpe::try_from(Saved::from(own.clone())).expect("sound"), own);
    }
}
