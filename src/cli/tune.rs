//! `nnlc tune`: searches settings. Trials run beside each other, one thread each; random values for all, or, by successive halving
//! (Jamieson and Talwalkar 2016), many trials that are stopped early, of which the best go on from where they were.

mod book;
mod halving;
mod space;
mod trial;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use serde_json::json;

use crate::chart::number::number;
use crate::cli::args::{EngineChoice, Global, Tune};
use crate::cli::program::{code, compile, load, session};
use crate::cli::screen::{Screen, counted, escaped};
use crate::cli::show::grid::{Align, Grid};
use crate::cli::{Done, FILE, INTERRUPTED, Out, Stop, USAGE, interrupt};
use crate::lower::{Length, Mode};
use crate::session::{EngineKind, Options};

use book::{Book, BookError, Entry};
use space::Searched;
use trial::{Goal, Outcome, trial};

/// What a thread may put on its stack: as much as the first one may.
const STACK: usize = 8 << 20;
/// Trials in the table.
const MOST_SHOWN: usize = 20;

/// A search.
struct Search<'a> {
    args: &'a Tune,
    goal: Goal,
    searched: Vec<Searched>,
    fixed: Vec<String>,
    seed: u64,
    engine: EngineKind,
    /// What the length of the run is counted in.
    is_in_epochs: bool,
    unit: &'static str,
    length: u64,
}

pub(crate) fn tune(args: &Tune, global: &Global, out: &mut Out<'_>) -> Done {
    let (searched, fixed) = match space::parted(&global.set) {
        Ok(parted) => parted,
        Err(why) => return refused(USAGE, &why, out),
    };
    if searched.is_empty() {
        let why = "nothing to search: give a range, `--set 'train.lr=log(1e-4..1e-1)'`";
        return refused(USAGE, why, out);
    }
    let search = prepared(args, (searched, fixed), global, out)?;
    let folder = folder(args);
    let mut book = match Book::open(&folder, &search.described(), args.overwrite) {
        Ok(book) => book,
        Err(error) => return refused(FILE, &told(error), out),
    };
    interrupt::listen();
    if args.overwrite {
        search.remove(&search.trials_folder());
    }
    let mut left: Vec<u64> = (0..u64::from(args.trials)).collect();
    for length in search.lengths() {
        search.rung(&left, length, &mut book, out)?;
        let best = search.best_of(&left, length, &book);
        let others = left.iter().filter(|trial| !best.contains(trial));
        others.for_each(|trial| search.remove(&search.trial_folder(*trial)));
        left = best;
    }
    search.tell(&book, out)
}

/// The program, checked with the values of the first trial.
fn prepared<'a>(
    args: &'a Tune,
    (searched, fixed): (Vec<Searched>, Vec<String>),
    global: &Global,
    out: &mut Out<'_>,
) -> Done<Search<'a>> {
    let seed = global.seed.unwrap_or(0);
    let first = searched
        .iter()
        .map(|one| format!("{}={}", one.name, one.value(seed, 0)));
    let own = Global {
        set: fixed.iter().cloned().chain(first).collect(),
        ..global.clone()
    };
    let mut session = session(&own, out)?;
    let program = load(&mut session, &args.file, out)?;
    let compiled = compile(&session, program, Mode::Run, out)?;
    let Some(run) = compiled.runs().first() else {
        let why = format!("`{}` has no `train` block", args.file.display());
        return refused(1, &why, out);
    };
    let (unit, length) = match run.settings.length {
        Length::Epochs(epochs) => ("epochs", epochs),
        Length::Steps(steps) => ("steps", steps),
    };
    Ok(Search {
        args,
        goal: Goal {
            on: args.on.clone(),
            is_most: args.maximise,
            best: None,
            until: None,
        },
        searched,
        fixed,
        seed,
        engine: match global.engine {
            EngineChoice::Jit => EngineKind::Jit,
            EngineChoice::Interp => EngineKind::Interpreter,
        },
        is_in_epochs: unit == "epochs",
        unit,
        length,
    })
}

/// Where the book is kept: beside the program, unless the command line says otherwise.
fn folder(args: &Tune) -> PathBuf {
    let name = args.file.file_stem().unwrap_or_default().to_string_lossy();
    let beside = args
        .file
        .with_file_name("runs")
        .join(format!("tune-{name}"));
    args.dir.clone().unwrap_or(beside)
}

fn refused<T>(code: u8, why: &str, out: &mut Out<'_>) -> Done<T> {
    out.note(&format!("nnlc: {why}\n"))?;
    Err(Stop::Code(code))
}

fn told(error: BookError) -> String {
    match error {
        BookError::Io(path, error) => format!("cannot write `{}`: {error}", path.display()),
        BookError::Taken(path) => format!(
            "another search writes `{}`; choose another folder: `--dir DIR`",
            path.display()
        ),
        BookError::Other(path, change) => format!(
            "`{}` is the book of another search, {change}: `--dir DIR` takes another folder, `--overwrite` begins anew",
            path.display()
        ),
    }
}

impl Search<'_> {
    /// All that a trial's result depends on.
    fn described(&self) -> serde_json::Value {
        let text = std::fs::read(&self.args.file).unwrap_or_default();
        let searched = self.searched.iter().map(|one| format!("{one:?}"));
        json!({
            "program": blake3::hash(&text).to_hex().to_string(),
            "version": env!("CARGO_PKG_VERSION"),
            "space": searched.collect::<Vec<_>>(),
            "settings": self.fixed,
            "seed": self.seed,
            "goal": self.goal.on,
            "engine": format!("{:?}", self.engine),
        })
    }

    fn settings(&self, trial: u64) -> Vec<String> {
        let searched = self.searched.iter();
        searched
            .map(|one| format!("{}={}", one.name, one.value(self.seed, trial)))
            .collect()
    }

    fn options(&self, trial: u64) -> Options {
        let sets = self.fixed.iter().cloned().chain(self.settings(trial));
        Options {
            engine: self.engine,
            threads: 1,
            is_trial: true,
            sets: sets.collect(),
            keep: self.keep(trial),
            ..Options::default()
        }
    }

    /// Runs what was not tried before, several at once.
    fn rung(&self, trials: &[u64], length: u64, book: &mut Book, out: &mut Out<'_>) -> Done {
        let waiting = trials
            .iter()
            .filter(|trial| book.find(**trial, length).is_none());
        let waiting = waiting.map(|trial| (*trial, self.goal(*trial, length, book)));
        let waiting: Mutex<VecDeque<(u64, Goal)>> = Mutex::new(waiting.collect());
        let (sender, outcomes) = mpsc::channel();
        let jobs = self.args.jobs.map_or_else(processors, usize::from);
        thread::scope(|scope| {
            for _ in 0..jobs {
                let (sender, waiting) = (sender.clone(), &waiting);
                let work = move || {
                    while let Some((number, goal)) = next(waiting) {
                        let outcome = trial(&self.args.file, self.options(number), &goal);
                        if sender.send((number, outcome)).is_err() {
                            return;
                        }
                    }
                };
                // With fewer threads it takes longer.
                let _ = thread::Builder::new()
                    .stack_size(STACK)
                    .spawn_scoped(scope, work);
            }
            drop(sender);
            let mut done = Ok(());
            for (number, outcome) in outcomes {
                let noted = self.note((number, length), outcome, book, out);
                if noted.is_err() && done.is_ok() {
                    waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .clear();
                    done = noted;
                }
            }
            done
        })
    }

    /// Writes down what came of a trial, and tells of it.
    fn note(
        &self,
        (trial, length): (u64, u64),
        outcome: Outcome,
        book: &mut Book,
        out: &mut Out<'_>,
    ) -> Done {
        let (value, failure, seconds) = match outcome {
            Outcome::Done { value, seconds } => (Some(value), None, seconds),
            Outcome::Failed(why) => (None, Some(why), 0.0),
            Outcome::Wrong(wrong) => {
                out.reports(&wrong.0, &wrong.1)?;
                return Err(Stop::Code(code(&wrong.1)));
            }
            Outcome::Stopped => {
                let again = "nnlc: interrupted; the same command goes on with what is left\n";
                out.note(again)?;
                return Err(Stop::Code(INTERRUPTED));
            }
        };
        let entry = Entry {
            trial,
            length,
            settings: self.settings(trial),
            value,
            failure,
            seconds,
        };
        self.tell_entry(&entry, out)?;
        match book.add(entry) {
            Ok(()) => Ok(()),
            Err(error) => refused(FILE, &told(error), out),
        }
    }

    fn tell_entry(&self, entry: &Entry, out: &mut Out<'_>) -> Done {
        if out.is_json {
            let mut line = json!(entry);
            line["event"] = "trial".into();
            return Ok(out.json(&line)?);
        }
        if out.is_quiet {
            return Ok(());
        }
        let came_to = match (&entry.value, &entry.failure) {
            (Some(value), _) => format!("{} {}", self.goal.on, number(*value)),
            (None, why) => format!("failed: {}", escaped(why.as_deref().unwrap_or("no value"))),
        };
        let line = format!(
            "trial {}, {} {}: {came_to}  {}\n",
            entry.trial,
            entry.length,
            self.unit,
            entry.settings.join(" ")
        );
        Ok(out.text(&line)?)
    }

    /// The best first; equals in the order of their numbers.
    fn rank(&self, entries: &mut [&Entry]) {
        let value = |entry: &Entry| match (entry.value, self.goal.is_most) {
            (Some(value), true) => -value,
            (Some(value), false) => value,
            (None, _) => f64::INFINITY,
        };
        entries.sort_by(|a, b| value(a).total_cmp(&value(b)).then(a.trial.cmp(&b.trial)));
    }

    /// The table of the longest trials, and the settings of the best.
    fn tell(&self, book: &Book, out: &mut Out<'_>) -> Done {
        let mut ranked: Vec<&Entry> = book
            .entries
            .iter()
            .filter(|entry| entry.length == self.length)
            .collect();
        self.rank(&mut ranked);
        let Some(best) = ranked.first().copied().filter(|best| best.value.is_some()) else {
            let why = ranked
                .iter()
                .find_map(|entry| entry.failure.clone())
                .unwrap_or_default();
            return refused(4, &format!("no trial came to a value: {why}"), out);
        };
        let command = self.command(best);
        if out.is_json {
            let line = json!({ "event": "best", "trial": best.trial, "value": best.value, "settings": best.settings, "command": command });
            return Ok(out.json(&line)?);
        }
        let lines = [table(&self.goal, &ranked, out.screen), vec![String::new()]].concat();
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let value = number(best.value.unwrap_or(f64::NAN));
        out.text(&format!(
            "\n{text}best: {} {value}, trial {} of {}\n  {command}\n",
            self.goal.on,
            best.trial,
            counted(u64::from(self.args.trials), "trial")
        ))?;
        Ok(())
    }

    /// The command that trains with the settings of a trial.
    fn command(&self, entry: &Entry) -> String {
        let sets = self.fixed.iter().chain(&entry.settings);
        let sets: Vec<String> = sets.map(|set| format!(" --set {}", quoted(set))).collect();
        format!(
            "nnlc run {}{}",
            quoted(&self.args.file.display().to_string()),
            sets.concat()
        )
    }
}

fn processors() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn next(waiting: &Mutex<VecDeque<(u64, Goal)>>) -> Option<(u64, Goal)> {
    match interrupt::is_asked() {
        true => None,
        false => waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front(),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-/=+,:".contains(c);
    match word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', "'\\''")),
    }
}

fn table(goal: &Goal, ranked: &[&Entry], screen: Screen) -> Vec<String> {
    let split = |set: &String| {
        set.split_once('=')
            .map_or((set.clone(), String::new()), |(a, b)| {
                (a.to_owned(), b.to_owned())
            })
    };
    let names = ranked.first().map_or(vec![], |first| {
        first.settings.iter().map(|set| split(set).0).collect()
    });
    let columns = [
        ("trial".to_owned(), Align::Right),
        (goal.on.clone(), Align::Right),
    ];
    let settings = names.into_iter().map(|name| (name, Align::Right));
    let mut grid = Grid::new(
        columns
            .into_iter()
            .chain(settings)
            .chain([("s".to_owned(), Align::Right)]),
    );
    for entry in ranked.iter().take(MOST_SHOWN) {
        let value = entry.value.map_or_else(|| "failed".to_owned(), number);
        let settings = entry.settings.iter().map(|set| split(set).1);
        let seconds = format!("{:.1}", entry.seconds);
        grid.row(
            [entry.trial.to_string(), value]
                .into_iter()
                .chain(settings)
                .chain([seconds]),
        );
    }
    grid.lines(screen)
}
