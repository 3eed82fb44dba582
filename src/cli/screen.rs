//! What the terminal can do, found out once; and text made fit for it. Knows nothing of programs.

use std::env;
use std::io::IsTerminal;

use super::args::ColorChoice;
use super::render;

/// Columns where there is no terminal to ask.
const WIDTH: usize = 100;

/// What may be written to a terminal, or to whatever stands in for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Columns.
    pub width: usize,
    /// Whether values may be coloured.
    pub colour: bool,
    /// Whether reports, which go to standard error, may be coloured.
    pub colour_reports: bool,
    /// Whether more than ASCII can be shown.
    pub unicode: bool,
}

impl Default for Screen {
    fn default() -> Self {
        Screen {
            width: WIDTH,
            colour: false,
            colour_reports: false,
            unicode: true,
        }
    }
}

impl Screen {
    /// The screen of this process.
    pub(crate) fn of_process(choice: ColorChoice) -> Screen {
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        Screen {
            width: width.unwrap_or(WIDTH).max(20),
            colour: is_coloured(choice, std::io::stdout().is_terminal()),
            colour_reports: is_coloured(choice, std::io::stderr().is_terminal()),
            unicode: is_utf8(|name| env::var(name).ok()),
        }
    }

    /// How reports are drawn on it.
    pub(crate) fn reports(self) -> render::Style {
        render::Style {
            width: self.width,
            colour: self.colour_reports,
        }
    }

    /// Text in one of the terminal's own colours, `1` being bold.
    pub(crate) fn paint(self, text: &str, colour: u8) -> String {
        match self.colour {
            true => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
            false => text.to_owned(),
        }
    }

    /// What is left of it behind so many columns.
    pub(crate) fn within(self, columns: usize) -> Screen {
        Screen {
            width: self.width.saturating_sub(columns),
            ..self
        }
    }

    /// What stands for things left out.
    pub(crate) fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}

fn is_coloured(choice: ColorChoice, is_terminal: bool) -> bool {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            is_terminal && !is_set("NO_COLOR") && env::var_os("TERM").is_none_or(|t| t != "dumb")
        }
    }
}

/// Whether the locale's characters are UTF-8, as POSIX finds it. A locale that is not set at all tells nothing, and today's terminals
/// are UTF-8.
fn is_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    let mut set = names.into_iter().filter_map(variable);
    set.find(|value| !value.is_empty()).is_none_or(|value| {
        let value = value.to_lowercase();
        value.contains("utf-8") || value.contains("utf8")
    })
}

/// Text without anything that a terminal would obey or a reader could not see.
pub(crate) fn escaped(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let spell = |c: char| match is_hidden(c) {
        true => c.escape_unicode().to_string(),
        false => c.to_string(),
    };
    text.chars().map(spell).collect()
}

/// Lines without control characters but those that end them.
pub(crate) fn escaped_text(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(escaped).collect();
    lines.join("\n")
}

/// An expression on one line.
pub(crate) fn one_line(text: &str) -> String {
    escaped(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A number with its thousands set apart: `12,345`.
pub(crate) fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
    let groups = groups.iter().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join(",")
}

/// `text` if `n` is one, else with an `s`: `1 row`, `1,200 rows`.
pub(crate) fn counted(n: u64, text: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {text}{s}", thousands(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_locale_decides_what_characters_there_are() {
        let of = |set: &'static [(&str, &str)]| {
            is_utf8(move |name| {
                let found = set.iter().find(|(own, _)| *own == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(of(&[]) && of(&[("LANG", "de_DE.UTF-8")]) && of(&[("LC_ALL", "C.utf8")]));
        assert!(!of(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]) && !of(&[("LANG", "POSIX")]));
        assert!(of(&[("LC_ALL", ""), ("LANG", "de_DE.UTF-8")]));
    }

    #[test]
    fn what_a_terminal_would_obey_is_spelt_out() {
        assert_eq!(escaped("a\u{1b}[31mb\u{202e}"), "a\\u{1b}[31mb\\u{202e}");
        assert_eq!(one_line("a\n   + b"), "a + b");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!([counted(1, "row"), counted(2, "row")], ["1 row", "2 rows"]);
    }
}
