//! Scans as they run: every worker goes through all rounds on its own rows, and waits for the others only where a round needs what
//! they computed. Places of inputs and outputs move along from round to round; states that are no outputs go to and fro between two
//! places.

use std::rc::Rc;

use crate::engine::jit::graph::{Base, NodeId, Value};
use crate::engine::jit::memory::Arena;
use crate::engine::jit::native::Native;
use crate::engine::jit::rounds::Rounds;
use crate::engine::jit::running::Running;

/// A scan ready to run.
pub(super) struct Inner {
    node: NodeId,
    rounds: Rc<Rounds>,
    pub(super) native: Native,
    /// Two places for each state that is no output.
    turns: Arena,
    /// Where they begin, by state, and how far apart they lie.
    places: Vec<(usize, usize)>,
}

impl Inner {
    pub(super) fn new(node: NodeId, rounds: Rc<Rounds>, native: Native) -> Inner {
        let (places, bytes) = rounds.turns();
        Inner {
            node,
            native,
            turns: Arena::new(bytes),
            places,
            rounds,
        }
    }

    /// Where a state that is no output lies behind a round.
    fn turn(&self, state: usize, round: usize) -> *mut u8 {
        let (start, apart) = self.places[state];
        self.turns.start().wrapping_add(start + round % 2 * apart)
    }

    /// The place along the axis that a round is about.
    fn at(&self, round: usize) -> usize {
        match self.rounds.scan.is_reversed {
            true => self.rounds.n - 1 - round,
            false => round,
        }
    }
}

fn size_of(base: &Base) -> usize {
    base.len * base.dtype.size()
}

/// Where a round's inputs and results lie.
#[derive(Default)]
struct Places {
    read: Vec<*mut u8>,
    written: Vec<*mut u8>,
}

impl Running<'_> {
    /// A worker's share of all rounds.
    pub(super) fn scan(&self, worker: usize, inner: &Inner, sync: &dyn Fn()) {
        let is_alone = inner.native.is_small || self.n_workers == 1;
        if !is_alone {
            return self.rounds(worker, inner, self.n_workers, sync);
        }
        if worker == 0 {
            self.rounds(0, inner, 1, &|| ());
        }
    }

    fn rounds(&self, worker: usize, inner: &Inner, n_workers: usize, sync: &dyn Fn()) {
        let native = &inner.native;
        let mut places = Places::default();
        let mut running = Running {
            native,
            starts: vec![std::ptr::null_mut(); native.n_places()],
            tables: vec![],
            n_workers,
            ..*self
        };
        running.tables = native.tables(&running.starts);
        for round in 0..inner.rounds.n {
            self.place_round(inner, round, &mut places);
            native.place_starts(&mut running.starts, &places.read, &places.written);
            native.fill_tables(&mut running.tables, &running.starts);
            if round == 0 && native.n_once > 0 {
                running.phases(0..native.n_once, worker, sync);
                sync();
            }
            running.phases(native.n_once..native.phases.len(), worker, sync);
            if !native.is_free {
                sync();
            }
        }
        if inner.rounds.shown.iter().any(Option::is_some) {
            self.keep_last(worker, inner, sync);
        }
    }

    fn place_round(&self, inner: &Inner, round: usize, places: &mut Places) {
        let node = &self.native.graph.nodes[inner.node];
        let states = inner.rounds.scan.n_states;
        let each = states..states + inner.rounds.scan.n_each;
        places.read.clear();
        places.written.clear();
        for (place, operand) in node.operands.iter().enumerate() {
            let start = match place {
                _ if place < each.start && round > 0 => self.state(inner, place, round - 1),
                _ if each.contains(&place) => self.of_round(operand, inner.at(round)),
                _ => self.start(operand.base),
            };
            places.read.push(start);
        }
        for out in 0..inner.rounds.n_outs() {
            places.written.push(self.out(inner, out, round));
        }
        for (state, shown) in inner.rounds.shown.iter().enumerate() {
            let last: *mut u8 = self.start(node.results[state]);
            let is_last = round + 1 == inner.rounds.n && !last.is_null();
            match shown {
                Some(_) => {}
                None if is_last => places.written.push(last),
                None => places.written.push(inner.turn(state, round)),
            }
        }
    }

    /// What stands at a place of an operand's first axis.
    fn of_round(&self, operand: &Value, at: usize) -> *mut u8 {
        let walk = &operand.walk;
        let first = walk.start + at * walk.strides[0].unsigned_abs();
        let size = self.native.graph.dtype(operand).size();
        self.start::<u8>(operand.base).wrapping_add(first * size)
    }

    /// An output of a round.
    fn out(&self, inner: &Inner, out: usize, round: usize) -> *mut u8 {
        let graph = &self.native.graph;
        let result = graph.nodes[inner.node].results[inner.rounds.scan.n_states + out];
        let size = size_of(&graph.bases[result]) / inner.rounds.n;
        self.start::<u8>(result)
            .wrapping_add(inner.at(round) * size)
    }

    /// A state behind a round.
    fn state(&self, inner: &Inner, state: usize, round: usize) -> *mut u8 {
        match inner.rounds.shown[state] {
            Some(out) => self.out(inner, out, round),
            None => inner.turn(state, round),
        }
    }

    /// Last states that are outputs too are copied where they are needed.
    fn keep_last(&self, worker: usize, inner: &Inner, sync: &dyn Fn()) {
        sync();
        let graph = &self.native.graph;
        let results = &graph.nodes[inner.node].results;
        for (state, shown) in inner.rounds.shown.iter().enumerate() {
            let to: *mut u8 = self.start(results[state]);
            if let Some(out) = shown
                && worker == 0
                && !to.is_null()
            {
                let from = self.out(inner, *out, inner.rounds.n - 1);
                let bytes = size_of(&graph.bases[results[state]]);
                // SAFETY: an output's last place is as large as the state, all workers have written it, and nobody reads the copy yet.
                unsafe { from.copy_to_nonoverlapping(to, bytes) };
            }
        }
    }
}
