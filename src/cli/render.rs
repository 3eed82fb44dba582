//! Diagnostics as text for a terminal: one line with code and message, the places with their labels, notes, and what to try. The
//! box around the source is miette's. Nothing of a program's text reaches the terminal unescaped.

mod excerpt;

use std::fmt::Write;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};

use crate::diag::{Diagnostic, Diagnostics, Label, Severity};
use crate::source::{SourceId, SourceMap};

use excerpt::{Excerpt, readable};

/// How diagnostics are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns that lines are wrapped to.
    pub width: usize,
    /// Whether to colour.
    pub colour: bool,
}

impl Default for Style {
    fn default() -> Self {
        Style {
            width: 100,
            colour: false,
        }
    }
}

/// All reports, one after the other, with an empty line between two.
pub fn render(sources: &SourceMap, reports: &Diagnostics, style: Style) -> String {
    let reports: Vec<String> = reports
        .iter()
        .map(|report| one(sources, report, style))
        .collect();
    reports.join("\n")
}

fn one(sources: &SourceMap, report: &Diagnostic, style: Style) -> String {
    let mut text = header(report, style);
    if let Some(first) = report.labels.first() {
        let home = first.span.source;
        let (here, elsewhere) = report
            .labels
            .iter()
            .partition::<Vec<&Label>, _>(|label| label.span.source == home);
        text.push_str(&snippet(sources, home, &here, style));
        for label in elsewhere {
            let place = format!("{}: {}", sources.place(label.span, home), label.text);
            text.push_str(&footer("at", &place, style));
        }
    }
    for note in &report.notes {
        text.push_str(&footer("note", note, style));
    }
    if let Some(help) = &report.help {
        text.push_str(&footer("help", help, style));
    }
    text
}

/// `nnl::parse::E0002  × message`
fn header(report: &Diagnostic, style: Style) -> String {
    let (sign, colour) = match report.severity {
        Severity::Error => ("×", "31"),
        Severity::Warning => ("⚠", "33"),
    };
    let code = paint(&report.code.to_string(), colour, style);
    format!(
        "{code}  {} {}\n",
        paint(sign, colour, style),
        readable(&report.message)
    )
}

/// `  help: text`, wrapped.
fn footer(word: &str, text: &str, style: Style) -> String {
    let indent = word.len() + 4;
    let lines = text
        .lines()
        .flat_map(|line| wrap(&readable(line), style.width.saturating_sub(indent)));
    let mut written = String::new();
    for (index, line) in lines.enumerate() {
        match index {
            0 => written.push_str(&format!(
                "  {} {line}\n",
                paint(&format!("{word}:"), "36", style)
            )),
            _ => written.push_str(&format!("{}{line}\n", " ".repeat(indent))),
        }
    }
    written
}

/// Breaks a line between words.
fn wrap(line: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let current = lines.last_mut().expect("there is always a line");
        if !current.is_empty() && current.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
            continue;
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines
}

fn paint(text: &str, colour: &str, style: Style) -> String {
    match style.colour {
        true => format!("\u{1b}[{colour}m{text}\u{1b}[0m"),
        false => text.to_owned(),
    }
}

/// The box with the source and its labels.
fn snippet(sources: &SourceMap, home: SourceId, labels: &[&Label], style: Style) -> String {
    let excerpt = Excerpt::of(sources, home, labels);
    let styles = match style.colour {
        true => ThemeStyles::ansi(),
        false => ThemeStyles::none(),
    };
    let theme = GraphicalTheme {
        characters: ThemeCharacters::unicode(),
        styles,
    };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_links(false)
        .with_context_lines(0)
        .with_width(style.width);
    let mut text = String::new();
    let drawn = handler.render_report(&mut text, &Snippet { excerpt });
    drawn.expect("the excerpt contains every label, and a string can be written to");
    without_header(&text)
}

/// Miette begins with a line for the message, which `header` has written.
fn without_header(text: &str) -> String {
    let mut kept = String::new();
    for line in text.lines().skip_while(|line| !line.contains('╭')) {
        writeln!(kept, "{}", line.trim_end()).expect("a string can be written to");
    }
    kept
}

/// An excerpt as miette wants to see it.
#[derive(Debug)]
struct Snippet {
    excerpt: Excerpt,
}

impl std::fmt::Display for Snippet {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Snippet {}

impl miette::Diagnostic for Snippet {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels().cloned()))
    }
}
