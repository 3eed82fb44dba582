//! Scalar functions as machine instructions, for one number or for the lanes of a vector. Their bits are those of the functions'
//! definitions: selections stand where the definition selects, and no product is fused with a sum.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{Endianness, InstBuilder, MemFlagsData, Type, Value, types};
use cranelift_frontend::FunctionBuilder;

use crate::scalar::Scalar;
use crate::tensor::Monoid;
use crate::types::DType;

/// How many numbers an instruction works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lanes {
    One,
    /// Four `f32`.
    Four,
    /// Two `f64`.
    Two,
}

impl Lanes {
    pub(super) fn count(self) -> usize {
        match self {
            Lanes::One => 1,
            Lanes::Four => 4,
            Lanes::Two => 2,
        }
    }

    /// The machine type of a number of this element type. A truth value is a byte, or, in lanes, all bits of a lane.
    pub(super) fn ty(self, dtype: DType) -> Type {
        match (self, dtype) {
            (Lanes::Four, DType::F32) => types::F32X4,
            (Lanes::Four, _) => types::I32X4,
            (Lanes::Two, DType::F64) => types::F64X2,
            (Lanes::Two, _) => types::I64X2,
            (Lanes::One, _) => scalar_type(dtype),
        }
    }
}

/// The machine type of one number.
pub(super) fn scalar_type(dtype: DType) -> Type {
    match dtype {
        DType::F32 => types::F32,
        DType::F64 => types::F64,
        DType::I64 => types::I64,
        DType::I32 => types::I32,
        DType::U8 | DType::Bool => types::I8,
    }
}

/// Emits instructions of some width.
pub(super) struct Scalars<'a, 'f> {
    pub(super) b: &'a mut FunctionBuilder<'f>,
    pub(super) lanes: Lanes,
}

impl Scalars<'_, '_> {
    /// A literal by its bits.
    pub(super) fn lit(&mut self, bits: u64, dtype: DType) -> Value {
        let one = match dtype {
            DType::F32 => self.b.ins().f32const(f32::from_bits(bits as u32)),
            DType::F64 => self.b.ins().f64const(f64::from_bits(bits)),
            DType::I64 => self.b.ins().iconst(types::I64, bits.cast_signed()),
            DType::I32 => self.b.ins().iconst(types::I32, i64::from(bits as i32)),
            DType::U8 | DType::Bool => self.b.ins().iconst(types::I8, (bits & 0xff).cast_signed()),
        };
        self.splat(one, dtype)
    }

    /// One number in every lane.
    pub(super) fn splat(&mut self, one: Value, dtype: DType) -> Value {
        let ty = self.lanes.ty(dtype);
        match (self.lanes, dtype) {
            (Lanes::One, _) => one,
            (_, DType::Bool) => {
                let wide = self.b.ins().uextend(ty.lane_type(), one);
                let mask = self.b.ins().ineg(wide);
                self.b.ins().splat(ty, mask)
            }
            (Lanes::Four | Lanes::Two, _) => self.b.ins().splat(ty, one),
        }
    }

    fn number(&mut self, x: f64, dtype: DType) -> Value {
        let bits = match dtype {
            DType::F32 => u64::from((x as f32).to_bits()),
            DType::F64 => x.to_bits(),
            DType::I64 | DType::I32 | DType::U8 | DType::Bool => (x as i64).cast_unsigned(),
        };
        self.lit(bits, dtype)
    }

    /// `yes` where `condition`, else `no`.
    fn select(&mut self, condition: Value, yes: Value, no: Value) -> Value {
        if self.lanes == Lanes::One {
            return self.b.ins().select(condition, yes, no);
        }
        let ty = self.b.func.dfg.value_type(yes);
        let mask = self.cast_bits(condition, ty);
        self.b.ins().bitselect(mask, yes, no)
    }

    fn cast_bits(&mut self, x: Value, ty: Type) -> Value {
        if self.b.func.dfg.value_type(x) == ty {
            return x;
        }
        let flags = MemFlagsData::new().with_endianness(Endianness::Little);
        self.b.ins().bitcast(ty, flags, x)
    }

    /// A scalar function that is no routine; `dtype` is the operands' (of `select`, that of the last two).
    pub(super) fn apply(&mut self, f: Scalar, x: &[Value], dtype: DType) -> Value {
        match dtype {
            DType::F32 | DType::F64 => self.float(f, x, dtype),
            DType::Bool => self.truth(f, x),
            DType::I64 | DType::I32 | DType::U8 => self.integer(f, x, dtype),
        }
    }

    fn float(&mut self, f: Scalar, x: &[Value], dtype: DType) -> Value {
        use FloatCC::{
            Equal, GreaterThan, GreaterThanOrEqual, LessThan, LessThanOrEqual, NotEqual,
        };
        match f {
            Scalar::Neg => self.b.ins().fneg(x[0]),
            Scalar::Abs => self.b.ins().fabs(x[0]),
            Scalar::Sqrt => self.b.ins().sqrt(x[0]),
            Scalar::Add => self.b.ins().fadd(x[0], x[1]),
            Scalar::Sub => self.b.ins().fsub(x[0], x[1]),
            Scalar::Mul => self.b.ins().fmul(x[0], x[1]),
            Scalar::Div => self.b.ins().fdiv(x[0], x[1]),
            Scalar::Min => self.extreme(LessThan, x[0], x[1]),
            Scalar::Max => self.extreme(GreaterThan, x[0], x[1]),
            Scalar::Eq => self.b.ins().fcmp(Equal, x[0], x[1]),
            Scalar::Ne => self.b.ins().fcmp(NotEqual, x[0], x[1]),
            Scalar::Lt => self.b.ins().fcmp(LessThan, x[0], x[1]),
            Scalar::Le => self.b.ins().fcmp(LessThanOrEqual, x[0], x[1]),
            Scalar::Gt => self.b.ins().fcmp(GreaterThan, x[0], x[1]),
            Scalar::Ge => self.b.ins().fcmp(GreaterThanOrEqual, x[0], x[1]),
            Scalar::IsNan => self.b.ins().fcmp(NotEqual, x[0], x[0]),
            Scalar::Select => self.select(x[0], x[1], x[2]),
            Scalar::Sign => self.sign(x[0], dtype),
            Scalar::Step => {
                let (zero, one) = (self.number(0.0, dtype), self.number(1.0, dtype));
                let is_positive = self.b.ins().fcmp(GreaterThan, x[0], zero);
                self.select(is_positive, one, zero)
            }
            Scalar::IsFinite => {
                let (size, top) = (self.b.ins().fabs(x[0]), self.number(f64::INFINITY, dtype));
                self.b.ins().fcmp(LessThan, size, top)
            }
            Scalar::Floor | Scalar::Ceil | Scalar::Round | Scalar::Exp | Scalar::Expm1 => {
                routine(f)
            }
            Scalar::Ln | Scalar::Log1p | Scalar::Sin | Scalar::Cos | Scalar::Atan => routine(f),
            Scalar::Tanh | Scalar::Sigmoid | Scalar::Erf | Scalar::Pow | Scalar::Rem => routine(f),
            Scalar::Not | Scalar::And | Scalar::Or => unreachable!("checked: {f} takes bool"),
        }
    }

    fn sign(&mut self, x: Value, dtype: DType) -> Value {
        let [zero, one, minus] = [0.0, 1.0, -1.0].map(|x| self.number(x, dtype));
        let is_negative = self.b.ins().fcmp(FloatCC::LessThan, x, zero);
        let is_positive = self.b.ins().fcmp(FloatCC::GreaterThan, x, zero);
        let below = self.select(is_negative, minus, x);
        self.select(is_positive, one, below)
    }

    /// `x` where it beats `y` or is NaN, else `y`.
    fn extreme(&mut self, beats: FloatCC, x: Value, y: Value) -> Value {
        let wins = self.b.ins().fcmp(beats, x, y);
        let is_nan = self.b.ins().fcmp(FloatCC::NotEqual, x, x);
        let takes = self.b.ins().bor(wins, is_nan);
        self.select(takes, x, y)
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "all others take no bool")]
    fn truth(&mut self, f: Scalar, x: &[Value]) -> Value {
        if f == Scalar::Select {
            let (yes, no) = (
                self.b.ins().band(x[0], x[1]),
                self.b.ins().band_not(x[2], x[0]),
            );
            return self.b.ins().bor(yes, no);
        }
        match f {
            Scalar::And => self.b.ins().band(x[0], x[1]),
            Scalar::Or => self.b.ins().bor(x[0], x[1]),
            Scalar::Ne => self.b.ins().bxor(x[0], x[1]),
            Scalar::Not => self.not(x[0]),
            Scalar::Eq => {
                let differs = self.b.ins().bxor(x[0], x[1]);
                self.not(differs)
            }
            f => unreachable!("checked: {f} takes no bool"),
        }
    }

    fn not(&mut self, x: Value) -> Value {
        match self.lanes {
            Lanes::One => self.b.ins().bxor_imm_s(x, 1),
            Lanes::Four | Lanes::Two => self.b.ins().bnot(x),
        }
    }

    /// Integers are worked on one at a time.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the graph leaves all others to the op"
    )]
    fn integer(&mut self, f: Scalar, x: &[Value], dtype: DType) -> Value {
        let is_signed = dtype != DType::U8;
        let order = |signed: IntCC| if is_signed { signed } else { signed.unsigned() };
        match f {
            Scalar::Neg => self.b.ins().ineg(x[0]),
            Scalar::Add => self.b.ins().iadd(x[0], x[1]),
            Scalar::Sub => self.b.ins().isub(x[0], x[1]),
            Scalar::Mul => self.b.ins().imul(x[0], x[1]),
            Scalar::Min if is_signed => self.b.ins().smin(x[0], x[1]),
            Scalar::Min => self.b.ins().umin(x[0], x[1]),
            Scalar::Max if is_signed => self.b.ins().smax(x[0], x[1]),
            Scalar::Max => self.b.ins().umax(x[0], x[1]),
            Scalar::Eq => self.b.ins().icmp(IntCC::Equal, x[0], x[1]),
            Scalar::Ne => self.b.ins().icmp(IntCC::NotEqual, x[0], x[1]),
            Scalar::Lt => self.b.ins().icmp(order(IntCC::SignedLessThan), x[0], x[1]),
            Scalar::Le => self
                .b
                .ins()
                .icmp(order(IntCC::SignedLessThanOrEqual), x[0], x[1]),
            Scalar::Gt => self
                .b
                .ins()
                .icmp(order(IntCC::SignedGreaterThan), x[0], x[1]),
            Scalar::Ge => self
                .b
                .ins()
                .icmp(order(IntCC::SignedGreaterThanOrEqual), x[0], x[1]),
            Scalar::Select => self.b.ins().select(x[0], x[1], x[2]),
            f => unreachable!("settled: {f} of integers is left to the op"),
        }
    }

    /// A number as another element type: toward zero and saturating for integers, 0 of NaN; `x != 0` for `bool`.
    pub(super) fn convert(&mut self, x: Value, from: DType, to: DType) -> Value {
        match (from, to) {
            _ if from == to => x,
            (_, DType::Bool) => self.is_not_zero(x, from),
            (DType::Bool, _) => {
                let (zero, one) = (self.number(0.0, to), self.number(1.0, to));
                self.select(x, one, zero)
            }
            (DType::F32, DType::F64) => self.b.ins().fpromote(types::F64, x),
            (DType::F64, DType::F32) => self.b.ins().fdemote(types::F32, x),
            (DType::F32 | DType::F64, _) => self.whole_of(x, to),
            (_, DType::F32 | DType::F64) => self.float_of(x, from, scalar_type(to)),
            (DType::I64 | DType::I32 | DType::U8, _) => self.resize(x, from, scalar_type(to)),
        }
    }

    fn is_not_zero(&mut self, x: Value, from: DType) -> Value {
        let zero = self.number(0.0, from);
        if from.is_float() {
            self.b.ins().fcmp(FloatCC::NotEqual, x, zero)
        } else {
            self.b.ins().icmp(IntCC::NotEqual, x, zero)
        }
    }

    fn whole_of(&mut self, x: Value, to: DType) -> Value {
        match to {
            DType::I64 => self.b.ins().fcvt_to_sint_sat(types::I64, x),
            DType::I32 => self.b.ins().fcvt_to_sint_sat(types::I32, x),
            DType::U8 | DType::F32 | DType::F64 | DType::Bool => {
                let wide = self.b.ins().fcvt_to_uint_sat(types::I32, x);
                let top = self.b.ins().iconst(types::I32, 255);
                let least = self.b.ins().umin(wide, top);
                self.b.ins().ireduce(types::I8, least)
            }
        }
    }

    /// By way of `f64`, which holds every `i32` and `u8`; an `i64` is rounded once.
    fn float_of(&mut self, x: Value, from: DType, to: Type) -> Value {
        let wide = self.resize(x, from, types::I64);
        self.b.ins().fcvt_from_sint(to, wide)
    }

    fn resize(&mut self, x: Value, from: DType, to: Type) -> Value {
        let own = scalar_type(from);
        match own.bits().cmp(&to.bits()) {
            std::cmp::Ordering::Equal => x,
            std::cmp::Ordering::Greater => self.b.ins().ireduce(to, x),
            std::cmp::Ordering::Less if from == DType::U8 => self.b.ins().uextend(to, x),
            std::cmp::Ordering::Less => self.b.ins().sextend(to, x),
        }
    }

    /// What a fold begins with.
    pub(super) fn unit(&mut self, monoid: Monoid, dtype: DType) -> Value {
        let (bottom, top) = match dtype {
            DType::F32 | DType::F64 => (-f64::INFINITY, f64::INFINITY),
            DType::I64 | DType::I32 | DType::U8 | DType::Bool => (0.0, 0.0),
        };
        match monoid {
            Monoid::Sum | Monoid::Any => self.number(0.0, dtype),
            Monoid::Prod | Monoid::All => self.number(1.0, dtype),
            Monoid::Min if dtype.is_float() => self.number(top, dtype),
            Monoid::Max if dtype.is_float() => self.number(bottom, dtype),
            Monoid::Min => self.lit(greatest(dtype), dtype),
            Monoid::Max => self.lit(least(dtype), dtype),
        }
    }

    /// Two parts of a fold.
    pub(super) fn combine(&mut self, monoid: Monoid, x: Value, y: Value, dtype: DType) -> Value {
        let f = match monoid {
            Monoid::Sum => Scalar::Add,
            Monoid::Prod => Scalar::Mul,
            Monoid::Min => Scalar::Min,
            Monoid::Max => Scalar::Max,
            Monoid::Any => Scalar::Or,
            Monoid::All => Scalar::And,
        };
        self.apply(f, &[x, y], dtype)
    }
}

fn routine(f: Scalar) -> Value {
    unreachable!("staged: {f} is a routine's work")
}

fn greatest(dtype: DType) -> u64 {
    match dtype {
        DType::I64 => i64::MAX.cast_unsigned(),
        DType::I32 => i64::from(i32::MAX).cast_unsigned(),
        DType::U8 | DType::F32 | DType::F64 | DType::Bool => 255,
    }
}

fn least(dtype: DType) -> u64 {
    match dtype {
        DType::I64 => i64::MIN.cast_unsigned(),
        DType::I32 => i64::from(i32::MIN).cast_unsigned(),
        DType::U8 | DType::F32 | DType::F64 | DType::Bool => 0,
    }
}
