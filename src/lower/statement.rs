//! Statements of the top level: each is a function whose results are bound by name, and an action that says what to do with them.

use crate::ir::draft::{DraftId, NodeKind, Prim};
use crate::lower::model_state::ModelState;
use crate::lower::pictures::tensor_names;
use crate::lower::plan::{Action, Assert, Compute, Shown};
use crate::lower::value::{Host, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported};
use crate::source::Span;
use crate::syntax::ast::{self, BinaryOp, Expr, ExprKind, Pattern};
use crate::tensor::Monoid;

impl Lowerer<'_> {
    pub(crate) fn top_let(
        &mut self,
        cx: &mut Cx,
        pattern: &Pattern,
        ty: Option<&ast::Type>,
        value: &Expr,
        span: Span,
    ) -> Lowering<()> {
        let names = pattern.names().iter();
        let names: Vec<String> = names.map(|name| name.value.clone()).collect();
        self.begin_statement(&format!("let {}", names.join(", ")));
        let mut inner = cx.clone();
        let outcome = self.let_stmt(&mut inner, pattern, ty, value);
        let values: Vec<Val> = names
            .iter()
            .map(|name| inner.env.get(name).cloned().unwrap_or(Val::Poison))
            .collect();
        let bound = outcome.and_then(|()| self.finish(&names, values, span));
        let failed = bound.is_err();
        let values = bound.unwrap_or_else(|_| vec![Val::Poison; names.len()]);
        // Symbols that the declared type introduced stay known.
        let settled = inner.settled();
        cx.env = names
            .iter()
            .zip(values)
            .fold(settled.env, |env, (name, value)| env.with(name, value));
        if failed { Err(Reported) } else { Ok(()) }
    }

    /// Begins the function of a statement.
    fn begin_statement(&mut self, name: &str) {
        self.frames.clear();
        self.model = ModelState::new(false);
        self.n_statements += 1;
        self.model
            .enter_room(&format!("statement{}", self.n_statements));
        self.open(name);
    }

    /// Ends the function of a statement: what it computes is bound by name, and the values speak of those names.
    fn finish(&mut self, names: &[String], values: Vec<Val>, span: Span) -> Lowering<Vec<Val>> {
        let mut results: Vec<(String, TensorRef)> = Vec::new();
        let mut named = Vec::new();
        for (name, value) in names.iter().zip(&values) {
            let mut leaves = Vec::new();
            let all = value.leaves();
            for (index, leaf) in all.iter().enumerate() {
                let leaf_name = if all.len() == 1 {
                    name.clone()
                } else {
                    format!("{name}.{index}")
                };
                leaves.push(self.finish_leaf(leaf, leaf_name, &mut results, span)?);
            }
            named.push(value.with_leaves(&mut leaves.into_iter()));
        }
        self.emit_compute(results, span)?;
        Ok(named)
    }

    fn finish_leaf(
        &mut self,
        leaf: &Val,
        name: String,
        results: &mut Vec<(String, TensorRef)>,
        span: Span,
    ) -> Lowering<Val> {
        match leaf {
            Val::Tensor(_) | Val::List(_) => {
                let tensor = self.to_tensor(leaf, span)?;
                let name = self.unique(name, results);
                results.push((name.clone(), tensor));
                Ok(Val::Global(name))
            }
            other => Ok(other.clone()),
        }
    }

    /// A later binding of the same name is another value.
    fn unique(&self, name: String, results: &[(String, TensorRef)]) -> String {
        let computed = self.actions.iter().flat_map(|action| match action {
            Action::Compute(compute) => compute.binds.as_slice(),
            _ => &[],
        });
        let taken: Vec<&str> = computed
            .chain(results.iter().map(|(name, _)| name))
            .chain(&self.taken)
            .map(String::as_str)
            .collect();
        let mut candidates =
            std::iter::once(name.clone()).chain((2..).map(|count| format!("{name}#{count}")));
        candidates
            .find(|candidate| !taken.contains(&candidate.as_str()))
            .unwrap_or(name)
    }

    fn emit_compute(&mut self, results: Vec<(String, TensorRef)>, span: Span) -> Lowering<()> {
        if results.is_empty() {
            return Ok(());
        }
        let binds: Vec<String> = results.iter().map(|(name, _)| name.clone()).collect();
        let recipes = self.model.recipes.clone();
        let (func, _) = self.close(results);
        self.export(func);
        let init = match recipes.is_empty() {
            true => None,
            false => {
                let paths = recipes
                    .iter()
                    .map(|recipe| recipe.role.path().to_string())
                    .collect();
                let name = format!("#{}", self.roots.len());
                Some((self.init_func(&recipes, &name)?, paths))
            }
        };
        self.actions.push(Action::Compute(Compute {
            func,
            init,
            binds,
            span,
        }));
        Ok(())
    }

    /// Registers a function whose results are globals.
    pub(crate) fn export(&mut self, func: DraftId) {
        self.draft.funcs[func].exports = true;
        self.mark_exports(func);
        self.roots.push(func);
    }

    /// The value of an expression at the top level, computed and bound under a name of its own.
    pub(crate) fn top_value(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Val> {
        self.begin_statement("show");
        let value = self.eval(cx, expr)?;
        self.n_unnamed += 1;
        let names = [format!("${}", self.n_unnamed)];
        Ok(self.finish(&names, vec![value], expr.span)?.remove(0))
    }

    pub(crate) fn show(&mut self, cx: &Cx, expr: &Expr) -> Lowering<()> {
        let value = self.top_value(cx, expr)?;
        let show = self.show_of(&value, expr)?;
        // A text that is shown where it is drawn is seen as it grows.
        if let (Shown::Drawn(drawn), Some(Action::Generate(action))) =
            (&show.value, self.actions.last_mut())
            && *drawn == action.name
        {
            action.title = Some(show.title.clone());
        }
        self.actions.push(Action::Show(show));
        Ok(())
    }

    pub(crate) fn shown(&mut self, value: &Val, span: Span) -> Lowering<Shown> {
        Ok(match value {
            Val::Global(name) => Shown::Tensor(name.clone()),
            Val::Number(number) => Shown::Text(spelt(*number)),
            Val::Bool(truth) => Shown::Text(truth.to_string()),
            Val::Str(text) => Shown::Text(text.clone()),
            Val::Quantity(number, unit) => Shown::Text(format!("{number} {}", unit.name())),
            Val::Dim(dim) => Shown::Text(dim.display(&self.draft.dims.symbols).to_string()),
            Val::DType(dtype) => Shown::Text(dtype.to_string()),
            Val::Tuple(items) => Shown::Tuple(
                items
                    .iter()
                    .map(|item| self.shown(item, span))
                    .collect::<Lowering<_>>()?,
            ),
            Val::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.shown(value, span)?)));
                Shown::Record(fields.collect::<Lowering<_>>()?)
            }
            Val::Host(host) => shown_host(host),
            Val::Heatmap(matrix, labels) => {
                let Shown::Tensor(tensor) = self.shown(matrix, span)? else {
                    return Err(Reported);
                };
                let [rows, cols] = labels.as_ref().clone();
                Shown::Heatmap { tensor, rows, cols }
            }
            Val::Drawing(drawing) => {
                let drawing = drawing.map(|tensor| match self.shown(tensor, span) {
                    Ok(Shown::Tensor(name)) => Some(name),
                    Ok(_) | Err(Reported) => None,
                });
                Shown::Drawing(drawing.ok_or(Reported)?)
            }
            Val::Images(items, layout) => {
                let items = items.iter().map(|item| self.shown(item, span));
                let names = tensor_names(items.collect::<Lowering<_>>()?);
                Shown::Images(names.ok_or(Reported)?, *layout)
            }
            other => return Err(self.wrong_kind("something to show", other, span)),
        })
    }

    pub(crate) fn assert(&mut self, cx: &Cx, condition: &Expr) -> Lowering<()> {
        self.begin_statement("assert");
        let sides = comparison(condition);
        let value = self.eval(cx, condition)?;
        let truth = self.to_tensor(&value, condition.span)?;
        let every = NodeKind::Prim(Prim::Reduce(Monoid::All, crate::ir::draft::AxisSet::All));
        let truth = self.emit(every, &[truth], condition.span);
        self.n_unnamed += 1;
        let prefix = format!("${}", self.n_unnamed);
        let mut results = vec![(prefix.clone(), truth)];
        let mut shown = Vec::new();
        for (index, side) in sides.into_iter().flatten().enumerate() {
            let tensor = self.eval_tensor(cx, side)?;
            let name = format!("{prefix}.{index}");
            shown.push((self.sources.text(side.span).to_string(), name.clone()));
            results.push((name, tensor));
        }
        self.emit_compute(results, condition.span)?;
        let text = self.sources.text(condition.span).to_string();
        self.actions.push(Action::Assert(Assert {
            text,
            span: condition.span,
            truth: prefix,
            sides: shown,
        }));
        Ok(())
    }
}

pub(crate) fn shown_host(host: &Host) -> Shown {
    match host {
        Host::Run(run) => Shown::Run(run.clone()),
        Host::History(run) => Shown::History(run.clone()),
        Host::Data(data) | Host::Part(data, _) => Shown::Data(data.clone()),
        Host::Plot(run, curves) => Shown::Plot {
            run: run.clone(),
            curves: curves.clone(),
        },
        Host::Text(name) => Shown::Drawn(name.clone()),
        Host::Folds(metrics) => Shown::Folds(metrics.clone()),
    }
}

/// Both sides of a comparison.
fn comparison(expr: &Expr) -> Option<[&Expr; 2]> {
    let ExprKind::Chain(left, rest) = &expr.kind else {
        return None;
    };
    let [(op, right)] = rest.as_slice() else {
        return None;
    };
    let compares = matches!(
        op.value,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
    );
    compares.then_some([left, right])
}

/// A number as one would write it: with an exponent where there would be many zeros.
pub(crate) fn spelt(number: f64) -> String {
    let is_plain = number == 0.0 || (1e-5..1e16).contains(&number.abs());
    match is_plain {
        true => number.to_string(),
        false => format!("{number:?}"),
    }
}
