//! Scans in a graph: a step of a scan is a graph of its own, whose inputs and results are places that move from round to round. What a
//! scan takes place by place is looked at where it lies, under any order of its axes.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::engine::RunError;
use crate::engine::bind::Sizes;
use crate::engine::flat::Flat;
use crate::engine::jit::graph::{Base, BaseId, Def, Graph, Node, Task, Value};
use crate::ir::{Scan, ValueId};
use crate::ops::scan_of;
use crate::tensor::Walk;

/// A scan: the graph of its step, and what comes from where. The step's inputs are the scan's operands; its results are the outputs,
/// then the states that are no outputs.
#[derive(Debug)]
pub(super) struct Rounds {
    pub(super) name: String,
    pub(super) scan: Scan,
    /// How many steps.
    pub(super) n: usize,
    pub(super) body: Graph,
    /// Each state's base in the body.
    pub(super) states: Vec<BaseId>,
    /// Of each state, the output that is the same value, if there is one.
    pub(super) shown: Vec<Option<usize>>,
    /// Bases of the body that are the same in every round.
    pub(super) kept: BTreeSet<BaseId>,
}

impl Graph {
    /// A scan as a node.
    pub(super) fn add_scan(
        &mut self,
        inner: &Flat,
        mut node: Node,
        sizes: &Sizes,
    ) -> Result<Vec<Value>, RunError> {
        let scan = scan_of(&node.op).expect("flattened: only scans have steps");
        let operands = std::mem::take(&mut node.operands).into_iter().enumerate();
        node.operands = operands
            .map(|(at, value)| self.settled(value, at < scan.n_states))
            .collect();
        let rounds = Rounds::new(self, scan, inner, &node, sizes)?;
        node.task = Task::Scan(Rc::new(rounds));
        Ok(self.push(node))
    }

    /// An operand where a step can look at it: a state as a whole, everything else in no order backwards.
    fn settled(&mut self, value: Value, is_state: bool) -> Value {
        let is_backwards = value.walk.strides.iter().any(|&stride| stride < 0);
        let is_moved = is_state && !value.is_whole(&self.bases[value.base]);
        match is_backwards || is_moved {
            true => self.copy(value),
            false => value,
        }
    }
}

impl Rounds {
    fn new(
        graph: &Graph,
        scan: Scan,
        inner: &Flat,
        node: &Node,
        sizes: &Sizes,
    ) -> Result<Rounds, RunError> {
        let mut body = Graph::default();
        let mut kept = BTreeSet::new();
        let each = scan.n_states..scan.n_states + scan.n_each;
        let mut given = vec![];
        for (place, operand) in node.operands.iter().enumerate() {
            let base = &graph.bases[operand.base];
            let sizes = &operand.walk.sizes;
            let value = match place {
                _ if place < each.start => {
                    Value::whole(body.base(base.dtype, sizes, Def::Input(place)), sizes)
                }
                _ if place < each.end => of_step(&mut body, base, place, &operand.walk),
                _ => shared(&mut body, base, place, operand),
            };
            if place >= each.end {
                kept.insert(value.base);
            }
            given.push(value);
        }
        let states = given[..scan.n_states].iter().map(|value| value.base);
        let states = states.collect();
        let values: Vec<ValueId> = inner.results.iter().map(|of| of.value).collect();
        let (news, outs) = values.split_at(scan.n_states);
        let shown: Vec<Option<usize>> = news
            .iter()
            .map(|new| outs.iter().position(|out| out == new))
            .collect();
        let own = news.iter().zip(&shown).filter(|(_, out)| out.is_none());
        let results: Vec<ValueId> = outs
            .iter()
            .chain(own.map(|(new, _)| new))
            .copied()
            .collect();
        body.grow(inner, &inner.plan(sizes)?, sizes, given, &results)?;
        Ok(Rounds {
            name: inner.name.clone(),
            scan,
            n: node.operands[scan.n_states].walk.sizes[0],
            body,
            states,
            shown,
            kept,
        })
    }

    /// Outputs of each step.
    pub(super) fn n_outs(&self) -> usize {
        self.body.results.len() - self.shown.iter().filter(|out| out.is_none()).count()
    }

    /// Of each state that is no output, where its two places begin and how far apart they lie; and the bytes of all of them.
    pub(super) fn turns(&self) -> (Vec<(usize, usize)>, usize) {
        let mut bytes = 0;
        let place = |(&state, out): (&usize, &Option<usize>)| {
            let size = match out {
                Some(_) => 0,
                None => self.body.bytes(state).next_multiple_of(64),
            };
            bytes += 2 * size;
            (bytes - 2 * size, size)
        };
        let places = self.states.iter().zip(&self.shown).map(place);
        (places.collect(), bytes)
    }

    /// The base of the body that a state is written to.
    pub(super) fn written(&self, state: usize) -> BaseId {
        let own = self.shown[..state].iter().filter(|out| out.is_none());
        let place = self.shown[state].unwrap_or(self.n_outs() + own.count());
        self.body.results[place].base
    }
}

/// What a step finds at its place of an operand.
fn of_step(body: &mut Graph, base: &Base, place: usize, walk: &Walk) -> Value {
    let walk = Walk {
        start: 0,
        sizes: walk.sizes[1..].to_vec(),
        strides: walk.strides[1..].to_vec(),
    };
    let axes = walk.sizes.iter().zip(&walk.strides);
    let last: usize = axes
        .map(|(&size, &stride)| size.saturating_sub(1) * stride.unsigned_abs())
        .sum();
    Value {
        base: body.base(base.dtype, &[last + 1], Def::Input(place)),
        walk,
    }
}

/// An operand that is the same in every step.
fn shared(body: &mut Graph, base: &Base, place: usize, operand: &Value) -> Value {
    let def = match &base.def {
        Def::Const(tensor) => Def::Const(tensor.clone()),
        Def::Input(_) | Def::Node(_) => Def::Input(place),
    };
    Value {
        base: body.base(base.dtype, &[base.len], def),
        walk: operand.walk.clone(),
    }
}
