//! Ctrl-C and SIGTERM: once, a run finishes its step and what was trained is told; twice, the process leaves at once. Where nothing runs that could
//! finish, the first is enough.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::INTERRUPTED;
use crate::engine::Stop;

static IS_RUNNING: AtomicBool = AtomicBool::new(false);
static IS_ASKED: AtomicBool = AtomicBool::new(false);

/// From here on, the first Ctrl-C is a request that [`is_asked`] tells of.
pub(crate) fn listen() {
    IS_RUNNING.store(true, Ordering::SeqCst);
    // Where no handler can be set, Ctrl-C ends the process as it always did.
    let _ = ctrlc::set_handler(|| {
        let is_first = !IS_ASKED.swap(true, Ordering::SeqCst);
        if !(is_first && IS_RUNNING.load(Ordering::SeqCst)) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
}

/// From here on, nothing runs, and a request made before is done with.
pub(crate) fn rest() {
    IS_RUNNING.store(false, Ordering::SeqCst);
    IS_ASKED.store(false, Ordering::SeqCst);
}

/// What ends computations once Ctrl-C was pressed.
pub(crate) fn stop() -> Stop {
    Stop::at(&IS_ASKED)
}

/// Whether Ctrl-C was pressed.
pub(crate) fn is_asked() -> bool {
    IS_ASKED.load(Ordering::SeqCst)
}
