//! How diagnostics are drawn where a file of the suite cannot show it: labels in two texts, long lines, colour, and texts that would
//! command the terminal.

use std::path::Path;

use nnlc::cli::render::{Style, render};
use nnlc::diag::{Code, Diagnostic, Diagnostics, Stage};
use nnlc::source::{SourceId, SourceMap, Span};

const CODE: Code = Code::new(Stage::Link, 203);

fn span(source: SourceId, start: u32, end: u32) -> Span {
    Span { source, start, end }
}

fn drawn(sources: &SourceMap, report: Diagnostic, style: Style) -> String {
    render(sources, &Diagnostics::from(report), style)
}

#[test]
fn labels_elsewhere_become_lines() {
    let mut sources = SourceMap::new();
    let home = sources.add_file(
        Path::new("fit.nnl"),
        "train fit {\n  model: Cnn,\n  data: signs,\n}\n",
    );
    let library = sources.add_library("stdlib/nn.nnl", "// nn\nlayer Dense");
    let report = Diagnostic::error(
        CODE,
        "model and data disagree: 10 classes predicted, 7 present",
    )
    .label(span(home, 21, 24), "returns [batch, 10]")
    .label(span(home, 34, 39), "`y` holds 7 categories")
    .label(span(library, 12, 17), "the last layer is a `Dense`")
    .note("the data decides")
    .help("declare `dim classes;`");
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false, snapshot_path => "suite/render" }, {
        insta::assert_snapshot!("labels_elsewhere", drawn(&sources, report, Style::default()));
    });
}

#[test]
fn long_lines_are_clipped_around_the_label() {
    let mut sources = SourceMap::new();
    let text = format!(
        "let a = [{}oops{}];\n",
        "1, ".repeat(100_000),
        ", 2".repeat(100_000)
    );
    let home = sources.add_file(Path::new("long.nnl"), &text);
    let report =
        Diagnostic::error(CODE, "found a word").label(span(home, 300_009, 300_013), "here");
    let text = drawn(&sources, report, Style::default());
    assert!(text.contains("long.nnl:1:300010"), "{text}");
    assert!(text.contains("…") && text.contains("oops"), "{text}");
    assert!(text.len() < 2000, "{text}");
}

#[test]
fn nothing_commands_the_terminal() {
    let mut sources = SourceMap::new();
    let home = sources.add_file(Path::new("a\u{1b}b.nnl"), "x \u{1b}[2J \u{202e} y\n");
    let report = Diagnostic::warning(CODE, "column `\u{7}`")
        .label(span(home, 0, 1), "\u{1b}]0;t")
        .note("\r")
        .help("\u{9b}31m");
    for colour in [false, true] {
        let text = drawn(
            &sources,
            report.clone(),
            Style {
                colour,
                ..Style::default()
            },
        );
        let hidden =
            |letter: char| letter.is_control() && letter != '\n' && !(colour && letter == '\u{1b}');
        assert!(
            !text.contains(hidden) && !text.contains('\u{202e}'),
            "{text:?}"
        );
        assert!(
            !text.contains("\u{1b}[2J") && !text.contains("\u{1b}]0"),
            "{text:?}"
        );
    }
}

#[test]
fn footers_wrap_at_the_width() {
    let mut sources = SourceMap::new();
    let home = sources.add_file(Path::new("w.nnl"), "x");
    let report = Diagnostic::error(CODE, "m")
        .label(span(home, 0, 1), "l")
        .help("word ".repeat(40).trim());
    let text = drawn(
        &sources,
        report,
        Style {
            width: 40,
            colour: false,
        },
    );
    assert!(
        text.lines().all(|line| line.chars().count() <= 40),
        "{text}"
    );
}
