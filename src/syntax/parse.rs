//! Text to tree. The text is scanned, its brackets are paired, and it is cut into items; each item is read by the grammar on its
//! own, so that one run reports several errors. An item the grammar refuses is cut further and explained. Only the files of this
//! module know pest.

mod brackets;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the grammar has a hundred rules and says itself which of them stand where"
)]
mod build;
mod explain;
mod foreign;
mod grammar;
mod habits;
mod layout;
mod lex;
mod outline;
mod phrases;
mod prompt;
mod read;
mod recover;
mod reports;
mod split;
mod suspicious;

use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{SourceId, SourceMap, Span, Spanned};
use crate::syntax::ast::Program;
use crate::syntax::codes;

use layout::Layout;
use lex::TokenKind;
use read::Reader;
use reports::Reports;

pub use outline::{LazyDef, Outlined, outline};
pub use prompt::{Tint, is_name, is_unfinished, keywords, tints};

/// Stack that reading may use: enough for the deepest nesting that is let through.
const STACK: usize = 32 << 20;

/// Reads a whole file. A program comes back only without errors; warnings may come with it.
pub fn parse(sources: &SourceMap, id: SourceId) -> (Option<Program>, Diagnostics) {
    read(sources, id, Mode::File)
}

/// Reads a line at the prompt, where the last `;` may be missing.
pub fn parse_line(sources: &SourceMap, id: SourceId) -> (Option<Program>, Diagnostics) {
    read(sources, id, Mode::Line)
}

/// What bytes from outside are as text: the text, or what is wrong with them. `id` names the source they will be, whose text may
/// be empty for now.
pub fn decode(bytes: &[u8], id: SourceId) -> Result<&str, Diagnostic> {
    std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to(), id))
}

/// What is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    File,
    Line,
}

fn read(sources: &SourceMap, id: SourceId, mode: Mode) -> (Option<Program>, Diagnostics) {
    let text = &sources.get(id).text;
    if u32::try_from(text.len()).is_err() {
        return (None, too_large(id).into());
    }
    let mut reports = Reports::default();
    let (mut layout, comments) = scan(text, id, &mut reports);
    let program = stacker::maybe_grow(STACK, STACK, || {
        program(&mut layout, comments, &mut reports, mode)
    });
    let reports = reports.finish();
    ((!reports.has_errors()).then_some(program), reports)
}

/// A text as tokens with their brackets paired, and its comments.
fn scan<'s>(
    text: &'s str,
    source: SourceId,
    reports: &mut Reports,
) -> (Layout<'s>, Vec<Spanned<String>>) {
    let lexed = lex::lex(text, source, reports);
    let mut layout = Layout {
        text,
        source,
        tokens: lexed.tokens,
        behind: vec![],
    };
    brackets::pair_brackets(&mut layout, reports);
    (layout, lexed.comments)
}

fn program(
    layout: &mut Layout<'_>,
    comments: Vec<Spanned<String>>,
    reports: &mut Reports,
    mode: Mode,
) -> Program {
    let (docs, start) = module_docs(layout);
    refuse_late_module_docs(layout, start, reports);
    let mut reader = Reader {
        layout,
        reports,
        mode,
    };
    let pieces = split::items(layout, start);
    let items = pieces.filter_map(|piece| reader.item(&piece)).collect();
    Program {
        docs,
        items,
        comments,
    }
}

/// The `//!` lines at the top, and the token behind them.
fn module_docs(layout: &Layout<'_>) -> (Vec<String>, usize) {
    let docs = layout
        .tokens
        .iter()
        .take_while(|token| token.kind == TokenKind::ModuleDoc);
    let docs: Vec<String> = docs
        .map(|doc| build::doc_text(&layout.text[doc.start()..doc.end()]))
        .collect();
    let start = docs.len();
    (docs, start)
}

fn refuse_late_module_docs(layout: &mut Layout<'_>, start: usize, reports: &mut Reports) {
    for at in start..layout.tokens.len() {
        if layout.tokens[at].kind == TokenKind::ModuleDoc {
            layout.tokens[at].is_bad = true;
            reports.push(late_module_doc(layout.place(at)));
        }
    }
}

fn late_module_doc(place: Span) -> Diagnostic {
    Diagnostic::error(
        codes::DANGLING_DOC,
        "a `//!` comment documents the file and stands at its top",
    )
    .label(place, "something stands before it")
    .help("write `///` to document what follows, or `//` for a comment")
}

fn too_large(id: SourceId) -> Diagnostic {
    let place = Span {
        source: id,
        start: 0,
        end: 0,
    };
    Diagnostic::error(codes::TOO_LONG, "this text is larger than 4 GiB")
        .label(place, "begins here")
        .help("keep data in a file, and read it with a `data` block")
}

fn not_utf8(bytes: &[u8], offset: usize, id: SourceId) -> Diagnostic {
    let place = Span {
        source: id,
        start: 0,
        end: 0,
    };
    let message = format!(
        "this is no UTF-8 text: byte {offset} is 0x{:02x}",
        bytes[offset]
    );
    Diagnostic::error(codes::NOT_UTF8, message)
        .label(place, "in this file")
        .help("save it as UTF-8")
}
