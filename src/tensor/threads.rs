//! How many threads tensor functions may use. The number changes how long a result takes, and never its bytes.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread;

/// Zero stands for as many as the machine offers.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// Allows this many threads in the whole process; zero for as many as the machine offers.
pub fn set_threads(n: usize) {
    THREADS.store(n, Ordering::Relaxed);
}

/// How many threads are allowed.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => offered(),
        n => n,
    }
}

/// What the machine offers; asked once, since the answer is read from files.
fn offered() -> usize {
    static OFFERED: OnceLock<usize> = OnceLock::new();
    *OFFERED.get_or_init(|| thread::available_parallelism().map_or(1, NonZeroUsize::get))
}

/// Does all jobs, on as many threads as allowed; which thread does which job must not matter.
pub(super) fn run<J: Send>(jobs: Vec<J>, work: impl Fn(J) + Sync) {
    let n_threads = threads().min(jobs.len());
    if n_threads <= 1 {
        return jobs.into_iter().for_each(work);
    }
    let queue = Mutex::new(jobs.into_iter());
    let next = || {
        queue
            .lock()
            .unwrap_or_else(|broken| broken.into_inner())
            .next()
    };
    let drain = || {
        while let Some(job) = next() {
            work(job);
        }
    };
    thread::scope(|scope| {
        for _ in 1..n_threads {
            scope.spawn(drain);
        }
        drain();
    });
}
