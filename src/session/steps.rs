//! The updates of a run one after another, for whoever times them.

use crate::diag::Diagnostic;
use crate::ir::draft::DraftId;
use crate::session::show::not_trained;
use crate::session::{Compiled, Session};
use crate::train::{Flow, Machine, Stepper};

impl Session {
    /// Repeats the update of a run on its batches, which are cut beforehand, telling of each loss, until asked to stop. The session
    /// stays as it is.
    pub fn steps(
        &self,
        compiled: &Compiled,
        run: usize,
        tell: &mut dyn FnMut(f64) -> Flow,
    ) -> Result<(), Diagnostic> {
        let plan = &compiled.runs[run];
        let data = compiled
            .data
            .iter()
            .find(|loaded| loaded.set.name == plan.data);
        let data = &data.ok_or_else(|| not_trained(&plan.name, plan.span))?.set;
        let mut globals = self.globals.clone();
        globals.extend(compiled.data_globals());
        let engine = self.options.engine.engine(self.options.profiles);
        let func = |id: DraftId| compiled.checked.func(id);
        let machine = Machine {
            module: compiled.checked.module(),
            func: &func,
            engine: &*engine,
            globals: &globals,
            sources: &self.sources,
        };
        let mut stepper = Stepper::new(plan, &machine, data).map_err(|error| error.report())?;
        while tell(stepper.step().map_err(|error| error.report())?) == Flow::Continue {}
        Ok(())
    }
}
