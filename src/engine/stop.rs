//! A request from outside that what runs should end: a flag that engines look at between steps.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::engine::RunFault;

/// A flag that may be put up while a function runs; none is never up.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stop(Option<&'static AtomicBool>);

impl Stop {
    /// Ends what runs once this is true.
    pub fn at(flag: &'static AtomicBool) -> Stop {
        Stop(Some(flag))
    }

    pub(super) fn is_asked(self) -> bool {
        self.0.is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Nothing, or the end of what runs.
    pub(super) fn check(self) -> Result<(), RunFault> {
        match self.is_asked() {
            true => Err(RunFault::Stopped),
            false => Ok(()),
        }
    }
}
