//! `tokenizer.json`, the file of Hugging Face's tokenizers, as far as it is byte-pair encoding of bytes in GPT-2's pieces. What it says
//! otherwise is refused: other pieces would be other tokens.

use serde::Deserialize;
use serde_json::Value;

use crate::tokens::Bpe;
use crate::tokens::bpe::{BadPairs, Saved};

/// Why a file is no tokenizer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is another kind of file.
    #[error("it is no `tokenizer.json`: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It asks for something that this reader does not know.
    #[error("its {part} is `{found}`, and `{known}` is what can be read")]
    Other {
        /// Which part of the file.
        part: &'static str,
        /// What it says.
        found: String,
        /// What it should say.
        known: &'static str,
    },
    /// Its tokens and pairs do not fit together.
    #[error(transparent)]
    Pairs(#[from] BadPairs),
    /// Its numbers are too far apart.
    #[error("token `{token}` has number {number}, of {count} tokens")]
    Gap {
        /// The token.
        token: String,
        /// Its number.
        number: u32,
        /// How many there are.
        count: usize,
    },
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<Added>,
    normalizer: Option<Value>,
    pre_tokenizer: Option<PreTokenizer>,
    model: Model,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
    content: String,
}

#[derive(Deserialize)]
struct PreTokenizer {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    add_prefix_space: bool,
    #[serde(default = "yes")]
    use_regex: bool,
}

#[derive(Deserialize)]
struct Model {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    byte_fallback: bool,
    vocab: serde_json::Map<String, Value>,
    merges: Vec<Merge>,
}

/// A pair in the older form, apart by a space, or in the newer.
#[derive(Deserialize)]
#[serde(untagged)]
enum Merge {
    Line(String),
    Pair([String; 2]),
}

fn yes() -> bool {
    true
}

/// The tokenizer that a file describes.
pub fn read(text: &str) -> Result<Bpe, FileError> {
    let file: File = serde_json::from_str(text)?;
    check(&file)?;
    let merges = file.model.merges.iter().map(pair).collect();
    let special = file.added_tokens.iter().map(|added| added.id).collect();
    let own = file
        .model
        .vocab
        .iter()
        .map(|(token, id)| Ok((token.clone(), serde_json::from_value(id.clone())?)));
    let mut numbered: Vec<(String, u32)> = own.collect::<Result<_, serde_json::Error>>()?;
    numbered.extend(
        file.added_tokens
            .into_iter()
            .map(|added| (added.content, added.id)),
    );
    Ok(Bpe::try_from(Saved {
        vocabulary: in_order(numbered)?,
        merges,
        special,
    })?)
}

fn check(file: &File) -> Result<(), FileError> {
    let other = |part, found: String, known| Err(FileError::Other { part, found, known });
    if let Some(normalizer) = file.normalizer.as_ref().filter(|own| !own.is_null()) {
        let found = normalizer["type"].as_str().unwrap_or("unknown").to_owned();
        return other("normalizer", found, "null");
    }
    match (&file.model.kind, file.model.byte_fallback) {
        (Some(kind), _) if kind != "BPE" => return other("model", kind.clone(), "BPE"),
        (_, true) => return other("byte_fallback", "true".to_owned(), "false"),
        (_, false) => {}
    }
    match &file.pre_tokenizer {
        Some(own) if own.kind == "ByteLevel" && own.use_regex && !own.add_prefix_space => Ok(()),
        Some(own) if own.kind != "ByteLevel" => {
            other("pre_tokenizer", own.kind.clone(), "ByteLevel")
        }
        Some(own) if own.add_prefix_space => other("add_prefix_space", "true".to_owned(), "false"),
        Some(_) => other("use_regex", "false".to_owned(), "true"),
        None => other("pre_tokenizer", "null".to_owned(), "ByteLevel"),
    }
}

fn pair(merge: &Merge) -> [String; 2] {
    match merge {
        Merge::Pair(pair) => pair.clone(),
        Merge::Line(line) => {
            let (left, right) = line.split_once(' ').unwrap_or((line, ""));
            [left.to_owned(), right.to_owned()]
        }
    }
}

/// Tokens in the order of their numbers; numbers that none has are empty, and few.
fn in_order(numbered: Vec<(String, u32)>) -> Result<Vec<String>, FileError> {
    let count = numbered.len();
    let mut tokens = vec![];
    for (token, number) in numbered {
        if number as usize >= 2 * count + 1024 {
            return Err(FileError::Gap {
                token,
                number,
                count,
            });
        }
        let place = number as usize;
        tokens.resize(tokens.len().max(place + 1), String::new());
        tokens[place] = token;
    }
    Ok(tokens)
}
