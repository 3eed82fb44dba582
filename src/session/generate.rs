//! Texts drawn from a model: the chances of the next token, a draw, the token; again.

use crate::diag::Diagnostic;
use crate::lower::Generate;
use crate::session::execute::{Execution, Sink};
use crate::session::next::Next;
use crate::session::output::Output;
use crate::tokens::Decoder;
use crate::train::{Flow, Machine};

impl Execution<'_, '_> {
    /// Draws a text and makes it known by name. Where it is shown, it is seen as it is drawn.
    pub(super) fn generate(&mut self, task: &Generate) -> Result<Flow, Diagnostic> {
        let mut text = Growing {
            task,
            text: task.prompt.0.clone(),
            decoder: Decoder::default(),
        };
        let mut flow = write(self.sink, task, text.text.clone());
        let session = &*self.session;
        let func = |id| self.compiled.checked.func(id);
        let machine = Machine {
            module: self.compiled.checked.module(),
            func: &func,
            engine: self.stoppable,
            globals: &session.globals,
            sources: &session.sources,
        };
        let seed = session.options.seed.unwrap_or(task.seed);
        let mut next = Next::new(task, &machine, self.compiled.steps_of(task.func), seed)?;
        for step in 0..task.length {
            if flow == Flow::Stop || text.is_over() {
                break;
            }
            let whole = text.push(&next.token(step)?);
            flow = write(self.sink, task, whole);
        }
        let rest = text.finish();
        if write(self.sink, task, rest.1) == Flow::Stop {
            flow = Flow::Stop;
        }
        self.session.texts.insert(task.name.clone(), rest.0);
        Ok(flow)
    }
}

/// Tells of a part of a text, and hears whether to go on.
fn write(sink: &mut Sink<'_>, task: &Generate, text: String) -> Flow {
    let title = task.title.clone();
    sink(Output::Writing { title, text })
}

/// A text as far as it was drawn.
struct Growing<'a> {
    task: &'a Generate,
    text: String,
    decoder: Decoder,
}

impl Growing<'_> {
    /// What a token adds: nothing while a character is not whole, and nothing behind what ends the text.
    fn push(&mut self, token: &[u8]) -> String {
        let whole = self.decoder.push(token);
        let before = self.text.len();
        self.text.push_str(&whole);
        let end = self.end().unwrap_or(self.text.len());
        self.text.truncate(end);
        self.text[before..].to_owned()
    }

    /// Behind the first place where what ends the text has been drawn.
    fn end(&self) -> Option<usize> {
        let (stop, drawn) = (&self.task.stop, self.task.prompt.0.len());
        let at = self.text[drawn..].find(stop).filter(|_| !stop.is_empty())?;
        Some(drawn + at + stop.len())
    }

    fn is_over(&self) -> bool {
        self.end().is_some()
    }

    /// The text, and what its end adds: the bytes of a character that was never whole.
    fn finish(self) -> (String, String) {
        let rest = match self.is_over() {
            true => String::new(),
            false => self.decoder.finish(),
        };
        (self.text + &rest, rest)
    }
}
