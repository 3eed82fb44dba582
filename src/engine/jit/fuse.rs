//! Which nodes share a kernel. A unit grows from the producer to its consumers as long as one body over one space can hold them and no
//! value would have to leave the unit and come back. Classes decide, never ops by name.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::engine::jit::graph::{BaseId, Def, Graph, Node, NodeId, Task, Value};
use crate::engine::jit::kernel::{Access, Extent, Inst, InstKind, Kernel, Output, Space, Store};
use crate::engine::jit::strips::is_costly;
use crate::scalar::Scalar;
use crate::tensor::{Data, Monoid, Tensor, Walk};
use crate::types::DType;

/// Nodes that are computed together.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// In order.
    pub(super) members: Vec<NodeId>,
    /// What its kernel iterates over; nothing for what is no loop.
    pub(super) space: Option<Space>,
}

/// A kernel, and the base of each of its buffers.
#[derive(Debug)]
pub(super) struct Fused {
    pub(super) kernel: Kernel,
    pub(super) buffers: Vec<BaseId>,
}

/// The units, in the order of their first members.
pub(super) fn fuse(graph: &Graph) -> Vec<Unit> {
    let mut units: Vec<Option<Unit>> = vec![];
    let mut unit_of: Vec<usize> = vec![];
    for id in 0..graph.nodes.len() {
        unit_of.push(units.len());
        units.push(Some(alone(graph, id)));
        for operand in &graph.nodes[id].operands {
            if let Def::Node(producer) = graph.bases[operand.base].def {
                merge(graph, &mut units, &mut unit_of, producer, id);
            }
        }
    }
    units.into_iter().flatten().collect()
}

/// A node by itself.
fn alone(graph: &Graph, id: NodeId) -> Unit {
    let space = own_space(&graph.nodes[id]);
    let space = space.filter(|space| body(graph, &[id], *space).is_some());
    Unit {
        members: vec![id],
        space,
    }
}

/// The space a node asks for: all but the last axis as rows; of a fold, what is kept and what is folded.
fn own_space(node: &Node) -> Option<Space> {
    match &node.task {
        Task::Map(_) | Task::Convert => Some(natural(&node.shape)),
        Task::Fold(_, axes) => Some(fold_space(&node.operands[0].walk.sizes, axes)),
        Task::Product(_) | Task::Random | Task::Move(_) => None,
        Task::Scan(_) | Task::Extern => None,
    }
}

fn natural(sizes: &[usize]) -> Space {
    let len: usize = sizes.iter().product();
    let cols = sizes.iter().rev().copied().find(|&size| size > 1);
    let cols = cols.unwrap_or(1);
    Space {
        rows: len / cols,
        cols,
    }
}

fn fold_space(sizes: &[usize], axes: &[usize]) -> Space {
    let folded: usize = axes.iter().map(|&axis| sizes[axis]).product();
    let kept = sizes.iter().product::<usize>() / folded.max(1);
    let leads = axes.iter().enumerate().all(|(i, &axis)| i == axis);
    match (axes.len() == sizes.len(), leads) {
        (true, _) => natural(sizes),
        (false, true) => Space {
            rows: folded,
            cols: kept,
        },
        (false, false) => Space {
            rows: kept,
            cols: folded,
        },
    }
}

/// Puts the units of a producer and a consumer together where that is possible.
fn merge(
    graph: &Graph,
    units: &mut [Option<Unit>],
    unit_of: &mut [usize],
    producer: NodeId,
    consumer: NodeId,
) {
    let (from, to) = (unit_of[producer], unit_of[consumer]);
    let (Some(first), Some(second)) = (&units[from], &units[to]) else {
        return;
    };
    let Some(spaces) = first.space.zip(second.space).filter(|_| from != to) else {
        return;
    };
    if comes_back(graph, units, unit_of, from, to) {
        return;
    }
    let mut members = [&first.members[..], &second.members].concat();
    members.sort_unstable();
    let fits = |space: &Space| body(graph, &members, *space).is_some();
    let Some(space) = [spaces.0, spaces.1].into_iter().find(fits) else {
        return;
    };
    let (kept, gone) = (from.min(to), from.max(to));
    members.iter().for_each(|&member| unit_of[member] = kept);
    units[gone] = None;
    units[kept] = Some(Unit {
        members,
        space: Some(space),
    });
}

/// Whether something that `to` needs, other than `from` itself, needs `from`. Nothing depends on `to` yet.
fn comes_back(
    graph: &Graph,
    units: &[Option<Unit>],
    unit_of: &[usize],
    from: usize,
    to: usize,
) -> bool {
    let mut open: Vec<usize> = needed(graph, units, unit_of, to);
    open.retain(|unit| *unit != from);
    let mut seen = BTreeSet::new();
    while let Some(unit) = open.pop() {
        if unit == from {
            return true;
        }
        if seen.insert(unit) {
            open.extend(needed(graph, units, unit_of, unit));
        }
    }
    false
}

/// The other units whose results a unit reads or waits for.
fn needed(graph: &Graph, units: &[Option<Unit>], unit_of: &[usize], unit: usize) -> Vec<usize> {
    let members = units[unit].iter().flat_map(|unit| &unit.members);
    let bases = members.flat_map(|&member| {
        let node = &graph.nodes[member];
        let read = node.operands.iter().map(|value| value.base);
        read.chain(node.after)
    });
    let producers = bases.filter_map(|base| Some(unit_of[graph.maker(base)?]));
    producers.filter(|other| *other != unit).collect()
}

/// The kernel of a loop unit. `escapes` tells which bases are needed outside of it.
pub(super) fn kernel(
    graph: &Graph,
    members: &[NodeId],
    space: Space,
    escapes: &dyn Fn(BaseId) -> bool,
) -> Fused {
    let mut body = body(graph, members, space).expect("fused: one body holds all members");
    let mut outputs = vec![];
    for (base, made) in std::mem::take(&mut body.made) {
        if escapes(base) {
            let buffer = body.buffer(base);
            let (inst, how) = match made {
                Made::Inst(inst) => (inst, Store::Each),
                Made::Folded(inst, monoid) => (inst, Store::Fold(monoid)),
            };
            outputs.push(Output { inst, buffer, how });
        }
    }
    Fused {
        kernel: Kernel {
            space,
            is_flat: is_flat(&body.insts, &outputs, space),
            body: body.insts,
            outputs,
        },
        buffers: body.buffers,
    }
}

fn is_flat(insts: &[Inst], outputs: &[Output], space: Space) -> bool {
    let is_plain = |inst: &Inst| match &inst.kind {
        InstKind::Read(_, access) => access.is_aligned(space) || access.is_one(),
        InstKind::Lit(_) | InstKind::Apply(..) | InstKind::Convert(_) => true,
        InstKind::Fold(..) => false,
    };
    let is_elem = |inst: &Inst| inst.extent == Extent::Elem && is_plain(inst);
    insts.iter().all(is_elem) && outputs.iter().all(|output| output.how == Store::Each)
}

/// A kernel's body as it grows.
struct Body<'a> {
    graph: &'a Graph,
    space: Space,
    insts: Vec<Inst>,
    found: HashMap<(BaseId, Extent, Access), usize>,
    buffers: Vec<BaseId>,
    made: BTreeMap<BaseId, Made>,
}

/// What a member's result is within the kernel.
#[derive(Clone, Copy, Debug)]
enum Made {
    Inst(usize),
    /// The fold over rows of an instruction, which no other instruction can read.
    Folded(usize, Monoid),
}

fn body<'a>(graph: &'a Graph, members: &[NodeId], space: Space) -> Option<Body<'a>> {
    let mut body = Body {
        graph,
        space,
        insts: vec![],
        found: HashMap::new(),
        buffers: vec![],
        made: BTreeMap::new(),
    };
    for &member in members {
        let node = &graph.nodes[member];
        let made = body.member(node)?;
        body.made.insert(node.results[0], made);
    }
    Some(body)
}

impl Body<'_> {
    fn member(&mut self, node: &Node) -> Option<Made> {
        let dtype = node.types[0].0;
        match &node.task {
            Task::Map(f) => {
                let extent = self.extent(node)?;
                let args = self.args(node, extent)?;
                Some(Made::Inst(self.apply(*f, args, dtype, extent)))
            }
            Task::Convert => {
                let extent = self.extent(node)?;
                let [x] = self.args(node, extent)?[..] else {
                    return None;
                };
                Some(self.made(InstKind::Convert(x), dtype, extent))
            }
            Task::Fold(monoid, axes) => self.fold(*monoid, axes, &node.operands[0], dtype),
            Task::Product(_) | Task::Random | Task::Move(_) => None,
            Task::Scan(_) | Task::Extern => None,
        }
    }

    fn made(&mut self, kind: InstKind, dtype: DType, extent: Extent) -> Made {
        Made::Inst(self.inst(kind, dtype, extent))
    }

    fn inst(&mut self, kind: InstKind, dtype: DType, extent: Extent) -> usize {
        self.insts.push(Inst {
            kind,
            dtype,
            extent,
        });
        self.insts.len() - 1
    }

    /// A scalar function; small whole powers are products, as they are wherever numbers are raised.
    fn apply(&mut self, f: Scalar, args: Vec<usize>, dtype: DType, extent: Extent) -> usize {
        let power = match (f, &args[..]) {
            (Scalar::Pow, [_, y]) => self.lit(*y),
            _ => None,
        };
        let mut product = |x, y| self.inst(InstKind::Apply(Scalar::Mul, vec![x, y]), dtype, extent);
        match power {
            Some(1.0) => args[0],
            Some(2.0) => product(args[0], args[0]),
            Some(3.0) => {
                let square = product(args[0], args[0]);
                product(square, args[0])
            }
            Some(_) | None if is_costly(f) => {
                let strips = args.into_iter().map(|x| self.strip(x, extent)).collect();
                self.inst(InstKind::Apply(f, strips), dtype, extent)
            }
            Some(_) | None => self.inst(InstKind::Apply(f, args), dtype, extent),
        }
    }

    /// What a routine reads lies in a strip: what is told anew wherever it is needed, or once for each row, is copied there.
    fn strip(&mut self, x: usize, extent: Extent) -> usize {
        let is_free = matches!(self.insts[x].kind, InstKind::Read(..) | InstKind::Lit(_));
        if is_free || self.insts[x].extent != extent {
            return self.inst(InstKind::Convert(x), self.insts[x].dtype, extent);
        }
        x
    }

    /// The number that a literal of a float type is.
    fn lit(&self, inst: usize) -> Option<f64> {
        match (&self.insts[inst].kind, self.insts[inst].dtype) {
            (InstKind::Lit(bits), DType::F32) => Some(f64::from(f32::from_bits(*bits as u32))),
            (InstKind::Lit(bits), DType::F64) => Some(f64::from_bits(*bits)),
            _ => None,
        }
    }

    /// The number of a base among the kernel's buffers.
    fn buffer(&mut self, base: BaseId) -> usize {
        let known = self.buffers.iter().position(|known| *known == base);
        known.unwrap_or_else(|| {
            self.buffers.push(base);
            self.buffers.len() - 1
        })
    }

    /// Whether a node gives a number for each element or for each row.
    fn extent(&self, node: &Node) -> Option<Extent> {
        let len: usize = node.shape.iter().product();
        let fits =
            |x: &Value| self.is_row(x.base) && x.walk.is_plain() && x.walk.sizes == node.shape;
        if len == self.space.rows && node.operands.iter().any(fits) {
            return Some(Extent::Row);
        }
        match len {
            _ if len == self.space.len() => Some(Extent::Elem),
            _ if len == self.space.rows => Some(Extent::Row),
            _ => None,
        }
    }

    fn args(&mut self, node: &Node, extent: Extent) -> Option<Vec<usize>> {
        let operands = node.operands.iter();
        operands
            .map(|x| self.arg(x, &x.walk.aligned(&node.shape), extent))
            .collect()
    }

    /// An operand as an instruction, met on `walk`.
    fn arg(&mut self, x: &Value, walk: &Walk, extent: Extent) -> Option<usize> {
        let dtype = self.graph.dtype(x);
        if let Some(bits) = self.graph.constant(x).and_then(only_bits) {
            return Some(self.inst(InstKind::Lit(bits), dtype, extent));
        }
        match self.made.get(&x.base) {
            Some(Made::Inst(inst)) => self.meets(walk, *inst, extent).then_some(*inst),
            Some(Made::Folded(..)) => None,
            None => self.read(x.base, walk, extent),
        }
    }

    /// Whether each number of `extent` meets that of the instruction at its own place.
    fn meets(&self, walk: &Walk, inst: usize, extent: Extent) -> bool {
        match (self.insts[inst].extent, extent) {
            (Extent::Elem, Extent::Elem) | (Extent::Row, Extent::Row) => walk.is_plain(),
            (Extent::Elem, Extent::Row) => false,
            (Extent::Row, Extent::Elem) => Access::of(walk, self.space).is_some_and(|access| {
                access.start == 0
                    && access.col == 0
                    && matches!(access.rows.as_slice(), [] | [(_, 1)])
            }),
        }
    }

    fn read(&mut self, base: BaseId, walk: &Walk, extent: Extent) -> Option<usize> {
        let access = Access::of(walk, extent.space(self.space))?;
        let key = (base, extent, access.clone());
        if let Some(inst) = self.found.get(&key) {
            return Some(*inst);
        }
        let buffer = self.buffer(base);
        let dtype = self.graph.bases[base].dtype;
        let inst = self.inst(InstKind::Read(buffer, access), dtype, extent);
        self.found.insert(key, inst);
        Some(inst)
    }

    /// A fold of the columns, of the rows, or of both, one after the other.
    fn fold(&mut self, monoid: Monoid, axes: &[usize], x: &Value, dtype: DType) -> Option<Made> {
        let sizes = &x.walk.sizes;
        let kept: Vec<usize> = (0..sizes.len())
            .filter(|axis| !axes.contains(axis))
            .collect();
        let count = |axes: &[usize]| axes.iter().map(|&axis| sizes[axis]).product::<usize>();
        let (n_kept, n_folded) = (count(&kept), count(axes));
        let Space { rows, cols } = self.space;
        let is_of_rows = self.is_row(x.base);
        if is_of_rows || (n_kept == 1 && n_folded == rows && cols != 1) {
            let inst = self.arg(x, &x.walk, Extent::Row)?;
            return (n_kept == 1 && n_folded == rows).then_some(Made::Folded(inst, monoid));
        }
        let by_row = [&kept[..], axes].concat();
        let by_col = [axes, &kept[..]].concat();
        // In a square space both would fit: columns are folded unless the folded axes come first.
        let leads_in_square = rows == cols && by_col.is_sorted();
        if (n_kept, n_folded) == (rows, cols)
            && !leads_in_square
            && let Some(inst) = self.arg(x, &x.walk.permuted(&by_row), Extent::Elem)
        {
            return Some(self.made(InstKind::Fold(monoid, inst), dtype, Extent::Row));
        }
        if (n_folded, n_kept) == (rows, cols) {
            let inst = self.arg(x, &x.walk.permuted(&by_col), Extent::Elem)?;
            return Some(Made::Folded(inst, monoid));
        }
        if n_kept == 1 && n_folded == rows * cols {
            let inst = self.arg(x, &x.walk, Extent::Elem)?;
            let row = self.inst(InstKind::Fold(monoid, inst), dtype, Extent::Row);
            return Some(Made::Folded(row, monoid));
        }
        None
    }

    fn is_row(&self, base: BaseId) -> bool {
        match self.made.get(&base) {
            Some(Made::Inst(inst)) => self.insts[*inst].extent == Extent::Row,
            Some(Made::Folded(..)) | None => false,
        }
    }
}

/// The bits of the only element of a tensor.
fn only_bits(tensor: &Tensor) -> Option<u64> {
    match tensor.data() {
        Data::F32(v) => only(v).map(|x: f32| u64::from(x.to_bits())),
        Data::F64(v) => only(v).map(f64::to_bits),
        Data::I64(v) => only(v).map(i64::cast_unsigned),
        Data::I32(v) => only(v).map(|x: i32| i64::from(x).cast_unsigned()),
        Data::U8(v) => only(v).map(u64::from),
        Data::Bool(v) => only(v).map(u64::from),
    }
}

fn only<T: Copy>(elements: &[T]) -> Option<T> {
    match elements {
        [x] => Some(*x),
        [..] => None,
    }
}
