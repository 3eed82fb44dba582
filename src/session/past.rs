//! A function of a window of tokens, gone through as they come, and what it keeps of those that it has seen.

use crate::diag::Diagnostic;
use crate::engine::{Program, RunError};
use crate::ir::{FuncId, Input, Module, Role};
use crate::tensor::Tensor;
use crate::types::Dim;

/// A function, ready to run.
type Ready = (FuncId, Box<dyn Program>);

/// Which function gave a result.
#[derive(Clone, Copy)]
enum Way {
    First,
    Next,
}

/// A function as far as it has gone through a window.
pub(super) struct Past {
    /// Takes the first tokens of a window at once.
    first: Ready,
    n_first: usize,
    /// Takes one more.
    next: Ready,
    /// What `next` is given before the first token.
    empty: Vec<Tensor>,
    states: Vec<Tensor>,
    n_tokens: usize,
    /// What gave the last result.
    last: Way,
    /// How many tokens a result of each function must be of to be looked at. That of one token tells little of a model that looks ahead,
    /// so some later ones are looked at too.
    due: [usize; 2],
}

impl Past {
    /// No token yet.
    pub(super) fn new(module: &Module, first: Ready, next: Ready, n_first: usize) -> Past {
        let func = &module.funcs[next.0];
        let states = func.inputs.iter().filter(|input| is_state(input));
        let empty = states.map(|input| {
            let ty = func.ty(input.value);
            let shape = module.dims.resolve_shape(&ty.shape);
            let size = |dim: &Dim| dim.as_int().and_then(|n| usize::try_from(n).ok());
            let sizes: Option<Vec<usize>> = shape.dims().map(size).collect();
            Tensor::full(ty.dtype, &sizes.expect("a window has a known length"), 0.0)
        });
        let empty: Vec<Tensor> = empty.collect();
        Past {
            first,
            n_first,
            next,
            states: empty.clone(),
            empty,
            n_tokens: 0,
            last: Way::Next,
            due: [1, 1],
        }
    }

    /// How many tokens it has seen.
    pub(super) fn len(&self) -> usize {
        self.n_tokens
    }

    /// Back to before the first token.
    pub(super) fn forget(&mut self) {
        self.states = self.empty.clone();
        self.n_tokens = 0;
    }

    /// How many tokens it takes next, of a window of so many.
    pub(super) fn takes(&self, n_window: usize) -> usize {
        match self.n_tokens == 0 && n_window >= self.n_first {
            true => self.n_first,
            false => 1,
        }
    }

    /// Whether the last result is the first of its function, or of twice as many tokens as were seen at its last look.
    pub(super) fn is_due(&mut self) -> bool {
        let due = &mut self.due[self.last as usize];
        let is_due = self.n_tokens >= *due;
        if is_due {
            *due = 2 * self.n_tokens;
        }
        is_due
    }

    /// Its first result for `n` more tokens; `given` tells all inputs but what it has left itself.
    pub(super) fn step(
        &mut self,
        module: &Module,
        n: usize,
        given: &dyn Fn(&Input) -> Result<Tensor, Diagnostic>,
    ) -> Result<Result<Tensor, RunError>, Diagnostic> {
        self.last = match self.n_tokens == 0 && n == self.n_first {
            true => Way::First,
            false => Way::Next,
        };
        let (func, program) = match self.last {
            Way::First => &mut self.first,
            Way::Next => &mut self.next,
        };
        let mut states = std::mem::take(&mut self.states).into_iter();
        let inputs = module.funcs[*func].inputs.iter();
        let inputs = inputs.map(|input| match is_state(input) {
            true => Ok(states.next().expect("one for each")),
            false => given(input),
        });
        let inputs = inputs.collect::<Result<Vec<Tensor>, Diagnostic>>()?;
        self.n_tokens += n;
        Ok(program.run(inputs).map(|mut found| {
            self.states = found.split_off(1);
            found.remove(0)
        }))
    }
}

fn is_state(input: &Input) -> bool {
    matches!(input.role, Role::State(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Func;

    /// Gives nothing but a number.
    struct One;

    impl Program for One {
        fn run(&mut self, _: Vec<Tensor>) -> Result<Vec<Tensor>, RunError> {
            Ok(vec![Tensor::scalar(1.0)])
        }
    }

    /// Whether the result after each step is to be looked at: of a window of so many tokens, from the first on or from the last half.
    fn looks(past: &mut Past, module: &Module, steps: &[usize]) -> Vec<bool> {
        past.forget();
        let look = |n: &usize| {
            let found = past.step(module, *n, &|_| unreachable!("no input"));
            assert!(found.is_ok_and(|found| found.is_ok()));
            past.is_due()
        };
        steps.iter().map(look).collect()
    }

    #[test]
    fn each_function_is_looked_at_by_its_own_results() {
        let mut module = Module::default();
        let func = module.funcs.push(Func::new("step"));
        let ready = || -> Ready { (func, Box::new(One)) };
        let mut past = Past::new(&module, ready(), ready(), 4);
        // As many tokens as the first function takes, and it has given none of them.
        let grown = looks(&mut past, &module, &[1, 1, 1, 1, 1]);
        assert_eq!(grown, [true, true, false, true, false]);
        assert_eq!(looks(&mut past, &module, &[4, 1, 1]), [true, false, false]);
        assert_eq!(looks(&mut past, &module, &[4, 1]), [false, false]);
    }
}
