//! Functions that hold scans, for any engine. Such a function is cut into pieces: what comes before a scan, the scan, what comes after
//! it. An engine prepares each piece, and the step of each scan, as a function of its own; here they are run in order. Knows no op but
//! by its class.

use std::rc::Rc;

use crate::arena::IdMap;
use crate::engine::bind::{Signature, Sizes};
use crate::engine::flat::ResultTypes;
use crate::engine::plans::Plans;
use crate::engine::{Engine, Program, RunError};
use crate::ir::{Func, FuncId, Input, Inst, Module, Role, Scan, Value, ValueId};
use crate::ops::scan_of;
use crate::tensor::{Tensor, row, stacked};
use crate::types::{DType, Dim, TensorType};

/// The function ready to run by `engine`, if it holds a scan.
pub(super) fn prepare(
    engine: &Rc<dyn Engine>,
    module: &Module,
    func: FuncId,
) -> Option<Box<dyn Program>> {
    let mut body = module.funcs[func].body.iter();
    body.any(|inst| scan_of(&inst.op).is_some()).then(|| {
        let program: Box<dyn Program> = Box::new(Sequence::new(engine, module, func));
        program
    })
}

/// A function that holds scans, and its pieces by sizes.
struct Sequence {
    engine: Rc<dyn Engine>,
    /// The function, first, and what its scans run.
    module: Module,
    func: Func,
    signature: Signature,
    pieces: Plans<Vec<Piece>>,
}

/// A part of a function.
struct Piece {
    program: Box<dyn Program>,
    /// What it runs over and over, if it is a scan.
    steps: Option<Steps>,
    reads: Vec<Read>,
    writes: Vec<ValueId>,
}

/// A value that a piece reads, and whether nothing reads it later.
#[derive(Clone, Copy)]
struct Read {
    value: ValueId,
    is_last: bool,
}

/// A scan: how it runs its step, which of the step's results is which, and the types of its own.
struct Steps {
    scan: Scan,
    places: Vec<usize>,
    types: ResultTypes,
}

impl Sequence {
    fn new(engine: &Rc<dyn Engine>, module: &Module, func: FuncId) -> Sequence {
        let own = &module.funcs[func];
        let known = |value: ValueId| {
            let ty = own.ty(value);
            TensorType::new(ty.dtype, module.dims.resolve_shape(&ty.shape))
        };
        let inputs = own.inputs.iter();
        let inputs = inputs.map(|input| (input.role.clone(), known(input.value)));
        Sequence {
            engine: Rc::clone(engine),
            signature: Signature {
                inputs: inputs.collect(),
                symbols: module.dims.symbols.clone(),
            },
            func: own.clone(),
            module: served(module, own),
            pieces: Plans::new(),
        }
    }
}

/// A module of what a function refers to, under the same numbers; all others are empty.
fn served(module: &Module, func: &Func) -> Module {
    let mut needed = IdMap::new();
    let mut open: Vec<FuncId> = func
        .body
        .iter()
        .flat_map(|inst| inst.op.callees())
        .collect();
    while let Some(id) = open.pop() {
        if needed.insert(id, ()).is_none() {
            let body = module.funcs[id].body.iter();
            open.extend(body.flat_map(|inst| inst.op.callees()));
        }
    }
    let mut kept = Module {
        dims: module.dims.clone(),
        origins: module.origins.clone(),
        ..Module::default()
    };
    for (id, func) in module.funcs.iter() {
        kept.funcs.push(match needed.get(id) {
            Some(()) => func.clone(),
            None => Func::default(),
        });
    }
    kept
}

impl Program for Sequence {
    fn run(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, RunError> {
        let sizes = self.signature.sizes(&inputs)?;
        let Sequence {
            engine,
            module,
            func,
            pieces,
            ..
        } = self;
        let pieces = pieces.get(&sizes, || cut(&**engine, module, func, &sizes))?;
        let mut values: Vec<Option<Tensor>> = vec![None; func.values.len()];
        for (input, tensor) in func.inputs.iter().zip(inputs) {
            values[input.value.index()] = Some(tensor);
        }
        for piece in pieces {
            let operands = piece.reads.iter().map(|read| {
                let slot = &mut values[read.value.index()];
                let tensor = match read.is_last {
                    true => slot.take(),
                    false => slot.clone(),
                };
                tensor.expect("cut: a piece comes behind those that it reads from")
            });
            let operands = operands.collect();
            let results = match &piece.steps {
                None => piece.program.run(operands)?,
                Some(steps) => steps.run(&mut *piece.program, operands)?,
            };
            for (value, tensor) in piece.writes.iter().zip(results) {
                values[value.index()] = Some(tensor);
            }
        }
        let results = func.results.iter();
        let result = |(_, value): &(String, ValueId)| {
            let tensor = values[value.index()].clone();
            tensor.expect("cut: a result is an input or written by a piece")
        };
        Ok(results.map(result).collect())
    }
}

impl Steps {
    /// All steps in order: the last states, then the outputs of all steps.
    fn run(
        &self,
        program: &mut dyn Program,
        mut operands: Vec<Tensor>,
    ) -> Result<Vec<Tensor>, RunError> {
        let Scan {
            n_states, n_each, ..
        } = self.scan;
        let shared = operands.split_off(n_states + n_each);
        let each = operands.split_off(n_states);
        let mut states = operands;
        let n_steps = each[0].shape()[0];
        let mut outs: Vec<Vec<Tensor>> = vec![vec![]; self.places.len() - n_states];
        for step in 0..n_steps {
            let at = match self.scan.is_reversed {
                true => n_steps - 1 - step,
                false => step,
            };
            let mut inputs = std::mem::take(&mut states);
            inputs.extend(each.iter().map(|x| row(x, at)));
            inputs.extend(shared.iter().cloned());
            let results = program.run(inputs)?;
            let mut found = self.places.iter().map(|&place| results[place].clone());
            states = found.by_ref().take(n_states).collect();
            outs.iter_mut().zip(found).for_each(|(out, x)| out.push(x));
        }
        let stack = |(mut rows, ty): (Vec<Tensor>, &(DType, Vec<usize>))| {
            if self.scan.is_reversed {
                rows.reverse();
            }
            stacked(&rows, ty.0, &ty.1)
        };
        let outs = outs.into_iter().zip(&self.types[n_states..]).map(stack);
        let outs: Vec<Tensor> = outs.collect();
        Ok(states.into_iter().chain(outs).collect())
    }
}

// Cutting -----------------------------------------------------------------------------------------------------------------

/// The pieces of a function for some sizes. Every instruction goes into the last piece that it may stand in: what only the end needs
/// is computed there.
fn cut(
    engine: &dyn Engine,
    module: &Module,
    func: &Func,
    sizes: &Sizes,
) -> Result<Vec<Piece>, RunError> {
    let mut module = module.clone();
    for (&symbol, &size) in sizes {
        module.dims.bind(symbol, Dim::int(size));
    }
    let rooms = rooms(func);
    let n_rooms = rooms.iter().copied().max().unwrap_or(0) + 1;
    let mut outlines = vec![];
    for room in 0..n_rooms {
        let is_here = |scans: bool| {
            let insts = func.body.iter().zip(&rooms);
            insts
                .filter(move |(inst, own)| **own == room && scan_of(&inst.op).is_some() == scans)
                .map(|(inst, _)| inst)
        };
        let plain: Vec<&Inst> = is_here(false).collect();
        outlines.extend((!plain.is_empty()).then_some(plain));
        outlines.extend(is_here(true).map(|scan| vec![scan]));
    }
    let mut is_needed: IdMap<Value, ()> = IdMap::new();
    for (_, value) in &func.results {
        is_needed.insert(*value, ());
    }
    let mut pieces = vec![];
    for insts in outlines.iter().rev() {
        pieces.push(piece(engine, &mut module, func, insts, &mut is_needed)?);
    }
    pieces.reverse();
    Ok(pieces)
}

/// The room of each instruction: a scan stands at the end of its own, and what it gives is there in the next.
fn rooms(func: &Func) -> Vec<usize> {
    let mut early = vec![0; func.values.len()];
    let mut rooms = vec![];
    for inst in &func.body {
        let operands = inst.operands.iter().map(|value| early[value.index()]);
        let room = operands.max().unwrap_or(0);
        let given = room + usize::from(scan_of(&inst.op).is_some());
        inst.results
            .iter()
            .for_each(|value| early[value.index()] = given);
        rooms.push(room);
    }
    let last = early.iter().copied().max().unwrap_or(0);
    let mut late = vec![last; func.values.len()];
    for (inst, room) in func.body.iter().zip(&mut rooms).rev() {
        if scan_of(&inst.op).is_none() {
            let results = inst.results.iter().map(|value| late[value.index()]);
            *room = results.min().unwrap_or(last);
        }
        for operand in &inst.operands {
            let known = &mut late[operand.index()];
            *known = (*known).min(*room);
        }
    }
    rooms
}

/// A piece of these instructions; `is_needed` is what later ones read.
fn piece(
    engine: &dyn Engine,
    module: &mut Module,
    func: &Func,
    insts: &[&Inst],
    is_needed: &mut IdMap<Value, ()>,
) -> Result<Piece, RunError> {
    let scan = insts.first().and_then(|inst| scan_of(&inst.op));
    let (reads, writes) = match scan {
        Some(_) => (insts[0].operands.clone(), insts[0].results.clone()),
        None => ends(insts, is_needed),
    };
    let mut marked: Vec<Read> = reads
        .iter()
        .rev()
        .map(|&value| Read {
            value,
            is_last: is_needed.insert(value, ()).is_none(),
        })
        .collect();
    marked.reverse();
    let (id, steps) = match scan {
        Some(scan) => {
            let (id, places) = step(module, scan);
            let types = writes.iter().map(|&value| known(module, func, value));
            let types = types.collect();
            (
                id,
                Some(Steps {
                    scan,
                    places,
                    types,
                }),
            )
        }
        None => (module.funcs.push(part(func, insts, &reads, &writes)), None),
    };
    Ok(Piece {
        program: engine.prepare(module, id)?,
        steps,
        reads: marked,
        writes,
    })
}

/// What some instructions read that they do not compute, and what they compute that is needed later; each once, in order.
fn ends(insts: &[&Inst], is_needed: &IdMap<Value, ()>) -> (Vec<ValueId>, Vec<ValueId>) {
    let mut own: IdMap<Value, ()> = IdMap::new();
    let (mut reads, mut writes) = (vec![], vec![]);
    for inst in insts {
        for &operand in &inst.operands {
            if own.get(operand).is_none() && !reads.contains(&operand) {
                reads.push(operand);
            }
        }
        for &result in &inst.results {
            own.insert(result, ());
            if is_needed.get(result).is_some() {
                writes.push(result);
            }
        }
    }
    (reads, writes)
}

/// The instructions as a function.
fn part(func: &Func, insts: &[&Inst], reads: &[ValueId], writes: &[ValueId]) -> Func {
    let input = |(place, &value): (usize, &ValueId)| {
        let mut inputs = func.inputs.iter();
        let role = inputs.find(|input| input.value == value);
        let role = role.map_or(Role::Arg(format!("x{place}")), |input| input.role.clone());
        Input { role, value }
    };
    Func {
        name: func.name.clone(),
        values: func.values.clone(),
        inputs: reads.iter().enumerate().map(input).collect(),
        body: insts.iter().map(|&inst| inst.clone()).collect(),
        results: writes
            .iter()
            .map(|&value| ("part".to_owned(), value))
            .collect(),
        is_nested: true,
    }
}

/// The step of a scan with each of its results once, and where each result of the step is among them.
fn step(module: &mut Module, scan: Scan) -> (FuncId, Vec<usize>) {
    let mut func = module.funcs[scan.func].clone();
    let mut kept: Vec<(String, ValueId)> = vec![];
    let place = |(name, value): (String, ValueId)| {
        let known = kept.iter().position(|(_, own)| *own == value);
        known.unwrap_or_else(|| {
            kept.push((name, value));
            kept.len() - 1
        })
    };
    let places = std::mem::take(&mut func.results).into_iter().map(place);
    let places = places.collect();
    func.results = kept;
    (module.funcs.push(func), places)
}

fn known(module: &Module, func: &Func, value: ValueId) -> (DType, Vec<usize>) {
    let ty = func.ty(value);
    let size = |dim: &Dim| {
        let size = module.dims.resolve(dim).as_int();
        size.and_then(|size| usize::try_from(size).ok())
            .unwrap_or(0)
    };
    (ty.dtype, ty.shape.dims().map(size).collect())
}
