//! Primitives of several results, as many as are named or asked for.

use crate::diag::Diagnostic;
use crate::ir::draft::{NodeKind, Prim};
use crate::lower::prim::Args;
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Lowerer, Lowering, codes};
use crate::source::Span;
use crate::tensor::Factor;

impl Lowerer<'_> {
    /// Primitives with several results.
    pub(crate) fn several(&mut self, name: &str, args: &Args<'_>, span: Span) -> Lowering<Val> {
        let operand = self.operand(args, "x")?;
        let (prim, n_parts) = match name {
            "split" => {
                let n_parts = self.n_parts(args, span)?;
                (Prim::Split(n_parts, args.axis("axis")), n_parts)
            }
            _ => {
                let n_parts = self.wanted_parts(span)?;
                (Prim::Unstack(n_parts, args.axis("axis")), n_parts)
            }
        };
        Ok(self.parts(NodeKind::Prim(prim), &[operand.0], n_parts, span))
    }

    /// The factors of a matrix: a tuple, or the only one.
    pub(crate) fn factors(&mut self, kind: Factor, args: &Args<'_>, span: Span) -> Lowering<Val> {
        let operand = self.operand(args, "A")?;
        let prim = NodeKind::Prim(Prim::Factor(kind));
        let parts = self.parts(prim, &[operand.0], kind.n_results(), span);
        Ok(match parts {
            Val::Tuple(mut only) if only.len() == 1 => only.remove(0),
            several => several,
        })
    }

    /// How many parts `split` is asked for: at least one, and not more than a program may have operations.
    fn n_parts(&mut self, args: &Args<'_>, span: Span) -> Lowering<usize> {
        let wanted = args.int("parts");
        let n_parts = usize::try_from(wanted).unwrap_or(0);
        if n_parts == 0 {
            let message = format!("`split` makes at least one part, found `parts: {wanted}`");
            let report = Diagnostic::error(codes::WRONG_KIND, message);
            return Err(self.report(report.label(span, "called here")));
        }
        self.check_room(n_parts, span)?;
        Ok(n_parts)
    }

    /// A node with several results, and those.
    pub(crate) fn parts(
        &mut self,
        kind: NodeKind,
        operands: &[TensorRef],
        n_parts: usize,
        span: Span,
    ) -> Val {
        let whole = self.emit(kind, operands, span);
        let parts =
            (0..n_parts).map(|index| Val::Tensor(self.emit(NodeKind::Part(index), &[whole], span)));
        Val::Tuple(parts.collect())
    }

    fn wanted_parts(&mut self, span: Span) -> Lowering<usize> {
        let report =
            || Diagnostic::error(codes::ARITY, "`unstack` cannot tell how many parts to make");
        let help = "bind the parts at once: `let (a, b) = unstack(x);`";
        self.arity.ok_or_else(|| {
            self.report(
                report()
                    .label(span, "not bound to a tuple of names")
                    .help(help),
            )
        })
    }

    /// Evaluates with the number of names the result will be bound to.
    pub(crate) fn with_arity<T>(
        &mut self,
        arity: Option<usize>,
        eval: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = std::mem::replace(&mut self.arity, arity);
        let result = eval(self);
        self.arity = outer;
        result
    }
}
