//! What a program comes to once it is lowered: runs to train and actions to take, in order, each with the functions it needs.

use std::sync::Arc;

use crate::chart::Drawing;
use crate::ir::draft::{Draft, DraftId};
use crate::lower::known::Memory;
use crate::source::Span;
use crate::tokens::Tokenizer;
use crate::types::DType;

/// A lowered program.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// All functions.
    pub draft: Draft,
    /// The functions to check, in an order in which each finds the types of what it uses.
    pub roots: Vec<DraftId>,
    /// The runs, in the order they are declared.
    pub runs: Vec<Run>,
    /// What to do, in order.
    pub actions: Vec<Action>,
    /// What its statements and runs leave to later lines once they are done.
    pub left: Memory,
}

/// A `train` block.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its name.
    pub name: String,
    /// Where it was declared.
    pub span: Span,
    /// The `data` block it trains on.
    pub data: String,
    /// The model's name.
    pub model: String,
    /// Where the loss stands.
    pub loss_span: Span,
    /// Its settings.
    pub settings: RunSettings,
    /// Every parameter by path, then every state, then every state of the optimizer: the results of `init`.
    pub params: Vec<String>,
    /// States by path.
    pub states: Vec<String>,
    /// Optimizer states by path.
    pub opt_states: Vec<String>,
    /// Parameters that are trained: those whose new values `update` gives, in order.
    pub trained: Vec<String>,
    /// Trained parameters with the optimizer's states that hold their averages, where weights are averaged.
    pub averages: Vec<(String, String)>,
    /// First values.
    pub init: DraftId,
    /// One whole update: loss, new states, new parameters, new optimizer states.
    pub step: DraftId,
    /// Where gradients are accumulated: (loss, new states, summed gradients), then (new parameters, new optimizer states).
    pub accumulation: Option<(DraftId, DraftId)>,
    /// The loss and the outputs, not training.
    pub eval: DraftId,
    /// The outputs alone, from the model's inputs.
    pub forward: DraftId,
    /// The metrics of whole outputs, by name.
    pub metrics: Option<Metrics>,
    /// Names of the model's outputs.
    pub outputs: Vec<String>,
    /// Fields that are not fed to the model.
    pub targets: Vec<String>,
    /// What is claimed of its only output: `probabilities`.
    pub gives: Option<String>,
    /// From the output to what the loss takes it for: logits to probabilities. Lowered where a saved model is opened.
    pub link: Option<DraftId>,
    /// The learning rate of an update, where the optimizer has one.
    pub rate: Option<DraftId>,
    /// How rows are drawn, where it is not one after the other.
    pub sampling: Option<Sampling>,
    /// The fold that is held out, where the run is trained anew for each.
    pub fold: Option<usize>,
}

impl Run {
    /// What tells it from other runs that are kept: its name, and that of the fold held out, `fit.fold2`.
    pub fn key(&self) -> String {
        match self.fold {
            Some(held) => format!("{}.fold{held}", self.name),
            None => self.name.clone(),
        }
    }
}

/// `sampling: balanced`: how often rows of each class come.
#[derive(Clone, Debug, PartialEq)]
pub struct Sampling {
    /// The field that says which class a row is of.
    pub field: String,
    /// The function, of no inputs, that gives a number for each class.
    pub weights: DraftId,
    /// Where it was written.
    pub span: Span,
}

/// A function from whole outputs and targets to metrics.
#[derive(Clone, Debug, PartialEq)]
pub struct Metrics {
    /// The function.
    pub func: DraftId,
    /// The names of its results, as written.
    pub names: Vec<String>,
}

/// How long something is, in the run's own time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Length {
    /// Passes over the train part.
    Epochs(u64),
    /// Updates.
    Steps(u64),
}

/// The settings of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// How long to train.
    pub length: Length,
    /// Rows in a batch; `None` takes the whole part.
    pub batch: Option<u64>,
    /// Seed of weights, order and noise.
    pub seed: u64,
    /// Batches in one update.
    pub accumulate: u64,
    /// When to stop early.
    pub early_stop: Option<EarlyStop>,
    /// When and where to evaluate.
    pub evaluate: Evaluate,
    /// Element type of floats.
    pub precision: DType,
    /// How many batches to train on, over and over: a check that the model can learn at all.
    pub overfit: Option<u64>,
    /// Bytes that an update may hold at once.
    pub budget: Option<u64>,
    /// When the learning rate is lowered.
    pub plateau: Option<Plateau>,
    /// The weights to begin with, where they are another model's.
    pub from: Option<InitialWeights>,
    /// The longest that the run may train, in seconds.
    pub max_time: Option<f64>,
    /// When and where the run is kept on disk.
    pub checkpoint: Option<Checkpointing>,
}

/// `plateau: { on: val.loss, factor: 0.5, patience: 3 epochs }`
#[derive(Clone, Debug, PartialEq)]
pub struct Plateau {
    /// What is watched, as early stopping watches it.
    pub watch: EarlyStop,
    /// What the learning rate is multiplied by where it does not improve.
    pub factor: f64,
}

/// `from: { file: "base.nnlm", except: [head] }`
#[derive(Clone, Debug, PartialEq)]
pub struct InitialWeights {
    /// A saved model or a `safetensors` file, as written.
    pub file: String,
    /// Layers or parameters that keep their own first values, and that the file may lack or have besides.
    pub except: Vec<String>,
    /// Where it was written.
    pub span: Span,
}

impl Plateau {
    /// The state of the optimizer that holds the factor of all learning rates.
    pub const FACTOR: &'static str = "lr_factor";
}

/// `checkpoint: { every: 2 epochs, keep: 3, dir: "runs/mnist" }`
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpointing {
    /// How often.
    pub every: Length,
    /// How many of the newest stay.
    pub keep: u64,
    /// The run directory, as written; where it is not, the run's own in `runs`.
    pub dir: Option<String>,
    /// Where it was written.
    pub span: Span,
}

/// `early_stop: { on: val.loss, patience: 10 epochs }`
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStop {
    /// The value watched, `val.loss`.
    pub on: String,
    /// Where it was written.
    pub span: Span,
    /// Evaluations without improvement to wait for, in the run's time.
    pub patience: Length,
    /// The least change that counts.
    pub min_delta: f64,
    /// Whether larger is better.
    pub maximise: bool,
    /// Whether the best weights are put back at the end.
    pub restore: bool,
}

/// `evaluate: { every: 1 epoch, on: [val], batches: 20 }`
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluate {
    /// How often.
    pub every: Length,
    /// On which parts.
    pub on: Vec<String>,
    /// At most so many batches of each.
    pub batches: Option<u64>,
}

impl RunSettings {
    /// How many batches an epoch of so many rows has.
    pub fn n_batches(&self, n_rows: u64) -> u64 {
        let all = n_rows.div_ceil(self.batch.unwrap_or(n_rows).max(1)).max(1);
        self.overfit.map_or(all, |n| n.min(all))
    }
}

impl Checkpointing {
    /// How often, and how many stay, where the program does not say.
    pub const DEFAULT: (Length, u64) = (Length::Epochs(1), 3);
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Train a run, by its place among the runs.
    Train(usize),
    /// Compute tensors.
    Compute(Compute),
    /// Evaluate a run on a part and bind what comes out as `name.metric`.
    Evaluate {
        /// Which run.
        run: String,
        /// On which part.
        part: String,
        /// The metrics, bound under these names.
        metrics: Metrics,
        /// What the results' names begin with.
        prefix: String,
    },
    /// Train a run for each fold anew, and bind how it does on them as tensors `prefix.metric`, an element a fold.
    CrossValidate {
        /// Which run.
        run: String,
        /// How many folds there are, and which one the run itself was trained without.
        folds: (usize, usize),
        /// What the results' names begin with.
        prefix: String,
        /// Where it was written.
        span: Span,
    },
    /// Draw a text, one character after another.
    Generate(Generate),
    /// Show something.
    Show(Show),
    /// Draw something into a file.
    Draw {
        /// What, and the expression as written.
        show: Show,
        /// Where to, as written.
        path: String,
        /// Where that was written.
        span: Span,
    },
    /// Assert what a `Compute` before it found.
    Assert(Assert),
    /// Save a run to a file.
    Save {
        /// Which run.
        run: String,
        /// Where to, as written.
        path: String,
        /// Where that was written.
        span: Span,
    },
    /// Load a model's weights from a file.
    Load {
        /// The name of the run they become.
        run: usize,
        /// Where from, as written.
        path: String,
        /// Where that was written.
        span: Span,
    },
    /// Begin a test of this name, or with none end the one before.
    Test(Option<String>),
}

/// A text to be drawn from a model.
#[derive(Clone, Debug, PartialEq)]
pub struct Generate {
    /// From a window of tokens and the place of the last one to the chances of what follows.
    pub func: DraftId,
    /// What the text is called.
    pub name: String,
    /// Tokens in a window.
    pub window: usize,
    /// What its numbers stand for.
    pub tokenizer: Arc<Tokenizer>,
    /// What it goes on from, as text and as numbers.
    pub prompt: (String, Vec<i64>),
    /// How many tokens to draw.
    pub length: u64,
    /// The seed.
    pub seed: u64,
    /// What ends the text early; nothing does if it is empty.
    pub stop: String,
    /// Where the text is shown while it is drawn: the expression as written.
    pub title: Option<String>,
    /// Where it was written.
    pub span: Span,
}

impl Generate {
    /// How many tokens a window begins anew with once it is full: the last half of them.
    pub fn kept(&self) -> usize {
        self.window.div_ceil(2)
    }

    /// The name of the window, an input of the function.
    pub fn tokens(name: &str) -> String {
        format!("{name}/tokens")
    }

    /// The name of the place in it.
    pub fn place(name: &str) -> String {
        format!("{name}/place")
    }
}

/// Computes tensors and binds them by name.
#[derive(Clone, Debug, PartialEq)]
pub struct Compute {
    /// The function.
    pub func: DraftId,
    /// First values of the layers used in passing, by the function's parameter and state inputs.
    pub init: Option<(DraftId, Vec<String>)>,
    /// The names of its results.
    pub binds: Vec<String>,
    /// Where it was written.
    pub span: Span,
}

/// What `show` shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Show {
    /// The expression as written.
    pub title: String,
    /// Where.
    pub span: Span,
    /// What.
    pub value: Shown,
}

/// How images stand in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageLayout {
    /// How many side by side at most.
    pub columns: usize,
    /// What is black and what white, where that is given.
    pub range: Option<[f64; 2]>,
}

/// A value to show.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// A tensor bound by name.
    Tensor(String),
    /// Text as it stands.
    Text(String),
    /// A text that was drawn, by name.
    Drawn(String),
    /// A matrix in shades.
    Heatmap {
        /// The name it is bound to.
        tensor: String,
        /// What stands beside its rows.
        rows: Vec<String>,
        /// What stands above its columns.
        cols: Vec<String>,
    },
    /// Images, by the names of the tensors that they are the rows of.
    Images(Vec<String>, ImageLayout),
    /// Parts without names.
    Tuple(Vec<Shown>),
    /// Parts by name.
    Record(Vec<(String, Shown)>),
    /// What a run came to on each fold: metrics, and the tensors they are bound to, an element a fold.
    Folds(Vec<(String, String)>),
    /// Lines or points.
    Drawing(Drawing<String>),
    /// Curves of a run's history.
    Plot {
        /// Which run.
        run: String,
        /// Which curves; none means the losses.
        curves: Vec<String>,
    },
    /// The table of a run's history.
    History(String),
    /// A run: its model, sizes and results.
    Run(String),
    /// A data block: its parts and fields.
    Data(String),
}

impl Shown {
    /// The names of the tensors in it.
    pub fn tensors(&self) -> Vec<&str> {
        match self {
            Shown::Tensor(name) | Shown::Heatmap { tensor: name, .. } => vec![name],
            Shown::Images(tensors, _) => tensors.iter().map(String::as_str).collect(),
            Shown::Drawing(drawing) => drawing.numbers().map(String::as_str).collect(),
            Shown::Tuple(parts) => parts.iter().flat_map(Shown::tensors).collect(),
            Shown::Record(fields) => fields.iter().flat_map(|(_, part)| part.tensors()).collect(),
            Shown::Folds(metrics) => metrics.iter().map(|(_, name)| name.as_str()).collect(),
            Shown::Text(_) | Shown::Drawn(_) | Shown::Plot { .. } | Shown::History(_) => vec![],
            Shown::Run(_) | Shown::Data(_) => vec![],
        }
    }
}

/// An assertion and the values to print when it fails.
#[derive(Clone, Debug, PartialEq)]
pub struct Assert {
    /// The expression as written.
    pub text: String,
    /// Where.
    pub span: Span,
    /// The name its truth was bound to.
    pub truth: String,
    /// Both sides of a comparison, as written and as bound.
    pub sides: Vec<(String, String)>,
}
