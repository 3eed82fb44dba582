//! Characters as numbers, in the order of their code points.

use serde::{Deserialize, Serialize};

/// Characters in the order of their numbers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub struct Chars {
    letters: Vec<char>,
    unknown: Option<char>,
}

#[derive(Serialize, Deserialize)]
struct Saved {
    vocabulary: String,
    unknown: Option<char>,
}

impl Chars {
    /// These characters, of which `unknown`, one of them whether or not it is met, stands for all others.
    pub fn new(letters: impl IntoIterator<Item = char>, unknown: Option<char>) -> Chars {
        let mut letters: Vec<char> = letters.into_iter().chain(unknown).collect();
        letters.sort_unstable();
        letters.dedup();
        Chars { letters, unknown }
    }

    /// The number of a character; that of `unknown` for those that have none.
    pub fn number(&self, letter: char) -> Option<i64> {
        let place = |letter: char| self.letters.binary_search(&letter).ok();
        let place = place(letter).or_else(|| place(self.unknown?));
        place.and_then(|place| i64::try_from(place).ok())
    }

    pub(super) fn encode(&self, text: &str) -> Result<Vec<i64>, char> {
        let number = |letter| self.number(letter).ok_or(letter);
        text.chars().map(number).collect()
    }

    pub(super) fn bytes(&self, id: usize) -> Option<Vec<u8>> {
        Some(self.letters.get(id)?.to_string().into_bytes())
    }

    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }
}

impl From<Saved> for Chars {
    fn from(saved: Saved) -> Chars {
        Chars::new(saved.vocabulary.chars(), saved.unknown)
    }
}

impl From<Chars> for Saved {
    fn from(own: Chars) -> Saved {
        Saved {
            vocabulary: own.letters.into_iter().collect(),
            unknown: own.unknown,
        }
    }
}
