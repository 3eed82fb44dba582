//! The words for functions: arguments and gradients.

use crate::ops::describe::{Told, count};
use crate::ops::{Description, codes};
use crate::types::{Dim, TensorType};

impl Told<'_> {
    pub(super) fn argument(&self, operand: usize, expected: &TensorType) -> Description {
        let (expected, ty) = (expected.display(self.symbols), self.ty(operand));
        let message = format!("expected {expected}, found {ty}");
        Description::new(codes::ARGUMENT, message).label(operand, ty)
    }

    pub(super) fn scan_lengths(&self, operand: usize, expected: &Dim, found: &Dim) -> Description {
        let (expected, places) = (expected.display(self.symbols), found.display(self.symbols));
        let message = format!("`scan` walks along {expected} places and along {places}");
        Description::new(codes::SCAN_LENGTHS, message)
            .label(operand, format!("{places} places"))
            .help("walk along sequences of one length".to_string())
    }

    pub(super) fn scan_state(
        &self,
        operand: usize,
        before: &TensorType,
        after: &TensorType,
    ) -> Description {
        let (before, after) = (before.display(self.symbols), after.display(self.symbols));
        let message = format!("a state goes into a step as {before} and comes out as {after}");
        Description::new(codes::SCAN_STATE, message)
            .label(operand, format!("the first state: {before}"))
            .help("let the cell give a state of the type that it takes".to_string())
    }

    pub(super) fn not_a_loss(&self, found: &TensorType) -> Description {
        let found = found.display(self.symbols);
        let message = format!("`grad` differentiates a scalar of floats, found {found}");
        Description::new(codes::NOT_A_LOSS, message)
            .help("reduce it first: `sum(…)` or `mean(…)`".to_string())
    }

    pub(super) fn not_variable(&self, operand: usize) -> Description {
        let ty = self.ty(operand);
        let message = format!("no gradient by {ty}: its elements are not floats");
        Description::new(codes::NOT_VARIABLE, message)
            .label(operand, ty)
            .help("convert first: `cast(…, f32)`".to_string())
    }
}

pub(super) fn operand_count(what: &str, expected: usize, found: usize) -> Description {
    let expected = count(expected, "operand", "operands");
    Description::new(
        codes::OPERANDS,
        format!("`{what}` takes {expected}, {found} given"),
    )
}
