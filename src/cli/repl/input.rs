//! Where lines come from: an editor on a terminal, or standard input as it is.

use std::io::{self, BufRead, IsTerminal, Stdin};

use crate::cli::repl::editor::Editor;
use crate::cli::screen::Screen;
use crate::session::Session;
use crate::syntax::is_unfinished;

/// What is read next.
pub(crate) enum Line {
    Text(String),
    End,
}

/// Where lines come from.
pub(crate) enum Input {
    Terminal(Box<Editor>),
    Pipe(Pipe),
}

impl Input {
    pub(crate) fn open(screen: Screen) -> Input {
        match io::stdin().is_terminal() && io::stdout().is_terminal() {
            true => Input::Terminal(Box::new(Editor::new(screen))),
            false => Input::Pipe(Pipe {
                stdin: io::stdin(),
                ahead: None,
            }),
        }
    }

    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Input::Terminal(_))
    }

    /// Takes notice of the names there are.
    pub(crate) fn learn(&mut self, session: &Session) {
        if let Input::Terminal(editor) = self {
            editor.learn(session);
        }
    }

    pub(crate) fn line(&mut self) -> io::Result<Line> {
        match self {
            Input::Terminal(editor) => editor.line(),
            Input::Pipe(pipe) => pipe.line(),
        }
    }
}

/// Standard input, cut into lines that are whole by the grammar.
pub(crate) struct Pipe {
    stdin: Stdin,
    /// A line that was read and belongs to what comes next.
    ahead: Option<String>,
}

impl Pipe {
    /// What is open at an empty line ends there if the next line begins at the margin: else one open bracket would take everything.
    fn line(&mut self) -> io::Result<Line> {
        let mut text = String::new();
        while let Some(line) = self.next()? {
            let is_cut = text.ends_with("\n\n")
                && line.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':');
            if is_cut {
                self.ahead = Some(line);
                return Ok(Line::Text(text));
            }
            text.push_str(&line);
            if is_whole(&text) {
                return Ok(Line::Text(text));
            }
        }
        Ok(match text.trim().is_empty() {
            true => Line::End,
            false => Line::Text(text),
        })
    }

    fn next(&mut self) -> io::Result<Option<String>> {
        if let Some(line) = self.ahead.take() {
            return Ok(Some(line));
        }
        let mut line = vec![];
        let n_bytes = self.stdin.lock().read_until(b'\n', &mut line)?;
        // What is no text is reported like any other strange character.
        let line = String::from_utf8_lossy(&line).replace("\r\n", "\n");
        Ok((n_bytes > 0).then_some(line))
    }
}

/// Whether a text is a command, or nothing is wanted behind its end.
pub(crate) fn is_whole(text: &str) -> bool {
    text.trim_start().starts_with([':', '?']) || !is_unfinished(text)
}
