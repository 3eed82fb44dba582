//! Texts drawn from a model: the chances of the next character, a draw, the character; again.

use crate::diag::Diagnostic;
use crate::engine::Program;
use crate::ir::{Input, Role};
use crate::lower::Generate;
use crate::session::codes;
use crate::session::execute::Execution;
use crate::session::output::Output;
use crate::tensor::{Tensor, place_of, stream};
use crate::train::{Flow, Machine, run_report, unbound_input};

impl Execution<'_, '_> {
    /// Draws a text and makes it known by name. Where it is shown, each character is seen as it is drawn.
    pub(super) fn generate(&mut self, task: &Generate) -> Result<Flow, Diagnostic> {
        let mut text = task.prompt.0.clone();
        let mut flow = self.write(task, &text);
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
        let mut next = Next::new(task, &machine, seed)?;
        let sink = &mut *self.sink;
        for step in 0..task.length {
            let letter = match flow {
                Flow::Continue => next.letter(step)?,
                Flow::Stop => break,
            };
            text.push(letter);
            if let Some(title) = &task.title {
                flow = sink(Output::Writing {
                    title: title.clone(),
                    text: letter.to_string(),
                });
            }
            if !task.stop.is_empty() && text[task.prompt.0.len()..].ends_with(&task.stop) {
                break;
            }
        }
        self.session.texts.insert(task.name.clone(), text);
        Ok(flow)
    }

    fn write(&mut self, task: &Generate, text: &str) -> Flow {
        match &task.title {
            Some(title) => (self.sink)(Output::Writing {
                title: title.clone(),
                text: text.to_owned(),
            }),
            None => Flow::Continue,
        }
    }
}

/// What draws the next character.
struct Next<'a> {
    task: &'a Generate,
    machine: &'a Machine<'a>,
    program: Box<dyn Program>,
    seed: i64,
    /// The numbers of all characters so far.
    ids: Vec<i64>,
}

impl<'a> Next<'a> {
    fn new(
        task: &'a Generate,
        machine: &'a Machine<'a>,
        seed: u64,
    ) -> Result<Next<'a>, Diagnostic> {
        let func = (machine.func)(task.func);
        let program = machine.engine.prepare(machine.module, func);
        let program = program
            .map_err(|error| run_report(&error, machine.module, machine.sources, task.span))?;
        Ok(Next {
            task,
            machine,
            program,
            seed: seed.cast_signed(),
            ids: task.prompt.1.clone(),
        })
    }

    fn letter(&mut self, step: u64) -> Result<char, Diagnostic> {
        let func = (self.machine.func)(self.task.func);
        let inputs = self.machine.module.funcs[func].inputs.iter();
        let inputs = inputs.map(|input| self.input(input, step));
        let inputs = inputs.collect::<Result<Vec<Tensor>, Diagnostic>>()?;
        let chances = self.program.run(inputs).map_err(|error| {
            run_report(
                &error,
                self.machine.module,
                self.machine.sources,
                self.task.span,
            )
        })?;
        let id = self.draw(&chances[0].to_f64(), step)?;
        let letter = self.task.vocabulary.letters.get(id).copied();
        self.ids.push(id as i64);
        letter.ok_or_else(|| self.no_chances("it gives chances to more characters than there are"))
    }

    fn input(&self, input: &Input, step: u64) -> Result<Tensor, Diagnostic> {
        let name = &self.task.name;
        let own = |role: &Role| match role {
            Role::Global(global) if *global == Generate::tokens(name) => Some(self.window()),
            Role::Global(global) if *global == Generate::place(name) => {
                let place = self.ids.len().min(self.task.window) - 1;
                Some(Tensor::scalar(place as i64))
            }
            Role::Global(global) => self.machine.globals.get(global).cloned(),
            Role::Seed => Some(Tensor::scalar(self.seed)),
            Role::Step => Some(Tensor::scalar(step.cast_signed())),
            Role::Arg(_) | Role::Param(_) | Role::State(_) | Role::OptState(_) => None,
            Role::Gradient(_) | Role::Field(_) => None,
        };
        own(&input.role).ok_or_else(|| unbound_input(&input.role, self.task.span))
    }

    /// The last characters; where there are fewer than a window takes, the first one fills it behind them.
    fn window(&self) -> Tensor {
        let n = self.task.window;
        let mut ids = self.ids[self.ids.len().saturating_sub(n)..].to_vec();
        ids.resize(n, 0);
        Tensor::from_vec(vec![1, n], ids)
    }

    /// The place at which the chances so far exceed a random number of all of them.
    fn draw(&self, chances: &[f64], step: u64) -> Result<usize, Diagnostic> {
        let total: f64 = chances.iter().sum();
        let is_chance = |chance: &f64| *chance >= 0.0;
        if !total.is_finite() || total <= 0.0 || !chances.iter().all(is_chance) {
            return Err(self.no_chances("its chances are no numbers"));
        }
        let place = place_of("generate");
        let mut words = stream(self.seed, place, step.cast_signed());
        let word = words.next().unwrap_or_default();
        let wanted = (f64::from(word) + 0.5) / 4_294_967_296.0 * total;
        let mut sum = 0.0;
        let found = chances.iter().position(|chance| {
            sum += chance;
            sum > wanted
        });
        let last = chances.iter().rposition(|chance| *chance > 0.0);
        Ok(found.or(last).unwrap_or(0))
    }

    fn no_chances(&self, why: &str) -> Diagnostic {
        let message = "the model does not say what comes next";
        let report = Diagnostic::error(codes::NO_CHANCES, message);
        report
            .label(self.task.span, why)
            .help("a sampler gives logits, one a character: finite, or minus infinity")
    }
}
