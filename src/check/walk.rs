//! One function while it is walked: what each draft value came to, and element types that are still open.

use crate::arena::IdMap;
use crate::check::Reported;
use crate::ir::draft::{DraftFunc, DraftNode, DraftValue};
use crate::ir::{Input, Op, OriginId, Role, ValueId};
use crate::ops::Builder;
use crate::tensor::Tensor;
use crate::types::{DType, TensorType};

/// A checked value. A loose one is made of literals: it is carried in `f64`, or in `i64` where that would lose digits, and takes the
/// element type of what it meets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typed {
    pub(super) value: ValueId,
    pub(super) is_loose: bool,
}

/// What a node came to.
#[derive(Clone, Debug)]
pub(super) enum Cell {
    One(Typed),
    Many(Vec<Typed>),
    /// An input whose type another node decides.
    Later(Role),
    Hole,
    Wrong,
    Nothing,
}

/// One function being checked.
pub(super) struct Walk<'m, 'd> {
    pub(super) b: Builder<'m>,
    pub(super) draft: &'d DraftFunc,
    pub(super) cells: IdMap<DraftNode, Cell>,
}

impl Cell {
    pub(super) fn tight(value: ValueId) -> Cell {
        Cell::One(Typed {
            value,
            is_loose: false,
        })
    }

    pub(super) fn loose(value: ValueId) -> Cell {
        Cell::One(Typed {
            value,
            is_loose: true,
        })
    }
}

impl Walk<'_, '_> {
    /// The value of a draft value.
    pub(super) fn one(&self, value: DraftValue) -> Result<Typed, Reported> {
        match self.cells.get(value) {
            Some(Cell::One(typed)) => Ok(*typed),
            Some(Cell::Many(_) | Cell::Later(_) | Cell::Hole | Cell::Wrong | Cell::Nothing)
            | None => Err(Reported),
        }
    }

    pub(super) fn loose(&mut self, tensor: Tensor) -> Cell {
        Cell::loose(self.b.constant(tensor))
    }

    pub(super) fn input(&mut self, role: Role, ty: TensorType) -> ValueId {
        let value = self.b.value(ty);
        self.b.func.inputs.push(Input { role, value });
        value
    }

    /// Appends an op whose result type is known.
    pub(super) fn raw(&mut self, op: Op, operands: &[ValueId], ty: TensorType) -> ValueId {
        let result = self.b.value(ty);
        self.b.func.body.push(crate::ir::Inst {
            op,
            operands: operands.to_vec(),
            results: vec![result],
        });
        result
    }

    /// The value with an element type of its own: this one, if it was open.
    pub(super) fn tight(&mut self, typed: Typed, dtype: DType) -> ValueId {
        match typed.is_loose && self.b.dtype(typed.value) != dtype {
            true => self.raw_cast(typed.value, dtype),
            false => typed.value,
        }
    }

    /// The value converted.
    pub(super) fn raw_cast(&mut self, value: ValueId, dtype: DType) -> ValueId {
        let ty = self.b.ty(value).with_dtype(dtype);
        self.raw(Op::Cast(dtype), &[value], ty)
    }

    /// A number among the literals `loose` that the whole-number type of `tight` cannot hold.
    pub(super) fn lost_literal(&self, loose: Typed, tight: Typed) -> Option<f64> {
        let dtype = self.b.dtype(tight.value);
        if !loose.is_loose || dtype.is_float() || dtype == DType::Bool {
            return None;
        }
        let mut body = self.b.func.body.iter().rev();
        let literal = body.find(|inst| inst.results.contains(&loose.value));
        let Some(Op::Const(literal)) = literal.map(|inst| &inst.op) else {
            return None;
        };
        let held = literal.cast(dtype).cast(DType::F64);
        let (held, literal) = (held.to_f64(), literal.to_f64());
        let mut pairs = literal.into_iter().zip(held);
        pairs.find(|(x, held)| x != held).map(|(x, _)| x)
    }

    /// Gives loose values, and truth values among numbers, the element type of the others, `float` where these are truth values only.
    pub(super) fn agree(&mut self, operands: &[Typed], values: &mut [ValueId], float: DType) {
        let dtype = |walk: &Self, typed: &Typed| walk.b.dtype(typed.value);
        let strong = operands
            .iter()
            .filter(|typed| !typed.is_loose)
            .map(|typed| dtype(self, typed));
        let meeting = strong
            .clone()
            .find(|dtype| *dtype != DType::Bool)
            .or_else(|| strong.clone().next());
        let any_loose = operands.iter().any(|typed| typed.is_loose);
        let meeting = match meeting {
            // Truth values that meet literals only are counted.
            Some(DType::Bool) if any_loose => float,
            Some(dtype) => dtype,
            // Among literals only, those that are whole meet others as floats.
            None => DType::F64,
        };
        for (typed, value) in operands.iter().zip(values) {
            let adapts = typed.is_loose || dtype(self, typed) == DType::Bool;
            if adapts && dtype(self, typed) != meeting {
                *value = self.raw_cast(typed.value, meeting);
            }
        }
    }

    pub(super) fn types(&self, values: &[ValueId]) -> Vec<(TensorType, OriginId)> {
        values
            .iter()
            .map(|&value| (self.b.ty(value).clone(), self.b.func.values[value].origin))
            .collect()
    }

    /// The type of a value with everything known put in.
    pub(super) fn resolved(&self, value: ValueId) -> TensorType {
        let ty = self.b.ty(value);
        TensorType::new(ty.dtype, self.b.module.dims.resolve_shape(&ty.shape))
    }
}
