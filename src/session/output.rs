//! What a program gives while it runs, for whoever shows it: values resolved, nothing rendered.

use std::path::PathBuf;

use crate::chart::{Curve, Drawn};
use crate::diag::{Diagnostic, Diagnostics};
use crate::engine::{Call, KernelTime};
use crate::ir::Role;
use crate::source::Span;
use crate::tensor::{Tensor, Tiles};
use crate::train::{Best, Ended, Event, History};
use crate::types::DType;

/// One thing to be seen.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Something happened in a run.
    Event(Event),
    /// `show`, or an expression at the prompt.
    Show {
        /// The expression as written.
        title: String,
        /// Where.
        span: Span,
        /// Its value.
        value: View,
    },
    /// More of a text while it is drawn.
    Writing {
        /// The expression as written; nothing where the text is not shown.
        title: Option<String>,
        /// What comes next, if anything is whole.
        text: String,
    },
    /// Every assertion of a test holds.
    TestPassed {
        /// What the test is called.
        name: String,
    },
    /// A test failed.
    TestFailed {
        /// What the test is called.
        name: String,
        /// Each assertion that does not hold, or what could not be computed.
        failures: Diagnostics,
    },
    /// Runs are kept in a folder from here on.
    Keeping {
        /// The folder.
        folder: PathBuf,
    },
    /// A run was saved.
    Saved {
        /// Its name.
        run: String,
        /// Where to.
        path: PathBuf,
    },
    /// A picture was drawn.
    Drawn {
        /// The expression as written.
        title: String,
        /// Where to.
        path: PathBuf,
    },
    /// A run's weights were loaded.
    Loaded {
        /// Its name.
        run: String,
        /// Where from.
        path: PathBuf,
    },
    /// What deserves a second look.
    Warning(Diagnostic),
    /// Where the time went.
    Profile {
        /// Every step of every plan.
        kernels: Vec<Timed>,
        /// The first calls of them, in order.
        calls: Vec<Call>,
    },
}

/// A step of a plan and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Timed {
    /// The place in the source: `iris.nnl:12:5`.
    pub place: Option<String>,
    /// What it is and took.
    pub time: KernelTime,
}

/// A value to show.
#[derive(Clone, Debug, PartialEq)]
pub enum View {
    /// A tensor.
    Tensor(Tensor),
    /// Text as it stands.
    Text(String),
    /// A text drawn from a model.
    Drawn(String),
    /// A matrix in shades.
    Heatmap {
        /// The matrix.
        matrix: Tensor,
        /// What stands beside its rows.
        rows: Vec<String>,
        /// What stands above its columns.
        cols: Vec<String>,
    },
    /// Images side by side.
    Images {
        /// The tensors that they are the rows of.
        tensors: Vec<Tensor>,
        /// As they are seen.
        tiles: Tiles,
    },
    /// Parts without names.
    Tuple(Vec<View>),
    /// Parts by name.
    Record(Vec<(String, View)>),
    /// What a run came to on each fold: an element a fold for each metric.
    Folds(Vec<(String, Tensor)>),
    /// Curves.
    Plot {
        /// The name of the run, where it is one's history.
        run: Option<String>,
        /// What the horizontal axis counts: `epoch`, `step`, `place`; nothing where it is a plane.
        unit: &'static str,
        /// The curves.
        curves: Vec<Curve>,
        /// How they are drawn.
        drawn: Drawn,
    },
    /// Everything a run recorded.
    History {
        /// The run's name.
        run: String,
        /// The records.
        history: History,
    },
    /// A run.
    Run(Box<RunView>),
    /// A data block.
    Data(DataView),
}

/// A run at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct RunView {
    /// Its name.
    pub name: String,
    /// The model's name.
    pub model: String,
    /// The data block's name.
    pub data: String,
    /// Parameters, then states, by role, with element type and sizes.
    pub weights: Vec<(Role, DType, Vec<usize>)>,
    /// How many numbers the parameters are.
    pub n_params: usize,
    /// Epochs begun.
    pub epochs: u64,
    /// Updates done.
    pub steps: u64,
    /// The last value of each thing that was recorded.
    pub values: Vec<(String, f64)>,
    /// The best evaluation, where one is watched.
    pub best: Option<Best>,
    /// Why it ended.
    pub ended: Ended,
}

/// A data block at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct DataView {
    /// Its name.
    pub name: String,
    /// Its parts with their numbers of rows.
    pub parts: Vec<(String, usize)>,
    /// Its fields.
    pub fields: Vec<FieldView>,
}

/// A field of the data at a glance.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldView {
    /// Its name.
    pub name: String,
    /// Its element type.
    pub dtype: DType,
    /// The shape of one row.
    pub row_shape: Vec<usize>,
    /// Why a row has that shape: `3 categories of species`.
    pub because: String,
    /// The names of its categories, where it has some.
    pub categories: Option<Vec<String>>,
}
