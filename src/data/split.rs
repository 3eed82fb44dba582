//! Dividing rows into parts. Every way of doing so is a pure function of the table, the shares and the seed; the parts are disjoint,
//! cover everything, and list their rows in file order.

use crate::data::category::{Keys, keys};
use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::select;
use crate::data::shares::{self, Shares};
use crate::data::spec::{DataSpec, PartsSpec, SplitBy, SplitSpec};
use crate::data::table::{Column, Table};
use crate::diag::Diagnostics;
use crate::source::{Span, Spanned};
use crate::tensor::{permutation, place_of};

/// One part as rows of a table, ascending.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PartRows {
    /// Its name.
    pub(crate) name: String,
    /// Its rows.
    pub(crate) rows: Vec<u32>,
}

/// Divides the rows of a table as the spec says.
pub(crate) fn split(spec: &DataSpec, table: &Table) -> Result<Vec<PartRows>, Diagnostics> {
    let given = given_parts(&spec.split, table)?;
    let n = u32::try_from(table.n_free()).expect("the reader counts rows in 32 bits");
    if spec.split.parts == PartsSpec::Whole {
        return Ok(vec![PartRows {
            name: "all".to_owned(),
            rows: (0..n).collect(),
        }]);
    }
    let shares = shares::shares(&spec.split, n as usize)?;
    let draw = Draw {
        seed: spec.split.seed.cast_signed(),
        name: &spec.name.value,
    };
    let mut parts = assign(spec, table, &shares, draw)?;
    parts.iter_mut().for_each(|rows| rows.sort_unstable());
    let mut parts = shares.named(parts);
    parts.extend(given);
    check_filled(&parts, &spec.split, table)?;
    Ok(parts)
}

/// Where a split's randomness comes from.
#[derive(Clone, Copy)]
struct Draw<'a> {
    seed: i64,
    name: &'a str,
}

impl Draw<'_> {
    /// These rows, shuffled; what they are for keeps one shuffle apart from another.
    fn shuffled(self, rows: &[u32], purpose: &str) -> Vec<u32> {
        let place = place_of(&format!("{}/split/{purpose}", self.name));
        let order = permutation(self.seed, place, 0, rows.len());
        order.into_iter().map(|at| rows[at as usize]).collect()
    }
}

fn assign(
    spec: &DataSpec,
    table: &Table,
    shares: &Shares,
    draw: Draw<'_>,
) -> Result<Vec<Vec<u32>>, Diagnostics> {
    let rows: Vec<u32> = (0..).take(table.n_free()).collect();
    match &spec.split.by {
        SplitBy::Order => Ok(in_turn(&rows, &shares.sizes(rows.len()))),
        SplitBy::Shuffle => {
            let rows = draw.shuffled(&rows, "rows");
            Ok(in_turn(&rows, &shares.sizes(rows.len())))
        }
        SplitBy::Stratify(name) => {
            let keys = split_keys(&spec.split.by, table, name.span)?;
            Ok(stratified(&keys, shares, draw))
        }
        SplitBy::Group(name) => {
            let keys = split_keys(&spec.split.by, table, name.span)?;
            Ok(grouped(&keys, shares, draw))
        }
    }
}

/// The first rows to the first part, and so on.
fn in_turn(rows: &[u32], sizes: &[usize]) -> Vec<Vec<u32>> {
    let mut rest = rows;
    let mut take = |&size: &usize| {
        let (part, behind) = rest.split_at(size);
        rest = behind;
        part.to_vec()
    };
    sizes.iter().map(&mut take).collect()
}

fn split_column<'t>(by: &SplitBy, table: &'t Table) -> Result<&'t Column, Diagnostics> {
    let places = select::split_column(by, table.names())?;
    let column = places.first().and_then(|taken| table.column(taken.value));
    Ok(column.expect("the reader reads the column that decides the split"))
}

fn split_keys(by: &SplitBy, table: &Table, span: Span) -> Result<Keys, Diagnostics> {
    let keys = keys(table, split_column(by, table)?).map_err(|fault| fault.at(span))?;
    Ok(Keys {
        codes: keys.codes[..table.n_free()].to_vec(),
        names: keys.names,
    })
}

/// The parts that the source holds apart, as far as the program asks for them.
fn given_parts(split: &SplitSpec, table: &Table) -> Result<Vec<PartRows>, Diagnostics> {
    let part = |name: &Spanned<String>| {
        let found = table.given.iter().find(|given| given.name == name.value);
        let found = found.ok_or_else(|| no_such_part(name, table).at(name.span))?;
        Ok(PartRows {
            name: name.value.clone(),
            rows: found.rows.clone().collect(),
        })
    };
    split.given.iter().map(part).collect()
}

fn no_such_part(name: &Spanned<String>, table: &Table) -> Fault {
    let message = format!(
        "{} holds no part {}",
        shown(&table.file),
        shown(&name.value)
    );
    let known: Vec<&str> = table
        .given
        .iter()
        .map(|given| given.name.as_str())
        .collect();
    let label = match known.as_slice() {
        [] => "it holds no parts of its own".to_string(),
        _ => format!("it holds {}", known.join(", ")),
    };
    Fault::new(codes::NO_SUCH_PART, message, label).help("give the part a share instead: `20%`")
}

/// Shares every category out: its rows by whole shares first, the rest to the parts that lag most behind over all categories so
/// far. So each category keeps its proportions within one row, and so nearly does the whole. The train part comes first where it
/// would otherwise miss a category.
fn stratified(keys: &Keys, shares: &Shares, draw: Draw<'_>) -> Vec<Vec<u32>> {
    let mut parts = vec![vec![]; shares.len()];
    let mut seen = 0;
    for (name, rows) in keys.names.iter().zip(members(keys)) {
        seen += rows.len();
        let held: Vec<usize> = parts.iter().map(Vec::len).collect();
        let sizes = shares.sizes_after(rows.len(), seen, &held);
        let dealt = in_turn(&draw.shuffled(&rows, name), &sizes);
        parts
            .iter_mut()
            .zip(dealt)
            .for_each(|(part, rows)| part.extend(rows));
    }
    parts
}

/// The rows of each category.
fn members(keys: &Keys) -> Vec<Vec<u32>> {
    let mut members = vec![vec![]; keys.names.len()];
    for (row, &code) in (0..).zip(&keys.codes) {
        members[code as usize].push(row);
    }
    members
}

/// Whole groups, the largest first, each to the part that lags most behind its share; equally large ones in a seeded order.
fn grouped(keys: &Keys, shares: &Shares, draw: Draw<'_>) -> Vec<Vec<u32>> {
    let mut members = members(keys);
    let groups: Vec<u32> = (0..).take(members.len()).collect();
    let mut groups = draw.shuffled(&groups, "groups");
    groups.sort_by_key(|&group| std::cmp::Reverse(members[group as usize].len()));
    let mut parts = vec![vec![]; shares.len()];
    for group in groups {
        let held: Vec<usize> = parts.iter().map(Vec::len).collect();
        let part = shares.most_lagging(keys.codes.len(), &held);
        parts[part].append(&mut members[group as usize]);
    }
    parts
}

fn check_filled(parts: &[PartRows], split: &SplitSpec, table: &Table) -> Result<(), Diagnostics> {
    let Some(empty) = parts.iter().find(|part| part.rows.is_empty()) else {
        return Ok(());
    };
    let message = format!("part {} would get no rows", shown(&empty.name));
    let sizes = parts
        .iter()
        .map(|part| format!("{} {}", part.name, part.rows.len()));
    let sizes: Vec<String> = sizes.collect();
    let label = format!(
        "of {}: {}",
        counted(table.n_rows(), "row"),
        sizes.join(", ")
    );
    let fault = Fault::new(codes::EMPTY_PART, message, label);
    let fault = match &split.by {
        SplitBy::Group(column) => fault.help(format!(
            "there are too few groups in {} for these parts",
            shown(&column.value)
        )),
        SplitBy::Shuffle | SplitBy::Order | SplitBy::Stratify(_) => {
            fault.help("give it a larger share, or use more data")
        }
    };
    Err(fault.at(split.span).into())
}
