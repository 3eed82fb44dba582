//! One run of a plan: every worker walks the phases, does its share of each step, and waits for the others in between.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::engine::flat::known;
use crate::engine::jit::chunks::Chunks;
use crate::engine::jit::gemm::{Element as GemmElement, Placed, Product};
use crate::engine::jit::graph::{BaseId, Node, Task, Value};
use crate::engine::jit::native::{Exec, LoopCode, Native};
use crate::engine::jit::product::{Precision, ProductShare};
use crate::engine::jit::steps::ProductWork;
use crate::engine::{Call, RunError, RunFault, Stop};
use crate::ops;
use crate::tensor::{Draw, Drawn, Element, Monoid, Tensor, reduce};
use crate::types::DType;

/// What the workers of one run share.
pub(super) struct Running<'a> {
    pub(super) native: &'a Native,
    /// Where each buffer begins.
    pub(super) starts: Vec<*mut u8>,
    /// The tables of kernels' buffers, by phase and step.
    pub(super) tables: Vec<Vec<Vec<*mut u8>>>,
    /// Scratch of all workers, and how much each has.
    pub(super) scratch: *mut u8,
    pub(super) scratch_each: usize,
    pub(super) n_workers: usize,
    pub(super) stop: Stop,
    pub(super) has_failed: &'a AtomicBool,
    pub(super) error: &'a Mutex<Option<RunError>>,
    /// When the profile began, if there is one.
    pub(super) began: Option<Instant>,
    pub(super) calls: &'a Mutex<Vec<Call>>,
}

// SAFETY: workers write disjoint parts of buffers within a phase, as the schedule has it, and wait for each other between phases.
unsafe impl Sync for Running<'_> {}

impl Running<'_> {
    /// A worker's share of everything.
    pub(super) fn work(&self, worker: usize, sync: &dyn Fn()) {
        self.phases(0..self.native.phases.len(), worker, sync);
    }

    /// A worker's share of some phases.
    pub(super) fn phases(&self, phases: Range<usize>, worker: usize, sync: &dyn Fn()) {
        let before = self.native.phases[..phases.start].iter().flatten().count();
        let mut kernel = self.native.first_kernel + before;
        for phase in phases.clone() {
            if phase > phases.start {
                sync();
            }
            let (steps, tables) = (&self.native.phases[phase], &self.tables[phase]);
            let mut at = 0;
            while let Some(exec) = steps.get(at) {
                let together = self.together(&steps[at..]);
                if together > 1 {
                    let behind = at + together;
                    self.chunk_by_chunk(worker, &steps[at..behind], &tables[at..behind]);
                    (at, kernel) = (behind, kernel + together);
                    continue;
                }
                let began = self.began.filter(|_| worker == 0);
                let start = began.map(|began| began.elapsed());
                self.step(worker, exec, &tables[at], sync);
                if let Some((began, start)) = began.zip(start) {
                    self.note(kernel, start, began.elapsed());
                }
                (at, kernel) = (at + 1, kernel + 1);
            }
        }
    }

    /// Whether nothing has failed, and nobody asks to stop.
    fn goes_on(&self, worker: usize) -> bool {
        if worker == 0 && self.stop.is_asked() {
            self.fail(RunFault::Stopped.into());
        }
        !self.has_failed.load(Ordering::Relaxed)
    }

    fn fail(&self, error: RunError) {
        let slot = self.error.lock();
        *slot.unwrap_or_else(|broken| broken.into_inner()) = Some(error);
        self.has_failed.store(true, Ordering::Relaxed);
    }

    /// How many of these steps, from the first on, go through the same number of chunks, each with what the one before it has left
    /// in the caches. When each step's time is taken, they go one by one.
    fn together(&self, steps: &[Exec]) -> usize {
        let products = &self.native.products;
        let count = |exec: &Exec| exec.chunks(products).map(Chunks::count);
        let first = steps.first().and_then(count);
        if self.began.is_some() || first.is_none_or(|count| count < 2) {
            return 1;
        }
        steps.iter().take_while(|exec| count(exec) == first).count()
    }

    fn chunk_by_chunk(&self, worker: usize, steps: &[Exec], tables: &[Vec<*mut u8>]) {
        let Some(chunks) = steps[0].chunks(&self.native.products) else {
            return;
        };
        for chunk in chunks.share(worker, self.n_workers) {
            if !self.goes_on(worker) {
                return;
            }
            for (exec, table) in steps.iter().zip(tables) {
                self.chunks(worker, exec, table, chunk..chunk + 1);
            }
        }
    }

    /// Some chunks of a step that goes by chunks.
    fn chunks(&self, worker: usize, exec: &Exec, table: &[*mut u8], part: Range<usize>) {
        match exec {
            Exec::Loop(code) => self.kernel(worker, code, table, part),
            Exec::Product { product, chunks } => {
                self.product(worker, &self.native.products[*product], *chunks, part);
            }
            Exec::Pack { .. } | Exec::Gather { .. } | Exec::Random(_) => {}
            Exec::Move { .. } | Exec::Scan(_) | Exec::Extern(_) => {}
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

    fn step(&self, worker: usize, exec: &Exec, table: &[*mut u8], sync: &dyn Fn()) {
        if let Exec::Scan(inner) = exec {
            // In a scan workers wait for one another, whatever happened.
            return self.scan(worker, inner, sync);
        }
        if !self.goes_on(worker) {
            return;
        }
        match exec {
            Exec::Loop(LoopCode { chunks, .. }) | Exec::Product { chunks, .. } => {
                self.chunks(worker, exec, table, chunks.share(worker, self.n_workers));
            }
            Exec::Pack { product } => self.pack(worker, &self.native.products[*product]),
            Exec::Gather {
                parts,
                n_parts,
                result,
                monoid,
            } if worker == 0 => self.gather([*parts, *result], *n_parts, *monoid),
            Exec::Extern(node) if worker == 0 => self.run_extern(&self.native.graph.nodes[*node]),
            Exec::Move { node, chunks } => {
                let node = &self.native.graph.nodes[*node];
                if let Task::Move(what) = &node.task
                    && !self.moves(worker, node, what, *chunks)
                    && worker == 0
                {
                    // The op itself says what is wrong.
                    self.run_extern(node);
                }
            }
            Exec::Random(node) => self.random(worker, &self.native.graph.nodes[*node]),
            Exec::Gather { .. } | Exec::Extern(_) | Exec::Scan(_) => {}
        }
    }

    /// Some chunks at once, or one by one where each has a fold of its own.
    fn kernel(&self, worker: usize, code: &LoopCode, table: &[*mut u8], part: Range<usize>) {
        let scratch = self.scratch.wrapping_add(worker * self.scratch_each);
        let call = |chunks: Range<usize>| {
            let rows = code.chunks.rows_of(&chunks);
            let [first, behind] = [rows.start, rows.end].map(|row| (row * code.unit) as i64);
            let part = chunks.start as i64;
            // SAFETY: the table holds the kernel's buffers, each as long as its reads and outputs reach; scratch is the worker's own.
            unsafe { (code.entry)(table.as_ptr(), scratch, first, behind, part) };
        };
        match code.is_folded {
            true => part.for_each(|chunk| call(chunk..chunk + 1)),
            false => call(part),
        }
    }

    fn pack(&self, worker: usize, work: &ProductWork) {
        match &work.matrices.plan {
            Precision::F32(plan) => self.pack_typed(worker, work, plan),
            Precision::F64(plan) => self.pack_typed(worker, work, plan),
            Precision::PlacedF32(_) | Precision::PlacedF64(_) => {}
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

    fn product(&self, worker: usize, work: &ProductWork, chunks: Chunks, part: Range<usize>) {
        let part = chunks.rows_of(&part);
        match &work.matrices.plan {
            Precision::F32(plan) => self.product_typed(worker, work, plan, part),
            Precision::F64(plan) => self.product_typed(worker, work, plan, part),
            Precision::PlacedF32(plan) => self.product_placed(worker, work, plan, part),
            Precision::PlacedF64(plan) => self.product_placed(worker, work, plan, part),
        }
    }

    fn product_placed<T: GemmElement>(
        &self,
        worker: usize,
        work: &ProductWork,
        plan: &Placed<T>,
        part: Range<usize>,
    ) {
        let (products, part) = match work.matrices.share() {
            ProductShare::Products => (part, plan.whole()),
            ProductShare::Rows | ProductShare::Blocks => (0..1, plan.share(worker, self.n_workers)),
        };
        let [left, right, result] = work.bases.map(|base| self.start::<T>(base));
        for product in products {
            let [a, b, c] = work.matrices.starts[product];
            let (a, b, c) = (
                left.wrapping_add(a),
                right.wrapping_add(b),
                result.wrapping_add(c),
            );
            // SAFETY: the operands' walks stay within their buffers, the result is as large as all products, shares are disjoint.
            unsafe { plan.run(a, b, c, part.clone()) };
        }
    }

    fn product_typed<T: GemmElement>(
        &self,
        worker: usize,
        work: &ProductWork,
        plan: &Product<T>,
        part: Range<usize>,
    ) {
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

    pub(super) fn start<T>(&self, base: BaseId) -> *mut T {
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
        node.operands.iter().map(|x| self.operand(x)).collect()
    }

    pub(super) fn operand(&self, x: &Value) -> Tensor {
        let base = &self.native.graph.bases[x.base];
        let whole = self.tensor(self.starts[x.base], base.dtype, vec![base.len]);
        match x.is_whole(base) {
            true => whole.with_shape(x.walk.sizes.clone()),
            false => whole.read(&x.walk),
        }
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

    fn run_extern(&self, node: &Node) {
        if let Err(error) = self.try_extern(node) {
            self.fail(error);
        }
    }

    fn try_extern(&self, node: &Node) -> Result<(), RunError> {
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
pub(super) fn share(n: usize, worker: usize, n_workers: usize) -> Range<usize> {
    let at = |worker: usize| worker * n / n_workers;
    at(worker)..at(worker + 1)
}
