//! The IDX format of the MNIST files, raw or gzip-compressed: a magic number, sizes, bytes. `idx("dir")` finds four files in a folder:
//! images and labels to train on, and those of a given part `test`.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::read::GzDecoder;

use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::pixels::Pixels;
use crate::data::spec::FolderSpec;
use crate::data::table::{Cells, Column, Given, Table};

/// What an IDX file holds: sizes and bytes.
struct Idx {
    name: String,
    sizes: Vec<usize>,
    bytes: Vec<u8>,
}

/// What a packed file may unpack to.
const MOST_BYTES: u64 = 1 << 32;

/// The kinds of file in a folder: what its name contains, and how many sizes it has.
const IMAGES: (&str, usize) = ("images", 3);
const LABELS: (&str, usize) = ("labels", 1);

/// Reads the images and labels of a folder; rows of the part `test` follow those of `train`.
pub(crate) fn read_idx(source: &FolderSpec, folder: &Path) -> Result<Table, Fault> {
    let path = &source.path.value;
    let folder = folder.join(path);
    let files = Files::of(path, &folder)?;
    let train = files.pair("train")?;
    let test = files.has("t10k").then(|| files.pair("t10k")).transpose()?;
    let n_train = train.1.bytes.len();
    let (mut images, mut labels) = (train.0, train.1.bytes);
    let mut given = vec![];
    if let Some((more, others)) = test {
        if more.sizes[1..] != images.sizes[1..] {
            return Err(other_sizes(&images, &more));
        }
        given.push(Given {
            name: "test".into(),
            rows: n_train as u32..(n_train + others.bytes.len()) as u32,
        });
        images.bytes.extend(more.bytes);
        labels.extend(others.bytes);
    }
    let pixels = Pixels {
        shape: [1, images.sizes[1], images.sizes[2]],
        bytes: Arc::new(images.bytes),
    };
    Ok(image_table(path, pixels, label_cells(&labels), given))
}

fn label_cells(labels: &[u8]) -> Cells {
    Cells::Int(labels.iter().map(|&label| i64::from(label)).collect())
}

/// A table of images and their labels.
pub(crate) fn image_table(path: &str, pixels: Pixels, labels: Cells, given: Vec<Given>) -> Table {
    let n_rows = u32::try_from(labels.len()).expect("files of more than 2^32 bytes are refused");
    let column = |position: usize, name: &str, cells: Cells| Column {
        name: name.into(),
        position,
        cells,
        missing: vec![],
    };
    Table {
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
    }
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

    /// The images and labels of a part, as many of each.
    fn pair(&self, part: &str) -> Result<(Idx, Idx), Fault> {
        let images = self.read(part, IMAGES)?;
        let labels = self.read(part, LABELS)?;
        match images.sizes[0] == labels.sizes[0] {
            true => Ok((images, labels)),
            false => Err(other_counts(&images, &labels)),
        }
    }

    fn read(&self, part: &str, (what, rank): (&str, usize)) -> Result<Idx, Fault> {
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
        let bytes = unpacked(&self.folder.join(name)).map_err(|error| unreadable(name, &error))?;
        parse(name, &bytes, what, rank)
    }
}

/// The images of an IDX file; nothing where it is none.
pub(crate) fn idx_images(name: &str, path: &Path) -> Result<Option<Pixels>, Fault> {
    let bytes = unpacked(path).map_err(|error| unreadable(name, &error))?;
    if !bytes.starts_with(&[0, 0, 8]) {
        return Ok(None);
    }
    let found = parse(name, &bytes, IMAGES.0, IMAGES.1)?;
    Ok(Some(Pixels {
        shape: [1, found.sizes[1], found.sizes[2]],
        bytes: Arc::new(found.bytes),
    }))
}

/// The bytes of a file, unpacked where they are packed by gzip.
pub(crate) fn unpacked(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![];
    let mut file = File::open(path)?;
    file.read_to_end(&mut bytes)?;
    if bytes.starts_with(b"\x1f\x8b") {
        let mut unpacked = vec![];
        GzDecoder::new(&bytes[..])
            .take(MOST_BYTES)
            .read_to_end(&mut unpacked)?;
        return Ok(unpacked);
    }
    Ok(bytes)
}

/// `0 0 8 rank`, one big-endian number of 32 bits an axis, then the bytes.
fn parse(name: &str, bytes: &[u8], what: &str, rank: usize) -> Result<Idx, Fault> {
    let (magic, rest) = bytes.split_at_checked(4).ok_or_else(|| cut(name, bytes))?;
    if magic[..3] != [0, 0, 8] || usize::from(magic[3]) != rank {
        return Err(wrong_magic(name, magic, what, rank));
    }
    let (header, elements) = rest
        .split_at_checked(4 * rank)
        .ok_or_else(|| cut(name, bytes))?;
    let size = |bytes: &[u8]| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) as usize;
    let sizes: Vec<usize> = header.chunks_exact(4).map(size).collect();
    let promised = sizes
        .iter()
        .try_fold(1usize, |n, &size| n.checked_mul(size));
    let is_empty = sizes.contains(&0);
    if promised != Some(elements.len()) || is_empty {
        return Err(wrong_length(name, &sizes, elements.len()));
    }
    Ok(Idx {
        name: name.into(),
        sizes,
        bytes: elements.to_vec(),
    })
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

fn cut(name: &str, bytes: &[u8]) -> Fault {
    let message = format!(
        "{} ends after {}, within its header",
        shown(name),
        counted(bytes.len(), "byte")
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

fn wrong_length(name: &str, sizes: &[usize], found: usize) -> Fault {
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
