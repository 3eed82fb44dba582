//! What a plan computes, with views folded into the places their readers look at: values that lie in buffers, walks over them, and
//! the nodes between, each of a class that a kernel can be made of. Knows no op by name.

use std::rc::Rc;

use crate::engine::bind::Sizes;
use crate::engine::flat::{Flat, Plan, ResultTypes, known};
use crate::engine::jit::moves::{Move, moved};
use crate::engine::jit::rounds::Rounds;
use crate::engine::jit::split::{Operand, split};
use crate::engine::{RunError, RunFault};
use crate::ir::{Op, OriginId, ValueId};
use crate::ops::{self, EvalError, KernelClass};
use crate::scalar::Scalar;
use crate::tensor::{Contract, Letter, Monoid, Tensor, Walk};
use crate::types::DType;

/// Identity of a base: something that lies in a buffer of its own.
pub(super) type BaseId = usize;

/// Identity of a node.
pub(super) type NodeId = usize;

/// A contiguous buffer.
#[derive(Clone, Debug)]
pub(super) struct Base {
    pub(super) dtype: DType,
    pub(super) len: usize,
    pub(super) def: Def,
}

/// Where a base comes from.
#[derive(Clone, Debug)]
pub(super) enum Def {
    /// An input of the function, by its place.
    Input(usize),
    /// Known when the plan is made.
    Const(Tensor),
    /// A result of a node.
    Node(NodeId),
}

/// A value: a walk over a base.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) base: BaseId,
    pub(super) walk: Walk,
}

/// Something to compute.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) task: Task,
    pub(super) op: Op,
    /// Element types and sizes of the results.
    pub(super) types: Vec<(DType, Vec<usize>)>,
    pub(super) operands: Vec<Value>,
    /// The sizes of the first result.
    pub(super) shape: Vec<usize>,
    /// The results, each a base.
    pub(super) results: Vec<BaseId>,
    pub(super) origin: Option<OriginId>,
    /// A base that is to be there before this is computed, though it is not read: else it would be computed too early.
    pub(super) after: Option<BaseId>,
}

/// What a node computes.
#[derive(Clone, Debug)]
pub(super) enum Task {
    /// A scalar function of every element.
    Map(Scalar),
    /// Elements as they are, or converted.
    Convert,
    /// A fold along axes of the operand.
    Fold(Monoid, Vec<usize>),
    /// Sums of products.
    Product(Contract),
    /// Random numbers.
    Random,
    /// Elements moved as they are.
    Move(Move),
    /// A function over and over.
    Scan(Rc<Rounds>),
    /// What the op says.
    Extern,
}

/// Bases, the nodes between them in order, and the values that are asked for.
#[derive(Clone, Debug, Default)]
pub(super) struct Graph {
    pub(super) bases: Vec<Base>,
    pub(super) nodes: Vec<Node>,
    pub(super) results: Vec<Value>,
}

/// The graph of a plan for inputs of these types and sizes; `sizes` are what the plan was made with.
pub(super) fn graph(
    flat: &Flat,
    plan: &Plan,
    sizes: &Sizes,
    inputs: &ResultTypes,
) -> Result<Graph, RunError> {
    let mut graph = Graph::default();
    let input = |(place, (dtype, shape)): (usize, &(DType, Vec<usize>))| {
        let base = graph.base(*dtype, shape, Def::Input(place));
        Value::whole(base, shape)
    };
    let given = inputs.iter().enumerate().map(input).collect();
    let results = flat.results.iter().map(|of| of.value).collect::<Vec<_>>();
    graph.grow(flat, plan, sizes, given, &results)?;
    Ok(graph)
}

fn read(values: &[Option<Operand>], at: usize) -> Operand {
    let value = values[at].clone();
    value.expect("verified: a value is defined before it is used")
}

/// What computes an op.
fn task(op: &Op) -> Task {
    match (ops::kernel(op), op) {
        (KernelClass::Map(f), _) => Task::Map(f),
        (KernelClass::Convert(_) | KernelClass::View, _) => Task::Convert,
        (KernelClass::Reduce(monoid), Op::Reduce(_, axes)) => Task::Fold(monoid, axes.clone()),
        (KernelClass::Contract, Op::Contract(letters)) => Task::Product(letters.clone()),
        (KernelClass::Reduce(_) | KernelClass::Contract, _) => Task::Extern,
        (KernelClass::Random, _) => Task::Random,
        (KernelClass::Place | KernelClass::Gather(_) | KernelClass::ScatterAdd(_), _) => {
            Task::Extern
        }
        (
            KernelClass::AddPlaces | KernelClass::Extern | KernelClass::Scan | KernelClass::Call,
            _,
        ) => Task::Extern,
    }
}

/// The largest value that is computed ahead, in elements.
const MAX_KNOWN: usize = 1 << 16;

impl Graph {
    /// What a plan computes of these values; `results` are asked for.
    pub(super) fn grow(
        &mut self,
        flat: &Flat,
        plan: &Plan,
        sizes: &Sizes,
        given: Vec<Value>,
        results: &[ValueId],
    ) -> Result<(), RunError> {
        let mut values: Vec<Option<Operand>> = vec![None; flat.types.len()];
        for (value, own) in flat.inputs.iter().zip(given) {
            values[value.index()] = Some(Operand::Whole(own));
        }
        for (step, (op, types)) in flat.steps.iter().zip(plan) {
            let operands = step.operands.iter();
            let operands: Vec<Operand> =
                operands.map(|of| read(&values, of.value.index())).collect();
            let mut node = Node {
                task: task(op),
                op: op.clone(),
                types: types.clone(),
                operands: vec![],
                shape: types.first().map_or(vec![], |(_, shape)| shape.clone()),
                results: vec![],
                origin: step.origin,
                after: None,
            };
            if let (Some(made), [result]) = (split(self, &node, &operands), &step.results[..]) {
                values[result.index()] = Some(made);
                continue;
            }
            for of in &step.operands {
                let whole = read(&values, of.value.index()).joined(self);
                values[of.value.index()] = Some(Operand::Whole(whole.clone()));
                node.operands.push(whole);
            }
            let found = match &step.inner {
                Some(inner) => self.add_scan(inner, node, sizes)?,
                None => self.add(op, node, types).map_err(|error| RunError {
                    fault: RunFault::Eval(error),
                    origin: step.origin,
                })?,
            };
            for (value, result) in step.results.iter().zip(found) {
                values[value.index()] = Some(Operand::Whole(result));
            }
        }
        for value in results {
            let whole = read(&values, value.index()).joined(self);
            let own = self.own(whole);
            self.results.push(own);
        }
        Ok(())
    }

    pub(super) fn base(&mut self, dtype: DType, shape: &[usize], def: Def) -> BaseId {
        self.bases.push(Base {
            dtype,
            len: shape.iter().product(),
            def,
        });
        self.bases.len() - 1
    }

    /// A result as a base of its own: what is an input, a constant, a view or another result is copied.
    fn own(&mut self, value: Value) -> Value {
        let base = &self.bases[value.base];
        let is_computed = matches!(base.def, Def::Node(_));
        let is_whole = is_computed && value.is_whole(base);
        let is_taken = self.results.iter().any(|known| known.base == value.base);
        if is_whole && !is_taken {
            return value;
        }
        self.copy(value)
    }

    /// A copy, as a base of its own.
    pub(super) fn copy(&mut self, value: Value) -> Value {
        let (dtype, shape) = (self.dtype(&value), value.walk.sizes.clone());
        let copies = self.push(Node {
            task: Task::Convert,
            op: Op::Cast(dtype),
            types: vec![(dtype, shape.clone())],
            operands: vec![value],
            shape,
            results: vec![],
            origin: None,
            after: None,
        });
        copies.into_iter().next().expect("it has one result")
    }

    /// A node; its results, each a base of its own.
    pub(super) fn push(&mut self, mut node: Node) -> Vec<Value> {
        let id = self.nodes.len();
        let types = node.types.clone();
        let result = |(dtype, shape): &(DType, Vec<usize>)| {
            Value::whole(self.base(*dtype, shape, Def::Node(id)), shape)
        };
        let values: Vec<Value> = types.iter().map(result).collect();
        node.results = values.iter().map(|value| value.base).collect();
        self.nodes.push(node);
        values
    }

    /// The bytes of a base.
    pub(super) fn bytes(&self, base: BaseId) -> usize {
        self.bases[base].len * self.bases[base].dtype.size()
    }

    /// The node that makes a base, if one does.
    pub(super) fn maker(&self, base: BaseId) -> Option<NodeId> {
        match self.bases[base].def {
            Def::Node(node) => Some(node),
            Def::Input(_) | Def::Const(_) => None,
        }
    }

    /// The element type of a value.
    pub(super) fn dtype(&self, value: &Value) -> DType {
        self.bases[value.base].dtype
    }

    /// A constant, as a tensor.
    pub(super) fn constant(&self, value: &Value) -> Option<&Tensor> {
        match &self.bases[value.base].def {
            Def::Const(tensor) => Some(tensor),
            Def::Input(_) | Def::Node(_) => None,
        }
    }

    /// A node, unless its results are views or known already.
    fn add(
        &mut self,
        op: &Op,
        mut node: Node,
        types: &[(DType, Vec<usize>)],
    ) -> Result<Vec<Value>, EvalError> {
        if let (KernelClass::View, [x]) = (ops::kernel(op), &node.operands[..])
            && let Some(walk) = ops::view(op, &x.walk, &node.shape, &known)?
        {
            let base = x.base;
            return Ok(vec![Value { base, walk }]);
        }
        if let (KernelClass::View, [x]) = (ops::kernel(op), &node.operands[..]) {
            // Elements that do not lie regularly under the new shape are brought in order under their own.
            node.shape = x.walk.sizes.clone();
        }
        if let Some(tensors) = self.known(op, &node, types)? {
            let constant = |tensor: Tensor| {
                let shape = tensor.shape().to_vec();
                let base = self.base(tensor.dtype(), &shape, Def::Const(tensor));
                Value::whole(base, &shape)
            };
            return Ok(tensors.into_iter().map(constant).collect());
        }
        if let Some(x) = node.operands.first() {
            let (dtype, is_whole) = (self.dtype(x), x.is_whole(&self.bases[x.base]));
            if let Some(found) = moved(&node, dtype, is_whole)? {
                node.task = Task::Move(found);
            }
        }
        spread(&mut node);
        if !self.is_native(&node) {
            node.task = Task::Extern;
        }
        let axes = self.arrange(&mut node);
        let mut values = self.push(node);
        if let (Some(axes), [value]) = (axes, &mut values[..]) {
            value.walk = value.walk.permuted(&axes);
        }
        Ok(values)
    }

    /// The results, where they depend on constants alone and are small.
    fn known(
        &self,
        op: &Op,
        node: &Node,
        types: &[(DType, Vec<usize>)],
    ) -> Result<Option<Vec<Tensor>>, EvalError> {
        let len: usize = node.shape.iter().product();
        if len > MAX_KNOWN && !node.operands.is_empty() {
            return Ok(None);
        }
        let whole = |value: &Value| {
            let tensor = self.constant(value)?.clone();
            let line = tensor.len();
            Some(tensor.with_shape(vec![line]).read(&value.walk))
        };
        let operands: Option<Vec<Tensor>> = node.operands.iter().map(whole).collect();
        operands
            .map(|operands| ops::eval(op, operands, types, &known))
            .transpose()
    }

    /// Whether kernels can do it; else it is left to the op.
    fn is_native(&self, node: &Node) -> bool {
        let dtypes: Vec<DType> = node.operands.iter().map(|x| self.dtype(x)).collect();
        match &node.task {
            Task::Map(f) => is_native(*f, *dtypes.last().unwrap_or(&DType::F32)),
            Task::Product(_) => dtypes.iter().all(|dtype| dtype.is_float()),
            Task::Convert | Task::Fold(..) | Task::Random => true,
            Task::Move(_) | Task::Scan(_) | Task::Extern => true,
        }
    }
}

/// A contraction that sums nothing multiplies elements: it joins the loops around it.
fn spread(node: &mut Node) {
    let Task::Product(Contract { lhs, rhs, out }) = &node.task else {
        return;
    };
    let [x, y] = &node.operands[..] else { return };
    let sizes = |own: &[Letter], value: &Value| -> Vec<(Letter, usize)> {
        own.iter().copied().zip(value.walk.sizes.clone()).collect()
    };
    let letters = [sizes(lhs, x), sizes(rhs, y)].concat();
    if letters
        .iter()
        .any(|(letter, size)| !out.contains(letter) && *size != 1)
    {
        return;
    }
    let over = |own: &[Letter], value: &Value| {
        let axes = || own.iter().zip(&value.walk.strides);
        let stride = |letter| {
            axes()
                .filter(|(own, _)| *own == letter)
                .map(|axis| axis.1)
                .sum()
        };
        Value {
            base: value.base,
            walk: Walk {
                start: value.walk.start,
                sizes: node.shape.clone(),
                strides: out.iter().map(stride).collect(),
            },
        }
    };
    node.operands = vec![over(lhs, x), over(rhs, y)];
    (node.task, node.op) = (Task::Map(Scalar::Mul), Op::Map(Scalar::Mul));
}

/// Whether native code has a word for a scalar function of this element type.
pub(super) fn is_native(f: Scalar, dtype: DType) -> bool {
    let is_plain = matches!(f, Scalar::Neg | Scalar::Add | Scalar::Sub | Scalar::Mul)
        || matches!(f, Scalar::Min | Scalar::Max | Scalar::Eq | Scalar::Ne)
        || matches!(f, Scalar::Lt | Scalar::Le | Scalar::Gt | Scalar::Ge)
        || matches!(f, Scalar::Not | Scalar::And | Scalar::Or | Scalar::Select);
    dtype.is_float() || is_plain
}

impl Value {
    /// Whether it is all of its base, in order.
    pub(super) fn is_whole(&self, base: &Base) -> bool {
        self.walk.is_plain() && self.walk.len() == base.len
    }

    /// A base as it lies.
    pub(super) fn whole(base: BaseId, shape: &[usize]) -> Value {
        Value {
            base,
            walk: Walk::over(shape),
        }
    }
}
