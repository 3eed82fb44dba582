//! Types, sizes and constraints.

use crate::syntax::ast::{AxisExpr, BinaryOp, Constraint, DimExpr, DimExprKind, Type, TypeKind};
use crate::types::Relation;

use super::Printer;

impl Printer<'_> {
    pub(super) fn ty(&mut self, ty: &Type) {
        self.upto(ty.span.start);
        match &ty.kind {
            TypeKind::Tensor(dtype, axes) => {
                self.put(dtype.map_or("", |dtype| dtype.name()));
                self.put("[");
                self.joined(axes, ", ", Self::axis);
                self.put("]");
            }
            TypeKind::Named(name, dims) if dims.is_empty() => self.put(&name.value),
            TypeKind::Named(name, dims) => {
                self.put(&format!("{}[", name.value));
                self.joined(dims, ", ", Self::dim);
                self.put("]");
            }
            TypeKind::Choice(types) => self.joined(types, " or ", Self::ty),
            TypeKind::Record(fields) => {
                self.put("{ ");
                self.joined(fields, ", ", |printer, (name, ty)| {
                    printer.put(&format!("{}: ", name.value));
                    printer.ty(ty);
                });
                self.put(" }");
            }
            TypeKind::Tuple(types) => self.types(types),
            TypeKind::Fn(inputs, result) => {
                self.put("fn");
                self.types(inputs);
                self.put(" -> ");
                self.ty(result);
            }
        }
    }

    fn types(&mut self, types: &[Type]) {
        self.put("(");
        self.joined(types, ", ", Self::ty);
        self.put(")");
    }

    fn axis(&mut self, axis: &AxisExpr) {
        match axis {
            AxisExpr::Spread(name, _) => {
                let name = name.as_ref().map_or("", |name| &name.value);
                self.put(&format!("..{name}"));
            }
            AxisExpr::Hole(_) => self.put("?"),
            AxisExpr::Axis(label, dim) => {
                if let Some(label) = label {
                    self.put(&format!("{}: ", label.value));
                }
                self.dim(dim);
            }
        }
    }

    pub(super) fn dim(&mut self, dim: &DimExpr) {
        self.upto(dim.span.start);
        match &dim.kind {
            DimExprKind::Int(size) => self.put(&size.to_string()),
            DimExprKind::Name(name) => self.put(name),
            DimExprKind::Chain(first, rest) => {
                let is_product = binds_tight(dim);
                self.dim_operand(first, is_product);
                for (op, operand) in rest {
                    self.put(&format!(" {} ", op.symbol()));
                    self.dim_operand(operand, is_product);
                }
            }
            DimExprKind::Call(name, arguments) => {
                self.put(&format!("{}(", name.value));
                self.dim(&arguments.0);
                self.put(", ");
                self.dim(&arguments.1);
                self.put(")");
            }
        }
    }

    /// In a sum, products need no brackets; every other chain within a chain does.
    fn dim_operand(&mut self, operand: &DimExpr, in_product: bool) {
        let is_chain = matches!(operand.kind, DimExprKind::Chain(..));
        if !is_chain || (!in_product && binds_tight(operand)) {
            return self.dim(operand);
        }
        self.put("(");
        self.dim(operand);
        self.put(")");
    }

    pub(super) fn constraint(&mut self, constraint: &Constraint) {
        self.dim(&constraint.left);
        self.put(match constraint.relation {
            Relation::Equal => " == ",
            Relation::AtMost => " <= ",
            Relation::Divides => " divides ",
        });
        self.dim(&constraint.right);
    }
}

/// Whether a size is a product.
fn binds_tight(dim: &DimExpr) -> bool {
    match &dim.kind {
        DimExprKind::Chain(_, rest) => rest
            .iter()
            .all(|(op, _)| matches!(op, BinaryOp::Mul | BinaryOp::Div)),
        DimExprKind::Int(_) | DimExprKind::Name(_) | DimExprKind::Call(..) => false,
    }
}
