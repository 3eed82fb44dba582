//! All integration tests, in one binary, so that the heavy dependencies link once.

mod accuracy;
mod big_images;
mod cli;
mod examples;
mod gradcheck;
mod hostile;
mod hostile_cli;
mod image_models;
mod keeping;
mod layers;
mod library;
mod parameter_counts;
mod parity;
mod pictures;
mod readme;
mod render_reports;
mod round_trip;
mod saved_models;
mod saved_series;
mod suite_check;
mod suite_explain;
mod suite_hands;
mod suite_repl;
mod suite_run;
mod suite_runner;
mod suite_terminal;
