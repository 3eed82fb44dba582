//! Where everything printed goes through: values to standard output, reports and notes to standard error. Tests give it buffers.

use std::io::{self, Write};

use serde_json::Value;

use crate::cli::render::render;
use crate::cli::screen::Screen;
use crate::diag::Diagnostics;
use crate::source::SourceMap;

/// The two streams, and how to write to them.
pub struct Out<'a> {
    stdout: &'a mut dyn Write,
    stderr: &'a mut dyn Write,
    /// What can be shown.
    pub screen: Screen,
    /// JSON lines in place of text.
    pub is_json: bool,
    /// No progress.
    pub is_quiet: bool,
}

impl<'a> Out<'a> {
    /// Text to these streams.
    pub fn new(stdout: &'a mut dyn Write, stderr: &'a mut dyn Write, screen: Screen) -> Out<'a> {
        Out {
            stdout,
            stderr,
            screen,
            is_json: false,
            is_quiet: false,
        }
    }

    /// Text that is a result, with its newlines. It is seen at once.
    pub(crate) fn text(&mut self, text: &str) -> io::Result<()> {
        self.stdout.write_all(text.as_bytes())?;
        self.stdout.flush()
    }

    /// One line of JSON.
    pub(crate) fn json(&mut self, value: &Value) -> io::Result<()> {
        self.text(&format!("{value}\n"))
    }

    /// What goes beside the results, with its newlines.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        self.stderr.write_all(text.as_bytes())?;
        self.stderr.flush()
    }

    /// What a stage reported.
    pub(crate) fn reports(&mut self, sources: &SourceMap, reports: &Diagnostics) -> io::Result<()> {
        if reports.is_empty() {
            return Ok(());
        }
        let text = render(sources, reports, self.screen.reports());
        self.note(&text)
    }
}
