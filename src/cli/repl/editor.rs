//! The line editor of the prompt: several lines by grammar, history, colours, completion and hints.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use reedline::{
    ColumnarMenu, Completer, CompletionResult, DefaultHinter, Emacs, FileBackedHistory, KeyCode,
    KeyModifiers, MenuBuilder, Prompt, PromptEditMode, PromptHistorySearch, Reedline,
    ReedlineEvent, ReedlineMenu, Signal, Span, Suggestion, ValidationResult, Validator,
    default_emacs_keybindings,
};

use crate::cli::repl::input::{Line, is_whole};
use crate::cli::repl::paint::Paint;
use crate::cli::repl::words::{Library, Words};
use crate::cli::screen::Screen;
use crate::session::Session;

/// Lines that are remembered.
const REMEMBERED: usize = 10_000;
const MENU: &str = "words";

/// The editor, and the words that its completion shares.
pub(crate) struct Editor {
    editor: Reedline,
    words: Arc<Mutex<Words>>,
    library: OnceCell<Library>,
    /// Whether no line has been read yet.
    is_first: bool,
}

impl Editor {
    pub(crate) fn new(screen: Screen) -> Editor {
        let words = Arc::new(Mutex::new(Words::default()));
        let mut keys = default_emacs_keybindings();
        let complete = ReedlineEvent::UntilFound(vec![
            ReedlineEvent::Menu(MENU.into()),
            ReedlineEvent::MenuNext,
        ]);
        keys.add_binding(KeyModifiers::NONE, KeyCode::Tab, complete);
        let menu = ColumnarMenu::default().with_name(MENU);
        let mut editor = Reedline::create()
            .with_validator(Box::new(Whole))
            .with_completer(Box::new(Completion(words.clone())))
            .with_menu(ReedlineMenu::EngineCompleter(Box::new(menu)))
            .with_edit_mode(Box::new(Emacs::new(keys)))
            .with_hinter(Box::new(DefaultHinter::default()))
            .with_highlighter(Box::new(Paint))
            .with_ansi_colors(screen.colour);
        if let Some(history) = history() {
            editor = editor.with_history(Box::new(history));
        }
        Editor {
            editor,
            words,
            library: OnceCell::new(),
            is_first: true,
        }
    }

    pub(crate) fn learn(&mut self, session: &Session) {
        // Reading every signature takes a while, for which the first prompt does not wait.
        let library = match self.is_first {
            true => &Library::names(session),
            false => self.library.get_or_init(|| Library::of(session)),
        };
        self.is_first = false;
        if let Ok(mut words) = self.words.lock() {
            *words = Words::of(session, library);
        }
    }

    /// The next line. Ctrl-C gives up what was typed.
    pub(crate) fn line(&mut self) -> io::Result<Line> {
        match self.editor.read_line(&Mark) {
            Ok(Signal::Success(text)) => Ok(Line::Text(text)),
            Ok(Signal::CtrlD) => Ok(Line::End),
            Ok(_) => Ok(Line::Text(String::new())),
            Err(error) => Err(io::Error::other(error.to_string())),
        }
    }
}

/// Lines of earlier sessions, where there is a folder to keep them in.
fn history() -> Option<FileBackedHistory> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || folder("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let data = folder("XDG_DATA_HOME").map(PathBuf::from).or_else(home)?;
    let folder = data.join("nnlc");
    std::fs::create_dir_all(&folder).ok()?;
    FileBackedHistory::with_file(REMEMBERED, folder.join("history")).ok()
}

/// Enter ends a line that the grammar takes for whole; an empty line ends any.
struct Whole;

impl Validator for Whole {
    fn validate(&self, line: &str) -> ValidationResult {
        match is_whole(line) || line.ends_with("\n\n") {
            true => ValidationResult::Complete,
            false => ValidationResult::Incomplete,
        }
    }
}

/// Completes words.
struct Completion(Arc<Mutex<Words>>);

impl Completer for Completion {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let words = self.0.lock();
        let (start, found) = words.map_or((pos, vec![]), |words| words.after(&line[..pos]));
        let suggestion = |(value, what): (String, String)| Suggestion {
            value,
            description: Some(what).filter(|what| !what.is_empty()),
            span: Span::new(start, pos),
            ..Suggestion::default()
        };
        CompletionResult::Fresh {
            suggestions: found.into_iter().map(suggestion).collect(),
            partial: None,
        }
    }
}

/// What stands before a line.
struct Mark;

impl Prompt for Mark {
    fn render_prompt_left(&self) -> Cow<'_, str> {
        "nnl".into()
    }

    fn render_prompt_right(&self) -> Cow<'_, str> {
        "".into()
    }

    fn render_prompt_indicator(&self, _: PromptEditMode) -> Cow<'_, str> {
        "> ".into()
    }

    fn render_prompt_multiline_indicator(&self) -> Cow<'_, str> {
        "...> ".into()
    }

    fn render_prompt_history_search_indicator(&self, search: PromptHistorySearch) -> Cow<'_, str> {
        format!("(search: {}) ", search.term).into()
    }
}
