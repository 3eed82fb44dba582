//! `images("dir/")`: a folder of folders, one a class, of PNG and JPEG files. Where the folder holds parts, `train/` and others such as
//! `test/`, each with the classes in it, those others are given parts.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::FilterType;
use image::{DynamicImage, ImageError, ImageReader, Limits};

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::idx::{image_table, no_folder, unreadable};
use crate::data::image_bytes::{ImageWriter, Room};
use crate::data::pixels::Pixels;
use crate::data::spec::ImagesSpec;
use crate::data::table::{Cells, Given, Table};

/// The endings of files that are read, in lower case.
const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];

/// Bytes that an image may unpack to whose sender nobody knows.
const MOST_SENT: u64 = 64 << 20;

/// Images as they are collected: of one size, each with the place of its class.
struct Collected {
    shape: Option<([usize; 3], String)>,
    images: ImageWriter,
    labels: Vec<u32>,
    classes: Vec<String>,
}

/// Reads all images below a folder, classes and files in order of their names.
pub(crate) fn read_images(room: Room, source: &ImagesSpec, folder: &Path) -> Result<Table, Fault> {
    let path = &source.path.value;
    let root = folder.join(path);
    let inner = folders(path, &root)?;
    let has_parts = inner.iter().any(|(name, _)| name == "train");
    let mut collected = Collected {
        shape: None,
        images: ImageWriter::new(room),
        labels: vec![],
        classes: vec![],
    };
    let mut given = vec![];
    if has_parts {
        let (train, others): (Vec<_>, Vec<_>) =
            inner.into_iter().partition(|(name, _)| name == "train");
        for (name, part) in train.into_iter().chain(others) {
            let start = collected.count();
            collected.classes_of(source, &folders(path, &part)?)?;
            if name != "train" {
                let rows = start..collected.count();
                given.push(Given { name, rows });
            }
        }
    } else {
        collected.classes_of(source, &inner)?;
    }
    collected.table(path, given)
}

/// The folders in a folder, in order of their names.
pub(crate) fn folders(path: &str, root: &Path) -> Result<Vec<(String, PathBuf)>, Fault> {
    let entries = fs::read_dir(root).map_err(|error| no_folder(path, root, &error))?;
    let entries = entries.filter_map(|entry| {
        let entry = entry.ok()?;
        let name = entry.file_name().into_string().ok()?;
        entry.path().is_dir().then(|| (name, entry.path()))
    });
    let mut found: Vec<(String, PathBuf)> = entries.collect();
    found.sort();
    Ok(found)
}

impl Collected {
    fn count(&self) -> u32 {
        u32::try_from(self.labels.len()).unwrap_or(u32::MAX)
    }

    fn classes_of(
        &mut self,
        source: &ImagesSpec,
        folders: &[(String, PathBuf)],
    ) -> Result<(), Fault> {
        for (class, folder) in folders {
            let known = self.classes.iter().position(|known| known == class);
            let place = known.unwrap_or_else(|| {
                self.classes.push(class.clone());
                self.classes.len() - 1
            });
            for file in files(folder)? {
                self.image(source, &file)?;
                self.labels
                    .push(u32::try_from(place).expect("a disk has fewer folders"));
            }
        }
        Ok(())
    }

    fn image(&mut self, source: &ImagesSpec, file: &Path) -> Result<(), Fault> {
        let name = file.display().to_string();
        let image = decoded(&name, file)?;
        let image = match source.size {
            Some([height, width]) => image.resize_exact(width, height, FilterType::Triangle),
            None => image,
        };
        let (shape, bytes) = planes(&image, source.gray);
        match &self.shape {
            Some((known, first)) if *known != shape => {
                return Err(other_size(first, *known, &name, shape));
            }
            Some(_) => {}
            None => self.shape = Some((shape, name)),
        }
        self.images.push(&bytes)
    }

    fn table(self, path: &str, given: Vec<Given>) -> Result<Table, Fault> {
        let Some((shape, _)) = self.shape else {
            let message = format!("{} holds no images", shown(path));
            let fault = Fault::new(codes::NO_ROWS, message, "nothing to learn from");
            return Err(fault.help("one folder a class, and `.png` or `.jpg` files in it"));
        };
        let pixels = Pixels::new(shape, self.images.finish()?);
        let labels = Cells::Text {
            codes: self.labels,
            words: self.classes,
        };
        image_table(path, pixels, labels, given)
    }
}

/// The images in a folder, in order of their names.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let name = folder.display().to_string();
    let entries = fs::read_dir(folder).map_err(|error| unreadable(&name, &error))?;
    let is_image = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        ending.is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut paths: Vec<PathBuf> = paths.filter(is_image).collect();
    paths.sort();
    Ok(paths)
}

pub(crate) fn decoded(name: &str, file: &Path) -> Result<DynamicImage, Fault> {
    let reader = ImageReader::open(file).and_then(ImageReader::with_guessed_format);
    let reader = reader.map_err(|error| unreadable(name, &error))?;
    let image = reader.decode().map_err(|error| no_image(name, &error));
    image
        .map_err(|fault| fault.help("PNG and JPEG files are read; take this one out of the folder"))
}

/// An image that came as the bytes of a file.
pub(crate) fn of_bytes(name: &str, bytes: &[u8]) -> Result<DynamicImage, Fault> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let mut reader = reader.map_err(|error| unreadable(name, &error))?;
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST_SENT);
    reader.limits(limits);
    let image = reader.decode().map_err(|error| no_image(name, &error));
    image.map_err(|fault| fault.help("send the bytes of a PNG or JPEG file as they are"))
}

fn no_image(name: &str, error: &ImageError) -> Fault {
    let message = format!("{} is no image that can be read: {error}", shown(name));
    Fault::new(codes::BAD_IMAGES, message, "damaged, or of another format")
}

/// Channels first: gray, or red, green and blue; what is transparent counts for its colour.
pub(crate) fn planes(image: &DynamicImage, gray: bool) -> ([usize; 3], Vec<u8>) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    if gray {
        return ([1, height, width], image.to_luma8().into_raw());
    }
    let pixels = image.to_rgb8().into_raw();
    let plane = |channel: usize| pixels.iter().skip(channel).step_by(3).copied();
    let bytes = (0..3).flat_map(plane).collect();
    ([3, height, width], bytes)
}

fn other_size(first: &str, known: [usize; 3], name: &str, shape: [usize; 3]) -> Fault {
    let size = |shape: [usize; 3]| format!("{} x {}", shape[1], shape[2]);
    let message = format!(
        "images of one size are needed: `{first}` is {}, `{name}` is {}",
        size(known),
        size(shape)
    );
    let [_, height, width] = known;
    Fault::new(codes::BAD_IMAGES, message, "height x width").help(format!(
        "bring all to one size: `size: [{height}, {width}]`"
    ))
}
