//! Where everything printed goes through: values to standard output, reports and notes to standard error. Tests give it buffers.

use std::io::{self, Write};

use serde_json::Value;

use crate::cli::render::render;
use crate::cli::screen::{Screen, counted};
use crate::diag::Diagnostics;
use crate::source::SourceMap;

/// Reports shown at once: nobody reads more. The last may be the parser's, of how many it left out after fifty.
const MOST: usize = 51;

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
        let mut shown = Diagnostics::new();
        reports
            .iter()
            .take(MOST)
            .for_each(|report| shown.push(report.clone()));
        let mut text = render(sources, &shown, self.screen.reports());
        if let more @ 1.. = reports.iter().len() - shown.iter().len() {
            text.push_str(&format!(
                "\n{} not shown\n",
                counted(more as u64, "more report")
            ));
        }
        self.note(&text)
    }
}
