//! In which order a kernel's instructions run within a block of rows. Elements are computed in loops over the block, numbers of rows in
//! loops over its rows, costly functions by routines over a whole strip. Loops have even stages, rows and routines the odd one
//! behind; what a later stage needs is kept in scratch.

use std::collections::BTreeMap;

use crate::engine::jit::kernel::{Extent, Inst, InstKind, Kernel};
use crate::engine::jit::strips::is_costly;

/// What runs at which stage.
#[derive(Debug)]
pub(super) struct Stages {
    pub(super) stages: Vec<Stage>,
    /// The scratch strip of each instruction that has one.
    pub(super) scratch: BTreeMap<usize, usize>,
    /// The stage at which an instruction is computed.
    pub(super) at: Vec<usize>,
}

/// One stage: instructions in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Stage {
    /// Computed in the loop over elements, or, of an odd stage, over rows.
    pub(super) loops: Vec<usize>,
    /// Computed by routines behind the loop.
    pub(super) calls: Vec<usize>,
}

/// Whether a routine computes it.
pub(super) fn is_call(inst: &Inst) -> bool {
    matches!(&inst.kind, InstKind::Apply(f, _) if is_costly(*f))
}

/// Whether it is told anew wherever it is needed.
pub(super) fn is_free(inst: &Inst) -> bool {
    matches!(inst.kind, InstKind::Read(..) | InstKind::Lit(_))
}

pub(super) fn operands(inst: &Inst) -> Vec<usize> {
    match &inst.kind {
        InstKind::Read(..) | InstKind::Lit(_) => vec![],
        InstKind::Apply(_, args) => args.clone(),
        InstKind::Convert(x) | InstKind::Fold(_, x) => vec![*x],
    }
}

pub(super) fn stages(kernel: &Kernel) -> Stages {
    let mut found = Stages {
        stages: vec![],
        scratch: BTreeMap::new(),
        at: vec![],
    };
    for (id, inst) in kernel.body.iter().enumerate() {
        let at = stage_of(&kernel.body, &found.at, inst);
        found.at.push(at);
        if !is_free(inst) {
            found.place(id, inst, at);
        }
    }
    for (id, inst) in kernel.body.iter().enumerate() {
        found.keep(kernel, id, inst);
    }
    for output in &kernel.outputs {
        let inst = &kernel.body[output.inst];
        let stage = found.at[output.inst];
        if is_free(inst) || is_call(inst) || matches!(inst.kind, InstKind::Fold(..)) {
            found.stage(stored_at(inst, stage));
        }
    }
    found
}

/// At which stage an instruction's numbers are written to where they are asked for.
pub(super) fn stored_at(inst: &Inst, at: usize) -> usize {
    match inst.extent {
        Extent::Elem if is_call(inst) => at + 1,
        Extent::Row if is_call(inst) => at + 2,
        Extent::Row if at.is_multiple_of(2) => at + 1,
        Extent::Elem | Extent::Row => at,
    }
}

/// The first stage at which all operands are there.
fn stage_of(body: &[Inst], at: &[usize], inst: &Inst) -> usize {
    let ready = |&x: &usize| match (inst.extent, &inst.kind) {
        (_, InstKind::Fold(..)) => ready_for_elements(&body[x], at[x]),
        (Extent::Elem, _) => ready_for_elements(&body[x], at[x]),
        (Extent::Row, _) => ready_for_rows(&body[x], at[x]),
    };
    let first = operands(inst).iter().map(ready).max().unwrap_or(0);
    match (inst.extent, is_call(inst)) {
        (Extent::Elem, true) => first + 1,
        (Extent::Row, _) if matches!(inst.kind, InstKind::Fold(..)) => first,
        (Extent::Row, _) if !is_free(inst) => first.max(1),
        (Extent::Elem | Extent::Row, _) => first,
    }
}

/// The even stage from which on a loop over elements can read it.
fn ready_for_elements(inst: &Inst, at: usize) -> usize {
    match inst.extent {
        _ if is_free(inst) => 0,
        Extent::Elem if is_call(inst) => at + 1,
        Extent::Elem => at,
        Extent::Row => (at + 1).next_multiple_of(2),
    }
}

/// The odd stage from which on a loop over rows can read it.
fn ready_for_rows(inst: &Inst, at: usize) -> usize {
    match &inst.kind {
        InstKind::Read(..) | InstKind::Lit(_) => 1,
        InstKind::Fold(..) => at + 1,
        InstKind::Apply(..) | InstKind::Convert(_) if is_call(inst) => at + 2,
        InstKind::Apply(..) | InstKind::Convert(_) => at,
    }
}

impl Stages {
    fn stage(&mut self, at: usize) -> &mut Stage {
        if self.stages.len() <= at {
            self.stages.resize(at + 1, Stage::default());
        }
        &mut self.stages[at]
    }

    fn place(&mut self, id: usize, inst: &Inst, at: usize) {
        let stage = self.stage(at);
        if is_call(inst) {
            stage.calls.push(id);
        } else {
            stage.loops.push(id);
        }
    }

    /// Gives scratch to a call and its operands, to what a later stage reads, and to all numbers of rows.
    fn keep(&mut self, kernel: &Kernel, id: usize, inst: &Inst) {
        let at = self.at[id];
        if !is_free(inst) && (inst.extent == Extent::Row || is_call(inst)) {
            self.strip(id);
        }
        for x in operands(inst) {
            let operand = &kernel.body[x];
            let is_late = operand.extent == Extent::Elem && self.at[x] != at && !is_free(operand);
            if is_call(inst) || is_late {
                self.strip(x);
            }
        }
    }

    fn strip(&mut self, id: usize) {
        let next = self.scratch.len();
        self.scratch.entry(id).or_insert(next);
    }
}
