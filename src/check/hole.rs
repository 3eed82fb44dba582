//! Holes: the type wanted, and the bindings that have it.

use crate::check::walk::Walk;
use crate::check::{Checker, Reported, codes};
use crate::diag::Diagnostic;
use crate::ir::draft::{AxisPattern, DraftNode, DraftValue, NodeKind, Pattern};

impl Checker<'_> {
    /// A hole, now that it is known what belongs there.
    pub(super) fn tell_hole(
        &mut self,
        walk: &mut Walk<'_, '_>,
        pattern: &Pattern,
        hole: DraftValue,
    ) -> Reported {
        let node = &walk.draft.nodes[hole];
        let wanted = self.written(walk, pattern);
        let NodeKind::Hole(names) = &node.kind else {
            return Reported;
        };
        let fitting = names
            .iter()
            .zip(&node.operands)
            .filter(|(_, value)| self.would_fit(walk, **value, pattern));
        let fitting: Vec<String> = fitting.map(|(name, _)| format!("`{name}`")).collect();
        let report = Diagnostic::error(codes::HOLE, format!("a hole: `{wanted}` is wanted here"))
            .label(self.place(node.origin), format!("`{wanted}`"));
        let help = match fitting.is_empty() {
            true => "nothing in scope has that type".to_string(),
            false => format!("these fit: {}", fitting.join(", ")),
        };
        self.push(report.help(help))
    }

    fn would_fit(&mut self, walk: &mut Walk<'_, '_>, value: DraftValue, pattern: &Pattern) -> bool {
        let Ok(typed) = walk.one(value) else {
            return false;
        };
        let found = walk.resolved(typed.value).shape;
        let dims = &walk.b.module.dims;
        pattern.axes.len() == found.rank()
            && pattern
                .axes
                .iter()
                .zip(found.dims())
                .all(|(axis, found)| match axis {
                    AxisPattern::Axis(_, dim) => dims.resolve(dim) == *found,
                    AxisPattern::Hole | AxisPattern::Spread(_) => true,
                })
    }

    /// A hole where any type could stand.
    pub(super) fn tell_open_hole(&mut self, node: &DraftNode) -> Reported {
        let report = Diagnostic::error(
            codes::HOLE,
            "a hole, and nothing here says what type is wanted",
        )
        .label(self.place(node.origin), "used here");
        self.push(report.help(
            "use it where a type is declared: as an argument, a result, or in `let name: [n] = ?;`",
        ))
    }
}
