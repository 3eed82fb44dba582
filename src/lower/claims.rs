//! What docs claim of values. `/// @gives probabilities` on a definition marks its result, `/// @takes logits` says what its first
//! input wants to be; a value marked otherwise that arrives there is warned of. The words are the library's or a user's: all that
//! is known of them here is whether they are the same.

use std::collections::BTreeMap;

use crate::arena::IdMap;
use crate::diag::Diagnostic;
use crate::ir::draft::{DraftFunc, DraftId, DraftValue, NodeKind, Prim};
use crate::ir::{Origin, Role};
use crate::lower::arguments::Bound;
use crate::lower::scope::DefId;
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Lowerer, codes};
use crate::source::Span;

/// What the docs of a definition claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    gives: Option<String>,
    takes: Option<String>,
}

impl Claims {
    /// The claims among doc lines.
    pub(crate) fn of(docs: &[String]) -> Claims {
        let after = |tag: &str| {
            let mut lines = docs.iter().map(|line| line.trim());
            let word = lines.find_map(|line| line.strip_prefix(tag))?.trim();
            Some(word.trim_end_matches('.').to_owned())
        };
        Claims {
            gives: after("@gives "),
            takes: after("@takes "),
        }
    }
}

/// A value of which something is claimed.
#[derive(Clone, Debug)]
struct Claimed {
    what: String,
    by: String,
    span: Span,
}

/// Every claim made so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    nodes: IdMap<Origin, Claimed>,
    exported: BTreeMap<String, Claimed>,
}

impl Lowerer<'_> {
    /// Marks what a definition gave at a use.
    pub(crate) fn mark(&mut self, id: DefId, result: &Val, span: Span) {
        let entry = &self.world.defs[id];
        let (Some(what), Val::Tensor(tensor)) = (&entry.claims.gives, result) else {
            return;
        };
        let claimed = Claimed {
            what: what.clone(),
            by: entry.name().to_owned(),
            span,
        };
        let node = &self.frames[tensor.depth].func.nodes[tensor.value];
        self.marks.nodes.insert(node.origin, claimed);
    }

    /// Marks what a function exports, for the functions that read it.
    pub(crate) fn mark_exports(&mut self, id: DraftId) {
        let func = &self.draft.funcs[id];
        let claimed = func.results.iter().filter_map(|(name, value)| {
            let claimed = self.followed(func, *value).0?;
            Some((name.clone(), claimed.clone()))
        });
        let claimed: Vec<_> = claimed.collect();
        self.marks.exported.extend(claimed);
    }

    /// Warns of an argument that is marked as another thing than its parameter takes.
    pub(crate) fn check_claims(&mut self, id: DefId, bound: &[Bound]) {
        let entry = &self.world.defs[id];
        let (Some(takes), Some(first)) = (&entry.claims.takes, bound.first()) else {
            return;
        };
        let claimed = match &first.value {
            Val::Tensor(tensor) => self.claimed(*tensor),
            Val::Global(name) => self.marks.exported.get(name),
            _ => None,
        };
        let Some(claimed) = claimed.filter(|claimed| claimed.what != *takes) else {
            return;
        };
        let warning = self.not_as_claimed(entry.name(), takes, claimed, first.span);
        self.reports.push(self.at_user(warning));
    }

    fn not_as_claimed(
        &self,
        callee: &str,
        takes: &str,
        claimed: &Claimed,
        place: Span,
    ) -> Diagnostic {
        let Claimed { what, by, span } = claimed;
        let message = format!("`{callee}` takes {takes}, found {what}");
        let report = Diagnostic::warning(codes::NOT_AS_CLAIMED, message);
        let report = report.label(place, format!("these are {what}"));
        let report = match self.sources.is_user(*span) && *span != place {
            true => report.label(*span, format!("`{by}` gives {what}")),
            false => report,
        };
        report.help(format!(
            "leave `{by}` out: pass what it is given; apply it where {what} are shown or used"
        ))
    }

    /// What is claimed of a value, or of what it is another view of.
    fn claimed(&self, tensor: TensorRef) -> Option<&Claimed> {
        let frame = &self.frames[tensor.depth];
        let (claimed, root) = self.followed(&frame.func, tensor.value);
        claimed.or_else(|| {
            let value = frame.captured(root)?;
            let depth = tensor.depth.checked_sub(1)?;
            self.claimed(TensorRef { depth, value })
        })
    }

    /// The claim that a value's way back through its function meets first, and where the way ends.
    fn followed(&self, func: &DraftFunc, mut value: DraftValue) -> (Option<&Claimed>, DraftValue) {
        loop {
            let node = &func.nodes[value];
            if let Some(claimed) = self.marks.nodes.get(node.origin) {
                return (Some(claimed), value);
            }
            match &node.kind {
                NodeKind::Ascribe(..) => value = node.operands[0],
                NodeKind::Prim(prim) if is_view(prim) => value = node.operands[0],
                NodeKind::Input(Role::Global(name), _) => {
                    return (self.marks.exported.get(name), value);
                }
                _ => return (None, value),
            }
        }
    }
}

/// Whether a primitive only arranges its operand's elements anew.
fn is_view(prim: &Prim) -> bool {
    matches!(
        prim,
        Prim::Cast(_)
            | Prim::StopGradient
            | Prim::Transpose
            | Prim::Rearrange(_)
            | Prim::Permute(_)
            | Prim::Reshape(_)
            | Prim::Flatten(_)
            | Prim::Squeeze(_)
            | Prim::Expand(_)
            | Prim::Index(_)
            | Prim::Reverse(_)
    )
}
