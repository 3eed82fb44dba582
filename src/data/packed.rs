//! Files that may be packed by gzip, read piece by piece, so that none is in memory whole. Knows bytes; nothing of what they mean.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::bufread::GzDecoder;

/// The bytes between two reads of a file.
const BLOCK: usize = 1 << 17;

/// More than any packed byte unpacks to.
const MOST_UNPACKED: u64 = 1100;

/// A file that is being read.
pub(crate) struct Packed {
    bytes: BufReader<Box<dyn Read>>,
    most: u64,
}

/// Opens a file, packed or not.
pub(crate) fn open_packed(path: &Path) -> io::Result<Packed> {
    let file = File::open(path)?;
    let len = file.metadata()?.len();
    let mut file = BufReader::with_capacity(BLOCK, file);
    let is_packed = file.fill_buf()?.starts_with(b"\x1f\x8b");
    let (bytes, most): (Box<dyn Read>, u64) = match is_packed {
        true => (
            Box::new(GzDecoder::new(file)),
            len.saturating_mul(MOST_UNPACKED),
        ),
        false => (Box::new(file), len),
    };
    Ok(Packed {
        bytes: BufReader::with_capacity(BLOCK, bytes),
        most,
    })
}

impl Packed {
    /// The number of bytes of a file that is not packed, and of another more than it holds.
    pub(crate) fn most_left(&self) -> u64 {
        self.most
    }

    /// The next bytes, `len` of them or as many as are left.
    pub(crate) fn piece(&mut self, len: usize) -> io::Result<Vec<u8>> {
        let mut piece = vec![];
        self.bytes
            .by_ref()
            .take(len as u64)
            .read_to_end(&mut piece)?;
        Ok(piece)
    }
}
