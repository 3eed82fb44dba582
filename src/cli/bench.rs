//! `nnlc bench`: times the training step of a program's first run on batches in memory, or the answers of its model.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::args::Global;
use crate::cli::program::{code, compile, load, session};
use crate::cli::screen::counted;
use crate::cli::show::json::float;
use crate::cli::{Done, INTERRUPTED, Out, Stop, interrupt};
use crate::lower::Mode;
use crate::train::Flow;

/// Steps after the first that are not timed, and steps that are however long they take.
const WARM_UP: usize = 5;
const LEAST: usize = 10;

/// For how long, and for how many rows an answer, where answers are timed.
#[derive(Clone, Copy)]
pub(crate) struct Timed {
    pub(crate) seconds: f64,
    pub(crate) rows: Option<u32>,
}

pub(crate) fn bench(
    path: &Path,
    timed: Timed,
    began: Instant,
    global: &Global,
    out: &mut Out<'_>,
) -> Done {
    let mut session = session(global, out)?;
    let program = load(&mut session, path, out)?;
    let compiled = compile(&session, program, Mode::Run, out)?;
    if compiled.runs().is_empty() {
        out.note(&format!(
            "nnlc: `{}` has no `train` block whose step could be timed\n",
            path.display()
        ))?;
        return Err(Stop::Code(1));
    }
    interrupt::listen();
    let mut watch = Watch::new(began, timed);
    let result = match timed.rows {
        Some(rows) => session.answers(&compiled, 0, rows as usize, &mut || watch.step(f64::NAN)),
        None => session.steps(&compiled, 0, &mut |loss| watch.step(loss)),
    };
    if let Err(report) = result {
        let reports = report.into();
        out.reports(session.sources(), &reports)?;
        return Err(Stop::Code(code(&reports)));
    }
    if interrupt::is_asked() {
        return Err(Stop::Code(INTERRUPTED));
    }
    let work = path.file_stem().unwrap_or_default().to_string_lossy();
    if out.is_json {
        Ok(out.json(&watch.line(&work))?)
    } else {
        Ok(out.text(&watch.text(&work))?)
    }
}

/// A stop watch over steps.
struct Watch {
    rows: Option<u32>,
    began: Instant,
    length: Duration,
    /// When the step going on began.
    mark: Instant,
    /// When timing is over, once it has begun.
    end: Option<Instant>,
    n_steps: usize,
    first: Duration,
    times: Vec<Duration>,
    losses: [f64; 2],
}

impl Watch {
    fn new(began: Instant, timed: Timed) -> Watch {
        Watch {
            rows: timed.rows,
            began,
            length: Duration::from_secs_f64(timed.seconds),
            mark: Instant::now(),
            end: None,
            n_steps: 0,
            first: Duration::ZERO,
            times: vec![],
            losses: [0.0; 2],
        }
    }

    /// A step has been done.
    fn step(&mut self, loss: f64) -> Flow {
        let now = Instant::now();
        self.n_steps += 1;
        if self.n_steps == 1 {
            self.first = now - self.began;
            self.losses[0] = loss;
        }
        self.losses[1] = loss;
        if self.n_steps > 1 + WARM_UP {
            self.times.push(now - self.mark);
        }
        let end = (self.n_steps > WARM_UP).then(|| *self.end.get_or_insert(now + self.length));
        self.mark = Instant::now();
        let is_over = end.is_some_and(|end| now >= end) && self.times.len() >= LEAST;
        if is_over || interrupt::is_asked() {
            Flow::Stop
        } else {
            Flow::Continue
        }
    }

    fn median_us(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort();
        let us = |at: usize| times[at].as_secs_f64() * 1e6;
        match times.len() {
            0 => 0.0,
            n if n.is_multiple_of(2) => (us(n / 2 - 1) + us(n / 2)) / 2.0,
            n => us(n / 2),
        }
    }

    fn min_us(&self) -> f64 {
        self.times
            .iter()
            .min()
            .map_or(0.0, |time| time.as_secs_f64() * 1e6)
    }

    /// The line that all peers write; one of answers has no loss.
    fn line(&self, work: &str) -> Value {
        let mut line = json!({
            "peer": "nnlc", "work": work,
            "median_us": rounded(self.median_us(), 1), "min_us": rounded(self.min_us(), 1),
            "first_step_s": rounded(self.first.as_secs_f64(), 4), "rss_mib": peak_rss_mib(),
        });
        let [first, last] = self.losses.map(|loss| rounded(loss, 4));
        let more = match self.rows {
            Some(rows) => json!({ "rows": rows, "steps": self.times.len() }),
            None => json!({ "loss_first": first, "loss_last": last, "steps": self.times.len() }),
        };
        let both = line.as_object_mut().zip(more.as_object());
        both.into_iter()
            .for_each(|(line, more)| line.extend(more.clone()));
        line
    }

    fn text(&self, work: &str) -> String {
        let [first, last] = self.losses;
        let rss = peak_rss_mib().map_or(String::new(), |rss| format!(", {rss} MiB at most"));
        let (what, end) = match self.rows {
            Some(rows) => (
                format!("an answer to {}", counted(u64::from(rows), "row")),
                String::new(),
            ),
            None => ("a step".into(), format!(", loss {first:.4} to {last:.4}")),
        };
        format!(
            "{work}: {:.1} µs {what} (median of {}; least {:.1} µs), the first after {:.4} s{rss}{end}\n",
            self.median_us(),
            self.times.len(),
            self.min_us(),
            self.first.as_secs_f64(),
        )
    }
}

fn rounded(x: f64, places: usize) -> Value {
    format!("{x:.places$}")
        .parse()
        .map_or_else(|_| float(x), float)
}

/// The most memory the process ever held, where the system tells.
pub(crate) fn peak_rss_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some((kib + 512) / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_has_the_keys_of_all_peers() {
        let timed = Timed {
            seconds: 0.0,
            rows: None,
        };
        let mut watch = Watch::new(Instant::now(), timed);
        while watch.step(0.5) == Flow::Continue {}
        assert_eq!(watch.times.len(), LEAST);
        let line = watch.line("mlp_tiny");
        let keys: Vec<&String> = line.as_object().expect("an object").keys().collect();
        let expected = [
            "peer",
            "work",
            "median_us",
            "min_us",
            "first_step_s",
            "rss_mib",
            "loss_first",
            "loss_last",
            "steps",
        ];
        assert_eq!(keys, expected);
    }
}
