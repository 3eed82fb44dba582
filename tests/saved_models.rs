//! Models on disk and what is done with them outside their program: predicted with, measured, looked into, served, reported on; and
//! files that are damaged or lie.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use nnlc::session::{Model, Options, Session};

/// Shops by size and town: a category, a number with holes, a class to predict.
const PROGRAM: &str = "\
use nn::{Dense, tanh};
use metrics::{accuracy, confusion};

data shops {
  source: csv(\"shops.csv\", delimiter: \";\"),
  area: [area] |> impute(median) |> standardize,
  town: town |> one_hot(UNKNOWN),
  y: kind |> one_hot,
  split: { train: 75%, val: 25%, by: order },
  missing: { tokens: [\"\", \"-\"], then: THEN },
}

/// Both fields side by side.
model Kinds(area: [batch, 1], town: [batch, towns]) -> [batch, 3] {
  concat([area, town], axis: 1) |> Dense(8) |> tanh |> Dense(3)
}

train fit {
  model: Kinds, data: shops, loss: cross_entropy(logits: out, target: y),
  optimizer: adam(lr: rate), epochs: 30, batch: 16, metrics: [accuracy, confusion], seed: 3,
}

let rate = 5e-2;
save fit to \"shops.nnlm\";
show evaluate(fit, on: shops.val, metrics: [accuracy, confusion]);
";

pub(crate) fn nnlc(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(args)
        .args(["--color", "never"])
        .current_dir(folder)
        .env("LANG", "C.UTF-8")
        .env_remove("LC_ALL")
        .output()
        .expect("the binary runs");
    let text = |bytes| String::from_utf8(bytes).expect("what is printed is UTF-8");
    (
        output.status.code().unwrap_or(-1),
        text(output.stdout),
        text(output.stderr),
    )
}

/// Rows whose kind follows from area and town.
fn rows() -> String {
    let mut text = String::from("area;town;kind\n");
    for row in 0..80u32 {
        let (area, town) = (
            40 + row * 37 % 100,
            ["Ulm", "Bonn", "Kiel"][(row % 3) as usize],
        );
        let kind = if area > 90 {
            "market"
        } else if town == "Kiel" {
            "kiosk"
        } else {
            "baker"
        };
        text.push_str(&format!("{area};{town};{kind}\n"));
    }
    text
}

/// A folder with a trained model; each test reads it, none writes it.
fn trained(unknown: &str, then: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let program = PROGRAM.replace("UNKNOWN", unknown).replace("THEN", then);
    // The name of a rate is declared before the run that speaks of it.
    let (before, after) = program
        .split_once("let rate = 5e-2;\n")
        .expect("it is there");
    let program = before.replace("data shops", "let rate = 5e-2;\n\ndata shops") + after;
    fs::write(folder.path().join("shops.nnl"), program).expect("a file can be written");
    fs::write(folder.path().join("shops.csv"), rows()).expect("a file can be written");
    let (code, out, err) = nnlc(folder.path(), &["run", "shops.nnl", "-q"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    folder
}

fn strict() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| trained("", "error")).path()
}

fn lenient() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER
        .get_or_init(|| trained("unknown: zero", "drop"))
        .path()
}

/// Predictions for a file of this text, `new.csv`.
fn predicted(folder: &Path, text: &str, more: &[&str]) -> (i32, String, String) {
    let beside = tempfile::tempdir().expect("a folder can be made");
    fs::copy(folder.join("shops.nnlm"), beside.path().join("shops.nnlm")).expect("it was saved");
    fs::write(beside.path().join("new.csv"), text).expect("a file can be written");
    let args = ["predict", "shops.nnlm", "--input", "new.csv"];
    nnlc(beside.path(), &[&args[..], more].concat())
}

#[test]
fn columns_are_found_by_name_among_others() {
    let text = "id;town;owner;area\n7;Ulm;A;120\n8;Kiel;B;50\n9;Bonn;C;-\n";
    let (code, out, err) = predicted(strict(), text, &["--keep", "id"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = out.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(lines[0], ["id", "kind", "p_baker", "p_kiosk", "p_market"]);
    assert_eq!((lines[1][0], lines[1][1]), ("7", "market"));
    assert_eq!((lines[2][0], lines[2][1]), ("8", "kiosk"));
    assert_eq!(lines.len(), 4, "{out}");
    for line in &lines[1..] {
        let sum: f64 = line[2..]
            .iter()
            .map(|p| p.parse::<f64>().expect("a number"))
            .sum();
        assert!((sum - 1.0).abs() < 1e-5, "{out}");
    }
}

#[test]
fn the_same_rows_get_the_same_answers_in_any_chunk() {
    let head = "area;town\n";
    let one = "55;Bonn\n";
    let many = head.to_owned() + &one.repeat(9000);
    let (code, out, _) = predicted(strict(), &many, &[]);
    assert_eq!((code, out.lines().count()), (0, 9001));
    let (_, single, _) = predicted(strict(), &(head.to_owned() + one), &[]);
    let answer = single.lines().nth(1).expect("a row");
    let others: Vec<(usize, &str)> = out
        .lines()
        .enumerate()
        .skip(1)
        .filter(|(_, line)| *line != answer)
        .take(3)
        .collect();
    assert!(others.is_empty(), "{answer}: {others:?}");
}

#[test]
fn what_training_never_showed_is_told_by_its_row() {
    let (code, out, err) = predicted(strict(), "area;town\n50;Ulm\n60;Rom\n", &[]);
    assert_eq!((code, out.as_str()), (3, ""));
    insta::assert_snapshot!("unseen_category", err);
    let (code, _, err) = predicted(strict(), "area;town\n50;-\n", &[]);
    assert_eq!(code, 3);
    insta::assert_snapshot!("missing_cell", err);
    let (code, _, err) = predicted(strict(), "areas;towns\n50;Ulm\n", &[]);
    assert_eq!(code, 3);
    insta::assert_snapshot!("missing_columns", err);
    let (code, _, err) = predicted(strict(), "area;town\nwide;Ulm\n", &[]);
    assert_eq!(code, 3);
    insta::assert_snapshot!("text_for_a_number", err);
}

#[test]
fn a_missing_file_is_searched_in_the_working_folder() {
    let (code, _, err) = nnlc(strict(), &["predict", "shops.nnlm", "--input", "shop.csv"]);
    let folder = strict().canonicalize().expect("it is there");
    let place = format!("searched in `{}`\n", folder.display());
    assert!(code == 3 && err.contains(&place), "{err}");
    assert!(err.contains("did you mean `shops.csv`?"), "{err}");
}

#[test]
fn a_lenient_program_is_lenient_with_new_rows() {
    let (code, out, err) = predicted(lenient(), "area;town\n120;Rom\n50;\n50;Kiel\n", &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines[1].starts_with("market,"), "{out}");
    assert_eq!(lines[2], ",,,", "a row without its town");
    assert!(lines[3].starts_with("kiosk,"), "{out}");
    let (_, json, _) = predicted(lenient(), "area;town\n50;\n", &["--json"]);
    assert_eq!(
        json,
        "{\"kind\":null,\"p_baker\":null,\"p_kiosk\":null,\"p_market\":null}\n"
    );
}

#[test]
fn output_is_whole_or_not_at_all() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let output = folder.path().join("out.csv");
    let path = output.to_string_lossy().into_owned();
    let bad = "area;town\n".to_owned() + &"50;Ulm\n".repeat(5000) + "50;Rom\n";
    assert_eq!(predicted(strict(), &bad, &["--output", &path]).0, 3);
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0);
    let (code, out, _) = predicted(strict(), "area;town\n50;Ulm\n", &["--output", &path]);
    assert_eq!((code, out), (0, format!("wrote 1 row to {path}\n")));
    assert_eq!(
        fs::read_to_string(&output)
            .expect("it was written")
            .lines()
            .count(),
        2
    );
    let nowhere = folder
        .path()
        .join("no/out.csv")
        .to_string_lossy()
        .into_owned();
    assert_eq!(
        predicted(strict(), "area;town\n50;Ulm\n", &["--output", &nowhere]).0,
        3
    );
}

#[test]
fn a_model_is_measured_as_its_program_measures_it() {
    let (_, out, _) = nnlc(strict(), &["run", "shops.nnl", "-q"]);
    let wanted: Vec<&str> = out.lines().skip(1).collect();
    let held_out: Vec<String> = rows().lines().skip(61).map(str::to_owned).collect();
    let text = format!("area;town;kind\n{}\n", held_out.join("\n"));
    let data = tempfile::NamedTempFile::new().expect("a file can be made");
    fs::write(data.path(), text).expect("a file can be written");
    let path = data.path().to_string_lossy().into_owned();
    let (code, out, err) = nnlc(strict(), &["evaluate", "shops.nnlm", "--data", &path]);
    assert_eq!((code, err.as_str()), (0, ""));
    let found: Vec<&str> = out
        .lines()
        .filter(|line| !line.contains("loss"))
        .skip(1)
        .collect();
    let same = |line: &&str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        found.iter().map(same).collect::<Vec<_>>(),
        wanted.iter().map(same).collect::<Vec<_>>()
    );
}

#[test]
fn a_model_tells_of_itself() {
    let (code, out, _) = nnlc(strict(), &["inspect", "shops.nnlm"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("inspect", out);
    let (code, out, _) = nnlc(strict(), &["inspect", "shops.nnlm", "--source"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("inspect_source", out);
}

fn opened(path: &Path) -> Vec<String> {
    let (mut session, _) = Session::new(Options::default());
    reports(&mut session, path)
}

fn reports(session: &mut Session, path: &Path) -> Vec<String> {
    let span = session.command_line("inspect", [("", path)])[0];
    let (model, reports) = Model::open(session, path, span);
    assert_eq!(model.is_none(), reports.has_errors());
    reports
        .iter()
        .map(|report| report.code.to_string())
        .collect()
}

#[test]
fn no_beginning_of_a_model_is_a_model() {
    let bytes = fs::read(strict().join("shops.nnlm")).expect("it was saved");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("cut.nnlm");
    let (mut session, _) = Session::new(Options::default());
    for len in 0..bytes.len() {
        fs::write(&path, &bytes[..len]).expect("a file can be written");
        assert_eq!(
            reports(&mut session, &path),
            ["nnl::file::E0713"],
            "{len} bytes"
        );
    }
}

/// The model with its header changed.
fn forged(change: impl Fn(&str) -> String) -> Vec<String> {
    let bytes = fs::read(strict().join("shops.nnlm")).expect("it was saved");
    let len = u64::from_le_bytes(bytes[..8].try_into().expect("eight bytes")) as usize;
    let header = std::str::from_utf8(&bytes[8..8 + len]).expect("a header is text");
    let changed = change(header);
    assert_ne!(changed, header, "the change finds its place");
    let forged = [
        &(changed.len() as u64).to_le_bytes(),
        changed.as_bytes(),
        &bytes[8 + len..],
    ]
    .concat();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join("forged.nnlm");
    fs::write(&path, forged).expect("a file can be written");
    opened(&path)
}

#[test]
fn a_model_holds_definitions_and_nothing_else() {
    // Quotes and line ends are escaped twice: JSON within JSON.
    let more = |statement: &str| {
        forged(|header| header.replacen("use nn::", &format!("{statement} use nn::"), 1))
    };
    assert_eq!(more("show 1;"), ["nnl::file::E0719"]);
    assert_eq!(more("save fit to \\\\\\\"x\\\\\\\";"), ["nnl::file::E0719"]);
    assert_eq!(
        more("test \\\\\\\"t\\\\\\\" { assert true; }"),
        ["nnl::file::E0719"]
    );
    assert_eq!(more("fn (("), ["nnl::parse::E0004"]);
    // A `let` is never computed: this would take for ever.
    assert_eq!(
        more("let big = sum(fill(1.0, like: template([1000000, 1000000])));"),
        Vec::<String>::new()
    );
    let wider = forged(|header| header.replacen("Dense(8)", "Dense(9)", 1));
    assert_eq!(wider, ["nnl::file::E0715"]);
    let newer = forged(|header| header.replacen("\\\"format\\\":1", "\\\"format\\\":9", 1));
    assert_eq!(newer, ["nnl::file::E0714"]);
    let bare = forged(|header| header.replacen("\\\"program\\\":", "\\\"progrom\\\":", 1));
    assert_eq!(bare, ["nnl::file::E0718"]);
}

#[test]
fn another_library_must_come_to_the_same_values() {
    let other = |header: &str| header.replacen("\\\"library\\\":\\\"", "\\\"library\\\":\\\"0", 1);
    assert_eq!(forged(other), Vec::<String>::new());
    let changed = forged(|header| other(header).replace("tanh", "relu"));
    assert_eq!(changed, ["nnl::file::E0728"]);
}

#[test]
fn other_files_are_no_models() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let files: [(&str, &[u8]); 4] = [
        ("empty", b""),
        ("pickle", b"\x80\x02\x8a\x0al\xfc\x9cF\xf9"),
        (
            "pointer",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        ),
        ("text", b"use nn::Dense;\n"),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("a file can be written");
        assert_eq!(opened(&path), ["nnl::file::E0713"], "{name}");
    }
    assert_eq!(opened(&folder.path().join("missing")), ["nnl::file::E0710"]);
    assert_eq!(opened(folder.path()), ["nnl::file::E0711"]);
}

/// A server, ended with the test.
pub(crate) struct Server {
    child: Child,
    address: String,
}

impl Server {
    fn start(more: &[&str]) -> Server {
        Server::of(strict(), "shops.nnlm", more)
    }

    pub(crate) fn of(folder: &Path, model: &str, more: &[&str]) -> Server {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nnlc"))
            .args(["serve", model, "--port", "0"])
            .args(more)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let stdout = child.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where");
        let address = line
            .trim()
            .rsplit('/')
            .next()
            .expect("an address")
            .to_owned();
        Server { child, address }
    }

    /// The answer to these bytes: its status and its body.
    fn raw(&self, bytes: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.write_all(bytes).expect("it reads");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("it answers and leaves");
        let (head, body) = answer
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{answer}"));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
        (status.unwrap_or_else(|| panic!("{head}")), body.to_owned())
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.raw(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
    }

    fn post(&self, body: &str) -> (u16, String) {
        self.post_bytes(body.as_bytes())
    }

    pub(crate) fn post_bytes(&self, body: &[u8]) -> (u16, String) {
        let head = format!(
            "POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.raw(&[head.as_bytes(), body].concat())
    }

    /// Asks it to end, and waits.
    #[cfg(unix)]
    pub(crate) fn stop(mut self) -> i32 {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &id]).status();
        assert!(sent.expect("there is `kill`").success());
        self.child.wait().expect("it ends").code().unwrap_or(-1)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[cfg(unix)]
fn a_server_answers_and_ends_when_asked_to() {
    let server = Server::start(&[]);
    let (status, body) = server.post(
        r#"{"rows": [{"town": "Ulm", "area": 120}, {"area": null, "town": "Kiel", "x": 1}]}"#,
    );
    assert_eq!(status, 200, "{body}");
    let (_, file, _) = predicted(strict(), "area;town\n120;Ulm\n-;Kiel\n", &["--json"]);
    let lines: Vec<&str> = file.lines().collect();
    assert_eq!(body.trim(), format!("{{\"rows\":[{}]}}", lines.join(",")));
    let (status, schema) = server.get("/schema");
    assert_eq!(status, 200);
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("it is JSON");
    insta::assert_snapshot!(
        "schema",
        serde_json::to_string_pretty(&schema).expect("it was read")
    );
    assert_eq!(server.get("/health"), (200, "{\"status\":\"ok\"}\n".into()));
    assert!(server.get("/?from=here").1.contains("<!doctype html>"));
    let (_, metrics) = server.get("/metrics");
    assert!(metrics.contains("\nnnlc_rows_total 2\n"), "{metrics}");
    assert_eq!(server.stop(), 0);
}

#[test]
#[cfg(unix)]
fn a_client_that_sends_a_byte_at_a_time_is_told_to_leave() {
    let server = Server::start(&[]);
    let mut slow = TcpStream::connect(&server.address).expect("it listens");
    let mut answer = TcpStream::try_clone(&slow).expect("it is open");
    // No byte is ever late by itself; the request never ends.
    let sender = std::thread::spawn(move || {
        let head = b"GET /health HTTP/1.1\r\nX: "
            .iter()
            .chain(std::iter::repeat(&b'x'));
        for byte in head {
            if slow.write_all(&[*byte]).is_err() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    });
    let mut text = String::new();
    // What a server leaves unread may end the connection before the answer is read to its end.
    let _ = answer.read_to_string(&mut text);
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    sender.join().expect("it ends with the connection");
    assert_eq!(server.get("/health").0, 200);
    assert_eq!(server.stop(), 0);
}

#[test]
#[cfg(unix)]
fn a_server_refuses_what_is_wrong_and_goes_on() {
    let server = Server::start(&["--max-body", "1000", "--batch", "4"]);
    let row = r#"{"town": "Ulm", "area": 1}"#;
    let rows = |list: &str| format!("{{\"rows\": [{list}]}}");
    let wrong = [
        (400, "{"),
        (422, "3"),
        (422, "{\"rows\": []}"),
        (422, "[1]"),
        (422, "[{\"town\": \"Ulm\", \"areas\": 1}]"),
        (422, "[{\"town\": [\"Ulm\"], \"area\": 1}]"),
        (422, "[{\"town\": \"Rom\", \"area\": 1}]"),
        (422, "[{\"town\": null, \"area\": 1}]"),
        (422, "[{\"town\": \"Ulm\", \"area\": \"wide\"}]"),
        (413, &rows(&[row; 5].join(","))),
        (413, &" ".repeat(1001)),
        (400, &"[".repeat(900)),
    ];
    for (status, body) in wrong {
        let (found, answer) = server.post(body);
        assert_eq!(found, status, "{body}: {answer}");
        let answer: serde_json::Value = serde_json::from_str(&answer).expect("errors are JSON");
        assert!(answer["error"]["message"].is_string(), "{answer}");
    }
    assert_eq!(server.get("/nothing").0, 404);
    assert_eq!(server.get("/predict").0, 405);
    assert_eq!(server.raw(b"hello\r\n\r\n").0, 400);
    let long = format!("GET / HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(20_000));
    assert_eq!(server.raw(long.as_bytes()).0, 431);
    let chunked = b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    assert_eq!(server.raw(chunked).0, 411);
    let twice = b"POST /predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx";
    assert_eq!(server.raw(twice).0, 400);
    // A client that leaves in the middle harms nobody.
    drop(TcpStream::connect(&server.address).map(|mut stream| stream.write_all(b"POST /pre")));
    assert_eq!(server.post(&rows(row)).0, 200);
    assert_eq!(server.stop(), 0);
}

#[test]
#[cfg(unix)]
fn many_clients_at_once_get_each_their_own_answer() {
    let server = Server::start(&[]);
    let ask = |at: usize| {
        let town = ["Ulm", "Kiel", "Bonn"][at % 3];
        server.post(&format!(
            "[{{\"town\": \"{town}\", \"area\": {}}}]",
            40 + at
        ))
    };
    let alone: Vec<(u16, String)> = (0..12).map(ask).collect();
    let together: Vec<(u16, String)> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..12).map(|at| scope.spawn(move || ask(at))).collect();
        asked
            .into_iter()
            .map(|thread| thread.join().expect("it answers"))
            .collect()
    });
    assert_eq!(alone, together);
    assert!(alone.iter().all(|(status, _)| *status == 200));
}

#[test]
fn a_page_shows_the_learning_rate_that_a_plateau_has_lowered() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let suite = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite/run");
    fs::copy(
        suite.join("a_plateau_lowers_the_rate.nnl"),
        folder.path().join("slide.nnl"),
    )
    .expect("it can be copied");
    let args = ["run", "slide.nnl", "-q", "--report", "page.html"];
    assert_eq!(nnlc(folder.path(), &args).0, 0);
    let page = fs::read_to_string(folder.path().join("page.html")).expect("it was written");
    let (_, chart) = page
        .split_once("aria-label=\"learning rate\"")
        .expect("a chart of its own");
    let (_, line) = chart.split_once("points=\"").expect("a line");
    let (line, _) = line.split_once('"').expect("it ends");
    let heights: Vec<&str> = line
        .split(' ')
        .filter_map(|point| Some(point.split_once(',')?.1))
        .collect();
    let levels: Vec<usize> = heights
        .chunk_by(|one, other| one == other)
        .map(<[&str]>::len)
        .collect();
    assert_eq!(levels, [3, 2, 2], "{line}");
}

#[test]
fn a_run_leaves_a_page_and_event_files() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::copy(strict().join("shops.csv"), folder.path().join("shops.csv"))
        .expect("it can be copied");
    let program = fs::read_to_string(strict().join("shops.nnl")).expect("it was written");
    fs::write(folder.path().join("<b>.nnl"), program).expect("a file can be written");
    let args = [
        "run",
        "<b>.nnl",
        "-q",
        "--report",
        "page.html",
        "--tensorboard",
        "events",
    ];
    let (code, _, err) = nnlc(folder.path(), &args);
    assert_eq!((code, err.as_str()), (0, ""));
    let page = fs::read_to_string(folder.path().join("page.html")).expect("it was written");
    for part in [
        "<h1>&lt;b&gt;.nnl</h1>",
        "Confusion",
        "ROC",
        "Precision and recall",
        "Settings",
        "Environment",
        "Dense[0]",
        "market",
    ] {
        let part = if part == "Confusion" {
            "actual \\ predicted"
        } else {
            part
        };
        assert!(page.contains(part), "{part}");
    }
    for part in ["<script", "http:", "https:", "src=\"/", "NaN", "<b>"] {
        assert!(!page.contains(part), "{part}");
    }
    let events: Vec<PathBuf> = fs::read_dir(folder.path().join("events/fit"))
        .expect("a folder for the run")
        .map(|entry| entry.expect("readable").path())
        .collect();
    let bytes = fs::read(&events[0]).expect("it was written");
    assert!(bytes.windows(10).any(|window| window == b"train/loss"));
    let args = ["run", "<b>.nnl", "-q", "--report", "no/page.html"];
    assert_eq!(nnlc(folder.path(), &args).0, 3);
}

#[test]
fn a_search_finds_what_trains_best_and_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for name in ["shops.csv", "shops.nnl"] {
        fs::copy(strict().join(name), folder.path().join(name)).expect("it can be copied");
    }
    let tune = |more: &[&str]| {
        let ranges = [
            "tune",
            "shops.nnl",
            "--set",
            "train.lr=log(1e-5..1e-1)",
            "--set",
            "train.epochs=6",
        ];
        nnlc(
            folder.path(),
            &[&ranges[..], &["--json", "--jobs", "2"], more].concat(),
        )
    };
    let lines = |text: &str| -> Vec<serde_json::Value> {
        text.lines()
            .map(|line| serde_json::from_str(line).expect("lines of JSON"))
            .collect()
    };
    let (code, out, err) = tune(&["--trials", "4"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let first = lines(&out);
    assert_eq!(first.len(), 5);
    let values: Vec<f64> = first[..4]
        .iter()
        .map(|line| line["value"].as_f64().expect("a number"))
        .collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(first[4]["value"].as_f64(), Some(least));
    // Four of six are there already; the best of all six is told.
    let (_, out, _) = tune(&["--trials", "6"]);
    assert_eq!(lines(&out).len(), 3);
    let (_, again, _) = tune(&["--trials", "6"]);
    assert_eq!(lines(&again).len(), 1, "nothing is left to try");
    assert_eq!(lines(&again)[0], lines(&out)[2]);
    // The command that is told comes to the value that is told.
    let best = &lines(&again)[0];
    let setting = best["settings"][0].as_str().expect("a setting");
    let (_, out, _) = nnlc(
        folder.path(),
        &[
            "run",
            "shops.nnl",
            "--json",
            "--set",
            setting,
            "--set",
            "train.epochs=6",
        ],
    );
    let losses = lines(&out)
        .into_iter()
        .filter_map(|line| line["val.loss"].as_f64());
    let least = losses.fold(f64::INFINITY, f64::min);
    // The two tell the same `f32` in as many digits as they like.
    assert_eq!(
        least as f32,
        best["value"].as_f64().expect("a number") as f32
    );
    assert_eq!(
        tune(&["--trials", "6", "--seed", "1"]).0,
        3,
        "the book is of another search"
    );
    let (code, out, _) = tune(&["--trials", "9", "--halving", "--dir", "halving"]);
    assert_eq!(code, 0);
    let lengths: Vec<u64> = lines(&out)
        .iter()
        .filter_map(|line| line["length"].as_u64())
        .collect();
    assert_eq!(lengths, [[2; 9].as_slice(), &[6; 3]].concat());
    // Those that were left went on: what the best came to is what a run comes to that was never stopped.
    let best = lines(&out).pop().expect("a line");
    let setting = best["settings"][0].as_str().expect("a setting");
    let alone = [
        "run",
        "shops.nnl",
        "-q",
        "--set",
        setting,
        "--run-dir",
        "alone",
    ];
    let alone = [&alone[..], &["--set", "train.epochs=6"]].concat();
    assert_eq!(nnlc(folder.path(), &alone).0, 0);
    let model = |place: &str| fs::read(folder.path().join(place).join("fit.nnlm"));
    let trial = format!("halving/trials/{}", best["trial"]);
    assert!(model(&trial).expect("it is over") == model("alone").expect("it is over"));
    let left = fs::read_dir(folder.path().join("halving/trials"));
    assert_eq!(
        left.expect("a folder").count(),
        1,
        "what was left behind is gone"
    );
}

#[test]
fn a_search_leaves_what_was_saved() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for name in ["shops.csv", "shops.nnlm"] {
        fs::copy(strict().join(name), folder.path().join(name)).expect("it can be copied");
    }
    let program = fs::read_to_string(strict().join("shops.nnl")).expect("it was written");
    let kept = program.replace("batch: 16", "batch: 16, checkpoint: { dir: \"kept\" }");
    fs::write(folder.path().join("shops.nnl"), kept).expect("a file can be written");
    let search = ["tune", "shops.nnl", "--set", "train.epochs=1..5", "-q"];
    let (code, _, err) = nnlc(folder.path(), &[&search[..], &["--trials", "3"]].concat());
    assert_eq!((code, err.as_str()), (0, ""));
    let saved = |folder: &Path| fs::read(folder.join("shops.nnlm")).expect("it is there");
    assert!(
        saved(folder.path()) == saved(strict()),
        "a trial saved its model"
    );
    assert!(!folder.path().join("kept").exists(), "a trial was kept");
}

#[test]
fn searches_that_lead_nowhere_are_refused() {
    let folder = strict();
    let tune = |args: &[&str]| {
        nnlc(
            folder,
            &[
                &["tune", "shops.nnl", "--dir", "never", "--trials", "1"],
                args,
            ]
            .concat(),
        )
    };
    assert_eq!(tune(&[]).0, 2, "no range");
    assert_eq!(tune(&["--set", "train.lr=log(0..1)"]).0, 2);
    assert_eq!(
        tune(&["--set", "train.momentum=0.0..1.0"]).0,
        1,
        "adam has none"
    );
    assert_eq!(
        nnlc(folder, &["tune", "none.nnl", "--set", "train.lr=1..2"]).0,
        3
    );
    let tempdir = tempfile::tempdir().expect("a folder can be made");
    let dir = tempdir.path().to_string_lossy().into_owned();
    let (code, _, err) = nnlc(
        folder,
        &[
            "tune",
            "shops.nnl",
            "--dir",
            &dir,
            "--trials",
            "1",
            "--on",
            "val.los",
            "--set",
            "train.lr=0.1..0.2",
            "--set",
            "train.epochs=1",
        ],
    );
    assert_eq!(code, 4);
    assert!(
        err.contains("nothing records `val.los`; there is `train.loss`, `val.loss`"),
        "{err}"
    );
}

#[test]
fn runs_are_laid_side_by_side() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    for name in ["shops.csv", "shops.nnl"] {
        fs::copy(strict().join(name), folder.path().join(name)).expect("it can be copied");
    }
    for (dir, rate) in [("slow", "fit.lr=1e-3"), ("fast", "fit.lr=1e-1")] {
        let args = [
            "run",
            "shops.nnl",
            "-q",
            "--run-dir",
            dir,
            "--set",
            rate,
            "--set",
            "fit.epochs=3",
        ];
        assert_eq!(nnlc(folder.path(), &args).0, 0);
        let page =
            fs::read_to_string(folder.path().join(dir).join("report.html")).expect("it is kept");
        assert!(page.contains("actual \\ predicted"));
    }
    let (code, out, err) = nnlc(
        folder.path(),
        &["compare", "slow", "fast", "--output", "both.html"],
    );
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("optimizer") && out.contains("slow") && out.contains("val.accuracy"),
        "{out}"
    );
    assert!(
        !out.contains("cross_entropy"),
        "the loss is the same: {out}"
    );
    let page = fs::read_to_string(folder.path().join("both.html")).expect("it was written");
    assert!(
        page.contains("slow, val") && page.contains("fast, val"),
        "curves beside each other"
    );
    assert_eq!(nnlc(folder.path(), &["compare", "slow", "nowhere"]).0, 3);
}
