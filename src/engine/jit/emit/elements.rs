//! Loops over the elements of a row: vectors first, then single numbers. What is the same along the row is looked up before; folds
//! keep several vectors in flight and end pairwise.

use std::collections::BTreeMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value, types};
use cranelift_frontend::Variable;

use crate::engine::jit::emit::nest::{Nest, bytes, loose};
use crate::engine::jit::emit::scalar::{Lanes, Scalars, scalar_type};
use crate::engine::jit::kernel::{Access, Extent, Inst, InstKind, Output, Store};
use crate::engine::jit::stages::{is_free, operands};
use crate::tensor::Monoid;
use crate::types::DType;

/// What is the same along a row.
struct Row {
    /// Where the row's elements of a read begin.
    reads: BTreeMap<usize, Value>,
    /// The numbers that are the same along the row.
    fixed: BTreeMap<usize, Value>,
    /// Where the row's elements of a strip begin.
    strips: BTreeMap<usize, Value>,
    /// Where the row's elements of an output begin.
    outputs: Vec<(Output, Value)>,
    /// The running folds: by instruction, those of each vector in flight, and that of single numbers.
    folds: BTreeMap<usize, (Vec<Variable>, Variable)>,
}

/// Vectors in flight where a row is folded.
const UNROLL: usize = 4;

impl<'f> Nest<'_, 'f> {
    pub(super) fn elements(&mut self, stage: usize) {
        let outputs = self.outputs_at(stage, Extent::Elem);
        let loops = &self.stages.stages[stage].loops;
        if loops.is_empty() && outputs.is_empty() {
            return;
        }
        let (zero, n_rows) = (self.number(0), self.block[1]);
        let i = self.variable(types::I64, zero);
        self.count(i, n_rows, 1, &mut |nest, r| nest.row(stage, &outputs, r));
    }

    fn row(&mut self, stage: usize, outputs: &[Output], r: Value) {
        let row = self.enter_row(stage, outputs, r);
        let zero = self.number(0);
        let (i, n_cols) = (self.variable(types::I64, zero), self.block[2]);
        let width = self.lanes.count();
        let unroll = if row.folds.is_empty() { 1 } else { UNROLL };
        if self.lanes != Lanes::One {
            if unroll > 1 {
                self.count(i, n_cols, width * unroll, &mut |nest, at| {
                    for k in 0..unroll {
                        let place = nest.b.ins().iadd_imm_s(at, (k * width) as i64);
                        nest.element(stage, &row, place, nest.lanes, k);
                    }
                });
            }
            self.count(i, n_cols, width, &mut |nest, at| {
                nest.element(stage, &row, at, nest.lanes, 0);
            });
        }
        self.count(i, n_cols, 1, &mut |nest, at| {
            nest.element(stage, &row, at, Lanes::One, 0);
        });
        self.leave_row(&row, r);
    }

    /// Everything that a stage's loop along a row reads: instructions of other stages, and what is told anew.
    fn needs(&self, stage: usize, outputs: &[Output]) -> Vec<usize> {
        let mut found: Vec<usize> = vec![];
        let own = &self.stages.stages[stage].loops;
        let asked = outputs.iter().map(|output| output.inst);
        let mut open: Vec<usize> = own.iter().copied().chain(asked).collect();
        while let Some(id) = open.pop() {
            let inst = &self.kernel.body[id];
            let is_own = own.contains(&id) && !is_free(inst);
            for x in operands(inst).into_iter().filter(|_| is_own) {
                open.push(x);
            }
            if !found.contains(&id) {
                found.push(id);
            }
        }
        found.sort_unstable();
        found
    }

    fn enter_row(&mut self, stage: usize, outputs: &[Output], r: Value) -> Row {
        let at = self.b.ins().iadd(self.block[0], r);
        let at = if self.kernel.is_flat {
            self.block[0]
        } else {
            at
        };
        let mut row = Row {
            reads: BTreeMap::new(),
            fixed: BTreeMap::new(),
            strips: BTreeMap::new(),
            outputs: vec![],
            folds: BTreeMap::new(),
        };
        for id in self.needs(stage, outputs) {
            self.enter_value(&mut row, id, at, r);
        }
        for output in outputs {
            let start = self.output_row(output, at);
            row.outputs.push((*output, start));
        }
        for &id in &self.stages.stages[stage].loops {
            if let InstKind::Fold(monoid, _) = self.kernel.body[id].kind {
                let folds = self.begin_fold(monoid, self.kernel.body[id].dtype);
                row.folds.insert(id, folds);
            }
        }
        row
    }

    /// What a row knows of an instruction before its elements are looked at.
    fn enter_value(&mut self, row: &mut Row, id: usize, at: Value, r: Value) {
        let inst = &self.kernel.body[id];
        match (&inst.kind, inst.extent) {
            (InstKind::Lit(_), _) => {}
            (InstKind::Read(buffer, access), Extent::Elem) => {
                let start = self.place(*buffer, access, at, inst.dtype);
                if access.col == 0 {
                    let ty = scalar_type(inst.dtype);
                    let x = self.b.ins().load(ty, MemFlagsData::trusted(), start, 0);
                    row.fixed.insert(id, x);
                } else {
                    row.reads.insert(id, start);
                }
            }
            (_, Extent::Row) => {
                if let Some(x) = self.of_row(id, at, r) {
                    row.fixed.insert(id, x);
                }
            }
            (_, Extent::Elem) if self.stages.scratch.contains_key(&id) => {
                let strip = self.strip(id);
                let width = self.slot(inst.dtype) * self.kernel.space.cols;
                let offset = self.scaled(r, width);
                row.strips.insert(id, self.b.ins().iadd(strip, offset));
            }
            (_, Extent::Elem) => {}
        }
    }

    /// The number of a row that an earlier stage left; a fold of this very stage is not there yet.
    pub(super) fn of_row(&mut self, id: usize, at: Value, r: Value) -> Option<Value> {
        let inst = &self.kernel.body[id];
        match &inst.kind {
            InstKind::Read(buffer, access) => {
                let place = self.place(*buffer, access, at, inst.dtype);
                let ty = scalar_type(inst.dtype);
                Some(self.b.ins().load(ty, MemFlagsData::trusted(), place, 0))
            }
            InstKind::Lit(bits) => Some(self.single().lit(*bits, inst.dtype)),
            InstKind::Apply(..) | InstKind::Convert(_) | InstKind::Fold(..) => {
                let strip = self.strip(id);
                let offset = self.scaled(r, bytes(inst.dtype));
                let place = self.b.ins().iadd(strip, offset);
                let ty = scalar_type(inst.dtype);
                Some(self.b.ins().load(ty, MemFlagsData::trusted(), place, 0))
            }
        }
    }

    /// Where a read's elements of the row `at` begin; of a flat kernel, those from element `at` on.
    fn place(&mut self, buffer: usize, access: &Access, at: Value, dtype: DType) -> Value {
        let (start, size) = (self.buffers[buffer], bytes(dtype));
        let base = self.b.ins().iadd_imm_s(start, (access.start * size) as i64);
        if self.kernel.is_flat {
            let step = access.col.unsigned_abs() * size;
            let step = if access.is_one() { 0 } else { step.max(size) };
            let offset = self.b.ins().imul_imm_s(at, step as i64);
            return self.b.ins().iadd(base, offset);
        }
        let offset = self.row_offset(&access.rows, at, size);
        self.b.ins().iadd(base, offset)
    }

    /// `Σ index·stride` in bytes of the row with number `at`.
    fn row_offset(&mut self, axes: &[(usize, isize)], at: Value, size: usize) -> Value {
        let mut offset = self.number(0);
        let mut inner = 1;
        for (place, &(count, stride)) in axes.iter().enumerate().rev() {
            let mut index = at;
            if inner > 1 {
                index = self.b.ins().udiv_imm_s(index, inner as i64);
            }
            if place > 0 {
                index = self.b.ins().urem_imm_s(index, count as i64);
            }
            let step = self.b.ins().imul_imm_s(index, stride as i64 * size as i64);
            offset = self.b.ins().iadd(offset, step);
            inner *= count;
        }
        offset
    }

    fn output_row(&mut self, output: &Output, at: Value) -> Value {
        let start = self.buffers[output.buffer];
        let size = bytes(self.kernel.body[output.inst].dtype);
        let factor = match (output.how, self.kernel.is_flat) {
            (Store::Fold(_), _) => return start,
            (Store::Each, true) => size,
            (Store::Each, false) => size * self.kernel.space.cols,
        };
        let offset = self.scaled(at, factor);
        self.b.ins().iadd(start, offset)
    }

    /// Bytes of an element in a strip: truth values take as much as the numbers beside them.
    fn slot(&self, dtype: DType) -> usize {
        match self.lanes {
            Lanes::Four if dtype == DType::Bool => 4,
            Lanes::Two if dtype == DType::Bool => 8,
            Lanes::One | Lanes::Four | Lanes::Two => bytes(dtype),
        }
    }

    fn begin_fold(&mut self, monoid: Monoid, dtype: DType) -> (Vec<Variable>, Variable) {
        let unit = self.single().unit(monoid, dtype);
        let one = self.variable(scalar_type(dtype), unit);
        let (lanes, n_vectors) = match self.lanes {
            Lanes::One => return (vec![], one),
            lanes @ (Lanes::Four | Lanes::Two) => (lanes, UNROLL),
        };
        let b = &mut self.b;
        let units = Scalars { b, lanes }.splat(unit, dtype);
        let vectors = (0..n_vectors).map(|_| self.variable(lanes.ty(dtype), units));
        (vectors.collect(), one)
    }

    /// The folds of the row to their strips: vectors pairwise, then lanes pairwise, then the rest.
    fn leave_row(&mut self, row: &Row, r: Value) {
        for (&id, (vectors, one)) in &row.folds {
            let inst = &self.kernel.body[id];
            let InstKind::Fold(monoid, _) = inst.kind else {
                continue;
            };
            let mut total = self.b.use_var(*one);
            if let Some(lanes) = self.lanes_of(vectors, monoid, inst.dtype) {
                total = self.single().combine(monoid, lanes, total, inst.dtype);
            }
            let strip = self.strip(id);
            let offset = self.scaled(r, bytes(inst.dtype));
            let place = self.b.ins().iadd(strip, offset);
            self.b.ins().store(MemFlagsData::trusted(), total, place, 0);
        }
    }

    fn lanes_of(&mut self, vectors: &[Variable], monoid: Monoid, dtype: DType) -> Option<Value> {
        let mut parts: Vec<Value> = vectors.iter().map(|v| self.b.use_var(*v)).collect();
        let lanes = self.lanes;
        while parts.len() > 1 {
            let pairs: Vec<[Value; 2]> = parts.chunks(2).map(|pair| [pair[0], pair[1]]).collect();
            let b = &mut self.b;
            let mut scalars = Scalars { b, lanes };
            let sums = pairs
                .into_iter()
                .map(|[x, y]| scalars.combine(monoid, x, y, dtype));
            parts = sums.collect();
        }
        let vector = parts.pop()?;
        let mut ones: Vec<Value> = (0..lanes.count() as u8)
            .map(|lane| self.b.ins().extractlane(vector, lane))
            .collect();
        while ones.len() > 1 {
            let half = ones.len() / 2;
            let mut scalars = self.single();
            let sums = (0..half).map(|i| scalars.combine(monoid, ones[i], ones[i + half], dtype));
            ones = sums.collect();
        }
        ones.pop()
    }

    /// One vector, or one number, of everything a stage computes.
    fn element(&mut self, stage: usize, row: &Row, at: Value, lanes: Lanes, turn: usize) {
        let mut values: BTreeMap<usize, Value> = BTreeMap::new();
        let loops = &self.stages.stages[stage].loops;
        for &id in loops {
            let inst = &self.kernel.body[id];
            if let InstKind::Fold(monoid, x) = inst.kind {
                let x = self.value(stage, row, x, at, lanes, &mut values);
                self.fold(row, id, monoid, x, lanes, turn);
                continue;
            }
            let x = self.value(stage, row, id, at, lanes, &mut values);
            if let Some(&strip) = row.strips.get(&id) {
                self.keep(strip, x, at, inst.dtype, lanes);
            }
        }
        for (output, start) in &row.outputs {
            let x = self.value(stage, row, output.inst, at, lanes, &mut values);
            self.store(output, *start, x, at, lanes);
        }
    }

    fn fold(&mut self, row: &Row, id: usize, monoid: Monoid, x: Value, lanes: Lanes, turn: usize) {
        let (vectors, one) = &row.folds[&id];
        let variable = match lanes {
            Lanes::One => *one,
            Lanes::Four | Lanes::Two => vectors[turn],
        };
        let sum = self.b.use_var(variable);
        let dtype = self.kernel.body[id].dtype;
        let b = &mut self.b;
        let sum = Scalars { b, lanes }.combine(monoid, sum, x, dtype);
        self.b.def_var(variable, sum);
    }

    /// The number of an instruction at an element.
    fn value(
        &mut self,
        stage: usize,
        row: &Row,
        id: usize,
        at: Value,
        lanes: Lanes,
        values: &mut BTreeMap<usize, Value>,
    ) -> Value {
        if let Some(value) = values.get(&id) {
            return *value;
        }
        let inst = &self.kernel.body[id];
        let dtype = inst.dtype;
        let value = if let Some(&one) = row.fixed.get(&id) {
            let b = &mut self.b;
            Scalars { b, lanes }.splat(one, dtype)
        } else if let Some(&start) = row.reads.get(&id) {
            self.load(id, start, at, lanes)
        } else if !self.stages.stages[stage].loops.contains(&id)
            && let Some(&strip) = row.strips.get(&id)
        {
            self.recall(strip, at, dtype, lanes)
        } else {
            let args: Vec<Value> = operands(inst)
                .into_iter()
                .map(|x| self.value(stage, row, x, at, lanes, values))
                .collect();
            self.compute(inst, &args, lanes)
        };
        values.insert(id, value);
        value
    }

    pub(super) fn compute(&mut self, inst: &Inst, args: &[Value], lanes: Lanes) -> Value {
        let from = |x: &usize| self.kernel.body[*x].dtype;
        let (from, b) = match &inst.kind {
            InstKind::Apply(_, args) => (args.last().map_or(inst.dtype, from), &mut self.b),
            InstKind::Convert(x) => (from(x), &mut self.b),
            InstKind::Read(..) | InstKind::Lit(_) | InstKind::Fold(..) => (inst.dtype, &mut self.b),
        };
        let mut scalars = Scalars { b, lanes };
        match &inst.kind {
            InstKind::Lit(bits) => scalars.lit(*bits, inst.dtype),
            InstKind::Apply(f, _) => scalars.apply(*f, args, from),
            InstKind::Convert(_) => scalars.convert(args[0], from, inst.dtype),
            InstKind::Read(..) | InstKind::Fold(..) => {
                unreachable!("entered: reads have places, folds have strips")
            }
        }
    }

    /// A read's elements at a place of the row.
    fn load(&mut self, id: usize, start: Value, at: Value, lanes: Lanes) -> Value {
        let inst = &self.kernel.body[id];
        let InstKind::Read(_, access) = &inst.kind else {
            unreachable!("only reads have places")
        };
        let (size, stride) = (bytes(inst.dtype) as i64, access.col as i64);
        let offset = self.b.ins().imul_imm_s(at, stride * size);
        let place = self.b.ins().iadd(start, offset);
        let flags = MemFlagsData::trusted();
        let ty = scalar_type(inst.dtype);
        match (lanes, stride) {
            (Lanes::One, _) => self.b.ins().load(ty, flags, place, 0),
            (_, 1) if inst.dtype == DType::Bool => self.load_truth(place),
            (_, 1) => {
                let flags = MemFlagsData::new().with_notrap();
                self.b.ins().load(lanes.ty(inst.dtype), flags, place, 0)
            }
            (Lanes::Four | Lanes::Two, _) => self.load_apart(inst.dtype, place, stride, lanes),
        }
    }

    /// Elements that do not lie side by side.
    fn load_apart(&mut self, dtype: DType, place: Value, stride: i64, lanes: Lanes) -> Value {
        let (ty, size) = (scalar_type(dtype), bytes(dtype) as i64);
        let flags = MemFlagsData::trusted();
        let first = self.b.ins().load(ty, flags, place, 0);
        let b = &mut self.b;
        let mut vector = Scalars { b, lanes }.splat(first, dtype);
        for lane in 1..lanes.count() {
            let from = self.b.ins().iadd_imm_s(place, lane as i64 * stride * size);
            let mut x = self.b.ins().load(ty, flags, from, 0);
            if dtype == DType::Bool {
                let wide = self.b.ins().uextend(lanes.ty(dtype).lane_type(), x);
                x = self.b.ins().ineg(wide);
            }
            vector = self.b.ins().insertlane(vector, x, lane as u8);
        }
        vector
    }

    /// Four bytes as four lanes of all bits.
    fn load_truth(&mut self, place: Value) -> Value {
        let ones: Vec<Value> = (0..4)
            .map(|lane| {
                let x = self
                    .b
                    .ins()
                    .load(types::I8, MemFlagsData::trusted(), place, lane);
                let wide = self.b.ins().uextend(types::I32, x);
                self.b.ins().ineg(wide)
            })
            .collect();
        let mut vector = self.b.ins().splat(types::I32X4, ones[0]);
        for (lane, &x) in ones.iter().enumerate().skip(1) {
            vector = self.b.ins().insertlane(vector, x, lane as u8);
        }
        vector
    }

    fn strip_place(&mut self, strip: Value, at: Value, dtype: DType) -> Value {
        let offset = self.scaled(at, self.slot(dtype));
        self.b.ins().iadd(strip, offset)
    }

    /// To a strip. A single truth value is written as a lane would be.
    fn keep(&mut self, strip: Value, x: Value, at: Value, dtype: DType, lanes: Lanes) {
        let place = self.strip_place(strip, at, dtype);
        let mut x = x;
        if lanes == Lanes::One && dtype == DType::Bool && self.lanes != Lanes::One {
            let wide = self.b.ins().uextend(self.lanes.ty(dtype).lane_type(), x);
            x = self.b.ins().ineg(wide);
        }
        self.b.ins().store(loose(lanes), x, place, 0);
    }

    /// From a strip.
    fn recall(&mut self, strip: Value, at: Value, dtype: DType, lanes: Lanes) -> Value {
        let place = self.strip_place(strip, at, dtype);
        if lanes == Lanes::One && dtype == DType::Bool && self.lanes != Lanes::One {
            let ty = self.lanes.ty(dtype).lane_type();
            let mask = self.b.ins().load(ty, loose(lanes), place, 0);
            return self.b.ins().icmp_imm_s(IntCC::NotEqual, mask, 0);
        }
        self.b.ins().load(lanes.ty(dtype), loose(lanes), place, 0)
    }

    fn store(&mut self, output: &Output, start: Value, x: Value, at: Value, lanes: Lanes) {
        let dtype = self.kernel.body[output.inst].dtype;
        let offset = self.scaled(at, bytes(dtype));
        let place = self.b.ins().iadd(start, offset);
        match output.how {
            Store::Each if dtype == DType::Bool && lanes != Lanes::One => {
                self.store_truth(x, place, lanes);
            }
            Store::Each => {
                self.b.ins().store(loose(lanes), x, place, 0);
            }
            Store::Fold(monoid) => {
                let sum = self.b.ins().load(lanes.ty(dtype), loose(lanes), place, 0);
                let b = &mut self.b;
                let sum = Scalars { b, lanes }.combine(monoid, sum, x, dtype);
                self.b.ins().store(loose(lanes), sum, place, 0);
            }
        }
    }

    fn store_truth(&mut self, mask: Value, place: Value, lanes: Lanes) {
        for lane in 0..lanes.count() {
            let bits = self.b.ins().extractlane(mask, lane as u8);
            let byte = self.b.ins().ireduce(types::I8, bits);
            let truth = self.b.ins().band_imm_s(byte, 1);
            self.b
                .ins()
                .store(MemFlagsData::trusted(), truth, place, lane as i32);
        }
    }
}
