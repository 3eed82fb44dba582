//! Source texts and places in them. The only file that knows byte offsets: everything else carries a [`Span`] and asks here
//! what it means.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::arena::{Arena, Id};

/// Identity of one source text.
pub type SourceId = Id<Source>;

/// A half-open range of bytes in one source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The text the range lies in.
    pub source: SourceId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// The smallest span that covers both; they must lie in the same text.
    pub fn to(self, other: Span) -> Span {
        Span {
            source: self.source,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span at the beginning of this one.
    pub fn at_start(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }
}

/// A value together with the place it was written at.
#[derive(Clone, Debug, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Pairs a value with its place.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// Who wrote a text: errors inside the library are shown where the user called it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The program being compiled, or a line at the prompt.
    User,
    /// The embedded standard library.
    Library,
}

/// One source text.
#[derive(Clone, Debug)]
pub struct Source {
    /// How messages call it: the path as given, or `<stdlib/nn.nnl>`.
    pub name: String,
    /// The folder that relative paths in the program start from.
    pub folder: PathBuf,
    /// Who wrote it.
    pub author: Author,
    /// The text.
    pub text: Arc<str>,
}

/// All source texts of a session. Copies share them until one of them gets another.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    sources: Arc<Arena<Source>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a user's text read from `path`; relative paths in it start at the folder of `path`.
    pub fn add_file(&mut self, path: &Path, text: &str) -> SourceId {
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        self.add(Source {
            name: path.display().to_string(),
            folder,
            author: Author::User,
            text: text.into(),
        })
    }

    /// Adds a text of the embedded library.
    pub fn add_library(&mut self, name: &str, text: &str) -> SourceId {
        let name = format!("<{name}>");
        self.add(Source {
            name,
            folder: PathBuf::new(),
            author: Author::Library,
            text: text.into(),
        })
    }

    fn add(&mut self, source: Source) -> SourceId {
        Arc::make_mut(&mut self.sources).push(source)
    }

    /// The newest text of a user.
    pub fn newest(&self) -> Option<&Source> {
        let users = |source: &&Source| source.author == Author::User;
        self.sources.iter().map(|(_, source)| source).rfind(users)
    }

    /// One source.
    pub fn get(&self, id: SourceId) -> &Source {
        &self.sources[id]
    }

    /// The text a span covers.
    pub fn text(&self, span: Span) -> &str {
        &self.sources[span.source].text[span.start as usize..span.end as usize]
    }

    /// Line and column of the beginning of a span, both counted from one, columns in characters.
    pub fn line_column(&self, span: Span) -> (usize, usize) {
        let before = &self.sources[span.source].text[..span.start as usize];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }

    /// A place as messages write it: `12:5` within `home`, else `file.nnl:12:5`.
    pub fn place(&self, span: Span, home: SourceId) -> String {
        let (line, column) = self.line_column(span);
        if span.source == home {
            format!("{line}:{column}")
        } else {
            format!("{}:{line}:{column}", self.get(span.source).name)
        }
    }

    /// Whether a span lies in a text the user wrote.
    pub fn is_user(&self, span: Span) -> bool {
        self.sources[span.source].author == Author::User
    }
}
