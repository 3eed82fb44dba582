//! Dimension symbols from the sizes of tensors: an axis `2 * n + 1` of size 7 says that `n` is 3. An axis tells a symbol where it is
//! the only one left in it, and linear; every axis is checked.

use std::collections::BTreeMap;

use crate::engine::{RunError, RunFault};
use crate::ir::Role;
use crate::tensor::Tensor;
use crate::types::{Dim, SymId, Symbols, TensorType};

/// What symbols stand for in one run.
pub(super) type Sizes = BTreeMap<SymId, i64>;

/// What a function takes, with resolved dimensions.
pub(super) struct Signature {
    /// The inputs in order.
    pub(super) inputs: Vec<(Role, TensorType)>,
    /// The names of dimensions.
    pub(super) symbols: Symbols,
}

impl Signature {
    /// What the symbols are, by the sizes of these tensors.
    pub(super) fn sizes(&self, tensors: &[Tensor]) -> Result<Sizes, RunError> {
        if tensors.len() != self.inputs.len() {
            return Err(RunFault::Inputs {
                expected: self.inputs.len(),
                found: tensors.len(),
            }
            .into());
        }
        let mut axes = vec![];
        for (input, ((_, ty), tensor)) in self.inputs.iter().zip(tensors).enumerate() {
            if ty.dtype != tensor.dtype() || ty.shape.rank() != tensor.rank() {
                return Err(self.misfit(input, tensor, &Sizes::new()));
            }
            let pairs = ty.shape.dims().zip(tensor.shape());
            axes.extend(pairs.map(|(dim, &size)| Axis {
                input,
                dim,
                size: i64::try_from(size).unwrap_or(i64::MAX),
            }));
        }
        bind(axes).map_err(|(input, known)| self.misfit(input, &tensors[input], &known))
    }

    fn misfit(&self, input: usize, tensor: &Tensor, known: &Sizes) -> RunError {
        let (role, ty) = &self.inputs[input];
        let symbols = ty.shape.dims().flat_map(Dim::symbols);
        let known = symbols
            .filter_map(|symbol| Some((self.symbols[symbol].name.clone(), *known.get(&symbol)?)));
        RunError::from(RunFault::Input {
            role: role.clone(),
            expected: ty.display(&self.symbols).to_string(),
            dtype: tensor.dtype(),
            shape: tensor.shape().to_vec(),
            known: known.collect(),
        })
    }
}

/// One axis of an input: its size as declared and as it arrived.
struct Axis<'a> {
    input: usize,
    dim: &'a Dim,
    size: i64,
}

/// The symbols' sizes, or the first input that contradicts the others, with the sizes known by then.
fn bind(axes: Vec<Axis<'_>>) -> Result<Sizes, (usize, Sizes)> {
    let mut sizes = Sizes::new();
    let mut open = axes;
    loop {
        let n_open = open.len();
        let mut later = vec![];
        for axis in open {
            match tell(&axis, &sizes) {
                Told::Holds => {}
                Told::Symbol(symbol, size) => {
                    sizes.insert(symbol, size);
                }
                Told::Later => later.push(axis),
                Told::Never => return Err((axis.input, sizes)),
            }
        }
        if later.is_empty() || later.len() == n_open {
            return Ok(sizes);
        }
        open = later;
    }
}

/// What an axis says, given some sizes.
enum Told {
    Holds,
    Symbol(SymId, i64),
    Later,
    Never,
}

fn tell(axis: &Axis<'_>, sizes: &Sizes) -> Told {
    let dim = axis
        .dim
        .substitute(&|symbol| sizes.get(&symbol).copied().map(Dim::int));
    if let Some(size) = dim.as_int() {
        return if size == axis.size {
            Told::Holds
        } else {
            Told::Never
        };
    }
    let symbols = dim.symbols();
    let [symbol] = symbols.as_slice() else {
        return Told::Later;
    };
    let linear = dim.linear_in(*symbol);
    let numbers = linear.and_then(|(factor, rest)| Some((factor.as_int()?, rest.as_int()?)));
    match numbers {
        Some((factor, rest))
            if (axis.size - rest) % factor == 0 && (axis.size - rest) / factor >= 0 =>
        {
            Told::Symbol(*symbol, (axis.size - rest) / factor)
        }
        Some(_) => Told::Never,
        None => Told::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{SymKind, Unifier};

    #[test]
    fn an_axis_tells_its_only_symbol_and_the_others_must_agree() {
        let mut dims = Unifier::new();
        let [m, n] = ["m", "n"].map(|name| dims.fresh(name, SymKind::Rigid, None));
        let (product, double) = (&Dim::sym(m) * &Dim::sym(n), &Dim::int(2) * &Dim::sym(n));
        let axis = |dim, size| Axis {
            input: 0,
            dim,
            size,
        };
        let bound = bind(vec![axis(&product, 15), axis(&double, 6)]);
        assert_eq!(bound, Ok(Sizes::from([(m, 5), (n, 3)])));
        assert!(bind(vec![axis(&double, 7)]).is_err());
        assert!(bind(vec![axis(&double, 6), axis(&product, 16)]).is_err());
    }
}
