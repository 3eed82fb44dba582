//! What docs claim of values. `/// @gives probabilities` on a definition marks its result, `/// @takes logits` says what its first
//! input wants to be; a value marked otherwise that arrives there is warned of. The words are the library's or a user's: all that
//! is known of them here is whether they are the same. `/// @link softmax` names the function that makes of a first input what it
//! stands for: of logits the probabilities.

use std::collections::BTreeMap;

use crate::arena::IdMap;
use crate::diag::Diagnostic;
use crate::ir::draft::{DraftFunc, DraftId, DraftValue, NodeKind, Prim};
use crate::ir::{Origin, Role};
use crate::lower::arguments::Bound;
use crate::lower::scope::{DefId, Global};
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Lowerer, Lowering, codes};
use crate::source::Span;

/// What the docs of a definition claim.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    gives: Option<String>,
    takes: Option<String>,
    /// The function that makes of its first input what it stands for.
    link: Option<String>,
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
            link: after("@link "),
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
    /// The model's output while a loss is lowered, and the link that the loss claims for it.
    out: Option<TensorRef>,
    link: Option<DefId>,
}

/// What a model's only output is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Presented {
    /// What is claimed of it: `probabilities`.
    pub(crate) is: Option<String>,
    /// The function that makes of it what the loss takes it for: `softmax`, of logits.
    pub(crate) link: Option<DefId>,
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

    /// Lowers a loss, and tells what it takes the model's output for.
    pub(crate) fn presented<T>(
        &mut self,
        out: &Val,
        loss: impl FnOnce(&mut Self) -> Lowering<T>,
    ) -> Lowering<(T, Presented)> {
        let only = match out {
            Val::Tensor(tensor) => Some(*tensor),
            _ => None,
        };
        self.marks.out = only;
        self.marks.link = None;
        let loss = loss(self);
        self.marks.out = None;
        let is = only.and_then(|out| Some(self.claimed(out)?.what.clone()));
        let link = self.marks.link.take();
        Ok((loss?, Presented { is, link }))
    }

    /// Keeps the link of a function that takes the model's output as it is.
    fn learn_link(&mut self, id: DefId, first: &Val) {
        let entry = &self.world.defs[id];
        let (Some(name), Val::Tensor(tensor)) = (&entry.claims.link, first) else {
            return;
        };
        if self
            .marks
            .out
            .is_some_and(|out| self.root(out) == self.root(*tensor))
        {
            let link = self.world.find(entry.scope, name);
            let link = link.and_then(|entry| match entry.global {
                Global::Def(link) => Some(link),
                _ => None,
            });
            self.marks.link = self.marks.link.or(link);
        }
    }

    /// What a value is another view of, row by row.
    fn root(&self, mut tensor: TensorRef) -> TensorRef {
        loop {
            let node = &self.frames[tensor.depth].func.nodes[tensor.value];
            match &node.kind {
                NodeKind::Ascribe(..)
                | NodeKind::Prim(Prim::Cast(_) | Prim::Squeeze(_) | Prim::Expand(_)) => {
                    tensor.value = node.operands[0];
                }
                _ => return tensor,
            }
        }
    }

    /// Warns of an argument that is marked as another thing than its parameter takes.
    pub(crate) fn check_claims(&mut self, id: DefId, bound: &[Bound]) {
        if let Some(first) = bound.first() {
            self.learn_link(id, &first.value);
        }
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
