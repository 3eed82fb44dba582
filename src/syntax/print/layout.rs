//! Where lines end: words, places to break and groups, laid out as Oppen (1980) and Wadler (1998) do it. A group stays on one line
//! where it fits into [`WIDTH`] with what follows it up to the next break; else each of its own breaks ends a line. Knows nothing of
//! the language.

/// Columns that a line may have, unless one word alone has more.
const WIDTH: usize = 100;

/// What a page is made of.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Words that stay together; only a comment has line ends in it.
    Text(String),
    /// The same, at the end of a line that may be too long for it.
    Aside(String),
    /// Ends a line in a broken group; this text in one that is not.
    Break(&'static str),
    /// A blank, or the end of a line where what follows up to the next break does not fit.
    Fill,
    /// Ends a line, and breaks every group around it; a second one leaves a line empty.
    Hard,
    /// Text in a broken group alone.
    IfBroken(&'static str),
    /// Begins a group.
    Open,
    /// Ends it.
    Close,
    /// Lines that begin from here on stand one level deeper.
    Indent,
    /// Ends that.
    Dedent,
}

impl Token {
    /// Whether a line may end here.
    pub(super) fn is_break(&self) -> bool {
        match self {
            Token::Break(_) | Token::Fill | Token::Hard => true,
            Token::Text(_) | Token::Aside(_) | Token::IfBroken(_) => false,
            Token::Open | Token::Close | Token::Indent | Token::Dedent => false,
        }
    }

    /// Whether it may put words on the page.
    pub(super) fn is_word(&self) -> bool {
        match self {
            Token::Text(_) | Token::Aside(_) | Token::IfBroken(_) => true,
            Token::Break(_) | Token::Fill | Token::Hard => false,
            Token::Open | Token::Close | Token::Indent | Token::Dedent => false,
        }
    }

    /// Whether a group with this in it cannot stay on a line.
    fn is_tall(&self) -> bool {
        match self {
            Token::Hard => true,
            Token::Text(text) | Token::Aside(text) => text.contains('\n'),
            Token::Break(_) | Token::Fill | Token::IfBroken(_) => false,
            Token::Open | Token::Close | Token::Indent | Token::Dedent => false,
        }
    }

    /// Columns on a line that is not broken here.
    fn width(&self) -> usize {
        match self {
            Token::Text(text) => text.chars().count(),
            Token::Break(flat) => flat.len(),
            Token::Fill => 1,
            Token::Aside(_) | Token::Hard | Token::IfBroken(_) => 0,
            Token::Open | Token::Close | Token::Indent | Token::Dedent => 0,
        }
    }
}

/// The page, in linear time.
pub(super) fn lay_out(tokens: &[Token]) -> String {
    let widths = Widths::of(tokens);
    let mut page = Page::default();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Text(text) | Token::Aside(text) => page.put(text),
            Token::Break(flat) => page.put_or_end(flat, page.is_broken()),
            Token::Fill => page.put_or_end(" ", !page.has_room(1 + widths.segment(at + 1))),
            Token::Hard => page.end_line(),
            Token::IfBroken(text) if page.is_broken() => page.put(text),
            Token::IfBroken(_) => {}
            Token::Open => page.groups.push(!page.has_room(widths.groups[at])),
            Token::Close => drop(page.groups.pop()),
            Token::Indent => page.indent += 1,
            Token::Dedent => page.indent -= 1,
        }
    }
    page.text
}

/// How wide things are on one line.
struct Widths {
    /// Columns before each token.
    before: Vec<usize>,
    /// The next token, from each on, at which a line may end.
    next_break: Vec<usize>,
    /// Columns of the group that a token opens, with what follows up to the next break.
    groups: Vec<usize>,
}

impl Widths {
    fn of(tokens: &[Token]) -> Widths {
        let n = tokens.len();
        let mut widths = Widths {
            before: vec![0; n + 1],
            next_break: vec![n; n + 1],
            groups: vec![0; n],
        };
        for (at, token) in tokens.iter().enumerate() {
            widths.before[at + 1] = widths.before[at] + token.width();
        }
        for at in (0..n).rev() {
            widths.next_break[at] = match tokens[at].is_break() {
                true => at,
                false => widths.next_break[at + 1],
            };
        }
        widths.measure_groups(tokens);
        widths
    }

    fn measure_groups(&mut self, tokens: &[Token]) {
        // Open groups, and whether something in them cannot stay on a line.
        let mut open: Vec<(usize, bool)> = vec![];
        for (at, token) in tokens.iter().enumerate() {
            if let (true, Some((_, is_tall))) = (token.is_tall(), open.last_mut()) {
                *is_tall = true;
            }
            if *token == Token::Open {
                open.push((at, false));
            } else if *token == Token::Close {
                let (start, is_tall) = open.pop().expect("groups are closed as often as opened");
                self.groups[start] = match is_tall {
                    true => usize::MAX,
                    false => self.segment(at) + self.before[at] - self.before[start],
                };
                if let (true, Some((_, around))) = (is_tall, open.last_mut()) {
                    *around = true;
                }
            }
        }
    }

    /// Columns from a token to the next break.
    fn segment(&self, at: usize) -> usize {
        self.before[self.next_break[at]] - self.before[at]
    }
}

/// Lines under construction.
#[derive(Default)]
struct Page {
    text: String,
    /// Columns of the last line; none before its first word.
    column: usize,
    indent: usize,
    /// The groups around, and whether they are broken.
    groups: Vec<bool>,
}

impl Page {
    fn is_broken(&self) -> bool {
        self.groups.last().copied().unwrap_or(false)
    }

    fn has_room(&self, width: usize) -> bool {
        let column = match self.column {
            0 => 2 * self.indent,
            column => column,
        };
        column.saturating_add(width) <= WIDTH
    }

    fn put_or_end(&mut self, text: &str, ends: bool) {
        match ends {
            true => self.end_line(),
            false => self.put(text),
        }
    }

    /// Writes a text; blanks that meet become one, and none stands before what closes.
    fn put(&mut self, text: &str) {
        let text = match self.text.ends_with(' ') || self.column == 0 {
            true => text.trim_start_matches(' '),
            false => text,
        };
        if text.is_empty() {
            return;
        }
        if self.column == 0 {
            self.text.push_str(&"  ".repeat(self.indent));
            self.column = 2 * self.indent;
        } else if text.starts_with([',', ';', ')', ']']) {
            let trimmed = self.text.trim_end_matches(' ').len();
            self.text.truncate(trimmed);
        }
        self.text.push_str(text);
        self.column += text.chars().count();
    }

    fn end_line(&mut self) {
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
        self.column = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[&str]) -> Vec<Token> {
        let mut tokens = vec![Token::Open, Token::Text("f(".into()), Token::Indent];
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                tokens.push(Token::Text(",".into()));
            }
            tokens.push(Token::Break(if at > 0 { " " } else { "" }));
            tokens.push(Token::Text((*item).into()));
        }
        tokens.extend([Token::IfBroken(","), Token::Dedent, Token::Break("")]);
        tokens.extend([Token::Text(")".into()), Token::Close]);
        tokens
    }

    #[test]
    fn a_group_stays_on_a_line_where_it_fits_with_what_follows() {
        let long = "x".repeat(47);
        assert_eq!(lay_out(&list(&["a", "b"])), "f(a, b)");
        let mut tokens = list(&[&long, &long]);
        assert_eq!(lay_out(&tokens).len(), 99);
        tokens.push(Token::Text(" + 1".into()));
        assert_eq!(lay_out(&tokens), format!("f(\n  {long},\n  {long},\n) + 1"));
    }

    #[test]
    fn a_hard_end_breaks_every_group_around_it_and_no_other() {
        let mut tokens = list(&["a"]);
        tokens.insert(5, Token::Hard);
        tokens.extend(list(&["b"]));
        assert_eq!(lay_out(&tokens), "f(\n  a\n  ,\n)f(b)");
    }
}
