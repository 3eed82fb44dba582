//! Text to tree. The text is scanned, its brackets are paired, and it is cut into items; each item is read by the grammar on its
//! own, so that one run reports several errors. An item the grammar refuses is cut further and explained. Only the files of this
//! module know pest.

mod build;
mod foreign;
mod grammar;
mod lex;
mod reports;
mod suspicious;

use pest::Parser;

use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{SourceId, SourceMap, Span};
use crate::syntax::ast::Program;
use crate::syntax::codes;

use build::Builder;
use grammar::{Children, Grammar, Rule};
use reports::Reports;

/// Reads a whole file. A program comes back only without errors; warnings may come with it.
pub fn parse(sources: &SourceMap, id: SourceId) -> (Option<Program>, Diagnostics) {
    let text = &sources.get(id).text;
    let mut reports = Reports::default();
    let lexed = lex::lex(text, id, &mut reports);
    let mut program = Program {
        docs: vec![],
        items: vec![],
        comments: lexed.comments,
    };
    let mut builder = Builder {
        source: id,
        base: 0,
        tokens: &lexed.tokens,
        reports: vec![],
        height: 0,
    };
    let n_docs = lexed
        .tokens
        .iter()
        .take_while(|token| token.kind == lex::TokenKind::ModuleDoc)
        .count();
    for doc in &lexed.tokens[..n_docs] {
        program
            .docs
            .push(build::doc_text(&text[doc.start()..doc.end()]));
    }
    let base = lexed.tokens[..n_docs].last().map_or(0, |token| token.end());
    builder.base = base;
    match Grammar::parse(Rule::only_file, &text[base..]) {
        Ok(pairs) => {
            for node in Children::among(pairs) {
                program.items.push(builder.item(node));
            }
        }
        Err(error) => {
            let (start, _) = match error.location {
                pest::error::InputLocation::Pos(pos) => (pos, pos),
                pest::error::InputLocation::Span(span) => span,
            };
            let at = u32::try_from(base + start).expect("fits");
            reports.push(
                Diagnostic::error(codes::UNEXPECTED, error.variant.message().into_owned()).label(
                    Span {
                        source: id,
                        start: at,
                        end: at,
                    },
                    "here",
                ),
            );
        }
    }
    builder
        .reports
        .into_iter()
        .for_each(|report| reports.push(report));
    let reports = reports.finish();
    ((!reports.has_errors()).then_some(program), reports)
}

/// Reads a line at the prompt, where the last `;` may be missing.
pub fn parse_line(sources: &SourceMap, id: SourceId) -> (Option<Program>, Diagnostics) {
    parse(sources, id)
}
