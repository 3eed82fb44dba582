//! Loops over rows, for the numbers that rows have one of; and routines, which take whole strips.

use std::collections::BTreeMap;

use cranelift_codegen::ir::{AbiParam, InstBuilder, MemFlagsData, Signature, Value, types};

use crate::engine::jit::emit::nest::{Nest, bytes};
use crate::engine::jit::emit::scalar::{Lanes, scalar_type};
use crate::engine::jit::kernel::{Extent, InstKind, Output, Store};
use crate::engine::jit::stages::{Stages, is_call, operands};
use crate::engine::jit::strips::routine;

impl Nest<'_, '_> {
    pub(super) fn rows(&mut self, stage: usize) {
        let outputs = self.outputs_at(stage, Extent::Row);
        let Self { stages, .. } = self;
        let Stages { stages, .. } = stages;
        let here = &stages[stage];
        if !here.loops.is_empty() || !outputs.is_empty() {
            let (zero, n_rows) = (self.number(0), self.block[1]);
            let i = self.variable(types::I64, zero);
            self.count(i, n_rows, 1, &mut |nest, r| {
                nest.number_of_row(stage, &outputs, r);
            });
        }
        for &id in &here.calls {
            self.call(id);
        }
    }

    /// Everything that a stage computes of one row.
    fn number_of_row(&mut self, stage: usize, outputs: &[Output], r: Value) {
        let at = self.b.ins().iadd(self.block[0], r);
        let mut values: BTreeMap<usize, Value> = BTreeMap::new();
        let Self { stages, .. } = self;
        let loops = &stages.stages[stage].loops;
        for &id in loops {
            let inst = &self.kernel.body[id];
            let args: Vec<Value> = operands(inst)
                .into_iter()
                .map(|x| self.row_value(x, at, r, &mut values))
                .collect();
            let x = self.compute(inst, &args, Lanes::One);
            values.insert(id, x);
            let strip = self.strip(id);
            let offset = self.scaled(r, bytes(inst.dtype));
            let place = self.b.ins().iadd(strip, offset);
            self.b.ins().store(MemFlagsData::trusted(), x, place, 0);
        }
        for output in outputs {
            let x = self.row_value(output.inst, at, r, &mut values);
            self.store_row(output, x, at);
        }
    }

    fn row_value(
        &mut self,
        id: usize,
        at: Value,
        r: Value,
        values: &mut BTreeMap<usize, Value>,
    ) -> Value {
        if let Some(value) = values.get(&id) {
            return *value;
        }
        let value = self.of_row(id, at, r);
        let value = value.expect("staged: rows read numbers of rows");
        values.insert(id, value);
        value
    }

    fn store_row(&mut self, output: &Output, x: Value, at: Value) {
        let dtype = self.kernel.body[output.inst].dtype;
        let start = self.buffers[output.buffer];
        match output.how {
            Store::Each => {
                let offset = self.scaled(at, bytes(dtype));
                let place = self.b.ins().iadd(start, offset);
                self.b.ins().store(MemFlagsData::trusted(), x, place, 0);
            }
            Store::Fold(monoid) => {
                let flags = MemFlagsData::trusted();
                let sum = self.b.ins().load(scalar_type(dtype), flags, start, 0);
                let sum = self.single().combine(monoid, sum, x, dtype);
                self.b.ins().store(flags, sum, start, 0);
            }
        }
    }

    /// A routine over a whole strip.
    fn call(&mut self, id: usize) {
        let inst = &self.kernel.body[id];
        let InstKind::Apply(f, args) = &inst.kind else {
            unreachable!("staged: calls are applications")
        };
        debug_assert!(is_call(inst), "staged as a call");
        let mut signature = Signature::new(self.call);
        signature.params = vec![AbiParam::new(types::I64); 4];
        let signature = self.b.import_signature(signature);
        let routine = routine(*f, inst.dtype).expect("staged: costly functions are of floats");
        let address = routine as usize;
        let callee = self.number(address);
        let result = self.strip(id);
        let x = self.strip(args[0]);
        let y = self.strip(*args.last().expect("checked: a function has operands"));
        let [_, n_rows, n_cols] = self.block;
        let n = match inst.extent {
            Extent::Elem => self.b.ins().imul(n_rows, n_cols),
            Extent::Row => n_rows,
        };
        self.b
            .ins()
            .call_indirect(signature, callee, &[result, x, y, n]);
    }
}
