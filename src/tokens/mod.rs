//! Texts as numbers and back: a tokenizer cuts a text into tokens and knows the number of each, and the bytes that a number stands
//! for. Knows no files, no rows and no models; what it has learnt is saved with a model as it is.

mod bpe;
mod chars;
mod decoder;
mod pieces;
mod train;
mod vocabulary_file;
mod words;

pub use bpe::Bpe;
pub use chars::Chars;
pub use decoder::Decoder;
pub use pieces::pieces;
pub use train::train;
pub use vocabulary_file::{FileError, read};
pub use words::Words;

use serde::{Deserialize, Serialize};

/// What a text consists of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "tokens", rename_all = "snake_case")]
pub enum Tokenizer {
    /// Characters.
    Chars(Chars),
    /// Words, each with the space before it.
    Words(Words),
    /// Pairs of bytes that often stand together, and pairs of these.
    Bpe(Bpe),
}

impl Tokenizer {
    /// The numbers of a text's tokens, or the first part of it that has none.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>, String> {
        match self {
            Tokenizer::Chars(own) => own.encode(text).map_err(String::from),
            Tokenizer::Words(own) => Ok(own.encode(text)),
            Tokenizer::Bpe(own) => Ok(own.encode(text)),
        }
    }

    /// The bytes that a number stands for, which may end within a character; nothing for a number of no token.
    pub fn bytes(&self, id: usize) -> Option<Vec<u8>> {
        match self {
            Tokenizer::Chars(own) => own.bytes(id),
            Tokenizer::Words(own) => own.bytes(id),
            Tokenizer::Bpe(own) => own.bytes(id),
        }
    }

    /// What a number stands for, to be looked at: where it ends within a character, that is shown as `�`.
    pub fn shown(&self, id: i64) -> String {
        let id = usize::try_from(id).ok();
        let bytes = id.and_then(|id| self.bytes(id)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// How many numbers there are.
    pub fn len(&self) -> usize {
        match self {
            Tokenizer::Chars(own) => own.len(),
            Tokenizer::Words(own) => own.len(),
            Tokenizer::Bpe(own) => own.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What one token is called.
    pub fn noun(&self) -> &'static str {
        match self {
            Tokenizer::Chars(_) => "character",
            Tokenizer::Words(_) => "word",
            Tokenizer::Bpe(_) => "token",
        }
    }
}
