//! Which part of a call its function works on: the first argument, or what is piped in.

use std::ops::Range;
use std::path::Path;

use crate::source::SourceMap;
use crate::syntax::ast::{Expr, ExprKind, ItemKind, Program, StmtKind};

use super::parse_line;

/// The place of the first operand in the text of a call, if it is one.
pub fn first_operand(call: &str) -> Option<Range<usize>> {
    let mut sources = SourceMap::new();
    let id = sources.add_file(Path::new(""), call);
    let program = parse_line(&sources, id).0?;
    let operand = operand(expression(&program)?)?;
    Some(operand.span.start as usize..operand.span.end as usize)
}

fn expression(program: &Program) -> Option<&Expr> {
    let [item] = program.items.as_slice() else {
        return None;
    };
    let ItemKind::Stmt(stmt) = &item.kind else {
        return None;
    };
    let StmtKind::Expr(value) = &stmt.kind else {
        return None;
    };
    Some(value)
}

fn operand(call: &Expr) -> Option<&Expr> {
    if let ExprKind::Call(_, args) = &call.kind {
        return args.first().map(|arg| &arg.value);
    }
    let ExprKind::Pipe(stages) = &call.kind else {
        return None;
    };
    // Of more stages, it cannot be told which one failed.
    stages.first().filter(|_| stages.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_works_on_its_first_argument_or_on_what_is_piped_in() {
        let operand = |text: &'static str| first_operand(text).map(|range| &text[range]);
        assert_eq!(operand("solve(A' @ A, b)"), Some("A' @ A"));
        assert_eq!(operand("A[0] |> inverse"), Some("A[0]"));
        assert_eq!(operand("A |> inverse |> det"), None);
        assert_eq!(operand("A + b"), None);
        assert_eq!(operand("f()"), None);
    }
}
