//! One user's world: sources, definitions, data, tensors by name, trained runs; and the way a program takes through the stages.
//!
//! ```text
//! load_file ─→ Program ─→ compile ─→ Compiled ─→ execute ─→ Output, Output, …
//!    parse, --set          names, definitions, data, script, check, grad, opt       actions in order
//! ```
//!
//! A stage gives what it made and its reports; it made nothing if a report is an error. Everything is a transaction: a program or a
//! line at the prompt changes the session when it has been executed, or not at all. Prints nothing; what is to be seen goes to a
//! sink.

mod axes;
pub mod codes;
mod compile;
mod compute;
mod data;
mod disk;
mod examples;
mod execute;
mod extend;
mod folds;
mod generate;
mod keeping;
mod model;
mod next;
mod output;
mod overrides;
mod past;
mod pictures;
mod program_file;
mod recipe;
mod show;
mod step;
mod steps;
#[cfg(test)]
mod tests;
mod transaction;

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;

use crate::data::Room;
use crate::diag::{Diagnostic, Diagnostics};
use crate::engine::{Engine, Interpreter, Jit, Stop, Trap};
use crate::lower::{Library, Memory, Run, Shown, World};
use crate::opt::Passes;
use crate::session::data::Loaded;
use crate::session::show::Known;
use crate::source::{SourceId, SourceMap, Span};
use crate::stdlib;
use crate::syntax::ast::Program;
use crate::syntax::{codes as syntax_codes, is_name, parse, parse_line};
use crate::tensor::{Tensor, set_threads};
use crate::train::Trained;
use crate::types::DType;

pub use axes::AxisNames;
pub use compile::Compiled;
pub use examples::{Example, Verdict};
pub use execute::Sink;
pub use keeping::Keep;
pub use model::{Answers, Column, Exam, Model, Rows, Values};
pub use output::{DataView, FieldView, Output, RunView, Timed, View};
pub use recipe::Kept;
pub use step::{Step, Watch};

/// How messages call a line at the prompt.
const PROMPT: &str = "<prompt>";

/// How messages call the command line.
const COMMAND_LINE: &str = "<command line>";

/// What the command line decides.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// What runs functions.
    pub engine: EngineKind,
    /// Threads to use; zero for as many as there are.
    pub threads: usize,
    /// `--seed`: the seed of every run.
    pub seed: Option<u64>,
    /// `--set`: settings of the program that are to be others, `train.epochs=5`.
    pub sets: Vec<String>,
    /// The element type of data where a run does not say.
    pub dtype: Option<DType>,
    /// Bytes of images that each source keeps in memory, others in a temporary file; without it as many as
    /// [`IMAGES_IN_MEMORY`](crate::data::IMAGES_IN_MEMORY). What comes out is the same.
    pub images_in_memory: Option<u64>,
    /// Which passes rewrite functions before they run.
    pub passes: Passes,
    /// Whether to say in the end where the time went.
    pub profiles: bool,
    /// `--dry-run`: whether runs and evaluations take one batch and nothing is written.
    pub is_dry: bool,
    /// Whether it is one of several that are tried: nothing is written but into a folder of its own, for they would write over each
    /// other and over what was saved.
    pub is_trial: bool,
    /// Where and how runs are kept on disk.
    pub keep: Keep,
}

impl Options {
    /// Whether models and runs are written to disk where the program says so.
    pub(crate) fn writes(&self) -> bool {
        !self.is_dry && !self.is_trial
    }

    /// Where images go.
    pub(crate) fn room(&self) -> Room {
        self.images_in_memory.map_or_else(Room::default, Room::of)
    }

    /// Whether runs may be kept: where the program says so, or in the folder of the command line.
    pub(crate) fn keeps(&self) -> bool {
        self.writes() || !self.is_dry && self.keep.folder.is_some()
    }
}

/// What runs functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineKind {
    /// Native code.
    #[default]
    Jit,
    /// The reference: instruction by instruction.
    Interpreter,
    /// The reference, stopping at the first value that is not finite.
    Trap,
}

impl EngineKind {
    /// The engine itself.
    pub fn engine(self, profiles: bool) -> Box<dyn Engine> {
        match self {
            EngineKind::Jit if profiles => Box::new(Jit::profiled()),
            EngineKind::Jit => Box::new(Jit::default()),
            EngineKind::Interpreter => Box::new(Interpreter::default()),
            EngineKind::Trap => Box::new(Trap::default()),
        }
    }
}

/// One user's world.
pub struct Session {
    options: Options,
    sources: SourceMap,
    /// The library alone.
    library: World,
    /// Everything that has been executed.
    program: Program,
    /// The texts that it came from.
    committed: Vec<SourceId>,
    data: Vec<Loaded>,
    globals: BTreeMap<String, Tensor>,
    /// Texts drawn from models, by name.
    texts: BTreeMap<String, String>,
    runs: Vec<(Run, Trained)>,
    /// What statements and runs that were executed have left.
    memory: Rc<Memory>,
    axes: AxisNames,
    /// The names of tensors that came from outside.
    given: Vec<String>,
    stop: Stop,
}

impl Session {
    /// A session that knows the library. The library's own mistakes are reported like a user's.
    pub fn new(options: Options) -> (Session, Diagnostics) {
        set_threads(options.threads);
        let (mut sources, mut reports) = (SourceMap::new(), Diagnostics::new());
        let library = Library {
            files: stdlib::FILES,
            prelude: stdlib::PRELUDE,
        };
        let library = World::new(library, &mut sources, &mut reports);
        let session = Session {
            options,
            sources,
            library,
            program: Program {
                docs: vec![],
                items: vec![],
                comments: vec![],
            },
            committed: vec![],
            data: vec![],
            globals: BTreeMap::new(),
            texts: BTreeMap::new(),
            runs: vec![],
            memory: Rc::default(),
            axes: AxisNames::new(),
            given: vec![],
            stop: Stop::default(),
        };
        (session, reports)
    }

    /// From here on, the first value that is not finite is an error, which names the op that gave it.
    pub fn trap(&mut self) {
        self.options.engine = EngineKind::Trap;
    }

    /// From here on, what is computed ends once this asks for it, as if the sink had asked to stop; runs are left to finish their step.
    pub fn stop_at(&mut self, stop: Stop) {
        self.stop = stop;
    }

    /// Reads and parses a program, with the settings of the command line in place of its own.
    pub fn load_file(&mut self, path: &Path) -> (Option<Program>, Diagnostics) {
        match program_file::read(path) {
            Ok(text) => self.load_text(path, &text),
            Err(report) => (None, report.into()),
        }
    }

    /// Parses a program that stands at `path`: its paths start at the folder of that.
    pub fn load_text(&mut self, path: &Path, text: &str) -> (Option<Program>, Diagnostics) {
        let id = self.sources.add_file(path, text);
        let (program, mut reports) = parse(&self.sources, id);
        let Some(mut program) = program else {
            return (None, reports);
        };
        if program.items.is_empty() {
            reports.push(nothing(Span {
                source: id,
                start: 0,
                end: 0,
            }));
        }
        reports.append(self.override_settings(&mut program));
        ((!reports.has_errors()).then_some(program), reports)
    }

    /// Parses a line at the prompt.
    pub fn load_line(&mut self, text: &str) -> (Option<Program>, Diagnostics) {
        let id = self.sources.add_file(Path::new(PROMPT), text);
        parse_line(&self.sources, id)
    }

    /// Makes a command line a text, for places: gives that of each file in it. A file comes with the option before it.
    pub fn command_line<'a>(
        &mut self,
        command: &str,
        files: impl IntoIterator<Item = (&'a str, &'a Path)>,
    ) -> Vec<Span> {
        let mut text = format!("nnlc {command}");
        let mut places = vec![];
        for (option, file) in files {
            let option = if option.is_empty() {
                String::new()
            } else {
                format!("{option} ")
            };
            let start = text.len() + 1 + option.len();
            text.push_str(&format!(" {option}{}", file.display()));
            places.push((start, text.len()));
        }
        let source = self.sources.add_file(Path::new(COMMAND_LINE), &text);
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = |(start, end)| Span {
            source,
            start: offset(start),
            end: offset(end),
        };
        places.into_iter().map(span).collect()
    }

    /// Makes a tensor known by name, before anything else is. Says whether a program can name it so.
    pub fn bind(&mut self, name: &str, tensor: Tensor) -> bool {
        let is_name = is_name(name);
        if is_name {
            self.globals.insert(name.to_owned(), tensor);
            self.given.retain(|own| own != name);
            self.given.push(name.to_owned());
        }
        is_name
    }

    /// A session that knows the library as this one does, and nothing else.
    pub fn fresh(&self) -> Session {
        Session {
            library: self.library.clone(),
            ..self.scratch()
        }
    }

    /// Whether the command line names a folder that runs are kept in.
    pub fn keeps_in_folder(&self) -> bool {
        self.options.keep.folder.is_some()
    }

    /// All source texts, for the places of reports.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The library and its modules.
    pub fn library(&self) -> &World {
        &self.library
    }

    /// What has been executed so far.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// A tensor of the top level by name: `x`, `iris.train.x`, `fit/Dense[0].w`.
    pub fn global(&self, name: &str) -> Option<&Tensor> {
        self.globals.get(name)
    }

    /// The names of all tensors of the top level.
    pub fn global_names(&self) -> impl Iterator<Item = &str> {
        self.globals.keys().map(String::as_str)
    }

    /// The names that statements have bound, in order, with their values as far as these can be shown; the last of a name holds.
    pub fn variables(&self) -> Vec<(&str, Option<View>)> {
        let known = Known {
            globals: &self.globals,
            texts: &self.texts,
            runs: &self.runs,
            data: &self.data,
        };
        let view = |shown: Option<Shown>, span: Span| known.seen(&shown?, span);
        let spans = self.program.items.iter().map(|item| item.span);
        let items = spans.filter_map(|span| Some((span, self.memory.get(&span)?)));
        let names = items.flat_map(|(span, item)| item.names().map(move |name| (span, name)));
        let names = names.map(|(span, (name, shown))| (name, view(shown, span)));
        names.collect()
    }

    /// A trained run by name.
    pub fn trained(&self, run: &str) -> Option<&Trained> {
        let found = self.runs.iter().find(|(plan, _)| plan.name == run);
        found.map(|(_, trained)| trained)
    }
}

/// A file is run for what it says; one that says nothing is probably another than was meant.
fn nothing(place: Span) -> Diagnostic {
    let report = Diagnostic::error(syntax_codes::EMPTY, "the program is empty");
    let report = report.label(place, "nothing but blanks and comments");
    report.help("declare something, or show something: `show 1 + 1;`")
}
