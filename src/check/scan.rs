//! Scans: the step is checked for the types of one place, and the axis that is walked along comes first and goes back.

use crate::check::walk::{Cell, Typed, Walk};
use crate::check::{Checker, Reported};
use crate::ir::draft::{AxisRef, DraftId, DraftNode};
use crate::ir::{Op, Scan, ValueId};
use crate::ops::{OpError, from_front, to_front};

/// A scan as lowering says it.
pub(super) struct DraftScan<'a> {
    pub(super) func: DraftId,
    /// States, and what is walked along.
    pub(super) counts: [usize; 2],
    pub(super) over: &'a AxisRef,
    pub(super) is_reversed: bool,
}

impl Checker<'_> {
    /// All new states, each along the axis.
    pub(super) fn scan(
        &mut self,
        walk: &mut Walk<'_, '_>,
        scan: &DraftScan<'_>,
        node: &DraftNode,
    ) -> Result<Cell, Reported> {
        let mut operands = self.tight_operands(walk, &node.operands)?;
        let [n_states, n_each] = scan.counts;
        let mut place = 0;
        for (at, operand) in operands.iter_mut().enumerate().skip(n_states).take(n_each) {
            match to_front(&mut walk.b, scan.over, at, *operand) {
                Ok((front, axis)) => {
                    (*operand, place) = (front, if at == n_states { axis } else { place });
                }
                Err(error) => {
                    let values = self.tight_operands(walk, &node.operands)?;
                    return Err(self.tell_op(walk, &error, &values, node));
                }
            }
        }
        let mut types = walk.types(&operands);
        for (ty, _) in &mut types[n_states..n_states + n_each] {
            ty.shape.0.remove(0);
        }
        let func = self.func(walk.b.module, scan.func, Some(&types))?;
        // Each new state is an output too.
        let step = &mut walk.b.module.funcs[func];
        let states = step.results.clone();
        step.results.extend(states);
        let scan = Scan {
            func,
            n_states,
            n_each,
            is_reversed: scan.is_reversed,
        };
        match stacks(walk, scan, &operands, place) {
            Ok(cells) => Ok(Cell::Many(cells)),
            Err(error) => Err(self.tell_op(walk, &error, &operands, node)),
        }
    }
}

fn stacks(
    walk: &mut Walk<'_, '_>,
    scan: Scan,
    operands: &[ValueId],
    place: usize,
) -> Result<Vec<Typed>, OpError> {
    let found = walk.b.op(Op::Scan(scan), operands)?;
    let stacks = found[scan.n_states..].iter();
    let typed = |&stack: &ValueId| {
        Ok(Typed {
            value: from_front(&mut walk.b, stack, place)?,
            is_loose: false,
        })
    };
    stacks.map(typed).collect()
}
