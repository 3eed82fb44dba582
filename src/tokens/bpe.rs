//! Byte-pair encoding (Gage 1994; Sennrich, Haddow and Birch 2016) of bytes, as GPT-2 has it (Radford et al. 2019): every text has
//! tokens, and comes back from them as it was.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::tokens::pieces;

/// Tokens, and which pairs of them become one. A token is written with a character for each byte, GPT-2's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Bpe {
    /// The bytes of each token, empty for a number that none has.
    tokens: Vec<Vec<u8>>,
    /// The tokens of single bytes.
    letters: Vec<u32>,
    /// Of pairs, the place in the order in which they are joined, and what they become.
    pairs: HashMap<[u32; 2], (u32, u32)>,
    /// Tokens that stand for no text, in order of their numbers.
    special: Vec<u32>,
}

/// What makes up a [`Bpe`].
#[derive(Serialize, Deserialize)]
pub(super) struct Saved {
    pub(super) vocabulary: Vec<String>,
    /// Pairs in the order in which they are joined.
    pub(super) merges: Vec<[String; 2]>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) special: Vec<u32>,
}

/// Why tokens and pairs do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum BadPairs {
    /// A byte has no token.
    #[error("byte 0x{0:02x} has no token")]
    NoByte(u8),
    /// A pair is of tokens that there are not, or becomes none.
    #[error("`{0}` and `{1}` are joined, and these or what they make are no tokens")]
    NoToken(String, String),
}

impl Bpe {
    /// The tokens of a text: of each of its pieces, the bytes, of which the pair that comes first in order is joined wherever it
    /// stands, until no pair is left.
    pub(super) fn encode(&self, text: &str) -> Vec<i64> {
        let mut known: HashMap<&str, Vec<i64>> = HashMap::new();
        let mut ids = vec![];
        for part in self.parts(text) {
            match part {
                Part::Special(id) => ids.push(i64::from(id)),
                Part::Text(text) => pieces(text).for_each(|piece| {
                    let own = known.entry(piece).or_insert_with(|| self.joined(piece));
                    ids.extend_from_slice(own);
                }),
            }
        }
        ids
    }

    pub(super) fn bytes(&self, id: usize) -> Option<Vec<u8>> {
        self.tokens.get(id).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    fn joined(&self, piece: &str) -> Vec<i64> {
        let mut ids: Vec<u32> = piece
            .bytes()
            .map(|byte| self.letters[byte as usize])
            .collect();
        let rank = |pair: &[u32]| self.pairs.get(&[pair[0], pair[1]]).copied();
        while let Some((first, whole)) = ids.windows(2).filter_map(rank).min() {
            let is_first = |pair: &[u32]| rank(pair).is_some_and(|(own, _)| own == first);
            join(&mut ids, is_first, whole);
        }
        ids.into_iter().map(i64::from).collect()
    }

    /// A text between its special tokens.
    fn parts<'t>(&self, text: &'t str) -> Vec<Part<'t>> {
        let mut parts = vec![];
        let mut rest = text;
        while let Some((at, id, length)) = self.first_special(rest) {
            parts.extend([Part::Text(&rest[..at]), Part::Special(id)]);
            rest = &rest[at + length..];
        }
        parts.push(Part::Text(rest));
        parts
    }

    /// The first special token, the longest of those that begin there: where, which, how long.
    fn first_special(&self, text: &str) -> Option<(usize, u32, usize)> {
        let place = |&id: &u32| {
            let own = std::str::from_utf8(&self.tokens[id as usize]).ok()?;
            Some((text.find(own).filter(|_| !own.is_empty())?, id, own.len()))
        };
        let found = self.special.iter().filter_map(place);
        found.min_by_key(|(at, _, length)| (*at, std::cmp::Reverse(*length)))
    }
}

enum Part<'t> {
    Text(&'t str),
    Special(u32),
}

/// Joins the pairs of a kind from the left, so that none overlap.
pub(super) fn join(ids: &mut Vec<u32>, is_joined: impl Fn(&[u32]) -> bool, whole: u32) {
    let (mut from, mut to) = (0, 0);
    while from < ids.len() {
        let is_pair = from + 1 < ids.len() && is_joined(&ids[from..from + 2]);
        ids[to] = if is_pair { whole } else { ids[from] };
        from += if is_pair { 2 } else { 1 };
        to += 1;
    }
    ids.truncate(to);
}

/// The character that a byte is written with: itself where it can be seen, else one from U+0100 on.
pub(super) fn letter_of(byte: u8) -> char {
    let is_seen = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    match is_seen(byte) {
        true => char::from(byte),
        false => {
            let hidden = (0..byte).filter(|other| !is_seen(*other)).count();
            char::from_u32(0x100 + hidden as u32).expect("68 bytes are hidden")
        }
    }
}

/// The bytes of a token as it is written; one that is written otherwise stands for its own text.
fn bytes_of(written: &str, bytes: &HashMap<char, u8>) -> Vec<u8> {
    let own: Option<Vec<u8>> = written
        .chars()
        .map(|letter| bytes.get(&letter).copied())
        .collect();
    own.unwrap_or_else(|| written.as_bytes().to_vec())
}

impl TryFrom<Saved> for Bpe {
    type Error = BadPairs;

    fn try_from(saved: Saved) -> Result<Bpe, BadPairs> {
        let numbered = (0..).zip(&saved.vocabulary);
        let numbers: HashMap<&str, u32> =
            numbered.map(|(id, token)| (token.as_str(), id)).collect();
        let letter = |byte: u8| {
            let id = numbers.get(letter_of(byte).to_string().as_str());
            id.copied().ok_or(BadPairs::NoByte(byte))
        };
        let pair = |(rank, [left, right]): (u32, &[String; 2])| {
            let id = |token: &str| numbers.get(token).copied();
            let both = id(left).zip(id(right)).zip(id(&format!("{left}{right}")));
            let ((a, b), whole) =
                both.ok_or_else(|| BadPairs::NoToken(left.clone(), right.clone()))?;
            Ok(([a, b], (rank, whole)))
        };
        let bytes: HashMap<char, u8> = (0..=255).map(|byte| (letter_of(byte), byte)).collect();
        let token = |(id, written): (u32, &String)| match saved.special.contains(&id) {
            true => written.as_bytes().to_vec(),
            false => bytes_of(written, &bytes),
        };
        Ok(Bpe {
            letters: (0..=255).map(letter).collect::<Result<_, _>>()?,
            pairs: (0..)
                .zip(&saved.merges)
                .map(pair)
                .collect::<Result<_, _>>()?,
            tokens: (0..).zip(&saved.vocabulary).map(token).collect(),
            special: saved
                .special
                .into_iter()
                .filter(|id| (*id as usize) < saved.vocabulary.len())
                .collect(),
        })
    }
}

impl From<Bpe> for Saved {
    fn from(own: Bpe) -> Saved {
        let written = |id: u32| -> String {
            let bytes = &own.tokens[id as usize];
            match own.special.contains(&id) {
                true => String::from_utf8_lossy(bytes).into_owned(),
                false => bytes.iter().map(|byte| letter_of(*byte)).collect(),
            }
        };
        let mut order: Vec<([u32; 2], u32)> = own
            .pairs
            .iter()
            .map(|(pair, (rank, _))| (*pair, *rank))
            .collect();
        order.sort_by_key(|(_, rank)| *rank);
        let merges = order.into_iter().map(|(pair, _)| pair.map(written));
        Saved {
            merges: merges.collect(),
            vocabulary: (0..own.tokens.len() as u32).map(written).collect(),
            special: own.special.clone(),
        }
    }
}
