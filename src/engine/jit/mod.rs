//! Native code. A plan, in which every size is a number, becomes a graph of bases and nodes ([`graph`]); nodes become units that share
//! a kernel's body ([`fuse`], [`body`]); units become steps ([`steps`]) in phases ([`phases`]), buffers get places ([`memory`], [`in_place`]), kernels
//! code ([`emit`]); all of it is a [`native`] plan, which a pool of workers runs ([`running`], [`pool`]). Products of matrices have
//! kernels of their own ([`gemm`]).
//!
//! What is computed does not depend on the number of workers: rows are cut into chunks by their number alone, folds over rows are
//! folded within chunks and then over them in order, and a product sums along a fixed order.

#![expect(
    unsafe_code,
    reason = "native code is called, and buffers are shared among workers"
)]

mod arrange;
mod body;
mod budget;
mod building;
mod chunks;
mod emit;
mod estimate;
mod fresh;
mod fuse;
mod gemm;
mod graph;
mod in_place;
mod kernel;
mod listing;
mod memory;
mod moves;
mod native;
mod phases;
mod pool;
mod product;
mod recompute;
mod rounds;
mod rounds_plan;
mod running;
mod scanning;
mod split;
mod stages;
mod steps;
mod strips;
mod sums;
mod tempo;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use crate::engine::bind::Sizes;
use crate::engine::flat::{Flat, Plan, ResultTypes, flat};
use crate::engine::interp::execute;
use crate::engine::plans::Plans;
use crate::engine::{Engine, Profile, Program, RunError, Stop, scan};
use crate::ir::{FuncId, Module};
use crate::tensor::{Tensor, threads};
pub use listing::{Listing, footprint, listing};
use native::{Code, Native, Refusal, native};
use pool::Pool;
use steps::Sharing;
use tempo::Tempo;

/// The compiler.
#[derive(Clone, Default)]
pub struct Jit {
    pool: Rc<RefCell<Option<Pool>>>,
    timing: Option<Rc<Timing>>,
    code: Code,
    hindrance: Hindrance,
    sharing: Sharing,
    budget: Option<u64>,
    stop: Stop,
}

/// Why there was no native code for a plan, if there was none.
type Hindrance = Rc<RefCell<Option<String>>>;

/// A profile in the making.
struct Timing {
    began: Instant,
    profile: RefCell<Profile>,
}

impl Jit {
    /// A compiler whose code shares all work among the workers, however small: slower, but it shows what sharing does.
    pub fn sharing() -> Jit {
        Jit {
            sharing: Sharing::All,
            ..Jit::default()
        }
    }

    /// A compiler whose code takes the time of each step.
    pub fn profiled() -> Jit {
        let timing = Timing {
            began: Instant::now(),
            profile: RefCell::default(),
        };
        Jit {
            timing: Some(Rc::new(timing)),
            ..Jit::default()
        }
    }
}

impl Engine for Jit {
    fn prepare(&self, module: &Module, func: FuncId) -> Result<Box<dyn Program>, RunError> {
        let engine: Rc<dyn Engine> = Rc::new(self.clone());
        let pieces = scan::prepare(&engine, module, func);
        let source = Source {
            name: module.funcs[func].name.clone(),
            flat: flat(module, func),
            timing: self.timing.clone(),
            code: Rc::clone(&self.code),
            sharing: self.sharing,
            budget: self.budget,
            stop: self.stop,
            hindrance: Rc::clone(&self.hindrance),
        };
        Ok(Box::new(Prepared {
            source,
            pieces,
            plans: Plans::new(),
            pool: Rc::clone(&self.pool),
        }))
    }

    fn within(&self, budget: u64) -> Box<dyn Engine> {
        let budget = Some(budget);
        Box::new(Jit {
            budget,
            ..self.clone()
        })
    }

    fn stopping(&self, stop: Stop) -> Box<dyn Engine> {
        Box::new(Jit {
            stop,
            ..self.clone()
        })
    }

    fn hindrance(&self) -> Option<String> {
        self.hindrance.borrow().clone()
    }

    fn profile(&self) -> Option<Profile> {
        let timing = self.timing.as_ref()?;
        Some(timing.profile.borrow().clone())
    }
}

/// A function, and its code by sizes.
struct Prepared {
    source: Source,
    /// The function in pieces, if it holds a scan, for where there is no code for the whole.
    pieces: Option<Box<dyn Program>>,
    plans: Plans<Compiled>,
    pool: Rc<RefCell<Option<Pool>>>,
}

/// What code is made from.
struct Source {
    name: String,
    flat: Flat,
    timing: Option<Rc<Timing>>,
    code: Code,
    hindrance: Hindrance,
    sharing: Sharing,
    budget: Option<u64>,
    stop: Stop,
}

/// A plan and what runs it.
enum Compiled {
    Native(Box<Native>, Tempo),
    /// Nothing to compute, or no code to be had: the interpreter does it.
    Interpreted(Plan),
}

impl Program for Prepared {
    fn run(&mut self, inputs: Vec<Tensor>) -> Result<Vec<Tensor>, RunError> {
        let source = &self.source;
        let sizes = source.flat.signature.sizes(&inputs)?;
        let compiled = self.plans.get(&sizes, || {
            let types = inputs.iter().map(|x| (x.dtype(), x.shape().to_vec()));
            source.compile(&sizes, &types.collect())
        })?;
        match compiled {
            Compiled::Interpreted(plan) => match &mut self.pieces {
                Some(pieces) => pieces.run(inputs),
                None => execute(&source.flat, plan, inputs, source.stop),
            },
            Compiled::Native(native, tempo) => {
                let timing = source.timing.as_deref();
                if native.is_small || threads() == 1 {
                    return native.run(inputs, None, timing, source.stop);
                }
                let mut pool = self.pool.borrow_mut();
                let pool = &*pool.get_or_insert_with(|| Pool::new(threads()));
                let pool = tempo.shares().then_some(pool);
                tempo.time(|| native.run(inputs, pool, timing, source.stop))
            }
        }
    }
}

impl Source {
    fn compile(&self, sizes: &Sizes, inputs: &ResultTypes) -> Result<Compiled, RunError> {
        let plan = self.flat.plan(sizes)?;
        self.flat.check_memory(&plan)?;
        let types = plan.iter().flat_map(|(_, types)| types).chain(inputs);
        let is_empty = types.into_iter().any(|(_, shape)| shape.contains(&0));
        if is_empty {
            return Ok(Compiled::Interpreted(plan));
        }
        let timing = self.timing.as_deref();
        let mut profile = timing.map(|timing| timing.profile.borrow_mut());
        match native(self, &plan, sizes, inputs, profile.as_deref_mut()) {
            Ok(native) => Ok(Compiled::Native(Box::new(native), Tempo::new())),
            // What a scan's sizes are may be told by its pieces alone; what is wrong with the program they say as well.
            Err(Refusal::Error(_)) if self.flat.holds_scan() => Ok(Compiled::Interpreted(plan)),
            Err(Refusal::Error(error)) => Err(error),
            Err(Refusal::NoCode(why)) => {
                *self.hindrance.borrow_mut() = Some(why);
                Ok(Compiled::Interpreted(plan))
            }
        }
    }
}
