//! Event files that TensorBoard reads: a file a run, a record an event, each framed by its length and checksums (TFRecord). The
//! messages are protocol buffers of three kinds, few enough to be written by hand.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::train::Event;

/// The files of all runs of a program.
pub(crate) struct Boards {
    folder: PathBuf,
    open: Option<(String, File)>,
}

impl Boards {
    /// Files under this folder, a folder for each run. It is made now, so that what forbids it is told before anything is trained.
    pub(crate) fn new(folder: &Path) -> io::Result<Boards> {
        fs::create_dir_all(folder)?;
        Ok(Boards {
            folder: folder.to_path_buf(),
            open: None,
        })
    }

    /// Writes what an event says.
    pub(crate) fn hear(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStart { run, .. } => {
                self.open = Some((run.clone(), begin(&self.folder.join(run))?));
                Ok(())
            }
            Event::Epoch { step, values, .. } => match &mut self.open {
                Some((_, file)) => file.write_all(&record(&scalars(*step, values, now()))),
                None => Ok(()),
            },
            Event::Done { .. } => match self.open.take() {
                Some((_, file)) => file.sync_all(),
                None => Ok(()),
            },
            Event::Step { .. } | Event::EarlyStop { .. } | Event::Warning(_) => Ok(()),
            Event::Resumed { .. } | Event::Spike { .. } | Event::Plateau { .. } => Ok(()),
        }
    }
}

/// A new file in a folder, which begins with the version of the format.
fn begin(folder: &Path) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    let (seconds, process) = (now() as u64, std::process::id());
    let name = (0..).map(|n| format!("events.out.tfevents.{seconds:010}.nnlc.{process}.{n}"));
    for name in name {
        match File::create_new(folder.join(name)) {
            Ok(mut file) => {
                let version = [double(1, now()), bytes(3, b"brain.Event:2")].concat();
                file.write_all(&record(&version))?;
                return Ok(file);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Seconds since 1970.
fn now() -> f64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0.0, |since| since.as_secs_f64())
}

/// An event of values at a step: `train.loss` becomes `train/loss`, so that those of a part stand together.
fn scalars(step: u64, values: &[(String, f64)], time: f64) -> Vec<u8> {
    let value = |(name, value): &(String, f64)| {
        let tag = name.replacen('.', "/", 1);
        let value = [bytes(1, tag.as_bytes()), single(2, *value as f32)].concat();
        bytes(1, &value)
    };
    let summary: Vec<u8> = values.iter().flat_map(value).collect();
    [double(1, time), whole(2, step), bytes(5, &summary)].concat()
}

/// `length, crc(length), message, crc(message)`
fn record(message: &[u8]) -> Vec<u8> {
    let length = (message.len() as u64).to_le_bytes();
    let sum = |bytes: &[u8]| masked(crc32c::crc32c(bytes)).to_le_bytes();
    [&length[..], &sum(&length), message, &sum(message)].concat()
}

/// Checksums inside data that is itself checked are stored turned and moved.
fn masked(sum: u32) -> u32 {
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut all = vec![];
    while n >= 0x80 {
        all.push(n as u8 | 0x80);
        n >>= 7;
    }
    all.push(n as u8);
    all
}

fn whole(field: u64, n: u64) -> Vec<u8> {
    [varint(field << 3), varint(n)].concat()
}

fn double(field: u64, x: f64) -> Vec<u8> {
    [varint(field << 3 | 1), x.to_le_bytes().to_vec()].concat()
}

fn bytes(field: u64, text: &[u8]) -> Vec<u8> {
    [
        varint(field << 3 | 2),
        varint(text.len() as u64),
        text.to_vec(),
    ]
    .concat()
}

fn single(field: u64, x: f32) -> Vec<u8> {
    [varint(field << 3 | 5), x.to_le_bytes().to_vec()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_as_the_format_has_them() {
        assert_eq!(varint(300), [0xac, 0x02]);
        let event = scalars(2, &[("train.loss".into(), 0.5)], 1.0);
        let value = [b"\x0a\x0atrain/loss\x15".as_slice(), &0.5f32.to_le_bytes()].concat();
        let wanted = [
            b"\x09".as_slice(),
            &1f64.to_le_bytes(),
            b"\x10\x02\x2a\x13\x0a\x11",
            &value,
        ]
        .concat();
        assert_eq!(event, wanted);
        // RFC 3720, B.4: 32 bytes of zeros.
        assert_eq!(crc32c::crc32c(&[0; 32]), 0x8a91_36aa);
        let framed = record(b"");
        assert_eq!(framed.len(), 16);
        assert_eq!(framed[..8], [0; 8]);
    }
}
