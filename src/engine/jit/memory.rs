//! Where buffers lie: each buffer between steps gets a place in one arena for as long as some phase needs it. Places are found first
//! fit, longest-lived last, so that equal programs get equal plans.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::collections::BTreeMap;
use std::ptr::NonNull;

use crate::engine::jit::graph::BaseId;
use crate::engine::jit::steps::Schedule;

/// Every buffer begins on a cache line.
const LINE: usize = 64;

/// The offset of each buffer in the arena, and the arena's size.
pub(super) struct Places {
    pub(super) offsets: BTreeMap<BaseId, usize>,
    pub(super) bytes: usize,
}

/// A buffer's phases, first and last.
struct Life {
    base: BaseId,
    first: usize,
    last: usize,
    bytes: usize,
}

/// The places of all buffers that `needs_place`.
pub(super) fn places(schedule: &Schedule, needs_place: &dyn Fn(BaseId) -> bool) -> Places {
    let mut placed: Vec<(usize, Life)> = vec![];
    let mut bytes = 0;
    for life in lives(schedule, needs_place) {
        let offset = first_fit(&placed, &life);
        bytes = bytes.max(offset + life.bytes);
        placed.push((offset, life));
    }
    let offsets = placed
        .iter()
        .map(|(offset, life)| (life.base, *offset))
        .collect();
    Places { offsets, bytes }
}

fn lives(schedule: &Schedule, needs_place: &dyn Fn(BaseId) -> bool) -> Vec<Life> {
    let mut spans: BTreeMap<BaseId, (usize, usize)> = BTreeMap::new();
    for (phase, steps) in schedule.phases.iter().enumerate() {
        for step in steps {
            let bases = step.reads.iter().chain(&step.writes);
            for (base, _) in bases.filter(|(base, _)| needs_place(*base)) {
                spans.entry(*base).or_insert((phase, phase)).1 = phase;
            }
        }
    }
    let life = |(base, (first, last)): (BaseId, (usize, usize))| Life {
        base,
        first,
        last,
        bytes: schedule.buffers[base].bytes.next_multiple_of(LINE),
    };
    let mut lives: Vec<Life> = spans.into_iter().map(life).collect();
    lives.sort_by_key(|life| (std::cmp::Reverse(life.bytes), life.base));
    lives
}

/// The lowest offset at which nothing that lives at the same time lies.
fn first_fit(placed: &[(usize, Life)], life: &Life) -> usize {
    let is_beside = |other: &Life| other.first <= life.last && life.first <= other.last;
    let mut taken: Vec<(usize, usize)> = placed
        .iter()
        .filter(|(_, other)| is_beside(other))
        .map(|(offset, other)| (*offset, offset + other.bytes))
        .collect();
    taken.sort_unstable();
    let mut offset = 0;
    for (start, end) in taken {
        if start >= offset + life.bytes {
            break;
        }
        offset = offset.max(end);
    }
    offset
}

/// Memory of its own, zero at first, aligned to cache lines.
pub(super) struct Arena {
    start: NonNull<u8>,
    layout: Layout,
}

impl Arena {
    pub(super) fn new(bytes: usize) -> Arena {
        let layout = Layout::from_size_align(bytes.max(LINE), LINE);
        let layout = layout.expect("checked: there is memory for the plan");
        // SAFETY: the layout's size is not zero.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout));
        Arena { start, layout }
    }

    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        // SAFETY: allocated with this layout, and nobody else holds it.
        unsafe { dealloc(self.start.as_ptr(), self.layout) };
    }
}
