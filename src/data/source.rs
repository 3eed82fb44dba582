//! Every source of rows, read into a table by one function.

use std::path::Path;

use crate::data::csv::read_csv;
use crate::data::header::Header;
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
        SourceSpec::Text(source) => read_text(source, folder, choose),
    }
}
