//! What the commands take that work on a saved model.

use std::path::PathBuf;

use clap::Args;

/// A saved model and the rows that it is to predict.
#[derive(Args, Clone, Debug)]
pub(crate) struct Predict {
    /// The model, as `save fit to "fit.nnlm"` wrote it
    pub(crate) model: PathBuf,
    /// The rows: a CSV file with the columns that the model was trained on, in any order, among any others; `-` for one on standard
    /// input. For a model of images a PNG or JPEG file, a folder of them, an IDX file, or a NumPy array in `.npy`
    #[arg(long, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Where the predictions go, whole or not at all [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// A column of the input to put before the predictions; repeatable
    #[arg(long, value_name = "COLUMN")]
    pub(crate) keep: Vec<String>,
}

/// A saved model and rows whose answers are known.
#[derive(Args, Clone, Debug)]
pub(crate) struct Evaluate {
    /// The model
    pub(crate) model: PathBuf,
    /// The rows: a CSV file with the columns of inputs and targets; a text, for a model of one; for a model of images a folder as
    /// `images`, `idx` or `cifar` takes it, of whose parts the one held apart counts
    #[arg(long, value_name = "FILE")]
    pub(crate) data: PathBuf,
}

/// A saved model to look into.
#[derive(Args, Clone, Debug)]
pub(crate) struct Inspect {
    /// The model
    pub(crate) model: PathBuf,
    /// Print the definitions that it is computed by, and nothing else
    #[arg(long)]
    pub(crate) source: bool,
}

/// A saved model to answer requests.
#[derive(Args, Clone, Debug)]
pub(crate) struct Serve {
    /// The model
    pub(crate) model: PathBuf,
    /// The port; 0 for one that is free
    #[arg(long, default_value_t = 8080, value_name = "P")]
    pub(crate) port: u16,
    /// The address to listen at; others than this machine's own are reached from outside
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) host: std::net::IpAddr,
    /// Rows in one batch at most, and in one request
    #[arg(long, default_value_t = 1024, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub(crate) batch: u32,
    /// Bytes in the body of a request at most
    #[arg(long, default_value_t = 1 << 20, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..=1 << 30))]
    pub(crate) max_body: u32,
}

/// What a run leaves for others to look at.
#[derive(Args, Clone, Debug)]
pub(crate) struct Record {
    /// Write a page on the run: settings, layers, curves, what the model gets right and wrong [default: into the run directory, if
    /// there is one]
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Write event files that TensorBoard reads, a folder for each run
    #[arg(long, value_name = "DIR")]
    pub(crate) tensorboard: Option<PathBuf>,
}

/// A search for settings.
#[derive(Args, Clone, Debug)]
pub(crate) struct Tune {
    /// The program; `--set` gives the ranges: a..b, log(a..b), one_of(a, b, c)
    pub(crate) file: PathBuf,
    /// How many settings are tried
    #[arg(long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) trials: u32,
    /// What is to be least, as a run records it; the best value of a trial counts
    #[arg(long, default_value = "val.loss", value_name = "VALUE")]
    pub(crate) on: String,
    /// It is to be most instead
    #[arg(long)]
    pub(crate) maximise: bool,
    /// Successive halving: all trials are short, the better third goes on three times as long, and so on
    #[arg(long)]
    pub(crate) halving: bool,
    /// Trials at once [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) jobs: Option<u16>,
    /// Where the trials are written down [default: runs/tune-NAME beside the program]
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Give up the trials that are there
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// Runs to lay side by side.
#[derive(Args, Clone, Debug)]
pub(crate) struct Compare {
    /// Run directories
    #[arg(required = true, num_args = 1..)]
    pub(crate) runs: Vec<PathBuf>,
    /// Write a page with their curves
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
