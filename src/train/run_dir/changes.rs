//! What of a run is another than it was when it began: then its numbers would be others too.

use similar::{ChangeTag, TextDiff};

use crate::diag::Diagnostic;
use crate::train::codes;
use crate::train::run_dir::manifest::{DataMark, Manifest, PartMark};

/// Changed lines of a program that are told one by one.
const SHOWN: usize = 12;

/// Everything in which `now` differs from what a run began with, one sentence each.
pub(super) fn changes(before: &Manifest, now: &Manifest) -> Vec<String> {
    let mut all = vec![];
    for (what, then, own) in [
        ("nnlc is", &before.nnlc, &now.nnlc),
        ("the engine is", &before.engine, &now.engine),
    ] {
        if then != own {
            all.push(format!("{what} {own}, was {then}"));
        }
    }
    if before.program != now.program {
        all.extend(lines(&before.canonical, &now.canonical));
    }
    all.extend(data(&before.data, &now.data));
    all
}

/// The lines in which two programs differ.
fn lines(before: &str, now: &str) -> Vec<String> {
    let diff = TextDiff::from_lines(before, now);
    let told = diff.iter_all_changes().filter_map(|change| {
        let line = change.value().trim();
        match change.tag() {
            ChangeTag::Delete => Some(format!("the program had `{line}`")),
            ChangeTag::Insert => Some(format!("the program has `{line}`")),
            ChangeTag::Equal => None,
        }
    });
    let mut told: Vec<String> = told.filter(|line| !line.ends_with("``")).collect();
    let more = told.len().saturating_sub(SHOWN);
    told.truncate(SHOWN);
    if more > 0 {
        told.push(format!("{more} more lines of the program are others"));
    }
    told
}

fn data(before: &[DataMark], now: &[DataMark]) -> Vec<String> {
    let mut all = vec![];
    for then in before {
        match now.iter().find(|own| own.name == then.name) {
            None => all.push(format!("data `{}` is gone", then.name)),
            Some(own) => all.extend(parts(&then.name, &then.parts, &own.parts)),
        }
    }
    all
}

fn parts(data: &str, before: &[PartMark], now: &[PartMark]) -> Vec<String> {
    let changed = before.iter().filter_map(|then| {
        let name = &then.name;
        match now.iter().find(|own| own.name == *name) {
            None => Some(format!("data `{data}` has no part `{name}` any more")),
            Some(own) if own.rows != then.rows => Some(format!(
                "part `{name}` of data `{data}` has {} rows, had {}",
                own.rows, then.rows
            )),
            Some(own) if own.blake3 != then.blake3 => {
                Some(format!("part `{name}` of data `{data}` holds other values"))
            }
            Some(_) => None,
        }
    });
    changed.collect()
}

/// The refusal to go on.
pub(super) fn refusal(folder: &std::path::Path, changes: &[String]) -> Diagnostic {
    let message = format!(
        "`{}` cannot go on as it began: something has changed",
        folder.display()
    );
    let report = Diagnostic::error(codes::RUN_CHANGED, message);
    let report = changes.iter().cloned().fold(report, Diagnostic::note);
    report.help("undo the change, begin anew in another folder, or go on all the same: `--force`")
}
