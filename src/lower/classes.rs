//! Classes that count for more or less than their rows: `class_weights` and `sampling` of a `train` block. Both take a number for
//! each class: as a list in the order of the classes, by name, or as a function of how many rows each class has, `balanced`.
//!
//! A weight multiplies what a row of the model's output passes back, `w · dout`. Where the loss is a mean over rows, that is the
//! gradient of the weighted loss; what else stands in the loss, such as a penalty of weights, is left as it is, and so are the
//! values that are recorded.

use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::draft::{AxisPattern, AxisRef, AxisSet, NewDim, NodeKind, Pattern, Prim, Why};
use crate::lower::arguments::Given;
use crate::lower::facts::{DataFacts, FieldFacts};
use crate::lower::plan::Sampling;
use crate::lower::run_fields::Recipes;
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::Expr;
use crate::types::{DType, Dim};

/// A number for each class of a field.
#[derive(Clone, Debug)]
pub(crate) struct ClassNumbers {
    what: &'static str,
    field: FieldFacts,
    value: Val,
    span: Span,
}

impl ClassNumbers {
    fn classes(&self) -> &[(String, usize)] {
        self.field.classes.as_deref().unwrap_or_default()
    }

    fn names(&self) -> String {
        let names = self.classes().iter().map(|(name, _)| format!("`{name}`"));
        names.collect::<Vec<_>>().join(", ")
    }
}

impl Lowerer<'_> {
    /// The setting `what`, if it is there: numbers for the classes of the data's only field that tells rows apart and that the
    /// model, whose inputs have these names, is not fed.
    pub(crate) fn class_numbers(
        &mut self,
        cx: &Cx,
        (what, expr): (&'static str, Option<&Expr>),
        data: &DataFacts,
        inputs: &[String],
    ) -> Lowering<Option<ClassNumbers>> {
        let Some(expr) = expr else { return Ok(None) };
        let told = |field: &&FieldFacts| field.classes.is_some() && !inputs.contains(&field.name);
        let fields: Vec<&FieldFacts> = data.fields.iter().filter(told).collect();
        let [field] = fields[..] else {
            return Err(self.no_classes(what, expr.span, data, &fields));
        };
        let mut numbers = ClassNumbers {
            what,
            field: field.clone(),
            value: self.setting(cx, expr)?,
            span: expr.span,
        };
        numbers.value = self.in_order_of_classes(&numbers)?;
        Ok(Some(numbers))
    }

    /// A list of one number for each class, or a function that gives one.
    fn in_order_of_classes(&mut self, numbers: &ClassNumbers) -> Lowering<Val> {
        let n_classes = numbers.classes().len();
        match &numbers.value {
            Val::Def(_) | Val::Closure(_) => Ok(numbers.value.clone()),
            Val::List(items) if items.len() == n_classes => {
                let items = items.clone().into_iter();
                let items = items.map(|item| self.class_number(numbers, item));
                Ok(Val::List(items.collect::<Lowering<_>>()?))
            }
            Val::List(items) => {
                let message = format!("{n_classes} classes, and {} numbers for them", items.len());
                let help = format!("the classes are {}, in this order", numbers.names());
                Err(self.report(
                    Diagnostic::error(codes::TRAIN_SETTING, message)
                        .label(numbers.span, "one number for each class")
                        .label(numbers.field.span, numbers.field.because.clone())
                        .help(help),
                ))
            }
            Val::Record(named) => self.by_name(numbers, named),
            other => {
                let wanted = "a number for each class, `[1, 5]`, or a function such as `balanced`";
                Err(self.wrong_kind(wanted, other, numbers.span))
            }
        }
    }

    /// Classes that are not named count for 1.
    fn by_name(&mut self, numbers: &ClassNumbers, named: &[(String, Val)]) -> Lowering<Val> {
        let classes = numbers.classes();
        let is_class = |name: &str| classes.iter().any(|(own, _)| own == name);
        if let Some((unknown, _)) = named.iter().find(|(name, _)| !is_class(name)) {
            let message = format!("`{}` has no class `{unknown}`", numbers.field.name);
            let report = Diagnostic::error(codes::TRAIN_SETTING, message);
            let report = report.label(numbers.span, "named here");
            let names = classes.iter().map(|(name, _)| name.as_str());
            let help = match did_you_mean(unknown, names) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("its classes are {}", numbers.names()),
            };
            return Err(self.report(report.help(help)));
        }
        let number = |name: &String| {
            let found = named.iter().find(|(own, _)| own == name);
            found.map_or(Val::Number(1.0), |(_, value)| value.clone())
        };
        let values = classes.iter().map(|(name, _)| number(name));
        let values = values.map(|value| self.class_number(numbers, value));
        Ok(Val::List(values.collect::<Lowering<_>>()?))
    }

    fn class_number(&mut self, numbers: &ClassNumbers, value: Val) -> Lowering<Val> {
        match value.into_number() {
            Val::Number(number) if number >= 0.0 && number.is_finite() => Ok(Val::Number(number)),
            Val::Number(number) => {
                let message = format!("a class counts for 0 or more, found {number}");
                let report = Diagnostic::error(codes::TRAIN_SETTING, message);
                Err(self.report(report.label(numbers.span, "given here")))
            }
            other => Err(self.wrong_kind("a number", &other, numbers.span)),
        }
    }

    fn no_classes(
        &mut self,
        what: &str,
        span: Span,
        data: &DataFacts,
        fields: &[&FieldFacts],
    ) -> Reported {
        let message = match fields {
            [] => format!(
                "no field of data `{}` says which class a row is of",
                data.name
            ),
            _ => format!(
                "several fields of data `{}` say which class a row is of",
                data.name
            ),
        };
        let report = Diagnostic::error(codes::TRAIN_SETTING, message);
        let report = report.label(span, format!("`{what}` speaks of classes"));
        let report = fields.iter().fold(report, |report, field| {
            report.label(field.span, field.because.clone())
        });
        self.report(report.help(match fields {
            [] => "make the target `one_hot`, `label` or `binary`",
            _ => "leave one of them to the data that this run trains on",
        }))
    }

    /// The numbers as a tensor `[classes]`.
    fn class_tensor(&mut self, numbers: &ClassNumbers) -> Lowering<TensorRef> {
        let (span, classes) = (numbers.span, numbers.classes());
        let value = match &numbers.value {
            Val::Def(_) | Val::Closure(_) => {
                let counts = classes
                    .iter()
                    .map(|(_, n_rows)| Val::Number(*n_rows as f64));
                let given = vec![Given::value(Val::List(counts.collect()), span)];
                self.apply(numbers.value.clone(), given, span, span)?
            }
            list => list.clone(),
        };
        let tensor = self.to_tensor(&value, span)?;
        let size = i64::try_from(classes.len()).unwrap_or(i64::MAX);
        let pattern = Pattern {
            elem: self.open_float(),
            axes: vec![AxisPattern::Axis(None, Dim::int(size))],
            span,
        };
        let why = Why::Let(numbers.what.to_owned());
        Ok(self.emit(NodeKind::Ascribe(pattern, why), &[tensor], span))
    }

    /// The model's result, whose rows pass back as much as their class counts for.
    pub(crate) fn weighed(&mut self, recipes: &Recipes<'_>, out: Val) -> Lowering<Val> {
        let Some(numbers) = &recipes.class_weights else {
            return Ok(out);
        };
        let weights = self.row_weights(recipes, numbers)?;
        let leaves = out.leaves().into_iter();
        let weighed = leaves.map(|leaf| self.weighed_rows(&leaf, weights, numbers.span));
        let weighed = weighed.collect::<Lowering<Vec<Val>>>()?;
        Ok(out.with_leaves(&mut weighed.into_iter()))
    }

    /// The weight of each row of a batch, `[batch]`.
    fn row_weights(
        &mut self,
        recipes: &Recipes<'_>,
        numbers: &ClassNumbers,
    ) -> Lowering<TensorRef> {
        let (span, field) = (numbers.span, &numbers.field);
        let weights = self.class_tensor(numbers)?;
        let rows = self.field_input(field, &recipes.batch);
        let n_classes = numbers.classes().len();
        if field.row_shape == [n_classes] {
            return Ok(self.emit(NodeKind::Prim(Prim::MatMul), &[rows, weights], span));
        }
        let flat = NodeKind::Prim(Prim::Reshape(vec![NewDim::Rest]));
        let flat = self.emit(flat, &[rows], span);
        let number = self.emit(NodeKind::Prim(Prim::Cast(DType::I64)), &[flat], span);
        let take = NodeKind::Prim(Prim::Take(AxisRef::Index(0)));
        Ok(self.emit(take, &[weights, number], span))
    }

    /// `s + w (x - s)` where `s` is `x` held constant: `x` itself, and `w` times its gradient.
    fn weighed_rows(&mut self, rows: &Val, weights: TensorRef, span: Span) -> Lowering<Val> {
        let rows = self.to_tensor(rows, span)?;
        let held = self.emit(NodeKind::Prim(Prim::StopGradient), &[rows], span);
        let along = AxisSet::AllBut(vec![AxisRef::Index(0)]);
        let broadcast = NodeKind::Prim(Prim::Broadcast(Some(along)));
        let weights = self.emit(broadcast, &[weights, rows], span);
        let scalar = |this: &mut Self, scalar, a, b| {
            this.emit(NodeKind::Prim(Prim::Scalar(scalar)), &[a, b], span)
        };
        let free = scalar(self, Scalar::Sub, rows, held);
        let free = scalar(self, Scalar::Mul, free, weights);
        Ok(Val::Tensor(scalar(self, Scalar::Add, held, free)))
    }

    /// How rows are drawn, where a run says so.
    pub(crate) fn sampling(&mut self, recipes: &Recipes<'_>) -> Lowering<Option<Sampling>> {
        let Some(numbers) = &recipes.sampling else {
            return Ok(None);
        };
        self.begin_func("sampling".into(), false);
        let weights = self.class_tensor(numbers)?;
        let (func, _) = self.close(vec![("sampling".into(), weights)]);
        self.roots.push(func);
        Ok(Some(Sampling {
            field: numbers.field.name.clone(),
            weights: func,
            span: numbers.span,
        }))
    }
}
