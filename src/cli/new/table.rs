//! A user's table for `nnlc new --csv`: read as any program reads one, whatever separates its columns.

use std::fs;
use std::path::Path;

use crate::cli::args::Global;
use crate::cli::new::Project;
use crate::cli::new::columns::Plan;
use crate::cli::new::program::written;
use crate::cli::program::session;
use crate::cli::screen::escaped_text;
use crate::cli::{BUG, Done, FILE, Out, Stop, USAGE};
use crate::data::{Sizes, Table, read_block, read_table};
use crate::diag::Diagnostics;
use crate::session::Session;
use crate::syntax::ast::ItemKind;
use crate::syntax::{format, quoted};

/// What may separate columns, the likeliest first.
const SEPARATORS: [char; 4] = [',', ';', '\t', '|'];

/// The project that fits a table.
pub(super) fn project(
    csv: &Path,
    target: Option<&str>,
    global: &Global,
    out: &mut Out<'_>,
) -> Done<Project> {
    let mut session = session(global, out)?;
    let (table, separator) = match read(&mut session, csv) {
        Ok(read) => read,
        Err(reports) => return refused(&reports, out),
    };
    let plan = match Plan::of(&table, target) {
        Ok(plan) => plan,
        Err(wrong) => {
            out.note(&format!("nnlc: {}\n", escaped_text(&wrong)))?;
            return Err(Stop::Code(USAGE));
        }
    };
    let bytes = match fs::read(csv) {
        Ok(bytes) => bytes,
        Err(error) => {
            out.note(&format!("nnlc: cannot read `{}`: {error}\n", csv.display()))?;
            return Err(Stop::Code(FILE));
        }
    };
    let name = csv.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let text = written(&plan, &name, separator);
    let (program, reports) = session.load_text(Path::new("main.nnl"), &text);
    let Some(program) = program else {
        out.reports(session.sources(), &reports)?;
        return Err(Stop::Code(BUG));
    };
    Ok(Project {
        program: format(&program, &text),
        data: (name, bytes),
        notes: escaped_text(&plan.notes()),
    })
}

/// The whole table, with the first separator that makes one of it; else what is wrong with the likeliest.
fn read(session: &mut Session, csv: &Path) -> Result<(Table, char), Diagnostics> {
    let mut first = None;
    for separator in SEPARATORS {
        match read_with(session, csv, separator) {
            Ok(table) => return Ok((table, separator)),
            Err(reports) => first = first.or(Some(reports)),
        }
    }
    Err(first.expect("there are separators to try"))
}

fn read_with(session: &mut Session, csv: &Path, separator: char) -> Result<Table, Diagnostics> {
    // What a name cannot be written as, no program can read.
    let path = quoted(&csv.to_string_lossy());
    let separator = quoted(&separator.to_string());
    let text =
        format!("data table {{ source: csv({path}, delimiter: {separator}), x: columns() }}");
    let (program, reports) = session.load_line(&text);
    let items = program.ok_or(reports)?.items;
    let mut blocks = items.iter().filter_map(|item| match &item.kind {
        ItemKind::Data(block) => Some(&**block),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => None,
        ItemKind::Train(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    });
    let block = blocks.next_back().expect("one was written");
    read_table(&read_block(block, &Sizes::new())?, Path::new(""))
}

/// The places of such reports are in a program that nobody wrote; their words are what helps.
fn refused<T>(reports: &Diagnostics, out: &mut Out<'_>) -> Done<T> {
    for report in reports.iter() {
        let mut text = format!("nnlc: {}\n", report.message);
        for note in report.notes.iter().chain(&report.help) {
            text.push_str(&format!("  {note}\n"));
        }
        out.note(&escaped_text(&text))?;
    }
    Err(Stop::Code(FILE))
}
