//! A run as a bar on a terminal: updates done, rows a second, time left, the loss, the learning rate; and, once it is over, what it recorded, how long
//! it took and how much memory. Drawn on standard error, ten times a second at most; where that is no terminal, nothing is.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::chart::number::brief;
use crate::cli::bench::peak_rss_mib;
use crate::cli::screen::{Screen, counted, thousands};
use crate::cli::show::history;
use crate::lower::Length;
use crate::train::{Event, History, Record};

/// Between two pictures.
const PAUSE: Duration = Duration::from_millis(100);
/// Significant digits of a loss.
const DIGITS: i32 = 4;

/// The bar of the run that goes on, if any is drawn.
#[derive(Default)]
pub(crate) struct Bar {
    is_on: bool,
    screen: Screen,
    drawn: Option<Drawn>,
}

struct Drawn {
    bar: ProgressBar,
    began: Instant,
    last: Instant,
    /// The update that it began after.
    first: u64,
    rows_per_step: f64,
    history: History,
}

impl Bar {
    /// A bar that is drawn if it is wanted and can be.
    pub(crate) fn new(is_wanted: bool, screen: Screen) -> Bar {
        Bar {
            is_on: is_wanted && std::io::stderr().is_terminal(),
            screen,
            drawn: None,
        }
    }

    /// Writes something above the bar.
    pub(crate) fn above<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.drawn {
            Some(drawn) => drawn.bar.suspend(write),
            None => write(),
        }
    }

    /// Takes note of an event; gives what is to be written once a run is over.
    pub(crate) fn hears(&mut self, event: &Event) -> Option<String> {
        if !self.is_on {
            return None;
        }
        match event {
            Event::RunStart {
                n_rows,
                length,
                steps_per_epoch,
                ..
            } => self.drawn = Some(Drawn::new(*n_rows, *length, *steps_per_epoch)),
            Event::Resumed { step, .. } => {
                if let Some(drawn) = &mut self.drawn {
                    drawn.first = *step;
                }
            }
            Event::Step {
                step, loss, rate, ..
            } => {
                if let Some(drawn) = &mut self.drawn {
                    drawn.step(*step, *loss, *rate);
                }
            }
            Event::Epoch {
                epoch,
                step,
                values,
                ..
            } => {
                if let Some(drawn) = &mut self.drawn {
                    drawn.history.push(Record {
                        epoch: *epoch,
                        step: *step,
                        values: values.clone(),
                    });
                }
            }
            Event::EarlyStop { .. }
            | Event::Warning(_)
            | Event::Plateau { .. }
            | Event::Spike { .. } => {}
            Event::Done { .. } => return self.drawn.take().map(|drawn| drawn.end(self.screen)),
        }
        None
    }
}

impl Drawn {
    fn new(n_rows: usize, length: Length, steps_per_epoch: u64) -> Drawn {
        let steps = match length {
            Length::Epochs(epochs) => epochs.saturating_mul(steps_per_epoch),
            Length::Steps(steps) => steps,
        };
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:24} step {pos}/{len}  {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        let now = Instant::now();
        Drawn {
            bar,
            began: now,
            last: now,
            first: 0,
            rows_per_step: n_rows as f64 / steps_per_epoch.max(1) as f64,
            history: History::new(length, steps_per_epoch),
        }
    }

    fn step(&mut self, step: u64, loss: f64, rate: Option<f64>) {
        let now = Instant::now();
        if now.duration_since(self.last) < PAUSE {
            return;
        }
        self.last = now;
        let done = step.saturating_sub(self.first) as f64;
        let each = now.duration_since(self.began).as_secs_f64() / done.max(1.0);
        let left = self.bar.length().unwrap_or(step).saturating_sub(step) as f64 * each;
        self.bar.set_message(format!(
            "{} rows/s  {} left  loss {}{}",
            thousands((self.rows_per_step / each) as u64),
            in_words(left),
            brief(loss, DIGITS),
            rate.map_or(String::new(), |rate| format!(
                "  lr {}",
                brief(rate, DIGITS)
            )),
        ));
        self.bar.set_position(step);
    }

    fn end(self, screen: Screen) -> String {
        self.bar.finish_and_clear();
        let took = in_words(self.began.elapsed().as_secs_f64());
        let memory = peak_rss_mib().map_or(String::new(), |rss| format!(", {rss} MiB at most"));
        let records = counted(self.history.records().len() as u64, "record");
        let table = history::lines(&self.history, screen).join("\n");
        format!("{table}\n{took}{memory}, {records}\n")
    }
}

/// A length of time as far as anyone wants to know it: `12 s`, `3 min 20 s`, `2 h 5 min`.
fn in_words(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_two_units_at_most() {
        let told = [0.26, 59.4, 60.0, 3599.0, 7500.0].map(in_words);
        assert_eq!(
            told,
            ["0.3 s", "59 s", "1 min 0 s", "59 min 59 s", "2 h 5 min"]
        );
    }
}
