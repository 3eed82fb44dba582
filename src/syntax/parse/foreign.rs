//! Habits from elsewhere: words, operators and characters that other languages have and this one writes differently.

use crate::diag::Diagnostic;
use crate::source::Span;
use crate::syntax::codes;

/// Words that cannot name anything, as in the grammar's `reserved`.
pub(super) const RESERVED: [&str; 17] = [
    "fn", "let", "param", "state", "tap", "assert", "show", "save", "where", "if", "else",
    "repeat", "and", "or", "not", "true", "false",
];

/// Words that lead a declaration or statement, to find what a misspelt one meant.
pub(super) const LEADING: [&str; 19] = [
    "use",
    "dim",
    "type",
    "fn",
    "layer",
    "model",
    "optimizer",
    "data",
    "train",
    "test",
    "let",
    "param",
    "state",
    "next",
    "tap",
    "assert",
    "show",
    "save",
    "repeat",
];

pub(super) fn is_reserved(word: &str) -> bool {
    RESERVED.contains(&word)
}

/// Words that begin a statement or declaration elsewhere, and what to write here.
const WORDS: [(&str, &str); 23] = [
    ("def", "`fn`"),
    ("func", "`fn`"),
    ("function", "`fn`"),
    ("fun", "`fn`"),
    ("class", "`layer` or `model`"),
    ("struct", "`type`"),
    ("module", "`layer` or `model`"),
    ("var", "`let`"),
    ("val", "`let`"),
    ("const", "`let`, or `dim` for a size"),
    ("mut", "`let`; values do not change"),
    ("auto", "`let`"),
    (
        "return",
        "the value alone: a block's last expression is its value",
    ),
    ("import", "`use`"),
    ("from", "`use module::{name};`"),
    ("include", "`use`"),
    ("for", "`repeat` for layers, `scan` along an axis"),
    ("while", "`repeat` for layers, `scan` along an axis"),
    ("elif", "`else if`"),
    ("print", "`show`"),
    ("dataset", "`data`"),
    ("network", "`model`"),
    ("parameter", "`param`"),
];

/// What to write instead of a word of another language.
pub(super) fn word(word: &str) -> Option<&'static str> {
    let known = WORDS.iter().find(|(foreign, _)| *foreign == word);
    known.map(|(_, ours)| *ours)
}

/// Marks of other languages, longest first, and what to write here.
const MARKS: [(&str, &str); 37] = [
    ("===", "write `==`"),
    ("!==", "write `!=`"),
    (
        "**=",
        "values do not change: give the new one a name with `let`",
    ),
    ("...", "write `..`"),
    ("**", "a power is written `^`"),
    ("&&", "write `and`"),
    ("||", "write `or`"),
    (
        "+=",
        "values do not change: give the new one a name with `let`",
    ),
    (
        "-=",
        "values do not change: give the new one a name with `let`",
    ),
    (
        "*=",
        "values do not change: give the new one a name with `let`",
    ),
    (
        "/=",
        "values do not change: give the new one a name with `let`",
    ),
    (":=", "write `let name = value;`"),
    (
        "<-",
        "write `let name = value;`; less than a negative is `a < -b`, with a space",
    ),
    ("%%", "`%` stands behind a number, as in `80%`"),
    (
        "%",
        "`%` stands behind a number, as in `80%`; there is no operator for remainders",
    ),
    ("&", "write `and`"),
    ("|", "write `or`; a pipe is `|>`"),
    ("!", "write `not`"),
    ("\\", "a function without a name is `fn(x) => …`"),
    ("$", "a name stands alone, without `$`"),
    ("`", "strings stand in double quotes"),
    ("−", "write `-`"),
    ("–", "write `-`"),
    ("—", "write `-`"),
    ("×", "write `*`"),
    ("·", "write `*`, or `@` for the matrix product"),
    ("∙", "write `*`, or `@` for the matrix product"),
    ("÷", "write `/`"),
    ("≤", "write `<=`"),
    ("≥", "write `>=`"),
    ("≠", "write `!=`"),
    ("→", "write `->`"),
    ("⇒", "write `=>`"),
    ("“", "strings stand in straight quotes: `\"`"),
    ("”", "strings stand in straight quotes: `\"`"),
    ("‘", "strings stand in straight quotes: `\"`"),
    (
        "’",
        "strings stand in straight quotes `\"`; the transpose is `'`",
    ),
];

/// The foreign mark that a text begins with: its length, and what to say of it.
pub(super) fn mark(text: &str) -> Option<(usize, impl FnOnce(Span) -> Diagnostic)> {
    let starts_ours =
        ["!=", "|>"].iter().any(|ours| text.starts_with(ours)) && !text.starts_with("!==");
    let (written, ours) = MARKS
        .iter()
        .find(|(foreign, _)| text.starts_with(foreign))?;
    (!starts_ours).then_some((written.len(), move |span| {
        Diagnostic::error(
            codes::FOREIGN,
            format!("`{written}` is not an operator of the language"),
        )
        .label(span, "not known")
        .help(*ours)
    }))
}

/// Greek letters as names spell them.
const GREEK: [(char, &str); 20] = [
    ('α', "alpha"),
    ('β', "beta"),
    ('γ', "gamma"),
    ('δ', "delta"),
    ('Δ', "delta"),
    ('ε', "eps"),
    ('η', "eta"),
    ('θ', "theta"),
    ('κ', "kappa"),
    ('λ', "lambda"),
    ('μ', "mu"),
    ('ν', "nu"),
    ('π', "pi"),
    ('ρ', "rho"),
    ('σ', "sigma"),
    ('Σ', "sigma"),
    ('τ', "tau"),
    ('φ', "phi"),
    ('χ', "chi"),
    ('ω', "omega"),
];

/// What to say of a word with letters outside `a-z A-Z 0-9 _`.
pub(super) fn bad_word(word: &str) -> impl FnOnce(Span) -> Diagnostic {
    let spelt: String = word
        .chars()
        .map(|letter| spell(letter).unwrap_or_default())
        .collect();
    let can_be_spelt = word.chars().all(|letter| spell(letter).is_some());
    let message = format!("the name `{word}` has letters that names cannot have");
    move |span| {
        let report = Diagnostic::error(codes::BAD_CHARACTER, message)
            .label(span, "names are made of `a-z A-Z 0-9 _`");
        match can_be_spelt {
            true => report.help(format!("write `{spelt}`")),
            false => report.help("spell it in ASCII letters"),
        }
    }
}

fn spell(letter: char) -> Option<String> {
    if letter.is_ascii() {
        return Some(letter.to_string());
    }
    let greek = GREEK.iter().find(|(greek, _)| *greek == letter);
    greek.map(|(_, name)| (*name).to_owned())
}

/// What to say of a character that means nothing anywhere.
pub(super) fn bad_character(character: char) -> impl FnOnce(Span) -> Diagnostic {
    let name = match character.is_control() || !character.is_ascii() {
        true => format!("U+{:04X}", u32::from(character)),
        false => format!("`{character}`"),
    };
    move |span| {
        Diagnostic::error(
            codes::BAD_CHARACTER,
            format!("the character {name} has no meaning here"),
        )
        .label(span, "outside strings and comments, texts are plain ASCII")
        .help("remove it")
    }
}

/// Units by the first letters that people write them with.
const UNITS: [(&str, &str); 10] = [
    ("epoch", "epochs"),
    ("step", "steps"),
    ("sample", "samples"),
    ("deg", "deg"),
    ("px", "px"),
    ("pixel", "px"),
    ("GiB", "GiB"),
    ("MiB", "MiB"),
    ("GB", "GiB"),
    ("MB", "MiB"),
];

/// What to say of a number with letters on its heels.
pub(super) fn bad_number(number: &str, tail: &str) -> impl FnOnce(Span) -> Diagnostic {
    let unit = UNITS.iter().find(|(written, _)| tail.starts_with(written));
    let help = match unit {
        Some((_, unit)) => format!("put a space before the unit: `{number} {unit}`"),
        None if tail == "f" || tail == "L" => {
            format!("write `{number}`: the declared type decides how it is held")
        }
        None if tail.starts_with(['x', 'b', 'o']) && number == "0" => {
            "write it in decimal".to_owned()
        }
        None => "a name cannot begin with a digit; a product is written `2 * x`".to_owned(),
    };
    let message = format!("`{number}{tail}` is not a number");
    move |span| {
        Diagnostic::error(codes::BAD_NUMBER, message)
            .label(span, "cannot be read")
            .help(help)
    }
}
