//! Missing cells: an error that names them, or rows left out. A field that imputes takes care of its own columns.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::select;
use crate::data::spec::{DataSpec, FieldSpec, MissingPolicy, TransformSpec};
use crate::data::table::{Column, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Spanned;

/// A table without missing cells where they matter, and which rows of the file it has kept.
pub(crate) struct Settled<'t> {
    pub(crate) table: Cow<'t, Table>,
    pub(crate) rows: Vec<u32>,
}

/// Applies the program's policy to every column that nothing fills in.
pub(crate) fn settle<'t>(spec: &DataSpec, table: &'t Table) -> Result<Settled<'t>, Diagnostics> {
    let needed = needed_columns(spec, table)?;
    let all = || 0..u32::try_from(table.n_rows()).expect("the reader counts rows in 32 bits");
    match spec.missing.policy {
        MissingPolicy::Error => {
            refuse(spec, table, &needed)?;
            Ok(Settled {
                table: Cow::Borrowed(table),
                rows: all().collect(),
            })
        }
        MissingPolicy::DropRows => {
            let dropped = incomplete_rows(table, &needed);
            let rows: Vec<u32> = all().filter(|row| !dropped.contains(row)).collect();
            keep_some(spec, table, rows)
        }
    }
}

/// A column of new data must have no missing cells where no transform fills them.
pub(crate) fn complete(table: &Table, column: &Column, tokens: &[&str]) -> Result<(), Fault> {
    match column.missing.first() {
        Some(_) => Err(missing_value(table, column, tokens)),
        None => Ok(()),
    }
}

fn needed_columns(spec: &DataSpec, table: &Table) -> Result<Vec<Spanned<usize>>, Diagnostics> {
    let mut needed = select::split_column(&spec.split.by, table.names())?;
    for field in spec.fields.iter().filter(|field| !imputes(field)) {
        needed.extend(select::field_columns(field, table.names())?);
    }
    let mut seen = BTreeSet::new();
    needed.retain(|taken| seen.insert(taken.value));
    Ok(needed)
}

fn imputes(field: &FieldSpec) -> bool {
    let mut names = field.transforms.iter();
    names.any(|transform| matches!(transform.value, TransformSpec::Impute(_)))
}

fn columns<'a>(
    table: &'a Table,
    needed: &'a [Spanned<usize>],
) -> impl Iterator<Item = (&'a Spanned<usize>, &'a Column)> {
    needed
        .iter()
        .filter_map(|taken| Some((taken, table.column(taken.value)?)))
}

fn refuse(spec: &DataSpec, table: &Table, needed: &[Spanned<usize>]) -> Result<(), Diagnostics> {
    let tokens = spec.missing.tokens();
    let mut faults = Diagnostics::new();
    for (taken, column) in columns(table, needed).filter(|(_, column)| !column.missing.is_empty()) {
        faults.push(missing_value(table, column, &tokens).at(taken.span));
    }
    if faults.has_errors() {
        return Err(faults);
    }
    Ok(())
}

fn missing_value(table: &Table, column: &Column, tokens: &[&str]) -> Fault {
    let first = &column.missing[0];
    let written = tokens.get(usize::from(first.token)).copied().unwrap_or("");
    let what = match written {
        "" => "an empty cell".to_owned(),
        token => format!("the cell {}", shown(token)),
    };
    let message = format!(
        "column {} has no value on {}",
        shown(&column.name),
        table.line_of(first.row as usize)
    );
    let label = format!(
        "{} of {} without a value",
        counted(column.missing.len(), "cell"),
        table.n_rows()
    );
    let fill = if column.cells.is_text() {
        "mode"
    } else {
        "median"
    };
    Fault::new(codes::MISSING_VALUE, message, label)
        .note(format!("{what} counts as missing"))
        .help(format!(
            "fill it in with `|> impute({fill})`, or leave such rows out with `missing: drop`"
        ))
        .in_column(&column.name)
}

fn incomplete_rows(table: &Table, needed: &[Spanned<usize>]) -> BTreeSet<u32> {
    columns(table, needed)
        .flat_map(|(_, column)| column.missing.iter().map(|cell| cell.row))
        .collect()
}

fn keep_some<'t>(
    spec: &DataSpec,
    table: &'t Table,
    rows: Vec<u32>,
) -> Result<Settled<'t>, Diagnostics> {
    if rows.is_empty() {
        return Err(all_dropped(spec, table).into());
    }
    let table = if rows.len() == table.n_rows() {
        Cow::Borrowed(table)
    } else {
        Cow::Owned(table.keep(&rows))
    };
    Ok(Settled { table, rows })
}

fn all_dropped(spec: &DataSpec, table: &Table) -> Diagnostic {
    let message = format!("every row of {} lacks a value", shown(&table.file));
    let fault = Fault::new(
        codes::NO_ROWS,
        message,
        "nothing is left after `missing: drop`",
    );
    fault
        .help("use fewer columns, or fill values in with `impute`")
        .at(spec.name.span)
}
