//! Where the time of native code goes: each step of each plan with its calls, and when they were.

use crate::ir::OriginId;

/// A step of a plan, and the time it took on the first worker.
#[derive(Clone, Debug, PartialEq)]
pub struct KernelTime {
    /// The function it is part of.
    pub func: String,
    /// What it does.
    pub what: String,
    /// Where the first of what it computes was written.
    pub origin: Option<OriginId>,
    /// How often it ran.
    pub calls: u64,
    /// All the time it took.
    pub nanoseconds: u64,
    /// Sums and products of a call.
    pub flops: u64,
    /// Bytes that a call reads and writes.
    pub bytes: u64,
}

/// One call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Which of the profile's kernels.
    pub kernel: usize,
    /// When it began, in nanoseconds since the profile did.
    pub start: u64,
    /// How long it took.
    pub nanoseconds: u64,
}

/// All steps, and the first calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// The steps.
    pub kernels: Vec<KernelTime>,
    /// The calls in order, as many as are kept.
    pub calls: Vec<Call>,
}

/// Calls that are kept.
const MAX_CALLS: usize = 100_000;

impl Profile {
    /// Takes note of calls.
    pub(super) fn add(&mut self, calls: Vec<Call>) {
        for call in &calls {
            let kernel = &mut self.kernels[call.kernel];
            kernel.calls += 1;
            kernel.nanoseconds += call.nanoseconds;
        }
        let room = MAX_CALLS.saturating_sub(self.calls.len());
        self.calls.extend(calls.into_iter().take(room));
    }
}
