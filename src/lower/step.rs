//! One update: the loss as a function of the weights, its gradients, clipping, the optimizer; whole, or in halves where several
//! batches make an update.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{AxisSet, DraftId, NodeKind, Prim};
use crate::lower::arguments::Given;
use crate::lower::facts::FieldFacts;
use crate::lower::model_state::Recipe;
use crate::lower::run_fields::Recipes;
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Lowerer, Lowering, Reported, codes};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::tensor::Monoid;

/// What the pass that trains found out.
pub(crate) struct Step {
    pub(crate) func: DraftId,
    pub(crate) recipes: Vec<Recipe>,
    pub(crate) trained: Vec<String>,
}

/// A nested loss function with the outer values it captures.
struct NestedLoss {
    pub(crate) id: DraftId,
    pub(crate) captured: Vec<TensorRef>,
}

/// Which part of an update a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepKind {
    /// All of it.
    Whole,
    /// Loss and gradients, added to what earlier batches gave.
    Accumulate,
    /// Clipping and optimizer, from accumulated gradients.
    Update,
}

impl StepKind {
    fn name(self) -> &'static str {
        match self {
            StepKind::Whole => "step",
            StepKind::Accumulate => "accumulate",
            StepKind::Update => "update",
        }
    }
}

impl Lowerer<'_> {
    /// The function that trains, or the half of it that `kind` names.
    pub(crate) fn step_func(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
        kind: StepKind,
    ) -> Lowering<Step> {
        self.begin_func(kind.name().into(), true);
        let (func, results) = self.differentiable(recipes, inputs)?;
        let params = self.model.params();
        let trained = self.trained(recipes, &params)?;
        let captured = func
            .captured
            .iter()
            .map(|tensor| params.iter().position(|(_, param)| param == tensor));
        let places: Vec<Option<usize>> = captured.collect();
        // A parameter that the loss does not read has no gradient, and is not there.
        let read = |index: &usize| places.iter().position(|place| *place == Some(*index));
        let trained: Vec<usize> = trained
            .into_iter()
            .filter(|index| read(index).is_some())
            .collect();
        let wrt: Vec<usize> = trained.iter().filter_map(read).collect();
        if wrt.is_empty() {
            let report = Diagnostic::error(codes::TRAIN_SETTING, "there is nothing to train");
            let report = report.label(recipes.loss.span, "depends on no parameter that is free");
            return Err(self.report(report.help("say the loss in terms of `out`")));
        }
        let n_results = results.len();
        let grad = NodeKind::Grad {
            func: func.id,
            wrt: wrt.clone(),
        };
        let Val::Tuple(parts) = self.parts(
            grad,
            &func.captured,
            n_results + wrt.len(),
            recipes.loss.span,
        ) else {
            return Err(Reported);
        };
        let (values, gradients) = parts.split_at(n_results);
        let mut named: Vec<(String, TensorRef)> = Vec::new();
        if kind != StepKind::Update {
            for (name, value) in results.iter().zip(values) {
                named.push((name.clone(), self.to_tensor(value, recipes.loss.span)?));
            }
        }
        let trained: Vec<(String, TensorRef)> = trained
            .into_iter()
            .map(|index| params[index].clone())
            .collect();
        named.extend(self.step_results(recipes, kind, &trained, gradients)?);
        let (func, _) = self.close(named);
        let recipes = self.model.recipes.clone();
        self.roots.push(func);
        Ok(Step {
            func,
            recipes,
            trained: trained.into_iter().map(|(path, _)| path).collect(),
        })
    }

    fn step_results(
        &mut self,
        recipes: &Recipes<'_>,
        kind: StepKind,
        trained: &[(String, TensorRef)],
        gradients: &[Val],
    ) -> Lowering<Vec<(String, TensorRef)>> {
        let span = recipes.optimizer.1;
        match kind {
            StepKind::Whole => self.update(recipes, trained, gradients.to_vec()),
            StepKind::Accumulate => {
                let mut sums = Vec::new();
                for ((path, param), gradient) in trained.iter().zip(gradients) {
                    let sum = self.accumulated(path, *param, span);
                    let sum = self.scalar_op(
                        Scalar::Add,
                        &[(Val::Tensor(sum), span), (gradient.clone(), span)],
                        span,
                    )?;
                    sums.push((format!("gradient {path}"), self.to_tensor(&sum, span)?));
                }
                Ok(sums)
            }
            StepKind::Update => {
                let n = Val::Number(recipes.settings.accumulate as f64);
                let mut means = Vec::new();
                for (path, param) in trained {
                    let sum = Val::Tensor(self.accumulated(path, *param, span));
                    means.push(self.scalar_op(
                        Scalar::Div,
                        &[(sum, span), (n.clone(), span)],
                        span,
                    )?);
                }
                self.update(recipes, trained, means)
            }
        }
    }

    /// The input that carries the sum of a parameter's gradients; it has the parameter's type.
    fn accumulated(&mut self, path: &str, param: TensorRef, span: Span) -> TensorRef {
        let sum = self.root_input(Role::Gradient(path.to_string()), None, span);
        self.emit(NodeKind::Like, &[sum, param], span)
    }

    /// Model and loss as a nested function of the parameters it captures.
    fn differentiable(
        &mut self,
        recipes: &Recipes<'_>,
        inputs: &[FieldFacts],
    ) -> Lowering<(NestedLoss, Vec<String>)> {
        self.open("loss");
        let loss = self
            .model_result(recipes, inputs)
            .and_then(|out| self.weighed(recipes, out))
            .and_then(|out| self.loss(recipes, &out));
        let mut results = vec![("loss".to_string(), loss)];
        let next = std::mem::take(&mut self.model.next);
        results.extend(
            next.into_iter()
                .map(|(role, value)| (role.to_string(), Ok(value))),
        );
        let names = results.iter().map(|(name, _)| name.clone()).collect();
        let failed = results.iter().any(|(_, value)| value.is_err());
        let results = results
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.ok()?)))
            .collect();
        let (id, captured) = self.close(results);
        if failed {
            Err(Reported)
        } else {
            Ok((NestedLoss { id, captured }, names))
        }
    }

    /// The places of the parameters that are not frozen.
    fn trained(
        &mut self,
        recipes: &Recipes<'_>,
        params: &[(String, TensorRef)],
    ) -> Lowering<Vec<usize>> {
        let covers = |frozen: &str, path: &str| {
            path == frozen
                || path
                    .strip_prefix(frozen)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
        };
        for (frozen, span) in &recipes.frozen {
            if !params.iter().any(|(path, _)| covers(frozen, path)) {
                let report = Diagnostic::error(
                    codes::TRAIN_SETTING,
                    format!("`{frozen}` is no parameter of the model"),
                );
                let paths: Vec<&str> = params.iter().map(|(path, _)| path.as_str()).collect();
                let help = format!("its parameters are `{}`", paths.join("`, `"));
                return Err(self.report(report.label(*span, "nothing to freeze").help(help)));
            }
        }
        let free = |path: &str| {
            !recipes
                .frozen
                .iter()
                .any(|(frozen, _)| covers(frozen, path))
        };
        let kept: Vec<usize> = (0..params.len())
            .filter(|index| free(&params[*index].0))
            .collect();
        if kept.is_empty() {
            let report = Diagnostic::error(codes::TRAIN_SETTING, "there is nothing to train");
            let help = if params.is_empty() {
                "the model has no parameters: add a layer such as `Dense`"
            } else {
                "every parameter is frozen: free one"
            };
            return Err(self.report(
                report
                    .label(recipes.model_span, "no trainable parameter")
                    .help(help),
            ));
        }
        Ok(kept)
    }

    /// The common Euclidean norm of all gradients.
    fn norm(&mut self, gradients: &[Val], span: Span) -> Lowering<TensorRef> {
        let sum = NodeKind::Prim(Prim::Reduce(Monoid::Sum, AxisSet::All));
        let mut squares = Val::Number(0.0);
        for gradient in gradients {
            let gradient = (gradient.clone(), span);
            let square = self.scalar_op(Scalar::Mul, &[gradient.clone(), gradient], span)?;
            let square = self.to_tensor(&square, span)?;
            let square = Val::Tensor(self.emit(sum.clone(), &[square], span));
            squares = match squares {
                Val::Number(_) => square,
                all => self.scalar_op(Scalar::Add, &[(all, span), (square, span)], span)?,
            };
        }
        let norm = self.scalar_op(Scalar::Sqrt, &[(squares, span)], span)?;
        self.to_tensor(&norm, span)
    }

    /// Clipping and the optimizer: the norm of the gradients where a rule for them looks at all of them anyway, new parameters, then
    /// new states of the optimizer. Elsewhere the norm would cost the place of the old weights, which the new ones take.
    fn update(
        &mut self,
        recipes: &Recipes<'_>,
        trained: &[(String, TensorRef)],
        gradients: Vec<Val>,
    ) -> Lowering<Vec<(String, TensorRef)>> {
        let span = recipes.optimizer.1;
        let norm = match recipes.clip {
            Some(_) => vec![("gradient norm".to_owned(), self.norm(&gradients, span)?)],
            None => vec![],
        };
        let gradients = self.clipped(recipes, gradients)?;
        let paths: Vec<&str> = trained.iter().map(|(path, _)| path.as_str()).collect();
        let (cx, base) = (&recipes.cx, &recipes.optimizer.0);
        let optimizers = self.optimizers(cx, &recipes.groups, base, &paths)?;
        let mut params = norm;
        for (((path, param), gradient), optimizer) in trained.iter().zip(gradients).zip(optimizers)
        {
            self.model.enter_optimizer(path);
            let given = vec![
                Given::value(Val::Tensor(*param), span),
                Given::value(gradient, span),
            ];
            let new = self.apply(optimizer, given, span, span);
            let new = new.and_then(|new| self.averaged(recipes, new));
            self.model.leave_optimizer();
            params.push((
                Role::Param(path.clone()).to_string(),
                self.to_tensor(&new?, span)?,
            ));
        }
        let next = std::mem::take(&mut self.model.next);
        params.extend(
            next.into_iter()
                .map(|(role, value)| (role.to_string(), value)),
        );
        Ok(params)
    }

    /// A new parameter, after its average has taken note of it.
    fn averaged(&mut self, recipes: &Recipes<'_>, new: Val) -> Lowering<Val> {
        if let Some((rule, span)) = &recipes.average {
            let given = vec![Given::value(new.clone(), *span)];
            self.apply(rule.clone(), given, *span, *span)?;
        }
        Ok(new)
    }

    fn clipped(&mut self, recipes: &Recipes<'_>, gradients: Vec<Val>) -> Lowering<Vec<Val>> {
        let Some((clip, span)) = &recipes.clip else {
            return Ok(gradients);
        };
        let n_gradients = gradients.len();
        match self.apply(
            clip.clone(),
            vec![Given::value(Val::Tuple(gradients), *span)],
            *span,
            *span,
        )? {
            Val::Tuple(clipped) if clipped.len() == n_gradients => Ok(clipped),
            other => Err(self.wrong_kind(
                "a rule that gives one tensor for each gradient",
                &other,
                *span,
            )),
        }
    }
}
