//! `nnlc explain`: what a code means. What is said of a code is the comment it is declared with; an example adds how a program goes
//! wrong in that way, and how it is mended.

mod examples;

use crate::cli::explain::examples::{Part, example};
use crate::cli::{Done, Out, Stop, USAGE};
use crate::diag::did_you_mean;

/// Where codes are declared: the one place of each.
const DECLARED: [&str; 8] = [
    include_str!("../syntax/codes.rs"),
    include_str!("../lower/codes.rs"),
    include_str!("../check/codes.rs"),
    include_str!("../ops/codes.rs"),
    include_str!("../data/codes.rs"),
    include_str!("../train/codes.rs"),
    include_str!("../session/codes.rs"),
    include_str!("../lint/codes.rs"),
];

/// What the codes of a stage have in common, by the word inside the code.
const FAMILIES: [(&str, &str); 9] = [
    (
        "parse",
        "The text is not a program: something else was expected where the report points.",
    ),
    (
        "name",
        "A name, setting or argument is not what its place needs.",
    ),
    (
        "shape",
        "Sizes or element types do not fit together. Nothing stretches in silence: both places are named.",
    ),
    ("link", "The model does not fit the data it is trained on."),
    (
        "data",
        "A data block or a file it reads is wrong: a column, a row, a transform or a split.",
    ),
    ("train", "A run cannot do what is asked of it."),
    (
        "num",
        "Arithmetic went wrong while the program ran: a value is no number, a matrix cannot be inverted, an assertion fails.",
    ),
    (
        "file",
        "A file cannot be read or written, or is not what it should be.",
    ),
    (
        "lint",
        "The program is right, and probably not what was meant. It runs all the same.",
    ),
];

/// A declared code.
struct Entry {
    number: u16,
    stage: String,
    is_warning: bool,
    what: String,
}

pub(crate) fn explain(code: Option<&str>, out: &mut Out<'_>) -> Done {
    let entries = entries();
    let Some(code) = code else {
        let lines = entries
            .iter()
            .map(|entry| format!("{}  {}\n", entry.name(), entry.what));
        return Ok(out.text(&lines.collect::<String>())?);
    };
    let wanted = code.rsplit("::").next().unwrap_or(code).to_uppercase();
    let found = entries
        .iter()
        .find(|entry| entry.name() == wanted || entry.name()[1..] == wanted);
    match found {
        Some(entry) => Ok(out.text(&entry.told())?),
        None => unknown(&wanted, &entries, out),
    }
}

fn unknown(wanted: &str, entries: &[Entry], out: &mut Out<'_>) -> Done {
    let names: Vec<String> = entries.iter().map(Entry::name).collect();
    let help = match did_you_mean(wanted, names.iter().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`nnlc explain` alone lists them".into(),
    };
    let wanted = crate::cli::screen::escaped(wanted);
    out.note(&format!(
        "nnlc: no code `{wanted}`: a code looks like `E0112`; {help}\n"
    ))?;
    Err(Stop::Code(USAGE))
}

impl Entry {
    /// `E0112`, or `W0804` where it only warns.
    fn name(&self) -> String {
        let kind = if self.is_warning { 'W' } else { 'E' };
        format!("{kind}{:04}", self.number)
    }

    fn told(&self) -> String {
        let mut text = format!("nnl::{}::{}\n  {}\n", self.stage, self.name(), self.what);
        if let Some((_, what)) = FAMILIES.iter().find(|(stage, _)| *stage == self.stage) {
            text.push_str(&format!("\n  {what}\n"));
        }
        let parts = example(&self.name()).unwrap_or_default();
        text + &parts.into_iter().map(shown).collect::<String>()
    }
}

/// A part of an example under its name.
fn shown((name, text): Part) -> String {
    let lines = text.trim_end().lines();
    let lines: String = lines
        .map(|line| format!("    {line}").trim_end().to_owned() + "\n")
        .collect();
    let title = match name {
        "none" => "no program shows it:",
        "wrong" => "wrong, for example:",
        "right" => "right:",
        file => return format!("  `{file}`:\n{lines}"),
    };
    format!("  {title}\n{lines}")
}

/// All codes in the order of their numbers.
fn entries() -> Vec<Entry> {
    let mut entries: Vec<Entry> = DECLARED.iter().flat_map(|text| declared(text)).collect();
    entries.sort_by(|a, b| (a.number, &a.stage).cmp(&(b.number, &b.stage)));
    entries
}

/// The codes of a file: the comment before each `pub const`, its stage and its number.
fn declared(text: &str) -> Vec<Entry> {
    let makers: Vec<&str> = text.split("const fn ").skip(1).collect();
    let mut docs: Vec<&str> = vec![];
    let mut entries = vec![];
    for line in text.lines() {
        if let Some(doc) = line.strip_prefix("/// ") {
            docs.push(doc);
            continue;
        }
        if line.starts_with("pub const ") {
            entries.extend(entry(line, &makers, docs.join(" ")));
        }
        docs.clear();
    }
    entries
}

/// `pub const NAME: Code = Code::new(Stage::Num, 610);`, or by a function of the file that knows the stage.
fn entry(line: &str, makers: &[&str], what: String) -> Option<Entry> {
    let (_, value) = line.split_once("Code = ")?;
    let maker = makers.iter().find(|maker| word(maker) == word(value));
    let made = maker.copied().unwrap_or(value);
    let (_, stage) = made.split_once("Stage::")?;
    let digits = value.trim_end_matches(|c: char| !c.is_ascii_digit());
    let start = digits.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let body = made.split('}').next().unwrap_or(made);
    Some(Entry {
        number: digits[start..].parse().ok()?,
        stage: word(stage).to_lowercase(),
        is_warning: body.contains("Code::warning"),
        what,
    })
}

fn word(text: &str) -> &str {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_text_a_family_and_an_example() {
        let entries = entries();
        let declared = DECLARED
            .iter()
            .map(|text| text.matches("pub const ").count());
        assert_eq!(entries.len(), declared.sum::<usize>());
        for entry in &entries {
            let name = entry.name();
            assert!(!entry.what.is_empty(), "{name}");
            assert!(
                FAMILIES.iter().any(|(stage, _)| *stage == entry.stage),
                "{name}"
            );
            assert!(
                example(&name).is_some_and(|parts| !parts.is_empty()),
                "{name}"
            );
        }
    }

    #[test]
    fn codes_have_numbers_of_their_own() {
        let names: Vec<String> = entries().iter().map(Entry::name).collect();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
        let known = |code: &str| names.iter().any(|name| name == code);
        assert!(examples::entries().all(|(code, _)| known(code)));
    }
}
