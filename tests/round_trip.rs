//! What is printed reads back as the same tree, and prints the same again: for every program of the suite, and for trees nobody
//! would write.

use std::path::{Path, PathBuf};

use nnlc::diag::Diagnostics;
use nnlc::source::SourceMap;
use nnlc::syntax::ast::Program;
use nnlc::syntax::{format, parse, print};
use proptest::prelude::*;

fn parsed(text: &str) -> (Option<Program>, Diagnostics) {
    let mut sources = SourceMap::new();
    let id = sources.add_file(Path::new("round_trip.nnl"), text);
    parse(&sources, id)
}

fn read(text: &str) -> Program {
    let (program, reports) = parsed(text);
    program.unwrap_or_else(|| panic!("{text}\n{reports:?}"))
}

/// A tree without its places and comments.
fn shape(program: &Program) -> String {
    let program = Program {
        comments: vec![],
        ..program.clone()
    };
    let text = format!("{program:?}");
    let mut parts = text.split("Span { source: #0, start: ");
    let mut shape = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shape.push_str(
            part.split_once('}')
                .expect("a span's text ends in a brace")
                .1,
        );
    }
    shape
}

/// Formatting leaves the meaning and every comment, and is done once.
fn check_format(text: &str) {
    let program = read(text);
    let once = format(&program, text);
    let again = read(&once);
    assert_eq!(print(&program), print(&again), "{text}\n{once}");
    let comments = |program: &Program| -> Vec<String> {
        let comments = program.comments.iter();
        comments
            .map(|comment| comment.value.trim().to_owned())
            .collect()
    };
    assert_eq!(comments(&program), comments(&again), "{text}\n{once}");
    assert_eq!(once, format(&again, &once), "{text}");
}

/// The programs in a folder and below it.
fn programs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() {
            programs(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "nnl") {
            found.push(path);
        }
    }
}

#[test]
fn every_program_of_the_repository_is_formatted_once() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = vec![];
    for home in ["stdlib", "examples", "benches", "tests", "src"] {
        programs(&root.join(home), &mut found);
    }
    let texts = found
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    let mut n_formatted = 0;
    for text in texts {
        // What cannot be read is there to be refused.
        if parsed(&text).0.is_some() {
            check_format(&text);
            n_formatted += 1;
        }
    }
    assert!(n_formatted > found.len() / 2, "{n_formatted}");
}

fn check_round_trip(text: &str) {
    let program = read(text);
    let printed = print(&program);
    let again = read(&printed);
    assert_eq!(shape(&program), shape(&again), "{printed}");
    assert_eq!(printed, print(&again));
}

#[test]
fn suite_files_read_back() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/parse");
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("the folder can be read").path();
        if path.extension().is_some_and(|extension| extension == "nnl") {
            check_round_trip(&std::fs::read_to_string(&path).expect("suite files are UTF-8"));
        }
    }
}

/// Expressions of every form, each bracketed as its author pleased.
fn expressions() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("x".to_owned()),
        Just("nn::relu".to_owned()),
        Just("data".to_owned()),
        Just("?".to_owned()),
        Just("true".to_owned()),
        Just("x.let".to_owned()),
        Just("10 epochs".to_owned()),
        (0u32..2000).prop_map(|n| n.to_string()),
        (0f64..1e9).prop_map(|x| format!("{x:?}")),
        any::<f64>()
            .prop_filter("finite", |x| x.is_finite())
            .prop_map(|x| format!("{:e}", x.abs())),
        (0u32..1_000_000).prop_map(|n| format!("{}%", f64::from(n) / 1000.0)),
        "[a-z\\\\\"\n\t\u{1b}é\u{202e}]{0,5}"
            .prop_map(|text: String| format!("\"{}\"", escape(&text))),
    ];
    leaf.prop_recursive(6, 40, 3, |inner| {
        let operator = prop_oneof![
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("@"),
            Just("^"),
            Just("and"),
            Just("or"),
            Just("=="),
            Just("<="),
            Just(">")
        ];
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(a, op, b)| format!("(({a}) {op} ({b}))")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{} |> ({b})", bracket(&a))),
            inner.clone().prop_map(|a| format!("(-({a}))")),
            inner.clone().prop_map(|a| format!("(not ({a}))")),
            inner.clone().prop_map(|a| format!("({a})'")),
            inner.clone().prop_map(|a| format!("({a}).field")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("({a})[{b}, {b}:, :({b}), .., :]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})({b}, name: {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}, {b})")),
            inner.clone().prop_map(|a| format!("[{a}]")),
            inner.clone().prop_map(|a| format!("{{ if: {a}, b: {a} }}")),
            inner.clone().prop_map(|a| format!("(fn(v, w) => {a})")),
            (inner.clone(), inner.clone())
                .prop_map(|(a, b)| format!("if {a} {{ let y = {b}; {a} }} else {{ {b} }}")),
            inner.clone().prop_map(|a| format!("repeat {a} {{ {a} }}")),
        ]
    })
}

/// Items of every kind, around such expressions.
fn items() -> impl Strategy<Value = String> {
    let parts = proptest::collection::vec(expressions(), 4);
    (parts, 0..FORMS.len()).prop_map(|(parts, form)| {
        let mut text = FORMS[form].to_owned();
        for (mark, part) in ["$a", "$b", "$c", "$d"].into_iter().zip(&parts) {
            text = text.replace(mark, part);
        }
        text
    })
}

/// `$a`, `$b`, … stand for expressions.
const FORMS: [&str; 14] = [
    "use nn::{Dense, relu as r};",
    "dim n = ceil_div(2 * m + 1, 2);",
    "type State[k] = { h: [k], c: f64[k, 2 * k] };",
    "///Doc\nfn f(x: [..s, n], k: int = 3) -> [n] where n >= 1, m divides n { let (p, q) = $a; $b }",
    "fn g(x: [n]) -> ([n], [m]) = $a;",
    "fn h(x: [n]) -> [n] { $a } grad(x, y, dy) { $b }",
    "layer L(k: dim, p: f32 = 0.5)(x: [b, d]) -> [b, k] { param w: [d, k] ~ $a; state m: [k] = $b; next m = $c; tap t = $d; x @ w }",
    "model M(x: [batch, 4]) -> [batch, 3] { $a }",
    "data d { source: csv(\"a.csv\"), x: [a, b] |> standardize, y: $a, split: { train: 80%, val: 20% } }",
    "train fit { model: M, data: d, loss: $a, epochs: 10 }",
    "test \"it holds\" { let y = $a; assert $b; }",
    "let (a, b) = $a;",
    "show $a;",
    "save $a to \"file\";",
];

fn bracket(text: &str) -> String {
    format!("({text})")
}

fn escape(text: &str) -> String {
    let escape = |letter: char| match letter {
        '\\' => "\\\\".to_owned(),
        '"' => "\\\"".to_owned(),
        '\n' => "\\n".to_owned(),
        plain => plain.to_string(),
    };
    text.chars().map(escape).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn expressions_read_back(text in expressions()) {
        check_round_trip(&format!("show {text};"));
    }

    #[test]
    fn formatting_keeps_comments_anywhere(text in expressions(), at in proptest::collection::vec((0usize..400, 0usize..3), 0..5)) {
        check_format(&commented(&format!("let v = {text};\nshow v;\n"), &at));
    }

    #[test]
    fn programs_read_back(items in proptest::collection::vec(items(), 1..4)) {
        check_round_trip(&items.join("\n"));
    }

    #[test]
    fn formatting_keeps_programs_and_their_comments(
        items in proptest::collection::vec(items(), 1..4),
        at in proptest::collection::vec((0usize..400, 0usize..3), 0..5),
    ) {
        check_format(&commented(&(items.join("\n") + "\n"), &at));
    }

    #[test]
    fn sizes_read_back(text in sizes()) {
        check_round_trip(&format!("dim n = {text};"));
    }
}

/// A text with comments in place of some of its blanks, outside of strings.
fn commented(text: &str, places: &[(usize, usize)]) -> String {
    const COMMENTS: [&str; 3] = [" /* c */ ", " // c\n", "\n// own\n"];
    let mut made = String::new();
    let (mut n_blanks, mut is_text, mut is_escaped) = (0, false, false);
    for letter in text.chars() {
        let ends = letter == '"' && !is_escaped;
        is_text ^= ends;
        is_escaped = is_text && letter == '\\' && !is_escaped;
        if letter != ' ' || is_text {
            made.push(letter);
            continue;
        }
        n_blanks += 1;
        match places.iter().find(|(place, _)| place % 40 == n_blanks) {
            // A number and its unit are one word.
            Some((_, kind)) if !made.ends_with("10") => made.push_str(COMMENTS[*kind]),
            Some(_) | None => made.push(letter),
        }
    }
    made
}

fn sizes() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("n".to_owned()),
        (0i64..i64::MAX).prop_map(|n| n.to_string())
    ];
    leaf.prop_recursive(5, 20, 2, |inner| {
        let operator = prop_oneof![Just("+"), Just("-"), Just("*"), Just("/")];
        prop_oneof![
            (inner.clone(), operator.clone(), inner.clone())
                .prop_map(|(a, op, b)| format!("({a}) {op} ({b})")),
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("{a} {op} {b}")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("ceil_div({a}, {b})")),
        ]
    })
}
