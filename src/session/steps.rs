//! The updates of a run, or the answers of its model, one after another, for whoever times them.

use crate::data::Dataset;
use crate::diag::Diagnostic;
use crate::ir::draft::DraftId;
use crate::lower::Run;
use crate::session::show::not_trained;
use crate::session::{Compiled, Session};
use crate::train::{Answerer, Flow, Machine, Stepper, TrainError};

impl Session {
    /// Repeats the update of a run on its batches, which are cut beforehand, telling of each loss, until asked to stop. The session
    /// stays as it is.
    pub fn steps(
        &self,
        compiled: &Compiled,
        run: usize,
        tell: &mut dyn FnMut(f64) -> Flow,
    ) -> Result<(), Diagnostic> {
        self.with_run(compiled, run, |plan, machine, data| {
            let mut stepper = Stepper::new(plan, machine, data)?;
            while tell(stepper.step()?) == Flow::Continue {}
            Ok(())
        })
    }

    /// Has the model of a run answer the same rows, so many, over and over, telling of each answer, until asked to stop. Its weights
    /// are those before training.
    pub fn answers(
        &self,
        compiled: &Compiled,
        run: usize,
        n_rows: usize,
        tell: &mut dyn FnMut() -> Flow,
    ) -> Result<(), Diagnostic> {
        self.with_run(compiled, run, |plan, machine, data| {
            let mut answerer = Answerer::new(plan, machine, data, n_rows)?;
            loop {
                answerer.answer()?;
                if tell() != Flow::Continue {
                    return Ok(());
                }
            }
        })
    }

    fn with_run(
        &self,
        compiled: &Compiled,
        run: usize,
        work: impl FnOnce(&Run, &Machine<'_>, &Dataset) -> Result<(), TrainError>,
    ) -> Result<(), Diagnostic> {
        let plan = &compiled.runs[run];
        let data = compiled
            .data
            .iter()
            .find(|loaded| loaded.set.name == plan.data);
        let data = &data.ok_or_else(|| not_trained(&plan.name, plan.span))?.set;
        let mut globals = self.globals.clone();
        globals.extend(compiled.data_globals()?);
        let engine = self.options.engine.engine(self.options.profiles);
        let func = |id: DraftId| compiled.checked.func(id);
        let machine = Machine {
            module: compiled.checked.module(),
            func: &func,
            engine: &*engine,
            globals: &globals,
            sources: &self.sources,
        };
        work(plan, &machine, data).map_err(|error| error.report())
    }
}
