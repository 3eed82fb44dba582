//! What a panic becomes: a plain message that says whose fault it is, and what to do.

use std::any::Any;
use std::io::Write;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::{Mutex, PoisonError};

use crate::cli::BUG;

/// What the last panic said, and where.
static LAST: Mutex<Option<String>> = Mutex::new(None);

/// Runs `work`; if it panics, says so and gives the code of a bug.
pub(crate) fn caught(work: impl FnOnce() -> u8) -> u8 {
    panic::set_hook(Box::new(|info| {
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(described(info));
    }));
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let last = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        let what = last.unwrap_or_else(|| said(&*payload).to_owned());
        // Where standard error is gone, the code has to tell it all.
        let _ = std::io::stderr().write_all(message(&what).as_bytes());
        BUG
    })
}

fn message(what: &str) -> String {
    format!(
        "this is a bug in nnlc {}, not in your program: {what}\n\
         please report it with the program and the command line, at {}/issues\n",
        env!("CARGO_PKG_VERSION"),
        env!("CARGO_PKG_REPOSITORY"),
    )
}

fn described(info: &PanicHookInfo<'_>) -> String {
    let place = info
        .location()
        .map(|place| format!(" ({}:{})", place.file(), place.line()));
    format!("{}{}", said(info.payload()), place.unwrap_or_default())
}

fn said(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}
