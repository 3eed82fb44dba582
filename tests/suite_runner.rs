//! The file suite: every `.nnl` file of a stage's folder is one test, and its result one snapshot in the folder's `snapshots`,
//! with the program above and what became of it below. A new stage is one test function that calls [`each_file`].

use std::path::{Path, PathBuf};

use nnlc::cli::render::{Style, render};
use nnlc::diag::Diagnostics;
use nnlc::source::{SourceId, SourceMap};
use nnlc::syntax::{parse, print};

/// A folder within another for a program of the suite, from which the data of the tests is as far as from the suite.
pub(crate) fn place_of_the_suite(folder: &Path) -> PathBuf {
    let place = folder.join("suite/run");
    std::fs::create_dir_all(&place).expect("folders can be made");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    std::os::unix::fs::symlink(data, folder.join("data")).expect("a link can be made");
    place
}

/// Runs `outcome` over every `.nnl` file of `tests/suite/<folder>` and compares what it returns with the snapshot.
pub(crate) fn each_file(folder: &str, outcome: impl Fn(&SourceMap, SourceId) -> String) {
    let base = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/suite")
        .join(folder);
    insta::glob!(&base, "*.nnl", |path| {
        let text = std::fs::read_to_string(path).expect("suite files are UTF-8");
        let stem = path
            .file_stem()
            .expect("it matched `*.nnl`")
            .to_string_lossy()
            .into_owned();
        let mut sources = SourceMap::new();
        let id = sources.add_file(Path::new(&format!("{stem}.nnl")), &text);
        let result = format!("{}\n---\n{}", text.trim_end(), outcome(&sources, id));
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(base.join("snapshots"));
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.remove_input_file();
        settings.remove_snapshot_suffix();
        settings.bind(|| insta::assert_snapshot!(stem, result));
    });
}

/// Diagnostics as the terminal shows them, without colour.
pub(crate) fn shown(sources: &SourceMap, reports: &Diagnostics) -> String {
    render(sources, reports, Style::default())
}

#[test]
fn parse_files() {
    each_file("parse", |sources, id| {
        let (program, reports) = parse(sources, id);
        let program = program.unwrap_or_else(|| panic!("{}", shown(sources, &reports)));
        format!("{}{}", shown(sources, &reports), print(&program))
    });
}

#[test]
fn parse_error_files() {
    each_file("error/parse", |sources, id| {
        let (program, reports) = parse(sources, id);
        assert_eq!(program.is_none(), reports.has_errors());
        shown(sources, &reports)
    });
}
