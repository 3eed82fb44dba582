//! What is drawn in a frame: `plot`, lines of a run's history or of vectors, and `scatter`, points of a plane; and `labels`, what the
//! numbers of a field stand for.

use std::rc::Rc;

use crate::chart::{Drawing, Drawn};
use crate::diag::Diagnostic;
use crate::ir::draft::{AxisPattern, NodeKind, Pattern, Why};
use crate::lower::arguments::Bound;
use crate::lower::facts::FieldFacts;
use crate::lower::host::argument;
use crate::lower::inspect::names;
use crate::lower::value::{Host, Val};
use crate::lower::{Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::types::Dim;

impl Lowerer<'_> {
    /// `plot(fit.history)`, `plot({ measured: y, forecast: p })`.
    pub(crate) fn plot(&mut self, args: &[Bound]) -> Lowering<Val> {
        let of = argument(args, "of");
        let parts = match &of.value {
            Val::Host(Host::History(run) | Host::Run(run)) => {
                let curves = names(&argument(args, "y").value);
                return Ok(Val::Host(Host::Plot(run.clone(), curves)));
            }
            Val::Record(fields) => fields.clone(),
            Val::Tensor(_) | Val::Global(_) | Val::List(_) => {
                vec![(String::new(), of.value.clone())]
            }
            other => {
                let expected = "the history of a run, `fit.history`, a vector or a record of some";
                return Err(self.wrong_kind(expected, other, of.span));
            }
        };
        let vector = [AxisPattern::Hole];
        self.drawing("plot", (&parts, of.span), &vector, Drawn::Lines)
    }

    /// `scatter(p, groups: y, names)`, `scatter({ here: p, there: q })`.
    pub(crate) fn scatter(&mut self, args: &[Bound]) -> Lowering<Val> {
        let of = argument(args, "points");
        let groups = argument(args, "groups");
        let parts = match &of.value {
            Val::Record(_) if !is_none(&groups.value) => {
                return Err(self.grouped_twice(of.span, groups.span));
            }
            Val::Record(fields) => fields.clone(),
            single => vec![(String::new(), single.clone())],
        };
        let plane = [AxisPattern::Hole, AxisPattern::Axis(None, Dim::int(2))];
        let drawing = self.drawing("scatter", (&parts, of.span), &plane, Drawn::Points)?;
        let Val::Drawing(drawing) = drawing else {
            return Err(Reported);
        };
        Ok(Val::Drawing(Rc::new(Drawing {
            groups: self.point_groups(groups)?,
            texts: names(&argument(args, "names").value),
            ..Rc::unwrap_or_clone(drawing)
        })))
    }

    fn grouped_twice(&mut self, points: Span, groups: Span) -> Reported {
        let message = "points are in groups already, those of a record";
        let report = Diagnostic::error(codes::WRONG_KIND, message);
        let report = report.label(groups, "groups of one set of points");
        let report = report.label(points, "a set for each field");
        self.report(report.help("leave out `groups`, or give the points as one tensor"))
    }

    /// Tensors of these axes under their names; one alone needs none.
    fn drawing(
        &mut self,
        callee: &str,
        (parts, span): (&[(String, Val)], Span),
        axes: &[AxisPattern],
        drawn: Drawn,
    ) -> Lowering<Val> {
        let mut tensors = vec![];
        for (name, part) in parts {
            let tensor = self.to_tensor(part, span)?;
            let pattern = Pattern {
                elem: self.open_float(),
                axes: axes.to_vec(),
                span,
            };
            let why = Why::Argument {
                callee: callee.into(),
                param: match (name.as_str(), drawn) {
                    ("", Drawn::Lines) => "of".into(),
                    ("", Drawn::Points) => "points".into(),
                    (name, _) => name.into(),
                },
            };
            let tensor = self.emit(NodeKind::Ascribe(pattern, why), &[tensor], span);
            tensors.push((name.clone(), Val::Tensor(tensor)));
        }
        Ok(Val::Drawing(Rc::new(Drawing {
            parts: tensors,
            groups: None,
            texts: vec![],
            drawn,
        })))
    }

    /// The number of each point's group, and what groups are called where a field's classes tell.
    fn point_groups(&mut self, groups: &Bound) -> Lowering<Option<(Val, Vec<String>)>> {
        if is_none(&groups.value) {
            return Ok(None);
        }
        let field = self.field_facts(&groups.value);
        let classes = field.and_then(|field| field.classes.as_ref());
        let names = classes.map_or(vec![], |classes| {
            classes.iter().map(|(name, _)| name.clone()).collect()
        });
        let tensor = self.to_tensor(&groups.value, groups.span)?;
        Ok(Some((Val::Tensor(tensor), names)))
    }

    /// `labels(iris.all.y)`: the classes or tokens of a field, in the order of their numbers.
    pub(crate) fn labels(&mut self, args: &[Bound]) -> Lowering<Val> {
        let of = argument(args, "of");
        let texts = self.field_facts(&of.value).and_then(|field| {
            let classes = || Some(field.classes.as_ref()?.iter().map(|(name, _)| name.clone()));
            match &field.tokenizer {
                Some(tokens) => Some(
                    (0i64..)
                        .take(tokens.len())
                        .map(|id| tokens.shown(id))
                        .collect(),
                ),
                None => Some(classes()?.collect::<Vec<String>>()),
            }
        });
        match (texts, &of.value) {
            (Some(texts), _) => Ok(Val::Tuple(texts.into_iter().map(Val::Str).collect())),
            (None, Val::Poison) => Err(Reported),
            (None, _) => {
                let message = "numbers here stand for nothing that has a name";
                let report = Diagnostic::error(codes::WRONG_KIND, message);
                let report = report.label(of.span, "no field of classes or tokens");
                Err(self
                    .report(report.help("name such a field of a part: `labels(iris.all.species)`")))
            }
        }
    }

    /// What is known of a field of a part of the data.
    fn field_facts(&self, value: &Val) -> Option<&FieldFacts> {
        let Val::Global(name) = value else {
            return None;
        };
        let mut all = self.data.iter().flat_map(|data| {
            let parts = data.parts.iter().map(|(part, _)| part.as_str());
            let parts = parts.chain(std::iter::once("all"));
            parts.flat_map(move |part| data.fields.iter().map(move |field| (data, part, field)))
        });
        all.find(|(data, part, field)| data.global(part, &field.name) == *name)
            .map(|(_, _, field)| field)
    }
}

/// Whether an argument was left out, for which an empty list stands.
fn is_none(value: &Val) -> bool {
    matches!(value, Val::List(items) if items.is_empty())
}
