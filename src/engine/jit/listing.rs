//! What the compiler makes of a function, as text: its plan, or its code.

use std::fmt::{self, Write};

use crate::engine::bind::Sizes;
use crate::engine::flat::{ResultTypes, flat, known};
use crate::engine::jit::budget::{fitting, held};
use crate::engine::jit::emit::{CodeText, Compiler};
use crate::engine::jit::graph::{BaseId, Graph, Task, graph};
use crate::engine::jit::kernel::{Extent, Inst, InstKind, Kernel, Store};
use crate::engine::jit::native::{Refusal, place_all};
use crate::engine::jit::steps::{Schedule, Share, Sharing, Step, Work};
use crate::engine::{KernelTime, RunError, RunFault};
use crate::ir::{FuncId, Module};
use crate::types::Dim;

/// Which text is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// Steps, kernels, buffers, bytes and FLOPs.
    Plan,
    /// Cranelift's IR of each kernel.
    Clif,
    /// The machine's instructions of each kernel.
    Asm,
}

/// A flat function as native code within a budget of memory sees it where each dimension that data decides is `size`.
pub fn listing(
    module: &Module,
    func: FuncId,
    size: i64,
    budget: Option<u64>,
    wanted: Listing,
) -> Result<String, RunError> {
    let name = &module.funcs[func].name;
    let flat = flat(module, func);
    let (sizes, inputs) = sized(module, func, size)?;
    let plan = flat.plan(&sizes)?;
    let graph = graph(&flat, &plan, &sizes, &inputs)?;
    let text = match wanted {
        Listing::Plan => None,
        Listing::Clif => Some(CodeText::Clif),
        Listing::Asm => Some(CodeText::Asm),
    };
    match make(graph, text, budget) {
        Err(Refusal::NoCode(why)) => Ok(format!("; {name}: {why}\n")),
        Err(Refusal::Error(error)) => Err(error),
        Ok((graph, schedule, code)) => Ok(match wanted {
            Listing::Plan => plan_text(name, &graph, &schedule),
            Listing::Clif | Listing::Asm => format!("; {name}\n{code}"),
        }),
    }
}

/// The bytes that a call of a flat function holds where each dimension that data decides is `size`: what it is given, what it
/// returns, where it does not lie in what was given, what lies between steps, and scratch. Nothing where there is no native code.
pub fn footprint(
    module: &Module,
    func: FuncId,
    size: i64,
    budget: Option<u64>,
) -> Result<Option<u64>, RunError> {
    let flat = flat(module, func);
    let (sizes, inputs) = sized(module, func, size)?;
    let plan = flat.plan(&sizes)?;
    let graph = graph(&flat, &plan, &sizes, &inputs)?;
    match make(graph, None, budget) {
        Ok((graph, schedule, _)) => Ok(Some(held(&graph, &schedule))),
        Err(Refusal::NoCode(_)) => Ok(None),
        Err(Refusal::Error(error)) => Err(error),
    }
}

/// Bytes between steps.
fn arena_bytes(graph: &Graph, schedule: &Schedule) -> usize {
    place_all(graph, schedule).1
}

fn make(
    graph: Graph,
    text: Option<CodeText>,
    budget: Option<u64>,
) -> Result<(Graph, Schedule, String), Refusal> {
    let mut compiler = Compiler::new(text)?;
    let (graph, schedule) = fitting(graph, &mut compiler, Sharing::Gainful, budget)?;
    Ok((graph, schedule, compiler.finish()?))
}

/// What every symbol of the inputs is, and the inputs' types with that.
fn sized(module: &Module, func: FuncId, size: i64) -> Result<(Sizes, ResultTypes), RunError> {
    let (func, dims) = (&module.funcs[func], &module.dims);
    let mut sizes = Sizes::new();
    let mut types = vec![];
    for input in &func.inputs {
        let ty = func.ty(input.value);
        let shape = dims.resolve_shape(&ty.shape);
        sizes.extend(
            shape
                .dims()
                .flat_map(Dim::symbols)
                .map(|symbol| (symbol, size)),
        );
        let number = |dim: &Dim| {
            dim.eval(&|symbol| sizes.get(&symbol).copied())
                .map(Dim::int)
        };
        let axes: Option<Vec<usize>> = shape.dims().map(|dim| Some(known(&number(dim)?))).collect();
        let dim = || ty.display(&dims.symbols).to_string();
        let axes = axes.ok_or_else(|| RunFault::Size {
            dim: dim(),
            value: None,
        })?;
        types.push((ty.dtype, axes));
    }
    Ok((sizes, types))
}

fn plan_text(name: &str, graph: &Graph, schedule: &Schedule) -> String {
    let mut text = own_text(name, graph, schedule);
    for step in schedule.phases.iter().flatten() {
        if let Work::Scan(node, inner) = &step.work
            && let Task::Scan(rounds) = &graph.nodes[*node].task
        {
            text += &plan_text(&rounds.name, &rounds.body, inner);
        }
    }
    text
}

fn own_text(name: &str, graph: &Graph, schedule: &Schedule) -> String {
    let arena = arena_bytes(graph, schedule);
    let how = if schedule.is_small {
        "one worker"
    } else {
        "all workers"
    };
    let mut text = format!("plan {name}: {how}, {arena} B between steps\n");
    for (number, steps) in schedule.phases.iter().enumerate() {
        let once = if number < schedule.n_once {
            ", once"
        } else {
            ""
        };
        let _ = writeln!(text, "phase {number}{once}");
        for step in steps {
            let _ = writeln!(
                text,
                "  {}",
                Shown {
                    graph,
                    schedule,
                    step
                }
            );
        }
    }
    text
}

/// Every step of a plan, with no time taken yet.
pub(super) fn kernel_times(name: &str, graph: &Graph, schedule: &Schedule) -> Vec<KernelTime> {
    let steps = schedule.phases.iter().flatten();
    let time = |step: &Step| {
        let shown = Shown {
            graph,
            schedule,
            step,
        };
        let bases = step.reads.iter().chain(&step.writes);
        KernelTime {
            func: name.to_owned(),
            what: shown.what(),
            origin: step.origin,
            calls: 0,
            nanoseconds: 0,
            flops: shown.flops() as u64,
            bytes: bases
                .map(|(base, _)| schedule.buffers[*base].bytes as u64)
                .sum(),
        }
    };
    steps.map(time).collect()
}

/// A step, to be written in a line.
struct Shown<'a> {
    graph: &'a Graph,
    schedule: &'a Schedule,
    step: &'a Step,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what())?;
        if let Work::Product { .. } = self.step.work {
            write!(f, ", {} FLOPs", self.flops())?;
        }
        let bytes = |bases: &mut dyn Iterator<Item = BaseId>| -> usize {
            bases.map(|base| self.schedule.buffers[base].bytes).sum()
        };
        let read = bytes(&mut self.step.reads.iter().map(|(base, _)| *base));
        let written = bytes(&mut self.step.writes.iter().map(|(base, _)| *base));
        let is_replacing = |(base, _): &&(BaseId, _)| self.schedule.in_place.contains_key(base);
        let in_place = self.step.writes.iter().filter(is_replacing).count();
        write!(f, "  reads {read} B, writes {written} B")?;
        if in_place > 0 {
            write!(f, ", {in_place} in place")?;
        }
        match self.step.share {
            Share::One => write!(f, ", one worker"),
            Share::Rows(_) | Share::Parts => Ok(()),
        }
    }
}

impl Shown<'_> {
    /// What the step does.
    fn what(&self) -> String {
        match &self.step.work {
            Work::Loop(work) => KernelLine(&work.kernel).to_string(),
            Work::Pack { product } => format!("pack      right of product {product}"),
            Work::Product { product } => {
                let found = &self.schedule.products[*product].matrices;
                let [m, n, k] = [found.rows, found.cols, found.depth];
                format!(
                    "product {product} {} × [{m}, {k}]·[{k}, {n}]",
                    found.starts.len()
                )
            }
            Work::Gather { n_parts, .. } => format!("gather    {n_parts} parts"),
            Work::Random(node) => format!("random    {:?}", self.graph.nodes[*node].shape),
            Work::Move(node) => format!("move      to {:?}", self.graph.nodes[*node].shape),
            Work::Scan(node, inner) => self.scan_name(*node, inner),
            Work::Extern(node) => self.extern_name(*node),
        }
    }

    /// Sums, products and scalar functions of a call.
    fn flops(&self) -> usize {
        match &self.step.work {
            Work::Loop(work) => {
                let is_one = |inst: &&Inst| matches!(inst.kind, InstKind::Apply(..));
                let Kernel { space, body, .. } = &work.kernel;
                let len = |inst: &Inst| match inst.extent {
                    Extent::Elem => space.len(),
                    Extent::Row => space.rows,
                };
                body.iter().filter(is_one).map(len).sum()
            }
            Work::Product { product } => {
                let found = &self.schedule.products[*product].matrices;
                2 * found.rows * found.cols * found.depth * found.starts.len()
            }
            Work::Pack { .. } | Work::Gather { .. } | Work::Random(_) => 0,
            Work::Move(_) | Work::Scan(..) | Work::Extern(_) => 0,
        }
    }

    fn scan_name(&self, node: usize, inner: &Schedule) -> String {
        let how = match (inner.is_small, inner.is_free) {
            (true, _) => "one worker",
            (false, true) => "each worker by itself",
            (false, false) => "all workers together",
        };
        let Task::Scan(rounds) = &self.graph.nodes[node].task else {
            unreachable!("scheduled as a scan")
        };
        format!("scan      {} rounds of {}, {how}", rounds.n, rounds.name)
    }

    fn extern_name(&self, node: usize) -> String {
        let node = &self.graph.nodes[node];
        let what = match &node.task {
            Task::Product(_) => "product",
            Task::Map(_) | Task::Convert | Task::Fold(..) => "op",
            Task::Random | Task::Move(_) | Task::Scan(_) | Task::Extern => "op",
        };
        format!("{what}        as the interpreter does it, {:?}", node.shape)
    }
}

/// A kernel in a line.
struct KernelLine<'a>(&'a Kernel);

impl fmt::Display for KernelLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kernel { space, body, .. } = self.0;
        let shape = if self.0.is_flat { "flat" } else { "rows" };
        write!(f, "kernel    {shape} [{}, {}]:", space.rows, space.cols)?;
        for inst in body {
            match (&inst.kind, inst.extent) {
                (InstKind::Apply(g, _), Extent::Elem) => write!(f, " {g}")?,
                (InstKind::Apply(g, _), Extent::Row) => write!(f, " {g}/row")?,
                (InstKind::Convert(_), _) => write!(f, " {}", inst.dtype)?,
                (InstKind::Fold(monoid, _), _) => write!(f, " {}", monoid.name())?,
                (InstKind::Read(..) | InstKind::Lit(_), _) => {}
            }
        }
        for output in &self.0.outputs {
            if let Store::Fold(monoid) = output.how {
                write!(f, " {}/rows", monoid.name())?;
            }
        }
        Ok(())
    }
}
