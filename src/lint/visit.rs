//! Every expression of a tree, and every size in its types. Knows nothing of names.

use crate::syntax::ast::{
    Arg, AxisExpr, Body, Def, DimExpr, DimExprKind, Expr, ExprKind, Field, IndexItem, Item,
    ItemKind, Param, Stmt, StmtKind, Type, TypeKind,
};

/// The expressions that stand directly in an item, outermost ones only.
pub(super) fn of_item(item: &Item) -> Vec<&Expr> {
    match &item.kind {
        ItemKind::Def(def) => of_def(def),
        ItemKind::Data(block) | ItemKind::Train(block) => of_fields(&block.fields),
        ItemKind::Test(test) => of_body(&test.body),
        ItemKind::Stmt(stmt) => of_stmt(stmt),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => vec![],
    }
}

fn of_def(def: &Def) -> Vec<&Expr> {
    let params = def.settings.iter().flatten().chain(&def.inputs);
    let defaults = params.filter_map(|param: &Param| param.default.as_ref());
    let bodies = def
        .body
        .iter()
        .chain(def.grad.iter().map(|rule| &rule.body));
    defaults.chain(bodies.flat_map(of_body)).collect()
}

fn of_fields(fields: &[Field]) -> Vec<&Expr> {
    fields.iter().map(|field| &field.value).collect()
}

fn of_body(body: &Body) -> Vec<&Expr> {
    let stmts = body.stmts.iter().flat_map(of_stmt);
    stmts.chain(body.value.as_deref()).collect()
}

fn of_stmt(stmt: &Stmt) -> Vec<&Expr> {
    match &stmt.kind {
        StmtKind::Let(_, _, value)
        | StmtKind::State(_, _, value)
        | StmtKind::Next(_, value)
        | StmtKind::Tap(_, value)
        | StmtKind::Assert(value)
        | StmtKind::Show(value)
        | StmtKind::Expr(value) => vec![value],
        StmtKind::Param(_, _, init) => init.iter().collect(),
        StmtKind::Save(value, path) => vec![value, path],
    }
}

/// The expressions directly within an expression.
pub(super) fn within(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Number(_) | ExprKind::Quantity(..) | ExprKind::Str(_) | ExprKind::Bool(_) => {
            vec![]
        }
        ExprKind::Hole | ExprKind::Path(_) => vec![],
        ExprKind::List(items) | ExprKind::Tuple(items) | ExprKind::Pipe(items) => {
            items.iter().collect()
        }
        ExprKind::Record(fields) => fields.iter().map(|(_, value)| value).collect(),
        ExprKind::Unary(_, operand)
        | ExprKind::Member(operand, _)
        | ExprKind::Transpose(operand)
        | ExprKind::Lambda(_, operand) => vec![operand],
        ExprKind::Chain(first, rest) => {
            let rest = rest.iter().map(|(_, operand)| operand);
            std::iter::once(first.as_ref()).chain(rest).collect()
        }
        ExprKind::Call(callee, args) => {
            let args = args.iter().map(|arg: &Arg| &arg.value);
            std::iter::once(callee.as_ref()).chain(args).collect()
        }
        ExprKind::Index(operand, items) => {
            let items = items.iter().flat_map(of_index);
            std::iter::once(operand.as_ref()).chain(items).collect()
        }
        ExprKind::If(condition, yes, no) => {
            let branches = [yes, no].into_iter().flat_map(of_body);
            std::iter::once(condition.as_ref())
                .chain(branches)
                .collect()
        }
        ExprKind::Repeat(times, body) => std::iter::once(times.as_ref())
            .chain(of_body(body))
            .collect(),
    }
}

fn of_index(item: &IndexItem) -> Vec<&Expr> {
    match item {
        IndexItem::Ellipsis(_) => vec![],
        IndexItem::At(place) => vec![place],
        IndexItem::Range(start, stop, _) => start.iter().chain(stop).collect(),
    }
}

/// The numbers that stand as sizes in the types and file-wide dimensions of an item.
pub(super) fn sizes_in_types(item: &Item) -> Vec<i64> {
    let mut dims: Vec<&DimExpr> = match &item.kind {
        ItemKind::Def(def) => types_of(def).into_iter().flat_map(dims_of).collect(),
        ItemKind::Dim(decl) => decl.value.iter().collect(),
        ItemKind::Type(decl) => dims_of(&decl.ty),
        _ => vec![],
    };
    let mut sizes = vec![];
    while let Some(dim) = dims.pop() {
        match &dim.kind {
            DimExprKind::Int(size) => sizes.push(*size),
            DimExprKind::Name(_) => {}
            DimExprKind::Chain(first, rest) => {
                dims.push(first);
                dims.extend(rest.iter().map(|(_, dim)| dim));
            }
            DimExprKind::Call(_, both) => dims.extend([&both.0, &both.1]),
        }
    }
    sizes
}

fn types_of(def: &Def) -> Vec<&Type> {
    let params = def.settings.iter().flatten().chain(&def.inputs);
    let stmts = def.body.iter().flat_map(|body| &body.stmts);
    let weights = stmts.filter_map(|stmt| match &stmt.kind {
        StmtKind::Param(_, ty, _) | StmtKind::State(_, ty, _) => Some(ty),
        StmtKind::Let(_, ty, _) => ty.as_ref(),
        _ => None,
    });
    let signature = params.map(|param| &param.ty).chain(&def.result);
    signature.chain(weights).collect()
}

fn dims_of(ty: &Type) -> Vec<&DimExpr> {
    match &ty.kind {
        TypeKind::Tensor(_, axes) => axes
            .iter()
            .filter_map(|axis| match axis {
                AxisExpr::Axis(_, dim) => Some(dim),
                AxisExpr::Spread(..) | AxisExpr::Hole(_) => None,
            })
            .collect(),
        TypeKind::Named(_, dims) => dims.iter().collect(),
        TypeKind::Record(fields) => fields.iter().flat_map(|(_, ty)| dims_of(ty)).collect(),
        TypeKind::Tuple(items) | TypeKind::Choice(items) => {
            items.iter().flat_map(dims_of).collect()
        }
        TypeKind::Fn(inputs, result) => {
            let inputs = inputs.iter().flat_map(dims_of);
            inputs.chain(dims_of(result)).collect()
        }
    }
}
