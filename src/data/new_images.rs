//! Images for a saved model, some at a time: a PNG or JPEG file, a folder of them and of folders, an IDX file or a NumPy array. Each becomes a row
//! as the model's own images were: of as many channels, and of their size.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use image::DynamicImage;
use image::imageops::FilterType;

use crate::data::cifar::{holds_batches, read_cifar};
use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::idx::{idx_images, read_idx, unreadable};
use crate::data::image_bytes::{ImageWriter, Room};
use crate::data::images::{decoded, files, folders, of_bytes, planes, read_images};
use crate::data::npy::npy_images;
use crate::data::pixels::Pixels;
use crate::data::spec::{FolderSpec, ImagesSpec};
use crate::data::table::{Cells, Column, Table};
use crate::diag::Diagnostic;
use crate::source::{Span, Spanned};

/// What the column is called that says where an image comes from.
const FILE: &str = "file";

/// What images are to be like.
#[derive(Clone, Debug)]
pub struct ImageForm {
    /// The column they stand in.
    pub column: String,
    /// Channels, height and width.
    pub shape: [usize; 3],
    /// Whether others are brought to that size.
    pub resizes: bool,
}

/// Images, read as they are asked for.
pub struct ImageRows {
    path: String,
    form: ImageForm,
    images: Images,
    n_read: usize,
    span: Span,
}

enum Images {
    Files(Vec<PathBuf>),
    Array(Pixels),
}

/// Images with their labels, as a program's `images`, `idx` or `cifar` reads a folder; where the folder holds parts apart, such as `test/`, only
/// these. Faults are told at `span`.
pub fn labelled_images(path: &Path, form: &ImageForm, span: Span) -> Result<Table, Diagnostic> {
    labelled(path, form, span).map_err(|fault| fault.at(span))
}

fn labelled(path: &Path, form: &ImageForm, span: Span) -> Result<Table, Fault> {
    let name = Spanned::new(path.display().to_string(), span);
    let [channels, height, width] = form.shape;
    let side = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
    let folder = || FolderSpec { path: name.clone() };
    let room = Room::default();
    let table = match (holds_idx(path), holds_batches(path)) {
        (true, _) => read_idx(room, &folder(), Path::new(""))?,
        (false, true) => read_cifar(room, &folder(), Path::new(""))?,
        (false, false) => {
            let source = ImagesSpec {
                path: name.clone(),
                gray: channels == 1,
                size: form.resizes.then_some([side(height), side(width)]),
            };
            read_images(room, &source, Path::new(""))?
        }
    };
    if let Some(Cells::Image(pixels)) = table.columns.first().map(|column| &column.cells) {
        form.check(&table.file, pixels.shape)?;
    }
    let apart: Vec<u32> = table
        .given
        .iter()
        .flat_map(|given| given.rows.clone())
        .collect();
    Ok(match apart.is_empty() {
        true => table,
        false => table.keep(&apart),
    })
}

/// Whether a folder holds the files of `idx`.
fn holds_idx(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.any(|name| name.contains("-idx"))
}

impl ImageRows {
    /// Finds the images at a path; faults are told at `span`.
    pub fn open(path: &Path, form: ImageForm, span: Span) -> Result<ImageRows, Diagnostic> {
        let name = path.display().to_string();
        Ok(ImageRows {
            images: images(&name, path).map_err(|fault| fault.at(span))?,
            path: name,
            form,
            n_read: 0,
            span,
        })
    }

    /// The column that says which file an image is of, where they are of several.
    pub fn file_column(&self) -> Option<&'static str> {
        match self.images {
            Images::Files(_) => Some(FILE),
            Images::Array(_) => None,
        }
    }

    /// The next images, at most so many; nothing where there are no more.
    pub fn next_chunk(&mut self, most: usize) -> Result<Option<Table>, Diagnostic> {
        let rows = self.n_read..self.images.len().min(self.n_read.saturating_add(most));
        self.n_read = rows.end;
        let table = (!rows.is_empty()).then(|| self.table(rows));
        table.transpose().map_err(|fault| fault.at(self.span))
    }

    fn table(&self, rows: Range<usize>) -> Result<Table, Fault> {
        let (pixels, names) = match &self.images {
            Images::Files(files) => self.form.pixels_of(&files[rows.clone()])?,
            Images::Array(all) => {
                self.form.check(&self.path, all.shape)?;
                let numbers: Vec<u32> = rows
                    .clone()
                    .filter_map(|row| u32::try_from(row).ok())
                    .collect();
                (all.keep(&numbers), vec![self.path.clone(); rows.len()])
            }
        };
        Ok(self.form.table(&self.path, pixels, names, rows))
    }
}

impl Images {
    fn len(&self) -> usize {
        match self {
            Images::Files(files) => files.len(),
            Images::Array(pixels) => pixels.len(),
        }
    }
}

fn images(name: &str, path: &Path) -> Result<Images, Fault> {
    let about = fs::metadata(path).map_err(|error| unreadable(name, &error))?;
    if about.is_dir() {
        let found = below(name, path)?;
        return match found.is_empty() {
            true => Err(no_images(name)),
            false => Ok(Images::Files(found)),
        };
    }
    if path.extension().is_some_and(|ending| ending == "npy") {
        return Ok(Images::Array(npy_images(Room::default(), name, path)?));
    }
    match idx_images(Room::default(), name, path)? {
        Some(pixels) => Ok(Images::Array(pixels)),
        None => Ok(Images::Files(vec![path.to_path_buf()])),
    }
}

/// The images of a folder, then those of the folders in it.
fn below(name: &str, folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let mut found = files(folder)?;
    for (_, inner) in folders(name, folder)? {
        found.extend(below(name, &inner)?);
    }
    Ok(found)
}

impl ImageForm {
    /// The images of some files, and the names of these.
    fn pixels_of(&self, files: &[PathBuf]) -> Result<(Pixels, Vec<String>), Fault> {
        let (mut writer, mut names) = (ImageWriter::new(Room::default()), vec![]);
        for file in files {
            let name = file.display().to_string();
            writer.push(&self.bytes(&name, &decoded(&name, file)?)?)?;
            names.push(name);
        }
        Ok((Pixels::new(self.shape, writer.finish()?), names))
    }

    fn bytes(&self, name: &str, image: &DynamicImage) -> Result<Vec<u8>, Fault> {
        let [channels, height, width] = self.shape;
        let side = |size: usize| u32::try_from(size).unwrap_or(u32::MAX);
        let resized = self
            .resizes
            .then(|| image.resize_exact(side(width), side(height), FilterType::Triangle));
        let (shape, bytes) = planes(resized.as_ref().unwrap_or(image), channels == 1);
        self.check(name, shape)?;
        Ok(bytes)
    }

    /// An image that came as bytes, as a table of one row; faults are told at `span`.
    pub fn row(&self, name: &str, bytes: &[u8], span: Span) -> Result<Table, Diagnostic> {
        let image = of_bytes(name, bytes);
        let bytes = image.and_then(|image| self.bytes(name, &image));
        Ok(self.one(name, bytes.map_err(|fault| fault.at(span))?))
    }

    /// A black image as a table of one row.
    pub fn black(&self, name: &str) -> Table {
        self.one(name, vec![0; self.shape.iter().product()])
    }

    fn one(&self, name: &str, bytes: Vec<u8>) -> Table {
        let pixels = Pixels::new(self.shape, bytes);
        self.table(name, pixels, vec![name.to_owned()], 0..1)
    }

    /// Images and the names of their files; `rows` are their numbers among all.
    fn table(&self, path: &str, pixels: Pixels, names: Vec<String>, rows: Range<usize>) -> Table {
        let column = |position, name: &str, cells| Column {
            name: name.to_owned(),
            position,
            cells,
            missing: vec![],
        };
        let codes = (0..).take(names.len()).collect();
        let number = |row: usize| u32::try_from(row + 1).unwrap_or(u32::MAX);
        Table {
            file: path.to_owned(),
            row_word: "image",
            runs_on: false,
            header: vec![self.column.clone(), FILE.to_owned()],
            columns: vec![
                column(0, &self.column, Cells::Image(pixels)),
                column(
                    1,
                    FILE,
                    Cells::Text {
                        codes,
                        words: names,
                    },
                ),
            ],
            lines: rows.map(number).collect(),
            given: vec![],
        }
    }

    fn check(&self, name: &str, found: [usize; 3]) -> Result<(), Fault> {
        if found == self.shape {
            return Ok(());
        }
        let of = |[channels, height, width]: [usize; 3]| match channels {
            1 => format!("{height} x {width}, gray"),
            _ => format!("{height} x {width}, in colour"),
        };
        let message = format!(
            "{} is {}, and the model takes images of {}",
            shown(name),
            of(found),
            of(self.shape)
        );
        let [_, height, width] = self.shape;
        let fault = Fault::new(codes::BAD_IMAGES, message, "height x width");
        Err(fault.help(format!(
            "bring it to that size, or train with `images(\"…\", size: [{height}, {width}])`: then others are resized"
        )))
    }
}

fn no_images(name: &str) -> Fault {
    let message = format!("{} holds no images", shown(name));
    let fault = Fault::new(codes::NO_ROWS, message, "nothing to predict");
    fault.help("put `.png` or `.jpg` files there")
}
