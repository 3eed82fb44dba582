//! What a model's tensors and its two ends look like, written down with a saved model and compared when it is loaded.

use serde::{Deserialize, Serialize};

use crate::ir::{Module, Role};
use crate::lower::Run;
use crate::tensor::Tensor;
use crate::types::TensorType;

/// The tensors of a model and the types of its inputs and outputs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signature {
    /// The model's name.
    pub model: String,
    /// Parameters in order.
    pub params: Vec<Entry>,
    /// States in order.
    pub states: Vec<Entry>,
    /// The inputs, as `x: [batch, 4]`.
    pub inputs: Vec<String>,
    /// The outputs, as `[batch, 3]`.
    pub outputs: Vec<String>,
}

/// One tensor: its path and type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its path in the model.
    pub path: String,
    /// Its element type, as the language calls it.
    pub dtype: String,
    /// Its sizes.
    pub shape: Vec<usize>,
}

impl Entry {
    /// The entry of a tensor.
    pub fn of(path: &str, tensor: &Tensor) -> Entry {
        Entry {
            path: path.to_owned(),
            dtype: tensor.dtype().to_string(),
            shape: tensor.shape().to_vec(),
        }
    }

    /// The type as a user writes it: `f32[4, 16]`.
    pub fn ty(&self) -> String {
        format!("{}{:?}", self.dtype, self.shape)
    }
}

impl Signature {
    /// The signature of a model with these weights, whose function from inputs to outputs is `forward`.
    pub fn of(
        model: &str,
        weights: &[(Role, Tensor)],
        module: &Module,
        forward: crate::ir::FuncId,
    ) -> Signature {
        let entries = |wanted: fn(&Role) -> bool| {
            let kept = weights.iter().filter(|(role, _)| wanted(role));
            kept.map(|(role, tensor)| Entry::of(role.path(), tensor))
                .collect()
        };
        let func = &module.funcs[forward];
        let shown = |ty: &TensorType| {
            let ty = TensorType::new(ty.dtype, module.dims.resolve_shape(&ty.shape));
            ty.display(&module.dims.symbols).to_string()
        };
        let inputs = func
            .inputs
            .iter()
            .filter(|input| matches!(input.role, Role::Field(_)));
        Signature {
            model: model.to_owned(),
            params: entries(|role| matches!(role, Role::Param(_))),
            states: entries(|role| matches!(role, Role::State(_))),
            inputs: inputs
                .map(|input| format!("{}: {}", input.role.path(), shown(func.ty(input.value))))
                .collect(),
            outputs: func
                .results
                .iter()
                .map(|(_, value)| shown(func.ty(*value)))
                .collect(),
        }
    }

    /// The same signature with the parameters and states that `init` of a run makes, whose results are called `run/path`.
    pub fn declared(&self, run: &Run, module: &Module, init: crate::ir::FuncId) -> Signature {
        let func = &module.funcs[init];
        let entry = |path: &String| {
            let name = format!("{}/{path}", run.name);
            let result = func.results.iter().find(|(own, _)| *own == name);
            let ty = func.ty(result?.1);
            let shape = module.dims.resolve_shape(&ty.shape);
            let sizes = shape.dims().map(|dim| usize::try_from(dim.as_int()?).ok());
            Some(Entry {
                path: path.clone(),
                dtype: ty.dtype.to_string(),
                shape: sizes.collect::<Option<_>>()?,
            })
        };
        Signature {
            params: run.params.iter().filter_map(entry).collect(),
            states: run.states.iter().filter_map(entry).collect(),
            ..self.clone()
        }
    }

    /// Everything in which `found` differs from what is expected, one sentence each.
    pub fn differences(&self, found: &Signature) -> Vec<String> {
        let mut all = differences("parameter", &self.params, &found.params);
        all.extend(differences("state", &self.states, &found.states));
        for (what, own, other) in [
            ("inputs", &self.inputs, &found.inputs),
            ("outputs", &self.outputs, &found.outputs),
        ] {
            if all.is_empty() && own != other {
                all.push(format!(
                    "{what}: expected `{}`, found `{}`",
                    own.join("`, `"),
                    other.join("`, `")
                ));
            }
        }
        all
    }
}

/// Everything in which one list of tensors differs from what is expected, one sentence each.
pub(crate) fn differences(what: &str, expected: &[Entry], found: &[Entry]) -> Vec<String> {
    let of =
        |entries: &[Entry], path: &str| entries.iter().find(|entry| entry.path == path).cloned();
    let misses = expected
        .iter()
        .filter_map(|entry| match of(found, &entry.path) {
            None => Some(format!(
                "{what} `{}`, {}, is missing",
                entry.path,
                entry.ty()
            )),
            Some(other) if other.ty() != entry.ty() => Some(format!(
                "{what} `{}`: expected {}, found {}",
                entry.path,
                entry.ty(),
                other.ty()
            )),
            Some(_) => None,
        });
    let extra = found
        .iter()
        .filter(|entry| of(expected, &entry.path).is_none());
    let extra = extra.map(|entry| {
        format!(
            "{what} `{}`, {}, has no place in the model",
            entry.path,
            entry.ty()
        )
    });
    misses.chain(extra).collect()
}
