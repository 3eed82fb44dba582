//! All integration tests, in one binary, so that the heavy dependencies link once.

mod gradcheck;
mod hostile;
mod render_reports;
mod round_trip;
mod suite_check;
mod suite_runner;
