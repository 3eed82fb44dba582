//! What is right and probably not meant, read off the tree: names that nothing reads, fields of the data that nothing uses, a size
//! beside its near-twin. Knows no shapes; what takes those is warned of where they are known. A warning changes no exit code.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a lint asks for a few kinds of item or expression, and passes over all others"
)]

pub mod codes;
mod fields;
mod names;
mod sizes;
mod visit;

use crate::diag::Diagnostics;
use crate::lower::{DataFacts, ScopeId, World};
use crate::source::SourceMap;
use crate::syntax::ast::Program;

/// Looks through a program without errors, whose names mean what `world` says in `scope`, and whose data is known.
pub fn lint(
    program: &Program,
    world: &World,
    scope: ScopeId,
    data: &[DataFacts],
    sources: &SourceMap,
) -> Diagnostics {
    let mut reports = Diagnostics::new();
    names::unread(program, &mut reports);
    fields::unused(program, data, &mut reports);
    sizes::near_twins(program, world, scope, sources, &mut reports);
    reports
}
