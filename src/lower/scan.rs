//! `scan(cell, init:, xs:, over:)`: the cell becomes a function of its own, of a state and of what stands at one place.

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::ir::draft::{AxisRef, AxisSet, NodeKind, Prim, Why};
use crate::lower::arguments::{Bound, Given};
use crate::lower::call::bind_all;
use crate::lower::host::argument;
use crate::lower::scope::DefId;
use crate::lower::types::TypeTree;
use crate::lower::value::{Closure, TensorRef, Val};
use crate::lower::{Lowerer, Lowering, codes};
use crate::source::Span;
use crate::types::SymKind;

impl Lowerer<'_> {
    /// All states, each along the axis.
    pub(crate) fn scan(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let cell = argument(args, "cell");
        let (init, xs) = (argument(args, "init"), argument(args, "xs"));
        let over = match &argument(args, "over").value {
            Val::Axes(AxisSet::These(axes)) if axes.len() == 1 => axes[0].clone(),
            _ => AxisRef::Index(0),
        };
        let each = self.leaf_tensors(&xs.value, xs.span)?;
        let first = self.first_state(cell, init, xs, &over)?;
        let states = self.leaf_tensors(&first, init.span)?;
        let (func, result, captured) = self.step(cell, &first, &xs.value, span)?;
        let kind = NodeKind::Scan {
            func,
            n_states: states.len(),
            n_each: each.len(),
            over,
            is_reversed: matches!(argument(args, "reverse").value, Val::Bool(true)),
        };
        let n_states = states.len();
        let operands: Vec<TensorRef> = states.into_iter().chain(each).chain(captured).collect();
        let Val::Tuple(parts) = self.parts(kind, &operands, n_states, span) else {
            return Err(crate::lower::Reported);
        };
        Ok(result.with_leaves(&mut parts.into_iter()))
    }

    /// The state that is given; or, of an initialiser, what it makes of the state that the cell declares.
    fn first_state(
        &mut self,
        cell: &Bound,
        init: &Bound,
        xs: &Bound,
        over: &AxisRef,
    ) -> Lowering<Val> {
        if !matches!(init.value, Val::Def(_) | Val::Closure(_)) {
            return Ok(init.value.clone());
        }
        let Some((def, settings)) = defined(&cell.value) else {
            return Err(self.wrong_kind(
                "the first state: this cell does not declare what a state is",
                &init.value,
                init.span,
            ));
        };
        let world = self.world;
        let def_of = world.defs[def].def();
        let [state, x, ..] = def_of.inputs.as_slice() else {
            return Err(self.argument_count("a cell", 2, def_of.inputs.len(), cell.span));
        };
        let mut cx = self.def_cx(def);
        cx.env = bind_all(cx.env, settings);
        let cx = self.signature(&cx, def_of, SymKind::Unknown);
        // What stands at the first place tells the sizes that state and input share.
        let tree = self.type_tree(&cx, &x.ty)?;
        let mut firsts = vec![];
        for leaf in self.leaf_tensors(&xs.value, xs.span)? {
            let front = self.place_of_axis(leaf, over, xs.span);
            firsts.push(Val::Tensor(front));
        }
        let first = xs.value.with_leaves(&mut firsts.into_iter());
        let why = Why::Argument {
            callee: def_of.name.value.clone(),
            param: x.name.value.clone(),
        };
        self.ascribe(&tree, first, &why, xs.span)?;
        let tree = self.type_tree(&cx, &state.ty)?;
        self.made(&tree, init)
    }

    /// What stands at the first place of an axis.
    fn place_of_axis(&mut self, x: TensorRef, over: &AxisRef, span: Span) -> TensorRef {
        let zero = self.emit(NodeKind::Tokens(vec![], vec![0]), &[], span);
        let take = NodeKind::Prim(Prim::Take(over.clone()));
        self.emit(take, &[x, zero], span)
    }

    /// What an initialiser makes of a type.
    fn made(&mut self, tree: &TypeTree, init: &Bound) -> Lowering<Val> {
        match tree {
            TypeTree::Tensor(_) => {
                let why = Why::Let("init".into());
                self.ascribe(tree, init.value.clone(), &why, init.span)
            }
            TypeTree::Tuple(trees) => {
                let parts = trees.iter().map(|tree| self.made(tree, init));
                Ok(Val::Tuple(parts.collect::<Lowering<_>>()?))
            }
            TypeTree::Record(trees) => {
                let fields = trees
                    .iter()
                    .map(|(name, tree)| Ok((name.clone(), self.made(tree, init)?)));
                Ok(Val::Record(fields.collect::<Lowering<_>>()?))
            }
        }
    }

    /// The cell as a function of a state and of what stands at one place: the function, its result with leaves of no meaning, and what
    /// it captures.
    fn step(
        &mut self,
        cell: &Bound,
        state: &Val,
        xs: &Val,
        span: Span,
    ) -> Lowering<(crate::ir::draft::DraftId, Val, Vec<TensorRef>)> {
        let n_next = self.model.next.len();
        self.open("step");
        let input = |this: &mut Self, value: &Val| {
            let n = value.leaves().len();
            let leaves: Vec<Val> = (0..n)
                .map(|at| Val::Tensor(this.input(Role::Arg(format!("x{at}")), None, span)))
                .collect();
            value.with_leaves(&mut leaves.into_iter())
        };
        let given = [input(self, state), input(self, xs)];
        let given = given.map(|value| Given::value(value, span));
        let result = self.apply(cell.value.clone(), given.into(), span, cell.span);
        let results = result
            .as_ref()
            .map_err(|reported| *reported)
            .and_then(|result| self.leaf_tensors(result, span));
        let named = results.as_ref().map(|results| {
            let named = results.iter();
            named.map(|result| ("state".to_owned(), *result)).collect()
        });
        let (func, captured) = self.close(named.unwrap_or_default());
        self.same_number(state.leaves().len(), results?.len(), cell.span)?;
        if self.model.next.len() > n_next {
            let message =
                "`next` inside a scan: a state of the layer has one new value, not one a step";
            let report = Diagnostic::error(codes::MISPLACED, message);
            let report = report.label(span, "scanned here");
            return Err(self.report(report.help("carry it in the state of the scan")));
        }
        Ok((func, result?, captured))
    }
}

/// The definition behind a cell, with its settings.
fn defined(cell: &Val) -> Option<(DefId, Vec<(String, Val)>)> {
    match cell {
        Val::Def(def) => Some((*def, vec![])),
        Val::Layer(layer) => Some((layer.def, layer.settings.clone())),
        Val::Closure(closure) => match closure.as_ref() {
            Closure::Settled { def, settings } => Some((*def, settings.clone())),
            Closure::Lambda { .. } | Closure::Derivative { .. } | Closure::Trained { .. } => None,
        },
        _ => None,
    }
}
