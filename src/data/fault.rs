//! Faults without a place, and how cells and names are shown. Rules about values know no spans: they return a [`Fault`], and the
//! caller, who knows which word of the program asked, adds the place.

use crate::diag::{Code, Diagnostic, did_you_mean};
use crate::source::Span;

/// A diagnostic that lacks only its place; boxed, for faults are rare and results many.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault(Box<Said>);

#[derive(Clone, Debug, PartialEq)]
struct Said {
    code: Code,
    message: String,
    label: String,
    notes: Vec<String>,
    help: Option<String>,
    column: Option<String>,
}

impl Fault {
    /// A fault; `label` is what will stand under the place.
    pub(crate) fn new(code: Code, message: impl Into<String>, label: impl Into<String>) -> Fault {
        Fault(Box::new(Said {
            code,
            message: message.into(),
            label: label.into(),
            notes: vec![],
            help: None,
            column: None,
        }))
    }

    /// Names the column it is about.
    pub(crate) fn in_column(mut self, column: &str) -> Fault {
        self.0.column = Some(column.to_owned());
        self
    }

    /// The column it is about.
    pub(crate) fn column(&self) -> Option<&str> {
        self.0.column.as_deref()
    }

    /// Adds a note.
    pub(crate) fn note(mut self, note: impl Into<String>) -> Fault {
        self.0.notes.push(note.into());
        self
    }

    /// Says what to try.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Fault {
        self.0.help = Some(help.into());
        self
    }

    /// The error, at its place.
    pub fn at(self, span: Span) -> Diagnostic {
        let said = *self.0;
        let error = Diagnostic::error(said.code, said.message).label(span, said.label);
        Diagnostic {
            notes: said.notes,
            help: said.help,
            ..error
        }
    }
}

/// Text from a file as messages show it: in backticks, control characters escaped, cut when long.
pub(crate) fn shown(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut escaped = String::new();
    for letter in text.chars().take(LONGEST) {
        match letter {
            '\'' | '"' | '\\' => escaped.push(letter),
            other => escaped.extend(other.escape_debug()),
        }
    }
    let tail = if text.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    format!("`{escaped}{tail}`")
}

/// Names as messages list them, abridged after the tenth: `` `a`, `b` and 3 more ``.
pub(crate) fn listed<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 10;
    let total = names.len();
    let listed: Vec<String> = names.take(MOST).map(shown).collect();
    let more = match total.saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", listed.join(", "))
}

/// `` did you mean `species`? `` where a name comes near.
pub(crate) fn suggestion<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    did_you_mean(name, candidates).map(|near| format!("did you mean {}?", shown(near)))
}

/// A count with its noun: `1 row`, `3 rows`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_content_cannot_steer_the_terminal() {
        assert_eq!(shown("a\u{1b}[31m\u{7}b"), "`a\\u{1b}[31m\\u{7}b`");
        assert_eq!(shown("\u{202e}x\r"), "`\\u{202e}x\\r`");
        assert_eq!(shown(&"z".repeat(50)), format!("`{}…`", "z".repeat(40)));
    }

    #[test]
    fn long_lists_are_abridged() {
        let names: Vec<String> = (0..12).map(|i| format!("p{i}")).collect();
        let text = listed(names.iter().map(String::as_str));
        assert!(text.ends_with("`p9` and 2 more"), "{text}");
        assert_eq!(listed(["a"].into_iter()), "`a`");
    }
}
