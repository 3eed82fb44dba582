//! A plan as native code: its steps with their entries, its buffers with their places; and the pointers that a run of it starts from.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::engine::bind::Sizes;
use crate::engine::flat::{Plan, ResultTypes};
use crate::engine::jit::budget::{fitting, scratch};
use crate::engine::jit::chunks::Chunks;
use crate::engine::jit::emit::{Compiler, KernelFn, NoCode};
use crate::engine::jit::graph::{BaseId, Def, Graph, NodeId, Task, Value, graph};
use crate::engine::jit::kernel::Store;
use crate::engine::jit::listing::kernel_times;
use crate::engine::jit::memory::{Arena, places};
use crate::engine::jit::pool::Pool;
use crate::engine::jit::product::ProductShare;
use crate::engine::jit::running::Running;
use crate::engine::jit::scanning::Inner;
use crate::engine::jit::steps::{ProductWork, Schedule, Step, Work};
use crate::engine::jit::{Source, Timing};
use crate::engine::{Profile, RunError, Stop};
use crate::tensor::{Monoid, Tensor};

/// A plan ready to run.
pub(super) struct Native {
    pub(super) graph: Graph,
    pub(super) phases: Vec<Vec<Exec>>,
    pub(super) products: Vec<ProductWork>,
    /// Where each buffer lies.
    places: Vec<Place>,
    /// For each result, the input whose buffer it takes where that is nobody else's.
    reuses: Vec<Option<usize>>,
    arena: Arena,
    /// Scratch bytes of a worker.
    pub(super) scratch: usize,
    /// Room for so many workers.
    scratches: Option<Arena>,
    n_scratches: usize,
    pub(super) is_small: bool,
    /// Of the step of a scan, see [`Schedule`].
    pub(super) n_once: usize,
    pub(super) is_free: bool,
    /// The number of the first step in a profile.
    pub(super) first_kernel: usize,
    /// Keeps the entries of kernels valid; goes last.
    _code: Code,
}

/// The compiler that all plans of an engine share, once there is one.
pub(super) type Code = Rc<RefCell<Option<Compiler>>>;

/// Where a buffer lies.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the arena at this offset.
    Arena(usize),
    /// In an input's tensor.
    Input(usize),
    /// In a result's tensor.
    Result(usize),
    /// In a constant's tensor.
    Const,
    /// Nowhere: no step touches it.
    None,
}

/// A step ready to run.
pub(super) enum Exec {
    Loop(LoopCode),
    Pack {
        product: usize,
    },
    Product {
        product: usize,
        chunks: Chunks,
    },
    Gather {
        parts: BaseId,
        n_parts: usize,
        result: BaseId,
        monoid: Monoid,
    },
    Random(NodeId),
    Move {
        node: NodeId,
        chunks: Chunks,
    },
    Scan(Box<Inner>),
    Extern(NodeId),
}

/// A kernel ready to run.
pub(super) struct LoopCode {
    pub(super) entry: KernelFn,
    pub(super) buffers: Vec<BaseId>,
    pub(super) chunks: Chunks,
    /// Elements that a row counts for.
    pub(super) unit: usize,
    /// Whether chunks are folded one by one.
    pub(super) is_folded: bool,
}

/// Why a plan is not native.
pub(super) enum Refusal {
    /// The machine gives no code, and why: the interpreter will do.
    NoCode(String),
    /// The program cannot run.
    Error(RunError),
}

impl From<NoCode> for Refusal {
    fn from(error: NoCode) -> Refusal {
        Refusal::NoCode(error.to_string())
    }
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Refusal {
        Refusal::Error(error)
    }
}

/// Compiles a plan for inputs of these types and sizes.
pub(super) fn native(
    source: &Source,
    plan: &Plan,
    sizes: &Sizes,
    inputs: &ResultTypes,
    profile: Option<&mut Profile>,
) -> Result<Native, Refusal> {
    let graph = graph(&source.flat, plan, sizes, inputs)?;
    let mut compiler = source.code.borrow_mut();
    let compiler = match &mut *compiler {
        Some(compiler) => compiler,
        none => none.insert(Compiler::new(None)?),
    };
    let (graph, schedule) = fitting(graph, compiler, source.sharing, source.budget)?;
    compiler.finish()?;
    let mut assembly = Assembly {
        compiler,
        code: &source.code,
        profile,
    };
    Ok(assembly.native(&source.name, graph, schedule))
}

/// What plans are put together with.
struct Assembly<'a> {
    compiler: &'a Compiler,
    code: &'a Code,
    profile: Option<&'a mut Profile>,
}

impl Assembly<'_> {
    fn native(&mut self, name: &str, graph: Graph, schedule: Schedule) -> Native {
        let profile = self.profile.as_deref_mut();
        let first_kernel = profile.map_or(0, |profile| {
            let times = kernel_times(name, &graph, &schedule);
            profile.kernels.extend(times);
            profile.kernels.len() - schedule.phases.iter().flatten().count()
        });
        let (places, bytes) = place_all(&graph, &schedule);
        let reuses = graph.results.iter();
        let reuses = reuses.map(|value| reused(&graph, &schedule, value.base));
        let reuses = reuses.collect();
        let scratch = scratch(&schedule);
        let mut phases = vec![];
        for steps in schedule.phases {
            let exec = |step| self.exec(step, &graph, &schedule.products, schedule.is_small);
            phases.push(steps.into_iter().map(exec).collect());
        }
        Native {
            first_kernel,
            phases,
            products: schedule.products,
            places,
            reuses,
            arena: Arena::new(bytes),
            scratch,
            scratches: None,
            n_scratches: 0,
            is_small: schedule.is_small,
            n_once: schedule.n_once,
            is_free: schedule.is_free,
            _code: Rc::clone(self.code),
            graph,
        }
    }

    fn exec(
        &mut self,
        step: Step,
        graph: &Graph,
        products: &[ProductWork],
        is_small: bool,
    ) -> Exec {
        match step.work {
            Work::Loop(work) => Exec::Loop(LoopCode {
                entry: self.compiler.entry(work.func),
                buffers: work.buffers,
                chunks: work.chunks,
                unit: match work.kernel.is_flat {
                    true => work.kernel.space.cols,
                    false => 1,
                },
                is_folded: work
                    .kernel
                    .outputs
                    .iter()
                    .any(|output| output.how != Store::Each),
            }),
            Work::Pack { product } => Exec::Pack { product },
            Work::Product { product } => {
                let matrices = &products[product].matrices;
                let rows = match matrices.share() {
                    ProductShare::Rows | ProductShare::Blocks => matrices.rows,
                    ProductShare::Products => matrices.starts.len(),
                };
                Exec::Product {
                    product,
                    chunks: Chunks::new(rows, is_small),
                }
            }
            Work::Gather {
                parts,
                n_parts,
                result,
                monoid,
            } => Exec::Gather {
                parts,
                n_parts,
                result,
                monoid,
            },
            Work::Random(node) => Exec::Random(node),
            Work::Move(node) => {
                let rows = graph.nodes[node].shape.first().copied().unwrap_or(1);
                let chunks = Chunks::new(rows, is_small);
                Exec::Move { node, chunks }
            }
            Work::Scan(node, schedule) => Exec::Scan(Box::new(self.inner(graph, node, *schedule))),
            Work::Extern(node) => Exec::Extern(node),
        }
    }

    fn inner(&mut self, graph: &Graph, node: NodeId, schedule: Schedule) -> Inner {
        let Task::Scan(rounds) = &graph.nodes[node].task else {
            unreachable!("scheduled as a scan")
        };
        let native = self.native(&rounds.name, rounds.body.clone(), schedule);
        Inner::new(node, Rc::clone(rounds), native)
    }
}

impl Exec {
    /// The chunks that a step goes through, where it can do so one by one without loss.
    pub(super) fn chunks(&self, products: &[ProductWork]) -> Option<Chunks> {
        match self {
            Exec::Loop(code) => Some(code.chunks),
            Exec::Product { product, chunks } => {
                let share = products[*product].matrices.share();
                (share == ProductShare::Products).then_some(*chunks)
            }
            Exec::Pack { .. } | Exec::Gather { .. } | Exec::Random(_) => None,
            Exec::Move { .. } | Exec::Scan(_) | Exec::Extern(_) => None,
        }
    }

    /// What a kernel's table holds.
    fn buffers(&self) -> &[BaseId] {
        match self {
            Exec::Loop(code) => &code.buffers,
            Exec::Pack { .. } | Exec::Product { .. } | Exec::Gather { .. } => &[],
            Exec::Random(_) | Exec::Move { .. } | Exec::Scan(_) | Exec::Extern(_) => &[],
        }
    }
}

/// The input whose place a result takes.
fn reused(graph: &Graph, schedule: &Schedule, result: BaseId) -> Option<usize> {
    let input = schedule.in_place.get(&result)?;
    match graph.bases[*input].def {
        Def::Input(place) => Some(place),
        Def::Const(_) | Def::Node(_) => None,
    }
}

pub(super) fn place_all(graph: &Graph, schedule: &Schedule) -> (Vec<Place>, usize) {
    let result = |base: BaseId| graph.results.iter().position(|value| value.base == base);
    let is_between = |base: BaseId| match graph.bases.get(base).map(|base| &base.def) {
        Some(Def::Input(_) | Def::Const(_)) => false,
        Some(Def::Node(_)) | None => result(base).is_none(),
    };
    let found = places(schedule, &is_between);
    let place = |base: BaseId| match graph.bases.get(base).map(|base| &base.def) {
        Some(Def::Input(place)) => Place::Input(*place),
        Some(Def::Const(_)) => Place::Const,
        Some(Def::Node(_)) | None => match (result(base), found.offsets.get(&base)) {
            (Some(place), _) => Place::Result(place),
            (None, Some(offset)) => Place::Arena(*offset),
            (None, None) => Place::None,
        },
    };
    (
        (0..schedule.buffers.len()).map(place).collect(),
        found.bytes,
    )
}

/// A result, and the input whose buffer it has taken.
struct Outcome {
    tensor: Tensor,
    replaces: Option<usize>,
}

impl Native {
    /// The results. An input that nobody else holds may be written over.
    pub(super) fn run(
        &mut self,
        mut inputs: Vec<Tensor>,
        pool: Option<&Pool>,
        timing: Option<&Timing>,
        stop: Stop,
    ) -> Result<Vec<Tensor>, RunError> {
        let n_workers = pool.map_or(1, Pool::n_workers);
        let scratch = self.scratch;
        if self.n_scratches < n_workers {
            self.scratches = Some(Arena::new(scratch * n_workers));
            self.n_scratches = n_workers;
        }
        let scratch = self.scratches.as_ref().expect("made above").start();
        let mut results = self.results(&mut inputs);
        let starts = self.starts(&inputs, &mut results);
        let (has_failed, error, calls) =
            (AtomicBool::new(false), Mutex::new(None), Mutex::default());
        let running = Running {
            tables: self.tables(&starts),
            native: self,
            starts,
            scratch,
            scratch_each: self.scratch,
            n_workers,
            stop,
            has_failed: &has_failed,
            error: &error,
            began: timing.map(|timing| timing.began),
            calls: &calls,
        };
        match pool {
            Some(pool) => pool.run(&|worker| running.work(worker, &|| pool.sync())),
            None => running.work(0, &|| ()),
        }
        if let Some(timing) = timing {
            let calls = calls.into_inner();
            let calls = calls.unwrap_or_else(|broken| broken.into_inner());
            timing.profile.borrow_mut().add(calls);
        }
        match error
            .into_inner()
            .unwrap_or_else(|broken| broken.into_inner())
        {
            Some(error) => Err(error),
            None => Ok(results.into_iter().map(|result| result.tensor).collect()),
        }
    }

    /// Tensors for the results: inputs that may be written over, or new ones.
    fn results(&self, inputs: &mut [Tensor]) -> Vec<Outcome> {
        let results = self.graph.results.iter().zip(&self.reuses);
        let outcome = |(value, reuse): (&Value, &Option<usize>)| {
            let sizes = &value.walk.sizes;
            let replaces = reuse.filter(|&input| inputs[input].is_own());
            let tensor = match replaces {
                Some(input) => {
                    let own = std::mem::replace(&mut inputs[input], Tensor::scalar(false));
                    own.with_shape(sizes.clone())
                }
                None => Tensor::full(self.graph.dtype(value), sizes, 0.0),
            };
            Outcome { tensor, replaces }
        };
        results.map(outcome).collect()
    }

    /// Where each buffer begins. An input that a result has replaced is that result.
    fn starts(&self, inputs: &[Tensor], results: &mut [Outcome]) -> Vec<*mut u8> {
        let mut read: Vec<*mut u8> = inputs.iter().map(|x| x.start().cast_mut()).collect();
        let mut written = vec![];
        for result in results {
            let start = result.tensor.start_mut();
            written.push(start);
            if let Some(input) = result.replaces {
                read[input] = start;
            }
        }
        let mut starts = vec![std::ptr::null_mut(); self.places.len()];
        self.place_starts(&mut starts, &read, &written);
        starts
    }

    pub(super) fn n_places(&self) -> usize {
        self.places.len()
    }

    /// Where each buffer begins, given where inputs and results do.
    pub(super) fn place_starts(
        &self,
        starts: &mut [*mut u8],
        read: &[*mut u8],
        written: &[*mut u8],
    ) {
        for (base, (start, place)) in starts.iter_mut().zip(&self.places).enumerate() {
            *start = match place {
                Place::Arena(offset) => self.arena.start().wrapping_add(*offset),
                Place::Input(input) => read[*input],
                Place::Result(result) => written[*result],
                Place::Const => match &self.graph.bases[base].def {
                    Def::Const(tensor) => tensor.start().cast_mut(),
                    Def::Input(_) | Def::Node(_) => std::ptr::null_mut(),
                },
                Place::None => std::ptr::null_mut(),
            };
        }
    }

    /// The tables of kernels' buffers, by phase and step.
    pub(super) fn tables(&self, starts: &[*mut u8]) -> Vec<Vec<Vec<*mut u8>>> {
        let table = |exec: &Exec| vec![std::ptr::null_mut(); exec.buffers().len()];
        let phases = self.phases.iter();
        let tables = phases.map(|steps| steps.iter().map(table).collect());
        let mut tables: Vec<Vec<Vec<*mut u8>>> = tables.collect();
        self.fill_tables(&mut tables, starts);
        tables
    }

    pub(super) fn fill_tables(&self, tables: &mut [Vec<Vec<*mut u8>>], starts: &[*mut u8]) {
        let execs = self.phases.iter().flatten();
        for (exec, table) in execs.zip(tables.iter_mut().flatten()) {
            for (slot, base) in table.iter_mut().zip(exec.buffers()) {
                *slot = starts[*base];
            }
        }
    }
}
