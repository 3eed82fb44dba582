//! One trial: the program with some settings, trained on a thread of its own until its first run is over, or so far that the best can
//! be told. Nothing it shows is seen, and it writes nothing but what it takes to go on.

use std::path::Path;
use std::time::Instant;

use crate::cli::interrupt;
use crate::diag::{Diagnostics, Stage};
use crate::lower::Mode;
use crate::session::{Options, Output, Session};
use crate::source::SourceMap;
use crate::train::{Event, Flow};

/// How a trial ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The best value that was recorded of what is searched for.
    Done { value: f64, seconds: f64 },
    /// Its settings lead nowhere: a loss that is not a number, too little memory.
    Failed(String),
    /// The program is wrong, whatever the settings.
    Wrong(Box<(SourceMap, Diagnostics)>),
    /// It was interrupted.
    Stopped,
}

/// What is searched for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Goal {
    /// What a run records: `val.loss`.
    pub(super) on: String,
    /// Whether more is better.
    pub(super) is_most: bool,
    /// The best value that the trial recorded before it was stopped.
    pub(super) best: Option<f64>,
    /// How long it goes on in all, and whether that is in epochs or in steps; to its end where this does not say.
    pub(super) until: Option<(u64, bool)>,
}

impl Goal {
    /// Whether one value is better than another; what is not a number is worse than any.
    pub(super) fn is_better(&self, value: f64, than: f64) -> bool {
        match self.is_most {
            true => value > than,
            false => value < than,
        }
    }
}

/// Trains the program with these options.
pub(super) fn trial(path: &Path, options: Options, goal: &Goal) -> Outcome {
    let began = Instant::now();
    let (mut session, _) = Session::new(options);
    let (program, reports) = session.load_file(path);
    let Some(program) = program else {
        return Outcome::Wrong(Box::new((session.sources().clone(), reports)));
    };
    let (compiled, reports) = session.compile(program, Mode::Run);
    let Some(compiled) = compiled else {
        return Outcome::Wrong(Box::new((session.sources().clone(), reports)));
    };
    let mut watch = Watch {
        goal,
        best: goal.best,
        until: None,
        recorded: vec![],
        is_over: false,
    };
    let result = session.execute(compiled, &mut |output| watch.hear(&output));
    match (result, watch.is_over, watch.best) {
        (Err(reports), ..) => failed(session.sources(), reports),
        (Ok(_), false, _) => Outcome::Stopped,
        (Ok(_), true, Some(value)) => Outcome::Done {
            value,
            seconds: began.elapsed().as_secs_f64(),
        },
        (Ok(_), true, None) => Outcome::Failed(watch.nothing()),
    }
}

fn failed(sources: &SourceMap, reports: Diagnostics) -> Outcome {
    let first = reports
        .iter()
        .find(|report| report.severity == crate::diag::Severity::Error);
    match first {
        Some(report) if report.code.stage == Stage::Num => Outcome::Failed(report.message.clone()),
        Some(_) | None => Outcome::Wrong(Box::new((sources.clone(), reports))),
    }
}

/// Listens to the first run.
struct Watch<'g> {
    goal: &'g Goal,
    best: Option<f64>,
    /// The update after which it has gone far enough.
    until: Option<u64>,
    recorded: Vec<String>,
    is_over: bool,
}

impl Watch<'_> {
    fn hear(&mut self, output: &Output) -> Flow {
        if let Output::Event(event) = output {
            self.event(event);
        }
        match self.is_over || interrupt::is_asked() {
            true => Flow::Stop,
            false => Flow::Continue,
        }
    }

    fn event(&mut self, event: &Event) {
        match event {
            // What is told of a run that is being stopped is half a record.
            Event::Epoch { .. } if self.is_over => {}
            Event::Epoch { values, step, .. } => {
                for (name, value) in values {
                    self.record(name, *value);
                }
                self.is_over |= self.until.is_some_and(|until| *step >= until);
            }
            // What ends because it was told to is not over.
            Event::Done { .. } => self.is_over = !interrupt::is_asked(),
            Event::RunStart {
                steps_per_epoch, ..
            } => {
                let steps = |(length, is_in_epochs): (u64, bool)| match is_in_epochs {
                    true => length.saturating_mul(*steps_per_epoch),
                    false => length,
                };
                self.until = self.goal.until.map(steps);
            }
            Event::Step { step, .. } => {
                self.is_over |= self.until.is_some_and(|until| *step > until);
            }
            Event::Resumed { .. } | Event::Warning(_) | Event::EarlyStop { .. } => {}
            Event::Spike { .. } | Event::Plateau { .. } => {}
        }
    }

    fn record(&mut self, name: &str, value: f64) {
        if !self.recorded.iter().any(|own| own == name) {
            self.recorded.push(name.to_owned());
        }
        let is_better = self
            .best
            .is_none_or(|best| self.goal.is_better(value, best));
        if name == self.goal.on && !value.is_nan() && is_better {
            self.best = Some(value);
        }
    }

    fn nothing(&self) -> String {
        let names = self.recorded.join("`, `");
        format!("nothing records `{}`; there is `{names}`", self.goal.on)
    }
}
