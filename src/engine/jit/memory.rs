//! Where buffers lie: each buffer between steps gets a place in one arena for as long as some phase needs it. Places are found first
//! fit, largest first, so that equal programs get equal plans.
//!
//! Within a phase workers are at different steps, so a place is free only when the phase is over. But where each worker touches its
//! own rows alone, a buffer whose last step is done hands its place on to one with the same rows: no worker meets the rows of another.

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::collections::BTreeMap;
use std::ptr::NonNull;

use crate::engine::jit::graph::BaseId;
use crate::engine::jit::steps::{Reach, Schedule, Share, Step};

/// Every buffer begins on a cache line.
const LINE: usize = 64;

/// The offset of each buffer in the arena, and the arena's size.
pub(super) struct Places {
    pub(super) offsets: BTreeMap<BaseId, usize>,
    pub(super) bytes: usize,
}

/// A phase, and a step of it.
type Moment = (usize, usize);

/// From when until when a buffer is needed.
struct Life {
    base: BaseId,
    first: Moment,
    last: Moment,
    bytes: usize,
    /// The number of rows, if in its first phase each worker touches only its own; and in its last.
    opens: Option<usize>,
    closes: Option<usize>,
}

impl Life {
    /// Of a buffer that a step touches.
    fn new(base: BaseId, bytes: usize, now: Moment, rows: Option<usize>) -> Life {
        Life {
            base,
            first: now,
            last: now,
            bytes,
            opens: rows,
            closes: rows,
        }
    }

    /// Another step touches it.
    fn extend(&mut self, now: Moment, rows: Option<usize>) {
        if now.0 == self.first.0 {
            self.opens = self.opens.filter(|own| Some(*own) == rows);
        }
        self.closes = match now.0 == self.last.0 {
            true => self.closes.filter(|own| Some(*own) == rows),
            false => rows,
        };
        self.last = now;
    }

    /// What is there for all rounds of a scan keeps its place to the end.
    fn keep(&mut self, end: usize) {
        (self.last, self.closes) = ((end, 0), None);
    }

    /// Whether some phase needs both.
    fn is_beside(&self, other: &Life) -> bool {
        self.first.0 <= other.last.0 && other.first.0 <= self.last.0
    }

    /// Whether the other may have this one's place though a phase needs both.
    fn hands_on(&self, next: &Life) -> bool {
        self.last.0 == next.first.0
            && self.last.1 < next.first.1
            && self.bytes == next.bytes
            && self.closes.is_some()
            && self.closes == next.opens
    }

    fn is_before_or_behind(&self, other: &Life) -> bool {
        self.hands_on(other) || other.hands_on(self)
    }
}

/// The rows of a buffer of which a step's workers touch their own alone.
fn own_rows(step: &Step, reach: Reach) -> Option<usize> {
    match (step.share, reach) {
        (Share::Rows(rows), Reach::Rows) => Some(rows),
        (Share::Rows(_) | Share::One | Share::Parts, _) => None,
    }
}

/// The places of all buffers that `needs_place`.
pub(super) fn places(schedule: &Schedule, needs_place: &dyn Fn(BaseId) -> bool) -> Places {
    let mut placed: Vec<(usize, Life)> = vec![];
    let mut bytes = 0;
    for life in lives(schedule, needs_place) {
        let offset = first_fit(&placed, &life);
        bytes = bytes.max(offset + life.bytes.next_multiple_of(LINE));
        placed.push((offset, life));
    }
    let offsets = placed
        .iter()
        .map(|(offset, life)| (life.base, *offset))
        .collect();
    Places { offsets, bytes }
}

fn lives(schedule: &Schedule, needs_place: &dyn Fn(BaseId) -> bool) -> Vec<Life> {
    let mut lives: BTreeMap<BaseId, Life> = BTreeMap::new();
    for (phase, steps) in schedule.phases.iter().enumerate() {
        for (at, step) in steps.iter().enumerate() {
            let bases = step.reads.iter().chain(&step.writes);
            for &(base, reach) in bases.filter(|(base, _)| needs_place(*base)) {
                let (now, rows) = ((phase, at), own_rows(step, reach));
                let bytes = schedule.buffers[base].bytes;
                let life = lives.entry(base);
                life.and_modify(|life| life.extend(now, rows))
                    .or_insert_with(|| Life::new(base, bytes, now, rows));
            }
        }
    }
    let end = schedule.phases.len();
    let kept = lives.values_mut();
    for life in kept.filter(|life| life.first.0 < schedule.n_once) {
        life.keep(end);
    }
    let mut lives: Vec<Life> = lives.into_values().collect();
    lives.sort_by_key(|life| (std::cmp::Reverse(life.bytes), life.base));
    lives
}

/// The place of one that hands it on, if nothing else is there; else the lowest offset at which nothing lies that a phase needs too.
fn first_fit(placed: &[(usize, Life)], life: &Life) -> usize {
    let beside = placed.iter().filter(|(_, other)| other.is_beside(life));
    let beside: Vec<&(usize, Life)> = beside.collect();
    let mut handed = beside
        .iter()
        .filter(|(_, other)| other.is_before_or_behind(life));
    if let Some((offset, _)) = handed.find(|(offset, _)| is_free(&beside, *offset, life)) {
        return *offset;
    }
    let end = |(offset, other): &(usize, Life)| offset + other.bytes.next_multiple_of(LINE);
    let mut taken: Vec<(usize, usize)> = beside.iter().map(|of| (of.0, end(of))).collect();
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

/// Whether a buffer may lie there: what else does comes before or behind it.
fn is_free(beside: &[&(usize, Life)], at: usize, life: &Life) -> bool {
    beside.iter().all(|(offset, other)| {
        let is_apart = *offset >= at + life.bytes || at >= offset + other.bytes;
        is_apart || (*offset == at && other.is_before_or_behind(life))
    })
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
