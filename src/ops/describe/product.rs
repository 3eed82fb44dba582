//! The words for products and patterns: matrices, systems, letters.

use crate::ops::describe::{Told, count};
use crate::ops::{Description, LetterFault, advice, codes};
use crate::types::Dim;

impl Told<'_> {
    pub(super) fn rank(&self, what: &str, operand: usize, needs: usize) -> Description {
        let wanted = match needs {
            1 => "an axis at least".to_string(),
            2 => "a matrix".to_string(),
            _ => format!("{needs} axes"),
        };
        let help = match (what, self.shape(operand).rank()) {
            ("'", 1) => "a column is `expand(…, axis: 1)`, a row `expand(…, axis: 0)`",
            ("@", 0) => "multiply by a number with `*`",
            _ => "add axes with `expand(…, axis: 0)`",
        };
        let ty = self.ty(operand);
        Description::new(codes::RANK, format!("`{what}` needs {wanted}, found {ty}"))
            .label(operand, ty)
            .help(help.to_string())
    }

    pub(super) fn inner(&self, left: &Dim, right: &Dim) -> Description {
        let (a, b) = (self.shape(0), self.shape(1));
        let (left, right) = (self.dim(left), self.dim(right));
        let meets = match b.rank() {
            1 => "its axis",
            2 => "first axis",
            _ => "last axis but one",
        };
        let message = format!("matrix product: inner sizes differ, {left} and {right}");
        Description::new(codes::INNER_SIZES, message)
            .label(0, format!("{}: last axis {left}", self.ty(0)))
            .label(1, format!("{}: {meets} {right}", self.ty(1)))
            .help(advice::inner_sizes(&a, &b, self.symbols))
    }

    pub(super) fn batch(&self, what: &str) -> Description {
        let (a, b) = (self.ty(0), self.ty(1));
        let message = format!("`{what}` needs equal axes before the matrices: {a} and {b}");
        self.pair(codes::BATCH_AXES, message, 0, 1)
            .help("place them by name: `broadcast(…, like: …)` or `einsum`".to_string())
    }

    pub(super) fn square(&self, what: &str, operand: usize) -> Description {
        let ty = self.ty(operand);
        let message = format!("`{what}` needs a square matrix, found {ty}");
        let help = "a system with more rows than columns: `solve(A' @ A, A' @ b)`, or `qr`";
        Description::new(codes::NOT_SQUARE, message)
            .label(operand, ty)
            .help(help.to_string())
    }

    pub(super) fn wide(&self, rows: &Dim, cols: &Dim) -> Description {
        let (rows, cols) = (self.dim(rows), self.dim(cols));
        let message = format!("`qr` needs at least as many rows as columns: {rows} and {cols}");
        Description::new(codes::WIDE, message)
            .label(0, self.ty(0))
            .help("factor the transpose: `qr(…')`".to_string())
    }

    pub(super) fn solve(&self, left: &Dim, right: &Dim) -> Description {
        let (left, right) = (self.dim(left), self.dim(right));
        let message = format!("`solve`: {left} equations, but {right} right-hand values");
        self.pair(codes::SOLVE_ROWS, message, 0, 1)
    }

    pub(super) fn letter_sizes(
        &self,
        letter: &str,
        left: &(usize, Dim),
        right: &(usize, Dim),
    ) -> Description {
        let (a, b) = (self.dim(&left.1), self.dim(&right.1));
        let of = |operand: usize, size: &str| format!("{}: `{letter}` is {size}", self.ty(operand));
        let message = format!("letter `{letter}` stands for two sizes, {a} and {b}");
        let told = Description::new(codes::LETTER_SIZES, message).label(left.0, of(left.0, &a));
        if left.0 == right.0 {
            return told.note(format!("the size given by name is {b}"));
        }
        told.label(right.0, of(right.0, &b))
    }

    pub(super) fn pattern(&self, what: &str, operand: usize, axes: usize) -> Description {
        let (ty, axes) = (self.ty(operand), count(axes, "axis", "axes"));
        let message = format!("`{what}`: the pattern names {axes}, found {ty}");
        Description::new(codes::PATTERN, message).label(operand, ty)
    }

    pub(super) fn divisible(
        &self,
        what: &str,
        operand: usize,
        size: &Dim,
        by: &Dim,
    ) -> Description {
        let is_symbolic = size.as_int().is_none() || by.as_int().is_none();
        let (size, by) = (self.dim(size), self.dim(by));
        let message = format!("`{what}`: {size} is not a multiple of {by}");
        let state = || format!("state it in the signature: `where {by} divides {size}`");
        Description::new(codes::NOT_DIVISIBLE, message)
            .label(operand, self.ty(operand))
            .help(is_symbolic.then(state))
    }
}

pub(super) fn pattern_operands(pattern: usize, given: usize) -> Description {
    let wanted = count(pattern, "operand", "operands");
    let message = format!("the pattern is for {wanted}, {given} given");
    Description::new(codes::PATTERN, message)
}

pub(super) fn letter_fault(what: &str, letter: &str, fault: LetterFault) -> Description {
    let (is, help) = match fault {
        LetterFault::Repeated => (
            "stands twice on one side",
            "give each axis a letter of its own",
        ),
        LetterFault::Unknown => (
            "stands on the right only",
            "every letter of the result comes from an operand",
        ),
        LetterFault::Dropped => (
            "stands on the left only",
            "to sum over it, use `einsum` or `sum(…, over: …)`",
        ),
        LetterFault::Unsized => (
            "has no size, nor has another of its group",
            "give its size by name, as in `h: 4`",
        ),
    };
    let message = format!("`{what}`: letter `{letter}` {is}");
    Description::new(codes::LETTER, message).help(help.to_string())
}
