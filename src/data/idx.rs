//! The IDX format of the MNIST files, raw or gzip-compressed: a magic number, sizes, bytes. `idx("dir")` finds four files in a folder:
//! images and labels to train on, and those of a given part `test`. Files are read piece by piece.

use std::fs;
use std::io;
use std::path::Path;

use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::image_bytes::{ImageWriter, Room};
use crate::data::packed::{Packed, open_packed};
use crate::data::pixels::Pixels;
use crate::data::spec::FolderSpec;
use crate::data::table::{Cells, Column, Given, Table};

/// An IDX file whose header has been read: sizes, and bytes to come.
struct Idx {
    name: String,
    sizes: Vec<usize>,
    bytes: Packed,
}

/// Bytes that are read at a time.
const BLOCK: usize = 1 << 16;

/// Bytes too much of which a file's are counted.
const MOST_TOO_MUCH: u64 = 1 << 32;

/// The kinds of file in a folder: what its name contains, and how many sizes it has.
const IMAGES: (&str, usize) = ("images", 3);
const LABELS: (&str, usize) = ("labels", 1);

/// Reads the images and labels of a folder; rows of the part `test` follow those of `train`.
pub(crate) fn read_idx(room: Room, source: &FolderSpec, folder: &Path) -> Result<Table, Fault> {
    let path = &source.path.value;
    let folder = folder.join(path);
    let files = Files::of(path, &folder)?;
    let mut images = ImageWriter::new(room);
    let (train, mut labels) = files.pair("train", &mut images)?;
    let mut given = vec![];
    if files.has("t10k") {
        let n_train = labels.len();
        let (test, others) = files.pair("t10k", &mut images)?;
        if test.sizes[1..] != train.sizes[1..] {
            return Err(other_sizes(&train, &test));
        }
        labels.extend(others);
        given.push(Given {
            name: "test".into(),
            rows: n_train as u32..labels.len() as u32,
        });
    }
    let shape = [1, train.sizes[1], train.sizes[2]];
    let pixels = Pixels::new(shape, images.finish()?);
    image_table(path, pixels, label_cells(&labels), given)
}

fn label_cells(labels: &[u8]) -> Cells {
    Cells::Int(labels.iter().map(|&label| i64::from(label)).collect())
}

/// A table of images and their labels.
pub(crate) fn image_table(
    path: &str,
    pixels: Pixels,
    labels: Cells,
    given: Vec<Given>,
) -> Result<Table, Fault> {
    let n_rows = u32::try_from(labels.len()).map_err(|_| too_many(path, labels.len()))?;
    let column = |position: usize, name: &str, cells: Cells| Column {
        name: name.into(),
        position,
        cells,
        missing: vec![],
    };
    Ok(Table {
        file: path.into(),
        row_word: "image",
        runs_on: false,
        header: vec!["images".into(), "labels".into()],
        columns: vec![
            column(0, "images", Cells::Image(pixels)),
            column(1, "labels", labels),
        ],
        lines: (1..=n_rows).collect(),
        given,
    })
}

/// What is said of more rows than row numbers.
pub(crate) fn too_many(path: &str, n_rows: usize) -> Fault {
    let message = format!("{} holds {n_rows} rows", shown(path));
    let fault = Fault::new(codes::TOO_MANY_ROWS, message, "more than 2^32");
    fault.help("save a part of them")
}

/// The files of a folder, in order of their names.
struct Files<'a> {
    path: &'a str,
    folder: &'a Path,
    names: Vec<String>,
}

impl<'a> Files<'a> {
    fn of(path: &'a str, folder: &'a Path) -> Result<Files<'a>, Fault> {
        let entries = fs::read_dir(folder).map_err(|error| no_folder(path, folder, &error))?;
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut names: Vec<String> = names.collect();
        names.sort();
        Ok(Files {
            path,
            folder,
            names,
        })
    }

    fn has(&self, part: &str) -> bool {
        self.names.iter().any(|name| name.starts_with(part))
    }

    /// The images and labels of a part, as many of each. The images are written, the labels given.
    fn pair(&self, part: &str, writer: &mut ImageWriter) -> Result<(Idx, Vec<u8>), Fault> {
        let mut images = self.open(part, IMAGES)?;
        images.write(writer)?;
        let mut labels = self.open(part, LABELS)?;
        let mut bytes = vec![];
        labels.each(|piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        match images.sizes[0] == labels.sizes[0] {
            true => Ok((images, bytes)),
            false => Err(other_counts(&images, &labels)),
        }
    }

    fn open(&self, part: &str, kind: (&str, usize)) -> Result<Idx, Fault> {
        let (what, rank) = kind;
        let is_it = |name: &&String| name.starts_with(part) && name.contains(what);
        let Some(name) = self.names.iter().find(is_it) else {
            let found = match self.names.is_empty() {
                true => "the folder is empty".to_string(),
                false => format!("the folder holds {}", self.names.join(", ")),
            };
            let message = format!("{} holds no {what} of the part `{part}`", shown(self.path));
            let label = format!("no file `{part}-{what}…`");
            return Err(Fault::new(codes::NOT_FOUND, message, label)
                .note(found)
                .help(format!(
                    "put `{part}-{what}-idx{rank}-ubyte` or the same with `.gz` there"
                )));
        };
        let file =
            open_packed(&self.folder.join(name)).map_err(|error| unreadable(name, &error))?;
        Idx::open(name, file, kind)
    }
}

/// The images of an IDX file; nothing where it is none.
pub(crate) fn idx_images(room: Room, name: &str, path: &Path) -> Result<Option<Pixels>, Fault> {
    let not_read = |error: io::Error| unreadable(name, &error);
    let mut file = open_packed(path).map_err(not_read)?;
    let magic = file.piece(4).map_err(not_read)?;
    if !magic.starts_with(&[0, 0, 8]) {
        return Ok(None);
    }
    let mut found = Idx::behind(&magic, name, file, IMAGES)?;
    let mut writer = ImageWriter::new(room);
    found.write(&mut writer)?;
    let shape = [1, found.sizes[1], found.sizes[2]];
    Ok(Some(Pixels::new(shape, writer.finish()?)))
}

impl Idx {
    /// Reads a header: `0 0 8 rank`, then one big-endian number of 32 bits an axis.
    fn open(name: &str, mut file: Packed, kind: (&str, usize)) -> Result<Idx, Fault> {
        let magic = file.piece(4).map_err(|error| unreadable(name, &error))?;
        Idx::behind(&magic, name, file, kind)
    }

    /// Reads what follows the first four bytes.
    fn behind(
        magic: &[u8],
        name: &str,
        mut file: Packed,
        (what, rank): (&str, usize),
    ) -> Result<Idx, Fault> {
        if magic.len() < 4 {
            return Err(cut(name, magic.len()));
        }
        if magic[..3] != [0, 0, 8] || usize::from(magic[3]) != rank {
            return Err(wrong_magic(name, magic, what, rank));
        }
        let header = file.piece(4 * rank);
        let header = header.map_err(|error| unreadable(name, &error))?;
        if header.len() < 4 * rank {
            return Err(cut(name, 4 + header.len()));
        }
        let (sizes, _) = header.as_chunks::<4>();
        let sizes = sizes.iter().map(|&size| u32::from_be_bytes(size) as usize);
        Ok(Idx {
            name: name.into(),
            sizes: sizes.collect(),
            bytes: file,
        })
    }

    /// The number of bytes that the sizes tell of, if there is one.
    fn promised(&self) -> Option<u64> {
        let mut sizes = self.sizes.iter();
        sizes.try_fold(1u64, |n, &size| n.checked_mul(size as u64))
    }

    /// Writes all images.
    fn write(&mut self, writer: &mut ImageWriter) -> Result<(), Fault> {
        writer.expect(self.promised().unwrap_or(0).min(self.bytes.most_left()))?;
        self.each(|piece| writer.push(piece))
    }

    /// Hands on the bytes behind the header, which must be as many as it tells of.
    fn each(&mut self, mut take: impl FnMut(&[u8]) -> Result<(), Fault>) -> Result<(), Fault> {
        let promised = self.promised();
        let mut found = 0u64;
        loop {
            let piece = self.bytes.piece(BLOCK);
            let piece = piece.map_err(|error| unreadable(&self.name, &error))?;
            found += piece.len() as u64;
            let is_over = piece.is_empty() || found > promised.unwrap_or(0) + MOST_TOO_MUCH;
            match is_over {
                true if promised == Some(found) && found > 0 => return Ok(()),
                true => return Err(wrong_length(&self.name, &self.sizes, found)),
                // What is too much is counted, and not taken.
                false if promised.is_some_and(|promised| found <= promised) => take(&piece)?,
                false => {}
            }
        }
    }
}

/// A folder that cannot be listed.
pub(crate) fn no_folder(path: &str, folder: &Path, error: &io::Error) -> Fault {
    if error.kind() != io::ErrorKind::NotFound {
        return unreadable(path, error);
    }
    let searched = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let message = format!("there is no folder {}", shown(path));
    Fault::new(codes::NOT_FOUND, message, "not found").note(format!(
        "searched at `{}`; relative paths start at the program's folder",
        searched.display()
    ))
}

/// A file that the system, or its own format, does not let be read.
pub(crate) fn unreadable(name: &str, error: &io::Error) -> Fault {
    let message = format!("cannot read {}: {error}", shown(name));
    Fault::new(codes::UNREADABLE, message, "cannot be read")
}

fn cut(name: &str, len: usize) -> Fault {
    let message = format!(
        "{} ends after {}, within its header",
        shown(name),
        counted(len, "byte")
    );
    Fault::new(codes::BAD_IMAGES, message, "cut short").help("fetch the file again")
}

fn wrong_magic(name: &str, magic: &[u8], what: &str, rank: usize) -> Fault {
    let message = format!(
        "{} is no IDX file of {what}: it begins with {:02x}{:02x}{:02x}{:02x}, not 000008{rank:02x}",
        shown(name),
        magic[0],
        magic[1],
        magic[2],
        magic[3],
    );
    let fault = Fault::new(codes::BAD_IMAGES, message, "another format");
    match (magic[..3] == [0, 0, 8], rank) {
        (true, 3) => fault.help("only images of one channel in bytes are read; are these labels?"),
        (true, _) => fault.help("labels have one axis; are these images?"),
        (false, _) => fault,
    }
}

fn wrong_length(name: &str, sizes: &[usize], found: u64) -> Fault {
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    let message = format!(
        "{} says it holds {} bytes, and {found} follow",
        shown(name),
        sizes.join(" x ")
    );
    Fault::new(codes::BAD_IMAGES, message, "cut short, or mixed up").help("fetch the file again")
}

fn other_counts(images: &Idx, labels: &Idx) -> Fault {
    let message = format!(
        "{} holds {} images, {} holds {} labels",
        shown(&images.name),
        images.sizes[0],
        shown(&labels.name),
        labels.sizes[0]
    );
    Fault::new(codes::BAD_IMAGES, message, "one label an image")
}

fn other_sizes(train: &Idx, test: &Idx) -> Fault {
    let size = |idx: &Idx| format!("{} x {}", idx.sizes[1], idx.sizes[2]);
    let message = format!(
        "the images of {} are {}, those of {} are {}",
        shown(&train.name),
        size(train),
        shown(&test.name),
        size(test)
    );
    Fault::new(codes::BAD_IMAGES, message, "of one size in all parts")
}
