//! Reading CSV files.

use std::path::Path;

use crate::data::spec::DataSpec;
use crate::data::table::Table;
use crate::diag::{Diagnostic, Diagnostics};

/// Reads the columns that a spec uses; a relative path starts at `folder`, the program's.
pub fn read_table(spec: &DataSpec, _folder: &Path) -> Result<Table, Diagnostics> {
    Err(Diagnostic::error(
        crate::diag::Code::new(crate::diag::Stage::Data, 401),
        format!("cannot read {:?}", spec.source),
    )
    .into())
}
