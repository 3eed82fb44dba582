//! Texts made to hurt: too deep, too long, too wrong. Each ends in bounded time, with a report or a tree. They are too large for
//! files, so they are made here.

use std::path::Path;
use std::time::{Duration, Instant};

use nnlc::diag::Diagnostics;
use nnlc::source::SourceMap;
use nnlc::syntax::ast::Program;
use nnlc::syntax::{codes, decode, parse, parse_line, print};

fn read(text: &str) -> (Option<Program>, Diagnostics) {
    let mut sources = SourceMap::new();
    let id = sources.add_file(Path::new("hostile.nnl"), text);
    parse(&sources, id)
}

/// Ways to nest: what opens a level, what stands innermost, what closes a level.
const NESTS: [(&str, &str, &str); 23] = [
    ("(", "1", ")"),
    ("[", "1", "]"),
    ("{ a: ", "1", " }"),
    ("f(", "1", ")"),
    ("f(a: ", "1", ")"),
    ("x[", "1", "]"),
    ("x[0, 1:", "1", "]"),
    ("(1 + ", "1", ")"),
    ("(1, ", "1", ")"),
    ("[(", "1", ")]"),
    ("-", "1", ""),
    ("not ", "a", ""),
    ("fn(x) => ", "x", ""),
    ("fn(x) => x + ", "x", ""),
    ("2 ^ ", "2", ""),
    ("", "x", "'"),
    ("", "f", "()"),
    ("", "x", ".a"),
    ("", "x", "[0]"),
    ("if a { ", "1", " } else { 2 }"),
    ("if a { 1 } else { ", "2", " }"),
    ("if if a { 1 } else { 2 } { 3 } else { ", "4", " }"),
    ("repeat 2 { ", "f", " }"),
];

fn nested(nest: (&str, &str, &str), depth: usize) -> String {
    let (open, inner, close) = nest;
    format!("show {}{inner}{};", open.repeat(depth), close.repeat(depth))
}

fn ladder(depth: usize) -> String {
    format!(
        "show if a {{ 0 }} {} else {{ 1 }};",
        "else if b { 2 }".repeat(depth)
    )
}

/// Everything that nests is one short error when it nests too deep.
#[test]
fn too_deep_is_one_error() {
    for nest in NESTS {
        expect_too_deep(&nested(nest, 10_000));
    }
    for nest in [NESTS[0], NESTS[1], NESTS[2], ("-", "1", "")] {
        expect_too_deep(&nested(nest, 100_000));
    }
    expect_too_deep(&ladder(10_000));
    assert!(read(&ladder(200)).0.is_some());
    for open in ["(", "[", "{ a: ", "f(", "if ", "repeat ", "x[", "if a { "] {
        expect_too_deep(&format!("show {}", open.repeat(100_000)));
    }
    for (open, inner, close) in [
        ("fn() -> ", "[]", ""),
        ("fn(", "[]", ") -> []"),
        ("(", "[]", ")"),
        ("{ a: ", "[]", " }"),
    ] {
        let ty = format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000));
        expect_too_deep(&format!("fn f(x: {ty}) -> [] = 1;"));
    }
    let dim = format!("{}n{}", "(".repeat(100_000), ")".repeat(100_000));
    expect_too_deep(&format!("dim n = {dim};"));
}

fn expect_too_deep(text: &str) {
    let (program, reports) = read(text);
    let codes: Vec<_> = reports.iter().map(|report| report.code).collect();
    assert!(program.is_none());
    assert_eq!(codes, [codes::TOO_DEEP], "{}", &text[..40]);
}

/// Nesting that people never reach, but programs that write programs may, costs nothing: no rule is tried twice on the same text.
#[test]
fn nesting_two_hundred_deep_is_quick() {
    let begun = Instant::now();
    for nest in NESTS {
        let text = nested(nest, 100);
        let (program, reports) = read(&text);
        let program = program.unwrap_or_else(|| panic!("{text}: {reports:?}"));
        let printed = print(&program);
        assert!(read(&printed).0.is_some(), "{printed}");
    }
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("{ a: ", "1", " }"),
        ("f(", "1", ")"),
        ("(1 + ", "1", ")"),
        ("if a { ", "1", " } else { 2 }"),
        ("if a { 1 } else { ", "2", " }"),
    ] {
        let text = nested((open, inner, close), 200);
        assert!(read(&text).0.is_some(), "{text}");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "took {:?}",
        begun.elapsed()
    );
}

/// A wrong word at the bottom of a deep nest is found without going down it twice.
#[test]
fn errors_deep_down_are_quick() {
    let begun = Instant::now();
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{ a: ", " }"),
        ("f(a: ", ")"),
        ("x[0:", "]"),
        ("if a { ", " } else { 1 }"),
    ] {
        let (program, reports) = read(&nested((open, "1 +", close), 200));
        assert!(program.is_none());
        assert_eq!(reports.iter().len(), 1, "{open}");
    }
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "took {:?}",
        begun.elapsed()
    );
}

#[test]
fn long_chains_are_flat() {
    let n = 1_000_000;
    for link in [" + 1", " |> f", " * x'", " and a", " @ f(x)[0].y"] {
        let (program, reports) = read(&format!("show 1{};", link.repeat(n / 10)));
        assert!(program.is_some(), "{link}: {reports:?}");
    }
    let (program, _) = read(&format!("show 1{};", " + 1".repeat(n)));
    let printed = print(&program.expect("a sum is no deeper for its length"));
    let n_words = printed.split_whitespace().count();
    assert_eq!(n_words, 2 + 2 * n);
}

#[test]
fn long_lists_are_read() {
    let n = 1_000_000;
    assert!(
        read(&format!("let a = [{}];", "0.5, ".repeat(n)))
            .0
            .is_some()
    );
    assert!(
        read(&format!("let s = \"{}\";", "x".repeat(10 * n)))
            .0
            .is_some()
    );
    assert!(
        read(&format!("// {}\nlet a = 1;", "x".repeat(10 * n)))
            .0
            .is_some()
    );
    assert!(read(&"let a = 1; ".repeat(n / 10)).0.is_some());
}

#[test]
fn an_item_has_a_greatest_length() {
    let (program, reports) = read(&format!("let a = [{}];", "0,".repeat(2_200_000)));
    assert!(program.is_none());
    assert_eq!(
        reports.iter().next().map(|report| report.code),
        Some(codes::TOO_LONG)
    );
}

#[test]
fn a_thousand_errors_show_fifty() {
    for line in [
        "let = 1;\n",
        "let a = 1 let b = ;",
        "let a = x && y;\n",
        "fn f(x) -> [] { x }\n",
        ");\n",
        "\u{7}",
    ] {
        let (program, reports) = read(&line.repeat(1000));
        assert!(program.is_none());
        assert_eq!(reports.iter().len(), 51, "{line}");
        let last = reports.iter().last().expect("there are fifty-one");
        assert_eq!(last.code, codes::MANY_ERRORS, "{line}");
    }
    let body = "let a = ;\n".repeat(1000);
    assert_eq!(
        read(&format!("fn f(x: []) -> [] {{\n{body} x }}"))
            .1
            .iter()
            .len(),
        51
    );
    let fields = "a = 1,\n".repeat(1000);
    assert_eq!(
        read(&format!("train fit {{\n{fields} }}")).1.iter().len(),
        51
    );
}

/// Nothing is looked at again and again.
#[test]
fn work_is_linear() {
    let n = 100_000;
    let begun = Instant::now();
    for text in [
        "(".repeat(n) + &"]".repeat(n),
        format!("train a {{ {} b {} }}", "///\n".repeat(n), "c ".repeat(n)),
        format!(
            "fn f(x: []) -> [] {{ {} b {} }}",
            "///\n".repeat(n),
            "c ".repeat(n)
        ),
        "f(;".repeat(n),
        "[1; 2".repeat(n),
        "\r".repeat(n) + ";",
        "let a = (".repeat(n),
        "#\n".repeat(n),
        "\"\n".repeat(n),
        "a b\n".repeat(n),
    ] {
        assert!(read(&text).0.is_none());
    }
    assert!(
        begun.elapsed() < Duration::from_secs(20),
        "took {:?}",
        begun.elapsed()
    );
}

/// Whatever is thrown at it, the parser returns.
#[test]
fn scraps_are_survived() {
    let program = include_str!("suite/parse/program_gpt.nnl");
    for cut in 0..program.len() {
        if program.is_char_boundary(cut) {
            read(&program[..cut]);
            read(&program[cut..]);
        }
    }
    for junk in [
        "", "\u{feff}", ";", "}", "{", "\"", "'", "/*", "///", "//!", "\\", "\0", "\r", "..", "::",
        "=>", "0x", "1e", "#",
    ] {
        for around in ["", "let a = ", "fn f(x: [n]) -> [n] { ", "train fit { a: "] {
            read(&format!("{around}{junk}"));
            read(&format!("{around}{junk};"));
            read(&format!("{junk}{around}"));
        }
    }
}

#[test]
fn every_line_end_and_a_byte_order_mark_are_read() {
    let text = "\u{feff}//! file\r\n/// doc\r\nlet a = 1;\r\n// note\r\nshow a;\r\n";
    let (program, reports) = read(text);
    assert!(reports.is_empty());
    let program = program.expect("nothing is wrong with it");
    assert_eq!(
        print(&program),
        "//! file\n\n/// doc\nlet a = 1;\n\nshow a;\n"
    );
    assert_eq!(program.comments[0].value, "// note");
}

#[test]
fn nul_is_refused_wherever_it_stands() {
    for text in ["let a\0 = 1;", "let a = \"\0\";", "// \0\nlet a = 1;", "\0"] {
        let (program, reports) = read(text);
        assert!(program.is_none(), "{text:?}");
        assert_eq!(
            reports.iter().map(|report| report.code).collect::<Vec<_>>(),
            [codes::BAD_CHARACTER]
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_placed() {
    let mut sources = SourceMap::new();
    let id = sources.add_file(Path::new("bytes.nnl"), "");
    assert_eq!(decode(b"let a = 1;", id), Ok("let a = 1;"));
    let report = decode(b"let a = \xff;", id).expect_err("0xff is in no UTF-8 text");
    assert_eq!(report.code, codes::NOT_UTF8);
    assert!(
        report.message.contains("byte 8 is 0xff"),
        "{}",
        report.message
    );
}

#[test]
fn the_prompt_forgives_the_last_semicolon() {
    for text in [
        "1 + 2",
        "let a = 1",
        "show a",
        "dim n = 3",
        "use nn",
        "fn f(x: []) -> [] = x",
        "let a = 1; a",
    ] {
        let mut sources = SourceMap::new();
        let id = sources.add_file(Path::new("line"), text);
        assert!(parse_line(&sources, id).0.is_some(), "{text}");
        assert!(parse(&sources, id).0.is_none(), "{text}");
    }
}
