//! The words for what goes wrong with numbers only, and for missing derivatives.

use crate::ops::{Description, EvalError, NotDifferentiable, codes};
use crate::tensor::WindowSizes;

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
            EvalError::NotPositive {
                what,
                matrix,
                block,
            } => not_positive(what, *matrix, *block),
            EvalError::Unsettled { what, matrix } => Description::new(
                codes::UNSETTLED,
                format!(
                    "`{what}`: the iteration for {} does not settle",
                    named(*matrix)
                ),
            ),
            EvalError::NotFinite { what, matrix } => Description::new(
                codes::NOT_FINITE,
                format!("`{what}`: {} holds a NaN or an infinity", named(*matrix)),
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
            EvalError::Window { axis, size, window } => window_in_words(*axis, *size, window),
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

fn window_in_words(axis: usize, size: usize, window: &WindowSizes) -> Description {
    let WindowSizes {
        size: places,
        stride,
        dilation,
        ..
    } = window;
    let message = match (places, stride, dilation) {
        (0, ..) | (_, 0, _) | (.., 0) => {
            format!("a window of {places} by {stride}, {dilation} apart, is none")
        }
        _ => format!("a window of {places} does not fit axis {axis}, which has size {size}"),
    };
    Description::new(codes::NO_WINDOW, message)
        .note((*dilation > 1).then(|| format!("its places are {dilation} apart")))
}

/// A matrix among those of an operand.
fn named(matrix: Option<usize>) -> String {
    match matrix {
        Some(place) => format!("matrix {place} (from 0)"),
        None => "the matrix".into(),
    }
}

fn singular(what: &str, matrix: Option<usize>, condition: f64) -> Description {
    let matrix = named(matrix);
    let message = format!(
        "`{what}`: {matrix} is singular to working precision, its condition is about {condition:.1e}"
    );
    let help = match what {
        "inverse" => {
            "`pinv(A)` of `linalg` is there for every matrix; `rank(A)` tells what is missing"
        }
        _ => {
            "`pinv(A) @ b` of `linalg` is the shortest of the nearest answers; or add a little to its diagonal, or drop columns that \
             depend on each other"
        }
    };
    Description::new(codes::SINGULAR, message).help(help.to_string())
}

fn not_positive(what: &str, matrix: Option<usize>, block: usize) -> Description {
    let matrix = named(matrix);
    let message = format!("`{what}`: {matrix} is not positive definite");
    let note = match block {
        1 => "its first element is not positive".to_string(),
        _ => format!(
            "its first {block} rows and columns already are not, as far as its precision tells"
        ),
    };
    let help = match what {
        "solve" => "leave out `spd`: without it any regular matrix is solved",
        _ => "`lu` and `eigh` need no such matrix; or add a little to its diagonal",
    };
    Description::new(codes::NOT_POSITIVE, message)
        .note(note)
        .help(help.to_string())
}
