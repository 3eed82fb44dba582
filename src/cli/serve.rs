//! `nnlc serve`: a saved model over HTTP. Connections have a thread each and hand their rows to one queue; the thread that owns the
//! model takes all that wait there and predicts them together. Connections, queue, heads, bodies and times are bounded.

mod count;
mod http;
mod schema;

use std::io::ErrorKind;
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::cli::args::{Global, Serve};
use crate::cli::model::{Opened, open, told_of};
use crate::cli::predict::sheet::value;
use crate::cli::{Done, FILE, Out, Stop, interrupt};
use crate::data::Table;
use crate::diag::Diagnostic;
use crate::session::{Column, Rows};

use count::Counts;
use http::{Broken, Request, Response, Wire, faulty};
use schema::Schema;

/// Connections at once.
const MOST_CONNECTIONS: usize = 128;
/// Requests that may wait.
const MOST_WAITING: usize = 256;
/// How often the server looks whether it is to end.
const GLANCE: Duration = Duration::from_millis(20);
/// How long it waits for connections in the end.
const FAREWELL: Duration = Duration::from_secs(12);

/// Rows that wait for the model.
struct Job {
    rows: Table,
    reply: SyncSender<Result<Vec<Column>, Diagnostic>>,
}

/// What connections share.
struct Shared {
    schema: Schema,
    counts: Counts,
    queue: Mutex<Option<SyncSender<Job>>>,
    is_over: AtomicBool,
    n_connections: AtomicUsize,
    most_body: usize,
}

pub(crate) fn serve(args: &Serve, global: &Global, out: &mut Out<'_>) -> Done {
    let Opened { model, .. } = open("serve", &args.model, &[], global, out)?;
    let mut rows = told_of(&model, model.rows(model.span()), out)?;
    let mut schema = Schema::of(&model, args.batch as usize);
    // The first answer compiles; no client shall wait for that.
    if let Ok(columns) = rows.predict(&schema.example_table()) {
        schema.learn(&columns, &model);
    }
    let listener = bound(args, out)?;
    let (sender, jobs) = mpsc::sync_channel(MOST_WAITING);
    let shared = Arc::new(Shared {
        schema,
        counts: Counts::default(),
        queue: Mutex::new(Some(sender)),
        is_over: AtomicBool::new(false),
        n_connections: AtomicUsize::new(0),
        most_body: args.max_body as usize,
    });
    interrupt::listen();
    let accepting = thread::spawn({
        let shared = Arc::clone(&shared);
        move || accept(&listener, &shared)
    });
    work(&mut rows, &jobs, &shared, args.batch as usize);
    // Nobody is left to tell of a thread that failed.
    let _ = accepting.join();
    farewell(&shared);
    Ok(out.note("stopped\n")?)
}

fn bound(args: &Serve, out: &mut Out<'_>) -> Done<TcpListener> {
    let tried = TcpListener::bind((args.host, args.port));
    let tried = tried.and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok((listener.local_addr()?, listener))
    });
    match tried {
        Ok((address, listener)) => {
            out.text(&format!(
                "serving {} at http://{address}\n",
                args.model.display()
            ))?;
            Ok(listener)
        }
        Err(error) => {
            let place = format!("{}:{}", args.host, args.port);
            out.note(&format!(
                "nnlc: cannot listen at {place}: {error}; `--port 0` takes a free one\n"
            ))?;
            Err(Stop::Code(FILE))
        }
    }
}

/// Takes connections until the server is to end.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while !shared.is_over.load(Ordering::SeqCst) {
        match listener.accept() {
            Ok((stream, _)) => begin(stream, shared),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                thread::sleep(Duration::from_millis(2));
            }
            // Out of file descriptors, or a client that left at once: the next may fare better.
            Err(_) => thread::sleep(GLANCE),
        }
    }
}

/// A thread for a connection, if there are not too many.
fn begin(stream: TcpStream, shared: &Arc<Shared>) {
    let Ok(mut wire) = Wire::new(stream, shared.most_body) else {
        return;
    };
    if shared.n_connections.fetch_add(1, Ordering::SeqCst) >= MOST_CONNECTIONS {
        shared.n_connections.fetch_sub(1, Ordering::SeqCst);
        shared.counts.answered(503);
        // Whoever does not listen is not told.
        let _ = wire.answer(&Response::error(503, "too many connections"), None);
        return;
    }
    let own = Arc::clone(shared);
    let spawned = thread::Builder::new().spawn(move || {
        converse(wire, &own);
        own.n_connections.fetch_sub(1, Ordering::SeqCst);
    });
    if spawned.is_err() {
        shared.n_connections.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers the requests of a connection, one after the other.
fn converse(mut wire: Wire, shared: &Shared) {
    let is_over = || shared.is_over.load(Ordering::SeqCst);
    loop {
        let (request, response) = match wire.request(&is_over) {
            Ok(request) => {
                let response = answer(&request, shared);
                (Some(request), response)
            }
            Err(Broken::Refused(response)) => (None, response),
            Err(Broken::Gone) => return,
        };
        shared.counts.answered(response.status);
        let is_sent = wire.answer(&response, request.as_ref()).is_ok();
        let stays = request.is_some_and(|request| request.stays);
        if !is_sent || !stays || is_over() {
            return wire.end();
        }
    }
}

fn answer(request: &Request, shared: &Shared) -> Response {
    let text = |kind, body: String| Response {
        status: 200,
        kind,
        body: body.into_bytes(),
    };
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/predict") => predicted(request, shared).unwrap_or_else(|refusal| refusal),
        ("GET" | "HEAD", "/") => text(
            "text/html; charset=utf-8",
            include_str!("serve/page.html").into(),
        ),
        ("GET" | "HEAD", "/schema") => Response::json(200, &shared.schema.json()),
        ("GET" | "HEAD", "/health") => Response::json(200, &json!({ "status": "ok" })),
        ("GET" | "HEAD", "/metrics") => text("text/plain; version=0.0.4", shared.counts.text()),
        (_, "/predict") => Response::error(405, "rows are sent with POST"),
        (_, "/" | "/schema" | "/health" | "/metrics") => {
            Response::error(405, "this is read with GET")
        }
        _ => Response::error(404, "there are /, /predict, /schema, /health and /metrics"),
    }
}

/// The predictions for the rows of a request.
fn predicted(request: &Request, shared: &Shared) -> Result<Response, Response> {
    let began = Instant::now();
    let rows = shared.schema.table(&request.body)?;
    let (reply, answer) = mpsc::sync_channel(1);
    let queue = shared
        .queue
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let queue = queue.ok_or_else(|| Response::error(503, "the server is stopping"))?;
    queue
        .try_send(Job { rows, reply })
        .map_err(|error| match error {
            TrySendError::Full(_) => Response::error(503, "too many requests are waiting"),
            TrySendError::Disconnected(_) => Response::error(503, "the server is stopping"),
        })?;
    drop(queue);
    let columns = answer
        .recv()
        .map_err(|_| Response::error(500, "the model gave no answer"))?;
    let columns = columns.map_err(|report| faulty(&report))?;
    shared.counts.took(began.elapsed());
    Ok(Response::json(200, &json!({ "rows": as_rows(&columns) })))
}

fn as_rows(columns: &[Column]) -> Vec<Value> {
    let row = |row: usize| {
        let cells = columns.iter();
        let cells = cells.map(|column| (column.name.clone(), value(&column.values, row)));
        Value::Object(cells.collect::<Map<_, _>>())
    };
    (0..columns.first().map_or(0, Column::len))
        .map(row)
        .collect()
}

/// Predicts what waits, together as far as it fits into a batch, until the server is to end and nothing waits any more.
fn work(rows: &mut Rows<'_>, jobs: &Receiver<Job>, shared: &Shared, most: usize) {
    let mut next = None;
    loop {
        if interrupt::is_asked() {
            shared.is_over.store(true, Ordering::SeqCst);
            shared
                .queue
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
        }
        let first = match next.take() {
            Some(job) => job,
            None => match jobs.recv_timeout(GLANCE) {
                Ok(job) => job,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            },
        };
        let (batch, left) = gathered(first, jobs, most);
        next = left;
        let (tables, replies): (Vec<Table>, Vec<_>) =
            batch.into_iter().map(|job| (job.rows, job.reply)).unzip();
        shared.counts.batch(tables.iter().map(Table::n_rows).sum());
        for (reply, answer) in replies.into_iter().zip(rows.predict_together(&tables)) {
            // A client that has left needs no answer.
            let _ = reply.send(answer);
        }
    }
}

/// A job and those that wait behind it, up to so many rows; and the one that was too much.
fn gathered(first: Job, jobs: &Receiver<Job>, most: usize) -> (Vec<Job>, Option<Job>) {
    let mut n_rows = first.rows.n_rows();
    let mut batch = vec![first];
    while n_rows < most {
        match jobs.try_recv() {
            Ok(job) if n_rows + job.rows.n_rows() > most => return (batch, Some(job)),
            Ok(job) => {
                n_rows += job.rows.n_rows();
                batch.push(job);
            }
            Err(_) => break,
        }
    }
    (batch, None)
}

/// Waits until what was asked is answered, but not for ever.
fn farewell(shared: &Shared) {
    let until = Instant::now() + FAREWELL;
    while shared.n_connections.load(Ordering::SeqCst) > 0 && Instant::now() < until {
        thread::sleep(GLANCE);
    }
}
