//! The bytes of images: in memory up to a limit, beyond it in a temporary file without a name, so that a set of any size takes the
//! same memory. The file is read at places and not mapped: pages of a map count as memory of the process, and a file that another
//! cuts short would end it. Knows bytes and places; nothing of the images that they are of.

use std::env;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

use crate::data::codes;
use crate::data::fault::Fault;

/// Bytes of images that a source keeps in memory: 256 MiB, which MNIST and both sets of CIFAR stay below.
pub const IMAGES_IN_MEMORY: u64 = 256 << 20;

/// The bytes between two writes to a file.
const BLOCK: usize = 1 << 18;

/// How many bytes may lie in memory, and where more of them go.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    most: u64,
    file: fn() -> io::Result<File>,
}

impl Default for Room {
    fn default() -> Room {
        Room::of(IMAGES_IN_MEMORY)
    }
}

impl Room {
    /// So many bytes in memory, others in the system's folder of temporary files.
    pub fn of(most: u64) -> Room {
        Room {
            most,
            file: tempfile::tempfile,
        }
    }

    #[cfg(test)]
    pub(crate) fn with_file(self, file: fn() -> io::Result<File>) -> Room {
        Room { file, ..self }
    }
}

/// Bytes that nothing changes any more; a copy shares them.
#[derive(Clone, Debug)]
pub(crate) struct ImageBytes(Arc<Held>);

#[derive(Debug)]
enum Held {
    Memory(Vec<u8>),
    File { file: File, len: u64 },
}

impl From<Vec<u8>> for ImageBytes {
    fn from(bytes: Vec<u8>) -> ImageBytes {
        ImageBytes(Arc::new(Held::Memory(bytes)))
    }
}

impl ImageBytes {
    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        match &*self.0 {
            Held::Memory(bytes) => bytes.len() as u64,
            Held::File { len, .. } => *len,
        }
    }

    /// All of them, where they lie in memory.
    pub(crate) fn memory(&self) -> Option<&[u8]> {
        match &*self.0 {
            Held::Memory(bytes) => Some(bytes),
            Held::File { .. } => None,
        }
    }

    /// `len` bytes from `start` on: those in memory where they lie, those of a file in `scratch`.
    pub(crate) fn read<'b>(
        &'b self,
        start: u64,
        len: usize,
        scratch: &'b mut Vec<u8>,
    ) -> io::Result<&'b [u8]> {
        match &*self.0 {
            Held::Memory(bytes) => Ok(&bytes[start as usize..][..len]),
            Held::File { file, .. } => {
                scratch.resize(len, 0);
                read_at(file, scratch, start)?;
                Ok(scratch)
            }
        }
    }

    /// Loses what lies in a file, as a disk does that fails.
    #[cfg(test)]
    pub(crate) fn lose(&self) {
        if let Held::File { file, .. } = &*self.0 {
            file.set_len(0).expect("the file is ours");
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], start: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, start)
}

#[cfg(windows)]
fn read_at(file: &File, mut bytes: &mut [u8], mut start: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, start)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => {
                bytes = &mut bytes[n..];
                start += n as u64;
            }
        }
    }
    Ok(())
}

/// What a source writes its images to, piece by piece: memory, until there are too many of them.
pub(crate) struct ImageWriter {
    room: Room,
    memory: Vec<u8>,
    file: Option<BufWriter<File>>,
    len: u64,
}

impl ImageWriter {
    pub(crate) fn new(room: Room) -> ImageWriter {
        ImageWriter {
            room,
            memory: vec![],
            file: None,
            len: 0,
        }
    }

    /// Says that so many bytes more are to come, if all goes well: where they would be too many, memory is not filled at all.
    pub(crate) fn expect(&mut self, more: u64) -> Result<(), Fault> {
        let all = self.len.saturating_add(more);
        if all > self.room.most {
            return self.spill(all);
        }
        self.memory
            .reserve_exact(usize::try_from(more).unwrap_or(0));
        Ok(())
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let len = self.len + bytes.len() as u64;
        if len > self.room.most {
            self.spill(len)?;
        }
        match &mut self.file {
            Some(file) => file
                .write_all(bytes)
                .map_err(|error| no_room(self.room, len, &error))?,
            None => self.memory.extend_from_slice(bytes),
        }
        self.len = len;
        Ok(())
    }

    /// All bytes that were taken.
    pub(crate) fn finish(self) -> Result<ImageBytes, Fault> {
        let held = match self.file {
            None => Held::Memory(self.memory),
            Some(file) => {
                let file = file.into_inner();
                let file = file.map_err(|error| no_room(self.room, self.len, error.error()))?;
                let len = self.len;
                Held::File { file, len }
            }
        };
        Ok(ImageBytes(Arc::new(held)))
    }

    /// Has a file take what is there and what follows, `wanted` bytes as far as is known.
    fn spill(&mut self, wanted: u64) -> Result<(), Fault> {
        if self.file.is_some() {
            return Ok(());
        }
        let started = (self.room.file)().and_then(|file| {
            let mut file = BufWriter::with_capacity(BLOCK, file);
            file.write_all(&self.memory)?;
            Ok(file)
        });
        self.file = Some(started.map_err(|error| no_room(self.room, wanted, &error))?);
        self.memory = vec![];
        Ok(())
    }
}

fn no_room(room: Room, wanted: u64, error: &io::Error) -> Fault {
    let message = format!(
        "{wanted} bytes of images cannot be kept in a temporary file in `{}`: {error}",
        env::temp_dir().display()
    );
    let label = format!("more than the {} MiB that lie in memory", room.most >> 20);
    let fault = Fault::new(codes::TEMPORARY_FILE, message, label);
    fault.help(
        "name a folder on a disk with room, `TMPDIR=/folder nnlc …`, or make the images smaller",
    )
}

/// What is said where images cannot be read back.
pub(crate) fn lost(error: &io::Error) -> Fault {
    let message = format!("images cannot be read back from their temporary file: {error}");
    let fault = Fault::new(codes::TEMPORARY_FILE, message, "while rows were read");
    fault.help("see that the disk is well, or name a folder on another: `TMPDIR=/folder nnlc …`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(room: Room, pieces: &[&[u8]]) -> ImageBytes {
        let mut writer = ImageWriter::new(room);
        for piece in pieces {
            writer.push(piece).expect("there is room");
        }
        writer.finish().expect("there is room")
    }

    #[test]
    fn bytes_are_the_same_in_memory_and_in_a_file() {
        let pieces: [&[u8]; 3] = [&[1, 2, 3], &[4], &[5, 6]];
        for most in 0..=6 {
            let bytes = written(Room::of(most), &pieces);
            assert_eq!(bytes.memory().is_some(), most == 6, "{most}");
            assert_eq!(bytes.len(), 6);
            let read = |start, len| {
                let mut scratch = vec![9; 9];
                bytes
                    .read(start, len, &mut scratch)
                    .expect("they are there")
                    .to_vec()
            };
            assert_eq!(read(0, 6), [1, 2, 3, 4, 5, 6]);
            assert_eq!(read(2, 3), [3, 4, 5]);
        }
    }

    #[test]
    fn bytes_that_are_announced_never_fill_memory() {
        let mut writer = ImageWriter::new(Room::of(8));
        writer.expect(6).expect("there is room");
        writer.push(&[1; 6]).expect("there is room");
        assert_eq!(writer.memory.len(), 6);
        writer.expect(3).expect("there is room");
        assert_eq!(writer.memory.capacity(), 0);
    }

    #[test]
    fn what_a_file_has_lost_is_an_error() {
        let bytes = written(Room::of(1), &[&[1, 2, 3]]);
        bytes.lose();
        let error = bytes.read(0, 1, &mut vec![]).expect_err("it is gone");
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_with_its_folder() {
        let full = || File::options().read(true).write(true).open("/dev/full");
        let none = || Err(io::ErrorKind::PermissionDenied.into());
        for room in [Room::of(2).with_file(full), Room::of(2).with_file(none)] {
            let mut writer = ImageWriter::new(room);
            let pushed = writer.push(&[7; 5]);
            let fault = pushed.and_then(|()| writer.finish().map(drop));
            let fault = fault.expect_err("nothing can be written");
            let said = format!("{fault:?}");
            let folder = env::temp_dir().display().to_string();
            for part in ["5 bytes of images", &folder, "TMPDIR"] {
                assert!(said.contains(part), "{said}");
            }
        }
    }
}
