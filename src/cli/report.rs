//! A page on what came of a program: settings, layers, curves, what the model gets right and wrong, what the program shows. One HTML
//! file that needs nothing beside it and runs nothing. What has to be known before training is drafted then.

mod curves;
mod exam;
mod measures;
mod page;
mod picture;

use std::fmt::Display;
use std::path::Path;

use crate::cli::compare::Compared;
use crate::cli::screen::{Screen, counted, thousands};
use crate::cli::show::labels::{Labelled, Labels};
use crate::cli::show::lines;
use crate::cli::summary::layers::{self, Summary};
use crate::diag::Diagnostic;
use crate::session::{Compiled, Kept, Model, Output, Session, View};
use crate::syntax::ast::ItemKind;
use crate::syntax::print_expr;
use crate::train::Trained;

use curves::Curve;
pub(crate) use page::TablePart;
use page::{Page, Pair, RunPart, ShowPart};

/// Rows of a part that a report looks at.
const MOST_ROWS: usize = 10_000;

/// A report before its program is executed.
pub(crate) struct Draft {
    kept: Vec<Kept>,
    summaries: Vec<Summary>,
    labels: Labels,
    shows: Vec<ShowPart>,
}

impl Draft {
    /// A draft of a program.
    pub(crate) fn of(session: &Session, compiled: &Compiled) -> Draft {
        let sources = session.sources();
        let runs = compiled.runs().iter();
        Draft {
            kept: session.kept(compiled),
            summaries: runs
                .map(|run| layers::summary(compiled, run, sources))
                .collect(),
            labels: Labels::of(compiled),
            shows: vec![],
        }
    }

    /// Keeps what the program shows.
    pub(crate) fn hear(&mut self, output: &Output) {
        if let Output::Show { title, value, span } = output {
            let value = self.labels.label(*span, value);
            self.shows.extend(shown(title, &value));
        }
    }

    /// The page, once the program is executed. Runs that were not trained are left out.
    pub(crate) fn page(&self, session: &Session, path: &Path) -> Result<String, Diagnostic> {
        let mut runs = vec![];
        for (kept, summary) in self.kept.iter().zip(&self.summaries) {
            if let Some(trained) = session.trained(&summary.run) {
                runs.push(run(session, kept, summary, trained)?);
            }
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(page::html(&Page {
            title: name.into_owned(),
            tables: vec![],
            runs,
            shows: self.shows.clone(),
            environment: environment(),
            source: source(session, path),
        }))
    }
}

/// A page on several runs: tables, and their curves beside each other.
pub(crate) fn comparison(runs: &[Compared], tables: Vec<TablePart>) -> String {
    let curve = |run: &Compared, name: &str| {
        let records = run.lines.iter().map(|line| &line.record);
        let points = records.filter_map(|record| Some((record.step as f64, record.value(name)?)));
        let (part, value) = name.split_once('.').unwrap_or(("", name));
        (format!("{}, {part}.{value}", run.label), points.collect())
    };
    let curves = runs
        .iter()
        .flat_map(|run| run.names().into_iter().map(move |name| curve(run, name)));
    let curves: Vec<Curve> = curves.collect();
    let charts = curves::grouped(&curves, "step", |name| {
        name.rsplit_once('.').unwrap_or(("", name))
    });
    page::html(&Page {
        title: format!("{} compared", counted(runs.len() as u64, "run")),
        tables,
        runs: vec![RunPart {
            name: "Curves".into(),
            about: String::new(),
            settings: vec![],
            layers: vec![],
            total: page::LayerRow::default(),
            charts,
            exam: None,
        }],
        shows: vec![],
        environment: environment(),
        source: String::new(),
    })
}

fn run(
    session: &Session,
    kept: &Kept,
    summary: &Summary,
    trained: &Trained,
) -> Result<RunPart, Diagnostic> {
    let (model, _) = session.opened(kept);
    let data = session.dataset(&summary.data);
    let part = data.and_then(|data| {
        ["val", "test", "train"]
            .iter()
            .find_map(|name| data.part(name))
    });
    let exam = match (&model, part) {
        (Some(model), Some(part)) => {
            let exam = model.exam(part, MOST_ROWS)?;
            let shown = exam.as_ref().map(exam::part).transpose();
            shown.map_err(|fault| fault.at(model.span()))?
        }
        (_, _) => None,
    };
    Ok(RunPart {
        name: summary.run.clone(),
        about: about(summary, trained),
        settings: settings(session, &summary.run),
        layers: summary.layers.iter().map(page::layer).collect(),
        total: page::total(summary),
        charts: curves::charts(&trained.history, rates(model.as_ref(), trained)?),
        exam,
    })
}

/// The learning rate at some of a run's records.
fn rates(model: Option<&Model>, trained: &Trained) -> Result<Option<Curve>, Diagnostic> {
    const MOST: usize = 200;
    let Some(model) = model else {
        return Ok(None);
    };
    let rates = model.rates(&trained.history, MOST)?;
    Ok(rates.map(|points| (curves::RATE.to_owned(), points)))
}

/// A run in a sentence.
fn about(summary: &Summary, trained: &Trained) -> String {
    let (epochs, steps) = (
        counted(trained.epochs, "epoch"),
        counted(trained.steps, "step"),
    );
    let best = trained.best().map_or(String::new(), |best| {
        let value = crate::chart::number::number(best.value);
        format!(
            "; the best evaluation, {value}, was in epoch {}",
            best.epoch
        )
    });
    let params = thousands(summary.total.params);
    format!(
        "{} on {}: {params} parameters, {epochs}, {steps}{best}",
        summary.model, summary.data
    )
}

/// The fields of a run as they were written, or set from the command line.
fn settings(session: &Session, run: &str) -> Vec<Pair> {
    let blocks = session
        .program()
        .items
        .iter()
        .filter_map(|item| match &item.kind {
            ItemKind::Train(block) if block.name.value == run => Some(&**block),
            ItemKind::Train(_) | ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => None,
            ItemKind::Def(_) | ItemKind::Data(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
        });
    let fields = blocks.flat_map(|block| &block.fields);
    // What the command line has set has no text in the program.
    fields
        .map(|field| (field.name.value.clone(), print_expr(&field.value)))
        .collect()
}

/// The text that was run.
fn source(session: &Session, path: &Path) -> String {
    let name = path.display().to_string();
    let items = session.program().items.iter();
    let sources = items.map(|item| session.sources().get(item.span.source));
    let mut own = sources.filter(|source| source.name == name);
    own.next()
        .map_or(String::new(), |source| source.text.to_string())
}

fn environment() -> Vec<Pair> {
    let pair = |name: &str, value: String| (name.to_owned(), value);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    vec![
        pair("nnlc", env!("CARGO_PKG_VERSION").to_owned()),
        pair(
            "system",
            format!("{}, {}", std::env::consts::OS, std::env::consts::ARCH),
        ),
        pair("processors", threads.to_string()),
        pair("command", std::env::args().collect::<Vec<_>>().join(" ")),
    ]
}

/// What a page shows of a value: pictures by themselves, all else as a terminal shows it.
fn shown(title: &str, value: &Labelled<'_>) -> Vec<ShowPart> {
    let part = |name: &dyn Display, part| shown(&format!("{title}.{name}"), part);
    match value {
        Labelled::Tuple(parts) if has_picture(value) => {
            let parts = parts.iter().enumerate();
            parts.flat_map(|(at, own)| part(&at, own)).collect()
        }
        Labelled::Record(fields) if has_picture(value) => {
            let fields = fields.iter();
            fields.flat_map(|(name, own)| part(name, own)).collect()
        }
        Labelled::Other(View::Heatmap { matrix, rows, cols }) => {
            vec![ShowPart::heatmap(title, matrix, rows, cols)]
        }
        Labelled::Other(View::Images { tiles, .. }) => vec![ShowPart::images(title, tiles)],
        Labelled::Other(View::Plot {
            run: None,
            unit,
            curves,
            drawn,
        }) => vec![ShowPart::chart(title, unit, curves, *drawn)],
        // These are on the page already.
        Labelled::Other(
            View::Plot { .. } | View::History { .. } | View::Run(_) | View::Data(_),
        ) => vec![],
        Labelled::Tensor(..)
        | Labelled::Tuple(_)
        | Labelled::Record(_)
        | Labelled::Other(
            View::Text(_)
            | View::Drawn(_)
            | View::Folds(_)
            | View::Tensor(_)
            | View::Tuple(_)
            | View::Record(_),
        ) => {
            let lines = lines(value, Screen::default());
            vec![ShowPart::text(title, lines.join("\n"))]
        }
    }
}

fn has_picture(value: &Labelled<'_>) -> bool {
    match value {
        Labelled::Tensor(..) => false,
        Labelled::Tuple(parts) => parts.iter().any(has_picture),
        Labelled::Record(fields) => fields.iter().any(|(_, field)| has_picture(field)),
        Labelled::Other(view) => matches!(view, View::Heatmap { .. } | View::Images { .. }),
    }
}
