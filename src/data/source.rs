//! Every source of rows, read into a table by one function.

use std::path::Path;

use crate::data::csv::read_csv;
use crate::data::header::Header;
use crate::data::idx::read_idx;
use crate::data::images::read_images;
use crate::data::inline::read_inline;
use crate::data::random::draw;
use crate::data::select;
use crate::data::spec::{DataSpec, SourceSpec};
use crate::data::table::Table;
use crate::data::text::read_text;
use crate::diag::Diagnostics;

/// Reads the columns that a spec uses; a relative path starts at `folder`, the program's.
pub fn read_table(spec: &DataSpec, folder: &Path) -> Result<Table, Diagnostics> {
    let name = &spec.name.value;
    let choose = |header: Header<'_>| select::used(spec, header);
    match &spec.source {
        SourceSpec::Csv(source) => read_csv(source, &spec.missing, folder, choose),
        SourceSpec::Inline(source) => read_inline(name, source, &spec.missing, choose),
        SourceSpec::Random(source) => draw(name, source, choose),
        SourceSpec::Idx(source) => {
            let table = read_idx(source, folder).map_err(|fault| fault.at(source.path.span))?;
            checked(table, choose)
        }
        SourceSpec::Images(source) => {
            let table = read_images(source, folder).map_err(|fault| fault.at(source.path.span))?;
            checked(table, choose)
        }
        SourceSpec::Text(source) => read_text(source, folder, choose),
    }
}

/// A table of images: all of its columns are there, whatever is used.
fn checked(
    table: Table,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    choose(table.names()).map(|_| ())?;
    Ok(table)
}
