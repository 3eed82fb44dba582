//! A plan as native code: its steps with their entries, its buffers with their places; and the pointers that a run of it starts from.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::engine::flat::{Plan, ResultTypes};
use crate::engine::jit::budget::{fitting, scratch};
use crate::engine::jit::emit::{Compiler, KernelFn, NoCode};
use crate::engine::jit::graph::{BaseId, Def, Graph, NodeId, Value, graph};
use crate::engine::jit::listing::kernel_times;
use crate::engine::jit::memory::{Arena, places};
use crate::engine::jit::pool::Pool;
use crate::engine::jit::product::ProductShare;
use crate::engine::jit::running::Running;
use crate::engine::jit::steps::{Chunks, ProductWork, Schedule, Step, Work};
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
    Loop {
        entry: KernelFn,
        buffers: Vec<BaseId>,
        chunks: Chunks,
        /// Elements that a row counts for.
        unit: usize,
    },
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
    Move(NodeId),
    Extern(NodeId),
}

impl Exec {
    /// The chunks that a step goes through, where it can do so one by one without loss.
    pub(super) fn chunks(&self, products: &[ProductWork]) -> Option<Chunks> {
        match self {
            Exec::Loop { chunks, .. } => Some(*chunks),
            Exec::Product { product, chunks } => {
                let share = products[*product].matrices.share();
                (share == ProductShare::Products).then_some(*chunks)
            }
            Exec::Pack { .. } | Exec::Gather { .. } | Exec::Random(_) => None,
            Exec::Move(_) | Exec::Extern(_) => None,
        }
    }
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
    inputs: &ResultTypes,
    profile: Option<&mut Profile>,
) -> Result<Native, Refusal> {
    let graph = graph(&source.flat, plan, inputs)?;
    let mut compiler = source.code.borrow_mut();
    let compiler = match &mut *compiler {
        Some(compiler) => compiler,
        none => none.insert(Compiler::new(None)?),
    };
    let (graph, schedule) = fitting(graph, compiler, source.sharing, source.budget)?;
    compiler.finish()?;
    let first_kernel = profile.as_ref().map_or(0, |profile| profile.kernels.len());
    if let Some(profile) = profile {
        profile
            .kernels
            .extend(kernel_times(&source.name, &graph, &schedule));
    }
    let (places, bytes) = place_all(&graph, &schedule);
    let input = |base: BaseId| match graph.bases[base].def {
        Def::Input(place) => Some(place),
        Def::Const(_) | Def::Node(_) => None,
    };
    let reuse = |base: BaseId| schedule.in_place.get(&base).copied().and_then(input);
    let reuses = graph
        .results
        .iter()
        .map(|value| reuse(value.base))
        .collect();
    let scratch = scratch(&schedule);
    let phases = schedule.phases.into_iter();
    let exec = |step: Step| exec(step, &schedule.products, compiler, schedule.is_small);
    Ok(Native {
        first_kernel,
        phases: phases
            .map(|steps| steps.into_iter().map(exec).collect())
            .collect(),
        products: schedule.products,
        places,
        reuses,
        arena: Arena::new(bytes),
        scratch,
        scratches: None,
        n_scratches: 0,
        is_small: schedule.is_small,
        _code: Rc::clone(&source.code),
        graph,
    })
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

fn exec(step: Step, products: &[ProductWork], compiler: &Compiler, is_small: bool) -> Exec {
    match step.work {
        Work::Loop(work) => Exec::Loop {
            entry: compiler.entry(work.func),
            buffers: work.buffers,
            chunks: work.chunks,
            unit: match work.kernel.is_flat {
                true => work.kernel.space.cols,
                false => 1,
            },
        },
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
        Work::Move(node) => Exec::Move(node),
        Work::Extern(node) => Exec::Extern(node),
    }
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
        let running = Running {
            tables: self.tables(&starts),
            native: self,
            starts,
            scratch,
            n_workers,
            stop,
            has_failed: AtomicBool::new(false),
            error: Mutex::new(None),
            began: timing.map(|timing| timing.began),
            calls: Mutex::default(),
        };
        match pool {
            Some(pool) => pool.run(&|worker| running.work(worker, &|| pool.sync())),
            None => running.work(0, &|| ()),
        }
        if let Some(timing) = timing {
            let calls = running.calls.into_inner();
            let calls = calls.unwrap_or_else(|broken| broken.into_inner());
            timing.profile.borrow_mut().add(calls);
        }
        let error = running.error.into_inner();
        match error.unwrap_or_else(|broken| broken.into_inner()) {
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
        let start = |(base, place): (usize, &Place)| match place {
            Place::Arena(offset) => self.arena.start().wrapping_add(*offset),
            Place::Input(input) => read[*input],
            Place::Result(result) => written[*result],
            Place::Const => match &self.graph.bases[base].def {
                Def::Const(tensor) => tensor.start().cast_mut(),
                Def::Input(_) | Def::Node(_) => std::ptr::null_mut(),
            },
            Place::None => std::ptr::null_mut(),
        };
        self.places.iter().enumerate().map(start).collect()
    }

    fn tables(&self, starts: &[*mut u8]) -> Vec<Vec<Vec<*mut u8>>> {
        let table = |exec: &Exec| match exec {
            Exec::Loop { buffers, .. } => buffers.iter().map(|base| starts[*base]).collect(),
            Exec::Pack { .. } | Exec::Product { .. } | Exec::Gather { .. } => vec![],
            Exec::Random(_) | Exec::Move(_) | Exec::Extern(_) => vec![],
        };
        let phases = self.phases.iter();
        phases
            .map(|steps| steps.iter().map(table).collect())
            .collect()
    }
}
