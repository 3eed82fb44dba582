//! The words for what goes wrong with numbers only, and for missing derivatives.

use crate::ops::{Description, EvalError, NotDifferentiable, codes};

impl NotDifferentiable {
    /// The error in words.
    pub fn describe(&self) -> Description {
        let message = format!("`{}` has no derivative: {}", self.what, self.why);
        Description::new(codes::NOT_DIFFERENTIABLE, message)
            .help("keep gradients out with `stop_gradient(…)`".to_string())
    }
}

impl EvalError {
    /// The error in words.
    pub fn describe(&self) -> Description {
        match self {
            EvalError::Singular {
                what,
                matrix,
                condition,
            } => singular(what, *matrix, *condition),
            EvalError::NotFinite { what, matrix } => Description::new(
                codes::NOT_FINITE,
                format!("`{what}`: matrix {matrix} holds a NaN or an infinity"),
            ),
            EvalError::Wide { rows, cols } => Description::new(
                codes::TOO_WIDE,
                format!("`qr` needs at least as many rows as columns: {rows} and {cols}"),
            ),
            EvalError::Index {
                index,
                position,
                size,
            } => Description::new(
                codes::INDEX,
                format!(
                    "index {index}, number {position} of the indices, is outside an axis of size {size}"
                ),
            ),
            EvalError::Range { start, stop, .. } if start > stop => Description::new(
                codes::RANGE,
                format!("range {start}:{stop} ends before it begins"),
            ),
            EvalError::Range {
                axis,
                start,
                stop,
                size,
            } => Description::new(
                codes::RANGE,
                format!("range {start}:{stop} is outside axis {axis}, which has size {size}"),
            ),
        }
    }
}

fn singular(what: &str, matrix: usize, condition: f64) -> Description {
    let message = format!(
        "`{what}`: matrix {matrix} is singular to working precision, its condition is about {condition:.1e}"
    );
    let help = "add a little to its diagonal, or drop columns that depend on each other";
    Description::new(codes::SINGULAR, message).help(help.to_string())
}
