//! The patterns of `einsum` and `rearrange`, read at compile time.

use crate::ir::draft::{Einsum, LetterGroup, Rearrange};
use crate::types::Dim;

/// What is wrong with a pattern, and where inside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    pub(crate) at: usize,
    pub(crate) len: usize,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) help: String,
}

/// A name or sign of a pattern with its place.
#[derive(Clone, Debug, PartialEq)]
struct Token<'a> {
    text: &'a str,
    at: usize,
}

impl Token<'_> {
    fn problem(
        &self,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> Problem {
        Problem {
            at: self.at,
            len: self.text.len(),
            message: message.into(),
            label: label.into(),
            help: help.into(),
        }
    }

    fn is_letter(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_alphabetic())
    }
}

/// Reads `"b i j, b j k -> b i k"` for this many operands. Where no group has a space, as in `"ij,jk->ik"`, every character is
/// a letter of its own.
pub(crate) fn einsum(text: &str, n_operands: usize) -> Result<Einsum, Problem> {
    let (left, right) = halves(text)?;
    let mut operands: Vec<Vec<Token<'_>>> = left
        .split(|token| token.text == ",")
        .map(<[_]>::to_vec)
        .collect();
    let mut right = right;
    if operands
        .iter()
        .chain([&right])
        .all(|letters| letters.len() <= 1)
    {
        operands = operands.iter().map(|letters| characters(letters)).collect();
        right = characters(&right);
    }
    for letters in operands.iter().chain([&right]) {
        only_letters(letters)?;
        no_repeats(letters)?;
    }
    if operands.len() != n_operands {
        let message = format!(
            "the pattern speaks of {} operands, {n_operands} are given",
            operands.len()
        );
        return Err(whole(
            text,
            message,
            "one group of letters an operand, parted by commas",
        ));
    }
    let known = |token: &Token<'_>| {
        operands
            .iter()
            .flatten()
            .any(|letter| letter.text == token.text)
    };
    if let Some(unknown) = right.iter().find(|token| !known(token)) {
        return Err(unknown.problem(
            format!("`{}` occurs in no operand", unknown.text),
            "only in the result",
            "name it in an operand, or leave it out",
        ));
    }
    let names =
        |letters: &Vec<Token<'_>>| letters.iter().map(|token| token.text.to_string()).collect();
    Ok(Einsum {
        operands: operands.iter().map(names).collect(),
        out: names(&right),
    })
}

fn characters<'a>(letters: &[Token<'a>]) -> Vec<Token<'a>> {
    let each = |token: &Token<'a>| {
        let (text, at) = (token.text, token.at);
        (0..text.len()).map(move |index| Token {
            text: &text[index..index + 1],
            at: at + index,
        })
    };
    letters.iter().flat_map(each).collect()
}

/// Reads `"b s (n h) -> n b s h"`; every letter occurs once on each side.
pub(crate) fn rearrange(text: &str, sizes: Vec<(String, Dim)>) -> Result<Rearrange, Problem> {
    let (left, right) = halves(text)?;
    let (from, to) = (groups(&left)?, groups(&right)?);
    let (left, right) = (letters(&left), letters(&right));
    no_repeats(&left)?;
    no_repeats(&right)?;
    for (side, other, place) in [(&left, &right, "right"), (&right, &left, "left")] {
        if let Some(lone) = side
            .iter()
            .find(|token| !other.iter().any(|letter| letter.text == token.text))
        {
            let message = format!("`{}` is missing on the {place}", lone.text);
            return Err(lone.problem(
                message,
                "only on this side",
                "rearranging keeps every element: name each axis on both sides",
            ));
        }
    }
    if let Some((name, _)) = sizes
        .iter()
        .find(|(name, _)| !left.iter().any(|letter| letter.text == name))
    {
        return Err(whole(
            text,
            format!("a size is given for `{name}`, which is not in the pattern"),
            "leave the size out",
        ));
    }
    Ok(Rearrange { from, to, sizes })
}

fn halves(text: &str) -> Result<(Vec<Token<'_>>, Vec<Token<'_>>), Problem> {
    let tokens = tokens(text)?;
    let mut sides = tokens.split(|token| token.text == "->").map(<[_]>::to_vec);
    match (sides.next(), sides.next(), sides.next()) {
        (Some(left), Some(right), None) => Ok((left, right)),
        _ => Err(whole(
            text,
            "expected one `->` between operands and result",
            "write `\"… -> …\"`",
        )),
    }
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, Problem> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let len = match c {
            ' ' | '\t' => 0,
            ',' | '(' | ')' => 1,
            '-' if text[at..].starts_with("->") => 2,
            _ if c.is_ascii_alphabetic() => text[at..]
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(text.len() - at),
            _ => {
                let token = Token {
                    text: &text[at..at + c.len_utf8()],
                    at,
                };
                return Err(token.problem(
                    format!("`{}` has no meaning here", c.escape_default()),
                    "not a letter",
                    "letters, brackets, `,` and `->` make a pattern",
                ));
            }
        };
        if len > 0 {
            found.push(Token {
                text: &text[at..at + len],
                at,
            });
        }
        at += len.max(1);
    }
    Ok(found)
}

fn letters<'a>(side: &[Token<'a>]) -> Vec<Token<'a>> {
    side.iter()
        .filter(|token| token.is_letter())
        .cloned()
        .collect()
}

fn groups(tokens: &[Token<'_>]) -> Result<Vec<LetterGroup>, Problem> {
    let mut groups: Vec<LetterGroup> = Vec::new();
    let mut open: Option<&Token<'_>> = None;
    for token in tokens {
        match (token.text, open) {
            ("(", None) => {
                open = Some(token);
                groups.push(vec![]);
            }
            (")", Some(_)) => open = None,
            ("(" | ")" | ",", _) => {
                return Err(token.problem(
                    format!("unexpected `{}`", token.text),
                    "here",
                    "groups do not nest",
                ));
            }
            (letter, Some(_)) => groups
                .last_mut()
                .expect("an open group was pushed")
                .push(letter.to_string()),
            (letter, None) => groups.push(vec![letter.to_string()]),
        }
    }
    match open {
        Some(token) => Err(token.problem("a group is not closed", "opened here", "add `)`")),
        None => Ok(groups),
    }
}

fn only_letters(tokens: &[Token<'_>]) -> Result<(), Problem> {
    match tokens.iter().find(|token| !token.is_letter()) {
        Some(token) => Err(token.problem(
            format!("unexpected `{}`", token.text),
            "here",
            "`einsum` knows letters, `,` and `->`",
        )),
        None => Ok(()),
    }
}

fn no_repeats(letters: &[Token<'_>]) -> Result<(), Problem> {
    let repeated = letters.iter().enumerate().find(|(at, token)| {
        letters[..*at]
            .iter()
            .any(|earlier| earlier.text == token.text)
    });
    match repeated {
        Some((_, token)) => Err(token.problem(
            format!("`{}` occurs twice in one group", token.text),
            "the second time",
            "give each axis a letter of its own",
        )),
        None => Ok(()),
    }
}

fn whole(text: &str, message: impl Into<String>, help: impl Into<String>) -> Problem {
    Problem {
        at: 0,
        len: text.len(),
        message: message.into(),
        label: "in this pattern".into(),
        help: help.into(),
    }
}
