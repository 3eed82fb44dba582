//! A table of random numbers, for teaching and for timing. A column is a pure function of the seed and its own name: it does not
//! change when rows or other columns are added.

use crate::data::codes;
use crate::data::fault::Fault;
use crate::data::header::Header;
use crate::data::spec::RandomSpec;
use crate::data::table::{Cells, Column, Table};
use crate::diag::{Diagnostic, Diagnostics};
use crate::tensor::{Distribution, place_of, random, stream};
use crate::types::DType;

/// The most cells that are drawn.
const MOST_CELLS: usize = 1 << 31;

/// Draws the columns that `choose` picks; messages call the table `name`.
pub(crate) fn draw(
    name: &str,
    source: &RandomSpec,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    check(source)?;
    let mut table = Table {
        file: name.to_owned(),
        row_word: "row",
        runs_on: false,
        header: header(source),
        columns: vec![],
        lines: (1..).take(source.rows.value).collect(),
        given: vec![],
    };
    let places = choose(table.names())?;
    let columns = places.into_iter().map(|place| Column {
        name: table.header[place].clone(),
        position: place,
        cells: cells(source, place, &table.header[place]),
        missing: vec![],
    });
    table.columns = columns.collect();
    Ok(table)
}

fn check(source: &RandomSpec) -> Result<(), Diagnostic> {
    if source.rows.value == 0 {
        let fault = Fault::new(codes::BAD_RANDOM, "a table without rows", "at least one");
        return Err(fault.at(source.rows.span));
    }
    if let Some(classes) = source
        .classes
        .as_ref()
        .filter(|n| !(2..=1 << 31).contains(&n.value))
    {
        let message = format!("`classes: {}` cannot be drawn", classes.value);
        let fault = Fault::new(codes::BAD_RANDOM, message, "from 2 to 2^31");
        return Err(fault.at(classes.span));
    }
    let width = source.normal.saturating_add(source.uniform);
    if width == 0 && source.classes.is_none() {
        let fault = Fault::new(
            codes::BAD_RANDOM,
            "a table without columns",
            "draws nothing",
        );
        let help = "say how many columns: `normal: 4`, `uniform: 2`, `classes: 3`";
        return Err(fault.help(help).at(source.span));
    }
    if source.rows.value.saturating_mul(width.max(1)) > MOST_CELLS {
        let message = format!("{} rows of {width} columns are too many", source.rows.value);
        let label = format!("more than {MOST_CELLS} cells");
        return Err(Fault::new(codes::BAD_RANDOM, message, label).at(source.rows.span));
    }
    Ok(())
}

fn header(source: &RandomSpec) -> Vec<String> {
    let normal = (0..source.normal).map(|i| format!("x{i}"));
    let uniform = (0..source.uniform).map(|i| format!("u{i}"));
    let class = source.classes.iter().map(|_| "class".to_owned());
    normal.chain(uniform).chain(class).collect()
}

fn cells(source: &RandomSpec, place: usize, name: &str) -> Cells {
    if place < source.normal {
        return Cells::Float(numbers(Distribution::Normal, source, name));
    }
    if place < source.normal + source.uniform {
        return Cells::Float(numbers(Distribution::Uniform, source, name));
    }
    Cells::Int(classes(source, name))
}

/// Single precision is enough, and drawn twice as fast.
fn numbers(distribution: Distribution, source: &RandomSpec, name: &str) -> Vec<f64> {
    let (seed, rows) = (source.seed.cast_signed(), source.rows.value);
    let drawn = random(distribution, seed, place(name), 0, &[rows], DType::F32);
    let drawn = drawn.as_slice::<f32>().expect("asked for in f32");
    drawn.iter().copied().map(f64::from).collect()
}

fn classes(source: &RandomSpec, name: &str) -> Vec<i64> {
    let n = source.classes.as_ref().map_or(1, |classes| classes.value);
    let bound = u32::try_from(n).expect("checked: at most 2^31 classes");
    let mut words = stream(source.seed.cast_signed(), place(name), 0);
    (0..source.rows.value)
        .map(|_| i64::from(words.below(bound)))
        .collect()
}

fn place(name: &str) -> u64 {
    place_of(&format!("data/random/{name}"))
}
