//! Where the time of native code went: a table of steps, and a trace of calls for a tracing view.

use std::path::Path;

use serde_json::{Value, json};

use crate::cli::screen::{Screen, one_line};
use crate::cli::show::grid::{Align, Grid};
use crate::engine::Call;
use crate::session::Timed;

/// Steps that the table shows; the others are summed.
const SHOWN: usize = 20;

/// A table: the costliest steps first.
pub(super) fn table(kernels: &[Timed], screen: Screen) -> Vec<String> {
    let all: u64 = kernels.iter().map(|kernel| kernel.time.nanoseconds).sum();
    let mut ranked: Vec<&Timed> = kernels
        .iter()
        .filter(|kernel| kernel.time.calls > 0)
        .collect();
    ranked.sort_by_key(|kernel| std::cmp::Reverse(kernel.time.nanoseconds));
    let names = ["place", "step"].map(|name| (name, Align::Left));
    let numbers = ["calls", "ms", "GF/s", "GB/s", "share"].map(|name| (name, Align::Right));
    let mut grid = Grid::new(names.into_iter().chain(numbers));
    for kernel in ranked.iter().take(SHOWN) {
        grid.row(cells(kernel, all));
    }
    let rest = ranked
        .iter()
        .skip(SHOWN)
        .map(|kernel| kernel.time.nanoseconds);
    let (n_more, rest) = (ranked.len().saturating_sub(SHOWN), rest.sum());
    if n_more > 0 {
        let name = format!("{n_more} more");
        let empty = String::new;
        let time = [milliseconds(rest), empty(), empty(), share(rest, all)];
        grid.row([empty(), name, empty()].into_iter().chain(time));
    }
    grid.lines(screen)
}

fn cells(kernel: &Timed, all: u64) -> [String; 7] {
    let time = &kernel.time;
    // Per nanosecond a thousand million a second.
    let rate = |amount: u64| match amount {
        0 => String::new(),
        amount => format!(
            "{:.1}",
            (amount * time.calls) as f64 / time.nanoseconds.max(1) as f64
        ),
    };
    [
        kernel.place.clone().unwrap_or_default(),
        format!("{}: {}", time.func, one_line(&time.what)),
        time.calls.to_string(),
        milliseconds(time.nanoseconds),
        rate(time.flops),
        rate(time.bytes),
        share(time.nanoseconds, all),
    ]
}

fn milliseconds(nanoseconds: u64) -> String {
    format!("{:.2}", nanoseconds as f64 / 1e6)
}

fn share(part: u64, all: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / all.max(1) as f64)
}

/// A step as a JSON line.
pub(super) fn as_json(Timed { place, time }: &Timed) -> Value {
    json!({
        "event": "kernel", "place": place, "func": time.func, "what": time.what, "calls": time.calls,
        "nanoseconds": time.nanoseconds, "flops": time.flops, "bytes": time.bytes,
    })
}

/// The calls as Chrome's tracing view reads them.
pub(super) fn trace(kernels: &[Timed], calls: &[Call]) -> Value {
    let event = |call: &Call| {
        let Timed { place, time } = &kernels[call.kernel];
        json!({
            "name": time.what, "cat": time.func, "ph": "X", "pid": 1, "tid": 1,
            "ts": call.start as f64 / 1e3, "dur": call.nanoseconds as f64 / 1e3,
            "args": { "place": place },
        })
    };
    let events: Vec<Value> = calls.iter().map(event).collect();
    json!({ "traceEvents": events, "displayTimeUnit": "ns" })
}

/// Writes the trace to a file.
pub(super) fn write(path: &Path, trace: &Value) -> std::io::Result<()> {
    std::fs::write(path, trace.to_string())
}
