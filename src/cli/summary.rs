//! `nnlc summary`: what a model costs.

use std::path::Path;

use crate::cli::args::Global;
use crate::cli::{Done, Out};

pub(crate) fn summary(_path: &Path, _global: &Global, _out: &mut Out<'_>) -> Done {
    Ok(())
}
