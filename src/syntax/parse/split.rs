//! Where a text can be cut: into items, and a broken item into its head, statements and fields. Cuts are made by tokens alone, at
//! `;`, `,` and `}`, and before words that only ever begin something new.

use std::ops::Range;

use super::layout::Layout;
use super::lex::{Bracket, TokenKind};

/// A run of tokens that stands for itself.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) range: Range<usize>,
    pub(super) ending: Ending,
}

impl Piece {
    /// No tokens at all.
    pub(super) fn nothing() -> Piece {
        Piece {
            range: 0..0,
            ending: Ending::Whole,
        }
    }
}

/// Why a piece ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With its `;`, its `}`, or before a `,`: as it should.
    Whole,
    /// Because something else begins, or nothing is left: its end mark is missing.
    Cut,
}

/// A part of a broken item, and how to read it.
pub(super) enum Part {
    /// `fn f(x: [n]) -> [n] where …`
    Head(Range<usize>),
    /// `grad(x, y, dy)`
    GradHead(Range<usize>),
    /// An element of a block; the last one may be its value.
    Element { piece: Piece, is_last: bool },
    /// An expression that ends in `;`, as in `= expr;`.
    Value(Piece),
    /// A field of `data` or `train`.
    Field { piece: Piece, is_last: bool },
}

/// The items of a text, from the token `start` on.
pub(super) fn items(layout: &Layout<'_>, start: usize) -> impl Iterator<Item = Piece> {
    let mut start = start;
    std::iter::from_fn(move || {
        start = layout.behind_hashes(start);
        let piece = (start < layout.tokens.len()).then(|| item(layout, start))?;
        start = piece.range.end;
        Some(piece)
    })
}

fn item(layout: &Layout<'_>, start: usize) -> Piece {
    let first = layout.behind_docs(&(start..layout.tokens.len()));
    let piece = |end, ending| Piece {
        range: start..end,
        ending,
    };
    if matches!(layout.kind(first), Some(TokenKind::Close(_))) {
        return piece(first + 1, Ending::Whole);
    }
    let has_braces = layout.begins_declaration(first) && has_braces(layout.word(first));
    let (mut at, mut is_value) = (first, false);
    while at < layout.tokens.len() {
        if at > first && (layout.begins_anew(at) || layout.begins_behind_brace(at)) {
            return piece(at, Ending::Cut);
        }
        let behind = layout.after(at);
        is_value |= layout.is(at, "=");
        let is_end =
            layout.is(at, ";") || (has_braces && !is_value && ends_body(layout, at, behind));
        if is_end {
            return piece(behind, Ending::Whole);
        }
        at = behind;
    }
    piece(layout.tokens.len(), Ending::Cut)
}

/// Whether a declaration ends in braces, or may.
fn has_braces(keyword: &str) -> bool {
    matches!(
        keyword,
        "fn" | "layer" | "model" | "optimizer" | "data" | "train" | "test"
    )
}

/// Whether the group `at..behind` is a declaration's body and the last of it.
fn ends_body(layout: &Layout<'_>, at: usize, behind: usize) -> bool {
    is_body(layout, at) && !begins_grad(layout, behind)
}

/// Whether a brace opens a body: the other braces of a head are record types, behind `->`.
fn is_body(layout: &Layout<'_>, at: usize) -> bool {
    let is_type = at
        .checked_sub(1)
        .is_some_and(|before| layout.is(before, "->"));
    layout.kind(at) == Some(TokenKind::Open(Bracket::Curly)) && !is_type
}

/// Whether a gradient rule begins here, and not a call of `grad`.
fn begins_grad(layout: &Layout<'_>, at: usize) -> bool {
    layout.is(at, "grad")
        && layout.is(at + 1, "(")
        && matches!(layout.word(layout.after(at + 1)), "{" | "=")
}

/// The parts of a broken item; none where it has no inner structure to cut at.
pub(super) fn parts(layout: &Layout<'_>, piece: &Piece) -> Vec<Part> {
    let first = layout.behind_docs(&piece.range);
    if !layout.begins_declaration(first) {
        return vec![];
    }
    match layout.word(first) {
        "fn" | "layer" | "model" | "optimizer" => definition(layout, piece),
        "test" => elements(layout, layout.inside(first + 2)),
        "data" | "train" => fields(layout, layout.inside(first + 2)),
        _ => vec![],
    }
}

fn definition(layout: &Layout<'_>, piece: &Piece) -> Vec<Part> {
    let end = piece.range.end;
    let body = seek_body(layout, piece.range.start, end);
    let mut parts = vec![Part::Head(piece.range.start..body)];
    let behind = body_parts(layout, piece, body, &mut parts);
    if behind < end && begins_grad(layout, behind) {
        let body = seek_body(layout, behind, end);
        parts.push(Part::GradHead(behind..body));
        body_parts(layout, piece, body, &mut parts);
    }
    parts
}

/// The `{` or `=` that a body begins with, or the end.
fn seek_body(layout: &Layout<'_>, start: usize, end: usize) -> usize {
    let mut at = start;
    while at < end && !is_body(layout, at) && !matches!(layout.word(at), "=" | ";") {
        at = layout.after(at);
    }
    at.min(end)
}

/// Adds the parts of the body that begins at `body`; returns where it ends.
fn body_parts(layout: &Layout<'_>, piece: &Piece, body: usize, parts: &mut Vec<Part>) -> usize {
    if layout.is(body, "{") && body < piece.range.end {
        parts.extend(elements(layout, layout.inside(body)));
        return layout.after(body);
    }
    if layout.is(body, "=") && body < piece.range.end {
        parts.push(Part::Value(Piece {
            range: body + 1..piece.range.end,
            ending: piece.ending,
        }));
    }
    piece.range.end
}

/// The statements of a block, and its value.
fn elements(layout: &Layout<'_>, range: Range<usize>) -> Vec<Part> {
    let pieces = cut(layout, &range, ";", |at| layout.begins_anew(at));
    let element = |piece: Piece| Part::Element {
        is_last: piece.range.end == range.end,
        piece,
    };
    pieces.into_iter().map(element).collect()
}

/// The fields of a block.
fn fields(layout: &Layout<'_>, range: Range<usize>) -> Vec<Part> {
    let pieces = cut(layout, &range, ",", |at| {
        layout.begins_field(at) || layout.kind(at) == Some(TokenKind::Doc)
    });
    let field = |piece: Piece| Part::Field {
        is_last: piece.range.end == range.end,
        piece,
    };
    pieces.into_iter().map(field).collect()
}

/// Cuts a range behind each `mark` outside brackets, and before what begins anew.
fn cut(
    layout: &Layout<'_>,
    range: &Range<usize>,
    mark: &str,
    begins: impl Fn(usize) -> bool,
) -> Vec<Piece> {
    let mut pieces = vec![];
    let mut start = layout.behind_hashes(range.start).min(range.end);
    let mut first = layout.behind_docs(&(start..range.end));
    let mut at = start;
    while at < range.end {
        let behind = layout.after(at).min(range.end);
        let ending = match layout.is(at, mark) {
            true => Some((behind, Ending::Whole)),
            false => (at > first && begins(at)).then_some((at, Ending::Cut)),
        };
        at = behind;
        if let Some((end, ending)) = ending {
            pieces.push(Piece {
                range: start..end,
                ending,
            });
            start = layout.behind_hashes(end).min(range.end);
            first = layout.behind_docs(&(start..range.end));
            at = start.max(first);
        }
    }
    if start < range.end {
        pieces.push(Piece {
            range: start..range.end,
            ending: Ending::Cut,
        });
    }
    pieces
}
