//! Everything that a run carries from step to step: parameters, states, states of the optimizer, sums of gradients. Each has a slot;
//! paths are looked up when a run begins, and never within a step.

use std::collections::BTreeMap;

use crate::ir::Role;
use crate::lower::{Plateau, Run};
use crate::scalar::Scalar;
use crate::tensor::{Tensor, map};
use crate::train::signature::{Entry, differences};

/// Tensors by slot. A slot is empty while its tensor is lent to the engine, which may write over it.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    roles: Vec<Role>,
    values: Vec<Option<Tensor>>,
    n_weights: usize,
    /// The slot of each sum of gradients, with that of its parameter.
    gradients: Vec<(usize, usize)>,
    /// The slot of each parameter that is averaged, with that of its average.
    averages: Vec<(usize, usize)>,
    /// The slot of what all learning rates are multiplied by, where the run changes that.
    lr_factor: Option<usize>,
}

impl Store {
    /// The slots of a run, empty: parameters, states, states of the optimizer, then sums of gradients.
    pub(crate) fn new(run: &Run) -> Store {
        let params = run.params.iter().cloned().map(Role::Param);
        let states = run.states.iter().cloned().map(Role::State);
        let optimizer = run.opt_states.iter().cloned().map(Role::OptState);
        let gradients = run.trained.iter().cloned().map(Role::Gradient);
        let kept = params.chain(states).chain(optimizer);
        let roles: Vec<Role> = match run.accumulation {
            Some(_) => kept.chain(gradients).collect(),
            None => kept.collect(),
        };
        Store {
            values: vec![None; roles.len()],
            gradients: gradients_of(&roles),
            averages: averages_of(&roles, &run.averages),
            lr_factor: roles
                .iter()
                .position(|role| *role == Role::OptState(Plateau::FACTOR.to_owned())),
            roles,
            n_weights: run.params.len() + run.states.len(),
        }
    }

    /// The slots of a run with these weights: parameters, then states.
    pub(crate) fn with_weights(run: &Run, weights: &[(Role, Tensor)]) -> Store {
        let mut store = Store::new(run);
        let slots = store.slots();
        for (role, tensor) in weights {
            if let Some(slot) = slots.get(role) {
                store.values[*slot] = Some(tensor.clone());
            }
        }
        store
    }

    /// The slot of each role.
    pub(crate) fn slots(&self) -> BTreeMap<Role, usize> {
        let places = self.roles.iter().enumerate();
        places.map(|(slot, role)| (role.clone(), slot)).collect()
    }

    /// A tensor, shared.
    pub(crate) fn share(&self, slot: usize) -> Tensor {
        self.values[slot]
            .clone()
            .expect("kept: every slot is filled between steps")
    }

    /// A tensor, moved out; the slot is filled again before the step is over.
    pub(crate) fn take(&mut self, slot: usize) -> Tensor {
        self.values[slot]
            .take()
            .expect("kept: every slot is filled between steps")
    }

    /// Fills a slot.
    pub(crate) fn put(&mut self, slot: usize, tensor: Tensor) {
        self.values[slot] = Some(tensor);
    }

    /// The parameters and states with their roles.
    pub(crate) fn weights(&self) -> Vec<(Role, Tensor)> {
        let slots = 0..self.n_weights;
        slots
            .map(|slot| (self.roles[slot].clone(), self.share(slot)))
            .collect()
    }

    /// The states of the optimizer by path.
    pub(crate) fn opt_states(&self) -> Vec<(String, Tensor)> {
        let of = |(slot, role): (usize, &Role)| match role {
            Role::OptState(path) => Some((path.clone(), self.share(slot))),
            Role::Arg(_) | Role::Param(_) | Role::State(_) | Role::Gradient(_) => None,
            Role::Field(_) | Role::Global(_) | Role::Step | Role::Seed => None,
        };
        self.roles.iter().enumerate().filter_map(of).collect()
    }

    /// Puts weights of another model in place of first values.
    pub(crate) fn put_weights(&mut self, weights: &[(Role, Tensor)]) {
        let slots = self.slots();
        for (role, tensor) in weights {
            if let Some(slot) = slots.get(role) {
                self.put(*slot, tensor.clone());
            }
        }
    }

    /// Puts averages in the place of parameters, and these in theirs; the next call undoes it.
    pub(crate) fn swap_averages(&mut self) {
        for &(param, average) in &self.averages {
            self.values.swap(param, average);
        }
    }

    /// What all learning rates are multiplied by.
    pub(crate) fn lr_factor(&self) -> f64 {
        let factor = self.lr_factor.and_then(|slot| self.share(slot).item());
        factor.unwrap_or(1.0)
    }

    /// Multiplies all learning rates; gives what they are multiplied by then.
    pub(crate) fn scale_lr(&mut self, factor: f64) -> f64 {
        let slot = self
            .lr_factor
            .expect("lowered: a run that scales its learning rates has a factor");
        let new = self.lr_factor() * factor;
        self.put(slot, Tensor::full(self.share(slot).dtype(), &[], new));
        new
    }

    /// Everything, for [`Store::put_all`]; shared until an engine writes over it.
    pub(crate) fn all(&self) -> Vec<Tensor> {
        (0..self.roles.len()).map(|slot| self.share(slot)).collect()
    }

    /// Puts back what [`Store::all`] gave.
    pub(crate) fn put_all(&mut self, values: Vec<Tensor>) {
        self.values = values.into_iter().map(Some).collect();
    }

    /// Whether every number is finite.
    pub(crate) fn is_finite(&self) -> bool {
        self.values.iter().flatten().all(Tensor::is_finite)
    }

    /// The role of each parameter and state, then of each state of the optimizer: what is kept between updates, sums of gradients
    /// left out.
    pub(crate) fn kept(&self) -> Vec<(String, Tensor)> {
        let is_kept = |role: &&Role| !matches!(role, Role::Gradient(_));
        let roles = self.roles.iter().take_while(is_kept).enumerate();
        roles
            .map(|(slot, role)| (role.to_string(), self.share(slot)))
            .collect()
    }

    /// Puts back what [`Store::kept`] gave, or says everything in which `kept` is not that of this run.
    pub(crate) fn take_kept(&mut self, kept: &[(String, Tensor)]) -> Result<(), Vec<String>> {
        let own = self.kept();
        let expected: Vec<Entry> = own.iter().map(|(role, x)| Entry::of(role, x)).collect();
        let found: Vec<Entry> = kept.iter().map(|(role, x)| Entry::of(role, x)).collect();
        let all = differences("tensor", &expected, &found);
        if !all.is_empty() {
            return Err(all);
        }
        for (slot, (role, _)) in own.iter().enumerate() {
            let tensor = kept.iter().find(|(name, _)| name == role);
            let (_, tensor) = tensor.expect("compared: each tensor is there");
            self.put(slot, tensor.clone());
        }
        Ok(())
    }

    /// How many numbers the parameters are.
    pub(crate) fn n_params(&self) -> usize {
        let of = |(slot, role): (usize, &Role)| matches!(role, Role::Param(_)).then_some(slot);
        let slots = self.roles.iter().enumerate().filter_map(of);
        slots.map(|slot| self.share(slot).len()).sum()
    }

    /// The parameters and states as they are, for [`Store::restore`].
    pub(crate) fn snapshot(&self) -> Vec<Tensor> {
        (0..self.n_weights).map(|slot| self.share(slot)).collect()
    }

    /// Puts back what [`Store::snapshot`] gave.
    pub(crate) fn restore(&mut self, weights: Vec<Tensor>) {
        let weights = weights.into_iter().map(Some);
        self.values.splice(0..self.n_weights, weights);
    }

    /// Sets the sums of gradients to zero, in the types of their parameters.
    pub(crate) fn clear_gradients(&mut self) {
        for at in 0..self.gradients.len() {
            let (sum, param) = self.gradients[at];
            let param = self.share(param);
            self.put(sum, Tensor::full(param.dtype(), param.shape(), 0.0));
        }
    }

    /// Multiplies the sums of gradients.
    pub(crate) fn scale_gradients(&mut self, factor: f64) {
        for at in 0..self.gradients.len() {
            let (slot, _) = self.gradients[at];
            let sum = self.take(slot);
            let (shape, factor) = (sum.shape().to_vec(), Tensor::full(sum.dtype(), &[], factor));
            self.put(slot, map(Scalar::Mul, vec![sum, factor], &shape));
        }
    }
}

fn averages_of(roles: &[Role], averages: &[(String, String)]) -> Vec<(usize, usize)> {
    let place = |role: Role| roles.iter().position(|own| *own == role);
    let pair = |(param, average): &(String, String)| {
        let average = place(Role::OptState(average.clone()))?;
        Some((place(Role::Param(param.clone()))?, average))
    };
    averages.iter().filter_map(pair).collect()
}

fn gradients_of(roles: &[Role]) -> Vec<(usize, usize)> {
    let pair = |(slot, role): (usize, &Role)| match role {
        Role::Gradient(path) => {
            let param = Role::Param(path.clone());
            Some((slot, roles.iter().position(|role| *role == param)?))
        }
        Role::Arg(_) | Role::Param(_) | Role::State(_) | Role::OptState(_) => None,
        Role::Field(_) | Role::Global(_) | Role::Step | Role::Seed => None,
    };
    roles.iter().enumerate().filter_map(pair).collect()
}
