//! The examples of codes, a file of them a stage: how a program goes wrong in that way and how it is mended, with the files that it
//! reads; or, where no program shows it, what does.
//!
//! ```text
//! === E0051
//! --- wrong
//! show sofmax([1.0, 2.0]);
//! --- right
//! show softmax([1.0, 2.0]);
//! ```
//!
//! Other parts are files by name; `none` stands alone, with the reason. Lines that begin with `$` are typed at a shell.

/// All examples.
const EXAMPLES: [&str; 9] = [
    include_str!("parse.txt"),
    include_str!("name.txt"),
    include_str!("shape.txt"),
    include_str!("link.txt"),
    include_str!("data.txt"),
    include_str!("train.txt"),
    include_str!("num.txt"),
    include_str!("file.txt"),
    include_str!("lint.txt"),
];

/// A part of an example: its name and its text.
pub(super) type Part = (&'static str, &'static str);

/// The parts of the example of a code.
pub(super) fn example(code: &str) -> Option<Vec<Part>> {
    let mut entries = entries();
    let (_, parts) = entries.find(|(own, _)| *own == code)?;
    let parts = parts.split("--- ").skip(1);
    Some(parts.filter_map(|part| part.split_once('\n')).collect())
}

/// The codes that have examples, each with what follows it.
pub(super) fn entries() -> impl Iterator<Item = Part> {
    let entries = EXAMPLES.iter().flat_map(|text| text.split("=== ").skip(1));
    entries.filter_map(|entry| entry.split_once('\n'))
}
