//! Colours for a line while it is typed.

use reedline::{Color, Highlighter, StyledText};

use crate::syntax::{Tint, tints};

/// Colours words by what they are.
pub(crate) struct Paint;

impl Highlighter for Paint {
    fn highlight(&self, line: &str, _: usize) -> StyledText {
        let mut styled = StyledText::new();
        let mut at = 0;
        for (range, tint) in tints(line) {
            // A command's text may be anything: nothing is painted twice.
            if range.start < at {
                continue;
            }
            styled.push((Color::Default.normal(), line[at..range.start].to_owned()));
            styled.push((colour(tint).normal(), line[range.clone()].to_owned()));
            at = range.end;
        }
        styled.push((Color::Default.normal(), line[at..].to_owned()));
        styled
    }
}

fn colour(tint: Tint) -> Color {
    match tint {
        Tint::Keyword => Color::Magenta,
        Tint::Number => Color::Cyan,
        Tint::Text => Color::Green,
        Tint::Comment => Color::DarkGray,
    }
}
