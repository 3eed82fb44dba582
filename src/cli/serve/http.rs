//! One connection: requests in, answers out, everything bounded. A head has its size and its number of fields, a body its length, and
//! both their time: a client that is slow or silent is told so and left. Bodies come with their length; nothing is sent in chunks.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use crate::diag::Diagnostic;

/// The longest head.
const MOST_HEAD: usize = 16 << 10;
/// The most fields in a head.
const MOST_FIELDS: usize = 64;
/// How long a request may take to arrive, once it has begun.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection may be silent between requests.
const SILENCE: Duration = Duration::from_secs(15);
/// How long an answer may take to be taken.
const TAKING: Duration = Duration::from_secs(10);
/// How often a silent connection looks whether the server ends.
const GLANCE: Duration = Duration::from_millis(100);
/// How much of what nobody will read is still taken, so that the answer before it arrives.
const MOST_DRAINED: usize = 1 << 20;

/// A request that has arrived.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Vec<u8>,
    /// Whether the connection goes on.
    pub(super) stays: bool,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) body: Vec<u8>,
}

/// Why there is no request.
#[derive(Debug)]
pub(super) enum Broken {
    /// Nobody is there any more.
    Gone,
    /// What arrives is none; the answer says why.
    Refused(Response),
}

impl Response {
    /// An answer in JSON.
    pub(super) fn json(status: u16, value: &serde_json::Value) -> Response {
        Response {
            status,
            kind: "application/json",
            body: format!("{value}\n").into_bytes(),
        }
    }

    /// What went wrong, in a sentence.
    pub(super) fn error(status: u16, message: impl Into<String>) -> Response {
        let message = message.into();
        Response::json(
            status,
            &serde_json::json!({ "error": { "message": message } }),
        )
    }

    fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            408 => "Request Timeout",
            411 => "Length Required",
            413 => "Content Too Large",
            422 => "Unprocessable Content",
            431 => "Request Header Fields Too Large",
            503 => "Service Unavailable",
            _ => "Internal Server Error",
        }
    }
}

/// A fault of a row, as reports have it.
pub(super) fn faulty(report: &Diagnostic) -> Response {
    let status = if report.code.exit_code() == 3 {
        422
    } else {
        500
    };
    let mut error =
        serde_json::json!({ "code": report.code.to_string(), "message": report.message });
    if let Some(error) = error.as_object_mut() {
        if !report.notes.is_empty() {
            error.insert("notes".into(), report.notes.clone().into());
        }
        if let Some(help) = &report.help {
            error.insert("help".into(), help.as_str().into());
        }
    }
    Response::json(status, &serde_json::json!({ "error": error }))
}

/// A connection.
pub(super) struct Wire {
    stream: TcpStream,
    /// What has arrived and was not used yet.
    arrived: Vec<u8>,
    most_body: usize,
}

/// What a head says.
struct Head {
    method: String,
    path: String,
    /// Its own bytes.
    len: usize,
    body: usize,
    stays: bool,
    /// Whether the body waits for a word.
    asks: bool,
}

impl Wire {
    /// A connection whose bodies are at most so long.
    pub(super) fn new(stream: TcpStream, most_body: usize) -> io::Result<Wire> {
        stream.set_nonblocking(false)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(TAKING))?;
        Ok(Wire {
            stream,
            arrived: vec![],
            most_body,
        })
    }

    /// The next request. While there is none, `is_over` may end the wait.
    pub(super) fn request(&mut self, is_over: &dyn Fn() -> bool) -> Result<Request, Broken> {
        self.wait(is_over)?;
        let deadline = Instant::now() + PATIENCE;
        let head = loop {
            match self.head()? {
                Some(head) => break head,
                None => self.fill(deadline)?,
            }
        };
        if head.body > self.most_body {
            let most = self.most_body;
            let message = format!("the body has {} bytes; at most {most} are taken", head.body);
            return Err(Broken::Refused(Response::error(413, message)));
        }
        if head.asks {
            let word = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            word.map_err(|_| Broken::Gone)?;
        }
        while self.arrived.len() < head.len + head.body {
            self.fill(deadline)?;
        }
        let rest = self.arrived.split_off(head.len + head.body);
        let body = std::mem::replace(&mut self.arrived, rest).split_off(head.len);
        Ok(Request {
            method: head.method,
            path: head.path,
            body,
            stays: head.stays,
        })
    }

    /// Waits for the first byte.
    fn wait(&mut self, is_over: &dyn Fn() -> bool) -> Result<(), Broken> {
        let until = Instant::now() + SILENCE;
        while self.arrived.is_empty() {
            if is_over() || Instant::now() >= until {
                return Err(Broken::Gone);
            }
            match self.read(GLANCE) {
                Ok(0) => return Err(Broken::Gone),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => {}
                Err(_) => return Err(Broken::Gone),
            }
        }
        Ok(())
    }

    /// Takes more of what arrives, before the time is up.
    fn fill(&mut self, deadline: Instant) -> Result<(), Broken> {
        let late = || {
            let seconds = PATIENCE.as_secs();
            let message = format!("the request did not arrive within {seconds} seconds");
            Broken::Refused(Response::error(408, message))
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(late());
        }
        match self.read(left) {
            Ok(0) => Err(Broken::Gone),
            Ok(_) => Ok(()),
            Err(error) if is_timeout(&error) => Err(late()),
            Err(_) => Err(Broken::Gone),
        }
    }

    fn read(&mut self, patience: Duration) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(patience))?;
        let mut piece = [0; 8 << 10];
        let n = self.stream.read(&mut piece)?;
        self.arrived.extend(&piece[..n]);
        Ok(n)
    }

    /// The head, once it is there.
    fn head(&self) -> Result<Option<Head>, Broken> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut request = httparse::Request::new(&mut fields);
        let refused = |status, message: &str| Broken::Refused(Response::error(status, message));
        match request.parse(&self.arrived) {
            Ok(httparse::Status::Complete(len)) if len > MOST_HEAD => {
                Err(refused(431, "the head of the request is too long"))
            }
            Ok(httparse::Status::Complete(len)) => head_of(&request, len).map(Some),
            Ok(httparse::Status::Partial) if self.arrived.len() <= MOST_HEAD => Ok(None),
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                Err(refused(431, "the head of the request is too long"))
            }
            Err(error) => Err(refused(
                400,
                &format!("this is no request of HTTP/1: {error}"),
            )),
        }
    }

    /// Sends an answer.
    pub(super) fn answer(
        &mut self,
        response: &Response,
        request: Option<&Request>,
    ) -> io::Result<()> {
        let stays = request.is_some_and(|request| request.stays);
        let is_head = request.is_some_and(|request| request.method == "HEAD");
        let retry = if response.status == 503 {
            "Retry-After: 1\r\n"
        } else {
            ""
        };
        let head = format!(
            "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\n{retry}Connection: {}\r\n\r\n",
            response.status,
            response.reason(),
            response.kind,
            response.body.len(),
            if stays { "keep-alive" } else { "close" },
        );
        let mut bytes = head.into_bytes();
        if !is_head {
            bytes.extend(&response.body);
        }
        self.stream.write_all(&bytes)
    }

    /// Ends a connection so that the last answer arrives, whatever was still being sent.
    pub(super) fn end(mut self) {
        if self.stream.shutdown(Shutdown::Write).is_err() {
            return;
        }
        let until = Instant::now() + Duration::from_secs(1);
        let mut drained = 0;
        while drained < MOST_DRAINED && Instant::now() < until {
            self.arrived.clear();
            match self.read(GLANCE) {
                Ok(0) => return,
                Ok(n) => drained += n,
                Err(error) if is_timeout(&error) => {}
                Err(_) => return,
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

fn head_of(request: &httparse::Request<'_, '_>, len: usize) -> Result<Head, Broken> {
    let named = |name: &str| {
        let fields = request.headers.iter();
        let own = fields.filter(|field| field.name.eq_ignore_ascii_case(name));
        own.map(|field| {
            String::from_utf8_lossy(field.value)
                .trim()
                .to_ascii_lowercase()
        })
        .collect::<Vec<String>>()
    };
    let refused = |status, message: &str| Broken::Refused(Response::error(status, message));
    if !named("transfer-encoding").is_empty() {
        return Err(refused(
            411,
            "send the body with its `Content-Length`, not in chunks",
        ));
    }
    let lengths = named("content-length");
    let body = match lengths.as_slice() {
        [] => 0,
        [first, rest @ ..] if rest.iter().all(|other| other == first) => {
            let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
            let length = first.parse().ok().filter(|_| is_number);
            length.ok_or_else(|| refused(400, "`Content-Length` is no number"))?
        }
        _ => return Err(refused(400, "two different `Content-Length`s")),
    };
    let is_new = request.version == Some(1);
    let connection = named("connection");
    Ok(Head {
        method: request.method.unwrap_or("").to_owned(),
        path: path_of(request.path.unwrap_or("")).to_owned(),
        len,
        body,
        stays: is_new && !connection.iter().any(|word| word == "close"),
        asks: named("expect").iter().any(|word| word == "100-continue"),
    })
}

/// A path without what follows `?`.
fn path_of(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}
