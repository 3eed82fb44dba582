//! A plan as native code, and how it is run: pointers are gathered, then every worker walks the phases.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::engine::flat::{Flat, Plan, ResultTypes, known};
use crate::engine::jit::Timing;
use crate::engine::jit::emit::{Code, Compiler, KernelFn, NoCode};
use crate::engine::jit::gemm::{Element as GemmElement, Product};
use crate::engine::jit::graph::{BaseId, Def, Graph, Node, NodeId, Value, graph};
use crate::engine::jit::listing::kernel_times;
use crate::engine::jit::memory::{Arena, places};
use crate::engine::jit::pool::Pool;
use crate::engine::jit::product::{Precision, ProductShare};
use crate::engine::jit::steps::{Chunks, ProductWork, Schedule, Step, Work, schedule};
use crate::engine::{Call, Profile, RunError, RunFault};
use crate::ops;
use crate::tensor::{Draw, Drawn, Element, Monoid, Tensor, reduce};
use crate::types::DType;

/// A plan ready to run.
pub(super) struct Native {
    graph: Graph,
    phases: Vec<Vec<Exec>>,
    products: Vec<ProductWork>,
    /// Where each buffer lies.
    places: Vec<Place>,
    /// For each result, the input whose buffer it takes where that is nobody else's.
    reuses: Vec<Option<usize>>,
    arena: Arena,
    /// Scratch bytes of a worker.
    scratch: usize,
    scratches: Option<Arena>,
    pub(super) is_small: bool,
    /// The number of the first step in a profile.
    first_kernel: usize,
    /// Keeps the entries of kernels valid; goes last.
    _code: Code,
}

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
enum Exec {
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
    Extern(NodeId),
}

/// Why a plan is not native.
pub(super) enum Refusal {
    /// The machine gives no code: the interpreter will do.
    NoCode,
    /// The program cannot run.
    Error(RunError),
}

impl From<NoCode> for Refusal {
    fn from(_: NoCode) -> Refusal {
        Refusal::NoCode
    }
}

impl From<RunError> for Refusal {
    fn from(error: RunError) -> Refusal {
        Refusal::Error(error)
    }
}

/// Compiles a plan for inputs of these types and sizes.
pub(super) fn native(
    name: &str,
    flat: &Flat,
    plan: &Plan,
    inputs: &ResultTypes,
    profile: Option<&mut Profile>,
) -> Result<Native, Refusal> {
    let graph = graph(flat, plan, inputs)?;
    let mut compiler = Compiler::new(None)?;
    let schedule = schedule(&graph, &mut compiler)?;
    let (code, _) = compiler.finish()?;
    let first_kernel = profile.as_ref().map_or(0, |profile| profile.kernels.len());
    if let Some(profile) = profile {
        profile
            .kernels
            .extend(kernel_times(name, &graph, &schedule));
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
    let exec = |step: Step| exec(step, &schedule.products, &code, schedule.is_small);
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
        is_small: schedule.is_small,
        _code: code,
        graph,
    })
}

fn scratch(schedule: &Schedule) -> usize {
    let steps = schedule.phases.iter().flatten();
    let needs = steps.filter_map(Step::kernel).map(|work| work.scratch);
    needs.max().unwrap_or(0).next_multiple_of(4096)
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

fn exec(step: Step, products: &[ProductWork], code: &Code, is_small: bool) -> Exec {
    match step.work {
        Work::Loop(work) => Exec::Loop {
            entry: code.entry(work.func),
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
        Work::Extern(node) => Exec::Extern(node),
    }
}

/// A result, and the input whose buffer it has taken.
struct Outcome {
    tensor: Tensor,
    replaces: Option<usize>,
}

/// What the workers of one run share.
struct Running<'a> {
    native: &'a Native,
    /// Where each buffer begins.
    starts: Vec<*mut u8>,
    /// The tables of kernels' buffers, by phase and step.
    tables: Vec<Vec<Vec<*mut u8>>>,
    scratch: *mut u8,
    n_workers: usize,
    has_failed: AtomicBool,
    error: Mutex<Option<RunError>>,
    /// When the profile began, if there is one.
    began: Option<Instant>,
    calls: Mutex<Vec<Call>>,
}

// SAFETY: workers write disjoint parts of buffers within a phase, as the schedule has it, and wait for each other between phases.
unsafe impl Sync for Running<'_> {}

impl Native {
    /// The results. An input that nobody else holds may be written over.
    pub(super) fn run(
        &mut self,
        mut inputs: Vec<Tensor>,
        pool: Option<&Pool>,
        timing: Option<&Timing>,
    ) -> Result<Vec<Tensor>, RunError> {
        let n_workers = pool.map_or(1, Pool::n_workers);
        let scratch = self.scratch;
        let scratches = self
            .scratches
            .get_or_insert_with(|| Arena::new(scratch * n_workers));
        let scratch = scratches.start();
        let mut results = self.results(&mut inputs);
        let starts = self.starts(&inputs, &mut results);
        let running = Running {
            tables: self.tables(&starts),
            native: self,
            starts,
            scratch,
            n_workers,
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
            Exec::Random(_) | Exec::Extern(_) => vec![],
        };
        let phases = self.phases.iter();
        phases
            .map(|steps| steps.iter().map(table).collect())
            .collect()
    }
}

impl Running<'_> {
    /// A worker's share of everything.
    fn work(&self, worker: usize, sync: &dyn Fn()) {
        let mut kernel = self.native.first_kernel;
        for (phase, steps) in self.native.phases.iter().enumerate() {
            if phase > 0 {
                sync();
            }
            for (at, exec) in steps.iter().enumerate() {
                if !self.has_failed.load(Ordering::Relaxed) {
                    let began = self.began.filter(|_| worker == 0);
                    let start = began.map(|began| began.elapsed());
                    self.step(worker, exec, &self.tables[phase][at]);
                    if let Some((began, start)) = began.zip(start) {
                        self.note(kernel, start, began.elapsed());
                    }
                }
                kernel += 1;
            }
        }
    }

    fn note(&self, kernel: usize, start: Duration, end: Duration) {
        let nanoseconds = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let call = Call {
            kernel,
            start: nanoseconds(start),
            nanoseconds: nanoseconds(end - start),
        };
        let calls = self.calls.lock();
        calls
            .unwrap_or_else(|broken| broken.into_inner())
            .push(call);
    }

    fn step(&self, worker: usize, exec: &Exec, table: &[*mut u8]) {
        match exec {
            Exec::Loop {
                entry,
                buffers: _,
                chunks,
                unit,
            } => self.kernel(worker, *entry, table, *chunks, *unit),
            Exec::Pack { product } => self.pack(worker, &self.native.products[*product]),
            Exec::Product { product, chunks } => {
                self.product(worker, &self.native.products[*product], *chunks);
            }
            Exec::Gather {
                parts,
                n_parts,
                result,
                monoid,
            } if worker == 0 => self.gather([*parts, *result], *n_parts, *monoid),
            Exec::Extern(node) if worker == 0 => {
                let node = &self.native.graph.nodes[*node];
                if let Err(error) = self.run_extern(node) {
                    let mut slot = self
                        .error
                        .lock()
                        .unwrap_or_else(|broken| broken.into_inner());
                    *slot = Some(error);
                    self.has_failed.store(true, Ordering::Relaxed);
                }
            }
            Exec::Random(node) => self.random(worker, &self.native.graph.nodes[*node]),
            Exec::Gather { .. } | Exec::Extern(_) => {}
        }
    }

    fn kernel(
        &self,
        worker: usize,
        entry: KernelFn,
        table: &[*mut u8],
        chunks: Chunks,
        unit: usize,
    ) {
        let scratch = self.scratch.wrapping_add(worker * self.native.scratch);
        for chunk in chunks.share(worker, self.n_workers) {
            let rows = chunks.rows_of(&(chunk..chunk + 1));
            let [first, behind] = [rows.start, rows.end].map(|row| (row * unit) as i64);
            // SAFETY: the table holds the kernel's buffers, each as long as its reads and outputs reach; scratch is the worker's own.
            unsafe { entry(table.as_ptr(), scratch, first, behind, chunk as i64) };
        }
    }

    fn pack(&self, worker: usize, work: &ProductWork) {
        match &work.matrices.plan {
            Precision::F32(plan) => self.pack_typed(worker, work, plan),
            Precision::F64(plan) => self.pack_typed(worker, work, plan),
        }
    }

    fn pack_typed<T: GemmElement>(&self, worker: usize, work: &ProductWork, plan: &Product<T>) {
        let Some(packed) = work.packed else { return };
        let (right, packed) = (self.start::<T>(work.bases[1]), self.start::<T>(packed));
        let n_packs = plan.n_packs();
        for piece in share(n_packs * work.matrices.starts.len(), worker, self.n_workers) {
            let (product, piece) = (piece / n_packs, piece % n_packs);
            let from = right.wrapping_add(work.matrices.starts[product][1]);
            let to = packed.wrapping_add(product * plan.packed_len());
            // SAFETY: the operand is as large as its strides reach, the room as the plan asks; pieces are disjoint.
            unsafe { plan.pack(from, to, piece..piece + 1) };
        }
    }

    fn product(&self, worker: usize, work: &ProductWork, chunks: Chunks) {
        match &work.matrices.plan {
            Precision::F32(plan) => self.product_typed(worker, work, plan, chunks),
            Precision::F64(plan) => self.product_typed(worker, work, plan, chunks),
        }
    }

    fn product_typed<T: GemmElement>(
        &self,
        worker: usize,
        work: &ProductWork,
        plan: &Product<T>,
        chunks: Chunks,
    ) {
        let part = chunks.rows_of(&chunks.share(worker, self.n_workers));
        let all = 0..work.matrices.cols;
        let (products, rows, cols) = match work.matrices.share() {
            ProductShare::Rows => (0..1, part, all),
            ProductShare::Products => (part, 0..work.matrices.rows, all),
            ProductShare::Blocks => {
                let (rows, cols) = plan.share(worker, self.n_workers);
                (0..1, rows, cols)
            }
        };
        let [left, right, result] = work.bases.map(|base| self.start::<T>(base));
        let packed = work
            .packed
            .map_or(std::ptr::null_mut(), |base| self.start::<T>(base));
        for product in products {
            let [a, b, c] = work.matrices.starts[product];
            let packed = packed.wrapping_add(product * plan.packed_len());
            let (a, b, c) = (
                left.wrapping_add(a),
                right.wrapping_add(b),
                result.wrapping_add(c),
            );
            // SAFETY: operands and result are as large as their strides reach, packing is done, rows of workers are disjoint.
            unsafe { plan.run(a, b, packed, c, rows.clone(), cols.clone()) };
        }
    }

    fn start<T>(&self, base: BaseId) -> *mut T {
        self.starts[base].cast()
    }

    /// The parts of a fold over rows, in order.
    fn gather(&self, [parts, result]: [BaseId; 2], n_parts: usize, monoid: Monoid) {
        let graph = &self.native.graph;
        let (len, dtype) = (graph.bases[result].len, graph.bases[result].dtype);
        let parts = self.tensor(self.starts[parts], dtype, vec![n_parts, len]);
        let folded = reduce(monoid, &parts, &[0]);
        self.put(result, &folded);
    }

    /// Copies of a node's operands.
    fn operands(&self, node: &Node) -> Vec<Tensor> {
        let operand = |x: &Value| {
            let base = &self.native.graph.bases[x.base];
            let whole = self.tensor(self.starts[x.base], base.dtype, vec![base.len]);
            match x.is_whole(base) {
                true => whole.with_shape(x.walk.sizes.clone()),
                false => whole.read(&x.walk),
            }
        };
        node.operands.iter().map(operand).collect()
    }

    /// A worker's part of random numbers.
    fn random(&self, worker: usize, node: &Node) {
        let draw = ops::draw(&node.op, &self.operands(node));
        let (Some(draw), [result]) = (draw, &node.results[..]) else {
            return;
        };
        match node.types[0].0 {
            DType::F64 => self.random_typed::<f64>(worker, &draw, *result),
            DType::F32 | DType::I64 | DType::I32 | DType::U8 | DType::Bool => {
                self.random_typed::<f32>(worker, &draw, *result);
            }
        }
    }

    fn random_typed<T: Drawn>(&self, worker: usize, draw: &Draw, result: BaseId) {
        let len = self.native.graph.bases[result].len;
        let groups = share(len.div_ceil(Draw::GROUP), worker, self.n_workers);
        let [first, behind] = [groups.start, groups.end].map(|group| len.min(group * Draw::GROUP));
        let start = self.start::<T>(result).wrapping_add(first);
        // SAFETY: the buffer holds `len` elements, and workers have disjoint parts.
        let part = unsafe { std::slice::from_raw_parts_mut(start, behind - first) };
        draw.fill(first, part);
    }

    fn run_extern(&self, node: &Node) -> Result<(), RunError> {
        let operands = self.operands(node);
        let results = ops::eval(&node.op, operands, &node.types, &known);
        let results = results.map_err(|error| RunError {
            fault: RunFault::Eval(error),
            origin: node.origin,
        })?;
        for (base, tensor) in node.results.iter().zip(&results) {
            self.put(*base, tensor);
        }
        Ok(())
    }

    /// A copy of what lies at a place.
    fn tensor(&self, start: *mut u8, dtype: DType, shape: Vec<usize>) -> Tensor {
        match dtype {
            DType::F32 => copied::<f32>(start, shape),
            DType::F64 => copied::<f64>(start, shape),
            DType::I64 => copied::<i64>(start, shape),
            DType::I32 => copied::<i32>(start, shape),
            DType::U8 => copied::<u8>(start, shape),
            DType::Bool => copied::<bool>(start, shape),
        }
    }

    fn put(&self, base: BaseId, tensor: &Tensor) {
        let to = self.starts[base];
        if to.is_null() {
            return;
        }
        let bytes = tensor.len() * tensor.dtype().size();
        // SAFETY: the buffer was made for tensors of this type and size.
        unsafe { std::ptr::copy_nonoverlapping(tensor.start(), to, bytes) };
    }
}

fn copied<T: Element>(start: *mut u8, shape: Vec<usize>) -> Tensor {
    let len = shape.iter().product();
    // SAFETY: the buffer was made for elements of this type, and a step before this one has filled it.
    let elements = unsafe { std::slice::from_raw_parts(start.cast::<T>(), len) };
    Tensor::from_vec(shape, elements.to_vec())
}

/// A worker's part of `0..n`.
fn share(n: usize, worker: usize, n_workers: usize) -> Range<usize> {
    let at = |worker: usize| worker * n / n_workers;
    at(worker)..at(worker + 1)
}
