//! What `show` shows: names become the tensors, curves and tables they stand for.

use std::collections::BTreeMap;

use crate::chart::{Curve, Drawing, Drawn};
use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::Role;
use crate::lower::{ImageLayout, Run, Show, Shown};
use crate::scalar::math::Float;
use crate::session::codes;
use crate::session::data::Loaded;
use crate::session::output::{DataView, FieldView, RunView, View};
use crate::session::pictures::no_images;
use crate::source::Span;
use crate::tensor::{Tensor, Tiles};
use crate::train::Trained;

/// What names stand for.
pub(super) struct Known<'a> {
    pub(super) globals: &'a BTreeMap<String, Tensor>,
    pub(super) texts: &'a BTreeMap<String, String>,
    pub(super) runs: &'a [(Run, Trained)],
    pub(super) data: &'a [Loaded],
}

impl Known<'_> {
    /// The value of a `show`.
    pub(super) fn view(&self, show: &Show) -> Result<View, Diagnostic> {
        self.of(&show.value, show.span)
    }

    /// What stands behind a shown value, if it is there.
    pub(super) fn seen(&self, shown: &Shown, span: Span) -> Option<View> {
        self.of(shown, span).ok()
    }

    fn of(&self, shown: &Shown, span: Span) -> Result<View, Diagnostic> {
        match shown {
            Shown::Tensor(name) => match self.globals.get(name) {
                Some(tensor) => Ok(View::Tensor(tensor.clone())),
                None => Err(unbound(name, span)),
            },
            Shown::Text(text) => Ok(View::Text(text.clone())),
            Shown::Drawn(name) => match self.texts.get(name) {
                Some(text) => Ok(View::Drawn(text.clone())),
                None => Err(unbound(name, span)),
            },
            Shown::Heatmap { tensor, rows, cols } => match self.globals.get(tensor) {
                Some(matrix) => Ok(View::Heatmap {
                    matrix: matrix.clone(),
                    rows: rows.clone(),
                    cols: cols.clone(),
                }),
                None => Err(unbound(tensor, span)),
            },
            Shown::Images(names, layout) => self.images(names, layout, span),
            Shown::Tuple(parts) => {
                let parts = parts.iter().map(|part| self.of(part, span));
                Ok(View::Tuple(parts.collect::<Result<_, _>>()?))
            }
            Shown::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), self.of(field, span)?)));
                Ok(View::Record(fields.collect::<Result<_, _>>()?))
            }
            Shown::Folds(metrics) => self.folds(metrics, span),
            Shown::Plot { run, curves } => self.plot(run, curves, span),
            Shown::Drawing(drawing) => self.drawing(drawing, span),
            Shown::History(run) => {
                let (_, trained) = self.run(run, span)?;
                Ok(View::History {
                    run: run.clone(),
                    history: trained.history.clone(),
                })
            }
            Shown::Run(run) => {
                let (plan, trained) = self.run(run, span)?;
                Ok(View::Run(Box::new(run_view(plan, trained))))
            }
            Shown::Data(name) => match self.data.iter().find(|loaded| loaded.set.name == *name) {
                Some(loaded) => Ok(View::Data(data_view(loaded))),
                None => Err(unbound(name, span)),
            },
        }
    }

    fn images(
        &self,
        names: &[String],
        layout: &ImageLayout,
        span: Span,
    ) -> Result<View, Diagnostic> {
        let tensor = |name: &String| match self.globals.get(name) {
            Some(tensor) => Ok(tensor.clone()),
            None => Err(unbound(name, span)),
        };
        let tensors = names.iter().map(tensor).collect::<Result<Vec<_>, _>>()?;
        match Tiles::of(&tensors, layout.columns, layout.range) {
            Ok(tiles) => Ok(View::Images { tensors, tiles }),
            Err(fault) => Err(no_images(fault, span)),
        }
    }

    /// The metrics that are a number each.
    fn folds(&self, metrics: &[(String, String)], span: Span) -> Result<View, Diagnostic> {
        let found = metrics.iter();
        let found: Vec<(String, Tensor)> = found
            .filter_map(|(name, global)| Some((name.clone(), self.globals.get(global)?.clone())))
            .collect();
        match (metrics.first(), found.is_empty()) {
            (Some((_, global)), true) => Err(unbound(global, span)),
            (Some(_) | None, _) => Ok(View::Folds(found)),
        }
    }

    fn run(&self, name: &str, span: Span) -> Result<&(Run, Trained), Diagnostic> {
        let found = self.runs.iter().find(|(plan, _)| plan.name == name);
        found.ok_or_else(|| not_trained(name, span))
    }

    /// Lines over places, or points of a plane.
    fn drawing(&self, drawing: &Drawing<String>, span: Span) -> Result<View, Diagnostic> {
        let tensors = drawing.map(|name| self.globals.get(name));
        let missing = || {
            let mut names = drawing
                .numbers()
                .filter(|name| !self.globals.contains_key(*name));
            unbound(names.next().map_or("", String::as_str), span)
        };
        let tensors = tensors.ok_or_else(missing)?;
        check_groups(&tensors, span)?;
        let (unit, curves) = match drawing.drawn {
            Drawn::Lines => ("place", lines(&tensors)),
            Drawn::Points => ("", points(&tensors)),
        };
        Ok(View::Plot {
            run: None,
            unit,
            curves,
            drawn: drawing.drawn,
        })
    }

    /// Curves by name; the losses where none is named.
    fn plot(&self, run: &str, names: &[String], span: Span) -> Result<View, Diagnostic> {
        let (_, trained) = self.run(run, span)?;
        let history = &trained.history;
        let losses = || {
            history
                .names()
                .into_iter()
                .filter(|name| name.ends_with(".loss"))
                .map(str::to_owned)
                .collect()
        };
        let names = if names.is_empty() {
            losses()
        } else {
            names.to_vec()
        };
        let curve = |name: String| match history.curve(&name) {
            points if points.is_empty() => Err(no_curve(run, &name, &history.names(), span)),
            points => Ok(Curve {
                name,
                points,
                texts: vec![],
            }),
        };
        let curves = names.into_iter().map(curve).collect::<Result<_, _>>()?;
        Ok(View::Plot {
            run: Some(run.to_owned()),
            unit: history.unit(),
            curves,
            drawn: Drawn::Lines,
        })
    }
}

/// Each point has a group, where there are some.
fn check_groups(drawing: &Drawing<&Tensor>, span: Span) -> Result<(), Diagnostic> {
    let rows = |of: &Tensor| of.shape().first().copied().unwrap_or(1);
    let [(_, points)] = &drawing.parts[..] else {
        return Ok(());
    };
    match &drawing.groups {
        Some((groups, _)) if rows(groups) != rows(points) => {
            let (points, groups) = (rows(points), rows(groups));
            let message = format!("{points} points, and groups of {groups}");
            let report = Diagnostic::error(codes::NOT_DRAWN, message).label(span, "drawn here");
            Err(report.help("give a number for each point: `groups` of as many rows"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Vectors over their places.
fn lines(drawing: &Drawing<&Tensor>) -> Vec<Curve> {
    let line = |(name, of): &(String, &Tensor)| Curve {
        name: name.clone(),
        points: (0u32..).map(f64::from).zip(of.to_f64()).collect(),
        texts: vec![],
    };
    drawing.parts.iter().map(line).collect()
}

/// Points of a plane in curves, one for each part, or for each group. Groups in order of their numbers.
fn points(drawing: &Drawing<&Tensor>) -> Vec<Curve> {
    let texts = |at: usize| drawing.texts.get(at).cloned();
    let part = |(name, of): &(String, &Tensor)| {
        let numbers = of.to_f64();
        let points: Vec<(f64, f64)> = numbers
            .chunks_exact(2)
            .map(|two| (two[0], two[1]))
            .collect();
        Curve {
            name: name.clone(),
            texts: (0..points.len()).map_while(texts).collect(),
            points,
        }
    };
    let curves: Vec<Curve> = drawing.parts.iter().map(part).collect();
    match (&drawing.groups, &curves[..]) {
        (Some((groups, names)), [all]) => grouped(all, &group_numbers(groups), names),
        (_, _) => curves,
    }
}

/// The number of each point's group: as it stands, or the place of the largest number of its row.
fn group_numbers(groups: &Tensor) -> Vec<i64> {
    let numbers = groups.to_f64();
    let whole = |number: &f64| Float::round(*number) as i64;
    match groups.shape() {
        [_, width] if *width > 1 => {
            let rows = numbers.chunks_exact(*width);
            let place = |row: &[f64]| (0..*width).rev().max_by(|a, b| row[*a].total_cmp(&row[*b]));
            rows.map(|row| place(row).map_or(0, |place| place as i64))
                .collect()
        }
        _ => numbers.iter().map(whole).collect(),
    }
}

/// A curve for each group; points without one are left out.
fn grouped(all: &Curve, groups: &[i64], names: &[String]) -> Vec<Curve> {
    let mut curves: BTreeMap<i64, Curve> = BTreeMap::new();
    for (at, (group, point)) in groups.iter().zip(&all.points).enumerate() {
        let name = usize::try_from(*group).ok().and_then(|at| names.get(at));
        let curve = curves.entry(*group).or_insert_with(|| Curve {
            name: name.map_or(group.to_string(), Clone::clone),
            points: vec![],
            texts: vec![],
        });
        curve.points.push(*point);
        curve.texts.extend(all.texts.get(at).cloned());
    }
    curves.into_values().collect()
}

fn run_view(plan: &Run, trained: &Trained) -> RunView {
    let weights = trained.weights.iter();
    let params = weights
        .clone()
        .filter(|(role, _)| matches!(role, Role::Param(_)));
    RunView {
        name: plan.name.clone(),
        model: plan.model.clone(),
        data: plan.data.clone(),
        n_params: params.map(|(_, tensor)| tensor.len()).sum(),
        weights: weights
            .map(|(role, tensor)| (role.clone(), tensor.dtype(), tensor.shape().to_vec()))
            .collect(),
        epochs: trained.epochs,
        steps: trained.steps,
        values: trained.history.last_values(),
        best: trained.best,
        ended: trained.ended,
    }
}

fn data_view(loaded: &Loaded) -> DataView {
    let facts = loaded.set.facts();
    let fields = facts.fields.into_iter().zip(&loaded.set.schema);
    let fields = fields.map(|(facts, schema)| FieldView {
        name: facts.name,
        dtype: facts.dtype,
        row_shape: facts.row_shape,
        because: facts.because,
        categories: schema.categories.clone(),
    });
    DataView {
        name: loaded.set.name.clone(),
        parts: loaded
            .set
            .parts
            .iter()
            .map(|part| (part.name.clone(), part.rows.len()))
            .collect(),
        fields: fields.collect(),
    }
}

fn unbound(name: &str, span: Span) -> Diagnostic {
    Diagnostic::error(
        crate::train::codes::UNBOUND,
        format!("nothing has computed `{name}`"),
    )
    .label(span, "needed here")
}

/// A run that something is asked of has not been trained.
pub(super) fn not_trained(run: &str, span: Span) -> Diagnostic {
    Diagnostic::error(codes::NOT_TRAINED, format!("`{run}` has not been trained"))
        .label(span, "needed here")
}

fn no_curve(run: &str, name: &str, recorded: &[&str], span: Span) -> Diagnostic {
    let message = format!("run `{run}` did not record `{name}`");
    let report = Diagnostic::error(codes::UNKNOWN_CURVE, message).label(span, "plotted here");
    report.help(match did_you_mean(name, recorded.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it recorded `{}`", recorded.join("`, `")),
    })
}
