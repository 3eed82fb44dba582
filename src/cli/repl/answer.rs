//! What each line comes to.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use crate::cli::args::{DumpStage, Global};
use crate::cli::dump::staged;
use crate::cli::program::{compile, load, session};
use crate::cli::repl::commands::{self, Command};
use crate::cli::repl::info::info;
use crate::cli::repl::names::names;
use crate::cli::repl::types::type_of;
use crate::cli::run::execute;
use crate::cli::screen::escaped;
use crate::cli::{Done, Out, Stop, interrupt};
use crate::lower::Mode;
use crate::session::Session;
use crate::syntax::ast::Program;
use crate::syntax::print;
use crate::tensor::write_text;

/// A conversation.
pub(crate) struct Repl<'g> {
    session: Session,
    global: &'g Global,
    /// The last line that was no command.
    last: String,
}

impl<'g> Repl<'g> {
    pub(crate) fn new(session: Session, global: &'g Global) -> Repl<'g> {
        Repl {
            session,
            global,
            last: String::new(),
        }
    }

    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Answers a line; breaks where it asks to leave.
    pub(crate) fn answer(&mut self, text: &str, out: &mut Out<'_>) -> Done<ControlFlow<()>> {
        interrupt::listen();
        let text = text.trim();
        if let Some(command) = text.strip_prefix(':') {
            return match commands::read(command) {
                Ok((Command::Quit, _)) => Ok(ControlFlow::Break(())),
                Ok((command, rest)) => self.command(command, rest, out).map(ControlFlow::Continue),
                Err(wrong) => Ok(ControlFlow::Continue(out.note(&escaped_lines(&wrong))?)),
            };
        }
        let done = match text.strip_prefix('?') {
            Some("") => Ok(out.text(&commands::help())?),
            Some(name) => Ok(out.text(&info(&self.session, name.trim()))?),
            None => self.line(text, out),
        };
        done.map(ControlFlow::Continue)
    }

    fn command(&mut self, command: Command, rest: &str, out: &mut Out<'_>) -> Done {
        match command {
            Command::Type => self.show_type(rest, out),
            Command::Info => Ok(out.text(&info(&self.session, rest))?),
            Command::Ir => self.dump(DumpStage::Checked, rest, out),
            Command::Grad => self.dump(DumpStage::Grad, rest, out),
            Command::Plan => self.dump(DumpStage::Plan, rest, out),
            Command::Time => self.time(rest, out),
            Command::Load => self.load(Path::new(unquoted(rest)), out),
            Command::Save => self.save(Path::new(unquoted(rest)), out),
            Command::Vars => Ok(out.text(&names(&self.session, out.screen))?),
            Command::Reset => {
                self.session = session(self.global, out)?;
                Ok(())
            }
            Command::Help => Ok(out.text(&commands::help())?),
            Command::Quit => Ok(()),
        }
    }

    fn line(&mut self, text: &str, out: &mut Out<'_>) -> Done {
        let Some(program) = self.parsed(text, out)? else {
            return Ok(());
        };
        text.clone_into(&mut self.last);
        said(self.run(program, Mode::Line, out))
    }

    /// A line as a program; none if it says nothing or is wrong, which is told.
    fn parsed(&mut self, text: &str, out: &mut Out<'_>) -> Done<Option<Program>> {
        let (program, reports) = self.session.load_line(text);
        out.reports(self.session.sources(), &reports)?;
        Ok(program.filter(|program| !program.items.is_empty()))
    }

    fn run(&mut self, program: Program, mode: Mode, out: &mut Out<'_>) -> Done {
        let compiled = compile(&self.session, program, mode, out)?;
        execute(&mut self.session, compiled, out)
    }

    /// Runs a program of a file.
    pub(crate) fn load(&mut self, path: &Path, out: &mut Out<'_>) -> Done {
        match load(&mut self.session, path, out) {
            Ok(program) => said(self.run(program, Mode::Run, out)),
            Err(stop) => said(Err(stop)),
        }
    }

    fn save(&mut self, path: &Path, out: &mut Out<'_>) -> Done {
        let text = print(self.session.program());
        let shown = path.display();
        match write_text(path, &text) {
            Ok(()) => out.text(&format!("saved to {shown}\n"))?,
            Err(error) => out.note(&format!("cannot write `{shown}`: {error}\n"))?,
        }
        Ok(())
    }

    fn show_type(&mut self, text: &str, out: &mut Out<'_>) -> Done {
        let Some(program) = self.parsed(text, out)? else {
            return Ok(());
        };
        if let Some(signature) = types_of_name(&self.session, text) {
            return Ok(out.text(&signature)?);
        }
        match compile(&self.session, program, Mode::Run, out) {
            Ok(compiled) => Ok(out.text(&format!("{}\n", type_of(&self.session, &compiled)))?),
            Err(stop) => said(Err(stop)),
        }
    }

    /// A line, or without one the last, as a stage leaves it.
    fn dump(&mut self, stage: DumpStage, text: &str, out: &mut Out<'_>) -> Done {
        let text = if text.is_empty() {
            self.last.clone()
        } else {
            text.to_owned()
        };
        match self.parsed(&text, out)? {
            Some(program) => said(staged(&self.session, program, stage, out)),
            None if text.is_empty() => Ok(out.note("no line yet: `:ir 1 + 1`\n")?),
            None => Ok(()),
        }
    }

    fn time(&mut self, text: &str, out: &mut Out<'_>) -> Done {
        let began = Instant::now();
        self.line(text, out)?;
        let took = began.elapsed().as_secs_f64() * 1e3;
        Ok(out.text(&format!("took {took:.2} ms\n"))?)
    }
}

/// The signature, where a name alone stands for a definition.
fn types_of_name(session: &Session, text: &str) -> Option<String> {
    let name = text.trim().trim_end_matches(';');
    crate::cli::repl::info::signature(session, name)
}

/// What has been told is no reason to leave; only what cannot be told is.
fn said(done: Done) -> Done {
    match done {
        Err(Stop::Code(_)) | Ok(()) => Ok(()),
        Err(Stop::Io(error)) => Err(Stop::Io(error)),
    }
}

fn unquoted(path: &str) -> &str {
    path.trim().trim_matches('"')
}

fn escaped_lines(text: &str) -> String {
    format!("{}\n", escaped(text.trim_end()))
}
