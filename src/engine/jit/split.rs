//! Small axes in between, windows of a pooling say, taken apart. A kernel walks rows; rows of two elements, with others in between, cost
//! far more than their arithmetic. So a value over such axes is kept as pieces, one for each place along them: functions of elements
//! work on pieces, a fold along these axes is a chain of functions over them, and who needs the whole gets it put together.
//! Sums along axes that do not lie together go one after the other for the same reason.

use crate::engine::jit::graph::{Def, Graph, Node, Task, Value, is_native};
use crate::engine::jit::moves::Move;
use crate::ir::{Op, OriginId};
use crate::scalar::Scalar;
use crate::tensor::{Monoid, Walk};
use crate::types::DType;

/// The largest axis that is taken apart.
const MAX_SIZE: usize = 4;

/// The most pieces of a value.
const MAX_PIECES: usize = 16;

/// Elements below which a piece is not worth it.
const MIN_LEN: usize = 64;

/// A value in pieces.
#[derive(Clone, Debug)]
pub(super) struct Pieces {
    /// The axes taken apart, ascending.
    axes: Vec<usize>,
    /// The sizes of the whole.
    shape: Vec<usize>,
    /// A value for each place along the axes, in row-major order.
    values: Vec<Value>,
}

/// An operand as it is there.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Whole(Value),
    Pieces(Pieces),
}

/// A result as it is made.
pub(super) type Made = Operand;

/// A node that can be computed in pieces is; nothing where it is better computed as it stands.
pub(super) fn split(graph: &mut Graph, node: &Node, operands: &[Operand]) -> Option<Made> {
    let dtype = node.types.first()?.0;
    let whole = |x: &Operand| match x {
        Operand::Whole(value) => graph.constant(value).is_some(),
        Operand::Pieces(_) => false,
    };
    if operands.iter().all(whole) {
        return None;
    }
    match (&node.task, operands) {
        (Task::Map(f), _) => {
            let is_native = operands.iter().all(|x| is_native(*f, x.dtype(graph)));
            let axes = axes_of(&node.shape, operands).filter(|_| is_native)?;
            Some(Operand::Pieces(apart(graph, node, operands, axes)))
        }
        (Task::Convert, _) if matches!(node.op, Op::Cast(_)) => {
            let axes = axes_of(&node.shape, operands)?;
            Some(Operand::Pieces(apart(graph, node, operands, axes)))
        }
        (Task::Fold(monoid, axes), [x]) => {
            let Some(values) = folded_pieces(x, axes) else {
                return in_turn(graph, node, *monoid, axes, x);
            };
            let chain = values.into_iter().reduce(|sum, piece| {
                let task = Task::Map(function(*monoid));
                graph.made(task, dtype, vec![sum, piece], node.origin)
            });
            chain.map(Operand::Whole)
        }
        (Task::Convert | Task::Fold(..) | Task::Product(_) | Task::Random, _) => None,
        (Task::Move(_) | Task::Scan(_) | Task::Extern, _) => None,
    }
}

impl Operand {
    fn dtype(&self, graph: &Graph) -> DType {
        match self {
            Operand::Whole(value) => graph.dtype(value),
            Operand::Pieces(pieces) => graph.dtype(&pieces.values[0]),
        }
    }

    /// All of it as one value.
    pub(super) fn joined(self, graph: &mut Graph) -> Value {
        match self {
            Operand::Whole(value) => value,
            Operand::Pieces(pieces) => pieces.joined(graph),
        }
    }
}

impl Pieces {
    fn joined(&self, graph: &mut Graph) -> Value {
        let dtype = graph.dtype(&self.values[0]);
        let whole = Walk::over(&self.shape);
        let places = places(&self.shape, &self.axes);
        let places = places.iter().map(|index| piece(&whole, &self.axes, index));
        let task = Task::Move(Move::Place(places.collect()));
        graph.node(Node {
            op: Op::Cast(dtype),
            types: vec![(dtype, self.shape.clone())],
            operands: self.values.clone(),
            shape: self.shape.clone(),
            results: vec![],
            origin: None,
            after: None,
            task,
        })
    }
}

/// The axes along which a function of elements is taken apart: as its operands are, or those along which one of them repeats.
fn axes_of(shape: &[usize], operands: &[Operand]) -> Option<Vec<usize>> {
    let mut known: Option<&Pieces> = None;
    for operand in operands {
        if let Operand::Pieces(pieces) = operand {
            let fits = known.is_none_or(|known| known.axes == pieces.axes);
            if !fits || pieces.shape != shape {
                return None;
            }
            known = Some(pieces);
        }
    }
    let repeats = operands.iter().find_map(|operand| match operand {
        Operand::Whole(value) => repeated(shape, &value.walk.aligned(shape)),
        Operand::Pieces(_) => None,
    });
    known.map(|pieces| pieces.axes.clone()).or(repeats)
}

/// The small axes along which a walk stands still, the last one among them, with others in between.
fn repeated(shape: &[usize], walk: &Walk) -> Option<Vec<usize>> {
    let is_small = |axis: &usize| (2..=MAX_SIZE).contains(&shape[*axis]);
    let axes: Vec<usize> = (1..shape.len())
        .filter(|axis| is_small(axis) && walk.strides[*axis] == 0)
        .collect();
    let moves = |axis: usize| walk.strides[axis] != 0 && shape[axis] > 1;
    is_worth_it(shape, &axes, &moves).then_some(axes)
}

/// Whether the last axis and others before those that `stay` are few enough, and what is left is enough.
fn is_worth_it(shape: &[usize], axes: &[usize], stay: &dyn Fn(usize) -> bool) -> bool {
    let (Some(&first), Some(&last)) = (axes.first(), axes.last()) else {
        return false;
    };
    let n_pieces: usize = axes.iter().map(|&axis| shape[axis]).product();
    let rest = shape.iter().product::<usize>() / n_pieces;
    let has_between = (first..last).any(|axis| !axes.contains(&axis) && stay(axis));
    last + 1 == shape.len() && has_between && n_pieces <= MAX_PIECES && rest >= MIN_LEN
}

/// A function of elements, piece by piece.
fn apart(graph: &mut Graph, node: &Node, operands: &[Operand], axes: Vec<usize>) -> Pieces {
    let dtype = node.types[0].0;
    let places = places(&node.shape, &axes).into_iter().enumerate();
    let values = places.map(|(at, index)| {
        let operand = |x: &Operand| match x {
            Operand::Whole(value) => Value {
                base: value.base,
                walk: piece(&value.walk.aligned(&node.shape), &axes, &index),
            },
            Operand::Pieces(pieces) => pieces.values[at].clone(),
        };
        let operands = operands.iter().map(operand).collect();
        graph.made(node.task.clone(), dtype, operands, node.origin)
    });
    Pieces {
        values: values.collect(),
        shape: node.shape.clone(),
        axes,
    }
}

/// The pieces that a fold along these axes goes through.
fn folded_pieces(x: &Operand, axes: &[usize]) -> Option<Vec<Value>> {
    match x {
        Operand::Pieces(pieces) => (pieces.axes == axes).then(|| pieces.values.clone()),
        Operand::Whole(value) => {
            let shape = &value.walk.sizes;
            let stay = |axis: usize| shape[axis] > 1;
            if !is_worth_it(shape, axes, &stay) {
                return None;
            }
            let places = places(shape, axes).into_iter();
            let piece = |index: Vec<usize>| Value {
                base: value.base,
                walk: piece(&value.walk, axes, &index),
            };
            Some(places.map(piece).collect())
        }
    }
}

/// A fold along axes that do not lie together: along those that end the list first, then along the others.
fn in_turn(
    graph: &mut Graph,
    node: &Node,
    monoid: Monoid,
    axes: &[usize],
    x: &Operand,
) -> Option<Made> {
    let Operand::Whole(x) = x else { return None };
    let n_last = axes.windows(2).rev().take_while(|two| two[0] + 1 == two[1]);
    let (first, last) = axes.split_at(axes.len().checked_sub(n_last.count() + 1)?);
    if first.is_empty() {
        return None;
    }
    let fold = |x: Value, axes: &[usize]| {
        let kept = (0..x.walk.sizes.len()).filter(|axis| !axes.contains(axis));
        let shape: Vec<usize> = kept.map(|axis| x.walk.sizes[axis]).collect();
        Node {
            task: Task::Fold(monoid, axes.to_vec()),
            op: Op::Reduce(monoid, axes.to_vec()),
            types: vec![(node.types[0].0, shape.clone())],
            operands: vec![x],
            shape,
            results: vec![],
            origin: node.origin,
            after: None,
        }
    };
    let inner = graph.node(fold(x.clone(), last));
    let whole = fold(inner, first);
    let inner = Operand::Whole(whole.operands[0].clone());
    let made = split(graph, &whole, &[inner]);
    Some(made.unwrap_or_else(|| Operand::Whole(graph.node(whole))))
}

/// The function that folds two elements.
fn function(monoid: Monoid) -> Scalar {
    match monoid {
        Monoid::Sum => Scalar::Add,
        Monoid::Prod => Scalar::Mul,
        Monoid::Min => Scalar::Min,
        Monoid::Max => Scalar::Max,
        Monoid::Any => Scalar::Or,
        Monoid::All => Scalar::And,
    }
}

/// Every place along some axes, in row-major order.
fn places(shape: &[usize], axes: &[usize]) -> Vec<Vec<usize>> {
    axes.iter().fold(vec![vec![]], |places, &axis| {
        let longer = |place: &Vec<usize>| {
            let place = place.clone();
            (0..shape[axis]).map(move |at| [&place[..], &[at]].concat())
        };
        places.iter().flat_map(longer).collect()
    })
}

/// What a walk meets at one place along some axes.
fn piece(walk: &Walk, axes: &[usize], index: &[usize]) -> Walk {
    let skipped = axes.iter().zip(index);
    let skipped: isize = skipped
        .map(|(&axis, &at)| walk.strides[axis] * at as isize)
        .sum();
    let kept: Vec<usize> = (0..walk.sizes.len())
        .filter(|axis| !axes.contains(axis))
        .collect();
    Walk {
        start: walk.start.strict_add_signed(skipped),
        ..walk.permuted(&kept)
    }
}

impl Graph {
    /// A function of operands that have the sizes of its result.
    fn made(
        &mut self,
        task: Task,
        dtype: DType,
        operands: Vec<Value>,
        origin: Option<OriginId>,
    ) -> Value {
        let shape = operands[0].walk.sizes.clone();
        let op = match &task {
            Task::Map(f) => Op::Map(*f),
            Task::Convert | Task::Fold(..) | Task::Product(_) => Op::Cast(dtype),
            Task::Random | Task::Move(_) | Task::Scan(_) | Task::Extern => Op::Cast(dtype),
        };
        self.node(Node {
            op,
            types: vec![(dtype, shape.clone())],
            shape,
            results: vec![],
            task,
            operands,
            origin,
            after: None,
        })
    }

    /// Adds a node of one result.
    fn node(&mut self, mut node: Node) -> Value {
        let (dtype, shape) = node.types[0].clone();
        let base = self.base(dtype, &shape, Def::Node(self.nodes.len()));
        node.results = vec![base];
        self.nodes.push(node);
        Value::whole(base, &shape)
    }
}
