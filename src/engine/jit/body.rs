//! The body of a kernel: what nodes that share a loop compute for each element, or for each row, of its space.

use std::collections::{BTreeMap, HashMap};

use crate::engine::jit::graph::{BaseId, Graph, Node, NodeId, Task, Value};
use crate::engine::jit::kernel::{Access, Extent, Inst, InstKind, Kernel, Output, Space, Store};
use crate::engine::jit::strips::is_costly;
use crate::scalar::Scalar;
use crate::tensor::{Data, Monoid, Tensor, Walk};
use crate::types::DType;

/// A kernel, and the base of each of its buffers.
#[derive(Debug)]
pub(super) struct Fused {
    pub(super) kernel: Kernel,
    pub(super) buffers: Vec<BaseId>,
}

/// The kernel of a loop unit. `escapes` tells which bases are needed outside of it.
pub(super) fn kernel(
    graph: &Graph,
    members: &[NodeId],
    space: Space,
    escapes: &dyn Fn(BaseId) -> bool,
) -> Fused {
    let mut body = Body::of(graph, members, space).expect("fused: one body holds all members");
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
pub(super) struct Body<'a> {
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

impl<'a> Body<'a> {
    /// That of some nodes in order; nothing where one cannot be part of a loop over the space.
    pub(super) fn of(graph: &'a Graph, members: &[NodeId], space: Space) -> Option<Body<'a>> {
        let mut body = Body {
            graph,
            space,
            insts: vec![],
            found: HashMap::new(),
            buffers: vec![],
            made: BTreeMap::new(),
        };
        let mut members = members.iter();
        members.all(|&member| body.extend(member)).then_some(body)
    }

    pub(super) fn space(&self) -> Space {
        self.space
    }

    /// Takes in one more node, or stays as it was.
    pub(super) fn extend(&mut self, id: NodeId) -> bool {
        let (n_insts, n_buffers) = (self.insts.len(), self.buffers.len());
        let node = &self.graph.nodes[id];
        let made = self.member(node);
        match made {
            Some(made) => drop(self.made.insert(node.results[0], made)),
            None => {
                self.insts.truncate(n_insts);
                self.buffers.truncate(n_buffers);
                self.found.retain(|_, inst| *inst < n_insts);
            }
        }
        made.is_some()
    }
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
