//! Texts as rows of token numbers: what a tokenizer learns from the train part, and what it makes of each row.

use std::collections::BTreeMap;

use crate::data::block::{Block, Content};
use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::spec::{PadSpec, Pairs};
use crate::data::table::{Cells, Column};
use crate::data::transform::Fitted;
use crate::tensor::Tensor;
use crate::tokens::{Bpe, Chars, Tokenizer, Words, pieces, train};
use crate::types::DType;

/// The numbers of each row's tokens.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    ids: Vec<i64>,
    /// Where each row ends; nothing where each is one token, as letters of a text are.
    ends: Option<Vec<usize>>,
}

impl Tokens {
    pub(crate) fn row(&self, row: u32) -> &[i64] {
        &self.ids[self.start(row)..self.start(row + 1)]
    }

    /// Where a row begins, and the one before it ends.
    fn start(&self, row: u32) -> usize {
        let row = row as usize;
        match &self.ends {
            None => row,
            Some(ends) => row.checked_sub(1).map_or(0, |before| ends[before]),
        }
    }

    fn n_rows(&self) -> usize {
        self.ends.as_ref().map_or(self.ids.len(), Vec::len)
    }

    /// The tokens of some rows, one after the other, `[n]`.
    pub(crate) fn series(&self, rows: &[u32]) -> Tensor {
        let mut ids = vec![];
        for together in rows.chunk_by(|row, next| row + 1 == *next) {
            if let (Some(first), Some(last)) = (together.first(), together.last()) {
                ids.extend_from_slice(&self.ids[self.start(*first)..self.start(last + 1)]);
            }
        }
        Tensor::from_vec(vec![ids.len()], ids)
    }

    /// The row of each token in a series of some rows.
    pub(crate) fn rows(&self, rows: &[u32]) -> Vec<u32> {
        if self.ends.is_none() {
            return rows.to_vec();
        }
        let each = rows.iter().map(|row| (*row, self.row(*row).len()));
        each.flat_map(|(row, n)| std::iter::repeat_n(row, n))
            .collect()
    }
}

// Fitting ------------------------------------------------------------------------------------------------------------------

/// The characters of the train part; `unknown` is among them whether or not it is met.
pub(crate) fn fit_chars(
    block: &Block<'_>,
    train: &[u32],
    unknown: Option<char>,
) -> Result<Fitted, Fault> {
    let met = counts(block, train, "chars")?;
    let letters = met.keys().flat_map(|text| text.chars());
    Ok(Fitted::Chars(Chars::new(letters, unknown)))
}

/// The most frequent words of the train part.
pub(crate) fn fit_words(
    block: &Block<'_>,
    train: &[u32],
    most: Option<usize>,
    unknown: &str,
) -> Result<Fitted, Fault> {
    let met = piece_counts(counts(block, train, "words")?);
    Ok(Fitted::Words(Words::new(&met, most, unknown)))
}

/// The pairs that stand together most often in the train part, or those of a file.
pub(crate) fn fit_bpe(block: &Block<'_>, rows: &[u32], pairs: &Pairs) -> Result<Fitted, Fault> {
    let met = counts(block, rows, "bpe")?;
    Ok(Fitted::Bpe(match pairs {
        Pairs::Learnt(most) => train(&piece_counts(met), *most),
        Pairs::Read(own) => Bpe::clone(own),
        Pairs::File(_) => unreachable!("files are read before anything is fitted"),
    }))
}

/// How often each text occurs in some rows.
fn counts<'b>(
    block: &'b Block<'_>,
    rows: &[u32],
    wanted_by: &str,
) -> Result<BTreeMap<&'b str, u64>, Fault> {
    let (codes, words) = text_cells(block, wanted_by)?;
    let mut counts = vec![0; words.len()];
    rows.iter()
        .for_each(|row| counts[codes[*row as usize] as usize] += 1);
    let met = words.iter().map(String::as_str).zip(counts);
    Ok(met.filter(|(_, count)| *count > 0).collect())
}

fn piece_counts(texts: BTreeMap<&str, u64>) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for (text, n) in texts {
        pieces(text).for_each(|piece| *counts.entry(piece).or_default() += n);
    }
    counts
}

// Applying -----------------------------------------------------------------------------------------------------------------

pub(crate) fn apply_chars<'t>(own: &Chars, block: Block<'t>) -> Result<Block<'t>, Fault> {
    encoded(&Tokenizer::Chars(own.clone()), "chars", block)
}

pub(crate) fn apply_words<'t>(own: &Words, block: Block<'t>) -> Result<Block<'t>, Fault> {
    encoded(&Tokenizer::Words(own.clone()), "words", block)
}

pub(crate) fn apply_bpe<'t>(own: &Bpe, block: Block<'t>) -> Result<Block<'t>, Fault> {
    encoded(&Tokenizer::Bpe(own.clone()), "bpe", block)
}

/// A text before and behind each row.
pub(crate) fn apply_ends<'t>(text: &str, block: Block<'t>) -> Result<Block<'t>, Fault> {
    let (codes, words) = text_cells(&block, "ends")?;
    if block.table.runs_on {
        let fault = Fault::new(
            codes::BAD_SETTING,
            "a text has no rows to end",
            "rows run on",
        );
        return Err(fault.help("read `lines(\"path/to/file.txt\")`, a row a line"));
    }
    let own = Column {
        name: block.columns[0].clone(),
        position: 0,
        cells: Cells::Text {
            codes: codes.to_vec(),
            words: words
                .iter()
                .map(|word| format!("{text}{word}{text}"))
                .collect(),
        },
        missing: vec![],
    };
    Ok(Block {
        content: Content::Cells(vec![std::borrow::Cow::Owned(own)]),
        ..block
    })
}

/// The tokens of every row.
fn encoded<'t>(own: &Tokenizer, wanted_by: &str, block: Block<'t>) -> Result<Block<'t>, Fault> {
    let (codes, words) = text_cells(&block, wanted_by)?;
    let known: Vec<Result<Vec<i64>, String>> = words.iter().map(|word| own.encode(word)).collect();
    let tokens = of_single_tokens(codes, &known).or_else(|| of_tokens(codes, &known));
    let tokens = tokens.ok_or_else(|| unseen(&block, codes, &known))?;
    Ok(Block {
        content: Content::Tokens(tokens),
        ..block
    })
}

/// Rows of one token each; nothing where some are not.
fn of_single_tokens(codes: &[u32], known: &[Result<Vec<i64>, String>]) -> Option<Tokens> {
    let single = |own: &Result<Vec<i64>, String>| match own.as_deref() {
        Ok(&[id]) => Some(id),
        Ok(_) | Err(_) => None,
    };
    let single: Vec<i64> = known.iter().map(single).collect::<Option<_>>()?;
    let ids = codes.iter().map(|code| single[*code as usize]).collect();
    Some(Tokens { ids, ends: None })
}

/// Rows of any number of tokens; nothing where some have none.
fn of_tokens(codes: &[u32], known: &[Result<Vec<i64>, String>]) -> Option<Tokens> {
    let (mut ids, mut ends) = (vec![], Vec::with_capacity(codes.len()));
    for &code in codes {
        ids.extend_from_slice(known[code as usize].as_ref().ok()?);
        ends.push(ids.len());
    }
    let ends = Some(ends);
    Some(Tokens { ids, ends })
}

/// The texts of a block of one column of them.
fn text_cells<'b>(
    block: &'b Block<'_>,
    wanted_by: &str,
) -> Result<(&'b [u32], &'b [String]), Fault> {
    let columns = block.cells(wanted_by)?;
    let [column] = columns else {
        let message = format!(
            "`{wanted_by}` takes one text, and is given {}",
            columns.len()
        );
        return Err(Fault::new(codes::BAD_SETTING, message, "several columns"));
    };
    match &column.cells {
        Cells::Text { codes, words } => Ok((codes, words)),
        Cells::Bool(_) | Cells::Int(_) | Cells::Float(_) => Err(no_text(column, wanted_by)),
        Cells::Blank(_) | Cells::Image(_) => Err(no_text(column, wanted_by)),
    }
}

fn no_text(column: &Column, wanted_by: &str) -> Fault {
    let message = format!(
        "`{wanted_by}` takes a text, and column {} holds none",
        shown(&column.name)
    );
    Fault::new(codes::NOT_CATEGORICAL, message, "needs a text")
        .help(
            "take a column of texts, or read a file of text: `source: text(\"path/to/file.txt\")`",
        )
        .in_column(&column.name)
}

fn unseen(block: &Block<'_>, codes: &[u32], known: &[Result<Vec<i64>, String>]) -> Fault {
    let own = |row: &u32| known[*row as usize].as_ref().err();
    let row = codes
        .iter()
        .position(|code| own(code).is_some())
        .unwrap_or(0);
    let letter = own(&codes[row]).map_or("", String::as_str);
    let message = format!(
        "the train part never shows the character {}: {}",
        shown(letter),
        block.table.line_of(row)
    );
    let letters: std::collections::BTreeSet<&String> =
        known.iter().filter_map(|own| own.as_ref().err()).collect();
    let n_rows = codes.iter().filter_map(own).count();
    let label = format!("{} of no number", counted(letters.len(), "character"));
    Fault::new(codes::UNSEEN_CATEGORY, message, label)
        .note(format!(
            "met {} outside the train part",
            counted(n_rows, "time")
        ))
        .help("let one character stand for all others: `chars(unknown: \"?\")`, or train on more")
}

// One length ---------------------------------------------------------------------------------------------------------------

/// Rows of tokens as rows of one length, `[rows, length]`: zeros behind them, or where they are.
pub(crate) fn padded(
    block: &Block<'_>,
    own: PadSpec,
    rows: &[u32],
    float: DType,
) -> Result<Tensor, Fault> {
    let tokens = block.tokens().ok_or_else(no_tokens)?;
    let mut ids = vec![0; rows.len() * own.length];
    for (row, places) in rows.iter().zip(ids.chunks_exact_mut(own.length)) {
        let all = tokens.row(*row);
        if all.len() > own.reach && !own.cuts {
            return Err(too_long(block, tokens, own, *row));
        }
        for (place, id) in places.iter_mut().zip(all.iter().skip(own.shift)) {
            *place = if own.is_mask { 1 } else { *id };
        }
    }
    let ids = Tensor::from_vec(vec![rows.len(), own.length], ids);
    Ok(match own.is_mask {
        true => ids.cast(float),
        false => ids,
    })
}

pub(crate) fn no_tokens() -> Fault {
    Fault::new(
        codes::RAGGED_TOKENS,
        "only tokens are padded",
        "a row of one length already",
    )
    .help("make tokens of a text first: `|> chars(size: vocab)`")
}

fn too_long(block: &Block<'_>, tokens: &Tokens, own: PadSpec, row: u32) -> Fault {
    let n_rows = u32::try_from(tokens.n_rows()).unwrap_or(u32::MAX);
    let longest = (0..n_rows)
        .map(|row| tokens.row(row).len())
        .max()
        .unwrap_or(0);
    let message = format!(
        "{} has {}, and {} are taken",
        block.table.line_of(row as usize),
        counted(tokens.row(row).len(), "token"),
        own.reach
    );
    Fault::new(
        codes::LONG_ROW,
        message,
        format!("the longest row has {longest}"),
    )
    .help("take longer rows, or leave out what is too much: `cut: true`")
}
