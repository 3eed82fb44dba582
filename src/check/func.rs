//! One function: its nodes in order, each to ops and types.

use crate::arena::IdMap;
use crate::check::scan::DraftScan;
use crate::check::walk::{Cell, Typed, Walk};
use crate::check::{Checker, Pending, Reported};
use crate::ir::draft::{DraftId, DraftNode, DraftValue, NodeKind, Pattern, Prim, Trust};
use crate::ir::{Func, FuncId, Module, Op, OriginId, Role, ValueId};
use crate::ops::{
    Builder, OpError, agreeing_operands, decides_type, doubt, form, gives_number, index_operand,
};
use crate::tensor::Tensor;
use crate::types::{DType, Relation, TensorType};

impl Checker<'_> {
    /// Checks a function; a nested one is given the types it is called with, and where these were born.
    pub(super) fn func(
        &mut self,
        module: &mut Module,
        id: DraftId,
        given: Option<&[(TensorType, OriginId)]>,
    ) -> Result<FuncId, Reported> {
        let draft = &self.draft.funcs[id];
        let origin = draft.nodes.iter().next().map(|(_, node)| node.origin);
        let origin = origin.unwrap_or(crate::arena::Id::new(0));
        let b = Builder {
            module,
            func: Func::new(draft.name.clone()),
            origin,
        };
        let mut walk = Walk {
            b,
            draft,
            cells: IdMap::new(),
        };
        let mut given = given.map(|given| given.iter());
        let mut failed = false;
        for (value, node) in draft.nodes.iter() {
            walk.b.origin = node.origin;
            let passed = match (&node.kind, &mut given) {
                (NodeKind::Input(..), Some(given)) => given.next(),
                _ => None,
            };
            let cell = self.node(&mut walk, node, passed).unwrap_or_else(|_| {
                failed = true;
                Cell::Wrong
            });
            walk.cells.insert(value, cell);
            self.note_residue(&mut walk, node.origin);
        }
        self.results(&mut walk)?;
        let func = walk.b.func;
        if failed {
            return Err(Reported);
        }
        let func = module.funcs.push(func);
        self.funcs.insert(id, func);
        Ok(func)
    }

    fn note_residue(&mut self, walk: &mut Walk<'_, '_>, origin: OriginId) {
        for (left, right) in walk.b.module.dims.take_residue() {
            self.pending.push(Pending {
                relation: Relation::Equal,
                left,
                right,
                origin,
            });
        }
    }

    /// A function's results have an element type of their own.
    fn results(&mut self, walk: &mut Walk<'_, '_>) -> Result<(), Reported> {
        for (name, value) in &walk.draft.results {
            let Ok(typed) = walk.one(*value) else {
                return Err(Reported);
            };
            let value = walk.tight(typed, self.draft.default_float());
            walk.b.func.results.push((name.clone(), value));
        }
        Ok(())
    }

    fn node(
        &mut self,
        walk: &mut Walk<'_, '_>,
        node: &DraftNode,
        passed: Option<&(TensorType, OriginId)>,
    ) -> Result<Cell, Reported> {
        match &node.kind {
            NodeKind::Input(role, pattern) => self.input(walk, role, pattern.as_ref(), passed),
            NodeKind::Number(number) => Ok(walk.loose(Tensor::scalar(*number))),
            NodeKind::Array(shape, data) => {
                Ok(walk.loose(Tensor::from_vec(shape.clone(), data.clone())))
            }
            NodeKind::Whole(shape, data) => {
                Ok(walk.loose(Tensor::from_vec(shape.clone(), data.clone())))
            }
            NodeKind::Tokens(shape, data) => {
                let tokens = Tensor::from_vec(shape.clone(), data.clone());
                Ok(Cell::tight(walk.b.constant(tokens)))
            }
            NodeKind::Bool(truth) => {
                let value = walk.b.constant(Tensor::scalar(*truth));
                Ok(Cell::tight(value))
            }
            NodeKind::Size(dim) => {
                let value = walk.raw(
                    Op::Size(dim.clone(), DType::F64),
                    &[],
                    TensorType::scalar(DType::F64),
                );
                Ok(Cell::loose(value))
            }
            NodeKind::Adaptable => {
                let operand = walk.one(node.operands[0])?;
                let value = walk
                    .b
                    .cast(operand.value, DType::F64)
                    .expect("a scalar can be cast");
                Ok(Cell::loose(value))
            }
            NodeKind::Like => self.like(walk, node),
            NodeKind::Template(pattern) => self.template(walk, pattern),
            NodeKind::Prim(prim) => self.prim(walk, prim, node),
            NodeKind::Ascribe(pattern, why) => match walk.cells.get(node.operands[0]) {
                Some(Cell::Hole) => Err(self.tell_hole(walk, pattern, node.operands[0])),
                _ => {
                    let operand = walk.one(node.operands[0])?;
                    let typed = self.ascribe(walk, operand, pattern, why, node)?;
                    Ok(Cell::One(typed))
                }
            },
            NodeKind::Custom { forward, backward } => self.custom(walk, *forward, *backward, node),
            NodeKind::Grad { func, wrt } => {
                let wrt = wrt.clone();
                self.derived(walk, *func, node, 0, |func| Op::Grad { func, wrt })
            }
            NodeKind::Vjp { func, wrt } => {
                let wrt = wrt.clone();
                let n_results = self.draft.funcs[*func].results.len();
                self.derived(walk, *func, node, n_results, |func| Op::Vjp { func, wrt })
            }
            NodeKind::Scan {
                func,
                n_states,
                n_each,
                over,
                is_reversed,
            } => {
                let scan = DraftScan {
                    func: *func,
                    counts: [*n_states, *n_each],
                    over,
                    is_reversed: *is_reversed,
                };
                self.scan(walk, &scan, node)
            }
            NodeKind::Part(index) => match walk.cells.get(node.operands[0]) {
                Some(Cell::Many(parts)) => {
                    parts.get(*index).copied().map(Cell::One).ok_or(Reported)
                }
                _ => Err(Reported),
            },
            NodeKind::Where(relation, left, right, trust) => {
                let pending = Pending {
                    relation: *relation,
                    left: left.clone(),
                    right: right.clone(),
                    origin: node.origin,
                };
                self.constraint(walk, pending, *trust)
            }
            NodeKind::Hole(_) => Ok(Cell::Hole),
        }
    }

    fn constraint(
        &mut self,
        walk: &mut Walk<'_, '_>,
        pending: Pending,
        trust: Trust,
    ) -> Result<Cell, Reported> {
        let dims = &mut walk.b.module.dims;
        match trust {
            Trust::Assume => dims.assume(pending.relation, pending.left, pending.right),
            Trust::Prove => match dims.decide(pending.relation, &pending.left, &pending.right) {
                Some(true) => {}
                Some(false) => return Err(self.tell_where(walk.b.module, &pending)),
                None => self.pending.push(pending),
            },
            Trust::Defer => {
                let (left, right) = (dims.resolve(&pending.left), dims.resolve(&pending.right));
                match dims.decide(pending.relation, &left, &right) {
                    Some(true) => {}
                    Some(false) => return Err(self.tell_where(walk.b.module, &pending)),
                    // Whether a setting divides a width is told where both are numbers.
                    None if pending.relation == Relation::Divides => {
                        dims.assume(Relation::Divides, left, right);
                    }
                    None => self.pending.push(pending),
                }
            }
        }
        Ok(Cell::Nothing)
    }

    fn input(
        &mut self,
        walk: &mut Walk<'_, '_>,
        role: &Role,
        pattern: Option<&Pattern>,
        passed: Option<&(TensorType, OriginId)>,
    ) -> Result<Cell, Reported> {
        let ty = match (passed, pattern, role) {
            (Some((ty, born)), _, _) => {
                walk.b.origin = *born;
                ty.clone()
            }
            (None, Some(pattern), _) => self.pattern_type(walk, pattern)?,
            (None, None, Role::Step | Role::Seed) => TensorType::scalar(DType::I64),
            (None, None, Role::Gradient(_)) => return Ok(Cell::Later(role.clone())),
            (None, None, Role::Global(name)) => self.globals.get(name).cloned().ok_or(Reported)?,
            (
                None,
                None,
                Role::Arg(_) | Role::Param(_) | Role::State(_) | Role::OptState(_) | Role::Field(_),
            ) => return Err(Reported),
        };
        Ok(Cell::tight(walk.input(role.clone(), ty)))
    }

    fn like(&mut self, walk: &mut Walk<'_, '_>, node: &DraftNode) -> Result<Cell, Reported> {
        let ty = walk.b.ty(walk.one(node.operands[1])?.value).clone();
        match walk.cells.get(node.operands[0]) {
            Some(Cell::Later(role)) => {
                let role = role.clone();
                Ok(Cell::tight(walk.input(role, ty)))
            }
            _ => Err(Reported),
        }
    }

    /// Zeros; whoever asks for a template looks at its type only.
    fn template(&mut self, walk: &mut Walk<'_, '_>, pattern: &Pattern) -> Result<Cell, Reported> {
        let decided = self.elem_type(pattern);
        let shape = self.pattern_shape(walk, pattern)?;
        let dtype = decided.unwrap_or(DType::F64);
        let zero = walk.b.number(0.0, dtype);
        let ty = TensorType::new(dtype, shape.clone());
        let value = match shape.rank() {
            0 => zero,
            _ => walk.raw(
                Op::Broadcast {
                    shape,
                    places: vec![],
                },
                &[zero],
                ty,
            ),
        };
        Ok(Cell::One(Typed {
            value,
            is_loose: decided.is_none(),
        }))
    }

    fn prim(
        &mut self,
        walk: &mut Walk<'_, '_>,
        prim: &Prim,
        node: &DraftNode,
    ) -> Result<Cell, Reported> {
        if node
            .operands
            .iter()
            .any(|operand| matches!(walk.cells.get(*operand), Some(Cell::Hole)))
        {
            return Err(self.tell_open_hole(node));
        }
        let operands = node
            .operands
            .iter()
            .map(|operand| walk.one(*operand))
            .collect::<Result<Vec<_>, _>>()?;
        let agreeing = agreeing_operands(prim, operands.len());
        let is_loose = gives_number(prim)
            || match agreeing.is_empty() {
                true => operands.first().is_some_and(|operand| operand.is_loose),
                false => operands[agreeing.clone()]
                    .iter()
                    .all(|operand| operand.is_loose),
            };
        let mut values: Vec<ValueId> = operands.iter().map(|operand| operand.value).collect();
        let float = self.draft.default_float();
        walk.agree(&operands[agreeing.clone()], &mut values[agreeing], float);
        if let Some(at) = index_operand(prim)
            && operands[at].is_loose
        {
            values[at] = walk.tight(operands[at], DType::I64);
            let whole = Typed {
                value: values[at],
                is_loose: false,
            };
            if let Some(lost) = walk.lost_literal(operands[at], whole) {
                let place = node.places.get(at).copied();
                return Err(self.tell_lost_literal(DType::I64, lost, place, node));
            }
        }
        match form(&mut walk.b, prim, &values) {
            Ok(results) => {
                if let Some(doubt) = doubt(&walk.b, prim, &values, &results) {
                    self.warn(walk, doubt, node);
                }
                let typed = |value: ValueId| Typed {
                    value,
                    is_loose: is_loose && walk.b.dtype(value) == DType::F64 && !decides_type(prim),
                };
                let typed: Vec<Typed> = results.into_iter().map(typed).collect();
                Ok(if is_single(prim) {
                    Cell::One(typed[0])
                } else {
                    Cell::Many(typed)
                })
            }
            Err(error) => Err(self.tell_op(walk, &error, &values, node)),
        }
    }

    fn custom(
        &mut self,
        walk: &mut Walk<'_, '_>,
        forward: DraftId,
        backward: DraftId,
        node: &DraftNode,
    ) -> Result<Cell, Reported> {
        let operands = self.tight_operands(walk, &node.operands)?;
        let types = walk.types(&operands);
        let forward = self.func(walk.b.module, forward, Some(&types))?;
        let results: Vec<_> = {
            let func = &walk.b.module.funcs[forward];
            func.results
                .iter()
                .map(|(_, value)| (func.ty(*value).clone(), node.origin))
                .collect()
        };
        let taken: Vec<_> = types
            .iter()
            .chain(&results)
            .chain(&results)
            .cloned()
            .collect();
        let backward = self.func(walk.b.module, backward, Some(&taken))?;
        self.multi(walk, Op::Custom { forward, backward }, &operands, node)
    }

    /// A node over a nested function, which is checked for the types it is called with. The last `n_extra` operands are not
    /// arguments.
    fn derived(
        &mut self,
        walk: &mut Walk<'_, '_>,
        func: DraftId,
        node: &DraftNode,
        n_extra: usize,
        op: impl FnOnce(FuncId) -> Op,
    ) -> Result<Cell, Reported> {
        let operands = self.tight_operands(walk, &node.operands)?;
        let n_arguments = operands.len() - n_extra;
        let types = walk.types(&operands[..n_arguments]);
        let func = self.func(walk.b.module, func, Some(&types))?;
        self.multi(walk, op(func), &operands, node)
    }

    pub(super) fn tight_operands(
        &mut self,
        walk: &mut Walk<'_, '_>,
        operands: &[DraftValue],
    ) -> Result<Vec<ValueId>, Reported> {
        let typed = operands
            .iter()
            .map(|operand| walk.one(*operand))
            .collect::<Result<Vec<_>, _>>()?;
        let strong = typed
            .iter()
            .find(|typed| !typed.is_loose && walk.b.dtype(typed.value).is_float());
        let default = self.draft.default_float();
        let float = strong.map_or(default, |typed| walk.b.dtype(typed.value));
        Ok(typed
            .into_iter()
            .map(|typed| walk.tight(typed, float))
            .collect())
    }

    fn multi(
        &mut self,
        walk: &mut Walk<'_, '_>,
        op: Op,
        operands: &[ValueId],
        node: &DraftNode,
    ) -> Result<Cell, Reported> {
        match walk.b.op(op, operands) {
            Ok(results) => Ok(Cell::Many(
                results
                    .into_iter()
                    .map(|value| Typed {
                        value,
                        is_loose: false,
                    })
                    .collect(),
            )),
            Err(error) => Err(self.tell_op(walk, &error, operands, node)),
        }
    }

    pub(super) fn tell_op(
        &mut self,
        walk: &mut Walk<'_, '_>,
        error: &OpError,
        operands: &[ValueId],
        node: &DraftNode,
    ) -> Reported {
        let types: Vec<TensorType> = operands
            .iter()
            .map(|&operand| walk.resolved(operand))
            .collect();
        let description = error.describe(&types, &walk.b.module.dims.symbols);
        self.tell(walk, description, node)
    }
}

fn is_single(prim: &Prim) -> bool {
    !matches!(prim, Prim::Split(..) | Prim::Unstack(..) | Prim::Factor(_))
}
