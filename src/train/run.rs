//! The loop: epochs of batches, an update for each or for each group of them, evaluations in between. Which rows a batch holds is a
//! function of seed, run and epoch, and noise one of seed and step, so a run depends on nothing else.

use std::sync::Arc;
use std::thread::{self, Scope};
use std::time::{Duration, Instant};

use crate::data::{Dataset, Part};
use crate::ir::Role;
use crate::lower::{Length, Run, RunSettings};
use crate::tensor::Tensor;
use crate::train::TrainError;
use crate::train::ahead::{Ahead, Place};
use crate::train::batches::{Order, n_batches};
use crate::train::evaluate::{Evaluator, field_names};
use crate::train::event::{Ended, Event, Flow};
use crate::train::history::History;
use crate::train::machine::Machine;
use crate::train::mean::Mean;
use crate::train::parts::{check_watched, evaluated_parts};
use crate::train::rate::Rate;
use crate::train::run_dir::{Status, Writer};
use crate::train::spike::Usual;
use crate::train::stopping::Watch;
use crate::train::store::Store;
use crate::train::trained::Trained;
use crate::train::trouble::Anchor;
use crate::train::update::{Measured, Update, first_values};
use crate::train::wiring::Names;

/// What a run begins with besides its own first values.
#[derive(Debug, Default)]
pub struct Start<'a> {
    /// Weights of another model.
    pub weights: Vec<(Role, Tensor)>,
    /// What keeps the run on disk, and may have it go on.
    pub writer: Option<&'a mut Writer>,
}

/// Trains a run on a data set, telling `sink` of every event.
pub fn train(
    run: &Run,
    machine: &Machine<'_>,
    data: &Dataset,
    start: Start<'_>,
    sink: &mut dyn FnMut(Event) -> Flow,
) -> Result<Trained, TrainError> {
    // What is made ahead ends with the training, which waits for it no longer.
    thread::scope(|scope| {
        let mut training = Training::begin(run, machine, data, start, sink)?;
        let trained = training.go_on(scope).and_then(|()| training.finish());
        trained.inspect_err(|_| training.failed())
    })
}

/// A run that is going on.
pub(super) struct Training<'a> {
    pub(super) run: &'a Run,
    pub(super) machine: &'a Machine<'a>,
    pub(super) data: &'a Dataset,
    pub(super) part: &'a Part,
    pub(super) order: Arc<Order>,
    /// The batches to come, where they are made beside the steps.
    pub(super) ahead: Option<Ahead>,
    /// What keeps the run on disk.
    pub(super) writer: Option<&'a mut Writer>,
    sink: &'a mut dyn FnMut(Event) -> Flow,
    pub(super) store: Store,
    pub(super) update: Update,
    /// A state of a few steps ago.
    pub(super) anchor: Option<Anchor>,
    pub(super) evaluator: Evaluator,
    pub(super) evaluated: Vec<&'a Part>,
    pub(super) watch: Option<Watch<'a>>,
    pub(super) plateau: Option<Watch<'a>>,
    rate: Option<Rate>,
    pub(super) history: History,
    /// The loss of the batches since the last record.
    pub(super) seen: Mean,
    /// The norms of the gradients of the updates since the last record.
    pub(super) gradients: Mean,
    /// The loss of the batches since the last update.
    group: Mean,
    /// What losses have been like.
    pub(super) usual: Usual,
    pub(super) epoch: u64,
    /// Batches of the epoch that are done.
    pub(super) batch: usize,
    pub(super) step: u64,
    /// Batches looked at: what noise is drawn by where several make an update.
    pub(super) n_batches: u64,
    /// Whether what follows the last update is done as well.
    pub(super) is_settled: bool,
    /// When it must stop.
    deadline: Option<Instant>,
    pub(super) ended: Option<Ended>,
    /// Whether whoever listens asked to stop.
    is_asked: bool,
}

impl<'a> Training<'a> {
    fn begin(
        run: &'a Run,
        machine: &'a Machine<'a>,
        data: &'a Dataset,
        start: Start<'a>,
        sink: &'a mut dyn FnMut(Event) -> Flow,
    ) -> Result<Training<'a>, TrainError> {
        check_watched(run, machine)?;
        let part = data.train_part();
        let fields = field_names(part);
        let mut store = first_values(run, machine)?;
        store.put_weights(&start.weights);
        let names = Names {
            store: &store,
            fields: &fields,
            outputs: &run.outputs,
        };
        let update = Update::new(run, machine, names)?;
        let evaluator = Evaluator::new(run, run.metrics.as_ref(), machine, &store, &fields)?;
        let steps_per_epoch =
            n_batches(part.rows.len(), &run.settings).div_ceil(run.settings.accumulate.max(1));
        let mut training = Training {
            evaluated: evaluated_parts(run, data),
            watch: run.settings.early_stop.as_ref().map(Watch::new),
            plateau: run
                .settings
                .plateau
                .as_ref()
                .map(|rule| Watch::new(&rule.watch)),
            rate: Rate::new(run, machine)?,
            history: History::new(run.settings.length, steps_per_epoch),
            seen: Mean::default(),
            gradients: Mean::default(),
            group: Mean::default(),
            usual: Usual::default(),
            epoch: 0,
            batch: 0,
            step: 0,
            n_batches: 0,
            is_settled: true,
            deadline: deadline(&run.settings),
            ended: None,
            is_asked: false,
            run,
            machine,
            data,
            part,
            order: Arc::new(Order::new(run, machine, data)?),
            ahead: None,
            writer: start.writer,
            sink,
            store,
            update,
            anchor: None,
            evaluator,
        };
        training.tell_start(steps_per_epoch);
        training.resume()?;
        Ok(training)
    }

    fn tell_start(&mut self, steps_per_epoch: u64) {
        let start = Event::RunStart {
            run: self.run.key(),
            model: self.run.model.clone(),
            data: self.data.name.clone(),
            n_params: self.store.n_params(),
            n_rows: self.part.rows.len(),
            length: self.run.settings.length,
            steps_per_epoch,
        };
        self.tell(start);
    }

    pub(super) fn tell(&mut self, event: Event) {
        match (self.sink)(event) {
            Flow::Continue => {}
            Flow::Stop => self.is_asked = true,
        }
    }

    /// Epochs until the run is over, or to be stopped.
    fn go_on<'scope>(&mut self, scope: &'scope Scope<'scope, '_>) -> Result<(), TrainError>
    where
        'a: 'scope,
    {
        if !self.is_settled {
            self.settle()?;
        }
        if !self.is_over() {
            let from = Place {
                epoch: self.epoch,
                batch: self.batch,
            };
            self.ahead = Ahead::begin(scope, self.run, self.part, &self.order, from);
        }
        while !self.is_over() {
            self.epoch()?;
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.ended.is_some() || self.stops()
    }

    /// Whether the run stops before its end, to go on another time.
    fn stops(&self) -> bool {
        self.is_asked || self.deadline.is_some_and(|end| Instant::now() >= end)
    }

    /// The batches of the next epoch, or what is left of one.
    fn epoch(&mut self) -> Result<(), TrainError> {
        if self.batch == 0 {
            self.epoch += 1;
        }
        let batches = self.order.batches(self.epoch);
        for (at, rows) in batches.iter().enumerate().skip(self.batch) {
            let is_last = at + 1 == batches.len();
            if self.update.is_done() {
                self.drop_anchor();
            }
            let place = [at + 1, batches.len()];
            let fields = self.next_fields(rows);
            let measured = fields.and_then(|fields| self.batch(&fields, rows.len(), is_last));
            let measured = measured.map_err(|error| error.at(self.step + 1, self.epoch, place))?;
            if !measured.is_finite() {
                return Err(self.diverged(measured, rows, place));
            }
            self.batch = at + 1;
            if self.update.is_done() {
                self.updated()?;
            }
            if self.is_over() {
                return Ok(());
            }
        }
        self.batch = 0;
        Ok(())
    }

    /// What a batch comes to, after the update that it completes, if any.
    fn batch(
        &mut self,
        fields: &[Tensor],
        n_rows: usize,
        is_last: bool,
    ) -> Result<Measured, TrainError> {
        let measured = self.forward_and_back(fields, is_last)?;
        self.seen.add(measured.loss, n_rows);
        self.group.add(measured.loss, n_rows);
        if let Some(norm) = measured.gradient {
            self.gradients.add(norm, 1);
        }
        Ok(measured)
    }

    /// What follows an update. Whoever asks to stop now has its checkpoint taken before the rest is done, which going on will do.
    fn updated(&mut self) -> Result<(), TrainError> {
        self.step += 1;
        self.is_settled = false;
        let loss = std::mem::take(&mut self.group).mean();
        let rate = self.rate.as_mut();
        let rate = rate.map(|rate| rate.about(self.machine, self.step));
        let rate = rate.transpose()?.map(|rate| rate * self.store.lr_factor());
        self.tell(Event::Step {
            epoch: self.epoch,
            step: self.step,
            loss,
            rate,
        });
        if let Some(usual) = self.usual.sees(loss) {
            self.tell(Event::Spike {
                run: self.run.key(),
                step: self.step,
                loss,
                usual,
            });
        }
        if self.stops() {
            self.checkpoint(true)?;
            let record = self.record_of(false)?;
            self.tell_record(&record);
            return Ok(());
        }
        self.settle()
    }

    /// A record where one is due, perhaps the end, a checkpoint.
    fn settle(&mut self) -> Result<(), TrainError> {
        let is_last = self.batch == n_batches(self.part.rows.len(), &self.run.settings) as usize;
        let is_over = match self.run.settings.length {
            Length::Epochs(epochs) => is_last && self.epoch >= epochs,
            Length::Steps(steps) => self.step >= steps,
        };
        let is_due = self.is_due(self.run.settings.evaluate.every, is_last);
        if is_over {
            self.ended = Some(Ended::Length);
        }
        if is_last || is_due || is_over {
            self.record(is_due || is_over)?;
        }
        self.is_settled = true;
        let is_kept = self.is_due(self.checkpointing().0, is_last);
        match is_kept || self.is_over() {
            true => self.checkpoint(self.is_over()),
            false => Ok(()),
        }
    }

    /// Whether something that is done every so often is to be done now.
    fn is_due(&self, every: Length, is_last: bool) -> bool {
        match every {
            Length::Epochs(every) => is_last && self.epoch.is_multiple_of(every),
            Length::Steps(every) => self.step.is_multiple_of(every),
        }
    }

    fn finish(&mut self) -> Result<Trained, TrainError> {
        let best = self.watch.as_ref().and_then(Watch::best);
        self.store.swap_averages();
        let restored = self
            .watch
            .take()
            .is_some_and(|watch| watch.restore(&mut self.store));
        let weights = self.store.weights();
        if let Some((role, _)) = weights.iter().find(|(_, tensor)| !tensor.is_finite()) {
            return Err(TrainError::Weights {
                path: role.path().to_owned(),
                run: self.run.span,
                culprit: self.culprit().map(Box::new),
            });
        }
        let stopped = match self.is_asked {
            true => Ended::Interrupted,
            false => Ended::Time,
        };
        let ended = self.ended.unwrap_or(stopped);
        let (run, epochs, steps) = (self.run.key(), self.epoch, self.step);
        let status = match ended {
            Ended::Interrupted | Ended::Time => Status::Interrupted,
            Ended::Length | Ended::Early => Status::Finished,
        };
        self.keep(|writer, run| writer.ends(run, status, [epochs, steps]))?;
        self.tell(Event::Done {
            run: run.clone(),
            epochs,
            steps,
            best,
            restored,
            ended,
        });
        let opt_states = self.store.opt_states();
        Ok(Trained {
            run,
            weights,
            opt_states,
            history: self.history.clone(),
            epochs,
            steps,
            best,
            restored,
            ended,
        })
    }
}

/// When a run that begins now must stop.
fn deadline(settings: &RunSettings) -> Option<Instant> {
    let seconds = Duration::try_from_secs_f64(settings.max_time?).ok()?;
    Instant::now().checked_add(seconds)
}
