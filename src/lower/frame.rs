//! Functions under construction. Frames nest as `grad(fn(v) => …)` nests functions; a value of an outer frame that an inner one
//! uses becomes an input of the inner one, passed along when its function is called.

use std::collections::BTreeSet;

use crate::ir::draft::{DraftFunc, DraftId, DraftNode, DraftValue, NodeKind, Pattern};
use crate::ir::{OriginId, Role};
use crate::lower::value::{TensorRef, Val};
use crate::lower::{Lowerer, Lowering};
use crate::source::Span;

/// How many nodes a program may come to before it is refused.
const NODE_BUDGET: usize = 2_000_000;

/// One function under construction.
#[derive(Debug, Default)]
pub(crate) struct Frame {
    pub(crate) func: DraftFunc,
    /// Pairs of a value in the next outer frame and the input that stands for it here.
    captures: Vec<(DraftValue, DraftValue)>,
    /// Inputs by what they stand for; only the outermost frame has any.
    roles: Vec<(Role, DraftValue)>,
}

impl Frame {
    /// The value of the next outer frame that an input stands for.
    pub(crate) fn captured(&self, input: DraftValue) -> Option<DraftValue> {
        let capture = self.captures.iter().find(|(_, inner)| *inner == input);
        capture.map(|(outer, _)| *outer)
    }
}

impl Lowerer<'_> {
    /// Begins a function inside the current one.
    pub(crate) fn open(&mut self, name: impl Into<String>) {
        let func = DraftFunc {
            name: name.into(),
            ..DraftFunc::default()
        };
        self.frames.push(Frame {
            func,
            ..Frame::default()
        });
    }

    /// Ends the innermost function and returns it with the values it captured, as operands for whoever calls it.
    pub(crate) fn close(&mut self, results: Vec<(String, TensorRef)>) -> (DraftId, Vec<TensorRef>) {
        let results = results
            .into_iter()
            .map(|(name, result)| (name, self.here(result)))
            .collect();
        let mut frame = self.frames.pop().expect("every close follows an open");
        frame.func.results = results;
        if self.frames.is_empty() {
            self.drop_unused(&mut frame.func);
        }
        let depth = self.frames.len().saturating_sub(1);
        let captured = frame
            .captures
            .iter()
            .map(|(outer, _)| TensorRef {
                depth,
                value: *outer,
            })
            .collect();
        (self.draft.funcs.push(frame.func), captured)
    }

    /// Closes a function that returns the tensors of `result`, each by this name; also where there is none.
    pub(crate) fn close_with(
        &mut self,
        name: &str,
        result: &Lowering<Val>,
        span: Span,
    ) -> Lowering<(DraftId, Vec<TensorRef>)> {
        let leaves = result.as_ref().map_err(|reported| *reported);
        let leaves = leaves.and_then(|result| self.leaf_tensors(result, span));
        let named = |leaf: &TensorRef| (name.to_string(), *leaf);
        let closed = self.close(leaves.iter().flatten().map(named).collect());
        leaves.map(|_| closed)
    }

    /// A weight that nothing reads is not there: the bias of a layer that goes without.
    fn drop_unused(&mut self, func: &mut DraftFunc) {
        let read = func.nodes.iter().flat_map(|(_, node)| &node.operands);
        let read: BTreeSet<DraftValue> = read
            .chain(func.results.iter().map(|(_, value)| value))
            .copied()
            .collect();
        let is_weight =
            |role: &Role| matches!(role, Role::Param(_) | Role::State(_) | Role::Global(_));
        let unused = func
            .inputs
            .iter()
            .copied()
            .filter(|input| match &func.nodes[*input].kind {
                NodeKind::Input(role, _) => is_weight(role) && !read.contains(input),
                _ => false,
            });
        for input in unused.collect::<Vec<_>>() {
            func.inputs.retain(|kept| *kept != input);
            let node = std::mem::replace(&mut func.nodes[input].kind, NodeKind::Number(0.0));
            if let NodeKind::Input(role, _) = node {
                self.model.recipes.retain(|recipe| recipe.role != role);
            }
        }
    }

    /// Appends a node to the innermost function.
    pub(crate) fn emit(&mut self, kind: NodeKind, operands: &[TensorRef], span: Span) -> TensorRef {
        self.emit_at(kind, operands, vec![], span)
    }

    /// Appends a node whose operands were written at these places.
    pub(crate) fn emit_at(
        &mut self,
        kind: NodeKind,
        operands: &[TensorRef],
        places: Vec<Span>,
        span: Span,
    ) -> TensorRef {
        let operands = operands.iter().map(|&operand| self.here(operand)).collect();
        let origin = self.origin(span);
        let node = DraftNode {
            kind,
            operands,
            places,
            origin,
        };
        self.push(self.frames.len() - 1, node)
    }

    fn push(&mut self, depth: usize, node: DraftNode) -> TensorRef {
        self.n_nodes += 1;
        TensorRef {
            depth,
            value: self.frames[depth].func.nodes.push(node),
        }
    }

    /// Appends an input to the innermost function.
    pub(crate) fn input(&mut self, role: Role, pattern: Option<Pattern>, span: Span) -> TensorRef {
        let origin = self.origin(span);
        self.input_at(self.frames.len() - 1, role, pattern, origin)
    }

    /// The input of the outermost function that stands for `role`, made at the first call.
    pub(crate) fn root_input(
        &mut self,
        role: Role,
        pattern: Option<Pattern>,
        span: Span,
    ) -> TensorRef {
        if let Some((_, value)) = self.frames[0]
            .roles
            .iter()
            .find(|(known, _)| *known == role)
        {
            return TensorRef {
                depth: 0,
                value: *value,
            };
        }
        let origin = self.origin(span);
        let input = self.input_at(0, role.clone(), pattern, origin);
        self.frames[0].roles.push((role, input.value));
        input
    }

    fn input_at(
        &mut self,
        depth: usize,
        role: Role,
        pattern: Option<Pattern>,
        origin: OriginId,
    ) -> TensorRef {
        let node = DraftNode {
            kind: NodeKind::Input(role, pattern),
            operands: vec![],
            places: vec![],
            origin,
        };
        let input = self.push(depth, node);
        self.frames[depth].func.inputs.push(input.value);
        input
    }

    /// The value as the innermost function sees it: itself, or the input that captures it.
    pub(crate) fn here(&mut self, tensor: TensorRef) -> DraftValue {
        (tensor.depth + 1..self.frames.len())
            .fold(tensor.value, |outer, depth| self.capture(outer, depth))
    }

    fn capture(&mut self, outer: DraftValue, depth: usize) -> DraftValue {
        if let Some((_, inner)) = self.frames[depth]
            .captures
            .iter()
            .find(|(known, _)| *known == outer)
        {
            return *inner;
        }
        let origin = self.frames[depth - 1].func.nodes[outer].origin;
        let role = Role::Arg(format!("captured{}", self.frames[depth].captures.len()));
        let input = self.input_at(depth, role, None, origin);
        self.frames[depth].captures.push((outer, input.value));
        input.value
    }

    /// Refuses to go on once the program has grown past all reason.
    pub(crate) fn check_budget(&mut self, span: Span) -> Lowering<()> {
        self.check_room(0, span)
    }

    /// Refuses as many more operations, if with them the program has grown past all reason.
    pub(crate) fn check_room(&mut self, n_more: usize, span: Span) -> Lowering<()> {
        match self.n_nodes.saturating_add(n_more) > NODE_BUDGET {
            true => Err(self.too_large(span, NODE_BUDGET)),
            false => Ok(()),
        }
    }
}
