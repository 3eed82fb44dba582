//! The course of a run in plain lines: where it begins, about twenty epochs of it, why it ends. No clock: the same run prints the same.

use crate::chart::number::brief;
use crate::cli::screen::counted;
use crate::lower::Length;
use crate::train::{Best, Ended, Event, GRADIENT};

/// Significant digits of a value.
const DIGITS: i32 = 4;
/// Lines that a run has about.
const LINES: u64 = 20;

/// What is left to tell of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Progress {
    /// The line of the last record, where it has not been told.
    pending: Option<String>,
    /// How long the run is to last, and how much of it has been told.
    told: u64,
    /// The value watched, once early stopping has spoken.
    watched: Option<String>,
}

impl Progress {
    /// The lines that an event calls for, each ended; often none.
    pub(crate) fn lines(&mut self, event: &Event) -> String {
        match event {
            Event::RunStart {
                run,
                model,
                data,
                n_params,
                n_rows,
                ..
            } => {
                *self = Progress::default();
                let (params, rows) = (
                    counted(*n_params as u64, "parameter"),
                    counted(*n_rows as u64, "row"),
                );
                format!("{run}: {model} on {data}, {params}, {rows}\n")
            }
            Event::Resumed { run, step, .. } => {
                format!("{run}: goes on after {}\n", counted(*step, "step"))
            }
            Event::Spike {
                run,
                step,
                loss,
                usual,
            } => {
                let (loss, usual) = (brief(*loss, DIGITS), brief(*usual, DIGITS));
                format!("{run}: loss {loss} in step {step}, about {usual} before\n")
            }
            Event::Plateau { run, step, factor } => {
                let factor = brief(*factor, DIGITS);
                format!("{run}: learning rate times {factor} after step {step}\n")
            }
            Event::Step { .. } | Event::Warning(_) => String::new(),
            Event::Epoch {
                epoch,
                step,
                length,
                values,
                ..
            } => self.epoch(*epoch, *step, *length, values),
            Event::EarlyStop { on, .. } => {
                self.watched = Some(on.clone());
                String::new()
            }
            Event::Done {
                run,
                epochs,
                steps,
                best,
                restored,
                ended,
            } => {
                let last = self.pending.take().unwrap_or_default();
                let end = self.end(run, [*epochs, *steps], *best, *restored, *ended);
                last + &end
            }
        }
    }

    /// A line if it is due: every one of a short run, else each twentieth.
    fn epoch(&mut self, epoch: u64, step: u64, length: Length, values: &[(String, f64)]) -> String {
        let (unit, now, of) = match length {
            Length::Epochs(of) => ("epoch", epoch, of),
            Length::Steps(of) => ("step", step, of),
        };
        let width = of.to_string().len();
        let values = values
            .iter()
            .filter(|(name, _)| name != GRADIENT)
            .map(|(name, x)| format!("  {name} {}", brief(*x, DIGITS)));
        let line = format!("{unit} {now:>width$}/{of}{}\n", values.collect::<String>());
        let share = of.div_ceil(LINES).max(1);
        let is_due = now >= self.told + share - self.told % share || self.told == 0 || now == of;
        if !is_due {
            self.pending = Some(line);
            return String::new();
        }
        self.pending = None;
        self.told = now;
        line
    }

    /// Why it ended, where that is not plain; and which weights are kept.
    fn end(
        &self,
        run: &str,
        [epochs, steps]: [u64; 2],
        best: Option<Best>,
        restored: bool,
        ended: Ended,
    ) -> String {
        let why = match ended {
            Ended::Length => None,
            Ended::Early => Some(format!("stopped early after {}", counted(epochs, "epoch"))),
            Ended::Time => Some(format!("out of time after {}", counted(steps, "step"))),
            Ended::Interrupted => Some(format!("interrupted after {}", counted(steps, "step"))),
        };
        let kept = best.map(|best| {
            let on = self
                .watched
                .as_deref()
                .map_or(String::new(), |on| format!("{on} "));
            let kept = if restored {
                ", whose weights are kept"
            } else {
                ""
            };
            format!(
                "best {on}{} in epoch {}{kept}",
                brief(best.value, DIGITS),
                best.epoch
            )
        });
        let parts: Vec<String> = why.into_iter().chain(kept).collect();
        if parts.is_empty() {
            String::new()
        } else {
            format!("{run}: {}\n", parts.join("; "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(epochs: u64, upto: u64, ended: Ended) -> String {
        let (run, length) = ("fit".to_owned(), Length::Epochs(epochs));
        let mut events = vec![Event::RunStart {
            run: run.clone(),
            model: "Mlp".into(),
            data: "iris".into(),
            n_params: 1234,
            n_rows: 120,
            length,
            steps_per_epoch: 8,
        }];
        events.extend((1..=upto).map(|epoch| Event::Epoch {
            run: run.clone(),
            epoch,
            step: 8 * epoch,
            length,
            values: vec![
                ("train.loss".into(), 1.0 / epoch as f64),
                ("val.accuracy".into(), 0.966_66),
            ],
        }));
        let best = Some(Best {
            epoch: 3,
            step: 24,
            value: 0.25,
        });
        if ended == Ended::Early {
            let (on, epoch, step) = ("val.loss".into(), upto, 8 * upto);
            events.push(Event::EarlyStop {
                run: run.clone(),
                on,
                epoch,
                step,
                best,
            });
        }
        let best = best.filter(|_| ended == Ended::Early);
        events.push(Event::Done {
            run,
            epochs: upto,
            steps: 8 * upto,
            best,
            restored: best.is_some(),
            ended,
        });
        let mut progress = Progress::default();
        events.iter().map(|event| progress.lines(event)).collect()
    }

    #[test]
    fn a_short_run_tells_of_every_epoch() {
        insta::assert_snapshot!(told(3, 3, Ended::Length), @r"
        fit: Mlp on iris, 1,234 parameters, 120 rows
        epoch 1/3  train.loss 1.0000  val.accuracy 0.9667
        epoch 2/3  train.loss 0.5000  val.accuracy 0.9667
        epoch 3/3  train.loss 0.3333  val.accuracy 0.9667
        ");
    }

    #[test]
    fn a_long_run_tells_of_about_twenty_and_of_the_last() {
        assert_eq!(told(100, 100, Ended::Length).lines().count(), 22);
        insta::assert_snapshot!(told(100, 13, Ended::Early), @r"
        fit: Mlp on iris, 1,234 parameters, 120 rows
        epoch   1/100  train.loss 1.0000  val.accuracy 0.9667
        epoch   5/100  train.loss 0.2000  val.accuracy 0.9667
        epoch  10/100  train.loss 0.1000  val.accuracy 0.9667
        epoch  13/100  train.loss 0.0769  val.accuracy 0.9667
        fit: stopped early after 13 epochs; best val.loss 0.2500 in epoch 3, whose weights are kept
        ");
        insta::assert_snapshot!(told(1, 1, Ended::Interrupted), @r"
        fit: Mlp on iris, 1,234 parameters, 120 rows
        epoch 1/1  train.loss 1.0000  val.accuracy 0.9667
        fit: interrupted after 8 steps
        ");
    }
}
