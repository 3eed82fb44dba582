//! The part of a text that a snippet shows: the labelled lines, clipped where they are long, with everything escaped that a
//! terminal would obey or a reader could not see. Offsets of labels are carried over into the excerpt.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use crate::diag::Label;
use crate::source::{SourceId, SourceMap};

/// Bytes of a line shown before the first label in it, and in all.
const BEFORE: usize = 80;
const LONGEST: usize = 240;
/// A label over more lines than this is cut to its first.
const TALLEST: usize = 6;
/// Lines between two labels beyond which the later one is not drawn.
const REACH: usize = 10_000;

/// What a snippet shows.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    /// The number of the first line, from zero.
    first_line: usize,
    text: String,
    spots: Vec<Spot>,
}

/// A label carried over, and the column it had.
#[derive(Debug)]
struct Spot {
    label: LabeledSpan,
    column: usize,
}

/// A label within the text it came from.
struct Placed<'l> {
    label: &'l Label,
    bytes: Range<usize>,
    first_line: usize,
}

/// A line as shown: where each character that is left of it came from and stands now.
struct ShownLine {
    start: usize,
    map: Vec<(usize, usize)>,
}

impl Excerpt {
    /// What to show for some labels, all of one text, the first the most telling.
    pub(super) fn of(sources: &SourceMap, home: SourceId, labels: &[&Label]) -> Excerpt {
        let text = &sources.get(home).text;
        let mut placed: Vec<Placed<'_>> = labels.iter().map(|label| place(text, label)).collect();
        let anchor = placed[0].first_line;
        placed.retain(|label| label.first_line.abs_diff(anchor) <= REACH);
        let first_line = placed
            .iter()
            .map(|label| label.first_line)
            .min()
            .unwrap_or(anchor);
        let mut excerpt = Excerpt {
            name: visible(&sources.get(home).name).into_owned(),
            first_line,
            text: String::new(),
            spots: vec![],
        };
        let lines = excerpt.show_lines(text, &placed);
        excerpt.spots = placed
            .iter()
            .enumerate()
            .map(|(index, label)| spot(text, &lines, label, index == 0))
            .collect();
        excerpt
    }

    pub(super) fn labels(&self) -> impl Iterator<Item = &LabeledSpan> {
        self.spots.iter().map(|spot| &spot.label)
    }

    /// Writes every labelled line; lines between stay empty, and are not drawn.
    fn show_lines(&mut self, text: &str, labels: &[Placed<'_>]) -> Vec<ShownLine> {
        let mut wanted: BTreeMap<usize, (Range<usize>, usize)> = BTreeMap::new();
        for label in labels {
            for (number, line) in lines_of(text, label) {
                let from = label.bytes.start.max(line.start);
                let entry = wanted.entry(number).or_insert((line, from));
                entry.1 = entry.1.min(from);
            }
        }
        let mut shown = vec![];
        let mut number = self.first_line;
        for (wanted_number, (line, from)) in wanted {
            self.text.push_str(&"\n".repeat(wanted_number - number));
            shown.push(self.show_line(text, line, from));
            number = wanted_number + 1;
        }
        shown
    }

    fn show_line(&mut self, text: &str, line: Range<usize>, from: usize) -> ShownLine {
        let window = window(text, &line, from);
        let mut shown = ShownLine {
            start: line.start,
            map: vec![],
        };
        if window.start > line.start {
            self.text.push('…');
        }
        for (offset, character) in text[window.clone()].char_indices() {
            shown.map.push((window.start + offset, self.text.len()));
            match character {
                '\t' => self.text.push_str("    "),
                other => self.text.push_str(&visible(other.encode_utf8(&mut [0; 4]))),
            }
        }
        shown.map.push((window.end, self.text.len()));
        self.text
            .push_str(if window.end < line.end { "…\n" } else { "\n" });
        shown
    }
}

fn place<'l>(text: &str, label: &'l Label) -> Placed<'l> {
    let start = (label.span.start as usize).min(text.len());
    let end = (label.span.end as usize).clamp(start, text.len());
    let first_line = text[..start].bytes().filter(|&byte| byte == b'\n').count();
    let tall = text[start..end]
        .bytes()
        .filter(|&byte| byte == b'\n')
        .count()
        >= TALLEST;
    let line_end = text[start..]
        .find('\n')
        .map_or(text.len(), |length| start + length);
    let end = if tall { line_end } else { end };
    Placed {
        label,
        bytes: start..end,
        first_line,
    }
}

/// The numbers and bytes of the lines that a label touches, without their ends.
fn lines_of(text: &str, label: &Placed<'_>) -> Vec<(usize, Range<usize>)> {
    let mut start = text[..label.bytes.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    let mut lines = vec![];
    loop {
        let end = text[start..]
            .find('\n')
            .map_or(text.len(), |length| start + length);
        let content = text[start..end].trim_end_matches('\r');
        lines.push((label.first_line + lines.len(), start..start + content.len()));
        if end >= label.bytes.end {
            return lines;
        }
        start = end + 1;
    }
}

/// The part of a line to show: around its first label, where it is long.
fn window(text: &str, line: &Range<usize>, from: usize) -> Range<usize> {
    if line.len() <= LONGEST {
        return line.clone();
    }
    let start = text.floor_char_boundary(from.saturating_sub(BEFORE).max(line.start));
    let end = text.floor_char_boundary((start + LONGEST).min(line.end));
    start..end
}

fn spot(text: &str, lines: &[ShownLine], placed: &Placed<'_>, is_primary: bool) -> Spot {
    let start = carried_over(lines, placed.bytes.start);
    let end = carried_over(lines, placed.bytes.end).max(start);
    let words = Some(readable(&placed.label.text));
    let label = match is_primary {
        true => LabeledSpan::new_primary_with_span(words, (start, end - start)),
        false => LabeledSpan::new_with_span(words, (start, end - start)),
    };
    let line_start = text[..placed.bytes.start]
        .rfind('\n')
        .map_or(0, |newline| newline + 1);
    Spot {
        label,
        column: text[line_start..placed.bytes.start].chars().count(),
    }
}

/// Where an offset of the text stands in the excerpt.
fn carried_over(lines: &[ShownLine], offset: usize) -> usize {
    let line = lines
        .partition_point(|line| line.start <= offset)
        .saturating_sub(1);
    let map = &lines[line].map;
    let next = map
        .partition_point(|(from, _)| *from < offset)
        .min(map.len() - 1);
    map[next].1
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        _before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (first, last) = (span.offset(), span.offset() + span.len());
        let start = self.text[..first]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let end = self.text[last..]
            .find('\n')
            .map_or(self.text.len(), |length| last + length + 1);
        let count = |text: &str| text.bytes().filter(|&byte| byte == b'\n').count();
        let spot = self
            .spots
            .iter()
            .find(|spot| spot.label.offset() == first && spot.label.len() == span.len());
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..end],
            (start, end - start).into(),
            self.first_line + count(&self.text[..start]),
            spot.map_or(0, |spot| spot.column),
            count(&self.text[start..end]),
        )))
    }
}

/// A text with every character spelt out that a terminal would obey, or a reader could not see.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let spell = |character: char| match is_hidden(character) {
        true => character.escape_unicode().to_string(),
        false => character.to_string(),
    };
    Cow::Owned(text.chars().map(spell).collect())
}

/// The longest name that is written out: nobody reads a longer one, and it hides what is said of it.
const LONGEST_NAME: usize = 64;

/// Free text as it is shown in a message, with over-long names abridged in the middle.
pub(super) fn readable(text: &str) -> String {
    let text = visible(text);
    let is_name = |character: char| character.is_alphanumeric() || character == '_';
    let mut shown = String::with_capacity(text.len());
    let mut rest = text.as_ref();
    while !rest.is_empty() {
        let in_name = rest.starts_with(is_name);
        let end = rest.find(|character| is_name(character) != in_name);
        let (run, later) = rest.split_at(end.unwrap_or(rest.len()));
        shown.push_str(&abridged(run));
        rest = later;
    }
    shown
}

fn abridged(name: &str) -> Cow<'_, str> {
    let length = name.chars().count();
    let is_name = name.starts_with(|first: char| first.is_alphanumeric() || first == '_');
    if length <= LONGEST_NAME || !is_name {
        return Cow::Borrowed(name);
    }
    let (head, tail) = (LONGEST_NAME / 2, LONGEST_NAME / 4);
    let head = name.chars().take(head);
    let tail = name.chars().skip(length - tail);
    Cow::Owned(head.chain(['…']).chain(tail).collect())
}

fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
