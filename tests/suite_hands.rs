//! The commands for the hands: lines without a file, formatting, what codes mean, a new project.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Exit code and standard output of a command in a folder.
fn ran(folder: &Path, args: &[&str], typed: &str) -> (i32, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("nnlc starts");
    let mut keys = child.stdin.take().expect("it is piped");
    // What reads nothing leaves at once.
    let _ = keys.write_all(typed.as_bytes());
    drop(keys);
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8(output.stdout).expect("what is printed is UTF-8");
    (output.status.code().unwrap_or(-1), text)
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder can be made")
}

#[test]
fn lines_pass_tensors_on_by_file() {
    let folder = folder();
    let eval = |args: &[&str]| {
        let args: Vec<&str> = std::iter::once("eval")
            .chain(args.iter().copied())
            .collect();
        ran(folder.path(), &args, "")
    };
    let made = eval(&[
        "--dtype",
        "f64",
        "-e",
        "let A = [[2.0, 1.0], [1.0, 3.0]]; let b = [3.0, 5.0];",
        "--save",
        "in.safetensors",
    ]);
    assert_eq!(made, (0, String::new()));
    let line = "use linalg::solve; let x = solve(A, b); sum(x)";
    let (code, text) = eval(&["-e", line, "--load", "in.safetensors"]);
    assert_eq!(
        (code, text.as_str()),
        (0, "sum(x) = 2.2\nx: f64[2]\n  0.8  1.4\n")
    );
    let (_, text) = eval(&["-e", line, "--load", "in.safetensors", "--json"]);
    insta::assert_snapshot!(text);
    assert_eq!(eval(&["-e", "1 + z"]).0, 1);
    assert_eq!(eval(&["-e", "1", "--load", "missing.safetensors"]).0, 3);
    assert_eq!(eval(&["-e", "1", "--dtype", "i64"]).0, 2);
}

#[test]
fn lines_that_are_given_apart_follow_each_other() {
    let lines = [
        "eval",
        "-e",
        "let x = [1.0, 2.0]",
        "-e",
        "sum(x)",
        "-e",
        "use linalg::dot",
        "-e",
        "dot(x, x)",
    ];
    let (code, text) = ran(folder().path(), &lines, "");
    let expected = "sum(x) = 3.0\n\ndot(x, x) = 5.0\nx: f32[2]\n  1.0  2.0\n";
    assert_eq!((code, text.as_str()), (0, expected));
}

#[test]
fn lines_run_their_tests() {
    let eval = |line: &str| ran(folder().path(), &["eval", "-e", line], "");
    let (code, text) = eval("let x = [1.0, 2.0]; test \"order\" { assert x[0] < x[1]; }");
    assert_eq!(
        (code, text.as_str()),
        (0, "ok    order\nx: f32[2]\n  1.0  2.0\n")
    );
    let (code, text) = eval("let x = 1.0; test \"none\" { assert x > 1; }");
    assert_eq!((code, text.as_str()), (1, "FAIL  none\nx = 1\n"));
}

#[test]
fn the_element_type_of_a_line_reaches_derivatives_and_truth_values() {
    let line = "let g = grad(fn(v) => sum(v ^ 3))([1, 2]); let m = ([1.0, 2.0] > 1) * 2 * g;";
    let eval = ["eval", "--dtype", "f64", "-e", line];
    let (code, text) = ran(folder().path(), &eval, "");
    assert_eq!(
        (code, text.as_str()),
        (0, "g: f64[2]\n  3.0  12.0\nm: f64[2]\n  0.0  24.0\n")
    );
}

#[test]
fn a_server_answers_each_line_in_a_world_of_its_own() {
    let typed = r#"{"eval": "use linalg::solve; let x = solve(A, b);", "bind": {"A": [[2, 1], [1, 3]], "b": [3, 5]}}
{"eval": "x"}
{"eval": "sum(n)", "bind": {"n": {"dtype": "i64", "value": [1, 2]}}}
{"eval": "n", "bind": {"n": [[1], [1, 2]]}}
{"eval": "n", "bind": {"n": {"dtype": "i64", "value": [9007199254740993, 1]}}}
{"eval": "n", "bind": {"n": {"dtype": "i64", "value": [0.5]}}}
{"eval": "n", "bind": {"n": {"dtype": "f99", "value": [1]}}}
{"eval": "n", "bind": {"n": [1, "NaN", "-Infinity"]}}
{"eval": "use linalg::inverse; A |> inverse", "bind": {"A": [[1, 2], [2, 4]]}}
{"eval": "test \"t\" { assert 1 < 2; } test \"f\" { assert 2 < 1; }"}
not json
{"eval": "n", "bind": {"n": {"dtype": "u8", "value": [0, 255]}}}
{"eval": "n", "bind": {"n": {"dtype": "u8", "value": [0, 256]}}}
{"eval": "x", "bind": {"x": {"dtype": "f32", "value": 1e60}}}
"#;
    let (code, text) = ran(
        folder().path(),
        &["eval", "--server", "--dtype", "f64"],
        typed,
    );
    assert_eq!(code, 0);
    insta::assert_snapshot!(text);
}

const UNTIDY: &str = r#"//! What this is.

// Before the import.
use nn::{Dense,relu};   // behind it


/// Doubles.
fn twice(x:[..s])->[..s]   {2*x}
/* between */
layer Two(n: dim)(x: [b, d]) -> [b, n] {
  // inside

  let y = x // the input
    |> Dense( n ) // dense
    // before relu
    |> relu; // done
  /* block */ let z = y + // plus
     1e-2 /* eps */ * 3;
  z
  // at the end of the body
}
data d {
  source: csv("a.csv"), // where
  // columns
  x: [a, /* b */ c // c
     , e] |> standardize,

  y: { a: 1, // one
       b: 2 },
  // last
}
show twice([1.0,2.0,
  // own
  3.0]) ;
show f(a, b, // trail
 );
show f(/* c */ a);
let a = solve_something_with_a_long_name(first_argument_of_many, second_argument + third_argument, 4);
// at the end
"#;

#[test]
fn formatting_keeps_comments_and_is_done_once() {
    let folder = folder();
    let path = folder.path().join("p.nnl");
    fs::write(&path, UNTIDY).expect("it can be written");
    let fmt = |args: &[&str]| ran(folder.path(), args, "").0;
    assert_eq!(fmt(&["fmt", "--check", "p.nnl"]), 1);
    assert_eq!(fmt(&["fmt", "p.nnl"]), 0);
    assert_eq!(fmt(&["fmt", "--check", "p.nnl"]), 0);
    insta::assert_snapshot!(fs::read_to_string(&path).expect("it is there"));
    let (code, text) = ran(folder.path(), &["fmt", "-"], "let x  = 1;//one\n");
    assert_eq!((code, text.as_str()), (0, "let x = 1; //one\n"));
    let (code, text) = ran(folder.path(), &["fmt", "--diff", "-"], "let x  = 1;\n");
    assert_eq!(code, 1);
    assert!(text.contains("-let x  = 1;\n+let x = 1;\n"), "{text}");
    assert_eq!(ran(folder.path(), &["fmt", "-"], "let x = ;\n").0, 1);
}

#[test]
fn numpy_files_go_in_and_out() {
    let folder = folder();
    let eval = |args: &[&str], typed: &str| {
        let args: Vec<&str> = std::iter::once("eval")
            .chain(args.iter().copied())
            .collect();
        ran(folder.path(), &args, typed)
    };
    let made = "let A: f64[2, 2] = [[2, 1], [1, 3]];";
    assert_eq!(eval(&["-e", made, "--save", "A.npy"], "").0, 0);
    let line = "sum(A @ B)";
    let (code, text) = eval(&["-e", line, "--load", "A.npy", "--load", "B=A.npy"], "");
    assert_eq!((code, text.as_str()), (0, "sum(A @ B) = 25.0\n"));
    let several = "let p = [1.0]; let q = [2.0];";
    assert_eq!(eval(&["-e", several, "--save", "r.npy"], "").0, 2);
    assert_eq!(eval(&["-e", several, "--save", "q.npy"], "").0, 0);
    let (code, text) = eval(
        &["--load", "q.npy", "-i", "-e", "let r = 2 * q;"],
        "sum(r + q)\n",
    );
    assert_eq!(code, 0);
    assert!(text.ends_with("sum(r + q) = 6.0\n"), "{text}");
}

/// Text, dates, missing values, a constant column, quotes, numbered rows.
fn homes() -> String {
    let mut text =
        String::from("\u{feff}id,owner,\"sale date\",city,\"floor, size\",country,price\r\n");
    for row in 0..40 {
        let city = ["Bonn", "\"Bad \"\"Ems\"\"\"", ""][row % 3];
        let size = if row % 7 == 3 {
            "NA".to_owned()
        } else {
            (30 + 5 * row).to_string()
        };
        let price = 1000 + 17 * row;
        text.push_str(&format!(
            "{},\"Owner {row}\",2020-01-{:02},{city},{size},DE,{price}.5\r\n",
            row + 1,
            1 + row % 28
        ));
    }
    text
}

#[test]
fn a_project_for_a_table_runs() {
    let folder = folder();
    fs::write(folder.path().join("homes.csv"), homes()).expect("it can be written");
    let (code, text) = ran(folder.path(), &["new", "first", "--csv", "homes.csv"], "");
    assert_eq!(code, 0);
    let program = fs::read_to_string(folder.path().join("first/main.nnl"));
    insta::assert_snapshot!(format!("{text}\n{}", program.expect("it is there")));
    assert_eq!(
        ran(folder.path(), &["fmt", "--check", "first/main.nnl"], "").0,
        0
    );
    assert_eq!(
        ran(folder.path(), &["run", "-q", "first/main.nnl"], "").0,
        0
    );
    let classes = ["new", "second", "--csv", "homes.csv", "--target", "city"];
    assert_eq!(ran(folder.path(), &classes, "").0, 0);
    let (code, text) = ran(folder.path(), &["run", "-q", "second/main.nnl"], "");
    assert!(code == 0 && text.contains("Bonn"), "{text}");
    let wrong = ["new", "third", "--csv", "homes.csv", "--target", "citty"];
    assert_eq!(ran(folder.path(), &wrong, "").0, 2);
    assert_eq!(
        ran(folder.path(), &["new", "third", "--csv", "none.csv"], "").0,
        3
    );
}

#[test]
fn a_table_without_use_is_refused_with_reasons() {
    let folder = folder();
    let rows = (0..20).map(|row| format!("{row},5;{row};{}\n", row % 2 + 7));
    let text = format!("price;number;kind\n{}", rows.collect::<String>());
    fs::write(folder.path().join("euro.csv"), text).expect("it can be written");
    let (code, said) = both(folder.path(), &["new", "p", "--csv", "euro.csv"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(said);
    assert!(!folder.path().join("p").exists());
}

/// Exit code and what is said on either stream.
fn both(folder: &Path, args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("nnlc starts");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(said).expect("what is printed is UTF-8");
    (output.status.code().unwrap_or(-1), said)
}

/// What becomes of a table: the program, and how a run of it ends.
fn project_of(table: &str) -> (String, i32) {
    let folder = folder();
    fs::write(folder.path().join("t.csv"), table).expect("it can be written");
    let (code, said) = both(folder.path(), &["new", "p", "--csv", "t.csv"]);
    if code != 0 {
        return (said, code);
    }
    let program = fs::read_to_string(folder.path().join("p/main.nnl")).expect("it is there");
    let data = program.split("model").next().unwrap_or_default();
    let ran = ran(folder.path(), &["run", "-q", "p/main.nnl"], "");
    (format!("{said}\n{data}"), ran.0)
}

/// A table of 40 rows, each made from its number.
fn table(header: &str, row: impl Fn(usize) -> String) -> String {
    let rows: String = (0..40).map(|n| row(n) + "\n").collect();
    format!("{header}\n{rows}")
}

#[test]
fn dates_are_days_in_whatever_form() {
    let tables = [
        table("day,size,price", |n| {
            format!(
                "2021-{:02}-{:02},{n}.5,{}",
                1 + n % 12,
                1 + n % 28,
                3 * n + n % 5
            )
        }),
        table("wann;preis", |n| {
            format!("{:02}.{:02}.2020;{}", 1 + n % 28, 1 + n % 12, 3 * n + n % 5)
        }),
        table("sold,price", |n| {
            format!("{:02}/{:02}/2020,{}", 1 + n % 12, 1 + n % 28, 3 * n + n % 5)
        }),
        table("sold,price", |n| {
            format!("{:02}/{:02}/2020,{}", 1 + n % 12, 1 + n % 11, 3 * n + n % 5)
        }),
        table("at,price", |n| match n % 9 {
            0 => format!(",{n}.5"),
            _ => format!("2020-01-{:02}T{:02}:30:00Z,{n}.5", 1 + n % 28, n % 24),
        }),
        table("size,day", |n| {
            format!("{n}.5,\"March {}, 2021\"", 1 + n % 28)
        }),
        table("day,size,price", |n| match n % 9 {
            0 => format!("unknown,{n}.5,{}", 3 * n + n % 5),
            _ => format!("2021-01-{:02},{n}.5,{}", 1 + n % 28, 3 * n + n % 5),
        }),
    ];
    let found = tables.map(|table| {
        let (text, code) = project_of(&table);
        format!("{text}run: {code}\n")
    });
    insta::assert_snapshot!(found.join("────────\n"));
}

#[test]
fn what_a_date_is_not_is_told() {
    let folder = folder();
    let program = "data d { source: csv(\"t.csv\"), x: [day] |> days, y: [n] }\nshow d.x;\n";
    fs::write(folder.path().join("main.nnl"), program).expect("it can be written");
    fs::write(
        folder.path().join("t.csv"),
        "day,n\n2020-01-31,1\n2020-02-30,2\n",
    )
    .expect("it can be written");
    let (code, said) = both(folder.path(), &["run", "main.nnl"]);
    assert_eq!(code, 3);
    insta::assert_snapshot!(said);
}

/// The programs right in a folder of the repository.
fn programs(home: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(home);
    let entries = fs::read_dir(folder).expect("it is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let programs = paths.filter(|path| path.extension().is_some_and(|ending| ending == "nnl"));
    programs
        .map(|path| path.to_string_lossy().into_owned())
        .collect()
}

#[test]
fn the_library_and_the_examples_are_in_canonical_form() {
    for home in ["examples", "stdlib", "benches"] {
        for program in programs(home) {
            let (code, said) = ran(Path::new("."), &["fmt", "--diff", &program], "");
            assert_eq!(code, 0, "{said}");
        }
    }
}

/// A text that would mean another thing, or lose a comment, is refused with another code.
#[test]
fn formatting_leaves_every_program_its_meaning() {
    for home in ["parse", "lower", "check", "grad", "run"] {
        for program in programs(&format!("tests/suite/{home}")) {
            if program.ends_with("empty.nnl") || program.ends_with("only_comments.nnl") {
                continue; // a program without a statement is told to be none
            }
            let text = fs::read_to_string(&program).expect("it can be read");
            let (code, once) = ran(Path::new("."), &["fmt", "-"], &text);
            assert_eq!(code, 0, "{program}\n{once}");
            let twice = ran(Path::new("."), &["fmt", "-"], &once);
            assert_eq!(twice, (0, once), "{program}");
        }
    }
}

#[test]
fn codes_are_explained() {
    let explain = |code: &str| ran(folder().path(), &["explain", code], "");
    insta::assert_snapshot!(explain("E0101").1);
    assert_eq!(explain("nnl::shape::E0101"), explain("0101"));
    assert!(explain("W0804").1.starts_with("nnl::lint::W0804\n"));
    assert_eq!(explain("E9999").0, 2);
}

#[test]
fn a_new_project_runs() {
    let folder = folder();
    assert_eq!(ran(folder.path(), &["new", "first"], "").0, 0);
    assert_eq!(ran(folder.path(), &["new", "first"], "").0, 2);
    assert_eq!(
        ran(folder.path(), &["fmt", "--check", "first/main.nnl"], "").0,
        0
    );
    let (code, text) = ran(folder.path(), &["run", "-q", "first/main.nnl"], "");
    assert!(code == 0 && text.contains("r2"), "{text}");
    let (code, text) = ran(folder.path(), &["completions", "bash"], "");
    assert!(code == 0 && text.contains("explain"));
    assert_eq!(ran(folder.path(), &["man", "pages"], "").0, 0);
    assert!(folder.path().join("pages/nnlc-run.1").exists());
}
