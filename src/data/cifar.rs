//! CIFAR-10 and CIFAR-100 in their binary version (Krizhevsky 2009), packed by gzip or not: records of one label byte, of two in
//! CIFAR-100, and 3072 bytes of an image, channel by channel. `cifar("dir")` finds the batches of a folder and tells by their names
//! which of the two it is.

use std::fs;
use std::io;
use std::path::Path;

use crate::data::codes;
use crate::data::fault::{Fault, counted, listed, shown};
use crate::data::idx::{image_table, no_folder, unreadable};
use crate::data::image_bytes::{ImageWriter, Room};
use crate::data::open::empty;
use crate::data::packed::open_packed;
use crate::data::pixels::Pixels;
use crate::data::spec::FolderSpec;
use crate::data::table::{Cells, Column, Given, Table};

/// Channels, height and width of every image.
const SHAPE: [usize; 3] = [3, 32, 32];

/// One of the two data sets.
struct Kind {
    name: &'static str,
    /// How the names of files begin that hold images to train on, and to test on.
    train: &'static str,
    test: &'static str,
    /// The label bytes of a record, in order.
    labels: &'static [Label],
}

/// A label byte: the column it makes, the file that names its classes, and how many there are.
struct Label {
    column: &'static str,
    names: &'static str,
    n_classes: usize,
}

const KINDS: [Kind; 2] = [
    Kind {
        name: "CIFAR-10",
        train: "data_batch_",
        test: "test_batch",
        labels: &[Label {
            column: "labels",
            names: "batches.meta.txt",
            n_classes: 10,
        }],
    },
    Kind {
        name: "CIFAR-100",
        train: "train",
        test: "test",
        labels: &[
            Label {
                column: "coarse",
                names: "coarse_label_names.txt",
                n_classes: 20,
            },
            Label {
                column: "labels",
                names: "fine_label_names.txt",
                n_classes: 100,
            },
        ],
    },
];

/// Reads the images and labels of a folder; rows of the part `test` follow those of `train`.
pub(crate) fn read_cifar(room: Room, source: &FolderSpec, folder: &Path) -> Result<Table, Fault> {
    let path = &source.path.value;
    let folder = folder.join(path);
    let names = file_names(path, &folder)?;
    let kinds = KINDS.iter();
    let mut kinds = kinds.map(|kind| (kind, batches(&names, kind.train)));
    let found = kinds.find(|(_, batches)| !batches.is_empty());
    let (kind, train) = found.ok_or_else(|| no_batches(path, &folder, &names))?;
    let mut records = Records::new(room, kind);
    for name in train {
        records.read(name, &folder)?;
    }
    let n_train = records.count();
    for name in batches(&names, kind.test) {
        records.read(name, &folder)?;
    }
    let test = n_train..records.count();
    let given = (!test.is_empty()).then(|| Given {
        name: "test".to_owned(),
        rows: test,
    });
    records.table(path, &folder, given.into_iter().collect())
}

/// Whether a folder holds batches.
pub(crate) fn holds_batches(folder: &Path) -> bool {
    let names = file_names("", folder).unwrap_or_default();
    let mut kinds = KINDS.iter();
    kinds.any(|kind| !batches(&names, kind.train).is_empty())
}

/// The files of a folder, in order of their names.
fn file_names(path: &str, folder: &Path) -> Result<Vec<String>, Fault> {
    let entries = fs::read_dir(folder).map_err(|error| no_folder(path, folder, &error))?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

/// The files whose names begin so and end as batches do.
fn batches<'n>(names: &'n [String], start: &str) -> Vec<&'n str> {
    let is_batch = |name: &&str| {
        let plain = name.strip_suffix(".gz").unwrap_or(name);
        name.starts_with(start) && plain.ends_with(".bin")
    };
    names.iter().map(String::as_str).filter(is_batch).collect()
}

/// The records of batches.
struct Records {
    kind: &'static Kind,
    images: ImageWriter,
    /// One list for each label byte.
    labels: Vec<Vec<u8>>,
}

impl Records {
    fn new(room: Room, kind: &'static Kind) -> Records {
        Records {
            kind,
            images: ImageWriter::new(room),
            labels: vec![vec![]; kind.labels.len()],
        }
    }

    fn count(&self) -> u32 {
        u32::try_from(self.labels[0].len()).unwrap_or(u32::MAX)
    }

    /// The bytes of a record.
    fn size(&self) -> usize {
        self.labels.len() + SHAPE.iter().product::<usize>()
    }

    fn read(&mut self, name: &str, folder: &Path) -> Result<(), Fault> {
        let not_read = |error: io::Error| unreadable(name, &error).help("fetch the file again");
        let mut file = open_packed(&folder.join(name)).map_err(not_read)?;
        let (mut n_records, mut wrong) = (0, Ok(()));
        loop {
            let record = file.piece(self.size()).map_err(not_read)?;
            match record.len() {
                0 if n_records == 0 => return Err(empty(name).help("fetch the file again")),
                0 => return wrong,
                len if len < self.size() => {
                    return Err(self.wrong_length(name, n_records * self.size() + len));
                }
                // A file of another length is told before a class that there is not.
                _ if wrong.is_ok() => wrong = self.check(&record, name, n_records),
                _ => {}
            }
            if wrong.is_ok() {
                self.take(&record)?;
            }
            n_records += 1;
        }
    }

    /// Whether the labels of a record are those of classes.
    fn check(&self, record: &[u8], name: &str, at: usize) -> Result<(), Fault> {
        let mut labels = self.kind.labels.iter().zip(record);
        labels.try_for_each(|(own, &label)| own.check(label, name, at))
    }

    fn take(&mut self, record: &[u8]) -> Result<(), Fault> {
        let (labels, image) = record.split_at(self.labels.len());
        let lists = self.labels.iter_mut().zip(labels);
        lists.for_each(|(list, &label)| list.push(label));
        self.images.push(image)
    }

    fn table(self, path: &str, folder: &Path, given: Vec<Given>) -> Result<Table, Fault> {
        let pixels = Pixels::new(SHAPE, self.images.finish()?);
        let own = self.kind.labels.iter().zip(&self.labels);
        let columns = own.map(|(label, bytes)| Ok((label.column, label.cells(bytes, folder)?)));
        let mut columns = columns.collect::<Result<Vec<(&str, Cells)>, Fault>>()?;
        let last = columns.pop().map_or(Cells::Blank(0), |(_, cells)| cells);
        let mut table = image_table(path, pixels, last, given)?;
        for (name, cells) in columns {
            table.columns.push(Column {
                name: name.to_owned(),
                position: table.header.len(),
                cells,
                missing: vec![],
            });
            table.header.push(name.to_owned());
        }
        Ok(table)
    }

    fn wrong_length(&self, name: &str, found: usize) -> Fault {
        let (size, kind) = (self.size(), self.kind.name);
        let message = format!(
            "{} has {found} bytes, and images of {kind} have {size} each: {} are left over",
            shown(name),
            found % size
        );
        let fault = Fault::new(codes::BAD_IMAGES, message, "cut short, or mixed up");
        fault.help("fetch the file again")
    }
}

impl Label {
    fn check(&self, label: u8, name: &str, at: usize) -> Result<(), Fault> {
        if usize::from(label) < self.n_classes {
            return Ok(());
        }
        let message = format!(
            "image {} of {} is of class {label}, and classes go from 0 to {}",
            at + 1,
            shown(name),
            self.n_classes - 1
        );
        let fault = Fault::new(
            codes::BAD_IMAGES,
            message,
            "damaged, or of another data set",
        );
        Err(fault.help("fetch the file again"))
    }

    /// Names where a file has some, else numbers.
    fn cells(&self, labels: &[u8], folder: &Path) -> Result<Cells, Fault> {
        let path = folder.join(self.names);
        if !path.exists() {
            return Ok(Cells::Int(
                labels.iter().map(|&label| label.into()).collect(),
            ));
        }
        let text = fs::read_to_string(path);
        let text =
            text.map_err(|error| unreadable(self.names, &error).help("fetch the file again"))?;
        let names = text.lines().map(str::trim).filter(|name| !name.is_empty());
        let words: Vec<String> = names.map(str::to_owned).collect();
        let mut distinct = words.clone();
        distinct.sort();
        distinct.dedup();
        match distinct.len() == self.n_classes && words.len() == self.n_classes {
            true => Ok(Cells::Text {
                codes: labels.iter().map(|&label| label.into()).collect(),
                words,
            }),
            false => Err(self.other_names(&distinct)),
        }
    }

    fn other_names(&self, found: &[String]) -> Fault {
        let message = format!(
            "{} holds {}, and there are {} classes",
            shown(self.names),
            counted(found.len(), "distinct name"),
            self.n_classes
        );
        let label = format!("found: {}", listed(found.iter().map(String::as_str)));
        let fault = Fault::new(codes::BAD_IMAGES, message, label);
        fault.help("fetch the file again, or take it out of the folder: then classes are numbers")
    }
}

/// What is wrong with a folder without batches, as far as its files tell.
fn no_batches(path: &str, folder: &Path, names: &[String]) -> Fault {
    let message = format!("{} holds no batches of CIFAR images", shown(path));
    let label = "no file `data_batch_1.bin` or `train.bin`";
    let fault = Fault::new(codes::NOT_FOUND, message, label);
    let packed = names.iter().find(|name| name.ends_with(".tar.gz"));
    let inner = names.iter().find(|name| holds_batches(&folder.join(name)));
    let is_pickle = |name: &String| name == "data_batch_1" || name == "train";
    match (inner, packed) {
        (Some(inner), _) => {
            let inner = Path::new(path).join(inner);
            fault.help(format!("did you mean `{}`?", inner.display()))
        }
        (None, Some(packed)) => fault.help(format!("unpack {} there", shown(packed))),
        (None, None) if names.iter().any(is_pickle) => {
            fault.help("these are pickles, which are never read: fetch the binary version")
        }
        (None, None) => fault.help("put the files of the binary version there"),
    }
}
