//! A trained model, ready for rows again and again.

use crate::ir::Role;
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::machine::Machine;
use crate::train::store::Store;
use crate::train::wiring::{Feed, Names, Wired};

/// The functions from fields to outputs, prepared.
pub struct Predictor {
    store: Store,
    forward: Wired,
    link: Option<Wired>,
    seed: u64,
}

/// What a model makes of some rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Predicted {
    /// Its outputs, as it gives them.
    pub outputs: Vec<Tensor>,
    /// The only output as the loss takes it: probabilities, where these are logits.
    pub linked: Option<Tensor>,
}

impl Predictor {
    /// Prepares a run with these weights for rows whose fields have these names, in this order.
    pub fn new(
        run: &Run,
        machine: &Machine<'_>,
        weights: &[(Role, Tensor)],
        fields: &[String],
    ) -> Result<Predictor, TrainError> {
        let store = Store::with_weights(run, weights);
        let names = Names {
            store: &store,
            fields,
            outputs: &run.outputs,
        };
        let wire = |func| Wired::new(machine, func, names, |_| None, run.span);
        Ok(Predictor {
            forward: wire(run.forward)?,
            link: run.link.map(wire).transpose()?,
            seed: run.settings.seed,
            store,
        })
    }

    /// What it makes of some rows, whose fields stand in the order of their names.
    pub fn predict(
        &mut self,
        machine: &Machine<'_>,
        fields: &[Tensor],
    ) -> Result<Predicted, TrainError> {
        let feed = Feed {
            fields,
            outputs: &[],
            step: 0,
            seed: self.seed,
        };
        let outputs = self.forward.run(machine, &mut self.store, feed)?;
        let feed = Feed {
            outputs: &outputs,
            ..feed
        };
        let linked = match &mut self.link {
            Some(link) => link.run(machine, &mut self.store, feed)?.pop(),
            None => None,
        };
        Ok(Predicted { outputs, linked })
    }
}
