//! Words as numbers, the most frequent first; the first number stands for words that have none.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use crate::tokens::pieces;

/// Words in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Words {
    words: Vec<String>,
    numbers: HashMap<String, i64>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    words: Vec<String>,
}

impl Words {
    /// The most frequent of some words, `most` numbers in all; equally frequent ones in the order of their characters. `unknown`
    /// stands for the others.
    pub fn new(counts: &BTreeMap<&str, u64>, most: Option<usize>, unknown: &str) -> Words {
        let mut falling: Vec<(&str, u64)> = counts.iter().map(|(word, n)| (*word, *n)).collect();
        falling.retain(|(word, _)| *word != unknown);
        falling.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let words = falling.into_iter().map(|(word, _)| word.to_owned());
        let all = std::iter::once(unknown.to_owned()).chain(words);
        Words::from(Saved {
            words: all.take(most.unwrap_or(usize::MAX)).collect(),
        })
    }

    pub(super) fn encode(&self, text: &str) -> Vec<i64> {
        let number = |piece| self.numbers.get(piece).copied().unwrap_or(0);
        pieces(text).map(number).collect()
    }

    pub(super) fn bytes(&self, id: usize) -> Option<Vec<u8>> {
        Some(self.words.get(id)?.clone().into_bytes())
    }

    pub(super) fn len(&self) -> usize {
        self.words.len()
    }
}

impl From<Saved> for Words {
    fn from(Saved { words }: Saved) -> Words {
        let numbers = (0..)
            .zip(&words)
            .map(|(number, word)| (word.clone(), number));
        Words {
            numbers: numbers.collect(),
            words,
        }
    }
}

impl From<Words> for Saved {
    fn from(Words { words, .. }: Words) -> Saved {
        Saved { words }
    }
}
