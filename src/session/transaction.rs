//! A program is a transaction: executed, it becomes part of the session; failed, it leaves no trace.

use std::rc::Rc;

use crate::diag::Diagnostics;
use crate::session::Session;
use crate::session::compile::Compiled;
use crate::session::execute::{Execution, Sink};
use crate::source::Span;
use crate::syntax::ast::{Item, ItemKind};
use crate::train::Flow;

impl Session {
    /// Does what a program says, as far as it has not been done before, and takes the program into the session. Says whether the sink
    /// asked to stop on the way: then the session keeps what was done until there. After an error the session is as it was.
    pub fn execute(
        &mut self,
        compiled: Compiled,
        sink: &mut Sink<'_>,
    ) -> Result<Flow, Diagnostics> {
        let before = (self.globals.clone(), self.runs.clone());
        let result = self.executed(&compiled, sink);
        match result {
            Ok((flow, undone)) => {
                self.keep(compiled, &undone);
                Ok(flow)
            }
            Err(reports) => {
                (self.globals, self.runs) = before;
                Err(reports)
            }
        }
    }

    /// Takes the actions of a program, and gives the places of those that were left undone.
    fn executed(
        &mut self,
        compiled: &Compiled,
        sink: &mut Sink<'_>,
    ) -> Result<(Flow, Vec<Span>), Diagnostics> {
        self.globals.extend(compiled.data_globals()?);
        let engine = self.options.engine.engine(self.options.profiles);
        let stoppable = engine.stopping(self.stop);
        let mut execution = Execution {
            session: self,
            compiled,
            engine: &*engine,
            stoppable: &*stoppable,
            sink,
            test: None,
            undone: vec![],
            writer: None,
        };
        execution.check_saves()?;
        execution.begin_keeping()?;
        let flow = execution.actions()?;
        execution.tell_hindrance();
        execution.tell_profile();
        Ok((flow, execution.undone))
    }

    /// Takes a program into the session, without the statements that were left undone. Values without a name are gone.
    fn keep(&mut self, compiled: Compiled, undone: &[Span]) {
        let Compiled {
            data,
            mut program,
            texts,
            left,
            axes,
            ..
        } = compiled;
        let holds = |item: &Item, place: &Span| item.span.to(*place) == item.span;
        let is_undone = |item: &Item| {
            let mut places = undone.iter();
            places.any(|place| place.source == item.span.source && holds(item, place))
        };
        program.items.retain(|item| !is_undone(item));
        let trained = |item: &Item| match &item.kind {
            ItemKind::Train(block) => self.trained(&block.name.value).is_some(),
            ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => false,
            ItemKind::Data(_) => false,
            ItemKind::Stmt(_) | ItemKind::Test(_) => true,
        };
        let done = program.items.iter().filter(|item| trained(item));
        let done = done.filter_map(|item| Some((item.span, left.get(&item.span)?.clone())));
        let done: Vec<_> = done.collect();
        Rc::make_mut(&mut self.memory).extend(done);
        self.globals.retain(|name, _| !name.starts_with('$'));
        self.data = data;
        self.program = program;
        self.axes = axes;
        self.committed.extend(texts);
    }
}
