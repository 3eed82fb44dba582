//! What compiling makes on the way, for whoever wants to look.

use crate::ir::Module;
use crate::ir::draft::Draft;

/// What a step of compiling has made.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// Names resolved, layers expanded.
    Lowered(&'a Draft),
    /// Every shape worked out.
    Checked(&'a Module),
    /// Gradients written out, nothing nested.
    Differentiated(&'a Module),
    /// What engines run.
    Optimized(&'a Module),
}

/// Looks at each step.
pub type Watch<'a> = dyn FnMut(Step<'_>) + 'a;
