//! Names that are bound inside a definition and never read: parameters, `let`s, weights. A name that begins with `_` says that
//! this is meant; so does a place where the caller decides what is passed.

use std::collections::BTreeMap;

use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::lint::codes;
use crate::syntax::ast::{
    AxisExpr, Body, Constraint, Def, DefKind, DimExpr, DimExprKind, Expr, ExprKind, IndexItem,
    ItemKind, Name, Param, Program, Stmt, StmtKind, Type, TypeKind,
};

/// Warns of every name in a definition or test that nothing reads.
pub(super) fn unread(program: &Program, reports: &mut Diagnostics) {
    for item in &program.items {
        let mut reader = Reader {
            bound: vec![],
            places: BTreeMap::new(),
            n_params: 0,
            reports,
        };
        match &item.kind {
            ItemKind::Def(def) => reader.def(def),
            ItemKind::Test(test) => reader.body(&test.body),
            ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => {}
            ItemKind::Data(_) | ItemKind::Train(_) | ItemKind::Stmt(_) => {}
        }
    }
}

/// What binds names.
#[derive(Clone, Copy)]
enum Binder {
    /// A parameter of a definition.
    Param(DefKind),
    /// `let`
    Let,
    /// `param` or `state`
    Weight,
    /// Something whose names may go unread.
    Other,
}

/// Names that are bound together: reading one is reading the value.
struct Bound<'a> {
    names: Vec<&'a Name>,
    /// Sizes that its type brings into scope.
    sizes: Vec<&'a str>,
    binder: Binder,
    is_read: bool,
}

/// A walk through one definition, innermost names last.
struct Reader<'a, 'r> {
    bound: Vec<Bound<'a>>,
    /// Where in `bound` a name stands, innermost last.
    places: BTreeMap<&'a str, Vec<usize>>,
    /// How many of `bound`, from the first, are parameters; nothing else brings sizes along.
    n_params: usize,
    reports: &'r mut Diagnostics,
}

impl<'a> Reader<'a, '_> {
    fn def(&mut self, def: &'a Def) {
        let Some(body) = &def.body else {
            return;
        };
        let params = || def.settings.iter().flatten().chain(&def.inputs);
        for param in def.settings.iter().flatten() {
            self.param(param, Binder::Param(def.kind));
        }
        // Who takes a curried function or an optimizer decides what it is given.
        let is_asked = def.kind == DefKind::Optimizer || def.settings.is_some() && is_fn(def);
        let binder = if is_asked {
            Binder::Other
        } else {
            Binder::Param(def.kind)
        };
        def.inputs
            .iter()
            .for_each(|param| self.param(param, binder));
        self.n_params = self.bound.len();
        params().for_each(|param| self.types_of(param));
        def.result.iter().for_each(|ty| self.result(ty));
        def.constraints.iter().for_each(|one| self.constraint(one));
        self.body(body);
        if let Some(rule) = &def.grad {
            self.lambda(&rule.params, |this| this.body(&rule.body));
        }
        self.leave(0);
    }

    fn param(&mut self, param: &'a Param, binder: Binder) {
        let mut sizes = vec![];
        sizes_of(&param.ty, &mut sizes);
        self.bind(vec![&param.name], sizes, binder);
    }

    /// Sizes that a parameter's type names are settings, read here.
    fn types_of(&mut self, param: &'a Param) {
        self.ty(&param.ty);
        param.default.iter().for_each(|value| self.expr(value));
    }

    /// A size in the result that one parameter alone brings along is what that parameter is there for.
    fn result(&mut self, ty: &'a Type) {
        let mut sizes = vec![];
        sizes_of(ty, &mut sizes);
        for size in sizes {
            self.name(size);
            let mut bringing = self
                .bound
                .iter_mut()
                .filter(|one| one.sizes.contains(&size));
            if let (Some(only), None) = (bringing.next(), bringing.next()) {
                only.is_read = true;
            }
        }
    }

    fn constraint(&mut self, constraint: &'a Constraint) {
        self.dim(&constraint.left);
        self.dim(&constraint.right);
    }

    fn bind(&mut self, names: Vec<&'a Name>, sizes: Vec<&'a str>, binder: Binder) {
        for name in &names {
            let places = self.places.entry(&name.value).or_default();
            places.push(self.bound.len());
        }
        self.bound.push(Bound {
            names,
            sizes,
            binder,
            is_read: false,
        });
    }

    /// Forgets names down to a depth and warns of those that nothing has read.
    fn leave(&mut self, depth: usize) {
        for bound in self.forget(depth) {
            let is_meant = bound.names.iter().any(|name| name.value.starts_with('_'));
            if !bound.is_read && !is_meant {
                warning(&bound)
                    .into_iter()
                    .for_each(|report| self.reports.push(report));
            }
        }
    }

    fn forget(&mut self, depth: usize) -> Vec<Bound<'a>> {
        let forgotten = self.bound.split_off(depth);
        for name in forgotten.iter().flat_map(|bound| &bound.names) {
            let places = self.places.get_mut(name.value.as_str());
            places.and_then(Vec::pop);
        }
        forgotten
    }

    /// A name is read.
    fn name(&mut self, name: &str) {
        if let Some(&innermost) = self.places.get(name).and_then(|places| places.last()) {
            self.bound[innermost].is_read = true;
        }
    }

    /// A name is read, which may be a size that some parameter's type has brought along.
    fn size(&mut self, name: &str) {
        self.name(name);
        let params = self.bound[..self.n_params].iter_mut();
        let bringing = params.filter(|one| one.sizes.contains(&name));
        bringing.for_each(|bound| bound.is_read = true);
    }

    fn body(&mut self, body: &'a Body) {
        let depth = self.bound.len();
        body.stmts.iter().for_each(|stmt| self.stmt(stmt));
        body.value.iter().for_each(|value| self.expr(value));
        self.leave(depth);
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Let(pattern, ty, value) => {
                ty.iter().for_each(|ty| self.inner_type(ty));
                self.expr(value);
                self.bind(pattern.names().iter().collect(), vec![], Binder::Let);
            }
            StmtKind::Param(name, ty, init) => {
                self.inner_type(ty);
                init.iter().for_each(|init| self.expr(init));
                self.bind(vec![name], vec![], Binder::Weight);
            }
            StmtKind::State(name, ty, value) => {
                self.inner_type(ty);
                self.expr(value);
                self.bind(vec![name], vec![], Binder::Weight);
            }
            StmtKind::Next(name, value) => {
                self.name(&name.value);
                self.expr(value);
            }
            StmtKind::Tap(name, value) => {
                self.expr(value);
                self.bind(vec![name], vec![], Binder::Other);
            }
            StmtKind::Assert(value) | StmtKind::Show(value) | StmtKind::Expr(value) => {
                self.expr(value);
            }
            StmtKind::Save(value, path) => [value, path].into_iter().for_each(|e| self.expr(e)),
        }
    }

    fn expr(&mut self, expr: &'a Expr) {
        match &expr.kind {
            ExprKind::Path(path) => path
                .first()
                .into_iter()
                .for_each(|name| self.size(&name.value)),
            ExprKind::Lambda(params, body) => self.lambda(params, |this| this.expr(body)),
            ExprKind::If(condition, yes, no) => {
                self.expr(condition);
                self.body(yes);
                self.body(no);
            }
            ExprKind::Repeat(times, body) => {
                self.expr(times);
                self.body(body);
            }
            ExprKind::Index(operand, items) => {
                self.expr(operand);
                items.iter().for_each(|item| self.index(item));
            }
            _ => super::visit::within(expr)
                .into_iter()
                .for_each(|inner| self.expr(inner)),
        }
    }

    fn index(&mut self, item: &'a IndexItem) {
        match item {
            IndexItem::Ellipsis(_) => {}
            IndexItem::At(place) => self.expr(place),
            IndexItem::Range(start, stop, _) => {
                start.iter().chain(stop).for_each(|end| self.expr(end));
            }
        }
    }

    fn lambda(&mut self, params: &'a [Name], body: impl FnOnce(&mut Self)) {
        let depth = self.bound.len();
        self.bind(params.iter().collect(), vec![], Binder::Other);
        body(self);
        self.forget(depth);
    }

    /// A type in a body reads the sizes that it names.
    fn inner_type(&mut self, ty: &'a Type) {
        let mut sizes = vec![];
        sizes_of(ty, &mut sizes);
        sizes.into_iter().for_each(|size| self.size(size));
    }

    /// A type in a signature reads the settings that it names.
    fn ty(&mut self, ty: &'a Type) {
        let mut sizes = vec![];
        sizes_of(ty, &mut sizes);
        sizes.into_iter().for_each(|size| self.name(size));
    }

    fn dim(&mut self, dim: &'a DimExpr) {
        let mut sizes = vec![];
        sizes_in(dim, &mut sizes);
        sizes.into_iter().for_each(|size| self.size(size));
    }
}

fn is_fn(def: &Def) -> bool {
    def.kind == DefKind::Fn
}

/// The sizes, spreads included, that a type names.
fn sizes_of<'a>(ty: &'a Type, sizes: &mut Vec<&'a str>) {
    match &ty.kind {
        TypeKind::Tensor(_, axes) => axes.iter().for_each(|axis| match axis {
            AxisExpr::Spread(name, _) => sizes.extend(name.iter().map(|name| name.value.as_str())),
            AxisExpr::Hole(_) => {}
            AxisExpr::Axis(_, dim) => sizes_in(dim, sizes),
        }),
        TypeKind::Named(_, dims) => dims.iter().for_each(|dim| sizes_in(dim, sizes)),
        TypeKind::Record(fields) => fields.iter().for_each(|(_, ty)| sizes_of(ty, sizes)),
        TypeKind::Tuple(items) | TypeKind::Choice(items) => {
            items.iter().for_each(|ty| sizes_of(ty, sizes));
        }
        TypeKind::Fn(inputs, result) => {
            inputs.iter().for_each(|ty| sizes_of(ty, sizes));
            sizes_of(result, sizes);
        }
    }
}

fn sizes_in<'a>(dim: &'a DimExpr, sizes: &mut Vec<&'a str>) {
    match &dim.kind {
        DimExprKind::Int(_) => {}
        DimExprKind::Name(name) => sizes.push(name),
        DimExprKind::Chain(first, rest) => {
            sizes_in(first, sizes);
            rest.iter().for_each(|(_, dim)| sizes_in(dim, sizes));
        }
        DimExprKind::Call(_, both) => {
            sizes_in(&both.0, sizes);
            sizes_in(&both.1, sizes);
        }
    }
}

fn warning(bound: &Bound<'_>) -> Option<Diagnostic> {
    let name = bound.names.first()?;
    let (code, what, place): (Code, &str, &str) = match bound.binder {
        Binder::Param(kind) => (codes::UNREAD_PARAM, owner(kind), "declared here"),
        Binder::Let => (codes::UNREAD_LET, "this body", "computed here for nothing"),
        Binder::Weight => (codes::UNREAD_LET, "this layer", "so it is not created"),
        Binder::Other => return None,
    };
    let all: Vec<String> = bound
        .names
        .iter()
        .map(|name| format!("`{}`", name.value))
        .collect();
    let message = format!("nothing in {what} reads {}", all.join(" or "));
    let report = Diagnostic::warning(code, message).label(name.span, place);
    let help = match bound.binder {
        // The field that feeds it would have to be called so too; a weight is not created either way.
        Binder::Param(DefKind::Model) | Binder::Weight => "use it or leave it out".into(),
        _ => format!(
            "use it or leave it out; where it must be there, call it `_{}`",
            name.value
        ),
    };
    Some(report.help(help))
}

fn owner(kind: DefKind) -> &'static str {
    match kind {
        DefKind::Fn => "this function",
        DefKind::Layer => "this layer",
        DefKind::Model => "this model",
        DefKind::Optimizer => "this optimizer",
    }
}
