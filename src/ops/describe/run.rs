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
    /// Whether it is the first operand, a matrix, that is at fault.
    pub fn is_of_matrix(&self) -> bool {
        match self {
            EvalError::Singular { .. } | EvalError::NotPositive { .. } => true,
            EvalError::Unsettled { .. } | EvalError::NotFinite { .. } => true,
            EvalError::Wide { .. } => true,
            EvalError::Index { .. } | EvalError::Range { .. } | EvalError::Window { .. } => false,
        }
    }

    /// The op that met a singular matrix, if that is the error.
    pub fn singular_in(&self) -> Option<&'static str> {
        match self {
            EvalError::Singular { what, .. } => Some(what),
            EvalError::NotPositive { .. } | EvalError::Unsettled { .. } => None,
            EvalError::NotFinite { .. } | EvalError::Wide { .. } | EvalError::Index { .. } => None,
            EvalError::Range { .. } | EvalError::Window { .. } => None,
        }
    }

    /// The error in words, where a singular matrix means that columns depend on each other of the one that `name` was given.
    pub fn describe_dependence(&self, name: &str) -> Option<Description> {
        let EvalError::Singular {
            matrix, condition, ..
        } = self
        else {
            return None;
        };
        let (matrix, condition) = (named(matrix), condition_in_words(*condition));
        let message = format!(
            "{name}: columns of {matrix} depend on each other, its condition is {condition}"
        );
        Some(Description::new(codes::SINGULAR, message))
    }

    /// The error in words.
    pub fn describe(&self) -> Description {
        match self {
            EvalError::Singular {
                what,
                matrix,
                condition,
            } => singular(what, matrix, *condition),
            EvalError::NotPositive {
                what,
                matrix,
                block,
                values,
            } => not_positive(what, matrix, *block, *values),
            EvalError::Unsettled { what, matrix } => Description::new(
                codes::UNSETTLED,
                format!(
                    "`{what}`: the iteration for {} does not settle",
                    named(matrix)
                ),
            ),
            EvalError::NotFinite { what, matrix } => Description::new(
                codes::NOT_FINITE,
                format!("`{what}`: {} holds a NaN or an infinity", named(matrix)),
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
fn named(matrix: &[usize]) -> String {
    match matrix {
        [] => "the matrix".into(),
        [place] => format!("matrix {place} (from 0)"),
        places => format!("matrix {places:?} (from 0)"),
    }
}

fn condition_in_words(condition: f64) -> String {
    match condition.is_finite() {
        true => format!("about {condition:.1e}"),
        false => "infinite".into(),
    }
}

fn singular(what: &str, matrix: &[usize], condition: f64) -> Description {
    let (matrix, condition) = (named(matrix), condition_in_words(condition));
    let message = format!(
        "`{what}`: {matrix} is singular to working precision, its condition is {condition}"
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

/// A number to two digits or so.
fn rounded(x: f64) -> String {
    match x == 0.0 || (0.1..1e4).contains(&x.abs()) {
        true => format!("{x:.1}"),
        false => format!("{x:.1e}"),
    }
}

fn not_positive(
    what: &str,
    matrix: &[usize],
    block: usize,
    values: Option<[f64; 2]>,
) -> Description {
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
    let values = values.map(|[least, most]| {
        let [least, most] = [least, most].map(rounded);
        format!("its eigenvalues go from {least} to {most}; all should be above zero")
    });
    Description::new(codes::NOT_POSITIVE, message)
        .note(note)
        .note(values)
        .help(help.to_string())
}
