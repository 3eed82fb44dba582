//! The words for operations on elements: shapes that must be equal, element types.

use crate::ops::describe::Told;
use crate::ops::{Description, ElemKind, advice, codes};

impl Told<'_> {
    pub(super) fn shapes(&self, what: &str, left: usize, right: usize) -> Description {
        let (a, b) = (self.shape(left), self.shape(right));
        let message = format!(
            "`{what}` needs equal shapes: {} and {}",
            self.shown(left),
            self.shown(right)
        );
        self.pair(codes::SHAPES, message, left, right)
            .note(advice::stretched(&a, &b, self.symbols))
            .help(advice::equal_shapes(&a, &b, self.symbols))
    }

    pub(super) fn names(&self, what: &str, left: usize, right: usize) -> Description {
        let message = format!("`{what}` brings together axes of different names");
        self.pair(codes::AXIS_NAMES, message, left, right)
            .help("transpose one side, or drop one of the names".to_string())
    }

    pub(super) fn dtypes(&self, what: &str, left: usize, right: usize) -> Description {
        let dtype = |operand: usize| self.operands.get(operand).map(|ty| ty.dtype);
        let (Some(a), Some(b)) = (dtype(left), dtype(right)) else {
            return Description::new(codes::DTYPES, format!("`{what}` needs one element type"));
        };
        let wanted = if b.is_float() && !a.is_float() { b } else { a };
        let message = format!("`{what}` needs one element type: {a} and {b}");
        self.pair(codes::DTYPES, message, left, right)
            .help(format!("convert one side: `cast(…, {wanted})`"))
    }

    pub(super) fn elem(&self, what: &str, operand: usize, needs: ElemKind) -> Description {
        let (kind, help) = match needs {
            ElemKind::Float => ("floats", "convert first: `cast(…, f32)`"),
            ElemKind::Number => ("numbers", "convert first: `cast(…, f32)`"),
            ElemKind::Integer => ("integers", "convert first: `cast(…, i64)`"),
            ElemKind::Bool => ("truth values", "compare first: `… != 0`"),
        };
        let ty = self.ty(operand);
        Description::new(
            codes::DTYPE,
            format!("`{what}` works on {kind}, found {ty}"),
        )
        .label(operand, ty)
        .help(help.to_string())
    }

    pub(super) fn scalar(&self, what: &str, operand: usize) -> Description {
        let ty = self.ty(operand);
        let message = format!("`{what}` wants a scalar here, found {ty}");
        Description::new(codes::NOT_SCALAR, message).label(operand, ty)
    }
}
