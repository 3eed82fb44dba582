//! `nnlc compare`: runs side by side, from their directories: what they came to, which settings differ, their curves.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::chart::number::brief;
use crate::cli::args::Compare;
use crate::cli::program::code;
use crate::cli::report::{TablePart, comparison};
use crate::cli::screen::{Screen, escaped};
use crate::cli::show::grid::{Align, Grid};
use crate::cli::show::json::float;
use crate::cli::{Done, FILE, Out, Stop};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::SourceMap;
use crate::tensor::write_text;
use crate::train::{Line, RunDir, RunMark, Status};

/// Significant digits of results.
const DIGITS: i32 = 5;

/// One run of a directory.
pub(crate) struct Compared {
    /// What it is called here.
    pub(crate) label: String,
    mark: RunMark,
    /// What it recorded.
    pub(crate) lines: Vec<Line>,
}

pub(crate) fn compare(args: &Compare, out: &mut Out<'_>) -> Done {
    let (mut runs, mut faults) = (vec![], Diagnostics::new());
    for path in &args.runs {
        match RunDir::open(path) {
            Ok(opened) => runs.extend(compared(path, &opened)),
            Err(report) => faults.push(report),
        }
    }
    if runs.is_empty() && faults.is_empty() {
        faults.push(Diagnostic::error(
            crate::train::codes::NO_RUN_DIR,
            "there are no runs in there",
        ));
    }
    if !faults.is_empty() {
        out.reports(&SourceMap::new(), &faults)?;
        return Err(Stop::Code(code(&faults)));
    }
    if out.is_json {
        for run in &runs {
            out.json(&run.json())?;
        }
    } else {
        let tables = [results(&runs), differences(&runs)];
        let shown = tables.iter().filter(|table| !table.rows.is_empty());
        let texts: Vec<String> = shown.map(|table| as_text(table, out.screen)).collect();
        out.text(&texts.join("\n"))?;
    }
    match &args.output {
        Some(path) => write(path, &runs, out),
        None => Ok(()),
    }
}

fn write(path: &Path, runs: &[Compared], out: &mut Out<'_>) -> Done {
    let page = comparison(runs, vec![results(runs), differences(runs)]);
    if let Err(error) = write_text(path, &page) {
        out.note(&format!(
            "nnlc: cannot write `{}`: {error}\n",
            path.display()
        ))?;
        return Err(Stop::Code(FILE));
    }
    match out.is_json || out.is_quiet {
        true => Ok(()),
        false => Ok(out.text(&format!("\nreport in {}\n", path.display()))?),
    }
}

/// The runs of a directory: called as it is, and by their own names where there are several.
fn compared(path: &Path, opened: &RunDir) -> Vec<Compared> {
    let folder = path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    let marks = &opened.manifest.runs;
    let run = |mark: &RunMark| Compared {
        label: match marks.len() {
            1 => folder.clone(),
            _ => format!("{folder}/{}", mark.name),
        },
        mark: mark.clone(),
        lines: opened.lines_of(&mark.name).cloned().collect(),
    };
    marks.iter().map(run).collect()
}

impl Compared {
    /// The names of what it recorded, in order.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut seen = BTreeSet::new();
        let values = self.lines.iter().flat_map(|line| &line.record.values);
        values
            .map(|(name, _)| name.as_str())
            .filter(|name| seen.insert(*name))
            .collect()
    }

    fn last(&self, name: &str) -> Option<f64> {
        self.lines
            .iter()
            .rev()
            .find_map(|line| line.record.value(name))
    }

    fn json(&self) -> Value {
        let last = self.names().into_iter();
        let last: Map<String, Value> = last
            .filter_map(|name| Some((name.to_owned(), float(self.last(name)?))))
            .collect();
        json!({
            "event": "compared", "run": self.label, "status": self.mark.status, "epochs": self.mark.epochs,
            "steps": self.mark.steps, "seconds": self.mark.seconds, "values": last, "settings": self.mark.settings,
        })
    }
}

/// What each run came to.
fn results(runs: &[Compared]) -> TablePart {
    let names = union(runs.iter().flat_map(Compared::names));
    let head = ["run", "status", "epochs", "steps", "seconds"].map(str::to_owned);
    let row = |run: &Compared| {
        let mark = &run.mark;
        let about = [
            run.label.clone(),
            status(mark.status).to_owned(),
            mark.epochs.to_string(),
            mark.steps.to_string(),
            format!("{:.1}", mark.seconds),
        ];
        let values = names
            .iter()
            .map(|name| run.last(name).map_or(String::new(), |x| brief(x, DIGITS)));
        about.into_iter().chain(values).collect()
    };
    TablePart {
        title: "Results".into(),
        head: head.into_iter().chain(names.iter().cloned()).collect(),
        rows: runs.iter().map(row).collect(),
    }
}

/// The settings that are not the same in all runs.
fn differences(runs: &[Compared]) -> TablePart {
    let names = union(
        runs.iter()
            .flat_map(|run| run.mark.settings.keys().map(String::as_str)),
    );
    let value =
        |run: &Compared, name: &str| run.mark.settings.get(name).cloned().unwrap_or_default();
    let differs = |name: &&String| {
        runs.iter()
            .any(|run| value(run, name) != value(&runs[0], name))
    };
    let row = |name: &String| {
        let values = runs.iter().map(|run| value(run, name));
        std::iter::once(name.clone()).chain(values).collect()
    };
    let head =
        std::iter::once("setting".to_owned()).chain(runs.iter().map(|run| run.label.clone()));
    TablePart {
        title: "Settings that differ".into(),
        head: head.collect(),
        rows: names.iter().filter(differs).map(row).collect(),
    }
}

/// Each name once, in the order they first come.
fn union<'a>(names: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names
        .filter(|name| seen.insert(*name))
        .map(str::to_owned)
        .collect()
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Waiting => "waiting",
        Status::Running => "running",
        Status::Interrupted => "interrupted",
        Status::Failed => "failed",
        Status::Finished => "finished",
    }
}

fn as_text(table: &TablePart, screen: Screen) -> String {
    let mut grid = Grid::new(table.head.iter().map(|name| (escaped(name), Align::Left)));
    for row in &table.rows {
        grid.row(row.iter().map(|cell| escaped(cell)));
    }
    grid.lines(screen)
        .iter()
        .map(|line| format!("{line}\n"))
        .collect()
}
