//! Pairs the brackets of a text, before the grammar sees any of it: what is open without end, what closes nothing, and what nests
//! too deep is reported at the bracket itself. Afterwards every opening bracket has a place where its group ends.

use crate::diag::Diagnostic;
use crate::source::Span;
use crate::syntax::codes;

use super::build::{NESTING, too_deep};
use super::layout::Layout;
use super::lex::{Bracket, TokenKind};
use super::reports::Reports;

/// How many tokens behind a `;` in brackets are searched for the bracket's end.
const LOOKAHEAD: usize = 64;

/// Fills in where each group ends, and marks the brackets that were reported.
pub(super) fn pair_brackets(layout: &mut Layout<'_>, reports: &mut Reports) {
    let n_tokens = layout.tokens.len();
    layout.behind = vec![0; n_tokens];
    let mut pairing = Pairing {
        layout,
        reports,
        open: vec![],
        n_open: [0; 3],
        waiting: vec![Waiting::default()],
        n_waiting: 0,
        is_forgiving: false,
    };
    for at in 0..n_tokens {
        pairing.step(at);
    }
    pairing.abandon(0, n_tokens, "the text ends here");
}

/// An open bracket.
struct Frame {
    at: usize,
    bracket: Bracket,
}

/// What the grammar nests like brackets although it has none: everything behind these words and arrows lies within them.
#[derive(Default)]
struct Waiting {
    /// `=>` and `->`, which reach up to a `,` or `;`.
    arrows: usize,
    /// `if` and `repeat`, which wait for their block.
    words: usize,
}

struct Pairing<'p, 's, 'r> {
    layout: &'p mut Layout<'s>,
    reports: &'r mut Reports,
    open: Vec<Frame>,
    /// How many of each sort are open.
    n_open: [usize; 3],
    /// One entry for the top level and for each open bracket.
    waiting: Vec<Waiting>,
    n_waiting: usize,
    /// Whether what is open now may stay so: a string swallowed its end, or the nesting is reported.
    is_forgiving: bool,
}

impl Pairing<'_, '_, '_> {
    fn step(&mut self, at: usize) {
        let token = self.layout.tokens[at];
        match token.kind {
            TokenKind::Open(bracket) => self.open(at, bracket),
            TokenKind::Close(bracket) => self.close(at, bracket),
            TokenKind::Word => self.word(at),
            TokenKind::Mark => self.mark(at),
            TokenKind::Number | TokenKind::Text | TokenKind::Doc | TokenKind::ModuleDoc => {}
        }
        let swallows = matches!(token.kind, TokenKind::Text | TokenKind::Mark);
        self.is_forgiving |= token.is_bad && swallows;
        self.is_forgiving &= !self.open.is_empty() || self.n_waiting > 0;
    }

    fn open(&mut self, at: usize, bracket: Bracket) {
        if bracket == Bracket::Curly {
            self.begin_block();
        }
        self.open.push(Frame { at, bracket });
        self.n_open[bracket as usize] += 1;
        self.waiting.push(Waiting::default());
        self.check_depth(at);
    }

    fn check_depth(&mut self, at: usize) {
        if self.open.len() + self.n_waiting <= NESTING {
            return;
        }
        self.layout.tokens[at].is_bad = true;
        if !self.is_forgiving {
            self.reports.push(too_deep(self.layout.place(at)));
        }
        self.is_forgiving = true;
    }

    fn close(&mut self, at: usize, bracket: Bracket) {
        if self.n_open[bracket as usize] == 0 {
            return self.stray(at, bracket);
        }
        let depth = self.open.iter().rposition(|frame| frame.bracket == bracket);
        let depth = depth.expect("some bracket of this sort is open");
        self.abandon(depth + 1, at, "something around it ends here");
        self.pop(at + 1);
    }

    fn stray(&mut self, at: usize, bracket: Bracket) {
        self.layout.tokens[at].is_bad = true;
        if !self.is_forgiving {
            self.reports.push(stray(bracket, self.layout.place(at)));
        }
    }

    /// Ends the innermost group before the token `behind`.
    fn pop(&mut self, behind: usize) -> Option<Frame> {
        let frame = self.open.pop()?;
        self.n_open[frame.bracket as usize] -= 1;
        self.stop_waiting();
        self.waiting.pop();
        let behind = u32::try_from(behind).expect("there are fewer tokens than bytes");
        self.layout.behind[frame.at] = behind;
        Some(frame)
    }

    fn innermost(&mut self) -> &mut Waiting {
        self.waiting
            .last_mut()
            .expect("the top level is always there")
    }

    /// A block may be the one that an `if` or `repeat` waited for.
    fn begin_block(&mut self) {
        let words = &mut self.innermost().words;
        let ended = usize::from(*words > 0);
        *words -= ended;
        self.n_waiting -= ended;
    }

    /// Gives up the groups from `depth` inwards: they end before the token `at`, where someone noticed. The innermost is
    /// reported; those around it are likely a consequence.
    fn abandon(&mut self, depth: usize, at: usize, noticed: &str) {
        let mut innermost = None;
        let end = self.likely_end(depth, at);
        while self.open.len() > depth {
            let frame = self.pop(end).expect("some are open");
            self.layout.tokens[frame.at].is_bad = true;
            innermost = innermost.or(Some(frame));
        }
        if let Some(frame) = innermost.filter(|_| !self.is_forgiving) {
            let end = self.layout.place(at);
            let report = unclosed(frame.bracket, self.layout.place(frame.at), end, noticed);
            self.reports.push(report);
        }
    }

    /// Where the innermost of some groups that nothing closes likely ends: before the first line that begins a field or a
    /// statement, which thereby is not lost.
    fn likely_end(&self, depth: usize, noticed: usize) -> usize {
        let Some(frame) = self
            .open
            .last()
            .filter(|frame| self.open.len() > depth && frame.bracket != Bracket::Curly)
        else {
            return noticed;
        };
        let layout = &*self.layout;
        let mut at = frame.at + 1;
        while at < noticed {
            if layout.begins_line(at) && (layout.begins_field(at) || layout.begins_statement(at)) {
                return at;
            }
            at = layout.after(at);
        }
        noticed
    }

    fn word(&mut self, at: usize) {
        match self.layout.word(at) {
            "if" | "repeat" => {
                self.innermost().words += 1;
                self.wait(at);
            }
            _ if self.layout.begins_declaration(at) => {
                self.abandon(0, at, "a new declaration begins here");
                self.stop_waiting();
            }
            _ => {}
        }
    }

    fn mark(&mut self, at: usize) {
        match self.layout.word(at) {
            "=>" | "->" => {
                self.innermost().arrows += 1;
                self.wait(at);
            }
            "," => self.stop_waiting(),
            ";" => self.semicolon(at),
            _ => {}
        }
    }

    fn wait(&mut self, at: usize) {
        self.n_waiting += 1;
        self.check_depth(at);
    }

    fn stop_waiting(&mut self) {
        let Waiting { arrows, words } = std::mem::take(self.innermost());
        self.n_waiting -= arrows + words;
    }

    /// A `;` ends what is open within the statement, unless it only stands where a `,` was meant.
    fn semicolon(&mut self, at: usize) {
        self.stop_waiting();
        let Some(innermost) = self.open.last().map(|frame| frame.bracket) else {
            return;
        };
        if innermost == Bracket::Curly || self.closes_soon(at + 1, innermost) {
            return;
        }
        let block = self
            .open
            .iter()
            .rposition(|frame| frame.bracket == Bracket::Curly);
        self.abandon(
            block.map_or(0, |block| block + 1),
            at,
            "the statement ends here",
        );
    }

    fn closes_soon(&self, from: usize, wanted: Bracket) -> bool {
        let mut depth = 0;
        let ahead = &self.layout.tokens[from..];
        for (index, token) in ahead.iter().take(LOOKAHEAD).enumerate() {
            match token.kind {
                TokenKind::Open(_) => depth += 1,
                TokenKind::Close(bracket) if depth == 0 => return bracket == wanted,
                TokenKind::Close(_) => depth -= 1,
                TokenKind::Mark if self.layout.is(from + index, ";") => return false,
                TokenKind::Word if self.layout.begins_statement(from + index) => return false,
                TokenKind::Word | TokenKind::Number | TokenKind::Text | TokenKind::Mark => {}
                TokenKind::Doc | TokenKind::ModuleDoc => {}
            }
        }
        false
    }
}

/// The two brackets of a pair.
pub(super) fn signs(bracket: Bracket) -> (char, char) {
    match bracket {
        Bracket::Round => ('(', ')'),
        Bracket::Square => ('[', ']'),
        Bracket::Curly => ('{', '}'),
    }
}

fn unclosed(bracket: Bracket, opened: Span, end: Span, noticed: &str) -> Diagnostic {
    let (open, close) = signs(bracket);
    Diagnostic::error(
        codes::UNCLOSED_BRACKET,
        format!("this `{open}` is not closed"),
    )
    .label(opened, "opened here")
    .label(end, noticed)
    .help(format!("add `{close}`"))
}

fn stray(bracket: Bracket, place: Span) -> Diagnostic {
    let (open, close) = signs(bracket);
    Diagnostic::error(
        codes::STRAY_BRACKET,
        format!("this `{close}` closes nothing"),
    )
    .label(place, format!("no `{open}` is open here"))
    .help(format!("remove it, or add the `{open}` it belongs to"))
}
