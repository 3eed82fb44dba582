//! The loops of a kernel: blocks of rows, small enough that scratch stays in the first cache; in a block the stages one after the
//! other; in a stage rows, and along a row vectors first and then single numbers.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{Block, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_codegen::isa::{CallConv, TargetFrontendConfig};
use cranelift_frontend::{FunctionBuilder, Variable};

use crate::engine::jit::emit::scalar::{Lanes, Scalars};
use crate::engine::jit::kernel::{Extent, Inst, InstKind, Kernel, Output, Store};
use crate::engine::jit::stages::{Stages, operands, stored_at};
use crate::types::DType;

/// Elements in a block, about: no more, and no fewer, for then loops would be short.
const MOST: usize = 1024;
const LEAST: usize = 128;

/// Bytes that all strips of a block take: half of a first-level cache, the other half being for what is read and written.
const SCRATCH: usize = 16 * 1024;

/// Bytes between strips: the same place of each is in another set of the cache then.
const APART: usize = 3 * 64;

/// What a kernel does at a time.
#[derive(Clone, Copy, Debug)]
struct Blocks {
    /// Rows in a block; of a flat kernel, elements.
    step: usize,
    /// From the start of one strip of scratch to that of the next.
    strip: usize,
}

impl Blocks {
    fn of(kernel: &Kernel, stages: &Stages) -> Blocks {
        let sizes = kernel.body.iter().map(|inst| inst.dtype.size());
        let (slot, n_strips) = (sizes.max().unwrap_or(1), stages.scratch.len());
        let elements = (SCRATCH / (n_strips.max(1) * slot)).clamp(LEAST, MOST);
        let (step, n_elements) = match kernel.is_flat {
            true => (elements, elements),
            false => {
                let rows = (elements / kernel.space.cols).max(1);
                (rows, rows * kernel.space.cols)
            }
        };
        Blocks {
            step,
            strip: (n_elements * slot).next_multiple_of(64) + APART,
        }
    }
}

/// How much scratch a kernel wants.
pub(super) fn scratch_bytes(kernel: &Kernel, stages: &Stages) -> usize {
    stages.scratch.len() * Blocks::of(kernel, stages).strip
}

/// What a loop over elements meets: what it computes and folds, and what that is computed from, be it one number for the row.
fn met(kernel: &Kernel) -> impl Iterator<Item = &Inst> {
    let is_in_loop = |inst: &&Inst| match inst.kind {
        InstKind::Fold(..) => true,
        InstKind::Read(..) | InstKind::Lit(_) => inst.extent == Extent::Elem,
        InstKind::Apply(..) | InstKind::Convert(_) => inst.extent == Extent::Elem,
    };
    let looped = kernel.body.iter().filter(is_in_loop);
    looped.flat_map(|inst| {
        let from = operands(inst).into_iter().map(|x| &kernel.body[x]);
        std::iter::once(inst).chain(from)
    })
}

/// How wide a kernel's loops over elements can be.
fn lanes(kernel: &Kernel) -> Lanes {
    let all = |dtype: DType| met(kernel).all(|i| i.dtype == dtype || i.dtype == DType::Bool);
    let is_moved = |(id, inst): (usize, &Inst)| {
        let is_output = kernel.outputs.iter().any(|output| output.inst == id);
        inst.dtype == DType::Bool && (is_output || matches!(inst.kind, InstKind::Read(..)))
    };
    let moves_truth = kernel.body.iter().enumerate().any(is_moved);
    let folds_truth = kernel
        .body
        .iter()
        .any(|inst| matches!(inst.kind, InstKind::Fold(..)) && inst.dtype == DType::Bool);
    match () {
        () if kernel.space.cols < 2 && !kernel.is_flat => Lanes::One,
        () if folds_truth => Lanes::One,
        () if all(DType::F32) => Lanes::Four,
        () if all(DType::F64) && !moves_truth => Lanes::Two,
        () => Lanes::One,
    }
}

/// Writes the function's body.
pub(super) fn emit(
    b: FunctionBuilder<'_>,
    kernel: &Kernel,
    stages: &Stages,
    target: TargetFrontendConfig,
) {
    let mut nest = Nest::new(b, kernel, stages, target.default_call_conv);
    nest.clear_folds();
    nest.blocks();
    nest.b.ins().return_(&[]);
    nest.b.seal_all_blocks();
    nest.b.finalize(target);
}

/// A kernel's function in the making.
pub(super) struct Nest<'a, 'f> {
    pub(super) b: FunctionBuilder<'f>,
    pub(super) kernel: &'a Kernel,
    pub(super) stages: &'a Stages,
    pub(super) call: CallConv,
    pub(super) lanes: Lanes,
    /// Where each of the kernel's buffers begins; of a fold over rows, this part's.
    pub(super) buffers: Vec<Value>,
    pub(super) scratch: Value,
    first: Value,
    behind: Value,
    /// The block at hand: its first row, how many rows, how many columns.
    pub(super) block: [Value; 3],
}

impl<'a, 'f> Nest<'a, 'f> {
    fn new(
        mut b: FunctionBuilder<'f>,
        kernel: &'a Kernel,
        stages: &'a Stages,
        call: CallConv,
    ) -> Nest<'a, 'f> {
        let entry = b.create_block();
        b.append_block_params_for_function_params(entry);
        b.switch_to_block(entry);
        let params = b.block_params(entry).to_vec();
        let [table, scratch, first, behind, part] = params[..] else {
            unreachable!("declared with five parameters")
        };
        let mut nest = Nest {
            b,
            kernel,
            stages,
            call,
            lanes: lanes(kernel),
            buffers: vec![],
            scratch,
            first,
            behind,
            block: [first; 3],
        };
        nest.load_buffers(table, part);
        nest
    }

    fn load_buffers(&mut self, table: Value, part: Value) {
        let of = |inst: &Inst| match inst.kind {
            InstKind::Read(buffer, _) => Some(buffer),
            InstKind::Lit(_) | InstKind::Apply(..) | InstKind::Convert(_) => None,
            InstKind::Fold(..) => None,
        };
        let read = self.kernel.body.iter().filter_map(of);
        let written = self.kernel.outputs.iter().map(|output| output.buffer);
        let n_buffers = read.chain(written).max().map_or(0, |last| last + 1);
        for buffer in 0..n_buffers {
            let offset = i32::try_from(buffer * 8).expect("a kernel has few buffers");
            let flags = MemFlagsData::trusted().with_readonly();
            let start = self.b.ins().load(types::I64, flags, table, offset);
            self.buffers.push(start);
        }
        for output in &self.kernel.outputs {
            if let Store::Fold(_) = output.how {
                let inst = &self.kernel.body[output.inst];
                let offset = self.scaled(part, self.folded_len(inst) * bytes(inst.dtype));
                let start = self.buffers[output.buffer];
                self.buffers[output.buffer] = self.b.ins().iadd(start, offset);
            }
        }
    }

    /// How many numbers a fold over rows leaves.
    pub(super) fn folded_len(&self, inst: &Inst) -> usize {
        match inst.extent {
            Extent::Elem => self.kernel.space.cols,
            Extent::Row => 1,
        }
    }

    /// `x · factor`
    pub(super) fn scaled(&mut self, x: Value, factor: usize) -> Value {
        match factor {
            1 => x,
            _ if factor.is_power_of_two() => self
                .b
                .ins()
                .ishl_imm_s(x, i64::from(factor.trailing_zeros())),
            _ => self.b.ins().imul_imm_s(x, factor as i64),
        }
    }

    pub(super) fn number(&mut self, x: usize) -> Value {
        self.b.ins().iconst(types::I64, x as i64)
    }

    pub(super) fn variable(&mut self, ty: Type, first: Value) -> Variable {
        let variable = self.b.declare_var(ty);
        self.b.def_var(variable, first);
        variable
    }

    /// `for i in first..behind step step { body(i) }`, where the last step is whole; gives back where it ended.
    pub(super) fn count(
        &mut self,
        i: Variable,
        behind: Value,
        step: usize,
        body: &mut dyn FnMut(&mut Self, Value),
    ) {
        let [head, inside, after]: [Block; 3] = std::array::from_fn(|_| self.b.create_block());
        self.b.ins().jump(head, &[]);
        self.b.switch_to_block(head);
        let at = self.b.use_var(i);
        let next = self.b.ins().iadd_imm_s(at, step as i64);
        let fits = self
            .b
            .ins()
            .icmp(IntCC::SignedLessThanOrEqual, next, behind);
        self.b.ins().brif(fits, inside, &[], after, &[]);
        self.b.switch_to_block(inside);
        body(self, at);
        self.b.def_var(i, next);
        self.b.ins().jump(head, &[]);
        self.b.switch_to_block(after);
    }

    /// Sets the folds over rows to what they begin with.
    fn clear_folds(&mut self) {
        for output in &self.kernel.outputs {
            let Store::Fold(monoid) = output.how else {
                continue;
            };
            let inst = &self.kernel.body[output.inst];
            let unit = self.single().unit(monoid, inst.dtype);
            let len = self.folded_len(inst);
            let (start, size) = (self.buffers[output.buffer], bytes(inst.dtype));
            let (zero, behind) = (self.number(0), self.number(len));
            let i = self.variable(types::I64, zero);
            self.count(i, behind, 1, &mut |nest, at| {
                let offset = nest.scaled(at, size);
                let place = nest.b.ins().iadd(start, offset);
                nest.b.ins().store(MemFlagsData::trusted(), unit, place, 0);
            });
        }
    }

    pub(super) fn single(&mut self) -> Scalars<'_, 'f> {
        Scalars {
            b: &mut self.b,
            lanes: Lanes::One,
        }
    }

    /// Blocks of rows, the last one perhaps smaller.
    fn blocks(&mut self) {
        let step = Blocks::of(self.kernel, self.stages).step;
        let [head, inside, after]: [Block; 3] = std::array::from_fn(|_| self.b.create_block());
        let at = self.variable(types::I64, self.first);
        self.b.ins().jump(head, &[]);
        self.b.switch_to_block(head);
        let first = self.b.use_var(at);
        let is_left = self.b.ins().icmp(IntCC::SignedLessThan, first, self.behind);
        self.b.ins().brif(is_left, inside, &[], after, &[]);
        self.b.switch_to_block(inside);
        let (rest, most) = (self.b.ins().isub(self.behind, first), self.number(step));
        let n = self.b.ins().smin(rest, most);
        self.block = match self.kernel.is_flat {
            true => [first, self.number(1), n],
            false => [first, n, self.number(self.kernel.space.cols)],
        };
        for stage in 0..self.stages.stages.len() {
            match stage % 2 {
                0 => self.elements(stage),
                _ => self.rows(stage),
            }
        }
        let next = self.b.ins().iadd(first, n);
        self.b.def_var(at, next);
        self.b.ins().jump(head, &[]);
        self.b.switch_to_block(after);
    }

    pub(super) fn outputs_at(&self, stage: usize, extent: Extent) -> Vec<Output> {
        let is_here = |output: &&Output| {
            let inst = &self.kernel.body[output.inst];
            let at = stored_at(inst, self.stages.at[output.inst]);
            inst.extent == extent && at == stage
        };
        self.kernel
            .outputs
            .iter()
            .filter(is_here)
            .copied()
            .collect()
    }

    /// The strip of an instruction.
    pub(super) fn strip(&mut self, id: usize) -> Value {
        let strip = self.stages.scratch[&id] * Blocks::of(self.kernel, self.stages).strip;
        self.b.ins().iadd_imm_s(self.scratch, strip as i64)
    }
}

pub(super) fn bytes(dtype: DType) -> usize {
    dtype.size()
}

/// Vectors need not be aligned.
pub(super) fn loose(lanes: Lanes) -> MemFlagsData {
    match lanes {
        Lanes::One => MemFlagsData::trusted(),
        Lanes::Four | Lanes::Two => MemFlagsData::new().with_notrap(),
    }
}
