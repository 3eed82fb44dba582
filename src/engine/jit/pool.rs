//! Persistent worker threads with cheap barriers. One [`Pool::run`] can hold a whole training step: its phases meet in
//! [`Pool::sync`]. Whoever waits spins first, since phases are shorter than a thread's sleep, and parks when the wait grows long.
//! Knows nothing of what runs.
//!
//! A panic in one worker poisons the run: the others leave at their next `sync`, and `run` passes the panic on to its caller.
//! The pool can be used again afterwards.
#![expect(
    unsafe_code,
    reason = "workers borrow the caller's closure for the length of a run"
)]

mod place;

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How long to spin where every worker has a processor: several times a short phase, and less than waking a thread costs twice.
const SPIN: Duration = Duration::from_micros(50);

/// Glances at the word between two looks at the clock.
const GLANCES: usize = 64;

/// Another worker has panicked; this one should return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Poisoned;

/// What a worker runs, given its index.
type Job<'a> = dyn Fn(usize) + Sync + 'a;

/// Workers `0..n`; the caller of `run` is worker 0.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    /// Starts `n_threads − 1` threads; none for one.
    pub(crate) fn new(n_threads: usize) -> Pool {
        let n_workers = n_threads.max(1);
        let shared = Arc::new(Shared::new(n_workers));
        let threads = (1..n_workers)
            .map(|worker| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.work(worker))
            })
            .collect();
        Pool { shared, threads }
    }

    /// How many workers a job runs on.
    pub(crate) fn n_workers(&self) -> usize {
        self.shared.n_workers
    }

    /// Runs the job on every worker and returns when all have finished. A pool does one run at a time, and none within a run.
    pub(crate) fn run(&self, job: &Job<'_>) {
        if self.shared.n_workers == 1 {
            return job(0);
        }
        let busy = self.shared.busy.swap(true, Ordering::Acquire);
        assert!(!busy, "a pool does one run at a time");
        let panic = self.shared.run(job);
        self.shared.busy.store(false, Ordering::Release);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
    }

    /// Waits, within a run, until every worker is here; what they wrote before is visible after. Unwinds from a poisoned run.
    pub(crate) fn sync(&self) {
        if let Err(poisoned) = self.try_sync() {
            resume_unwind(Box::new(poisoned));
        }
    }

    /// [`Pool::sync`] for callers that must not unwind: they return from a poisoned run by themselves.
    #[inline]
    pub(crate) fn try_sync(&self) -> Result<(), Poisoned> {
        if self.shared.n_workers == 1 {
            Ok(())
        } else {
            self.shared.sync()
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        self.shared.start.open();
        for thread in self.threads.drain(..) {
            // A worker catches every panic of its jobs, so there is none to pass on.
            let _ = thread.join();
        }
    }
}

/// What workers share.
struct Shared {
    n_workers: usize,
    /// How long to spin: not at all where workers have to share processors.
    spin: Duration,
    busy: AtomicBool,
    stop: AtomicBool,
    /// Opens when a job is there.
    start: Gate,
    job: UnsafeCell<Option<*const Job<'static>>>,
    /// Workers still in the job, besides the caller.
    running: AtomicUsize,
    /// Opens when `running` falls to zero.
    done: Gate,
    /// Workers waiting in `sync`.
    arrived: AtomicUsize,
    /// Opens when all have arrived, and when the run is poisoned.
    phase: Gate,
    poisoned: AtomicBool,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` alone is not `Sync`: it is written between runs, when no worker reads it, and the gate `start` orders the two.
unsafe impl Sync for Shared {}

// SAFETY: the pointer in `job` is followed during a run alone, and what it points to is `Sync`.
unsafe impl Send for Shared {}

impl Shared {
    fn new(n_workers: usize) -> Shared {
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Shared {
            n_workers,
            spin: if n_workers <= processors {
                SPIN
            } else {
                Duration::ZERO
            },
            busy: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            start: Gate::default(),
            job: UnsafeCell::new(None),
            running: AtomicUsize::new(0),
            done: Gate::default(),
            arrived: AtomicUsize::new(0),
            phase: Gate::default(),
            poisoned: AtomicBool::new(false),
            panic: Mutex::new(None),
        }
    }

    /// Worker 0's part: hands out the job, does its share, waits for the others; the first panic, if there was one.
    fn run(&self, job: &Job<'_>) -> Option<Box<dyn Any + Send>> {
        // SAFETY: the lifetime ends when this function returns, and by then every worker has finished with the job.
        let lasting = unsafe { std::mem::transmute::<&Job<'_>, &'static Job<'static>>(job) };
        // SAFETY: workers wait at `start` and do not look at the job.
        unsafe { *self.job.get() = Some(lasting) };
        self.arrived.store(0, Ordering::Relaxed);
        self.poisoned.store(false, Ordering::Relaxed);
        self.running.store(self.n_workers - 1, Ordering::Relaxed);
        let done = self.done.now();
        self.start.open();
        self.attempt(job, 0);
        self.done.wait(done, self.spin);
        lock(&self.panic).take()
    }

    /// The life of worker `worker`.
    fn work(&self, worker: usize) {
        let mut seen = 0;
        loop {
            self.start.wait(seen, self.spin);
            seen = seen.wrapping_add(1);
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            // SAFETY: `run` has put the job there before it opened the gate, and stays until this worker is done.
            if let Some(job) = unsafe { *self.job.get() } {
                // SAFETY: as above.
                self.attempt(unsafe { &*job }, worker);
            }
            if self.running.fetch_sub(1, Ordering::AcqRel) == 1 {
                self.done.open();
            }
        }
    }

    /// Runs one worker's share; a panic poisons the run.
    fn attempt(&self, job: &Job<'_>, worker: usize) {
        let Err(panic) = catch_unwind(AssertUnwindSafe(|| job(worker))) else {
            return;
        };
        if !panic.is::<Poisoned>() {
            lock(&self.panic).get_or_insert(panic);
        }
        self.poisoned.store(true, Ordering::SeqCst);
        self.phase.open();
    }

    fn sync(&self) -> Result<(), Poisoned> {
        let phase = self.phase.now();
        self.check()?;
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.n_workers {
            self.arrived.store(0, Ordering::Relaxed);
            self.phase.open();
        } else {
            self.phase.wait(phase, self.spin);
        }
        self.check()
    }

    fn check(&self) -> Result<(), Poisoned> {
        if self.poisoned.load(Ordering::Acquire) {
            Err(Poisoned)
        } else {
            Ok(())
        }
    }
}

/// A count to wait for, on a cache line of its own.
#[derive(Default)]
#[repr(align(128))]
struct Gate {
    /// How often the gate has opened.
    count: AtomicU32,
    sleepers: AtomicU32,
    /// The processor it was last opened from, where someone slept.
    place: AtomicI32,
    bed: Mutex<()>,
    alarm: Condvar,
}

impl Gate {
    fn now(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// Lets everyone who waits pass.
    fn open(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        // Either this sees the sleeper, or the sleeper, counted before it looked, sees the new count.
        if self.sleepers.load(Ordering::SeqCst) > 0 {
            self.place.store(place::here(), Ordering::Relaxed);
            drop(lock(&self.bed));
            self.alarm.notify_all();
        }
    }

    /// Returns once the gate has opened after `seen` was read.
    fn wait(&self, seen: u32, spin: Duration) {
        if self.spin(seen, spin) {
            return;
        }
        self.sleep(seen);
        let place = place::here();
        if !spin.is_zero() && place == self.place.load(Ordering::Relaxed) {
            place::leave(place);
        }
    }

    /// Whether the gate has opened within a short while. Yielding here would keep two workers that the system has put on one
    /// processor there for good, each too fresh to be moved; a worker that sleeps wakes on a free one.
    fn spin(&self, seen: u32, spin: Duration) -> bool {
        let mut deadline = None;
        loop {
            for _ in 0..GLANCES {
                if self.now() != seen {
                    return true;
                }
                std::hint::spin_loop();
            }
            let now = Instant::now();
            if now >= *deadline.get_or_insert(now + spin) {
                return false;
            }
        }
    }

    fn sleep(&self, seen: u32) {
        let mut bed = lock(&self.bed);
        self.sleepers.fetch_add(1, Ordering::SeqCst);
        while self.count.load(Ordering::SeqCst) == seen {
            bed = self.alarm.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        self.sleepers.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Locks; nothing panics while holding these locks, and their contents would be whole if it did.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_see_what_was_written_before() {
        for n in [1, 2, 3, 7] {
            let pool = Pool::new(n);
            let cells: Vec<AtomicUsize> = (0..n).map(|_| AtomicUsize::new(0)).collect();
            for _ in 0..200 {
                pool.run(&|worker| {
                    for _ in 0..5 {
                        let left = cells[(worker + 1) % n].load(Ordering::Relaxed);
                        pool.sync();
                        cells[worker].store(left + 1, Ordering::Relaxed);
                        pool.sync();
                    }
                });
            }
            assert!(
                cells
                    .iter()
                    .all(|cell| cell.load(Ordering::Relaxed) == 1000)
            );
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_pool_lives_on() {
        let pool = Pool::new(3);
        for culprit in 0..3 {
            let result = catch_unwind(AssertUnwindSafe(|| {
                pool.run(&|worker| {
                    pool.sync();
                    if worker == culprit {
                        resume_unwind(Box::new(culprit));
                    }
                    pool.sync();
                });
            }));
            let panic = result.expect_err("a worker panicked");
            assert_eq!(panic.downcast_ref(), Some(&culprit));
            let count = AtomicUsize::new(0);
            pool.run(&|_| {
                pool.sync();
                count.fetch_add(1, Ordering::Relaxed);
            });
            assert_eq!(count.into_inner(), 3);
        }
    }

    #[test]
    fn sleepers_wake() {
        let pool = Pool::new(2);
        for _ in 0..3 {
            thread::sleep(Duration::from_millis(2));
            pool.run(&|worker| {
                if worker == 1 {
                    thread::sleep(Duration::from_millis(2));
                }
                pool.sync();
            });
        }
    }
}
