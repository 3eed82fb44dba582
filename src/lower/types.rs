//! Types as written to patterns for the checker. A signature's symbols are quantified implicitly: a name that no setting, outer
//! type or file-wide `dim` explains becomes a symbol of its own, one for each use of the signature.

use std::rc::Rc;

use crate::diag::Diagnostic;
use crate::ir::draft::{AxisPattern, Elem, Pattern, Spread};
use crate::lower::scope::Global;
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, codes};
use crate::source::Span;
use crate::syntax::ast::{AxisExpr, Def, DimExpr, DimExprKind, Name, Type, TypeKind};
use crate::types::{DType, Dim, SymKind};

/// What one use of a signature shares: its float type and its spreads.
#[derive(Clone, Debug)]
pub(crate) struct Signature {
    pub(crate) float: Elem,
    pub(crate) spreads: Vec<(String, AxisPattern)>,
}

/// A type that may be structured.
#[derive(Clone, Debug)]
pub(crate) enum TypeTree {
    Tensor(Pattern),
    Tuple(Vec<TypeTree>),
    Record(Vec<(String, TypeTree)>),
}

/// What a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParamKind {
    /// A tensor, or a record or tuple of tensors.
    Tensor,
    /// A single number: a scalar tensor, kept as a number where it is one.
    Scalar,
    Dim,
    Dims,
    /// So many sizes; one stands for all.
    Sizes(usize),
    /// One of several words, or a value of another kind.
    Choice,
    Int,
    Bool,
    Str,
    DType,
    Axis,
    Axes,
    /// A length of time in steps.
    Duration,
    /// A number, or a function of the step.
    Schedule,
    /// A function or layer.
    Function,
    /// Anything, evaluated as it comes.
    Any,
    /// All further arguments by place.
    Values,
    /// All further arguments by name.
    Named,
    /// Curves of a history, as written: `val.loss`.
    Series,
}

impl ParamKind {
    /// The kind a parameter's type asks for.
    pub(crate) fn of(ty: &Type) -> ParamKind {
        match &ty.kind {
            TypeKind::Tensor(..) | TypeKind::Record(_) | TypeKind::Tuple(_) => ParamKind::Tensor,
            TypeKind::Fn(..) => ParamKind::Function,
            TypeKind::Choice(_) => ParamKind::Choice,
            TypeKind::Named(name, sizes) if name.value == "dims" && !sizes.is_empty() => {
                ParamKind::Sizes(number_of(&sizes[0]))
            }
            TypeKind::Named(name, _) => ParamKind::named(&name.value).unwrap_or(ParamKind::Tensor),
        }
    }

    pub(crate) fn named(name: &str) -> Option<ParamKind> {
        Some(match name {
            "dim" => ParamKind::Dim,
            "dims" => ParamKind::Dims,
            "int" => ParamKind::Int,
            "bool" => ParamKind::Bool,
            "str" => ParamKind::Str,
            "dtype" => ParamKind::DType,
            "axis" => ParamKind::Axis,
            "axes" => ParamKind::Axes,
            "steps" | "epochs" => ParamKind::Duration,
            "schedule" => ParamKind::Schedule,
            "fn" | "init" | "layer" => ParamKind::Function,
            "any" => ParamKind::Any,
            "values" => ParamKind::Values,
            "named" => ParamKind::Named,
            "series" => ParamKind::Series,
            "f32" | "f64" | "i64" | "i32" | "u8" => ParamKind::Scalar,
            _ => return None,
        })
    }
}

/// The number that a size is written as.
fn number_of(size: &DimExpr) -> usize {
    match size.kind {
        DimExprKind::Int(n) => usize::try_from(n).unwrap_or(1),
        DimExprKind::Name(_) | DimExprKind::Chain(..) | DimExprKind::Call(..) => 1,
    }
}

impl Lowerer<'_> {
    /// A fresh signature for one use of a definition, and the environment with its symbols.
    pub(crate) fn signature(&mut self, cx: &Cx, def: &Def, kind: SymKind) -> Cx {
        let float = self.open_float();
        let mut inner = Cx {
            signature: Rc::new(Signature {
                float,
                spreads: vec![],
            }),
            ..cx.clone()
        };
        let types = def.inputs.iter().map(|param| &param.ty).chain(&def.result);
        let settings = def.settings.iter().flatten().map(|param| &param.ty);
        let types: Vec<&Type> = settings.chain(types).collect();
        types
            .into_iter()
            .for_each(|ty| self.introduce(&mut inner, ty, kind));
        inner
    }

    /// Brings the symbols and spreads of a type into scope.
    pub(crate) fn introduce(&mut self, cx: &mut Cx, ty: &Type, kind: SymKind) {
        match &ty.kind {
            TypeKind::Tensor(_, axes) => axes
                .iter()
                .for_each(|axis| self.introduce_axis(cx, axis, kind)),
            TypeKind::Named(_, dims) => dims
                .iter()
                .for_each(|dim| self.introduce_dim(cx, dim, kind)),
            TypeKind::Record(fields) => fields
                .iter()
                .for_each(|(_, ty)| self.introduce(cx, ty, kind)),
            TypeKind::Tuple(items) => items.iter().for_each(|ty| self.introduce(cx, ty, kind)),
            TypeKind::Fn(..) | TypeKind::Choice(_) => {}
        }
    }

    fn introduce_axis(&mut self, cx: &mut Cx, axis: &AxisExpr, kind: SymKind) {
        match axis {
            AxisExpr::Spread(Some(name), _) => self.introduce_spread(cx, name, kind),
            AxisExpr::Axis(_, dim) => self.introduce_dim(cx, dim, kind),
            AxisExpr::Spread(None, _) | AxisExpr::Hole(_) => {}
        }
    }

    /// While a definition is checked for itself, a spread is one axis of a size of its own.
    fn introduce_spread(&mut self, cx: &mut Cx, name: &Name, kind: SymKind) {
        if cx
            .signature
            .spreads
            .iter()
            .any(|(known, _)| *known == name.value)
        {
            return;
        }
        let axis = if kind == SymKind::Rigid {
            let symbol = self.draft.dims.fresh(
                &format!("..{}", name.value),
                SymKind::Rigid,
                Some(name.span),
            );
            AxisPattern::Axis(None, Dim::sym(symbol))
        } else {
            AxisPattern::Spread(self.draft.spreads.push(Spread {
                name: name.value.clone(),
            }))
        };
        Rc::make_mut(&mut cx.signature)
            .spreads
            .push((name.value.clone(), axis));
    }

    fn introduce_dim(&mut self, cx: &mut Cx, dim: &DimExpr, kind: SymKind) {
        match &dim.kind {
            DimExprKind::Int(_) => {}
            DimExprKind::Name(name) => self.introduce_symbol(cx, name, dim.span, kind),
            DimExprKind::Chain(first, rest) => {
                self.introduce_dim(cx, first, kind);
                rest.iter()
                    .for_each(|(_, dim)| self.introduce_dim(cx, dim, kind));
            }
            DimExprKind::Call(_, sides) => {
                self.introduce_dim(cx, &sides.0, kind);
                self.introduce_dim(cx, &sides.1, kind);
            }
        }
    }

    fn introduce_symbol(&mut self, cx: &mut Cx, name: &str, span: Span, kind: SymKind) {
        let bound = matches!(cx.env.get(name), Some(Val::Dim(_) | Val::Number(_)));
        let global = matches!(
            self.world.find(cx.scope, name).map(|entry| &entry.global),
            Some(Global::Dim(_))
        );
        if !bound && !global {
            let symbol = self.draft.dims.fresh(name, kind, Some(span));
            cx.env = cx.env.with(name, Val::Dim(Dim::sym(symbol)));
        }
    }

    /// The pattern of a type whose symbols are in scope.
    pub(crate) fn type_tree(&mut self, cx: &Cx, ty: &Type) -> Lowering<TypeTree> {
        match &ty.kind {
            TypeKind::Tensor(dtype, axes) => {
                Ok(TypeTree::Tensor(self.pattern(cx, *dtype, axes, ty.span)?))
            }
            TypeKind::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, ty)| Ok((name.value.clone(), self.type_tree(cx, ty)?)));
                Ok(TypeTree::Record(fields.collect::<Lowering<_>>()?))
            }
            TypeKind::Tuple(items) => Ok(TypeTree::Tuple(
                items
                    .iter()
                    .map(|ty| self.type_tree(cx, ty))
                    .collect::<Lowering<_>>()?,
            )),
            TypeKind::Named(name, dims) => self.named_type(cx, name, dims, ty.span),
            TypeKind::Fn(..) => Err(self.unknown_type("a function type", ty.span)),
            TypeKind::Choice(_) => Err(self.unknown_type("a choice", ty.span)),
        }
    }

    fn named_type(
        &mut self,
        cx: &Cx,
        name: &Name,
        dims: &[DimExpr],
        span: Span,
    ) -> Lowering<TypeTree> {
        if let Ok(dtype) = name.value.parse::<DType>() {
            let elem = if dtype == DType::F32 {
                cx.signature.float
            } else {
                Elem::Fixed(dtype)
            };
            return Ok(TypeTree::Tensor(Pattern {
                elem,
                axes: vec![],
                span,
            }));
        }
        let entry = self
            .world
            .find(cx.scope, &name.value)
            .map(|entry| entry.global.clone());
        let Some(Global::Type(decl)) = entry else {
            return Err(self.unknown_type(&format!("`{}`", name.value), name.span));
        };
        if decl.params.len() != dims.len() {
            let message = format!(
                "`{}` takes {} dimensions, found {}",
                name.value,
                decl.params.len(),
                dims.len()
            );
            let report = Diagnostic::error(codes::ARITY, message).label(span, "used here");
            return Err(self.report(report.label(decl.name.span, "declared here")));
        }
        let mut inner = cx.clone();
        for (param, dim) in decl.params.iter().zip(dims) {
            let dim = self.dim_expr(cx, dim)?;
            inner.env = inner.env.with(&param.value, Val::Dim(dim));
        }
        self.type_tree(&inner, &decl.ty)
    }

    fn unknown_type(&mut self, what: &str, span: Span) -> crate::lower::Reported {
        let report = Diagnostic::error(
            codes::UNKNOWN_TYPE,
            format!("{what} is not a type of tensors"),
        );
        self.report(
            report
                .label(span, "not known here")
                .help("write a tensor type such as `[batch, 4]`, or declare it with `type`"),
        )
    }

    fn pattern(
        &mut self,
        cx: &Cx,
        dtype: Option<DType>,
        axes: &[AxisExpr],
        span: Span,
    ) -> Lowering<Pattern> {
        let elem = dtype.map_or(cx.signature.float, Elem::Fixed);
        let axes = axes
            .iter()
            .map(|axis| self.axis_pattern(cx, axis))
            .collect::<Lowering<_>>()?;
        Ok(Pattern { elem, axes, span })
    }

    fn axis_pattern(&mut self, cx: &Cx, axis: &AxisExpr) -> Lowering<AxisPattern> {
        match axis {
            AxisExpr::Hole(_) => Ok(AxisPattern::Hole),
            AxisExpr::Axis(label, dim) => Ok(AxisPattern::Axis(
                label.as_ref().map(|name| name.value.clone()),
                self.dim_expr(cx, dim)?,
            )),
            AxisExpr::Spread(name, _) => {
                let is_it = |known: &&(String, AxisPattern)| {
                    name.as_ref().is_some_and(|name| known.0 == name.value)
                };
                Ok(match cx.signature.spreads.iter().find(is_it) {
                    Some((_, axis)) => axis.clone(),
                    None => AxisPattern::Spread(self.draft.spreads.push(Spread {
                        name: String::new(),
                    })),
                })
            }
        }
    }
}
