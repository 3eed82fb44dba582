//! Types, sizes and constraints.

use crate::diag::{Diagnostic, did_you_mean};
use crate::source::Span;
use crate::syntax::ast::{
    AxisExpr, BinaryOp, Constraint, DimExpr, DimExprKind, Name, Type, TypeKind,
};
use crate::syntax::codes;
use crate::types::Relation;

use super::super::grammar::{Children, Node, Rule};
use super::Builder;

/// The functions that sizes have, each of two sizes.
const SIZE_FUNCTIONS: [&str; 4] = ["floor_div", "ceil_div", "min", "max"];

impl Builder<'_, '_> {
    pub(super) fn ty(&mut self, node: Node<'_>) -> Type {
        let span = self.span(&node);
        let form = Children::of(node).must();
        let rule = form.as_rule();
        let children = Children::of(form);
        let kind = match rule {
            Rule::fn_type => self.fn_type(children),
            Rule::tuple_type => return self.tuple_type(span, children),
            Rule::record_type => {
                TypeKind::Record(children.map(|field| self.type_field(field)).collect())
            }
            Rule::tensor_type => self.tensor_type(children),
            Rule::choice_type => return self.choice_type(span, children),
            other => unreachable!("no form of a type: {other:?}"),
        };
        Type { span, kind }
    }

    /// A name alone is no choice.
    fn choice_type(&mut self, span: Span, children: Children<'_>) -> Type {
        let mut types: Vec<Type> = children.map(|ty| self.named_type(&ty)).collect();
        match types.len() {
            1 => types.remove(0),
            _ => Type {
                span,
                kind: TypeKind::Choice(types),
            },
        }
    }

    fn named_type(&mut self, node: &Node<'_>) -> Type {
        let span = self.span(node);
        let mut children = Children::of(node.clone());
        let name = self.name(&children.must());
        let dims = children.map(|dim| self.dim(dim)).collect();
        Type {
            span,
            kind: TypeKind::Named(name, dims),
        }
    }

    fn fn_type(&mut self, children: Children<'_>) -> TypeKind {
        let mut types: Vec<Type> = children.map(|ty| self.ty(ty)).collect();
        let result = types
            .pop()
            .expect("the grammar ends a fn type in its result");
        TypeKind::Fn(types, Box::new(result))
    }

    /// Brackets around one type only group.
    fn tuple_type(&mut self, span: Span, children: Children<'_>) -> Type {
        let mut types: Vec<Type> = children.map(|ty| self.ty(ty)).collect();
        match types.len() {
            1 => types.remove(0),
            _ => Type {
                span,
                kind: TypeKind::Tuple(types),
            },
        }
    }

    fn type_field(&mut self, node: Node<'_>) -> (Name, Type) {
        let mut children = Children::of(node);
        (self.name(&children.must()), self.ty(children.must()))
    }

    fn tensor_type(&mut self, mut children: Children<'_>) -> TypeKind {
        let dtype = children.one(Rule::dtype).map(|dtype| {
            let known = dtype.as_str().parse();
            known.expect("the grammar lists the dtypes that exist")
        });
        TypeKind::Tensor(dtype, children.map(|axis| self.axis(axis)).collect())
    }

    fn axis(&mut self, node: Node<'_>) -> AxisExpr {
        let mut children = Children::of(node);
        if let Some(spread) = children.one(Rule::spread) {
            let span = self.span(&spread);
            let name = Children::of(spread).next().map(|name| self.name(&name));
            return AxisExpr::Spread(name, span);
        }
        if let Some(hole) = children.one(Rule::hole) {
            return AxisExpr::Hole(self.span(&hole));
        }
        let label = children.one(Rule::axis_label);
        let label = label.map(|label| self.name(&Children::of(label).must()));
        AxisExpr::Axis(label, self.dim(children.must()))
    }

    /// A size: a sum of products, both from the left.
    pub(super) fn dim(&mut self, node: Node<'_>) -> DimExpr {
        let mut children = Children::of(node);
        let first = self.dim_product(&mut children);
        let mut rest = vec![];
        while let Some(op) = children.one(Rule::dim_op) {
            rest.push((dim_op(op.as_str()), self.dim_product(&mut children)));
        }
        chain(first, rest)
    }

    fn dim_product(&mut self, children: &mut Children<'_>) -> DimExpr {
        let first = self.dim_atom(children.must());
        let mut rest = vec![];
        while let Some(op) = children.take_if(Rule::dim_op, |text| matches!(text, "*" | "/")) {
            rest.push((dim_op(op.as_str()), self.dim_atom(children.must())));
        }
        chain(first, rest)
    }

    fn dim_atom(&mut self, node: Node<'_>) -> DimExpr {
        let span = self.span(&node);
        let kind = match node.as_rule() {
            Rule::integer => DimExprKind::Int(self.integer(&node)),
            Rule::ident => DimExprKind::Name(node.as_str().to_owned()),
            Rule::dim_group => return self.dim(Children::of(node).must()),
            Rule::dim_call => self.dim_call(node),
            other => unreachable!("no form of a size: {other:?}"),
        };
        DimExpr { span, kind }
    }

    fn dim_call(&mut self, node: Node<'_>) -> DimExprKind {
        let mut children = Children::of(node);
        let name = self.name(&children.must());
        let arguments = (self.dim(children.must()), self.dim(children.must()));
        if !SIZE_FUNCTIONS.contains(&name.value.as_str()) {
            self.report(bad_size_function(&name));
        }
        DimExprKind::Call(name, Box::new(arguments))
    }

    /// `a >= b` is `b <= a`.
    pub(super) fn constraint(&mut self, node: Node<'_>) -> Constraint {
        let span = self.span(&node);
        let mut children = Children::of(node);
        let left = self.dim(children.must());
        let relation = children.must();
        let right = self.dim(children.must());
        let (relation, left, right) = match relation.as_str() {
            "==" => (Relation::Equal, left, right),
            "<=" => (Relation::AtMost, left, right),
            ">=" => (Relation::AtMost, right, left),
            _ => (Relation::Divides, left, right),
        };
        Constraint {
            relation,
            left,
            right,
            span,
        }
    }
}

fn chain(first: DimExpr, rest: Vec<(BinaryOp, DimExpr)>) -> DimExpr {
    let Some((_, last)) = rest.last() else {
        return first;
    };
    let span = first.span.to(last.span);
    DimExpr {
        span,
        kind: DimExprKind::Chain(Box::new(first), rest),
    }
}

fn dim_op(text: &str) -> BinaryOp {
    match text {
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        _ => BinaryOp::Div,
    }
}

fn bad_size_function(name: &Name) -> Diagnostic {
    let report = Diagnostic::error(
        codes::BAD_SIZE_FUNCTION,
        format!("sizes have no function `{}`", name.value),
    );
    let report = report.label(name.span, "not a function of sizes");
    match did_you_mean(&name.value, SIZE_FUNCTIONS) {
        Some(near) => report.help(format!("did you mean `{near}`?")),
        None => report.help("sizes have `+ - * /`, `floor_div`, `ceil_div`, `min` and `max`"),
    }
}
