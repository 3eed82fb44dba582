//! A function of a sequence, place by place. What the function reads of places before is kept from step to step: of each value that it
//! reads along the sequence, such as the keys and values of attention, the places so far; of each scan its states.
//!
//! A value is *part* of what it was, some places along an axis, or *whole*. An op whose result at a place follows from its operands
//! there gives a part; any other is given whole operands, in which the places to come are zeros. That is right where the function does
//! not look ahead, which whoever uses it makes sure of.

use crate::arena::IdMap;
use crate::ir::{
    Func, FuncId, Input, Inst, Module, Op, OriginId, Range, Role, Scan, Value, ValueId,
};
use crate::ops::{Builder, OpError, at_places, scan_of};
use crate::scalar::Scalar;
use crate::types::{AxisType, DType, Dim, Shape, TensorType};

/// A function of a sequence: from an input `[1, n]` and a place of it, another, to results there.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// The function.
    pub func: FuncId,
    /// The sequence.
    pub sequence: Role,
    /// The place.
    pub place: Role,
}

/// A function for some places of a sequence. It gives the results of the whole function at the last of them, then states.
#[derive(Clone, Copy, Debug)]
pub enum Places {
    /// The first so many: takes these.
    First(i64),
    /// The place, with those before it seen: takes what stands there, `[1, 1]`, and the states that were left there.
    Next,
}

/// What became of a value.
#[derive(Clone, Copy, Debug)]
enum Form {
    /// It is there as it was.
    Whole(ValueId),
    /// Some places along an axis.
    Part(ValueId, usize),
}

/// The function for some places of a sequence; nothing where it cannot be so divided.
pub fn stepwise(module: &mut Module, whole: &Sequence, places: Places) -> Option<FuncId> {
    let func = module.funcs[whole.func].clone();
    let mut step = Step::new(module, &func, whole, places)?;
    for inst in &func.body {
        step.inst(&func, inst)?.ok()?;
    }
    let result = |(name, value): &(String, ValueId)| match step.form(*value)? {
        Form::Whole(value) => Some((name.clone(), value)),
        Form::Part(..) => None,
    };
    let results: Option<Vec<(String, ValueId)>> = func.results.iter().map(result).collect();
    let mut own = step.b.func;
    own.results = results?;
    own.results.append(&mut step.kept);
    own.inputs.append(&mut step.pasts);
    Some(module.funcs.push(own))
}

struct Step<'m> {
    b: Builder<'m>,
    places: Places,
    /// How many places.
    n: Dim,
    place: ValueId,
    forms: IdMap<Value, Form>,
    /// Wholes of values that are there in part.
    wholes: IdMap<Value, ValueId>,
    pasts: Vec<Input>,
    kept: Vec<(String, ValueId)>,
}

type Done<T> = Result<T, OpError>;

/// Whether a scan goes along the sequence: over places of it, and not over blocks of it, say.
fn walks(scan: Scan, operands: &[Form]) -> bool {
    let each = &operands[scan.n_states..scan.n_states + scan.n_each];
    each.iter().any(|form| matches!(form, Form::Part(_, 0)))
}

impl<'m> Step<'m> {
    fn new(
        module: &'m mut Module,
        func: &Func,
        whole: &Sequence,
        places: Places,
    ) -> Option<Step<'m>> {
        let mut step = Step {
            b: Builder {
                module,
                func: Func::new(format!("{} step", func.name)),
                origin: OriginId::new(0),
            },
            places,
            n: match places {
                Places::First(n) => Dim::int(n),
                Places::Next => Dim::int(1),
            },
            place: ValueId::new(0),
            forms: IdMap::new(),
            wholes: IdMap::new(),
            pasts: vec![],
            kept: vec![],
        };
        let mut is_placed = false;
        for input in &func.inputs {
            let value = step.input(func, input, input.role == whole.sequence);
            if input.role == whole.place {
                (step.place, is_placed) = (value, true);
            }
        }
        is_placed.then_some(step)
    }

    fn input(&mut self, func: &Func, input: &Input, is_sequence: bool) -> ValueId {
        let mut ty = func.ty(input.value).clone();
        if is_sequence {
            ty.shape.0[1] = AxisType::new(self.n.clone());
        }
        self.b.origin = func.values[input.value].origin;
        let value = self.b.value(ty);
        let role = input.role.clone();
        self.b.func.inputs.push(Input { role, value });
        let form = match is_sequence {
            true => Form::Part(value, 1),
            false => Form::Whole(value),
        };
        self.forms.insert(input.value, form);
        value
    }

    fn form(&self, value: ValueId) -> Option<Form> {
        self.forms.get(value).copied()
    }

    /// The step of an instruction; nothing where an operand has none.
    fn inst(&mut self, func: &Func, inst: &Inst) -> Option<Done<()>> {
        let operands: Option<Vec<Form>> = inst
            .operands
            .iter()
            .map(|value| self.form(*value))
            .collect();
        let operands = operands?;
        if let Some(result) = inst.results.first() {
            self.b.origin = func.values[*result].origin;
        }
        if let Some(scan) = scan_of(&inst.op).filter(|scan| walks(*scan, &operands)) {
            return (!scan.is_reversed).then(|| self.scan(func, inst, scan));
        }
        if let (Op::Gather(along), [Form::Part(x, axis), Form::Whole(at)]) =
            (&inst.op, &operands[..])
            && along == axis
            && *at == self.place
        {
            return Some(self.at_the_place(inst, *x, *axis));
        }
        let axis = |form: &Form| match form {
            Form::Whole(_) => None,
            Form::Part(_, axis) => Some(*axis),
        };
        let types = inst.operands.iter().map(|value| func.ty(*value));
        let types: Vec<(&TensorType, Option<usize>)> =
            types.zip(operands.iter().map(axis)).collect();
        match at_places(&inst.op, &types, func.ty(inst.results[0]), &self.n) {
            Some(own) => {
                let read = inst.operands.iter().zip(&own.reads);
                let read = read
                    .map(|(value, axis)| self.read(func, *value, *axis))
                    .collect();
                Some(self.part(inst, own.op, own.axis, read))
            }
            None => {
                let read = inst
                    .operands
                    .iter()
                    .map(|value| self.read(func, *value, None))
                    .collect();
                Some(self.on_wholes(inst, read))
            }
        }
    }

    fn part(&mut self, inst: &Inst, op: Op, axis: usize, read: Done<Vec<ValueId>>) -> Done<()> {
        let result = self.b.op1(op, &read?)?;
        self.forms.insert(inst.results[0], Form::Part(result, axis));
        Ok(())
    }

    fn on_wholes(&mut self, inst: &Inst, read: Done<Vec<ValueId>>) -> Done<()> {
        let results = self.b.op(inst.op.clone(), &read?)?;
        for (old, new) in inst.results.iter().zip(results) {
            self.forms.insert(*old, Form::Whole(new));
        }
        Ok(())
    }

    /// Where the function itself chooses the place that it is asked for: the last of the part, without its axis.
    fn at_the_place(&mut self, inst: &Inst, x: ValueId, axis: usize) -> Done<()> {
        let last = Range::new(&self.n - &Dim::int(1), self.n.clone());
        let x = self.sliced(x, axis, last)?;
        let mut shape = self.b.shape(x).clone();
        shape.0.remove(axis);
        let result = self.b.reshape(x, shape)?;
        self.forms.insert(inst.results[0], Form::Whole(result));
        Ok(())
    }

    fn sliced(&mut self, x: ValueId, axis: usize, range: Range) -> Done<ValueId> {
        let mut ranges: Vec<Range> = self.b.shape(x).dims().map(Range::whole).collect();
        ranges[axis] = range;
        self.b.op1(Op::Slice(ranges), &[x])
    }

    /// A value at the places, along an axis, or as a whole.
    fn read(&mut self, func: &Func, value: ValueId, axis: Option<usize>) -> Done<ValueId> {
        match (self.forms[value], axis) {
            (Form::Whole(own), None) => Ok(own),
            (Form::Part(own, has), Some(axis)) if has == axis => Ok(own),
            (Form::Whole(own), Some(axis)) => self.taken(own, axis),
            (Form::Part(own, has), None) => self.whole(func, value, own, has),
            (Form::Part(own, has), Some(axis)) => {
                let whole = self.whole(func, value, own, has)?;
                self.taken(whole, axis)
            }
        }
    }

    /// The places of a whole.
    fn taken(&mut self, x: ValueId, axis: usize) -> Done<ValueId> {
        match self.places {
            Places::First(_) => self.sliced(x, axis, Range::whole(&self.n.clone())),
            Places::Next => {
                let one = Shape(vec![AxisType::new(Dim::int(1))]);
                let place = self.b.reshape(self.place, one)?;
                self.b.op1(Op::Gather(axis), &[x, place])
            }
        }
    }

    /// The places so far of a value, zeros behind them; they are left to the next step.
    fn whole(&mut self, func: &Func, value: ValueId, part: ValueId, axis: usize) -> Done<ValueId> {
        if let Some(known) = self.wholes.get(value) {
            return Ok(*known);
        }
        let ty = func.ty(value).clone();
        let whole = match self.places {
            Places::First(_) => self.followed_by_zeros(part, ty, axis)?,
            Places::Next => self.put(part, ty, axis)?,
        };
        self.keep(whole);
        self.wholes.insert(value, whole);
        Ok(whole)
    }

    fn followed_by_zeros(&mut self, part: ValueId, ty: TensorType, axis: usize) -> Done<ValueId> {
        let mut ranges: Vec<Range> = ty.shape.dims().map(Range::whole).collect();
        ranges[axis] = Range::whole(&self.n);
        self.b.op1(Op::Embed(ty.shape, ranges), &[part])
    }

    /// What was left, with a part at the place.
    fn put(&mut self, part: ValueId, ty: TensorType, axis: usize) -> Done<ValueId> {
        let past = self.past(ty.clone());
        let line = Shape(vec![ty.shape.0[axis].clone()]);
        let places = self.b.iota(line, DType::I64, 0)?;
        let is_here = self.b.map(Scalar::Eq, &[places, self.place])?;
        let is_here = self.b.broadcast(is_here, ty.shape.clone(), vec![axis])?;
        let mut row = self.b.shape(part).clone();
        row.0.remove(axis);
        let row = self.b.reshape(part, row)?;
        let others = (0..ty.shape.rank()).filter(|own| *own != axis).collect();
        let here = self.b.broadcast(row, ty.shape, others)?;
        self.b.map(Scalar::Select, &[is_here, here, past])
    }

    /// A scan goes on from the states that it was left with.
    fn scan(&mut self, func: &Func, inst: &Inst, scan: Scan) -> Done<()> {
        let mut read = vec![];
        for (at, value) in inst.operands.iter().enumerate() {
            let is_each = (scan.n_states..scan.n_states + scan.n_each).contains(&at);
            read.push(self.read(func, *value, is_each.then_some(0))?);
        }
        for first in &mut read[..scan.n_states] {
            *first = self.resumed(*first)?;
        }
        let mut results = self.b.op(inst.op.clone(), &read)?;
        let outs = results.split_off(scan.n_states);
        results.into_iter().for_each(|state| self.keep(state));
        for (old, new) in inst.results[scan.n_states..].iter().zip(outs) {
            self.forms.insert(*old, Form::Part(new, 0));
        }
        Ok(())
    }

    /// The first state, or that which the step before left.
    fn resumed(&mut self, first: ValueId) -> Done<ValueId> {
        if let Places::First(_) = self.places {
            return Ok(first);
        }
        let zero = self.b.number(0.0, DType::I64);
        let is_first = self.b.map(Scalar::Eq, &[self.place, zero])?;
        let ty = self.b.ty(first).clone();
        let past = self.past(ty.clone());
        let is_first = self.b.broadcast(is_first, ty.shape, vec![])?;
        self.b.map(Scalar::Select, &[is_first, first, past])
    }

    /// What an earlier step left.
    fn past(&mut self, ty: TensorType) -> ValueId {
        let value = self.b.value(ty);
        let role = Role::State(format!("past{}", self.pasts.len()));
        self.pasts.push(Input { role, value });
        value
    }

    /// Leaves a value to the next step.
    fn keep(&mut self, value: ValueId) {
        let name = format!("past{}", self.kept.len());
        self.kept.push((name, value));
    }
}
