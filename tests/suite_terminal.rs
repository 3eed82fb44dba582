//! The prompt on a terminal: each file of `tests/suite/terminal` is typed into `nnlc` behind a pseudo-terminal, and the snapshot holds
//! what the screen shows. A line of a file is typed with Enter behind it; lines that begin with `!` steer:
//!
//! - `!keys TEXT` types without Enter; `<Tab>`, `<Enter>`, `<Up>`, `<C-c>`, … are keys;
//! - `!until TEXT` waits until that stands on the screen, `!prompt` until a line can be typed;
//! - `!screen` takes the screen into the snapshot.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, PtySize, native_pty_system};

const ROWS: NonZero<u16> = NonZero::new(40).expect("it is not");
const COLUMNS: NonZero<u16> = NonZero::new(80).expect("it is not");

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a screen must keep still for to count as drawn.
const STILL: Duration = Duration::from_millis(250);

/// What the terminal asks, and is asked by whoever wants to know where its cursor is.
const WHERE: &[u8] = b"\x1b[6n";

type Screen = Arc<Mutex<vt100::Parser>>;
type Keys = Arc<Mutex<Box<dyn Write + Send>>>;

/// A terminal with `nnlc` in it.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    screen: Screen,
    keys: Keys,
}

impl Terminal {
    fn open(folder: &Path) -> Terminal {
        let size = PtySize {
            rows: ROWS.get(),
            cols: COLUMNS.get(),
            ..PtySize::default()
        };
        let pair = native_pty_system()
            .openpty(size)
            .expect("a terminal can be made");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_nnlc"));
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        command.env("XDG_DATA_HOME", folder);
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).expect("nnlc starts");
        let screen = Arc::new(Mutex::new(vt100::Parser::new(ROWS, COLUMNS, 0)));
        let keys = pair.master.take_writer().expect("it has a keyboard");
        let keys: Keys = Arc::new(Mutex::new(keys));
        let output = pair.master.try_clone_reader().expect("it has a screen");
        let (seen, answers) = (screen.clone(), keys.clone());
        // The master lives as long as its reader.
        std::thread::spawn(move || (draw(output, &seen, &answers), pair.master));
        Terminal {
            child,
            screen,
            keys,
        }
    }

    fn press(&self, keys: &str) {
        let mut keyboard = self.keys.lock().expect("no writer fails");
        keyboard.write_all(keys.as_bytes()).expect("nnlc listens");
        keyboard.flush().expect("nnlc listens");
    }

    fn contents(&self) -> String {
        let screen = self.screen.lock().expect("no reader fails");
        let text = screen.screen().contents();
        let lines = text.lines().map(str::trim_end);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Waits until a text stands on the screen.
    fn until(&self, wanted: &str) {
        let began = Instant::now();
        while !self.contents().contains(wanted) {
            let text = self.contents();
            assert!(
                began.elapsed() < PATIENCE,
                "`{wanted}` does not come:\n{text}"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// The screen once it keeps still.
    fn still(&self) -> String {
        let (began, mut since) = (Instant::now(), Instant::now());
        let mut text = self.contents();
        while since.elapsed() < STILL {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.contents();
            if now != text {
                (text, since) = (now, Instant::now());
            }
            assert!(began.elapsed() < PATIENCE, "no end of drawing:\n{text}");
        }
        text
    }

    /// Waits until the screen keeps still, or is drawn for so long that something runs which draws.
    fn settles(&self) {
        let (began, mut since) = (Instant::now(), Instant::now());
        let mut text = self.contents();
        while since.elapsed() < STILL && began.elapsed() < 10 * STILL {
            std::thread::sleep(Duration::from_millis(20));
            let now = self.contents();
            if now != text {
                (text, since) = (now, Instant::now());
            }
        }
    }

    /// A line is typed when the prompt waits for it.
    fn waits(&self) {
        let began = Instant::now();
        while !self.is_at_prompt() {
            let text = self.contents();
            assert!(began.elapsed() < PATIENCE, "no prompt comes:\n{text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_at_prompt(&self) -> bool {
        let screen = self.screen.lock().expect("no reader fails");
        let (row, column) = screen.screen().cursor_position();
        let line = screen.screen().contents_between(row, 0, row, column);
        ["nnl>", "...>"].contains(&line.trim_end())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // What has ended cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Draws what comes until nothing does, and says where the cursor is when asked.
fn draw(mut output: Box<dyn Read + Send>, screen: &Screen, keys: &Keys) {
    let mut bytes = [0; 4096];
    while let Ok(n @ 1..) = output.read(&mut bytes) {
        let mut rest = &bytes[..n];
        while let Some(at) = rest.windows(WHERE.len()).position(|own| own == WHERE) {
            let mut screen = screen.lock().expect("no reader fails");
            screen.process(&rest[..at]);
            let (row, column) = screen.screen().cursor_position();
            let answer = format!("\x1b[{};{}R", row + 1, column + 1);
            let mut keys = keys.lock().expect("no writer fails");
            // Who has left asks no more.
            let _ = keys.write_all(answer.as_bytes());
            rest = &rest[at + WHERE.len()..];
        }
        screen.lock().expect("no reader fails").process(rest);
    }
}

/// Keys by name in angle brackets, everything else as it is.
fn keys(text: &str) -> String {
    let names = [
        ("<Enter>", "\r"),
        ("<Tab>", "\t"),
        ("<Up>", "\x1b[A"),
        ("<Down>", "\x1b[B"),
        ("<Right>", "\x1b[C"),
        ("<C-a>", "\x01"),
        ("<C-c>", "\x03"),
        ("<C-d>", "\x04"),
        ("<C-r>", "\x12"),
        ("<Esc>", "\x1b"),
    ];
    let replaced = |text: String, (name, key): (&str, &str)| text.replace(name, key);
    names.into_iter().fold(text.to_owned(), replaced)
}

/// Types a script; what its screens showed.
fn played(script: &str, folder: &Path) -> String {
    let terminal = Terminal::open(folder);
    let mut seen = String::new();
    for line in script.lines() {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("!keys", text) => terminal.press(&keys(text)),
            ("!until", text) => terminal.until(text),
            ("!prompt", _) => terminal.waits(),
            ("!screen", _) => {
                seen.push_str(&format!("{}\n────────\n", terminal.still().trim_end()));
            }
            _ => {
                terminal.waits();
                terminal.press(&format!("{line}\r"));
                terminal.settles();
            }
        }
    }
    seen
}

#[test]
fn terminal_files() {
    insta::glob!("suite/terminal/*.txt", |path| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let script = std::fs::read_to_string(path).expect("it can be read");
        insta::assert_snapshot!(played(&script, folder.path()));
    });
}
