//! Characters in strings and comments that a reader cannot see, or will take for others. They are legal, so these are warnings.

use crate::diag::Diagnostic;
use crate::source::Span;
use crate::syntax::codes;

use super::reports::Reports;

/// Warns of the first suspicious character of each sort in a stretch of free text.
pub(super) fn warn_of_suspicious(text: &str, span: Span, reports: &mut Reports) {
    if text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    {
        return;
    }
    for (warning, find) in SORTS {
        if let Some((offset, character)) = find(text) {
            let start = span.start + u32::try_from(offset).expect("the text is shorter than 4 GiB");
            let end = start
                + u32::try_from(character.len_utf8()).expect("a character has up to four bytes");
            reports.push(warning(character, Span { start, end, ..span }));
        }
    }
    refuse_nul(text, span, reports);
}

type Find = fn(&str) -> Option<(usize, char)>;
type Warning = fn(char, Span) -> Diagnostic;

const SORTS: [(Warning, Find); 3] = [
    (reordering, find_bidi),
    (invisible, find_invisible),
    (look_alike, find_look_alike),
];

fn find_bidi(text: &str) -> Option<(usize, char)> {
    text.char_indices()
        .find(|(_, character)| is_bidi(*character))
}

fn is_bidi(character: char) -> bool {
    matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}

fn find_invisible(text: &str) -> Option<(usize, char)> {
    let is_invisible = |character: char| {
        let is_space = matches!(character, '\n' | '\r' | '\t' | '\0');
        (character.is_control() && !is_space)
            || matches!(
                character,
                '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
            )
    };
    text.char_indices()
        .find(|(_, character)| is_invisible(*character))
}

/// A Greek or Cyrillic letter with a Latin twin, within a word that also has Latin letters.
fn find_look_alike(text: &str) -> Option<(usize, char)> {
    let mut start = 0;
    for word in text.split_inclusive(|character: char| !character.is_alphanumeric()) {
        let twin = word
            .char_indices()
            .find(|(_, letter)| TWINS.contains(*letter));
        if let (Some((offset, letter)), true) =
            (twin, word.bytes().any(|byte| byte.is_ascii_alphabetic()))
        {
            return Some((start + offset, letter));
        }
        start += word.len();
    }
    None
}

const TWINS: &str = "аеорсухіјѕԁһАВЕКМНОРСТХІЈЅοντυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ";

fn code_point(character: char) -> String {
    format!("U+{:04X}", u32::from(character))
}

fn reordering(character: char, span: Span) -> Diagnostic {
    let name = code_point(character);
    Diagnostic::warning(
        codes::CONFUSABLE,
        format!("the invisible character {name} reorders the text around it"),
    )
    .label(span, "what is shown here is not what is written")
    .help(format!(
        "remove it, or write `\\u{{{:x}}}` in a string",
        u32::from(character)
    ))
}

fn invisible(character: char, span: Span) -> Diagnostic {
    let name = code_point(character);
    Diagnostic::warning(
        codes::CONFUSABLE,
        format!("the character {name} cannot be seen"),
    )
    .label(span, "stands here")
    .help(format!(
        "remove it, or write `\\u{{{:x}}}` in a string",
        u32::from(character)
    ))
}

fn look_alike(character: char, span: Span) -> Diagnostic {
    let name = code_point(character);
    Diagnostic::warning(
        codes::CONFUSABLE,
        format!("`{character}` ({name}) looks like a Latin letter but is none"),
    )
    .label(span, "within a word of Latin letters")
    .help("type the word again, all of it on one keyboard")
}

fn refuse_nul(text: &str, span: Span, reports: &mut Reports) {
    if let Some(offset) = text.find('\0') {
        let start = span.start + u32::try_from(offset).expect("the text is shorter than 4 GiB");
        let report = Diagnostic::error(
            codes::BAD_CHARACTER,
            "the character U+0000 has no place in a text",
        );
        let report = report.label(
            Span {
                start,
                end: start + 1,
                ..span
            },
            "stands here",
        );
        reports.push(report.help("remove it"));
    }
}
