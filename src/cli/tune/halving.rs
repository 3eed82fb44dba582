//! Successive halving: how long trials last in each round, which of them go on, and where those that are stopped are kept.

use std::path::{Path, PathBuf};

use crate::cli::tune::book::{Book, Entry};
use crate::cli::tune::trial::Goal;
use crate::cli::tune::{Search, folder};
use crate::session::Keep;

impl Search<'_> {
    /// How long trials last, one round after the other.
    pub(super) fn lengths(&self) -> Vec<u64> {
        let mut lengths = vec![self.length];
        let mut n_trials = u64::from(self.args.trials);
        while self.args.halving && lengths[0] >= 3 && n_trials >= 3 {
            lengths.insert(0, lengths[0].div_ceil(3));
            n_trials /= 3;
        }
        lengths
    }

    /// Trials that are stopped to go on later are kept in folders of their own.
    pub(super) fn keep(&self, trial: u64) -> Keep {
        let folder = self.trial_folder(trial);
        match self.args.halving {
            true => Keep {
                resumes: folder.join("run.json").exists(),
                folder: Some(folder),
                ..Keep::default()
            },
            false => Keep::default(),
        }
    }

    pub(super) fn trials_folder(&self) -> PathBuf {
        folder(self.args).join("trials")
    }

    pub(super) fn trial_folder(&self, trial: u64) -> PathBuf {
        self.trials_folder().join(trial.to_string())
    }

    /// What cannot be removed only takes space.
    pub(super) fn remove(&self, folder: &Path) {
        let _ = std::fs::remove_dir_all(folder);
    }

    /// What a trial is to come to: what it came to before, and how far it goes.
    pub(super) fn goal(&self, trial: u64, length: u64, book: &Book) -> Goal {
        let before = book.entries.iter().filter(|entry| entry.trial == trial);
        let before = before.filter_map(|entry| entry.value);
        Goal {
            best: before.reduce(|best, next| {
                if self.goal.is_better(next, best) {
                    next
                } else {
                    best
                }
            }),
            until: (length < self.length).then_some((length, self.is_in_epochs)),
            ..self.goal.clone()
        }
    }

    /// The better third of some trials.
    pub(super) fn best_of(&self, trials: &[u64], length: u64, book: &Book) -> Vec<u64> {
        let mut ranked: Vec<&Entry> = trials
            .iter()
            .filter_map(|trial| book.find(*trial, length))
            .collect();
        ranked.retain(|entry| entry.value.is_some());
        self.rank(&mut ranked);
        let kept = trials.len().div_ceil(3);
        ranked
            .into_iter()
            .take(kept)
            .map(|entry| entry.trial)
            .collect()
    }
}
