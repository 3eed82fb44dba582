//! A function over and over along an axis, and its gradient: a scan of the same kind from the other end, over the states that the
//! first one went through.

use crate::ir::draft::AxisRef;
use crate::ir::{Func, FuncId, Input, Op, Range, Role, Scan, ValueId};
use crate::ops::axis::resolve_axis;
use crate::ops::control::{fits, inputs, results};
use crate::ops::rules::{Flows, Types};
use crate::ops::{Builder, OpError};
use crate::scalar::Scalar;
use crate::types::{AxisType, Dim, Shape, TensorType};

/// `scan : states…, [t, each]…, shared… → states…, [t, out]…`
pub(super) fn infer_scan(
    scan: Scan,
    operands: Types<'_>,
    module: &mut crate::ir::Module,
) -> Result<Vec<TensorType>, OpError> {
    let Scan {
        n_states, n_each, ..
    } = scan;
    let first = operands.get(n_states).map(|ty| ty.shape.0.clone());
    let Some(steps) = first.and_then(|axes| axes.first().cloned()) else {
        return Err(OpError::RankTooLow {
            what: "scan",
            operand: n_states,
            needs: 1,
        });
    };
    let mut taken: Vec<TensorType> = operands.iter().map(|&ty| ty.clone()).collect();
    for (at, ty) in taken.iter_mut().enumerate().skip(n_states).take(n_each) {
        if ty.shape.rank() == 0 || module.dims.unify(ty.shape.dim(0), &steps.dim).is_err() {
            return Err(OpError::ScanLengths {
                operand: at,
                expected: module.dims.resolve(&steps.dim),
                found: ty
                    .shape
                    .0
                    .first()
                    .map_or(Dim::int(0), |axis| module.dims.resolve(&axis.dim)),
            });
        }
        ty.shape.0.remove(0);
    }
    let expected = inputs(module, scan.func);
    fits(module, &taken.iter().collect::<Vec<_>>(), &expected)?;
    let found = results(module, scan.func);
    let (states, outs) = found.split_at(n_states.min(found.len()));
    let states: Vec<&TensorType> = states.iter().collect();
    fits(module, &states, &expected[..n_states]).map_err(|error| {
        let OpError::Argument { operand, expected } = error else {
            return error;
        };
        OpError::ScanState {
            operand,
            before: expected,
            after: found[operand].clone(),
        }
    })?;
    let along = |ty: &TensorType| {
        let mut axes = vec![steps.clone()];
        axes.extend(ty.shape.0.iter().cloned());
        TensorType::new(ty.dtype, Shape(axes))
    };
    let last = expected[..n_states].iter().cloned();
    Ok(last.chain(outs.iter().map(along)).collect())
}

/// The operand with the axis that is walked along in front, and where it was.
pub fn to_front(
    b: &mut Builder<'_>,
    axis: &AxisRef,
    operand: usize,
    x: ValueId,
) -> Result<(ValueId, usize), OpError> {
    let axis = resolve_axis(&b.module.dims, b.shape(x), operand, axis)?;
    let rank = b.shape(x).rank();
    let order = std::iter::once(axis).chain((0..rank).filter(|&other| other != axis));
    Ok((b.permute(x, order.collect())?, axis))
}

/// The result with its first axis at this place, or last where it has fewer.
pub fn from_front(b: &mut Builder<'_>, x: ValueId, place: usize) -> Result<ValueId, OpError> {
    let mut order: Vec<usize> = (1..b.shape(x).rank()).collect();
    order.insert(place.min(order.len()), 0);
    b.permute(x, order)
}

// Gradient ----------------------------------------------------------------------------------------------------------------

/// With `s[t] = f(s[t−1], x[t], w)` and outputs `y[t]`: `(ds[t−1], dx[t], dw[t]) = f'(s[t−1], x[t], w)ᵀ (ds[t], dy[t])`, from the
/// last step to the first; `dw` is the sum of all `dw[t]`.
pub(super) fn vjp_scan(
    b: &mut Builder<'_>,
    scan: Scan,
    x: &[ValueId],
    y: &[ValueId],
    dy: &[Option<ValueId>],
) -> Flows {
    let before = states_before(b, scan, x, y)?;
    let rule = Rule::new(b, scan, dy);
    let func = rule.func(b)?;
    let (own, each, shared) = parts(scan, x);
    let mut operands = vec![];
    for &state in &rule.states {
        operands.push(match dy[state] {
            Some(cotangent) => cotangent,
            None => b.zeros(x[state])?,
        });
    }
    for &at in &rule.shared {
        operands.push(b.zeros(shared[at])?);
    }
    let n_states = operands.len();
    operands.extend(before);
    operands.extend(each);
    operands.extend(rule.outs.iter().filter_map(|&out| dy[scan.n_states + out]));
    let n_each = operands.len() - n_states;
    operands.extend(shared);
    let back = Scan {
        func,
        n_states,
        n_each,
        is_reversed: !scan.is_reversed,
    };
    let mut found = b.op(Op::Scan(back), &operands)?.into_iter();
    let mut flows = vec![None; x.len()];
    for &state in &rule.states {
        flows[state] = found.next();
    }
    for &at in &rule.shared {
        flows[own.len() + each.len() + at] = found.next();
    }
    for &at in &rule.each {
        flows[own.len() + at] = found.next();
    }
    Ok(flows)
}

fn parts(scan: Scan, x: &[ValueId]) -> (&[ValueId], &[ValueId], &[ValueId]) {
    let (states, rest) = x.split_at(scan.n_states);
    let (each, shared) = rest.split_at(scan.n_each);
    (states, each, shared)
}

/// The states that each step began with, along a first axis: those that were given, then those that the steps gave, where these are
/// among the outputs; else they are computed once more.
fn states_before(
    b: &mut Builder<'_>,
    scan: Scan,
    x: &[ValueId],
    y: &[ValueId],
) -> Result<Vec<ValueId>, OpError> {
    let own = b.module.funcs[scan.func].results.clone();
    let (states, outs) = own.split_at(scan.n_states);
    let kept = |(_, state): &(String, ValueId)| outs.iter().position(|(_, out)| out == state);
    let kept: Option<Vec<usize>> = states.iter().map(kept).collect();
    match kept {
        Some(kept) => {
            let outs = kept.into_iter().map(|out| y[scan.n_states + out]);
            let pairs: Vec<_> = x.iter().copied().zip(outs).collect();
            let behind = |(first, stack)| shifted(b, scan, first, stack);
            pairs.into_iter().map(behind).collect()
        }
        None => {
            let mut func = b.module.funcs[scan.func].clone();
            let inputs = func.inputs[..scan.n_states].iter();
            let before = inputs.map(|input| ("before".to_owned(), input.value));
            func.results.truncate(scan.n_states);
            func.results.extend(before);
            func.is_nested = true;
            let again = Scan {
                func: b.module.funcs.push(func),
                ..scan
            };
            let found = b.op(Op::Scan(again), x)?;
            Ok(found[scan.n_states..].to_vec())
        }
    }
}

/// The first state, then those behind all steps but the last.
fn shifted(
    b: &mut Builder<'_>,
    scan: Scan,
    first: ValueId,
    stack: ValueId,
) -> Result<ValueId, OpError> {
    let mut shape = b.shape(first).clone();
    shape.0.insert(0, AxisType::new(Dim::int(1)));
    let first = b.reshape(first, shape)?;
    let steps = b.shape(stack).dim(0).clone();
    let one = Dim::int(1);
    let own = match scan.is_reversed {
        false => Range::new(Dim::int(0), &steps - &one),
        true => Range::new(one, steps),
    };
    let whole = b.shape(stack).dims().skip(1).map(Range::whole);
    let ranges = std::iter::once(own).chain(whole).collect();
    let rest = b.op1(Op::Slice(ranges), &[stack])?;
    let parts = match scan.is_reversed {
        false => [first, rest],
        true => [rest, first],
    };
    b.op1(Op::Concat(0), &parts)
}

/// One step of the way back, and what flows through it: places among states, outputs with a cotangent, operands of each step and
/// shared ones.
struct Rule {
    scan: Scan,
    states: Vec<usize>,
    outs: Vec<usize>,
    each: Vec<usize>,
    shared: Vec<usize>,
}

impl Rule {
    fn new(b: &Builder<'_>, scan: Scan, dy: &[Option<ValueId>]) -> Rule {
        let types = inputs(b.module, scan.func);
        let (states, rest) = types.split_at(scan.n_states);
        let (each, shared) = rest.split_at(scan.n_each);
        let floats = |types: &[TensorType]| {
            let places = types.iter().enumerate();
            let places = places.filter(|(_, ty)| ty.dtype.is_float());
            places.map(|(place, _)| place).collect()
        };
        let outs = dy[scan.n_states..].iter().enumerate();
        Rule {
            scan,
            states: floats(states),
            outs: outs.filter_map(|(out, dy)| dy.map(|_| out)).collect(),
            each: floats(each),
            shared: floats(shared),
        }
    }

    /// Inputs: cotangents of the states, sums for what is shared, the states before, what each step took, cotangents of its outputs,
    /// what is shared. Results: the cotangents of the states before, the sums, the cotangents of what the step took.
    fn func(&self, b: &mut Builder<'_>) -> Result<FuncId, OpError> {
        let types = inputs(b.module, self.scan.func);
        let made = results(b.module, self.scan.func);
        let name = format!("{} back", b.module.funcs[self.scan.func].name);
        let mut inner = Builder {
            origin: b.origin,
            func: Func {
                is_nested: true,
                ..Func::new(name)
            },
            module: &mut *b.module,
        };
        let n_before = self.scan.n_states + self.scan.n_each;
        let ds = self.states.iter().map(|&at| types[at].clone());
        let ds = arguments(&mut inner, ds.collect());
        let sums = self.shared.iter().map(|&at| types[n_before + at].clone());
        let sums = arguments(&mut inner, sums.collect());
        let before = arguments(&mut inner, types[..n_before].to_vec());
        let dy = self.outs.iter();
        let dy = dy.map(|&out| made[self.scan.n_states + out].clone());
        let dy = arguments(&mut inner, dy.collect());
        let shared = arguments(&mut inner, types[n_before..].to_vec());
        let mut operands = [before, shared].concat();
        for (at, ty) in made.iter().enumerate() {
            let given = match at.checked_sub(self.scan.n_states) {
                None => self
                    .states
                    .iter()
                    .position(|&own| own == at)
                    .map(|at| ds[at]),
                Some(out) => self
                    .outs
                    .iter()
                    .position(|&own| own == out)
                    .map(|at| dy[at]),
            };
            operands.push(match given {
                Some(cotangent) => cotangent,
                None => nothing(&mut inner, ty)?,
            });
        }
        let wrt: Vec<usize> = self
            .states
            .iter()
            .copied()
            .chain(self.each.iter().map(|at| self.scan.n_states + at))
            .chain(self.shared.iter().map(|at| n_before + at))
            .collect();
        let func = self.scan.func;
        let pulled = inner.op(Op::Vjp { func, wrt }, &operands)?;
        let mut pulled = pulled.into_iter().skip(made.len());
        let states: Vec<ValueId> = pulled.by_ref().take(self.states.len()).collect();
        let each: Vec<ValueId> = pulled.by_ref().take(self.each.len()).collect();
        let mut done = states;
        for (sum, more) in sums.into_iter().zip(pulled) {
            done.push(inner.map(Scalar::Add, &[sum, more])?);
        }
        done.extend(each);
        let named = done.into_iter().map(|value| ("back".to_owned(), value));
        inner.func.results = named.collect();
        let func = inner.func;
        Ok(b.module.funcs.push(func))
    }
}

/// Inputs of these types.
fn arguments(b: &mut Builder<'_>, types: Vec<TensorType>) -> Vec<ValueId> {
    let mut input = |ty: TensorType| {
        let value = b.value(ty);
        let role = Role::Arg(format!("x{}", b.func.inputs.len()));
        b.func.inputs.push(Input { role, value });
        value
    };
    types.into_iter().map(&mut input).collect()
}

/// Zeros of a type.
fn nothing(b: &mut Builder<'_>, ty: &TensorType) -> Result<ValueId, OpError> {
    let zero = b.number(0.0, ty.dtype);
    b.broadcast(zero, ty.shape.clone(), vec![])
}
