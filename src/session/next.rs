//! What draws the next token of a text. A model sees a window of the text. Where the text grows beyond it, the window begins anew with
//! its last half: so the places of all tokens in it stay what they are while it fills, and what was computed for them can be kept.

use crate::diag::Diagnostic;
use crate::engine::Program;
use crate::ir::{Input, Role};
use crate::lower::Generate;
use crate::session::codes;
use crate::session::compile::Steps;
use crate::session::past::Past;
use crate::tensor::{Tensor, place_of, stream};
use crate::train::{Machine, run_report, unbound_input};

/// A text and a model that goes on with it.
pub(super) struct Next<'a> {
    task: &'a Generate,
    machine: &'a Machine<'a>,
    /// From a whole window to chances.
    program: Box<dyn Program>,
    /// From token to token, where that comes to the same.
    past: Option<Past>,
    seed: i64,
    /// The numbers of all tokens so far.
    ids: Vec<i64>,
    /// The first token of the window.
    start: usize,
}

impl<'a> Next<'a> {
    pub(super) fn new(
        task: &'a Generate,
        machine: &'a Machine<'a>,
        steps: Option<Steps>,
        seed: u64,
    ) -> Result<Next<'a>, Diagnostic> {
        let ready = |func| machine.engine.prepare(machine.module, func);
        let told = |error| run_report(&error, machine.module, machine.sources, task.span);
        let past = steps.map(|steps| {
            let first = (steps.first, ready(steps.first)?);
            let next = (steps.next, ready(steps.next)?);
            Ok(Past::new(machine.module, first, next, task.kept()))
        });
        Ok(Next {
            program: ready((machine.func)(task.func)).map_err(told)?,
            past: past.transpose().map_err(told)?,
            seed: seed.cast_signed(),
            start: task.prompt.1.len().saturating_sub(task.window),
            ids: task.prompt.1.clone(),
            task,
            machine,
        })
    }

    /// The bytes of the next token.
    pub(super) fn token(&mut self, step: u64) -> Result<Vec<u8>, Diagnostic> {
        if self.ids.len() - self.start > self.task.window {
            self.start = self.ids.len() - self.task.kept();
            self.past.iter_mut().for_each(Past::forget);
        }
        let chances = self.chances(step)?;
        let id = self.draw(&chances, step)?;
        let token = self.task.tokenizer.bytes(id);
        self.ids.push(id as i64);
        token.ok_or_else(|| self.no_chances("it gives chances to more tokens than there are"))
    }

    /// The chances of each token. What goes token by token is held against the whole window, ever more seldom: a model that looks ahead
    /// comes to something else.
    fn chances(&mut self, step: u64) -> Result<Vec<f64>, Diagnostic> {
        let Some(mut past) = self.past.take() else {
            return self.of_window(step);
        };
        let own = self.of_past(&mut past, step);
        if past.is_due() {
            let whole = self.of_window(step)?;
            if !own.as_ref().is_ok_and(|own| are_near(own, &whole)) {
                return Ok(whole);
            }
        }
        self.past = Some(past);
        own
    }

    fn of_window(&mut self, step: u64) -> Result<Vec<f64>, Diagnostic> {
        let mut window = self.ids[self.start..].to_vec();
        let place = window.len() - 1;
        window.resize(self.task.window, 0);
        let tokens = Tensor::from_vec(vec![1, window.len()], window);
        let func = (self.machine.func)(self.task.func);
        let inputs = self.machine.module.funcs[func].inputs.iter();
        let inputs = inputs.map(|input| self.input(input, &tokens, place, step));
        let inputs = inputs.collect::<Result<Vec<Tensor>, Diagnostic>>()?;
        let found = self
            .program
            .run(inputs)
            .map_err(|error| self.told(&error))?;
        Ok(found[0].to_f64())
    }

    /// From the tokens that it has not seen yet.
    fn of_past(&self, past: &mut Past, step: u64) -> Result<Vec<f64>, Diagnostic> {
        let mut chances = vec![];
        let window = &self.ids[self.start..];
        while past.len() < window.len() {
            let from = past.len();
            let to = from + past.takes(window.len());
            let tokens = Tensor::from_vec(vec![1, to - from], window[from..to].to_vec());
            let given = |input: &Input| self.input(input, &tokens, to - 1, step);
            let found = past.step(self.machine.module, to - from, &given)?;
            chances = found.map_err(|error| self.told(&error))?.to_f64();
        }
        Ok(chances)
    }

    fn told(&self, error: &crate::engine::RunError) -> Diagnostic {
        let Machine {
            module, sources, ..
        } = self.machine;
        run_report(error, module, sources, self.task.span)
    }

    fn input(
        &self,
        input: &Input,
        tokens: &Tensor,
        place: usize,
        step: u64,
    ) -> Result<Tensor, Diagnostic> {
        let name = &self.task.name;
        let own = |role: &Role| match role {
            Role::Global(global) if *global == Generate::tokens(name) => Some(tokens.clone()),
            Role::Global(global) if *global == Generate::place(name) => {
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
            .help("a sampler gives logits, one a token: finite, or minus infinity")
    }
}

/// Whether two ways come to the same chances, up to rounding.
fn are_near(left: &[f64], right: &[f64]) -> bool {
    const TOLERANCE: f64 = 1e-3;
    let is_near = |(a, b): (&f64, &f64)| (a - b).abs() <= TOLERANCE * (a.abs() + b.abs() + 1e-3);
    left.len() == right.len() && left.iter().zip(right).all(is_near)
}
