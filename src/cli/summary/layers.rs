//! The layers of a run and what each costs, read off the update as it runs. An instruction belongs to the call in the model that it
//! came from; gradients keep the places of what they are gradients of, so the way back is told apart by standing behind the loss.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::summary::cost::{Cost, Sizes};
use crate::engine::footprint;
use crate::ir::{Func, Inst, Op, OriginId, Role, ValueId};
use crate::lower::Run;
use crate::session::Compiled;
use crate::source::{SourceMap, Span};
use crate::types::TensorType;

/// What a run's update costs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) run: String,
    pub(crate) model: String,
    pub(crate) data: String,
    /// Rows in a step.
    pub(crate) batch: u64,
    pub(crate) layers: Vec<Layer>,
    /// Operations of the update itself.
    pub(crate) update: u64,
    /// Bytes that a step holds at most: batch, weights, optimizer, and its own; nothing where there is no native code.
    pub(crate) step_bytes: Option<u64>,
    pub(crate) total: Cost,
}

/// A call in the model, or the loss.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layer {
    /// The path of its parameters, else as written.
    pub(crate) name: String,
    /// The type of what comes out.
    pub(crate) output: String,
    pub(crate) cost: Cost,
}

/// The summary of a run.
pub(crate) fn summary(compiled: &Compiled, run: &Run, sources: &SourceMap) -> Summary {
    let batch = compiled.batch_of(run);
    let walk = Walk {
        compiled,
        run,
        sources,
        sizes: Sizes {
            module: compiled.module(),
            batch,
        },
    };
    let mut rows = walk.rows();
    walk.weights(&mut rows);
    let Rows {
        layers,
        update,
        mut elsewhere,
        ..
    } = rows;
    let (shown, hidden): (Vec<Row>, Vec<Row>) = layers.into_iter().partition(Row::is_shown);
    hidden.iter().for_each(|row| elsewhere += row.cost);
    let mut layers: Vec<Layer> = shown.into_iter().map(|row| walk.layer(row)).collect();
    if elsewhere != Cost::default() {
        let name = "(elsewhere)".to_owned();
        layers.push(Layer {
            name,
            output: String::new(),
            cost: elsewhere,
        });
    }
    let mut total = Cost::default();
    layers.iter().for_each(|layer| total += layer.cost);
    let step_bytes = step_bytes(compiled, run);
    let (run, model, data) = (run.name.clone(), run.model.clone(), run.data.clone());
    Summary {
        run,
        model,
        data,
        batch,
        layers,
        update,
        step_bytes,
        total,
    }
}

fn step_bytes(compiled: &Compiled, run: &Run) -> Option<u64> {
    let batch = i64::try_from(compiled.batch_of(run)).ok()?;
    let budget = run.settings.budget;
    footprint(compiled.module(), compiled.func(run.step), batch, budget).ok()?
}

/// What belongs to one call.
struct Row {
    call: OriginId,
    /// The paths of the parameters and states it reads first.
    paths: Vec<String>,
    /// What it puts out, as far as has been seen.
    output: Option<ValueId>,
    /// Whether all it did was to pass its operand on.
    is_glue: bool,
    cost: Cost,
}

impl Row {
    fn is_shown(&self) -> bool {
        !(self.is_glue && self.paths.is_empty())
    }
}

#[derive(Default)]
struct Rows {
    layers: Vec<Row>,
    places: BTreeMap<OriginId, usize>,
    update: u64,
    /// What belongs to no layer.
    elsewhere: Cost,
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    compiled: &'a Compiled,
    run: &'a Run,
    sources: &'a SourceMap,
    sizes: Sizes<'a>,
}

impl Walk<'_> {
    /// The function that goes forward and back.
    fn func(&self) -> &Func {
        let step = self
            .run
            .accumulation
            .map_or(self.run.step, |(gradients, _)| gradients);
        &self.compiled.module().funcs[self.compiled.func(step)]
    }

    fn rows(&self) -> Rows {
        let func = self.func();
        let loss = func.results.first().map(|(_, value)| *value);
        let computes_loss = |inst: &Inst| loss.is_some_and(|loss| inst.results.contains(&loss));
        let n_forward = func
            .body
            .iter()
            .position(computes_loss)
            .map_or(0, |at| at + 1);
        let (forward, back) = func.body.split_at(n_forward);
        let read: BTreeSet<ValueId> = back
            .iter()
            .flat_map(|inst| inst.operands.iter().copied())
            .collect();
        let mut rows = Rows::default();
        let mut owned = self.paths_by_value();
        for inst in forward {
            self.forward(inst, &read, &mut owned, &mut rows);
        }
        for inst in back {
            let flops = self.sizes.flops(func, inst);
            match rows.places.get(&self.call(inst)) {
                Some(&at) => rows.layers[at].cost.backward += flops,
                None => rows.update += flops,
            }
        }
        rows
    }

    /// The parameters and states by the value they come in.
    fn paths_by_value(&self) -> BTreeMap<ValueId, String> {
        let inputs = self.func().inputs.iter();
        let kept = inputs.filter(|input| matches!(input.role, Role::Param(_) | Role::State(_)));
        kept.map(|input| (input.value, input.role.path().to_owned()))
            .collect()
    }

    fn forward(
        &self,
        inst: &Inst,
        read: &BTreeSet<ValueId>,
        owned: &mut BTreeMap<ValueId, String>,
        rows: &mut Rows,
    ) {
        let (func, call) = (self.func(), self.call(inst));
        let at = *rows.places.entry(call).or_insert(rows.layers.len());
        if at == rows.layers.len() {
            rows.layers.push(Row {
                call,
                paths: vec![],
                output: None,
                is_glue: true,
                cost: Cost::default(),
            });
        }
        let row = &mut rows.layers[at];
        row.paths.extend(
            inst.operands
                .iter()
                .filter_map(|operand| owned.remove(operand)),
        );
        row.output = inst.results.first().copied();
        row.is_glue &= self.is_glue(inst);
        row.cost.forward += self.sizes.flops(func, inst);
        let kept = inst.results.iter().filter(|result| read.contains(result));
        row.cost.activation_bytes += kept
            .map(|result| self.sizes.bytes(func.ty(*result)))
            .sum::<u64>();
    }

    /// Whether an instruction passes its operand on as it is, or makes a constant.
    fn is_glue(&self, inst: &Inst) -> bool {
        let elements = |value: &ValueId| self.func().ty(*value).shape.rank();
        match (&inst.op, inst.operands.as_slice()) {
            (Op::Const(_) | Op::Size(..), _) => true,
            (Op::Reshape(_), [operand]) => inst
                .results
                .iter()
                .all(|result| elements(result) == elements(operand)),
            (_, _) => false,
        }
    }

    /// The call in the model that an instruction came from; the loss, and what happens outside of any model, are one call each.
    fn call(&self, inst: &Inst) -> OriginId {
        let origins = &self.compiled.module().origins;
        let own = inst
            .results
            .first()
            .map(|result| self.func().values[*result].origin);
        let mut calls: Vec<OriginId> =
            std::iter::successors(own, |&origin| origins[origin].caller).collect();
        let outermost = calls
            .pop()
            .expect("every instruction has a result, which has an origin");
        if self.is_model(origins[outermost].span) {
            calls.pop().unwrap_or(outermost)
        } else {
            outermost
        }
    }

    fn is_model(&self, span: Span) -> bool {
        self.sources.text(span) == self.run.model
    }

    /// Counts weights and optimizer states: those of a layer's own parameters there, others apart.
    fn weights(&self, rows: &mut Rows) {
        let Run {
            params,
            states,
            opt_states,
            trained,
            ..
        } = self.run;
        let mut types = self.first_values();
        for path in params.iter().chain(states) {
            let cost = self.weight(take(&mut types, path), trained.contains(path));
            *rows.owner(path, true) += cost;
        }
        for path in opt_states {
            let bytes = take(&mut types, path).map_or(0, |ty| self.sizes.bytes(ty));
            rows.owner(path, false).optimizer_bytes += bytes;
        }
    }

    /// Everything a run keeps, by path, with its type.
    fn first_values(&self) -> Vec<(&str, &TensorType)> {
        let init = &self.compiled.module().funcs[self.compiled.func(self.run.init)];
        let prefix = self.run.name.len() + 1;
        let results = init.results.iter();
        results
            .map(|(name, value)| (name.get(prefix..).unwrap_or_default(), init.ty(*value)))
            .collect()
    }

    fn weight(&self, ty: Option<&TensorType>, is_trained: bool) -> Cost {
        let Some(ty) = ty else { return Cost::default() };
        let (elements, weight_bytes) = (self.sizes.elements(ty), self.sizes.bytes(ty));
        let [params, kept] = if is_trained {
            [elements, 0]
        } else {
            [0, elements]
        };
        Cost {
            params,
            kept,
            weight_bytes,
            ..Cost::default()
        }
    }

    fn layer(&self, row: Row) -> Layer {
        let module = self.compiled.module();
        let written = self.sources.text(module.origins[row.call].span);
        let is_loss = self.is_within_loss(module.origins[row.call].span);
        let output = row.output.map_or(String::new(), |value| {
            let ty = self.func().ty(value);
            let known = TensorType::new(ty.dtype, module.dims.resolve_shape(&ty.shape));
            known.display(&module.dims.symbols).to_string()
        });
        let name = if is_loss {
            "loss".to_owned()
        } else {
            name(&row.paths).unwrap_or_else(|| written.to_owned())
        };
        Layer {
            name,
            output,
            cost: row.cost,
        }
    }

    fn is_within_loss(&self, span: Span) -> bool {
        let loss = self.run.loss_span;
        span.source == loss.source && loss.start <= span.start && span.end <= loss.end
    }
}

impl Rows {
    /// Where the cost of a path is counted.
    fn owner(&mut self, path: &str, is_weight: bool) -> &mut Cost {
        let is_own =
            |own: &String| own == path || (!is_weight && path.starts_with(&format!("{own}.")));
        let found = self
            .layers
            .iter_mut()
            .find(|row| row.paths.iter().any(is_own));
        found.map_or(&mut self.elsewhere, |row| &mut row.cost)
    }
}

/// The type under a path, which is then spoken for: a parameter and a state may share one.
fn take<'t>(types: &mut Vec<(&str, &'t TensorType)>, path: &str) -> Option<&'t TensorType> {
    let at = types.iter().position(|(own, _)| *own == path)?;
    Some(types.remove(at).1)
}

/// What paths have in common: `Dense[0]` of `Dense[0].w` and `Dense[0].b`.
fn name(paths: &[String]) -> Option<String> {
    let mut parents = paths
        .iter()
        .map(|path| path.rsplit_once('.').map_or("", |(parent, _)| parent));
    let first = parents.next()?;
    let common = parents.fold(first.split('.').collect::<Vec<_>>(), |common, parent| {
        let same = common
            .iter()
            .zip(parent.split('.'))
            .take_while(|(a, b)| **a == *b)
            .count();
        common[..same].to_vec()
    });
    Some(common.join(".")).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_called_by_what_its_paths_share() {
        let of = |paths: &[&str]| {
            name(
                &paths
                    .iter()
                    .map(|path| (*path).to_owned())
                    .collect::<Vec<_>>(),
            )
        };
        assert_eq!(
            of(&["Dense[0].w", "Dense[0].b"]).as_deref(),
            Some("Dense[0]")
        );
        assert_eq!(
            of(&["Block[1].Dense[0].w", "Block[1].norm.scale"]).as_deref(),
            Some("Block[1]")
        );
        assert_eq!(of(&["w"]), None);
        assert_eq!(of(&[]), None);
    }
}
