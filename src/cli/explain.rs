//! `nnlc explain`: what a code means. What is said of a code is the comment it is declared with; its family adds an example of how a
//! program goes wrong in that way, and how it is mended.

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

/// A family of codes: the word inside the code, what its errors have in common, a wrong program, and a right one.
struct Family {
    stage: &'static str,
    what: &'static str,
    wrong: &'static str,
    right: &'static str,
}

const FAMILIES: [Family; 9] = [
    Family {
        stage: "parse",
        what: "The text is not a program: something else was expected where the report points.",
        wrong: "let x = (1 + 2;",
        right: "let x = (1 + 2);",
    },
    Family {
        stage: "name",
        what: "A name, setting or argument is not what its place needs.",
        wrong: "show relu([-1.0, 2.0]);",
        right: "use nn::relu;\nshow relu([-1.0, 2.0]);",
    },
    Family {
        stage: "shape",
        what: "Sizes or element types do not fit together. Nothing stretches in silence: both places are named.",
        wrong: "show [1.0, 2.0] + [1.0, 2.0, 3.0];",
        right: "show [1.0, 2.0, 0.0] + [1.0, 2.0, 3.0];",
    },
    Family {
        stage: "link",
        what: "The model does not fit the data it is trained on.",
        wrong: "model M(x: [batch, 3]) …      // with x: [a, b] in the data",
        right: "model M(x: [batch, 2]) …",
    },
    Family {
        stage: "data",
        what: "A data block or a file it reads is wrong: a column, a row, a transform or a split.",
        wrong: "x: [hieght] |> standardize,   // the file has a column `height`",
        right: "x: [height] |> standardize,",
    },
    Family {
        stage: "train",
        what: "A run cannot do what is asked of it.",
        wrong: "early_stop: { on: val.los, patience: 5 epochs },",
        right: "early_stop: { on: val.loss, patience: 5 epochs },",
    },
    Family {
        stage: "num",
        what: "Arithmetic went wrong while the program ran: a value is no number, a matrix cannot be inverted, an assertion fails.",
        wrong: "use linalg::inverse;\nshow inverse([[1.0, 2.0], [2.0, 4.0]]);",
        right: "use linalg::inverse;\nshow inverse([[1.0, 2.0], [2.0, 5.0]]);",
    },
    Family {
        stage: "file",
        what: "A file cannot be read or written, or is not what it should be.",
        wrong: "nnlc run iirs.nnl",
        right: "nnlc run iris.nnl",
    },
    Family {
        stage: "lint",
        what: "The program is right, and probably not what was meant. It runs all the same.",
        wrong: "fn f(x: [n], y: [n]) -> [n] = 2 * x;",
        right: "fn f(x: [n]) -> [n] = 2 * x;",
    },
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
        if let Some(family) = FAMILIES.iter().find(|family| family.stage == self.stage) {
            let block = |text: &str| -> String {
                text.lines().map(|line| format!("    {line}\n")).collect()
            };
            text.push_str(&format!(
                "\n  {}\n  wrong, for example:\n{}",
                family.what,
                block(family.wrong)
            ));
            text.push_str(&format!("  right:\n{}", block(family.right)));
        }
        text
    }
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
    fn every_code_has_a_text_a_number_and_a_family() {
        let entries = entries();
        let declared = DECLARED
            .iter()
            .map(|text| text.matches("pub const ").count());
        assert_eq!(entries.len(), declared.sum::<usize>());
        for entry in &entries {
            assert!(!entry.what.is_empty(), "{}", entry.name());
            assert!(
                FAMILIES.iter().any(|family| family.stage == entry.stage),
                "{}",
                entry.name()
            );
        }
    }
}
