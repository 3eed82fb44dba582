//! All integration tests, in one binary, so that the heavy dependencies link once.

use std::path::Path;

use nnlc::source::SourceMap;

#[test]
fn programs_parse() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/parse");
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        let text = std::fs::read_to_string(&path).expect("the programs are text");
        let mut sources = SourceMap::new();
        let id = sources.add_file(&path, &text);
        let (program, reports) = nnlc::syntax::parse(&sources, id);
        assert!(program.is_some(), "{reports:?}");
    }
}
