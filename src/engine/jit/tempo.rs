//! Whether workers gain anything. Where other programs keep the processors busy, workers that wait for one another are slower than
//! one alone: the one that the system has set aside holds all others up at each barrier. How long runs take tells. The results are the
//! same bytes for any number of workers, so that nothing but time depends on the choice.

use std::time::{Duration, Instant};

/// Runs alone before sharing is tried again, at first and at most.
const REST: [u32; 2] = [16, 512];

/// Shared runs that a trial takes.
const TRIAL: u32 = 4;

/// The choice for one plan, from the runs so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tempo {
    n_runs: u32,
    /// What a run takes alone and shared, lately; in seconds.
    alone: f64,
    shared: f64,
    /// Runs left of a rest or a trial.
    left: u32,
    rest: u32,
    is_resting: bool,
}

impl Tempo {
    pub(super) fn new() -> Tempo {
        Tempo {
            n_runs: 0,
            alone: 0.0,
            shared: 0.0,
            left: 0,
            rest: REST[0],
            is_resting: false,
        }
    }

    /// Whether workers should share the next run. The first is, the second is not: that tells what one takes alone.
    pub(super) fn shares(&self) -> bool {
        self.n_runs != 1 && !self.is_resting
    }

    /// Runs something and learns from how long it took.
    pub(super) fn time<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let result = run();
        self.learn(began.elapsed());
        result
    }

    fn learn(&mut self, took: Duration) {
        let (took, shared) = (took.as_secs_f64(), self.shares());
        self.n_runs = self.n_runs.saturating_add(1);
        let known = if shared {
            &mut self.shared
        } else {
            &mut self.alone
        };
        // The first run is cold and says nothing.
        *known = match *known > 0.0 && self.n_runs > 1 {
            true => *known + (took - *known) * 0.25,
            false => took,
        };
        self.left = self.left.saturating_sub(1);
        if self.left == 0 && self.n_runs > 2 {
            self.decide();
        }
    }

    fn decide(&mut self) {
        if self.is_resting {
            // A trial starts from what it finds now.
            (self.is_resting, self.left, self.shared) = (false, TRIAL, 0.0);
        } else if self.shared > self.alone {
            (self.is_resting, self.left) = (true, self.rest);
            self.rest = (self.rest * 2).min(REST[1]);
        } else {
            self.rest = REST[0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `n_runs`, those that were shared, where a run takes so many microseconds alone and shared.
    fn n_shared(tempo: &mut Tempo, n_runs: usize, [alone, shared]: [u64; 2]) -> usize {
        let run = |_: &usize| {
            let shares = tempo.shares();
            tempo.learn(Duration::from_micros(if shares { shared } else { alone }));
            shares
        };
        (0..n_runs).filter(run).count()
    }

    #[test]
    fn workers_share_what_they_are_faster_at() {
        let mut tempo = Tempo::new();
        assert_eq!(n_shared(&mut tempo, 1000, [200, 120]), 999);
    }

    #[test]
    fn one_goes_on_alone_where_others_hold_it_up() {
        let mut tempo = Tempo::new();
        assert!(n_shared(&mut tempo, 1000, [200, 900]) < 40);
    }

    #[test]
    fn sharing_comes_back_when_the_machine_is_free() {
        let mut tempo = Tempo::new();
        n_shared(&mut tempo, 1000, [200, 900]);
        assert!(n_shared(&mut tempo, 2000, [200, 120]) > 1400);
    }
}
